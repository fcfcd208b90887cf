/* A denoiser whose output lines up with its input: the delay is dropped at the start and made up
 * for at the end, so that as many frames come out as went in. */
#ifndef COMMON_FILTER_H
#define COMMON_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sordino/sordino.h>

typedef struct filter filter;

/* Makes one for up to `block` frames a call. `model` as for sordino_denoiser_new. `*out` is owned
 * by the caller, NULL on failure. Errors: those of sordino_denoiser_new. */
SORDINO_NODISCARD sordino_status filter_new(const sordino_config *config,
                                            const sordino_model *model, size_t block, filter **out,
                                            sordino_error *why);

/* Releases it. NULL is ignored. */
void filter_free(filter *f);

/* The denoiser inside, for its profile and meters. Borrowed. */
sordino_denoiser *filter_denoiser(filter *f);

/* Takes `n` frames, 0..block, interleaved; writes the frames that are ready to `out` and returns
 * their number, at most n. */
size_t filter_push(filter *f, const float *in, size_t n, float *out);

/* Back to the state after filter_new, once all is flushed; a profile stays. */
void filter_restart(filter *f);

/* After the last frame: writes up to block more to `out` and returns their number, 0 when as many
 * have come out as went in. Spectral methods are fed zeros for it, others their last value. */
size_t filter_flush(filter *f, float *out);

#endif
