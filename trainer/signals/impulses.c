/*
 * Short sounds of a room: mouse clicks, keys, knocks and steps, dishes, a clock. Each is a burst of
 * noise and a few damped partials (modal synthesis: van den Doel & Pai 1998, "The sounds of
 * physical shapes"), at random, in runs, or in time, with the room behind.
 */
#include "trainer/signals/kinds.h"
#include "trainer/signals/parts.h"

#include <math.h>

typedef struct place {
    rng *r;
    float *x;
    size_t n;
    double rate;
} place;

/* What all sounds of one passage share: it is one thing that sounds. */
typedef struct thing {
    double hz, decay, q;
} thing;

typedef void (*sound_fn)(const place *p, thing what, double at, double amplitude);

static void burst(const place *p, double at, double hz, double q, double decay, double amplitude)
{
    add_burst(p->r, p->x, p->n, p->rate, sample_at(at, p->rate, p->n), fmin(hz, 0.3 * p->rate), q,
              decay, amplitude);
}

static void partial(const place *p, double at, double hz, double decay, double amplitude)
{
    add_damped(p->x, p->n, p->rate, sample_at(at, p->rate, p->n), fmin(hz, 0.3 * p->rate), decay,
               amplitude, 0);
}

static void click(const place *p, thing what, double at, double amplitude)
{
    const double hz = 3000 * what.hz, decay = 8e-4 * what.decay;
    burst(p, at, hz, 1.5 * what.q, decay, amplitude);
    if (rng_chance(p->r, 0.7)) /* the button comes up again */
        burst(p, at + rng_range(p->r, 0.05, 0.14), 1.2 * hz, 1.5 * what.q, decay, 0.6 * amplitude);
}

static void key(const place *p, thing what, double at, double amplitude)
{
    rng *const r = p->r;
    burst(p, at, 2600 * what.hz * rng_range(r, 0.9, 1.1), what.q, 5e-3 * what.decay, amplitude);
    burst(p, at + rng_range(r, 0.002, 0.01), 5500 * what.hz, 1, 2e-3, 0.5 * amplitude);
    partial(p, at, 190 * what.hz * rng_range(r, 0.9, 1.1), 0.012, 0.9 * amplitude);
    const double weaker = rng_range(r, 0.2, 0.5) * amplitude;
    burst(p, at + rng_range(r, 0.05, 0.13), 3400 * what.hz, what.q, 3e-3 * what.decay, weaker);
}

static void knock(const place *p, thing what, double at, double amplitude)
{
    static const double ratio[] = {1, 1.58, 2.24, 2.92, 3.5}; /* modes of a plate */
    burst(p, at, 900 * what.hz, 0.7, 3e-3, 0.8 * amplitude);
    for (int k = 0; k < 5; k++)
        partial(p, at, 130 * what.hz * ratio[k], 0.035 * what.decay / (1 + 0.5 * k),
                amplitude * rng_range(p->r, 0.4, 1) / (1 + 0.6 * k));
}

static void dish(const place *p, thing what, double at, double amplitude)
{
    static const double ratio[] = {1, 1.87, 2.76, 3.9, 5.4, 7.1};
    const double base = 1100 * what.hz;
    burst(p, at, 5000 * what.hz, 0.7, 1e-3, amplitude);
    for (int k = 0; k < 6; k++)
        if (base * ratio[k] < 0.3 * p->rate)
            partial(p, at, base * ratio[k], 0.12 * what.decay / (1 + 0.7 * k),
                    0.5 * amplitude * rng_range(p->r, 0.2, 1) / (1 + 0.4 * k));
}

static void tick(const place *p, thing what, double at, double amplitude)
{
    burst(p, at, 4200 * what.hz, 3 * what.q, 1.2e-3 * what.decay, amplitude);
    partial(p, at, 2300 * what.hz, 6e-3 * what.decay, 0.3 * amplitude);
}

/* Seconds to the next sound. */
static double pause_before_next(rng *r, int rhythm, double mean)
{
    switch (rhythm) {
    case 0:
        return 0.03 + mean * rng_exponential(r);
    case 1: /* runs, as of typing, with rests between them */
        return rng_chance(r, 0.12) ? rng_log_range(r, 0.4, 2) : rng_range(r, 0.09, 0.26);
    default:
        return mean * (1 + 0.01 * rng_normal(r));
    }
}

static bool make(rng *r, double rate, float *out, size_t n)
{
    static const sound_fn sounds[] = {click, key, knock, dish, tick};
    static const int usual[] = {0, 1, 0, 0, 2};
    const uint32_t which = rng_below(r, 5);
    const int rhythm = rng_chance(r, 0.75) ? usual[which] : (int)rng_below(r, 3);
    const thing what = {rng_log_range(r, 0.6, 1.7), rng_log_range(r, 0.5, 2),
                        rng_log_range(r, 0.6, 2)};
    const place p = {r, out, n, rate};
    const double duration = (double)n / rate;
    const double mean = which == 4 ? rng_range(r, 0.2, 1) : rng_log_range(r, 0.15, 0.8);
    /* The quiet of the room, 40..60 dB below the sounds. */
    coloured_fill(r, rate, -3, out, n);
    const float quiet = (float)pow(10, rng_range(r, -60, -40) / 20);
    for (size_t i = 0; i < n; i++)
        out[i] *= quiet;
    double t = fmin(duration, 0.3) * rng_unit(r);
    while (t < duration) {
        sounds[which](&p, what, t, exp(0.5 * rng_normal(r)));
        t += pause_before_next(r, rhythm, mean);
    }
    if (rng_chance(r, 0.8)) {
        const double wet = rng_log_range(r, 0.02, 0.4), decay = rng_log_range(r, 0.15, 0.9);
        if (!add_room(r, out, n, rate, decay, wet))
            return false;
    }
    level_set_soft(out, n, rate, rng_range(r, -38, -25));
    return true;
}

const signal_kind signal_impulses = {
    .name = "impulses",
    .what = "clicks, keys, knocks, dishes, a clock",
    .unit = "full scale",
    .is_noise = true,
    .make = make,
};
