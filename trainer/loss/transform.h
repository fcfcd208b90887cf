/* A real FFT in kreal: the core's, or in double that of the measures. */
#ifndef LOSS_TRANSFORM_H
#define LOSS_TRANSFORM_H

#include <stddef.h>

#include "core/kernels/kernels.h"

#ifdef KERNELS_DOUBLE

#include "common/rfft.h"

#include <string.h>

typedef rfft transform;

static inline transform *transform_new(size_t n)
{
    return rfft_new(n);
}

static inline void transform_free(transform *f)
{
    rfft_free(f);
}

/* `in` [n] to `out` [n/2+1] pairs. */
static inline void transform_forward(transform *f, size_t n, const double *in, double *out)
{
    memcpy(rfft_time(f), in, n * sizeof *in);
    rfft_forward(f);
    memcpy(out, rfft_bins(f), (n + 2) * sizeof *out);
}

/* `in` [n/2+1] pairs to `out` [n], over n. */
static inline void transform_inverse(transform *f, size_t n, const double *in, double *out)
{
    memcpy(rfft_bins(f), in, (n + 2) * sizeof *in);
    rfft_inverse(f);
    for (size_t i = 0; i < n; i++)
        out[i] = rfft_time(f)[i] / (double)n;
}

#else

#include "core/dsp/fft.h"

typedef fft transform;

static inline transform *transform_new(size_t n)
{
    fft *f = NULL;
    return fft_new(n, &f, NULL) == SORDINO_OK ? f : NULL;
}

static inline void transform_free(transform *f)
{
    fft_free(f);
}

static inline void transform_forward(transform *f, size_t n, const float *in, float *out)
{
    (void)n; /* it knows */
    fft_forward(f, in, out);
}

static inline void transform_inverse(transform *f, size_t n, const float *in, float *out)
{
    (void)n;
    fft_inverse(f, in, out);
}

#endif
#endif
