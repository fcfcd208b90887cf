/*
 * What runs in the audio callback: a denoiser, controls that other threads set, meters that they
 * read, and taps for recordings. Knows nothing of sound cards, so that a test can play the
 * callback.
 */
#ifndef STREAM_ENGINE_H
#define STREAM_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sordino/sordino.h>

#include "stream/feed.h"
#include "stream/tap.h"

typedef struct engine engine;

/* A denoiser and the model it borrows; one after the other may run in an engine. */
typedef struct voice {
    sordino_denoiser *denoiser;
    sordino_model *model; /* owned; NULL = none */
    char name[64];        /* of the method or model */
} voice;

void voice_free(voice *v); /* NULL is ignored */

typedef struct engine_meters {
    float input_db, output_db, reduction_db; /* over the last 100 ms */
    uint64_t frames;                         /* that went through, all in all */
    uint32_t latency;                        /* of the voice that sounds, in samples */
} engine_meters;

/* Makes an engine that takes `channels` in and gives `channels_out`, of which those past the first
 * `channels` repeat them. `first` is taken over, also on failure. NULL when out of memory. */
engine *engine_new(double rate, uint32_t channels, uint32_t channels_out, voice *first);
void engine_free(engine *e);

/* The callback: n frames, interleaved. `in` NULL counts as silence, `out` NULL is not written. */
void engine_run(engine *e, const float *in, float *out, size_t n) SORDINO_RT;

/* ---- by one other thread, while the callback runs */

/* Controls; they hold for every voice, and glide as sordino_set_... does. */
void engine_set_limit(engine *e, double limit_db);
void engine_set_mix(engine *e, double mix);
void engine_set_delta(engine *e, bool delta);
void engine_set_enabled(engine *e, bool enabled);
void engine_set_learn(engine *e, bool learn);

/* Hands over the next voice, which is taken over: it runs unheard for its own latency, then is
 * faded in over 20 ms. False, and the voice is not taken, while an earlier change is not done. */
bool engine_change(engine *e, voice *next);
bool engine_is_changing(const engine *e);

/* Frees the voice that a change has replaced; to be called now and then. True: a change was done.
 */
bool engine_tidy(engine *e);

/* Latency in samples of what sounds now. */
uint32_t engine_latency(const engine *e);

/* The voice's name and latency; after a change those of the new one, once engine_tidy was true. */
const voice *engine_voice(const engine *e);

/* From the next block on input and output frames also go to these taps; NULL: no more. A tap is not
 * to be freed before engine_taps_idle was true after it was taken away, or the callback stopped. */
void engine_set_taps(engine *e, tap *raw, tap *clean);
bool engine_taps_idle(const engine *e);

/* From the next block on frames of this feed, borrowed, stand in for the input; NULL: no more. Not
 * while the callback runs. */
void engine_set_feed(engine *e, feed *f);

/* Asks the callback for the noise that the voice learned or was given. False when the voice learns
 * none, memory is out, or an earlier question is open. */
bool engine_ask_noise(engine *e);

/* The answer, once: true when it is there, with `*out` owned by the caller, NULL where there is no
 * noise. */
bool engine_take_noise(engine *e, sordino_profile **out);

void engine_read_meters(const engine *e, engine_meters *out);

/* Copies the noise that the voice learned. Only while the callback does not run. */
SORDINO_NODISCARD sordino_status engine_profile(const engine *e, sordino_profile **out,
                                                sordino_error *why);

#endif
