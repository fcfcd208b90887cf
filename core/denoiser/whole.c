/* A whole recording in one call. */
#include <sordino/sordino.h>

#include "core/base/error.h"
#include "core/denoiser/config.h"

#include <math.h>
#include <stdlib.h>

enum { BLOCK = 4096 };

/* A recording on its way through a denoiser: [channels] side by side. */
typedef struct passage {
    sordino_denoiser *denoiser;
    uint32_t channels;
    size_t skip;  /* samples of the latency still to come */
    size_t done;  /* samples written */
    float *block; /* [BLOCK][channels] */
    float *out;
} passage;

static void run(passage *p, size_t n)
{
    sordino_denoiser_process_interleaved(p->denoiser, p->block, p->block, n);
    const size_t dropped = p->skip < n ? p->skip : n;
    for (size_t i = dropped * p->channels; i < n * p->channels; i++)
        p->out[p->done * p->channels + i - dropped * p->channels] = p->block[i];
    p->skip -= dropped;
    p->done += n - dropped;
}

static size_t block_of(size_t left)
{
    return left < BLOCK ? left : BLOCK;
}

/* What follows the end must not be heard in it: spectral methods get silence, the others the last
 * good value of each channel, [channels]. */
static void run_all(passage *p, const float *in, size_t n, bool holds, float *last)
{
    for (size_t at = 0; at < n; at += BLOCK) {
        const size_t step = block_of(n - at);
        for (size_t i = 0; i < step * p->channels; i++) {
            const float x = in[at * p->channels + i];
            p->block[i] = x;
            if (holds && isfinite(x))
                last[i % p->channels] = x;
        }
        run(p, step);
    }
    while (p->done < n) {
        const size_t step = block_of(n - p->done + p->skip);
        for (size_t i = 0; i < step * p->channels; i++)
            p->block[i] = last[i % p->channels];
        run(p, step);
    }
}

sordino_status sordino_denoise(const sordino_config *config, const sordino_model *model,
                               const sordino_profile *noise, const float *in, float *out, size_t n,
                               sordino_error *why)
{
    passage p = {.out = out};
    if (n > 0 && (!in || !out))
        return error_set(why, SORDINO_BAD_ARG, "There are no samples, or no place for the result");
    const sordino_status status = sordino_denoiser_new(config, model, &p.denoiser, why);
    if (status != SORDINO_OK)
        return status;
    p.channels = config->channels;
    p.skip = sordino_denoiser_latency(p.denoiser);
    p.block = malloc(BLOCK * p.channels * sizeof *p.block);
    float *const last = calloc(p.channels, sizeof *last);
    const bool holds = config->method == SORDINO_METHOD_KALMAN ||
                       config->method == SORDINO_METHOD_PREDICTOR ||
                       (config->method == SORDINO_METHOD_NETWORK && !sordino_model_is_stft(model));
    const bool served = p.block && last;
    if (served) {
        if (noise)
            sordino_denoiser_set_profile(p.denoiser, noise);
        run_all(&p, in, n, holds, last);
    }
    sordino_denoiser_free(p.denoiser);
    free(p.block);
    free(last);
    return served ? SORDINO_OK
                  : error_set(why, SORDINO_NO_MEM, "Out of memory for a block of the recording");
}
