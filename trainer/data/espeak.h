/*
 * Speech by espeak-ng, a formant synthesiser (Debian: libespeak-ng-dev, espeak-ng-data), where the
 * build has it. Sentences without sense in some thirty languages, by some eighty voices.
 *
 * The library keeps much from one call to the next (phases, noises, flutter) and may be used by one
 * thread alone. So it runs in a process of its own, which is started once, never speaks itself, and
 * makes a copy of itself for each passage: what a passage is depends on the generator, and on the
 * version of espeak-ng that is installed, and on nothing that was said before.
 */
#ifndef DATA_ESPEAK_H
#define DATA_ESPEAK_H

#include <stdbool.h>
#include <stddef.h>

#include <sordino/status.h>

#include "trainer/random.h"

/* Starts the process, unless it runs: best done early, while this one is small. It ends with this
 * one. Any thread. Errors: UNSUPPORTED (built without espeak-ng, or its data are not installed),
 * IO, NO_MEM. */
SORDINO_NODISCARD sordino_status espeak_check(sordino_error *why);

/* Fills `out` with `n` samples at `rate` Hz: one or several speakers, 0.1 to 1 s of pause between
 * sentences; nothing above 11 kHz. A mix_source's draw; any thread, one at a time. False when it
 * cannot be had: out of memory, or espeak_check fails. */
bool espeak_draw(rng *r, double rate, float *out, size_t n);

#endif
