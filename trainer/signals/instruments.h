/* Single notes, added to a passage from a sample on. `hz` below what the rate carries; `loud` 0..1.
 * What a rate cannot carry is left out. */
#ifndef SIGNALS_INSTRUMENTS_H
#define SIGNALS_INSTRUMENTS_H

#include <stddef.h>

#include "trainer/random.h"

typedef struct passage {
    rng *r;
    float *x;
    size_t n;
    double rate;
} passage;

/* What a plucked instrument does to all its notes. */
typedef struct pluck {
    double ring;   /* seconds to 60 dB of a note of 220 Hz */
    double damp;   /* 0..0.5: the loss of high partials in each period */
    double place;  /* where it is plucked, part of the string, 0..0.5 */
    double bright; /* cut-off of the pluck, in multiples of the pitch */
} pluck;

/* Karplus & Strong 1983, "Digital synthesis of plucked-string and drum timbres"; tuning, decay and
 * place of the pluck after Jaffe & Smith 1983, "Extensions of the Karplus-Strong plucked-string
 * algorithm". Damped at the end of `seconds`. */
void add_pluck(const passage *p, const pluck *how, double at, double seconds, double hz,
               double loud);

enum { TIMBRE_PARTIALS = 40 };

/* What a bowed or blown instrument does to all its notes. */
typedef struct timbre {
    double partials[TIMBRE_PARTIALS]; /* amplitudes */
    double attack, release;           /* seconds */
    double vibrato_hz, vibrato;       /* its depth, part of the frequency */
    double tremolo;                   /* depth of the same on loudness */
    double breath;                    /* noise, part of the amplitude */
} timbre;

timbre timbre_bowed(rng *r);
timbre timbre_blown(rng *r);

/* A held note: partials under one envelope, with vibrato that grows after the attack. */
void add_held(const passage *p, const timbre *how, double at, double seconds, double hz,
              double loud);

/* A drum set: membranes as damped partials (Fletcher & Rossing 1998, "The physics of musical
 * instruments", ch. 18), snares and cymbals as noise. */
typedef struct drums {
    double kick_hz, kick_decay, snare_hz, snare_decay, hat_hz, hat_decay;
} drums;

drums drums_make(rng *r);
void add_kick(const passage *p, const drums *set, double at, double loud);
void add_snare(const passage *p, const drums *set, double at, double loud);
void add_hat(const passage *p, const drums *set, double at, double loud, double length);

#endif
