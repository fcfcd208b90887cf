/* A denoiser and what it put out last, so that its output can be read later than it came. */
#ifndef PLUGIN_ENGINE_H
#define PLUGIN_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sordino/sordino.h>

enum { ENGINE_MAX_CHANNELS = 2, ENGINE_CHUNK = 256 };

typedef struct engine {
    sordino_denoiser *denoiser; /* owned; NULL in an empty engine */
    uint32_t n_channels, latency;
    float *ring[ENGINE_MAX_CHANNELS]; /* [size] each, owned */
    uint32_t size, at;
    uint32_t age; /* samples since its start, or UINT32_MAX for more */
    bool running;
} engine;

/* As sordino_new; its output can be held back by up to `most` samples. The engine is empty on
 * failure. */
SORDINO_NODISCARD sordino_status engine_init(engine *e, const sordino_config *config,
                                             const sordino_model *model, uint32_t most,
                                             sordino_error *why);

/* Releases what an engine has; it is then empty. */
void engine_free(engine *e);

/* Starts from silence with the controls as they are. */
void engine_start(engine *e) SORDINO_RT;

/* Takes the next n <= ENGINE_CHUNK samples of [n_channels] inputs. */
void engine_run(engine *e, const float *const *in, uint32_t n) SORDINO_RT;

/* Writes the last n <= ENGINE_CHUNK samples of a channel, held back by `pad`. */
void engine_read(const engine *e, uint32_t c, uint32_t pad, float *out, uint32_t n) SORDINO_RT;

#endif
