/* One hour after the other of a region graph in plain C: the peer of kernels/dispatch.py, the same dual simplex steps. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define CLOSE_MW 1e-7
#define PIVOT 1e-9
enum { LOWER, UPPER, BASIC };

typedef struct {
    int64_t n, arcs, most;
    const int64_t *first, *start, *end;
    const double *cost, *kept, *toll, *size, *limit;
    int64_t *full, *marginal, *arc, *basic, *who;
    double *inverse, *price, *rest, *value, *row, *column, *ratio, *weight;
} State;

static void set_arc(State *s, int64_t a, int64_t state)
{
    double change = (state == UPPER) - (s->arc[a] == UPPER);
    s->arc[a] = state;
    s->rest[s->end[a]] -= change * s->kept[a] * s->limit[a];
    s->rest[s->start[a]] += change * s->limit[a];
}

static int64_t next_block(const State *s, int64_t r, int up)
{
    int64_t k = s->first[r] + s->full[r];
    if (up)
        return k < s->first[r + 1] ? k : -1;
    return s->full[r] > 0 ? k - 1 : -1;
}

static int64_t pass_breakpoints(State *s, double slope, double *theta)
{
    int64_t n = s->n, found = 0;
    for (int64_t r = 0; r < n; r++) {
        double speed = s->row[r];
        if (!s->marginal[r] && fabs(speed) > PIVOT) {
            int64_t k = next_block(s, r, speed > 0.0);
            if (k >= 0) {
                s->ratio[found] = fmax((s->cost[k] - s->price[r]) / speed, 0.0);
                s->weight[found] = fabs(speed) * s->size[k];
                s->who[found++] = r;
            }
        }
    }
    for (int64_t a = 0; a < s->arcs; a++) {
        double speed = s->kept[a] * s->row[s->end[a]] - s->row[s->start[a]];
        if (s->arc[a] != BASIC && (s->arc[a] == LOWER ? speed > PIVOT : speed < -PIVOT)) {
            double reduced = s->toll[a] + s->price[s->start[a]] - s->kept[a] * s->price[s->end[a]];
            s->ratio[found] = fmax(reduced / speed, 0.0);
            s->weight[found] = fabs(speed) * s->limit[a];
            s->who[found++] = n + a;
        }
    }
    for (;;) {
        int64_t best = -1;
        for (int64_t i = 0; i < found; i++)
            if (s->ratio[i] < INFINITY && (best < 0 || s->ratio[i] < s->ratio[best]))
                best = i;
        if (best < 0)
            return -1;
        int64_t code = s->who[best];
        if (slope - s->weight[best] <= CLOSE_MW) {
            *theta = s->ratio[best];
            return code;
        }
        slope -= s->weight[best];
        if (code >= n) {
            set_arc(s, code - n, s->arc[code - n] == LOWER ? UPPER : LOWER);
            s->ratio[best] = INFINITY;
            continue;
        }
        int up = s->row[code] > 0.0;
        int64_t k = next_block(s, code, up);
        s->rest[code] += up ? -s->size[k] : s->size[k];
        s->full[code] += up ? 1 : -1;
        k = next_block(s, code, up);
        if (k < 0) {
            s->ratio[best] = INFINITY;
        } else {
            s->ratio[best] = fmax((s->cost[k] - s->price[code]) / s->row[code], 0.0);
            s->weight[best] = fabs(s->row[code]) * s->size[k];
        }
    }
}

static int64_t solve(State *s, const double *demand)
{
    int64_t n = s->n;
    for (int64_t r = 0; r < n; r++) {
        s->rest[r] = demand[r];
        for (int64_t k = s->first[r]; k < s->first[r] + s->full[r]; k++)
            s->rest[r] -= s->size[k];
    }
    for (int64_t a = 0; a < s->arcs; a++)
        if (s->arc[a] == UPPER) {
            s->rest[s->end[a]] -= s->kept[a] * s->limit[a];
            s->rest[s->start[a]] += s->limit[a];
        }
    memset(s->price, 0, sizeof(double) * n);
    for (int64_t p = 0; p < n; p++) {
        int64_t code = s->basic[p];
        double cost = code < n ? s->cost[s->first[code] + s->full[code]] : s->toll[code - n];
        if (cost != 0.0)
            for (int64_t r = 0; r < n; r++)
                s->price[r] += cost * s->inverse[r * n + p];
    }
    for (int64_t step = 0; step < s->most; step++) {
        double worst = CLOSE_MW;
        int64_t p = -1;
        int above = 0;
        memset(s->value, 0, sizeof(double) * n);
        for (int64_t r = 0; r < n; r++)
            for (int64_t i = 0; i < n; i++)
                s->value[i] += s->inverse[r * n + i] * s->rest[r];
        for (int64_t i = 0; i < n; i++) {
            int64_t code = s->basic[i];
            double top = code < n ? s->size[s->first[code] + s->full[code]] : s->limit[code - n];
            if (s->value[i] - top > worst) {
                worst = s->value[i] - top;
                p = i;
                above = 1;
            }
            if (-s->value[i] > worst) {
                worst = -s->value[i];
                p = i;
                above = 0;
            }
        }
        if (p < 0)
            return step;
        int64_t leaving = s->basic[p];
        if (leaving < n) {
            s->marginal[leaving] = 0;
            if (above) {
                s->rest[leaving] -= s->size[s->first[leaving] + s->full[leaving]];
                s->full[leaving]++;
            }
        } else
            set_arc(s, leaving - n, above ? UPPER : LOWER);
        for (int64_t r = 0; r < n; r++)
            s->row[r] = (above ? 1.0 : -1.0) * s->inverse[r * n + p];
        double theta = 0.0;
        int64_t entering = pass_breakpoints(s, worst, &theta);
        if (entering < 0)
            return -1;
        for (int64_t r = 0; r < n; r++)
            s->price[r] += theta * s->row[r];
        if (entering < n) {
            if (s->row[entering] < 0.0) {
                s->full[entering]--;
                s->rest[entering] += s->size[s->first[entering] + s->full[entering]];
            }
            s->marginal[entering] = 1;
            memcpy(s->column, s->inverse + entering * n, sizeof(double) * n);
        } else {
            int64_t a = entering - n;
            set_arc(s, a, BASIC);
            for (int64_t i = 0; i < n; i++)
                s->column[i] = s->kept[a] * s->inverse[s->end[a] * n + i] - s->inverse[s->start[a] * n + i];
        }
        double pivot = s->column[p];
        if (fabs(pivot) < PIVOT)
            return -1;
        for (int64_t r = 0; r < n; r++) {
            double factor = s->inverse[r * n + p] / pivot;
            if (factor != 0.0) {
                for (int64_t i = 0; i < n; i++)
                    s->inverse[r * n + i] -= factor * s->column[i];
                s->inverse[r * n + p] = factor;
            }
        }
        s->basic[p] = entering;
    }
    return -1;
}

/* demand: (hour, region); size: (hour, block); limit: (arc,); found: (hour,), the cost of each hour. */
void dispatch(int64_t hours, int64_t n, int64_t blocks, int64_t arcs, const int64_t *first, const double *cost,
              const int64_t *start, const int64_t *end, const double *kept, const double *toll, const double *demand,
              const double *size, const double *limit, double *found)
{
    int64_t both = n + arcs;
    int64_t *whole = calloc(3 * n + arcs + both, sizeof(int64_t));
    double *real = calloc(n * n + 5 * n + 2 * both, sizeof(double));
    State s = {.n = n, .arcs = arcs, .most = 1000 + 20 * (blocks + arcs), .first = first, .start = start, .end = end,
               .cost = cost, .kept = kept, .toll = toll, .limit = limit};
    s.full = whole, s.marginal = whole + n, s.basic = whole + 2 * n, s.arc = whole + 3 * n, s.who = s.arc + arcs;
    s.inverse = real, s.price = real + n * n, s.rest = s.price + n, s.value = s.rest + n, s.row = s.value + n;
    s.column = s.row + n, s.ratio = s.column + n, s.weight = s.ratio + both;
    for (int64_t r = 0; r < n; r++) {
        s.marginal[r] = 1;
        s.basic[r] = r;
        s.inverse[r * n + r] = 1.0;
    }
    for (int64_t h = 0; h < hours; h++) {
        s.size = size + h * blocks;
        if (solve(&s, demand + h * n) < 0) {
            found[h] = NAN;
            continue;
        }
        double sum = 0.0;
        for (int64_t r = 0; r < n; r++)
            for (int64_t k = first[r]; k < first[r] + s.full[r]; k++)
                sum += cost[k] * s.size[k];
        for (int64_t a = 0; a < arcs; a++)
            if (s.arc[a] == UPPER)
                sum += toll[a] * limit[a];
        for (int64_t p = 0; p < n; p++) {
            int64_t code = s.basic[p];
            sum += s.value[p] * (code < n ? cost[first[code] + s.full[code]] : toll[code - n]);
        }
        found[h] = sum;
    }
    free(whole);
    free(real);
}
