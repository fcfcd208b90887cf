/*
 * Generators of clean signals and of noise. Each is a pure function of its random generator, the
 * rate and the length, and writes a whole passage at once; a passage of 3..30 s is what training
 * asks for. They keep no state, so any thread may call any of them.
 */
#ifndef SIGNALS_SIGNAL_H
#define SIGNALS_SIGNAL_H

#include <stdbool.h>
#include <stddef.h>

#include "trainer/random.h"

/* Writes `n` finite samples at `rate` Hz. False only when out of memory. */
typedef bool (*signal_make_fn)(rng *r, double rate, float *out, size_t n);

typedef struct signal_kind {
    const char *name; /* as on the command line: "speech", "ecg", "hum" ... */
    const char *what; /* for --help: half a line */
    const char *unit; /* of the samples: "full scale", "mV", ... */
    double rate;      /* Hz it is usually recorded at; 0: any audio rate, 8000..192000 */
    bool is_noise;    /* offered under --noise, else under --signal */
    signal_make_fn make;
} signal_kind;

/* Finds a kind by name; NULL when unknown. */
const signal_kind *signal_find(const char *name);

/* All kinds, clean ones first; signal_at(i) is NULL from the end on. */
const signal_kind *signal_at(size_t i);

/*
 * Levels: "full scale" kinds make peaks below 1, with an active level (the r.m.s. of the loudest
 * half of 20 ms frames) of -40..-10 dB: the mixer sets the level anyhow. Sensor kinds are in their
 * unit, as large as such signals are.
 */

#endif
