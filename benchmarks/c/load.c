/* Loads of sites in plain C: the peer of kernels/load.py, the same passes over one row of hours at a time. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { BINS = 2048, GROUP = 32, GROUPS = BINS / GROUP, LANES = 32 };

typedef struct {
    double it[LANES], energy[LANES], low[LANES], high[LANES];
} Lanes;

static inline void cells(int64_t width, const double *restrict use, const double *restrict weather, double idle,
                         double span, double base, double slope, double knee, double cap,
                         const double *restrict length, double *restrict facility, double *restrict total,
                         Lanes *restrict lanes)
{
    for (int64_t i = 0; i < width; i++) {
        double it = idle + span * use[i], warm = weather[i] - knee;
        double pue = base + slope * (warm > 0.0 ? warm : 0.0);
        pue = pue < 1.0 ? 1.0 : pue;
        pue = pue > cap ? cap : pue;
        double load = it * pue;
        facility[i] = load;
        total[i] += load;
        lanes->it[i] += it * length[i];
        lanes->energy[i] += load * length[i];
        lanes->low[i] = load < lanes->low[i] ? load : lanes->low[i];
        lanes->high[i] = load > lanes->high[i] ? load : lanes->high[i];
    }
}

static int64_t first(int64_t hours, const double *restrict values, double wanted)
{
    int64_t h = 0;
    for (; h + LANES <= hours; h += LANES) {
        int64_t here = 0;
        for (int64_t i = 0; i < LANES; i++)
            here += values[h + i] == wanted;
        if (here)
            break;
    }
    for (; h < hours; h++)
        if (values[h] == wanted)
            return h;
    return -1;
}

static double highest(int64_t hours, const double *restrict values)
{
    double lanes[LANES], found = -INFINITY;
    int64_t h = 0;
    for (int64_t i = 0; i < LANES; i++)
        lanes[i] = -INFINITY;
    for (; h + LANES <= hours; h += LANES)
        for (int64_t i = 0; i < LANES; i++)
            lanes[i] = values[h + i] > lanes[i] ? values[h + i] : lanes[i];
    for (int64_t i = 0; i < LANES; i++)
        found = lanes[i] > found ? lanes[i] : found;
    for (; h < hours; h++)
        found = values[h] > found ? values[h] : found;
    return found;
}

static void duration_points(int64_t hours, const double *restrict facility, const double *restrict length, double year,
                            double low, double high, int64_t points, const double *restrict shares,
                            int32_t *restrict bins, double *restrict weight, double *restrict found)
{
    double scale = high > low ? BINS / (high - low) : 0.0, groups[GROUPS];
    for (int64_t h = 0; h < hours; h++) {
        double place = (facility[h] - low) * scale;
        bins[h] = (int32_t)(place < BINS - 1.0 ? place : BINS - 1.0);
    }
    memset(weight, 0, sizeof(double) * BINS);
    for (int64_t h = 0; h < hours; h++)
        weight[bins[h]] += length[h];
    for (int64_t group = 0; group < GROUPS; group++) {
        double a = 0.0, b = 0.0, c = 0.0, d = 0.0;
        for (int64_t bin = group * GROUP; bin < (group + 1) * GROUP; bin += 4) {
            a += weight[bin];
            b += weight[bin + 1];
            c += weight[bin + 2];
            d += weight[bin + 3];
        }
        groups[group] = (a + b) + (c + d);
    }
    for (int64_t i = 0; i < points; i++) {
        double passed = 0.0, wanted = shares[i] * year;
        int64_t bin = BINS;
        while (bin > 0 && passed + groups[bin / GROUP - 1] < wanted) {
            bin -= GROUP;
            passed += groups[bin / GROUP];
        }
        while (bin > 0 && passed < wanted)
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
    double year = 0.0;
    for (int64_t h = 0; h < hours; h++)
        year += length[h];
#pragma omp parallel for schedule(static)
    for (int64_t s = 0; s < samples; s++) {
        double *restrict facility = malloc(sizeof(double) * hours);
        double *restrict total = calloc(hours, sizeof(double));
        double *restrict weight = malloc(sizeof(double) * BINS);
        int32_t *restrict bins = malloc(sizeof(int32_t) * hours);
        for (int64_t r = 0; r < regions; r++) {
            int64_t at = s * regions + r, h = 0;
            const double *restrict use = utilisation + at * hours, *restrict weather = wet_bulb + at * hours;
            double a = idle[at], b = span[at];
            Lanes lanes;
            for (int64_t i = 0; i < LANES; i++) {
                lanes.it[i] = lanes.energy[i] = 0.0;
                lanes.low[i] = INFINITY;
                lanes.high[i] = -INFINITY;
            }
            for (; h + LANES <= hours; h += LANES)
                cells(LANES, use + h, weather + h, a, b, base[r], slope[r], knee[r], cap[r], length + h, facility + h,
                      total + h, &lanes);
            cells(hours - h, use + h, weather + h, a, b, base[r], slope[r], knee[r], cap[r], length + h, facility + h,
                  total + h, &lanes);
            double it_energy = 0.0, energy = 0.0, low = INFINITY, high = -INFINITY;
            for (int64_t i = 0; i < LANES; i++) {
                it_energy += lanes.it[i];
                energy += lanes.energy[i];
                low = lanes.low[i] < low ? lanes.low[i] : low;
                high = lanes.high[i] > high ? lanes.high[i] : high;
            }
            energies[2 * at] = it_energy;
            energies[2 * at + 1] = energy;
            peak[at] = high;
            peak_hour[at] = first(hours, facility, high);
            duration_points(hours, facility, length, year, low, high, points, shares, bins, weight,
                            duration + at * points);
        }
        together[s] = highest(hours, total);
        together_hour[s] = first(hours, total, together[s]);
        free(facility);
        free(total);
        free(weight);
        free(bins);
    }
}
