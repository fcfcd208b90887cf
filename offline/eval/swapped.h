/* Tells when the clean signal seems to be the noisy one: the two files were named the other way
 * round. */
#ifndef EVAL_SWAPPED_H
#define EVAL_SWAPPED_H

#include <stdbool.h>
#include <stddef.h>

/*
 * True when `x` [n], given as the clean signal, looks like `y` [n] with noise added. Both are
 * aligned and finite; `rate` in Hz, 0 for unknown. One of two signs must be there; each is meant to
 * be missed rather than to be seen where the order is right:
 *
 * - In the pauses of `y` there is noise in `x`, at most 32 dB below its loudest passages, and the
 *   difference of the two is about as strong there as elsewhere. A denoiser that has removed the
 * faint noise of a clean recording makes its larger errors where the signal is. (From 8 kHz.)
 * - The difference is white, no click or step, and `x` has just the power of `y` and of the
 * difference together: what was added to `y` and has nothing to do with it. A denoiser's errors are
 * not white.
 *
 * False when memory runs out. Any thread.
 */
bool looks_swapped(const double *x, const double *y, size_t n, double rate);

#endif
