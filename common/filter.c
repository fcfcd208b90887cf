#include "common/filter.h"
#include "common/fail.h"

#include <math.h>
#include <stdlib.h>

struct filter {
    sordino_denoiser *denoiser;
    uint32_t channels;
    size_t block;
    uint64_t skip; /* frames of the delay still to be dropped */
    uint64_t n_in, n_out;
    float *room;    /* [channels][block] */
    float **planes; /* [channels] into room */
    float *last;    /* [channels] the last good values, for the end */
    bool hold;      /* the end is fed with them; otherwise with zeros */
};

void filter_free(filter *f)
{
    if (!f)
        return;
    sordino_denoiser_free(f->denoiser);
    free(f->room);
    free(f->planes);
    free(f->last);
    free(f);
}

static bool is_per_sample(const sordino_config *config, const sordino_model *model)
{
    return config->method == SORDINO_METHOD_KALMAN || config->method == SORDINO_METHOD_PREDICTOR ||
           (config->method == SORDINO_METHOD_NETWORK && !sordino_model_is_stft(model));
}

sordino_status filter_new(const sordino_config *config, const sordino_model *model, size_t block,
                          filter **out, sordino_error *why)
{
    *out = NULL;
    filter *const f = calloc(1, sizeof *f);
    if (!f)
        return fail_no_memory(why);
    f->channels = config->channels;
    f->block = block;
    f->hold = is_per_sample(config, model);
    f->room = calloc(block * config->channels, sizeof *f->room);
    f->planes = calloc(config->channels, sizeof *f->planes);
    f->last = calloc(config->channels, sizeof *f->last);
    sordino_status status = f->room && f->planes && f->last ? SORDINO_OK : fail_no_memory(why);
    if (!status)
        status = sordino_denoiser_new(config, model, &f->denoiser, why);
    if (status) {
        filter_free(f);
        return status;
    }
    for (uint32_t c = 0; c < f->channels; c++)
        f->planes[c] = f->room + c * block;
    f->skip = sordino_denoiser_latency(f->denoiser);
    *out = f;
    return SORDINO_OK;
}

sordino_denoiser *filter_denoiser(filter *f)
{
    return f->denoiser;
}

void filter_restart(filter *f)
{
    sordino_denoiser_reset(f->denoiser);
    f->skip = sordino_denoiser_latency(f->denoiser);
    f->n_in = f->n_out = 0;
    for (uint32_t c = 0; c < f->channels; c++)
        f->last[c] = 0.0f;
}

/* Denoises what lies in the planes, and gives away what is past the delay. */
static size_t run(filter *f, size_t n, float *out)
{
    sordino_denoiser_process(f->denoiser, (const float *const *)f->planes, f->planes, n);
    const size_t dropped = f->skip < n ? (size_t)f->skip : n;
    f->skip -= dropped;
    for (uint32_t c = 0; c < f->channels; c++)
        for (size_t i = dropped; i < n; i++)
            out[(i - dropped) * f->channels + c] = f->planes[c][i];
    f->n_out += n - dropped;
    return n - dropped;
}

size_t filter_push(filter *f, const float *in, size_t n, float *out)
{
    for (uint32_t c = 0; c < f->channels; c++) {
        for (size_t i = 0; i < n; i++) {
            const float x = in[i * f->channels + c];
            f->planes[c][i] = x;
            if (isfinite(x))
                f->last[c] = x;
        }
    }
    f->n_in += n;
    return run(f, n, out);
}

size_t filter_flush(filter *f, float *out)
{
    size_t given = 0;
    while (given == 0 && f->n_out < f->n_in) {
        /* The delay comes first when the whole input was shorter than it. */
        const uint64_t left = f->n_in - f->n_out + f->skip;
        const size_t n = left < f->block ? (size_t)left : f->block;
        for (uint32_t c = 0; c < f->channels; c++)
            for (size_t i = 0; i < n; i++)
                f->planes[c][i] = f->hold ? f->last[c] : 0.0f;
        given = run(f, n, out);
    }
    return given;
}
