/*
 * The vocal tract: twelve resonators in cascade with a nasal pole and zero, and three in parallel
 * for frication (Klatt 1980, "Software for a cascade/parallel formant synthesizer").
 */
#ifndef SIGNALS_SPEECH_TRACT_H
#define SIGNALS_SPEECH_TRACT_H

#include <stdbool.h>
#include <stddef.h>

#include "trainer/signals/speech_plan.h"

typedef struct speech_resonator {
    float a, b, c, y1, y2;
} speech_resonator;

typedef struct speech_tract {
    double rate;
    int n_formants; /* those below half the rate */
    speech_resonator formants[SPEECH_FORMANTS];
    speech_resonator nasal_pole;
    float zero_a, zero_b, zero_c, zero_x1, zero_x2;
    speech_resonator peaks[SPEECH_PEAKS];
    float peak_x1, peak_x2;
    float low, low_step; /* what lies below the peaks is taken out of the noise first */
    double scale;
} speech_tract;

void speech_tract_init(speech_tract *t, const speech_voice *v, double rate);

/* Takes the shape of a frame. */
void speech_tract_set(speech_tract *t, const speech_frame *f);

/*
 * out[n] = tract(glottis) + frication through the parallel branch, which rests without `hisses`;
 * `glottis` is used up.
 */
void speech_tract_run(speech_tract *t, float *glottis, const float *frication, bool hisses,
                      float *out, size_t n);

#endif
