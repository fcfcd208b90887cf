/* Waveform models: frames of samples scaled as core/denoiser/front_wave.c scales them. */
#include "trainer/front/front_internal.h"

#include "core/base/error.h"
#include "core/dsp/running_scale.h"

#include <stdlib.h>
#include <string.h>

typedef struct front_samples {
    train_front base;
    const front_spec *spec; /* borrowed */
    sample_cost cost;
    size_t max_samples, n, frames; /* of the loaded example; n = frames * hop */
    double level;
    float *noisy, *clean;   /* [n]; both delayed by the lag, over the level */
    double *means, *scales; /* [frames], over the level */
    float *y, *d_y;         /* [n] */
} front_samples;

static void front_samples_free(train_front *base)
{
    front_samples *f = (front_samples *)base;
    sample_cost_free(&f->cost);
    free(f->noisy);
    free(f->clean);
    free(f->means);
    free(f->scales);
    free(f->y);
    free(f->d_y);
    free(f);
}

static void delay_over(const float *from, float *to, size_t n, size_t lag, double level)
{
    for (size_t i = 0; i < n; i++)
        to[i] = i >= lag ? (float)((double)from[i - lag] / level) : 0.0f;
}

static sordino_status front_samples_load(train_front *base, const mix_example *e, float *input,
                                         size_t row, sordino_error *why)
{
    front_samples *f = (front_samples *)base;
    const uint32_t hop = f->spec->hop_samples;
    running_scale scale = {0};
    f->frames = e->n / hop;
    f->n = f->frames * hop;
    if (f->n == 0 || f->n > f->max_samples)
        return error_set(why, SORDINO_BAD_ARG, "An example of %zu samples does not fit", e->n);
    f->level = e->level > 0 ? e->level : 1;
    const double time =
        f->spec->rate > 0 ? f->spec->scale_time * f->spec->rate : f->spec->scale_time;
    for (size_t t = 0; t < f->frames; t++) {
        const float *const x = e->noisy + t * hop;
        running_scale_push(&scale, x, hop, time < 1 ? 1 : time);
        const double s = running_scale_get(&scale);
        for (uint32_t i = 0; i < hop; i++)
            input[t * row + i] = s > 0 ? (float)(((double)x[i] - scale.mean) / s) : 0.0f;
        f->means[t] = scale.mean / f->level;
        f->scales[t] = s / f->level;
    }
    delay_over(e->noisy, f->noisy, f->n, f->spec->lag_samples, f->level);
    delay_over(e->clean, f->clean, f->n, f->spec->lag_samples, f->level);
    return SORDINO_OK;
}

/* The estimate over the level. */
static void estimate_over(front_samples *f, const float *output, size_t row)
{
    const uint32_t hop = f->spec->hop_samples;
    for (size_t t = 0; t < f->frames; t++)
        for (uint32_t i = 0; i < hop; i++) {
            const double part = f->scales[t] * (double)output[t * row + i];
            const size_t at = t * hop + i;
            f->y[at] =
                (float)(f->spec->predicts_noise ? (double)f->noisy[at] - part : f->means[t] + part);
        }
}

static double front_samples_loss(train_front *base, const float *output, size_t row, float scale,
                                 float *d_output)
{
    front_samples *f = (front_samples *)base;
    const uint32_t hop = f->spec->hop_samples;
    const float sign = f->spec->predicts_noise ? -1.0f : 1.0f;
    estimate_over(f, output, row);
    const double loss = sample_cost_run(&f->cost, f->y, f->clean, f->n, scale, f->d_y);
    for (size_t t = 0; t < f->frames; t++) {
        memset(d_output + t * row, 0, row * sizeof *d_output);
        for (uint32_t i = 0; i < hop; i++)
            d_output[t * row + i] = sign * (float)f->scales[t] * f->d_y[t * hop + i];
    }
    return loss;
}

static const float *front_samples_estimate(train_front *base, const float *output, size_t row,
                                           size_t *n)
{
    front_samples *f = (front_samples *)base;
    estimate_over(f, output, row);
    for (size_t i = 0; i < f->n; i++)
        f->y[i] *= (float)f->level;
    const size_t lag = f->spec->lag_samples;
    *n = f->n > lag ? f->n - lag : 0;
    return f->y + (f->n > lag ? lag : 0);
}

sordino_status front_samples_new(const front_spec *spec, const cost_spec *cost, size_t max_samples,
                                 train_front **out, sordino_error *why)
{
    static const front_kind_ops kind = {front_samples_free, front_samples_load, front_samples_loss,
                                        front_samples_estimate};
    *out = NULL;
    front_samples *f = calloc(1, sizeof *f);
    if (!f)
        return error_set(why, SORDINO_NO_MEM, "Out of memory for the front end");
    f->base.kind = &kind;
    f->spec = spec;
    f->max_samples = max_samples;
    f->noisy = calloc(max_samples, sizeof *f->noisy);
    f->clean = calloc(max_samples, sizeof *f->clean);
    f->means = calloc(max_samples, sizeof *f->means);
    f->scales = calloc(max_samples, sizeof *f->scales);
    f->y = calloc(max_samples, sizeof *f->y);
    f->d_y = calloc(max_samples, sizeof *f->d_y);
    if (!sample_cost_new(&f->cost, cost, max_samples) || !f->noisy || !f->clean || !f->means ||
        !f->scales || !f->y || !f->d_y) {
        front_samples_free(&f->base);
        return error_set(why, SORDINO_NO_MEM, "Out of memory for the front end");
    }
    if (!f->cost.any) {
        front_samples_free(&f->base);
        return error_set(why, SORDINO_BAD_ARG,
                         "A sensor model needs a loss of samples: l1, l2, huber or si-sdr");
    }
    *out = &f->base;
    return SORDINO_OK;
}
