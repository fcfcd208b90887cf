/*
 * What runs in the audio callback: a denoiser, controls that other threads set, meters that they
 * read, and captures for recordings. Knows nothing of sound cards, so that a test can play the
 * callback.
 */
#ifndef STREAM_ENGINE_H
#define STREAM_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sordino/sordino.h>

#include "common/learned.h"
#include "common/processor.h"
#include "stream/feed.h"
#include "stream/capture.h"

typedef struct engine engine;

/* A denoiser and the model it borrows; one after the other may run in an engine. */
typedef struct method {
    processor processor;
    sordino_model *model; /* owned; NULL = none */
    learned learned;      /* noise on its way out of the callback */
    char name[64];        /* of the method or model */
} method;

/* Makes one; the model is taken over, also on failure. Errors: those of sordino_denoiser_new;
 * UNSUPPORTED where a network is too slow for the rate. */
SORDINO_NODISCARD sordino_status method_new(const sordino_config *config, sordino_model *model,
                                            method **out, sordino_error *why);
void method_free(method *m); /* NULL is ignored */

typedef struct engine_meters {
    float input_db, output_db, reduction_db; /* over the last 100 ms */
    uint64_t frames;                         /* that went through, all in all */
    uint32_t latency;                        /* of what sounds, in samples */
} engine_meters;

/* Makes an engine that takes `channels` in and gives `channels_out`, of which those past the first
 * `channels` repeat them. `first` is taken over, also on failure. NULL when out of memory. */
engine *engine_new(double rate, uint32_t channels, uint32_t channels_out, method *first);
void engine_free(engine *e);

/* The callback: n frames, interleaved. `in` NULL counts as silence, `out` NULL is not written. */
void engine_run(engine *e, const float *in, float *out, size_t n) SORDINO_RT;

/* ---- by one other thread, while the callback runs */

/* Controls; they hold for every method, and glide as sordino_set_... does. */
void engine_set_limit(engine *e, double limit_db);
void engine_set_mix(engine *e, double mix);
void engine_set_delta(engine *e, bool delta);
void engine_set_enabled(engine *e, bool enabled);
void engine_set_learn(engine *e, bool learn);

/* Nothing goes out, and nothing is recorded of what goes out, while it is muted; glides for 10 ms.
 */
void engine_set_mute(engine *e, bool mute);

/* Hands over the next method, which is taken over; common/switcher.h has how it comes to be heard.
 * False, and the method is not taken, while an earlier change is not done. */
bool engine_change(engine *e, method *next);
bool engine_is_changing(const engine *e);

/* Frees the method that a change has replaced; to be called now and then. True: a change was done.
 */
bool engine_tidy(engine *e);

/* Latency in samples of what sounds now. */
uint32_t engine_latency(const engine *e);

/* The method that is heard; after a change the new one, once engine_tidy was true. */
const method *engine_method(const engine *e);

/* From the next block on input and output frames also go to these captures; NULL: no more. A
 * capture is not to be freed before engine_captures_idle was true after it was taken away, or the
 * callback stopped. */
void engine_set_captures(engine *e, capture *raw, capture *clean);
bool engine_captures_idle(const engine *e);

/* From the next block on frames of this feed, borrowed, stand in for the input; NULL: no more. Not
 * while the callback runs. */
void engine_set_feed(engine *e, feed *f);

/* What was learned, once after each engine_set_learn(e, false): true when the callback has ended
 * the learning, with `*out` owned by the caller, NULL where nothing was learned or memory is out.
 */
bool engine_take_noise(engine *e, sordino_profile **out);

void engine_read_meters(const engine *e, engine_meters *out);

/* Copies the noise that is used; learning ends. Only while the callback does not run. Errors:
 * NOT_FOUND, UNSUPPORTED, NO_MEM. */
SORDINO_NODISCARD sordino_status engine_profile(engine *e, sordino_profile **out,
                                                sordino_error *why);

#endif
