/* What may happen to a signal on its way; each in place, on `n` samples at `rate` Hz. */
#ifndef MIX_AUGMENT_H
#define MIX_AUGMENT_H

#include <stdbool.h>
#include <stddef.h>

#include "trainer/random.h"

/* Second-order section: y = b0 x + b1 x' + b2 x'' - a1 y' - a2 y''. */
typedef struct section {
    double b0, b1, b2, a1, a2;
} section;
void section_run(const section *f, float *x, size_t n);

/* (1 + r1 z^-1 + r2 z^-2) / (1 + r3 z^-1 + r4 z^-2) with r uniform in -3/8..3/8: a gentle random
 * colour (Valin 2018, "A hybrid DSP/deep learning approach to real-time full-band speech
 * enhancement", section V). */
section random_filter(rng *r);

/* Butterworth filters of the eighth and second order, as sections by the bilinear transform. */
typedef struct band_limit {
    double low, high; /* Hz; 0: none */
} band_limit;
void band_limit_run(const band_limit *b, double rate, float *x, size_t n);
/* Butterworth of the eighth order; `hz` below half the rate. */
void high_pass_run(double hz, double rate, float *x, size_t n);

/* A steep low-pass of linear phase (a sinc under Blackman's window), 74 dB down 6 % above `hz`, as
 * a change of rate makes it; a delay of some 50 periods of `hz`. `spare` [n] is overwritten. False
 * when out of memory. */
bool low_pass_run(double hz, double rate, float *x, float *spare, size_t n);

/* A room: the direct sound, some early reflections, and noise that decays by 60 dB in `decay`
 * seconds (Polack 1988's model). Drawn once, applied to whole signals by FFT. */
typedef struct room room;
/* Ratio of direct to reverberant energy in dB. NULL when out of memory. */
room *room_new(rng *r, double rate, double decay, double direct_db);
void room_free(room *m);
/* What is heard of `x` [n] in the room into `wet` [n]. False when out of memory. */
bool room_run(const room *m, const float *x, float *wet, size_t n);

/* R.m.s. of the frames of 20 ms that are within 30 dB of the loudest: a simple stand-in for the
 * active level of ITU-T P.56. 0 for silence. */
double mix_active_level(const float *x, size_t n, double rate);
double mix_plain_level(const float *x, size_t n); /* r.m.s. of all */

void clip_at(float *x, size_t n, float limit);
/* Rounds to `bits` over full scale 1. */
void quantise(float *x, size_t n, int bits);
/* A gain that moves in a line between random points some 0.3..2 s apart, within +-range dB. */
void random_gain(rng *r, float *x, size_t n, double rate, double range_db);

#endif
