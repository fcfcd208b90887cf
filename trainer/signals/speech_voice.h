/* Who speaks: what stays the same through one passage of synthetic speech. */
#ifndef SIGNALS_SPEECH_VOICE_H
#define SIGNALS_SPEECH_VOICE_H

#include "trainer/random.h"
#include "trainer/signals/speech_phones.h"

enum { SPEECH_MOVING = 6, SPEECH_FORMANTS = 12 };

typedef struct speech_voice {
    double scale;       /* of all formants: .88 a large man, 1 an average one, 1.3 a child */
    double f0;          /* Hz, around which the melody moves; 60..420 */
    double range;       /* semitones of a full accent */
    double rd;          /* usual shape of the glottal pulse (Fant 1995), .5 pressed .. 2.4 lax */
    double jitter;      /* standard deviation of the period, relative */
    double shimmer;     /* the same of the amplitude */
    double breath;      /* aspiration beside voicing, as an amplitude */
    double sibilance;   /* level of frication, 1: usual */
    double sibilant_hz; /* factor on the peaks of frication */
    double tempo;       /* factor on all lengths */
    double pause;       /* median of pauses, seconds */
    double reach;       /* time constant of the articulators, seconds */
    double dynamics;    /* decibels, standard deviation from syllable to syllable */
    double nasality;    /* of vowels next to a nasal, 0..1 */
    double creak;       /* probability that a phrase ends in creak */
    double effort;      /* -1 soft .. 0 .. 1 shouted */
    bool whisper;
    double width;                     /* factor on bandwidths */
    double accent[3];                 /* factors on F1..F3 of all vowels */
    double dialect[SPEECH_VOWELS][2]; /* factors on F1 and F2 of each vowel */
    double high[SPEECH_FORMANTS];     /* Hz: F7 and above, and the rest positions of F4..F6 */
    double high_width[SPEECH_FORMANTS];
} speech_voice;

void speech_voice_draw(speech_voice *v, rng *r);

#endif
