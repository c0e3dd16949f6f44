/* Loads of sites in plain C: the peer of kernels/load.py, the same passes over one row of hours at a time. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { BINS = 2048 };

static void duration_points(int64_t hours, const double *restrict facility, const double *restrict length,
                            int64_t points, const double *restrict shares, double *restrict weight,
                            double *restrict found)
{
    double low = INFINITY, high = -INFINITY, whole = 0.0;
    for (int64_t h = 0; h < hours; h++) {
        low = facility[h] < low ? facility[h] : low;
        high = facility[h] > high ? facility[h] : high;
    }
    double scale = high > low ? BINS / (high - low) : 0.0;
    memset(weight, 0, sizeof(double) * BINS);
    for (int64_t h = 0; h < hours; h++) {
        int64_t bin = (int64_t)((facility[h] - low) * scale);
        weight[bin < BINS - 1 ? bin : BINS - 1] += length[h];
        whole += length[h];
    }
    for (int64_t i = 0; i < points; i++) {
        double passed = 0.0;
        int64_t bin = BINS;
        while (bin > 0 && passed < shares[i] * whole)
            passed += weight[--bin];
        found[i] = bin == BINS ? high : scale == 0.0 ? low : low + (bin + 0.5) / scale;
    }
}

/* utilisation and wet_bulb: (sample, region, hour); idle, span: (sample, region); energies: (sample, region, 2). */
void load(int64_t samples, int64_t regions, int64_t hours, int64_t points, const double *utilisation,
          const double *wet_bulb, const double *idle, const double *span, const double *base, const double *slope,
          const double *knee, const double *cap, const double *restrict length, const double *shares, double *energies,
          double *peak, int64_t *peak_hour, double *together, int64_t *together_hour, double *duration)
{
#pragma omp parallel for schedule(static)
    for (int64_t s = 0; s < samples; s++) {
        double *restrict facility = malloc(sizeof(double) * hours);
        double *restrict total = calloc(hours, sizeof(double));
        double *restrict weight = malloc(sizeof(double) * BINS);
        for (int64_t r = 0; r < regions; r++) {
            int64_t at = s * regions + r;
            const double *restrict use = utilisation + at * hours, *restrict weather = wet_bulb + at * hours;
            double a = idle[at], b = span[at], it_energy = 0.0, energy = 0.0;
            for (int64_t h = 0; h < hours; h++) {
                double it = a + b * use[h], warm = weather[h] - knee[r];
                double pue = base[r] + slope[r] * (warm > 0.0 ? warm : 0.0);
                pue = pue < 1.0 ? 1.0 : pue;
                pue = pue > cap[r] ? cap[r] : pue;
                facility[h] = it * pue;
                it_energy += it * length[h];
                energy += facility[h] * length[h];
            }
            energies[2 * at] = it_energy;
            energies[2 * at + 1] = energy;
            double most = -INFINITY;
            int64_t when = -1;
            for (int64_t h = 0; h < hours; h++) {
                total[h] += facility[h];
                if (facility[h] > most) {
                    most = facility[h];
                    when = h;
                }
            }
            peak[at] = most;
            peak_hour[at] = when;
            duration_points(hours, facility, length, points, shares, weight, duration + at * points);
        }
        double most = -INFINITY;
        int64_t when = -1;
        for (int64_t h = 0; h < hours; h++)
            if (total[h] > most) {
                most = total[h];
                when = h;
            }
        together[s] = most;
        together_hour[s] = when;
        free(facility);
        free(total);
        free(weight);
    }
}
