/* Signs that a passage taken for noise holds a signal too. */
#ifndef SOUND_SIGNAL_SIGNS_H
#define SOUND_SIGNAL_SIGNS_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Frames are 10 ms apart, or 16 samples where that is longer, which is taken for 10 ms then: at low
 * rates there is no speech to look for, but levels that move all the same.
 */
typedef struct signal_signs {
    double spread;  /* dB between the quietest and the loudest twentieth of frames, mean of four
                       octaves from 250 Hz */
    double voiced;  /* share of frames, among the louder half, that repeat at 70 to 400 Hz */
    double voicing; /* how much more often the louder half does so than the quieter, -1..1 */
} signal_signs;

/* Of `x` [n] at `rate` Hz; all zero when it is shorter than 0.4 s. False when out of memory. */
bool signal_signs_measure(const float *x, size_t n, double rate, signal_signs *out);

/* The log of the odds for speech or another voice by `voiced` and `voicing`; > 0: likelier there
 * than not. */
double signal_signs_odds(const signal_signs *s);

/* Levels apart by more than steady noise's are: a signal, or noise that comes and goes. */
bool signal_signs_uneven(const signal_signs *s);

#endif
