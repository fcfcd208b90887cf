/* Real FFT of one size, by FFTW in single precision. Planning takes a lock, which others that use
 * FFTW in this process take too; running takes none and does not allocate. */
#ifndef DSP_FFT_H
#define DSP_FFT_H

#include <stddef.h>

#include <sordino/status.h>

typedef struct fft fft;

enum { FFT_MAX = 1 << 20 }; /* samples */

/* Size `n` 2..FFT_MAX, of the form that fft_nice accepts. Errors: NO_MEM, BAD_ARG. */
SORDINO_NODISCARD sordino_status fft_new(size_t n, fft **out, sordino_error *why);
void fft_free(fft *f);

/* True when n = 2^a 3^b 5^c 7^d 11^e 13^f with e + f <= 1 and n even: sizes FFTW runs by codelets,
 * without allocating (tested for every rate served). */
int fft_nice(size_t n);

/* The nice size nearest to `wanted` (ties upward), 4..FFT_MAX. */
size_t fft_nearest_nice(double wanted);

/* `in` [n] to `out` [n/2+1] complex pairs (re, im), unscaled, bin k at k/n cycles a sample.
 * Buffers need no alignment; `in` is kept. */
void fft_forward(fft *f, const float *in, float *out) SORDINO_RT;

/* `in` [n/2+1] pairs to `out` [n], scaled by 1/n: inverse of fft_forward. `in` is kept. The
 * imaginary parts of the first and last bin are taken as 0. */
void fft_inverse(fft *f, const float *in, float *out) SORDINO_RT;

#endif
