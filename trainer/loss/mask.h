/*
 * The output stage of a band model, forward and backward, as core/denoiser runs it (the formula is
 * in core/model/model.h): band gains spread over bins, complex taps on the lowest bins.
 */
#ifndef LOSS_MASK_H
#define LOSS_MASK_H

#include <stddef.h>
#include <stdint.h>

#include "core/dsp/bands.h"

typedef struct mask mask;

/* For spectra of `bins` bins. Nothing of `b` is kept. NULL when out of memory. */
mask *mask_new(const bands *b, uint32_t bins, uint32_t taps, uint32_t tap_bins);
void mask_free(mask *m);

/* `x` [n][bins] pairs, the noisy spectra; `out` [n][stride], the network's frames: gains, then
 * [tap_bins][taps] pairs. Writes the estimate `y` [n][bins] pairs. Frames before the first are
 * zero. */
void mask_apply(mask *m, const float *x, const float *out, size_t stride, size_t n, float *y);

/* From the derivative by `y` to that by the network's frames, [n][stride], written (padding, absent
 * bands and what is clamped get 0). */
void mask_backward(mask *m, const float *x, const float *out, size_t stride, size_t n,
                   const float *d_y, float *d_out);

#endif
