/*
 * Noise out of a recording in which it is heard alone for a while: a passage that the user names,
 * or the quietest steady one that can be found.
 */
#ifndef DATA_NOISE_CUT_H
#define DATA_NOISE_CUT_H

#include <stddef.h>
#include <stdio.h>

#include <sordino/status.h>

#include "trainer/data/library.h"

/* s; shorter passages are refused, and those below the second are worth a warning. */
#define NOISE_CUT_SHORTEST 0.5
#define NOISE_CUT_SHORT 3.0

/* Reads "START-END", each in seconds ("12.5"), minutes and seconds ("1:02.5") or hours, minutes and
 * seconds. Errors: BAD_ARG. */
SORDINO_NODISCARD sordino_status noise_cut_parse(const char *passage, double *start, double *end,
                                                 sordino_error *why);

/* The quietest steady passage of `x` [n] at `rate` Hz, as samples [*start, *end): at least
 * NOISE_CUT_SHORT long, or NOISE_CUT_SHORTEST where that is much quieter or nothing longer is
 * there; and longer as long as it stays as it is. Errors: BAD_ARG (shorter than NOISE_CUT_SHORTEST,
 * or silence), NO_MEM. */
SORDINO_NODISCARD sordino_status noise_cut_find(const float *x, size_t n, double rate,
                                                size_t *start, size_t *end, sordino_error *why);

/*
 * The passage of the file `path` as a library of one recording, `held_out` as library_from_samples
 * takes it. `passage` is what noise_cut_parse reads, or "auto" for what noise_cut_find finds. Of
 * several channels the first that is not silent is taken. What is worth knowing goes to `notes`
 * (may be NULL), one sentence a line: the passage found, that it is short, that it seems to hold
 * more than noise. The caller frees `*out`.
 * Errors: IO (file unreadable), BAD_ARG (passage malformed, outside the file, too short, silent),
 * NO_MEM.
 */
SORDINO_NODISCARD sordino_status noise_cut_open(const char *path, const char *passage,
                                                double held_out, FILE *notes, library **out,
                                                sordino_error *why);

#endif
