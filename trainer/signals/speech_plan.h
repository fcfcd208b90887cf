/* What is said and how: phrases, syllables and sounds, as the course of all controls in time. */
#ifndef SIGNALS_SPEECH_PLAN_H
#define SIGNALS_SPEECH_PLAN_H

#include <stddef.h>

#include "trainer/random.h"
#include "trainer/signals/speech_voice.h"

enum { SPEECH_FRAME_RATE = 400 }; /* frames a second */

typedef struct speech_frame {
    float f0;     /* Hz */
    float voice;  /* slope of the glottal flow; 1: a stressed vowel */
    float rd;     /* shape of the glottal pulse */
    float creak;  /* 0..1 */
    float breath; /* aspiration into the tract, as an amplitude */
    float fric;   /* frication, as an amplitude */
    float burst;  /* of it, that of the release of a stop */
    float hz[SPEECH_MOVING], width[SPEECH_MOVING];
    float nasal; /* Hz the nasal zero stands above its pole */
    float peak_hz[SPEECH_PEAKS], peak_width[SPEECH_PEAKS], peak_gain[SPEECH_PEAKS];
} speech_frame;

/* Fills `n` frames with phrases and pauses. */
void speech_plan_make(speech_frame *frames, size_t n, const speech_voice *v, rng *r);

#endif
