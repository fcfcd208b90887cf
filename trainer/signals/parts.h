/*
 * What generators are made of: filters, slow random curves, damped partials, reverberation, and the
 * setting of levels. Frequencies beyond what a rate can carry are brought below half of it.
 */
#ifndef SIGNALS_PARTS_H
#define SIGNALS_PARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "trainer/random.h"

#define TWO_PI 6.28318530717958647692

/* A second-order section (transposed direct form II), designed after R. Bristow-Johnson, "Cookbook
 * formulae for audio EQ biquad filter coefficients". Start with one of the designs. */
typedef struct biquad {
    double b0, b1, b2, a1, a2, z1, z2;
} biquad;

biquad biquad_low_pass(double rate, double hz, double q);
biquad biquad_high_pass(double rate, double hz, double q);
biquad biquad_band_pass(double rate, double hz, double q); /* 0 dB at `hz` */
biquad biquad_peak(double rate, double hz, double q, double gain_db);
biquad biquad_low_shelf(double rate, double hz, double gain_db);
biquad biquad_high_shelf(double rate, double hz, double gain_db);

static inline double biquad_step(biquad *f, double x)
{
    const double y = f->b0 * x + f->z1;
    f->z1 = f->b1 * x - f->a1 * y + f->z2;
    f->z2 = f->b2 * x - f->a2 * y;
    return y;
}

void biquad_run(biquad *f, float *x, size_t n);

/* Fills with Gaussian noise whose power spectrum follows f^(slope_db / 3.01) between 10 Hz (or
 * rate / 2000 when that is lower) and half the rate; slope in dB an octave, -12..6. 0 is white, -3
 * pink, -6 brown, 3 blue. r.m.s. about 1. */
void coloured_fill(rng *r, double rate, double slope_db, float *out, size_t n);

/* Passes through random bells and shelves of up to `depth_db`. */
void random_tilt(rng *r, double rate, double depth_db, float *x, size_t n);

/* A smooth random curve with about unit variance: cubic between normal knots `period` apart. */
typedef struct wander {
    double knot[4], at, step;
} wander;

wander wander_make(rng *r, double rate, double period);
double wander_next(wander *w, rng *r);

/* Adds amplitude * exp(-t / decay) * sin(2 pi hz t + phase) from sample `start` on, until it has
 * fallen by 90 dB; nothing when hz is out of what the rate carries. */
void add_damped(float *x, size_t n, double rate, size_t start, double hz, double decay,
                double amplitude, double phase);

/* Adds a burst of noise through a band-pass, with an exponential decay in seconds. */
void add_burst(rng *r, float *x, size_t n, double rate, size_t start, double hz, double q,
               double decay, double amplitude);

/* Adds reverberation of `seconds` (60 dB) with `wet` times the power of the dry sound, by a
 * feedback delay network: Jot & Chaigne 1991, "Digital delay networks for designing artificial
 * reverberators". False when out of memory. */
bool add_room(rng *r, float *x, size_t n, double rate, double seconds, double wet);

/* r.m.s. of the loudest half of 20 ms frames; 0 for silence. */
double active_level(const float *x, size_t n, double rate);

/* Scales to an active level of `db` re full scale, or to a peak of 0.98 where that is lower. */
void level_set(float *x, size_t n, double rate, double db);

/* Scales to an active level of `db`, and bends what is above 0.5 so that it stays below 0.99: for
 * what consists of peaks. */
void level_set_soft(float *x, size_t n, double rate, double db);

/* The sample at `seconds`, n when beyond the end (or when not finite). */
size_t sample_at(double seconds, double rate, size_t n);

#endif
