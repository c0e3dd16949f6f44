/* Largest flexible load in plain C: the peer of kernels/headroom.py, the same steps over the gaps of one year. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

enum { LANES = 32, FORGOTTEN = 3, APART = 13, FEW = 1000 };
static const double WIDER = 1.25;

static double highest(int64_t hours, const double *restrict load)
{
    double lanes[LANES], found = -INFINITY;
    int64_t h = 0;
    for (int64_t i = 0; i < LANES; i++)
        lanes[i] = -INFINITY;
    for (; h + LANES <= hours; h += LANES)
        for (int64_t i = 0; i < LANES; i++)
            lanes[i] = load[h + i] > lanes[i] ? load[h + i] : lanes[i];
    for (int64_t i = 0; i < LANES; i++)
        found = lanes[i] > found ? lanes[i] : found;
    for (; h < hours; h++)
        found = load[h] > found ? load[h] : found;
    return found;
}

/* Up to a whole block, infinite gaps follow. */
static void fill(double *gaps, int64_t count)
{
    for (int64_t h = count; h < (count + LANES - 1) / LANES * LANES; h++)
        gaps[h] = INFINITY;
}

static int64_t shorter(int64_t count, const double *restrict gaps, double size, double *total)
{
    double counts[LANES], sums[LANES];
    for (int64_t i = 0; i < LANES; i++)
        counts[i] = sums[i] = 0.0;
    for (int64_t h = 0; h < count; h += LANES)
        for (int64_t i = 0; i < LANES; i++) {
            counts[i] += gaps[h + i] < size ? 1.0 : 0.0;
            sums[i] += gaps[h + i] < size ? gaps[h + i] : 0.0;
        }
    for (int64_t width = LANES / 2; width; width /= 2)
        for (int64_t i = 0; i < width; i++) {
            counts[i] += counts[width + i];
            sums[i] += sums[width + i];
        }
    *total = sums[0];
    return (int64_t)counts[0];
}

static int64_t keep(double *gaps, int64_t count, double size)
{
    int64_t kept = 0;
    for (int64_t h = 0; h < count; h++) {
        double gap = gaps[h];
        gaps[kept] = gap;
        kept += gap < size;
    }
    fill(gaps, kept);
    return kept;
}

static int64_t gaps_below(const double *restrict load, const int64_t *season, int64_t runs, const int64_t *turns,
                          const double *peak, double size, double *restrict gaps)
{
    int64_t kept = 0;
    for (int64_t run = 0; run < runs; run++) {
        int64_t h = turns[run], end = turns[run + 1];
        double top = peak[season[h]];
        while (h < end) {
            int64_t width = end - h < 8 ? end - h : 8;
            if (width == 8) {
                double most = load[h];
                for (int64_t i = 1; i < 8; i++)
                    most = load[h + i] > most ? load[h + i] : most;
                if (top - most >= size) {
                    h += 8;
                    continue;
                }
            }
            for (int64_t i = 0; i < width; i++) {
                double gap = top - load[h + i];
                gaps[kept] = gap;
                kept += gap < size;
            }
            h += width;
        }
    }
    fill(gaps, kept);
    return kept;
}

static double fall(double *gaps, int64_t *count, double size, double allowed)
{
    for (;;) {
        double total;
        int64_t k = shorter(*count, gaps, size, &total);
        if (k <= allowed)
            return size;
        if (FORGOTTEN * k <= *count)
            *count = keep(gaps, *count, size);
        double smaller = total / (k - allowed);
        if (!(smaller < size))
            return size;
        size = smaller;
    }
}

/* load: (row, hour); season: (hour,), turning at `turns`; shares fall; found: (row, share). */
void headroom(int64_t rows, int64_t hours, const double *load, const int64_t *restrict season, int64_t seasons,
              int64_t runs, const int64_t *turns, int64_t points, const double *shares, double *found)
{
#pragma omp parallel for schedule(static)
    for (int64_t row = 0; row < rows; row++) {
        const double *restrict here = load + row * hours;
        double *peak = malloc(sizeof(double) * seasons), *gaps = malloc(sizeof(double) * (hours + LANES));
        for (int64_t s = 0; s < seasons; s++)
            peak[s] = -INFINITY;
        for (int64_t run = 0; run < runs; run++) {
            double most = highest(turns[run + 1] - turns[run], here + turns[run]), *top = peak + season[turns[run]];
            *top = most > *top ? most : *top;
        }
        double size = INFINITY, total;
        int64_t count = 0, k;
        if (hours >= FEW) {
            for (int64_t h = 0; h < hours; h += APART)
                gaps[count++] = peak[season[h]] - here[h];
            fill(gaps, count);
            int64_t left = count;
            size = WIDER * fall(gaps, &left, INFINITY, shares[0] * count);
        }
        for (double allowed = shares[0] * hours;;) {
            count = gaps_below(here, season, runs, turns, peak, size, gaps);
            k = shorter(count, gaps, size, &total);
            if (size == INFINITY || (k > allowed && total / (k - allowed) <= size))
                break;
            size = k > allowed ? total / (k - allowed) : INFINITY;
        }
        for (int64_t i = 0; i < points; i++)
            found[row * points + i] = size = fall(gaps, &count, size, shares[i] * hours);
        free(peak);
        free(gaps);
    }
}
