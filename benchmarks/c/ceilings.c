/* What this core can do at most: bytes through memory (triad) and vector operations (multiply-add in registers).
 *
 * Compiled like the peers of the kernels, so the vector width is the machine's.
 */
#include <omp.h>
#include <stdint.h>

int threads(void) { return omp_get_max_threads(); }
void set_threads(int count) { omp_set_num_threads(count); }

/* a = b + s x c, `rounds` times over arrays far larger than the caches; 24 bytes an item, the write's own read apart. */
void triad(int64_t size, int64_t rounds, double scalar, double *restrict a, const double *restrict b,
           const double *restrict c)
{
    for (int64_t round = 0; round < rounds; round++)
        for (int64_t i = 0; i < size; i++)
            a[i] = b[i] + scalar * c[i];
}

enum { LANES = 96 }; /* as many independent chains as keep two multiply-add units busy, whatever their width */

/* `rounds` multiply-adds on each of LANES numbers in registers; the sum keeps the compiler from leaving them out. */
double multiply_add(int64_t rounds, double factor, double term)
{
    double lane[LANES];
    for (int i = 0; i < LANES; i++)
        lane[i] = i;
    for (int64_t round = 0; round < rounds; round++)
        for (int i = 0; i < LANES; i++)
            lane[i] = lane[i] * factor + term;
    double sum = 0.0;
    for (int i = 0; i < LANES; i++)
        sum += lane[i];
    return sum;
}
