#include "plugin/engine.h"

#include <stdlib.h>
#include <string.h>

void engine_free(engine *e)
{
    sordino_free(e->denoiser);
    for (uint32_t c = 0; c < ENGINE_MAX_CHANNELS; c++)
        free(e->ring[c]);
    *e = (engine){0};
}

sordino_status engine_init(engine *e, const sordino_config *config, const sordino_model *model,
                           uint32_t most, sordino_error *why)
{
    static const sordino_error no_memory = {SORDINO_NO_MEM, "Out of memory for a voice"};
    *e = (engine){0};
    const sordino_status status = sordino_new(config, model, &e->denoiser, why);
    if (status != SORDINO_OK)
        return status;
    e->n_channels = config->channels;
    e->latency = sordino_latency(e->denoiser);
    e->size = most + ENGINE_CHUNK;
    for (uint32_t c = 0; c < config->channels; c++)
        if (!(e->ring[c] = calloc(e->size, sizeof *e->ring[c]))) {
            engine_free(e);
            if (why)
                *why = no_memory;
            return SORDINO_NO_MEM;
        }
    return SORDINO_OK;
}

void engine_start(engine *e)
{
    sordino_reset(e->denoiser); /* the controls jump to where they are */
    for (uint32_t c = 0; c < e->n_channels; c++)
        memset(e->ring[c], 0, e->size * sizeof *e->ring[c]);
    e->at = 0;
    e->age = 0;
    e->running = true;
}

/* The next n samples of input from `from` on, to where there is room for them in one piece. */
static void run_piece(engine *e, const float *const *in, uint32_t from, uint32_t n)
{
    const float *in_at[ENGINE_MAX_CHANNELS];
    float *out[ENGINE_MAX_CHANNELS];
    for (uint32_t c = 0; c < e->n_channels; c++) {
        in_at[c] = in[c] + from;
        out[c] = e->ring[c] + e->at;
    }
    sordino_process(e->denoiser, in_at, out, n);
    e->at = (e->at + n) % e->size;
}

void engine_run(engine *e, const float *const *in, uint32_t n)
{
    const uint32_t room = e->size - e->at, first = n < room ? n : room;
    run_piece(e, in, 0, first);
    if (n > first)
        run_piece(e, in, first, n - first);
    e->age = e->age > UINT32_MAX - n ? UINT32_MAX : e->age + n;
}

void engine_read(const engine *e, uint32_t c, uint32_t pad, float *out, uint32_t n)
{
    const uint32_t from = (e->at + 2 * e->size - n - pad) % e->size;
    const uint32_t room = e->size - from, first = n < room ? n : room;
    memcpy(out, e->ring[c] + from, first * sizeof *out);
    memcpy(out + first, e->ring[c], (n - first) * sizeof *out);
}
