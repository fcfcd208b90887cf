/*
 * Fans, ventilation, vacuum cleaners: broadband noise of the flow, falling with frequency and bent
 * by the duct's resonances, and tones at the blade-passing frequency (blades x turns a second) and
 * its multiples (after Neise 1992, "Review of fan noise generation mechanisms and control
 * methods").
 */
#include "trainer/signals/kinds.h"
#include "trainer/signals/parts.h"

#include <math.h>
#include <stdlib.h>

enum { MOST_TONES = 8, STEP = 16 };

typedef struct rotor {
    double blade_hz, amplitude[MOST_TONES];
    int tones;
    wander speed, strength;
    double speed_depth;
} rotor;

static rotor rotor_make(rng *r, double rate)
{
    const double turns = rng_log_range(r, 8, 90); /* a second: 480..5400 a minute */
    const double blades = 3 + rng_below(r, 9);
    rotor q = {.blade_hz = turns * blades, .tones = 1 + (int)rng_below(r, MOST_TONES)};
    const double level = pow(10, rng_range(r, -18, 2) / 20);
    for (int k = 0; k < q.tones; k++)
        q.amplitude[k] = level * pow(10, (-6 * k + 3 * rng_normal(r)) / 20);
    q.speed = wander_make(r, rate / STEP, rng_log_range(r, 0.5, 5));
    q.strength = wander_make(r, rate / STEP, rng_log_range(r, 0.2, 2));
    q.speed_depth = rng_log_range(r, 3e-4, 6e-3);
    return q;
}

/* Adds the tones, and lets the flow's noise pulse a little with the blades. */
static void rotor_add(rotor *q, rng *r, double rate, float *x, size_t n)
{
    const double pulse = rng_range(r, 0, 0.2);
    double turn = 0, strength = 1, hz = q->blade_hz;
    for (size_t i = 0; i < n; i++) {
        if (i % STEP == 0) {
            hz = q->blade_hz * (1 + q->speed_depth * wander_next(&q->speed, r));
            strength = 1 + 0.15 * wander_next(&q->strength, r);
        }
        turn += hz / rate;
        turn -= floor(turn);
        const double first = sin(TWO_PI * turn), twice = 2 * cos(TWO_PI * turn);
        double y = first, last = 0, sum = 0;
        for (int k = 0; k < q->tones && hz * (k + 1) < 0.49 * rate; k++) {
            sum += q->amplitude[k] * y;
            const double next = twice * y - last; /* sin((k + 2) a) from the two before */
            last = y;
            y = next;
        }
        x[i] = (float)(x[i] * (1 + pulse * first) + strength * sum);
    }
}

static bool make(rng *r, double rate, float *out, size_t n)
{
    coloured_fill(r, rate, rng_range(r, -6, -1), out, n);
    biquad low_cut = biquad_high_pass(rate, rng_log_range(r, 25, 120), 0.7);
    biquad_run(&low_cut, out, n);
    random_tilt(r, rate, 8, out, n);
    if (rng_chance(r, 0.6)) {
        biquad knee = biquad_low_pass(rate, rng_log_range(r, 1500, 12000), 0.6);
        biquad_run(&knee, out, n);
    }
    const double level = active_level(out, n, rate);
    const float unit = level > 0 ? (float)(1 / level) : 0;
    for (size_t i = 0; i < n; i++)
        out[i] *= unit;
    rotor q = rotor_make(r, rate);
    rotor_add(&q, r, rate, out, n);
    wander slow = wander_make(r, rate, rng_log_range(r, 0.5, 4));
    const double depth = rng_range(r, 0, 0.12);
    for (size_t i = 0; i < n; i++)
        out[i] = (float)(out[i] * fmax(0.2, 1 + depth * wander_next(&slow, r)));
    level_set(out, n, rate, rng_range(r, -35, -15));
    return true;
}

const signal_kind signal_fan = {
    .name = "fan",
    .what = "air flow with the tones of blades",
    .unit = "full scale",
    .is_noise = true,
    .make = make,
};
