/*
 * The filter: h(t) = kaiser(t; beta) 2 p f_c sinc(2 f_c t), t = -L..L at p times the input rate,
 * f_c = 1 / (2 max(p, q)) cycles a sample, where p / q is the reduced ratio of the rates; with
 * R = 60 dB: L = ceil((R - 8) / (28.714 f_c / 10)), beta = 0.1102 (R - 8.7) (Kaiser 1974; the
 * constants are Octave's); h is divided by its sum and multiplied by p.
 */
#include "common/metrics/resample.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double pi = 3.141592653589793;
static const double rejection_db = 60;

static uint32_t common_divisor(uint32_t a, uint32_t b)
{
    while (b) {
        const uint32_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* Modified Bessel function of the first kind, order 0: its power series (all terms positive). */
static double bessel_i0(double x)
{
    double sum = 1, term = 1;
    for (int k = 1; term > sum * 1e-17; k++) {
        term *= x / 2 / k * (x / 2 / k);
        sum += term;
    }
    return sum;
}

/* The filter [2 * half + 1], or NULL. */
static double *kaiser_sinc(uint32_t p, uint32_t q, size_t *half)
{
    const double cutoff = 1 / (2 * (double)(p > q ? p : q));
    const double beta = 0.1102 * (rejection_db - 8.7);
    *half = (size_t)ceil((rejection_db - 8) / (28.714 * (cutoff / 10)));
    double *const h = malloc((2 * *half + 1) * sizeof *h);
    double sum = 0;
    if (!h)
        return NULL;
    for (size_t i = 0; i <= 2 * *half; i++) {
        const double t = (double)i - (double)*half, u = t / (double)*half;
        const double angle = pi * 2 * cutoff * t;
        h[i] = (t == 0 ? 1 : sin(angle) / angle) * bessel_i0(beta * sqrt(fmax(0, 1 - u * u)));
        sum += h[i];
    }
    for (size_t i = 0; i <= 2 * *half; i++)
        h[i] *= p / sum;
    return h;
}

double *resample(const double *x, size_t n, uint32_t from, uint32_t to, size_t *n_out)
{
    const uint32_t divisor = common_divisor(from, to), p = to / divisor, q = from / divisor;
    size_t half = 0;
    *n_out = (size_t)(((uint64_t)n * p + q - 1) / q);
    double *const y = malloc((*n_out ? *n_out : 1) * sizeof *y);
    if (p == q) {
        if (y && n)
            memcpy(y, x, n * sizeof *y);
        return y;
    }
    double *const h = y ? kaiser_sinc(p, q, &half) : NULL;
    if (!h) {
        free(y);
        return NULL;
    }
    for (size_t m = 0; m < *n_out; m++) {
        /* y_m = sum_k x_k h(m q - k p), over the k that the filter reaches */
        const uint64_t centre = (uint64_t)m * q;
        const uint64_t first = centre > half ? (centre - half + p - 1) / p : 0;
        const uint64_t last =
            (centre + half) / p; /* p > 0: NOLINT(clang-analyzer-core.DivideZero) */
        double sum = 0;
        for (uint64_t k = first; k <= last && k < n; k++)
            sum += x[k] * h[centre + half - k * p];
        y[m] = sum;
    }
    free(h);
    return y;
}
