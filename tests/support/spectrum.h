/* Spectra and statistics of signals under test. */
#ifndef SUPPORT_SPECTRUM_H
#define SUPPORT_SPECTRUM_H

#include "core/dsp/fft.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* Mean power spectrum of Hann windows of `size` that overlap by half (Welch 1967); `out`
 * [size / 2 + 1], any scale. False when out of memory, or n < size. */
static inline int spectrum(const float *x, size_t n, size_t size, double *out)
{
    fft *f = NULL;
    float *const in = malloc((2 * size + 2) * sizeof *in), *const bins = in + size;
    memset(out, 0, (size / 2 + 1) * sizeof *out);
    const int good = n >= size && in && fft_new(size, &f, NULL) == SORDINO_OK;
    for (size_t start = 0; good && start + size <= n; start += size / 2) {
        for (size_t i = 0; i < size; i++)
            in[i] = x[start + i] *
                    (float)(0.5 - 0.5 * cos(6.283185307179586 * (double)i / (double)size));
        fft_forward(f, in, bins);
        for (size_t k = 0; k <= size / 2; k++)
            out[k] += (double)bins[2 * k] * bins[2 * k] + (double)bins[2 * k + 1] * bins[2 * k + 1];
    }
    fft_free(f);
    free(in);
    return good;
}

/* Mean power of bins within from..to Hz. */
static inline double band_power(const double *power, size_t size, double rate, double from,
                                double to)
{
    double sum = 0;
    size_t count = 0;
    for (size_t k = 0; k <= size / 2; k++) {
        const double hz = (double)k * rate / (double)size;
        if (hz >= from && hz < to) {
            sum += power[k];
            count++;
        }
    }
    return count ? sum / (double)count : 0;
}

static inline double mean_of(const float *x, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += x[i];
    return sum / (double)n;
}

static inline double variance_of(const float *x, size_t n)
{
    const double mean = mean_of(x, n);
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (x[i] - mean) * (x[i] - mean);
    return sum / (double)n;
}

/* 3 for normal numbers, more for rare peaks. */
static inline double kurtosis_of(const float *x, size_t n)
{
    const double mean = mean_of(x, n), variance = variance_of(x, n);
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += pow(x[i] - mean, 4);
    return sum / (double)n / (variance * variance);
}

/* Of neighbours `lag` apart. */
static inline double correlation_of(const float *x, size_t n, size_t lag)
{
    const double mean = mean_of(x, n);
    double sum = 0;
    for (size_t i = lag; i < n; i++)
        sum += (x[i] - mean) * (x[i - lag] - mean);
    return sum / (double)n / variance_of(x, n);
}

#endif
