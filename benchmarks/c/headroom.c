/* Largest flexible load in plain C: the peer of kernels/headroom.py, Newton's steps over the gaps of one year. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

/* load: (row, hour); season: (hour,); shares fall; found: (row, share). */
void headroom(int64_t rows, int64_t hours, const double *load, const int64_t *restrict season, int64_t seasons,
              int64_t points, const double *shares, double *found)
{
#pragma omp parallel for schedule(static)
    for (int64_t row = 0; row < rows; row++) {
        const double *restrict here = load + row * hours;
        double *restrict peak = malloc(sizeof(double) * seasons), *restrict gaps = malloc(sizeof(double) * hours);
        for (int64_t s = 0; s < seasons; s++)
            peak[s] = -INFINITY;
        for (int64_t h = 0; h < hours; h++)
            if (here[h] > peak[season[h]])
                peak[season[h]] = here[h];
        for (int64_t h = 0; h < hours; h++)
            gaps[h] = peak[season[h]] - here[h];
        double size = INFINITY;
        int64_t count = hours;
        for (int64_t i = 0; i < points; i++) {
            double allowed = shares[i] * hours;
            for (;;) {
                int64_t k0 = 0, k1 = 0, k2 = 0, k3 = 0, h = 0;
                double s0 = 0.0, s1 = 0.0, s2 = 0.0, s3 = 0.0;
                for (; h + 4 <= count; h += 4) {
                    k0 += gaps[h] < size;
                    s0 += gaps[h] < size ? gaps[h] : 0.0;
                    k1 += gaps[h + 1] < size;
                    s1 += gaps[h + 1] < size ? gaps[h + 1] : 0.0;
                    k2 += gaps[h + 2] < size;
                    s2 += gaps[h + 2] < size ? gaps[h + 2] : 0.0;
                    k3 += gaps[h + 3] < size;
                    s3 += gaps[h + 3] < size ? gaps[h + 3] : 0.0;
                }
                for (; h < count; h++) {
                    k0 += gaps[h] < size;
                    s0 += gaps[h] < size ? gaps[h] : 0.0;
                }
                int64_t k = k0 + k1 + k2 + k3;
                if (k <= allowed)
                    break;
                if (2 * k <= count) { /* sizes fall: what is not short any more never will be */
                    int64_t kept = 0;
                    for (h = 0; h < count; h++) {
                        double gap = gaps[h];
                        gaps[kept] = gap;
                        kept += gap < size;
                    }
                    count = kept;
                }
                double smaller = (s0 + s1 + (s2 + s3)) / (k - allowed);
                if (!(smaller < size))
                    break;
                size = smaller;
            }
            found[row * points + i] = size;
        }
        free(peak);
        free(gaps);
    }
}
