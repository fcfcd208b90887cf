/*
 * Conversion of a whole signal between two rates by the polyphase Kaiser filter of Octave's
 * `resample`, as the public STOI implementation for Python (pystoi 0.4, resample_oct) uses it:
 * 60 dB of rejection, transition of a tenth of the narrower band.
 */
#ifndef METRICS_RESAMPLE_H
#define METRICS_RESAMPLE_H

#include <stddef.h>
#include <stdint.h>

/* `x` [n] at `from` Hz to `*out` [*n_out = ceil(n * to / from)] at `to` Hz, zero delay; rates
 * 1..RESAMPLE_MAX_RATE. Returns NULL when out of memory, else memory the caller frees. */
#define RESAMPLE_MAX_RATE 1000000
double *resample(const double *x, size_t n, uint32_t from, uint32_t to, size_t *n_out);

#endif
