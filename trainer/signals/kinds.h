/* The generators, for signal.c's list; each file of this folder says what it is made after. */
#ifndef SIGNALS_KINDS_H
#define SIGNALS_KINDS_H

#include "trainer/signals/signal.h"

extern const signal_kind signal_speech;

extern const signal_kind signal_music, signal_tones;

extern const signal_kind signal_calcium, signal_ecg, signal_spikes, signal_steps, signal_chirps,
    signal_vibration, signal_autoregressive, signal_random_walk, signal_smooth;

extern const signal_kind signal_coloured, signal_hum, signal_fan, signal_hiss, signal_crackle,
    signal_impulses, signal_babble;

#endif
