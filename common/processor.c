#include "common/processor.h"

#include <stdlib.h>
#include <string.h>

void processor_free(processor *p)
{
    sordino_denoiser_free(p->denoiser);
    free(p->ring);
    *p = (processor){0};
}

sordino_status processor_init(processor *p, const sordino_config *config,
                              const sordino_model *model, uint32_t most, sordino_error *why)
{
    static const sordino_error no_memory = {SORDINO_NO_MEM, "Out of memory for a denoiser"};
    *p = (processor){0};
    const sordino_status status = sordino_denoiser_new(config, model, &p->denoiser, why);
    if (status != SORDINO_OK)
        return status;
    p->n_channels = config->channels;
    p->latency = sordino_denoiser_latency(p->denoiser);
    p->size = most + PROCESSOR_CHUNK;
    p->ring = calloc((size_t)p->size * p->n_channels, sizeof *p->ring);
    if (p->ring)
        return SORDINO_OK;
    processor_free(p);
    if (why)
        *why = no_memory;
    return SORDINO_NO_MEM;
}

void processor_touch(processor *p)
{
    static const float silence[PROCESSOR_CHUNK];
    const float *in[SORDINO_MAX_CHANNELS];
    for (uint32_t c = 0; c < p->n_channels; c++)
        in[c] = silence;
    for (uint32_t at = 0; at <= p->latency; at += PROCESSOR_CHUNK)
        processor_run(p, in, 0, PROCESSOR_CHUNK);
}

void processor_start(processor *p)
{
    sordino_denoiser_reset(p->denoiser); /* the controls jump to where they are */
    memset(p->ring, 0, (size_t)p->size * p->n_channels * sizeof *p->ring);
    p->at = 0;
    p->age = 0;
    p->running = true;
}

/* The next n samples of input from `from` on, to where there is room for them in one piece. */
static void run_piece(processor *p, const float *const *in, size_t from, uint32_t n)
{
    const float *in_at[SORDINO_MAX_CHANNELS];
    float *out[SORDINO_MAX_CHANNELS];
    for (uint32_t c = 0; c < p->n_channels; c++) {
        in_at[c] = in[c] + from;
        out[c] = p->ring + (size_t)c * p->size + p->at;
    }
    sordino_denoiser_process(p->denoiser, in_at, out, n);
    p->at = (p->at + n) % p->size;
}

void processor_run(processor *p, const float *const *in, size_t from, uint32_t n)
{
    const uint32_t room = p->size - p->at, first = n < room ? n : room;
    run_piece(p, in, from, first);
    if (n > first)
        run_piece(p, in, from + first, n - first);
    p->age = p->age > UINT32_MAX - n ? UINT32_MAX : p->age + n;
}

void processor_read(const processor *p, uint32_t c, uint32_t pad, float *out, uint32_t n)
{
    const float *const ring = p->ring + (size_t)c * p->size;
    const uint32_t from = (p->at + 2 * p->size - n - pad) % p->size;
    const uint32_t room = p->size - from, first = n < room ? n : room;
    memcpy(out, ring + from, first * sizeof *out);
    memcpy(out + first, ring, (n - first) * sizeof *out);
}
