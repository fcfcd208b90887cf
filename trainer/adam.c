#include "trainer/adam.h"

#include "core/base/error.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Of the moments: 0.98 forgets a burst of odd examples sooner than the usual 0.999. */
static const double beta1 = 0.9, beta2 = 0.99;
static const float epsilon = 1e-8f;
static const double last_rate = 0.01; /* of the highest, at the end */

enum { SUMS = 16 };

struct adam {
    adam_spec spec;
    size_t n;
    float *decays; /* 1 for weights that decay, else 0 */
    adam_state state;
};

sordino_status adam_new(const adam_spec *spec, size_t n, const bool *decays, adam **out,
                        sordino_error *why)
{
    adam *a = calloc(1, sizeof *a);
    *out = a;
    if (a) {
        a->spec = *spec;
        a->n = n;
        a->decays = calloc(n + 1, sizeof *a->decays);
        a->state.first = calloc(n + 1, sizeof(float));
        a->state.second = calloc(n + 1, sizeof(float));
        a->state.average = calloc(n + 1, sizeof(float));
    }
    if (!a || !a->decays || !a->state.first || !a->state.second || !a->state.average) {
        adam_free(a);
        *out = NULL;
        return error_set(why, SORDINO_NO_MEM, "Out of memory for the optimiser");
    }
    for (size_t i = 0; i < n; i++)
        a->decays[i] = decays[i] ? 1.0f : 0.0f;
    return SORDINO_OK;
}

void adam_free(adam *a)
{
    if (!a)
        return;
    free(a->decays);
    free(a->state.first);
    free(a->state.second);
    free(a->state.average);
    free(a);
}

adam_state *adam_where(adam *a)
{
    return &a->state;
}

/* In sixteen sums side by side, so that it can be done with vectors in the same order anywhere. */
static double norm_of(const float *x, size_t n)
{
    double sums[SUMS] = {0}, sum = 0;
    for (size_t i = 0; i + SUMS <= n; i += SUMS)
        for (size_t k = 0; k < SUMS; k++)
            sums[k] += (double)x[i + k] * (double)x[i + k];
    for (size_t i = n - n % SUMS; i < n; i++)
        sums[0] += (double)x[i] * (double)x[i];
    for (size_t k = 0; k < SUMS; k++)
        sum += sums[k];
    return sqrt(sum);
}

/* What one update needs beside the vectors. */
typedef struct update {
    float scale;      /* of gradients */
    float c1, c2;     /* step = c1 m / (sqrt(c2 v) + epsilon), c1 with the rate */
    float shrink;     /* by weight decay */
    float rate, keep; /* keep: memory of the average */
} update;

/* Weights from..to-1 by AdamW. */
static void update_span(adam *a, const update *u, float *restrict values, float *restrict gradient,
                        size_t from, size_t to)
{
    const float b1 = (float)beta1, b2 = (float)beta2;
    float *const restrict m = a->state.first, *const restrict v = a->state.second;
    float *const restrict mean = a->state.average;
    for (size_t i = from; i < to; i++) {
        const float g = gradient[i] *= u->scale;
        m[i] += (1 - b1) * (g - m[i]);
        v[i] += (1 - b2) * (g * g - v[i]);
        const float decay = u->shrink * a->decays[i] * values[i];
        values[i] -= u->c1 * m[i] / (sqrtf(u->c2 * v[i]) + epsilon) + decay;
        mean[i] += (1 - u->keep) * (values[i] - mean[i]);
    }
}

/* Weights from..to-1, a matrix, whose step by Muon stands in `move`. */
static void update_matrix(adam *a, const update *u, float *restrict values,
                          const float *restrict move, size_t from, size_t to)
{
    float *const restrict mean = a->state.average;
    for (size_t i = from; i < to; i++) {
        const float decay = u->shrink * a->decays[i] * values[i];
        values[i] -= u->rate * move[i] + decay;
        mean[i] += (1 - u->keep) * (values[i] - mean[i]);
    }
}

bool adam_update(adam *a, float *restrict values, float *restrict gradient, double rate,
                 double *norm)
{
    adam_state *const s = &a->state;
    *norm = norm_of(gradient, a->n);
    if (!isfinite(*norm))
        return false;
    const bool clipped = a->spec.clip > 0 && *norm > a->spec.clip;
    const double t = s->updates += 1;
    const update u = {
        .scale = clipped ? (float)(a->spec.clip / *norm) : 1.0f,
        .c1 = (float)(rate / (1 - pow(beta1, t))),
        .c2 = (float)(1 / (1 - pow(beta2, t))),
        .shrink = (float)(rate * a->spec.decay),
        .rate = (float)rate,
        .keep = (float)fmin(a->spec.ema, (1 + t) / (10 + t)),
    };
    if (t == 1)
        memcpy(s->average, values, a->n * sizeof *s->average);
    muon *const m = a->spec.matrices;
    const size_t n_matrices = m ? muon_count(m) : 0;
    if (m)
        muon_steps(m, s->first, gradient, u.scale);
    size_t at = 0;
    for (size_t i = 0; i < n_matrices; i++) {
        const muon_matrix where = muon_at(m, i);
        const size_t end = where.offset + where.rows * where.columns;
        update_span(a, &u, values, gradient, at, where.offset);
        update_matrix(a, &u, values, gradient, where.offset, end);
        at = end;
    }
    update_span(a, &u, values, gradient, at, a->n);
    return true;
}

double adam_rate(const adam_schedule *s, double step, double progress)
{
    const double pi = 3.14159265358979323846, start = 1 - s->cool_down;
    double rate = s->rate;
    if (step < s->warm_up)
        rate *= (step + 1) / s->warm_up;
    if (s->cool_down > 0 && progress > start) {
        const double along = fmin(1, (progress - start) / s->cool_down);
        rate *= last_rate + (1 - last_rate) * 0.5 * (1 + cos(pi * along));
    }
    return rate;
}
