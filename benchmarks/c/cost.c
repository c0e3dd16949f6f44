/* The cheapest option of every workload, market and hour, in plain C: the algorithm of kernels/cost.py, one place.

   cc -O3 -march=native -fopenmp -shared -fPIC cost.c -o cost.so */

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

void cheapest(const double *restrict fixed, const double *restrict energy, const double *restrict price,
              const double *restrict network, int64_t workloads, int64_t markets, int64_t hosts, int64_t chips,
              int64_t hours, int64_t block, double *restrict cost, int64_t *restrict option)
{
    int64_t blocks = (hours + block - 1) / block;
#pragma omp parallel for schedule(static)
    for (int64_t task = 0; task < workloads * blocks; task++) {
        int64_t w = task / blocks, start = task % blocks * block;
        int64_t length = hours - start < block ? hours - start : block;
        double *restrict best = malloc(sizeof(double) * hosts * length);
        int64_t *restrict chip = malloc(sizeof(int64_t) * hosts * length);
        double *restrict found = malloc(sizeof(double) * length);
        int64_t *restrict which = malloc(sizeof(int64_t) * length);
        for (int64_t i = 0; i < hosts * length; i++) {
            best[i] = INFINITY;
            chip[i] = -1;
        }
        for (int64_t r = 0; r < hosts; r++) {
            const double *restrict here = price + r * hours + start;
            double *restrict least = best + r * length;
            int64_t *restrict code = chip + r * length;
            for (int64_t g = 0; g < chips; g++) {
                double base = fixed[(w * hosts + r) * chips + g], slope = energy[w * chips + g];
                if (base == INFINITY)
                    continue;
                for (int64_t h = 0; h < length; h++) {
                    double value = base + slope * here[h];
                    int better = value < least[h];
                    least[h] = better ? value : least[h];
                    code[h] = better ? r * chips + g : code[h];
                }
            }
        }
        for (int64_t m = 0; m < markets; m++) {
            for (int64_t h = 0; h < length; h++) {
                found[h] = INFINITY;
                which[h] = -1;
            }
            for (int64_t r = 0; r < hosts; r++) {
                double arc = network[(w * markets + m) * hosts + r];
                const double *restrict least = best + r * length;
                if (arc == INFINITY)
                    continue;
                for (int64_t h = 0; h < length; h++) {
                    double value = least[h] + arc;
                    int better = value < found[h];
                    found[h] = better ? value : found[h];
                    which[h] = better ? r : which[h];
                }
            }
            for (int64_t h = 0; h < length; h++) {
                int64_t at = (w * markets + m) * hours + start + h;
                cost[at] = found[h];
                option[at] = which[h] < 0 ? -1 : chip[which[h] * length + h];
            }
        }
        free(best);
        free(chip);
        free(found);
        free(which);
    }
}
