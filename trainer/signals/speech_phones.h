/*
 * The sounds of speech as targets: formants of the vowels from Hillenbrand, Getty, Clark & Wheeler
 * 1995, "Acoustic characteristics of American English vowels", table V; of the consonants from
 * Klatt 1980, "Software for a cascade/parallel formant synthesizer", table III.
 */
#ifndef SIGNALS_SPEECH_PHONES_H
#define SIGNALS_SPEECH_PHONES_H

#include <stdbool.h>
#include <stddef.h>

enum { SPEECH_PEAKS = 3, SPEECH_VELAR = 2 /* the noise whose first peak follows F2 */ };

/* What frication is made of: parallel resonances, for an adult male vocal tract. */
typedef struct speech_noise {
    float hz[SPEECH_PEAKS], width[SPEECH_PEAKS];
    float db[SPEECH_PEAKS]; /* power of each, relative to each other */
    float level;            /* of the whole as an amplitude; 1: as loud as a vowel */
} speech_noise;

typedef enum speech_class {
    SPEECH_VOWEL,
    SPEECH_GLIDE,
    SPEECH_NASAL,
    SPEECH_FRICATIVE,
    SPEECH_STOP,
    SPEECH_AFFRICATE,
    SPEECH_ASPIRATE
} speech_class;

typedef struct speech_phone {
    char name[4];
    speech_class kind;
    bool voiced;
    float hz[3], width[3]; /* F1..F3 and bandwidths, adult male */
    float women[3];        /* F1..F3 of vowels, adult female */
    float slope;           /* how far F2 follows the vowel next to it (locus equations) */
    float seconds;         /* usual length; of a stop its closure */
    float weight;          /* how often it is drawn in its place */
    int noise;             /* index of its noise, or -1 */
    int glide_to;          /* a diphthong's second vowel, or -1 */
} speech_phone;

enum { SPEECH_VOWELS = 17, SPEECH_CONSONANTS = 24 };
extern const speech_phone speech_vowels[SPEECH_VOWELS];
extern const speech_phone speech_consonants[SPEECH_CONSONANTS];
extern const speech_noise speech_noises[];

/* Where a phone stands in speech_consonants, by its name; the name must be there. */
const speech_phone *speech_consonant(const char *name);

#endif
