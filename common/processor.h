/*
 * A denoiser and what it put out last, so that its output can be read later than it came: denoisers
 * of different latency are heard at one.
 */
#ifndef COMMON_PROCESSOR_H
#define COMMON_PROCESSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sordino/sordino.h>

enum { PROCESSOR_CHUNK = 256 }; /* samples at a time, at most */

typedef struct processor {
    sordino_denoiser *denoiser; /* owned; NULL in an empty processor */
    double rate;                /* Hz */
    uint32_t n_channels, latency;
    float *ring; /* [n_channels][size], owned */
    uint32_t size, at;
    uint32_t age; /* samples since its start, or UINT32_MAX for more */
    bool running;
    bool kept;              /* it runs whether it is heard or not, as it learns; see switcher.h */
    struct processor *next; /* in a switcher's list */
} processor;

/* As sordino_denoiser_new; its output can be held back by up to `most` samples. The processor is
 * empty on failure. Errors: those of sordino_denoiser_new. */
SORDINO_NODISCARD sordino_status processor_init(processor *p, const sordino_config *config,
                                                const sordino_model *model, uint32_t most,
                                                sordino_error *why);

/* Releases what a processor has; it is then empty. */
void processor_free(processor *p);

/* What it takes of a core: s of this thread's processor time for each s of sound, the least of some
 * runs over noise, so that a busy machine does not count. Off the audio thread, before it begins;
 * its pages are there afterwards. Some hundredths of a second of sound; of what is far too slow no
 * more than it takes to see that. */
double processor_cost(processor *p);

/* SORDINO_OK when that leaves room for others. Else UNSUPPORTED, with the cost told; `name` is the
 * model's. */
SORDINO_NODISCARD sordino_status processor_keeps_up(processor *p, const char *name,
                                                    sordino_error *why);

/* Starts from silence with the controls as they are. */
void processor_start(processor *p) SORDINO_RT;

/* Takes the next n <= PROCESSOR_CHUNK samples of [n_channels] inputs, from place `from` of each. */
void processor_run(processor *p, const float *const *in, size_t from, uint32_t n) SORDINO_RT;

/* Writes the last n <= PROCESSOR_CHUNK samples of a channel, held back by `pad`. */
void processor_read(const processor *p, uint32_t c, uint32_t pad, float *out,
                    uint32_t n) SORDINO_RT;

#endif
