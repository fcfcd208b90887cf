/*
 * Hiss of tape and preamplifiers: white noise that rises a little with frequency up to where the
 * device ends, flicker noise below a corner, and on tape small losses of level (after Jorgensen
 * 1996, "The complete handbook of magnetic recording", and Motchenbacher & Connelly 1993,
 * "Low-noise electronic system design").
 */
#include "trainer/signals/kinds.h"
#include "trainer/signals/parts.h"

#include <math.h>

static bool make(rng *r, double rate, float *out, size_t n)
{
    const bool tape = rng_chance(r, 0.5);
    coloured_fill(r, rate, tape ? rng_range(r, 0, 3) : rng_range(r, -0.5, 0.5), out, n);
    /* Flicker noise: below the corner power goes with 1 / f, which one shelf comes near. */
    const double flicker_db = rng_range(r, 0, 14);
    biquad flicker = biquad_low_shelf(rate, rng_log_range(r, 30, 600), flicker_db);
    biquad_run(&flicker, out, n);
    const double presence_db = tape ? rng_range(r, -2, 9) : rng_range(r, -4, 4);
    biquad presence = biquad_high_shelf(rate, rng_log_range(r, 2000, 8000), presence_db);
    biquad_run(&presence, out, n);
    if (rng_chance(r, tape ? 0.9 : 0.4)) {
        const double q = rng_range(r, 0.5, 0.9);
        biquad end = biquad_low_pass(rate, rng_log_range(r, 7000, 20000), q);
        biquad_run(&end, out, n);
    }
    if (tape) {
        wander losses = wander_make(r, rate, rng_log_range(r, 0.02, 0.3));
        const double depth = rng_range(r, 0, 0.06);
        for (size_t i = 0; i < n; i++)
            out[i] = (float)(out[i] * (1 + depth * wander_next(&losses, r)));
    }
    level_set(out, n, rate, rng_range(r, -40, -20));
    return true;
}

const signal_kind signal_hiss = {
    .name = "hiss",
    .what = "tape and preamplifier hiss",
    .unit = "full scale",
    .is_noise = true,
    .make = make,
};
