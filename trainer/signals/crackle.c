/*
 * A worn record: clicks at random times with heavy-tailed sizes, each a short pulse that rings,
 * on surface noise and rumble; a scratch comes back with each turn (after Godsill & Rayner 1998,
 * "Digital audio restoration", ch. 5: clicks of 20 us..4 ms, amplitudes of long tails).
 */
#include "trainer/signals/kinds.h"
#include "trainer/signals/parts.h"

#include <math.h>

static void add_click(rng *r, float *x, size_t n, double rate, double seconds, double amplitude)
{
    const size_t start = sample_at(seconds, rate, n);
    const double sign = rng_chance(r, 0.5) ? 1 : -1;
    const double decay = rng_log_range(r, 4e-5, 1.2e-3);
    const double hz = fmin(rng_log_range(r, 800, 9000), 0.3 * rate);
    add_damped(x, n, rate, start, hz, fmax(decay, 0.4 / rate), sign * amplitude,
               rng_range(r, 0.6, 1.6)); /* near pi / 2: it starts with its peak */
    if (rng_chance(r, 0.15))            /* the cartridge rings on */
        add_damped(x, n, rate, start, rng_log_range(r, 80, 500), 4e-3, 0.4 * sign * amplitude, 0);
}

static bool make(rng *r, double rate, float *out, size_t n)
{
    coloured_fill(r, rate, rng_range(r, -4, 0), out, n);
    const double rumble_db = rng_range(r, 0, 18);
    biquad rumble = biquad_low_shelf(rate, rng_log_range(r, 30, 80), rumble_db);
    biquad_run(&rumble, out, n);
    /* Surface noise 22..50 dB below a middling click. */
    const double floor_level = pow(10, rng_range(r, -50, -22) / 20);
    const double level = active_level(out, n, rate);
    const float unit = level > 0 ? (float)(floor_level / level) : 0;
    for (size_t i = 0; i < n; i++)
        out[i] *= unit;
    const double duration = (double)n / rate, density = rng_log_range(r, 4, 150);
    const double spread = rng_range(r, 0.7, 1.3);
    double t = rng_exponential(r) / density;
    while (t < duration) {
        add_click(r, out, n, rate, t, exp(spread * rng_normal(r)));
        t += rng_exponential(r) / density;
    }
    if (rng_chance(r, 0.4)) {
        static const double turns[] = {33.333, 45, 78};
        const double period = 60 / turns[rng_below(r, 3)], size = rng_log_range(r, 1, 6);
        t = period * rng_unit(r);
        while (t < duration) {
            const double amplitude = size * rng_range(r, 0.7, 1.3);
            add_click(r, out, n, rate, t + 1e-3 * rng_normal(r), amplitude);
            t += period;
        }
    }
    level_set_soft(out, n, rate, rng_range(r, -38, -22));
    return true;
}

const signal_kind signal_crackle = {
    .name = "crackle",
    .what = "clicks and surface noise of a worn record",
    .unit = "full scale",
    .is_noise = true,
    .make = make,
};
