/*
 * A picture of a signal before and after, collected while it streams by in bounded memory (about
 * 10 MB whatever the length) and written as a PNG of PLOT_WIDTH x PLOT_HEIGHT.
 *   PLOT_AUDIO   two spectrograms, stacked, on one colour scale;
 *   PLOT_SENSOR  both traces on one axis (before light, after dark) and, below, the liveliest
 *                passage in full detail.
 * One plot belongs to one thread at a time; different plots may live in different threads.
 */
#ifndef PLOT_PLOT_H
#define PLOT_PLOT_H

#include <stddef.h>
#include <stdint.h>

#include <sordino/status.h>

enum { PLOT_WIDTH = 1200, PLOT_HEIGHT = 800 };

typedef enum plot_mode { PLOT_AUDIO, PLOT_SENSOR } plot_mode;

typedef struct plot_config {
    plot_mode mode;
    double rate;        /* Hz, 1e-6..1e9; sensor: 0 = unknown, the axis counts samples */
    const char *before; /* title of the first signal, a file name or "-"; copied; NULL = none */
    const char *after;  /* title of the second signal; copied; NULL = none */
    const char *unit;   /* what the values are, for the axis of a sensor; copied; NULL = none */
} plot_config;

typedef struct plot plot;

/* Makes an empty plot. `config` is copied. `*out` is owned by the caller, NULL on failure.
 * Errors: NO_MEM; BAD_ARG (a rate out of range). */
SORDINO_NODISCARD sordino_status plot_new(const plot_config *config, plot **out,
                                          sordino_error *why);

/* Releases a plot. NULL is ignored. */
void plot_free(plot *p);

/* Adds the next `n` samples, n >= 0: `before` [n] and `after` [n], the first channel or a mono mix,
 * aligned (after[i] is the estimate of before[i]). A sample that is not finite counts as silence in
 * audio and as a gap in a sensor's trace. The picture does not depend on how the signal is cut into
 * calls. Never fails. */
void plot_push(plot *p, const float *before, const float *after, size_t n);

/* Draws what was pushed and writes it to `path`: to a temporary file beside it, then renamed, so
 * that `path` holds either what it held or the whole picture. A plot without samples is drawn
 * empty. To be called once, after the last push. Errors: NO_MEM; IO. */
SORDINO_NODISCARD sordino_status plot_finish(plot *p, const char *path, sordino_error *why);

#endif
