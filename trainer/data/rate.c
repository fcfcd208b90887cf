#include "trainer/data/rate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LANES = 16 };
static const double pi = 3.14159265358979323846;
static const double rejection_db = 70, transition = 0.1;

static uint32_t common_divisor(uint32_t a, uint32_t b)
{
    while (b) {
        const uint32_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* Modified Bessel function of the first kind, order 0. */
static double bessel_i0(double x)
{
    const double square = x * x / 4;
    double sum = 1, term = 1;
    for (uint32_t k = 1; term > sum * 1e-17; k++) {
        term *= square / ((double)k * k);
        sum += term;
    }
    return sum;
}

/* The filter at p times the input's rate, from its middle on: [n]. It is even. NULL when out of
 * memory. */
static float *make_half(double cutoff, double reach, size_t n)
{
    const double beta = 0.1102 * (rejection_db - 8.7), most = bessel_i0(beta);
    float *const h = calloc(n, sizeof *h);
    for (size_t t = 0; h && t < n; t++) {
        const double u = (double)t / (reach > 0 ? reach : 1);
        const double w = fabs(u) < 1 ? bessel_i0(beta * sqrt(1 - u * u)) / most : 0;
        const double a = 2 * pi * cutoff * (double)t;
        h[t] = (float)(w * (fabs(a) < 1e-9 ? 1 : sin(a) / a));
    }
    return h;
}

/* One filter for each of the `p` phases, [p][taps], first tap on the oldest sample. */
static float *make_phases(uint32_t p, uint32_t q, size_t *taps, size_t *half)
{
    const double widest = p > q ? p : q; /* of rates, at p times the input's */
    const double cutoff = 0.5 / widest * (1 - transition / 2); /* cycles a sample there */
    /* Kaiser's estimate of the length for a transition of transition / (2 widest). */
    const double reach = (rejection_db - 8) / (2.285 * 2 * pi * transition / (2 * widest)) / 2;
    *half = (size_t)ceil(reach / p) + 1; /* in input samples, to either side */
    *taps = (2 * *half + LANES - 1) / LANES * LANES;
    float *const phases = calloc((size_t)p * *taps, sizeof *phases);
    float *const h = make_half(cutoff, reach, *half * p + 1);
    for (uint32_t k = 0; phases && h && k < p; k++) {
        double sum = 0;
        for (size_t i = 0; i < 2 * *half; i++) {
            /* Sample i lies at half - 1 - i before the output's whole part, k / p after it. */
            const size_t before = (*half - 1) * p + k, at = i * p;
            phases[k * *taps + i] = h[before > at ? before - at : at - before];
            sum += (double)phases[k * *taps + i];
        }
        for (size_t i = 0; i < 2 * *half; i++) /* constants stay what they are */
            phases[k * *taps + i] /= (float)sum;
    }
    free(h);
    if (!h) {
        free(phases);
        return NULL;
    }
    return phases;
}

/* Sixteen sums side by side: vectors, in the same order on every machine. */
static float product(const float *a, const float *b, size_t n)
{
    float s[LANES] = {0};
    for (size_t i = 0; i < n; i += LANES)
        for (size_t k = 0; k < LANES; k++)
            s[k] += a[i + k] * b[i + k];
    for (size_t width = LANES / 2; width > 0; width /= 2)
        for (size_t k = 0; k < width; k++)
            s[k] += s[k + width];
    return s[0];
}

double rate_band(double from, double to)
{
    return (from < to ? from : to) / 2 * (1 - transition);
}

float *rate_convert(const float *x, size_t n, uint32_t from, uint32_t to, size_t *out)
{
    const uint32_t divisor = common_divisor(from, to);
    const uint32_t p = divisor ? to / divisor : 0, q = divisor ? from / divisor : 0;
    *out = 0;
    if (p == 0 || q == 0)
        return NULL;
    const size_t count = (size_t)(((uint64_t)n * p + q - 1) / q);
    size_t taps, half;
    float *const phases = make_phases(p, q, &taps, &half);
    float *const padded = calloc(n + 2 * taps, sizeof *padded);
    float *const y = malloc((count ? count : 1) * sizeof *y);
    *out = count;
    if (phases && padded && y) {
        memcpy(padded + half, x, n * sizeof *x);
        for (size_t i = 0; i < count; i++) {
            const uint64_t at = (uint64_t)i * q;
            y[i] = product(padded + at / p + 1, phases + at % p * taps, taps);
        }
    }
    free(phases);
    free(padded);
    if (!phases || !padded) {
        free(y);
        return NULL;
    }
    return y;
}
