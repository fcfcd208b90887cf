#include "trainer/signals/speech_rate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { TAPS = SPEECH_RATE_REACH / 2, BLOCK = 1024 };

/* The taps at odd distances 1, 3 ... of a half-band low-pass, with a Kaiser window for 70 dB. */
static void design(float taps[TAPS])
{
    const double pi = 3.14159265358979323846, beta = 6.76;
    double total = 0, h[TAPS];
    for (int k = 0; k < TAPS; k++) {
        const double d = 2 * k + 1, u = d / (SPEECH_RATE_REACH + 1);
        double bessel = 1, term = 1;
        for (int i = 1; i < 30; i++) {
            const double half = beta * sqrt(1 - u * u) / (2 * i);
            term *= half * half;
            bessel += term;
        }
        h[k] = (k % 2 ? -1 : 1) / (pi * d) * bessel;
        total += 2 * h[k];
    }
    for (int k = 0; k < TAPS; k++)
        taps[k] = (float)(h[k] * 0.5 / total);
}

/* y[i] = sum over k of taps[k] (x[i - k] + x[i + 1 + k]); x has TAPS samples before and after. */
static void between(const float taps[TAPS], const float *x, float *y, size_t n)
{
    for (size_t at = 0; at < n; at += BLOCK) {
        const size_t m = n - at < BLOCK ? n - at : BLOCK;
        memset(y + at, 0, m * sizeof *y);
        for (size_t k = 0; k < TAPS; k++) {
            const float h = taps[k], *before = x + at - k, *after = x + at + 1 + k;
            for (size_t i = 0; i < m; i++)
                y[at + i] += h * (before[i] + after[i]);
        }
    }
}

bool speech_rate_halve(const float *in, size_t n_in, float *out, size_t n)
{
    float taps[TAPS];
    design(taps);
    /* odd[TAPS + i] = in[2 i - 1] */
    float *odd = calloc(n + 2 * TAPS + 2, sizeof *odd);
    if (!odd)
        return false;
    for (size_t i = 0; i < n + TAPS; i++) {
        const size_t j = 2 * i + 1;
        if (j < n_in)
            odd[TAPS + 1 + i] = in[j];
    }
    between(taps, odd + TAPS, out, n);
    for (size_t i = 0; i < n; i++)
        out[i] += 2 * i < n_in ? 0.5f * in[2 * i] : 0;
    free(odd);
    return true;
}

bool speech_rate_double(const float *in, size_t n_in, float *out, size_t n)
{
    float taps[TAPS];
    design(taps);
    const size_t half = n / 2 + 1;
    float *x = calloc(half + 2 * TAPS + 2, sizeof *x), *middle = malloc(half * sizeof *middle);
    if (x && middle) {
        const size_t have = n_in < half + TAPS ? n_in : half + TAPS;
        memcpy(x + TAPS, in, have * sizeof *x);
        between(taps, x + TAPS, middle, half);
        for (size_t i = 0; i < n; i++)
            out[i] = i % 2 ? 2 * middle[i / 2] : x[TAPS + i / 2];
    }
    const bool done = x && middle;
    free(x);
    free(middle);
    return done;
}
