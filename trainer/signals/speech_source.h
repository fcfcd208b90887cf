/*
 * What drives the vocal tract: glottal pulses of the LF model (Fant, Liljencrants & Lin 1985, "A
 * four-parameter model of glottal flow"), their shape by one number Rd (Fant 1995, "The LF-model
 * revisited"), aspiration that the glottis modulates, and white noise for frication.
 */
#ifndef SIGNALS_SPEECH_SOURCE_H
#define SIGNALS_SPEECH_SOURCE_H

#include <stddef.h>

#include "trainer/random.h"
#include "trainer/signals/speech_plan.h"

enum { SPEECH_SHAPES = 49 };

/* One pulse shape of period 1 whose steepest slope is -1; times are fractions of the period. */
typedef struct speech_shape {
    double end, peak;      /* te, tp */
    double growth, omega;  /* of the open phase e^(growth t) sin(omega t) */
    double scale;          /* of the open phase */
    double decay;          /* epsilon of the return phase */
    double floor, divisor; /* return: -(e^(-decay (t - te)) - floor) / divisor */
} speech_shape;

typedef struct speech_source {
    rng noise;
    double rate;
    double jitter, shimmer;
    speech_shape shapes[SPEECH_SHAPES]; /* Rd .3 .. 2.7 */
    const speech_shape *shape;          /* of the pulse under way */
    double at, period;                  /* samples since it began, and in all */
    double real, imag;                  /* of scale e^((growth + i omega) t) */
    double step_real, step_imag;
    double tail, tail_step; /* e^(-decay (t - te)) */
    double gain;
    double turbulence; /* smoothed modulation of the aspiration, 0..1 */
    int stage;         /* 0: open phase, 1: return phase */
    bool odd;          /* every second pulse, which creak weakens */
} speech_source;

void speech_source_init(speech_source *s, const speech_voice *v, double rate, uint64_t seed);

/* `n` samples on the way from frame `a` to `b`: into the tract, and of frication (variance 1). */
void speech_source_run(speech_source *s, const speech_frame *a, const speech_frame *b,
                       float *glottis, float *frication, size_t n);

#endif
