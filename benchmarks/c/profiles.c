/* Clear skies, wind power and seeded series in plain C: the peers of kernels/clear_sky.py,
 * wind.py and synthetic_series.py, place by place. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

static const double DEGREES = 57.29577951308232;

/* Angles in radians; steady panels towards the equator. Outputs (place, instant). */
void clear_sky(int64_t places, int64_t instants, const double *declination, const double *hour_angle,
               const double *restrict beam, const double *latitude, const double *longitude, const double *elevation,
               const double *turbidity, const double *tilt, double *restrict ghi, double *restrict dhi,
               double *restrict dni, double *restrict panel)
{
    double *restrict tables = malloc(sizeof(double) * 4 * instants);
    double *sin_height = tables, *cos_height = tables + instants, *sin_clock = tables + 2 * instants;
    double *cos_clock = tables + 3 * instants;
    for (int64_t i = 0; i < instants; i++) {
        sin_height[i] = sin(declination[i]);
        cos_height[i] = cos(declination[i]);
        sin_clock[i] = sin(hour_angle[i]);
        cos_clock[i] = cos(hour_angle[i]);
    }
#pragma omp parallel for schedule(static)
    for (int64_t p = 0; p < places; p++) {
        double sin_lat = sin(latitude[p]), cos_lat = cos(latitude[p]);
        double sin_lon = sin(longitude[p]), cos_lon = cos(longitude[p]);
        double slope_sin = copysign(sin(tilt[p]), latitude[p]), slope_cos = cos(tilt[p]);
        double pressure = pow(1.0 - 2.25577e-5 * elevation[p], 5.25588), haze = turbidity[p] - 1.0;
        double high = exp(-elevation[p] / 8000.0), higher = exp(-elevation[p] / 1250.0);
        double all_light = 5.09e-5 * elevation[p] + 0.868;
        double all_loss = (3.92e-5 * elevation[p] + 0.0387) * (high + higher * haze);
        double sun_light = 0.664 + 0.163 / high, sun_loss = 0.09 * haze;
        double most = fmax(1.0 - (0.1 - 0.2 * exp(-turbidity[p])) / (0.1 + 0.882 / high), 0.0);
        for (int64_t i = 0; i < instants; i++) {
            int64_t at = p * instants + i;
            double cos_hour = cos_clock[i] * cos_lon - sin_clock[i] * sin_lon;
            double up = sin_height[i] * sin_lat + cos_height[i] * cos_hour * cos_lat;
            if (up <= 0.0) {
                ghi[at] = dhi[at] = dni[at] = panel[at] = 0.0;
                continue;
            }
            double north = sin_height[i] * cos_lat - cos_height[i] * cos_hour * sin_lat;
            double angle = DEGREES * asin(up < 1.0 ? up : 1.0);
            double air = pressure / (up + 0.50572 * pow(angle + 6.07995, -1.6364));
            double through = all_light * exp(-all_loss * air);
            double whole = beam[i] * up * (through < 1.0 ? through : 1.0);
            double direct = sun_light * beam[i] * exp(-sun_loss * air), bound = most * whole / up;
            direct = direct < bound ? direct : bound;
            double diffuse = whole - direct * up, facing = slope_cos * up - slope_sin * north;
            ghi[at] = whole;
            dhi[at] = diffuse;
            dni[at] = direct;
            panel[at] = direct * (facing > 0.0 ? facing : 0.0) +
                        0.5 * (diffuse * (1.0 + slope_cos) + 0.2 * whole * (1.0 - slope_cos));
        }
    }
    free(tables);
}

/* speed, found: (place, hour); power at speeds 0, step, 2 step, ... */
void wind_power(int64_t places, int64_t hours, const double *restrict speed, const double *factor, double inverse_step,
                int64_t points, const double *restrict power, double *restrict found)
{
    int64_t last = points - 1;
#pragma omp parallel for schedule(static)
    for (int64_t p = 0; p < places; p++) {
        double scale = factor[p] * inverse_step;
        for (int64_t h = 0; h < hours; h++) {
            double x = speed[p * hours + h] * scale;
            x = x < last ? x : last;
            int64_t i = (int64_t)x;
            i = i < last - 1 ? i : last - 1;
            found[p * hours + h] = power[i] + (x - i) * (power[i + 1] - power[i]);
        }
    }
}

/* shocks: (step, place); normal: (place, step), room for the noise; quantile: (place, group, point); total: (place, group). */
void series(int64_t places, int64_t steps, int64_t groups, int64_t points, const double *restrict shocks, double memory,
            const int64_t *restrict group, double low, double width, const double *quantile, const double *total,
            double *normal, double *found)
{
    double fresh = sqrt(1.0 - memory * memory);
#pragma omp parallel for schedule(static)
    for (int64_t p = 0; p < places; p++) {
        double *restrict z = normal + p * steps, *restrict value = found + p * steps;
        double *sums = calloc(6 * groups, sizeof(double));
        double *count = sums, *mean = sums + groups, *spread = sums + 2 * groups, *free_sum = sums + 3 * groups;
        double *fixed = sums + 4 * groups, *factor = sums + 5 * groups;
        char *full = calloc(steps, 1);
        for (int64_t t = 0; t < steps; t++) {
            z[t] = t ? memory * z[t - 1] + fresh * shocks[t * places + p] : shocks[p];
            count[group[t]] += 1.0;
            mean[group[t]] += z[t];
        }
        for (int64_t t = 0; t < steps; t++) {
            z[t] -= mean[group[t]] / count[group[t]];
            spread[group[t]] += z[t] * z[t];
        }
        for (int64_t g = 0; g < groups; g++)
            spread[g] = sqrt(spread[g] / count[g]);
        for (int64_t t = 0; t < steps; t++) {
            z[t] /= spread[group[t]];
            double x = (z[t] - low) / width;
            x = x > 0.0 ? x : 0.0;
            x = x < points - 1 ? x : points - 1;
            int64_t i = (int64_t)x;
            i = i < points - 2 ? i : points - 2;
            const double *q = quantile + (p * groups + group[t]) * points;
            value[t] = q[i] + (x - i) * (q[i + 1] - q[i]);
            free_sum[group[t]] += value[t];
        }
        for (int passing = 1; passing;) {
            passing = 0;
            for (int64_t g = 0; g < groups; g++) {
                double rest = total[p * groups + g] - fixed[g];
                factor[g] = free_sum[g] > 0.0 ? (rest > 0.0 ? rest : 0.0) / free_sum[g] : 0.0;
                free_sum[g] = 0.0;
            }
            for (int64_t t = 0; t < steps; t++) {
                int64_t g = group[t];
                if (full[t])
                    continue;
                if (value[t] * factor[g] > 1.0) {
                    full[t] = 1;
                    passing = 1;
                    fixed[g] += 1.0;
                } else
                    free_sum[g] += value[t];
            }
        }
        for (int64_t t = 0; t < steps; t++)
            value[t] = full[t] ? 1.0 : value[t] * factor[group[t]];
        free(sums);
        free(full);
    }
}
