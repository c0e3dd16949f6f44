/* Break-even map in C: the peer of kernels/break_even.py, for power prices (rows) and token rates (columns) of side a.
 *
 * Everything that is one number per sample is given: of side a the cost without power, the load ratio and 1 / s; of
 * side b the cost per token. The two tables of a tile and the sums are the kernel's.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK = 256, UNROLL = 8, TILE_ROWS = 32, TILE_COLUMNS = 64 };

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

/* samples: a multiple of BLOCK. Sums, zero at first, are (row, column); deviations are from the first ratio. */
void break_even(int64_t samples, const double *capital, const double *load, const double *per_sold, const double *other,
                int64_t rows, const double *price, int64_t columns, const double *tokens, double *wins, double *shift,
                double *total, double *square)
{
    int64_t down = (rows + TILE_ROWS - 1) / TILE_ROWS, across = (columns + TILE_COLUMNS - 1) / TILE_COLUMNS;
#pragma omp parallel for schedule(static)
    for (int64_t turn = 0; turn < down * across; turn++) {
        int64_t top = turn / across * TILE_ROWS, left = turn % across * TILE_COLUMNS;
        int64_t height = least(TILE_ROWS, rows - top), width = least(TILE_COLUMNS, columns - left);
        double *restrict slope = malloc(sizeof(double) * BLOCK * TILE_COLUMNS);
        double *restrict rest = malloc(sizeof(double) * BLOCK * TILE_COLUMNS);
        double inverse[TILE_COLUMNS], part[TILE_COLUMNS], part_square[TILE_COLUMNS], won[TILE_COLUMNS];
        for (int64_t j = 0; j < width; j++)
            inverse[j] = 1.0 / tokens[left + j];
        for (int64_t start = 0; start < samples; start += BLOCK) {
            for (int64_t k = 0; k < BLOCK; k++) {
                double each = per_sold[start + k] / other[start + k];
                for (int64_t j = 0; j < width; j++) {
                    slope[k * TILE_COLUMNS + j] = load[start + k] * each * inverse[j];
                    rest[k * TILE_COLUMNS + j] = capital[start + k] * each * inverse[j];
                }
            }
            for (int64_t i = 0; i < height; i++) {
                double x = price[top + i];
                double *restrict first = shift + (top + i) * columns + left;
                if (start == 0)
                    for (int64_t j = 0; j < width; j++)
                        first[j] = x * slope[j] + rest[j];
                memset(part, 0, sizeof part);
                memset(part_square, 0, sizeof part_square);
                memset(won, 0, sizeof won);
                for (int64_t k = 0; k < BLOCK; k += UNROLL)
                    for (int64_t j = 0; j < width; j++) {
                        double n = 0.0, deviation = 0.0, squared = 0.0, origin = first[j];
                        for (int64_t m = k; m < k + UNROLL; m++) {
                            double ratio = x * slope[m * TILE_COLUMNS + j] + rest[m * TILE_COLUMNS + j];
                            double away = ratio - origin;
                            n += ratio < 1.0 - 1e-12 ? 1.0 : 0.0;
                            deviation += away;
                            squared += away * away;
                        }
                        won[j] += n;
                        part[j] += deviation;
                        part_square[j] += squared;
                    }
                for (int64_t j = 0; j < width; j++) {
                    int64_t cell = (top + i) * columns + left + j;
                    wins[cell] += won[j];
                    total[cell] += part[j];
                    square[cell] += part_square[j];
                }
            }
        }
        free(slope);
        free(rest);
    }
}
