/*
 * Electrocardiogram: each beat is a sum of Gaussians for the waves P, Q, R, S and T; the time
 * between beats follows breathing (0.25 Hz) and the Mayer waves of blood pressure (0.1 Hz); times
 * of P and T go with the square root of that time. McSharry, Clifford, Tarassenko & Smith 2003, "A
 * dynamical model for generating synthetic electrocardiogram signals" (table I and eq. 2). The
 * waves are placed in time rather than integrated on a limit cycle, so that any rate gives the same
 * curve. Some passages have ectopic beats, or the uneven beats without P of atrial fibrillation.
 */
#include "trainer/signals/kinds.h"
#include "trainer/signals/parts.h"

#include <math.h>
#include <string.h>

enum { P, Q, R, S, T, WAVES };

typedef struct wave {
    double at, before, after, mv; /* seconds from R, s.d. on either side in seconds, height */
} wave;

typedef struct heart {
    wave waves[WAVES];
    double rr, breathing_hz, breathing_depth, mayer_depth, jitter; /* depths: part of RR */
    double breathing_phase, mayer_phase, swing; /* of the height with breathing */
    double ectopic, polarity;
    bool fibrillates;
} heart;

static heart heart_make(rng *r)
{
    /* Heights of a limb lead, mV; times for a beat a second (angles of table I over 2 pi). */
    heart h = {
        .waves =
            {
                [P] = {rng_range(r, -0.22, -0.15), 0.024, 0.022, rng_range(r, 0.05, 0.25)},
                [Q] = {rng_range(r, -0.035, -0.025), 0.009, 0.008, rng_range(r, -0.2, 0)},
                [R] = {0, 0.011, 0.011, rng_range(r, 0.5, 1.8)},
                [S] = {rng_range(r, 0.025, 0.04), 0.009, 0.012, rng_range(r, -0.5, 0)},
                [T] = {rng_range(r, 0.25, 0.33), 0.055, 0.035, rng_range(r, 0.1, 0.5)},
            },
        .rr = 60 / rng_range(r, 48, 150),
        .breathing_hz = rng_range(r, 0.15, 0.35),
        .breathing_depth = rng_range(r, 0.005, 0.06),
        .mayer_depth = rng_range(r, 0.005, 0.04),
        .jitter = rng_range(r, 0.002, 0.015),
        .breathing_phase = rng_unit(r),
        .mayer_phase = rng_unit(r),
        .swing = rng_range(r, 0, 0.08),
        .ectopic = rng_chance(r, 0.15) ? rng_range(r, 0.03, 0.2) : 0,
        .polarity = rng_chance(r, 0.12) ? -1 : 1, /* a lead seen from the other side */
        .fibrillates = rng_chance(r, 0.06),
    };
    const double width = rng_range(r, 0.85, 1.25);
    for (int k = 0; k < WAVES; k++) {
        h.waves[k].before *= width;
        h.waves[k].after *= width;
    }
    if (h.fibrillates) {
        h.waves[P].mv = 0;
        h.jitter = rng_range(r, 0.12, 0.22);
    }
    return h;
}

static void add_wave(float *x, size_t n, double rate, double beat, wave w)
{
    const double middle = beat + w.at, reach = 5.5; /* exp(-15): below 1 nV */
    const double from = fmax(0, (middle - reach * w.before) * rate);
    const double to = fmin((double)n, (middle + reach * w.after) * rate);
    for (size_t i = (size_t)from; (double)i < to; i++) {
        const double t = (double)i / rate - middle, u = t / (t < 0 ? w.before : w.after);
        x[i] += (float)(w.mv * exp(-0.5 * u * u));
    }
}

/* A beat from elsewhere: wide, without P, its T opposite. */
static void make_ectopic(wave waves[WAVES])
{
    waves[P].mv = 0;
    waves[R].mv *= 1.2;
    waves[T].mv *= -1;
    for (int k = Q; k <= S; k++) {
        waves[k].at *= 2;
        waves[k].before *= 3;
        waves[k].after *= 3;
    }
}

static bool make(rng *r, double rate, float *out, size_t n)
{
    const heart h = heart_make(r);
    const double duration = (double)n / rate;
    bool ectopic = false;
    double rr = h.rr;
    memset(out, 0, n * sizeof *out);
    for (double t = -h.rr - h.rr * rng_unit(r); t < duration + 1;) {
        const double breath = sin(TWO_PI * (h.breathing_hz * t + h.breathing_phase));
        wave waves[WAVES];
        memcpy(waves, h.waves, sizeof waves);
        const double stretch = sqrt(fmin(fmax(rr, 0.35), 1.4)); /* Bazett 1920 */
        waves[P].at *= stretch;
        waves[T].at *= stretch;
        waves[T].before *= stretch;
        waves[T].after *= stretch;
        if (ectopic)
            make_ectopic(waves);
        for (int k = 0; k < WAVES; k++) {
            waves[k].mv *= h.polarity * (1 + h.swing * breath) * (1 + 0.015 * rng_normal(r));
            add_wave(out, n, rate, t, waves[k]);
        }
        const bool next_ectopic = !ectopic && rng_chance(r, h.ectopic);
        const double mayer = sin(TWO_PI * (0.1 * t + h.mayer_phase));
        const double wanted = h.rr * (1 + h.breathing_depth * breath + h.mayer_depth * mayer +
                                      h.jitter * rng_normal(r));
        rr = fmax(wanted, 0.28);
        t += ectopic ? 1.35 * rr : next_ectopic ? 0.65 * rr : rr; /* a pause makes up for it */
        ectopic = next_ectopic;
    }
    return true;
}

const signal_kind signal_ecg = {
    .name = "ecg",
    .what = "electrocardiogram, 48..150 beats a minute",
    .unit = "mV",
    .rate = 360,
    .make = make,
};
