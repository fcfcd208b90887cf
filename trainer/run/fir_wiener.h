/*
 * The classical baseline for sensor signals: a causal FIR filter with the least mean squared error
 * on training examples (Wiener 1949; the normal equations, solved by Cholesky's method).
 */
#ifndef RUN_FIR_WIENER_H
#define RUN_FIR_WIENER_H

#include <stdbool.h>
#include <stddef.h>

typedef struct fir_wiener fir_wiener;

fir_wiener *fir_wiener_new(size_t taps); /* NULL when out of memory */
void fir_wiener_free(fir_wiener *f);

/* Adds an example, noisy and clean [n], over `level` (> 0): all weigh the same. False when out of
 * memory. */
bool fir_wiener_add(fir_wiener *f, const float *noisy, const float *clean, size_t n, double level);

/* Fits the taps to what was added. */
void fir_wiener_solve(fir_wiener *f);

/* y_t = sum_k h_k x_(t-k), the past of the first sample
 * being that sample. */
void fir_wiener_run(const fir_wiener *f, const float *x, float *y, size_t n);

#endif
