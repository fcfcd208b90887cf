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

bool adam_update(adam *a, float *restrict values, float *restrict gradient, double rate,
                 double *norm)
{
    adam_state *const s = &a->state;
    *norm = norm_of(gradient, a->n);
    if (!isfinite(*norm))
        return false;
    const bool clipped = a->spec.clip > 0 && *norm > a->spec.clip;
    const float scale = clipped ? (float)(a->spec.clip / *norm) : 1.0f;
    const double t = s->updates += 1;
    const double ema = fmin(a->spec.ema, (1 + t) / (10 + t));
    /* step = rate (m / c1) / (sqrt(v / c2) + eps) */
    const float c1 = (float)(rate / (1 - pow(beta1, t))), c2 = (float)(1 / (1 - pow(beta2, t)));
    const float b1 = (float)beta1, b2 = (float)beta2, keep = (float)ema;
    const float shrink = (float)(rate * a->spec.decay);
    if (t == 1)
        memcpy(s->average, values, a->n * sizeof *s->average);
    float *const restrict m = s->first, *const restrict v = s->second;
    float *const restrict mean = s->average;
    for (size_t i = 0; i < a->n; i++) {
        const float g = gradient[i] *= scale;
        m[i] += (1 - b1) * (g - m[i]);
        v[i] += (1 - b2) * (g * g - v[i]);
        const float decay = shrink * a->decays[i] * values[i];
        values[i] -= c1 * m[i] / (sqrtf(c2 * v[i]) + epsilon) + decay;
        mean[i] += (1 - keep) * (values[i] - mean[i]);
    }
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
