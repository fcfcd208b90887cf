/*
 * Bands: overlapping triangles with their tips at given centres in hertz, each reaching down to its
 * neighbours' centres; they add up to one at every frequency. The lowest band holds down to 0 Hz;
 * the highest band below Nyquist holds on up to Nyquist. Bands with a centre above Nyquist are
 * absent.
 */
#ifndef DSP_BANDS_H
#define DSP_BANDS_H

#include <stddef.h>
#include <stdint.h>

#include <sordino/status.h>

#include "core/dsp/stft.h"

enum { BANDS_MAX = 512 };

typedef struct bands bands;

/* `centres_hz` [n], rising, >= 0, n 1..BANDS_MAX. Errors: NO_MEM, BAD_ARG. Immutable afterwards. */
SORDINO_NODISCARD sordino_status bands_new(const double *centres_hz, uint32_t n,
                                           const stft_geometry *geometry, bands **out,
                                           sordino_error *why);
void bands_free(bands *b);

uint32_t bands_count(const bands *b) SORDINO_RT;   /* all, absent ones included */
uint32_t bands_present(const bands *b) SORDINO_RT; /* those at or below Nyquist; at least 1 */

/* Mean power of the bins in each present band: sum_k w_bk |X_k|^2 / sum_k w_bk; [n] with absent
 * bands 0. A band narrower than a bin takes the power interpolated at its centre. Bins
 * count as at most 1e33. */
void bands_power(const bands *b, const float *spectrum, float *power) SORDINO_RT;

/* Spreads band gains [n] over bins [bins] with the same triangles. */
void bands_spread(const bands *b, const float *gains, float *bin_gains) SORDINO_RT;

#endif
