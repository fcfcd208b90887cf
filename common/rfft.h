/*
 * Real FFT of one size in double precision, for drawing and measuring. Double also because its
 * planner shares nothing with the single-precision one that libsordino uses in other threads.
 */
#ifndef COMMON_RFFT_H
#define COMMON_RFFT_H

#include <stddef.h>

typedef struct rfft rfft;

/* Size `n` >= 2, even. NULL when out of memory. Any thread; planning takes one lock. */
rfft *rfft_new(size_t n);
void rfft_free(rfft *f);

/* The buffers, owned by the transform: `rfft_time` [n] samples, `rfft_bins` [n/2 + 1] pairs (re,
 * im), bin k at k/n cycles a sample. */
double *rfft_time(rfft *f);
double *rfft_bins(rfft *f);

/* Time to bins, unscaled; the samples are kept. */
void rfft_forward(rfft *f);

/* Bins to time, unscaled (n times the inverse); the bins are destroyed. */
void rfft_inverse(rfft *f);

#endif
