/* Collects a signal before and after for its picture: pairs what went in with what comes out
 * later. */
#ifndef PLOT_BEFORE_H
#define PLOT_BEFORE_H

#include <stddef.h>
#include <stdint.h>

#include <sordino/status.h>

#include "common/plot/plot.h"

typedef struct before before;

/* `latency` and `block` are the most frames by which the output is behind, and in a call.
 * Errors: those of plot_new. */
SORDINO_NODISCARD sordino_status before_new(const plot_config *config, size_t latency, size_t block,
                                            before **out, sordino_error *why);
void before_free(before *b);

/* The first of `channels` interleaved channels of `n` frames; in goes before out. */
void before_in(before *b, const float *in, size_t n, uint32_t channels);
void before_out(before *b, const float *out, size_t n, uint32_t channels);

/* Draws the picture. Errors: those of plot_finish. */
SORDINO_NODISCARD sordino_status before_finish(before *b, const char *path, sordino_error *why);

#endif
