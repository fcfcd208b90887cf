/*
 * Random processes with poles: an autoregression of order 1 to 8 made of random resonances and a
 * slow part, as rhythms of the brain, sea waves or colour of machines are modelled (Box & Jenkins
 * 1970, "Time series analysis"); and the random walk, whose steps are independent.
 */
#include "trainer/signals/kinds.h"
#include "trainer/signals/parts.h"

#include <math.h>

static void scale_to(float *x, size_t n, double level)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (double)x[i] * x[i];
    const float gain = sum > 0 ? (float)(level * sqrt((double)n / sum)) : 0;
    for (size_t i = 0; i < n; i++)
        x[i] *= gain;
}

/* All poles at radius exp(-pi width): in one section each the driving noise is coloured in turn. */
static bool make_autoregressive(rng *r, double rate, float *out, size_t n)
{
    enum { WARM = 4096 };
    float warm[WARM];
    rng_fill_normal(r, warm, WARM, 1);
    rng_fill_normal(r, out, n, 1);
    const uint32_t resonances = rng_below(r, 4);
    for (uint32_t k = 0; k < resonances; k++) {
        const double middle = rng_log_range(r, 0.005, 0.4),
                     width = middle * rng_range(r, 0.05, 0.6);
        const double radius = exp(-0.5 * TWO_PI * fmin(width, 0.2));
        biquad f = {
            .b0 = 1 - radius, .a1 = -2 * radius * cos(TWO_PI * middle), .a2 = radius * radius};
        biquad_run(&f, warm, WARM);
        biquad_run(&f, out, n);
    }
    if (resonances == 0 || rng_chance(r, 0.6)) {
        const double radius = 1 - rng_log_range(r, 0.003, 0.5);
        biquad f = {.b0 = 1 - radius, .a1 = -radius};
        biquad_run(&f, warm, WARM);
        biquad_run(&f, out, n);
    }
    scale_to(out, n, rng_log_range(r, 2, 60));
    return true;
}

/* Steps of variance s^2 / rate: s is what it walks in a second. */
static bool make_walk(rng *r, double rate, float *out, size_t n)
{
    const double step = rng_log_range(r, 0.02, 2) / sqrt(rate);
    double at = 0;
    rng_fill_normal(r, out, n, 1);
    for (size_t i = 0; i < n; i++) {
        at += step * out[i];
        out[i] = (float)at;
    }
    return true;
}

const signal_kind signal_autoregressive = {
    .name = "autoregressive",
    .what = "random resonances, as of the brain's rhythms",
    .unit = "uV",
    .rate = 250,
    .make = make_autoregressive,
};

const signal_kind signal_random_walk = {
    .name = "random-walk",
    .what = "independent steps added up, as a sensor's drift",
    .unit = "degree/s",
    .rate = 100,
    .make = make_walk,
};
