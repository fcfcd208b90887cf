/*
 * Gaussian processes with the squared exponential covariance exp(-t^2 / (2 l^2)) (Rasmussen &
 * Williams 2006, "Gaussian processes for machine learning", eq. 4.9), one to three added with
 * different l: temperatures, pressures, positions. White knots l / 4 apart through a Gaussian of
 * s.d. l / sqrt(2) have that covariance; between knots the curve is a cubic.
 */
#include "trainer/signals/kinds.h"
#include "trainer/signals/parts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { REACH = 12, TAPS = 2 * REACH + 1 }; /* 4.2 s.d. */

/* `length` in samples, >= 4. */
static bool add_process(rng *r, double length, double deviation, float *x, size_t n)
{
    const double apart = length / 4;
    const size_t n_knots = (size_t)((double)n / apart) + 6; /* a cubic sees 4, from `begin` on */
    double weights[TAPS], power = 0;
    for (int k = 0; k < TAPS; k++) {
        const double u = (k - REACH) / (4 * sqrt(0.5));
        weights[k] = exp(-0.5 * u * u);
        power += weights[k] * weights[k];
    }
    float *const white = malloc((n_knots + TAPS + n_knots) * sizeof *white);
    if (!white)
        return false;
    float *const knots = white + n_knots + TAPS;
    rng_fill_normal(r, white, n_knots + TAPS, (float)(deviation / sqrt(power)));
    for (size_t i = 0; i < n_knots; i++) {
        double sum = 0;
        for (int k = 0; k < TAPS; k++)
            sum += weights[k] * white[i + (size_t)k];
        knots[i] = (float)sum;
    }
    const double begin = rng_unit(r);
    for (size_t i = 0; i < n; i++) {
        const double at = begin + (double)i / apart;
        const size_t j = (size_t)at;
        const double t = at - (double)j;
        const float *const k = knots + j;
        const double a = 0.5 * ((double)k[3] - k[0]) + 1.5 * ((double)k[1] - k[2]);
        const double b = k[0] - 2.5 * k[1] + 2.0 * k[2] - 0.5 * k[3];
        x[i] += (float)(((a * t + b) * t + 0.5 * ((double)k[2] - k[0])) * t + k[1]);
    }
    free(white);
    return true;
}

static bool make(rng *r, double rate, float *out, size_t n)
{
    (void)rate; /* lengths are counted in samples: any rate is as good as another */
    const uint32_t n_parts = 1 + rng_below(r, 3);
    const double level = rng_log_range(r, 0.1, 10);
    double length = rng_log_range(r, 8, 200), deviation = level;
    memset(out, 0, n * sizeof *out);
    for (uint32_t k = 0; k < n_parts; k++) {
        if (!add_process(r, length, deviation, out, n))
            return false;
        length *= rng_log_range(r, 3, 12); /* the slower the larger */
        deviation *= rng_log_range(r, 1, 4);
    }
    return true;
}

const signal_kind signal_smooth = {
    .name = "smooth",
    .what = "Gaussian processes of several lengths, as temperatures",
    .unit = "degC",
    .rate = 10,
    .make = make,
};
