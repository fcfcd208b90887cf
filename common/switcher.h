/*
 * Changes from one denoiser to another while sound runs, without a click, a gap or a change of
 * delay. What is to be heard next runs unheard until its past is filled, then the two are
 * cross-faded, then the one before is no longer needed. Nothing here allocates, locks or waits; who
 * makes denoisers, and frees those that are not needed, is the caller's business.
 *
 * One thread: the audio thread, or any other while that does not run.
 */
#ifndef COMMON_SWITCHER_H
#define COMMON_SWITCHER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/processor.h"

/* What is heard: a processor, its output held back by `pad` samples. */
typedef struct switcher_source {
    processor *processor; /* NULL = nothing */
    uint32_t pad;
} switcher_source;

typedef struct switcher {
    double rate; /* Hz */
    uint32_t n_channels;
    processor *list;           /* those that may run, borrowed */
    switcher_source now, next; /* next: while a change is under way */
    /* Samples until the fade begins, samples left of it (both 0: no change), its whole length. */
    uint32_t wait, fade, fade_length;
    float other[PROCESSOR_CHUNK];
} switcher;

/* channels 1..SORDINO_MAX_CHANNELS. Nothing is heard yet; there is nothing to be released. */
void switcher_init(switcher *s, double rate, uint32_t channels);

/* Puts a processor on the list, and takes one off that is not needed any more. The order on the
 * list means nothing. */
void switcher_add(switcher *s, processor *p) SORDINO_RT;
void switcher_remove(switcher *s, processor *p) SORDINO_RT;

/* Begins the change to a source whose processor is on the list; of a processor that does not run
 * yet the caller has set the controls. With nothing heard so far it is heard at once. Not while
 * another change is under way; to what is heard already nothing changes. */
void switcher_to(switcher *s, switcher_source to) SORDINO_RT;

/* Whether a change is under way. */
bool switcher_is_moving(const switcher *s) SORDINO_RT;

/* Whether a processor is heard, or will be by the change that is under way. */
bool switcher_needs(const switcher *s, const processor *p) SORDINO_RT;

/* What will be heard when all changes are done. */
switcher_source switcher_last(const switcher *s) SORDINO_RT;

/* Stops those on the list that run unheard and are not kept running. */
void switcher_stop_unneeded(switcher *s) SORDINO_RT;

/* Silence has gone before: all stop, and the next source is heard at once. */
void switcher_reset(switcher *s) SORDINO_RT;

/* Lets all that runs run over n samples, any n, and writes what is heard; a source there must be.
 * `in` and `out` are [channels] pointers; any `out` may be any `in`. True: a change was completed,
 * and the processor before is needed no more. */
bool switcher_run(switcher *s, const float *const *in, float *const *out, size_t n) SORDINO_RT;

/* The times, for tests and for callers that wait: samples that a processor runs unheard besides its
 * delay, and those of the fade. */
uint32_t switcher_warm_samples(double rate) SORDINO_RT;
uint32_t switcher_fade_samples(double rate) SORDINO_RT;

#endif
