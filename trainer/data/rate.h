/*
 * Conversion of a whole signal between two rates: polyphase filter, sinc with a Kaiser window
 * (Kaiser 1974), 70 dB of rejection, transition of a tenth of the narrower band, zero delay. Like
 * offline/eval/resample.h, in single precision and many times as fast: training asks for it all the
 * time.
 */
#ifndef DATA_RATE_H
#define DATA_RATE_H

#include <stddef.h>
#include <stdint.h>

/* `x` [n] at `from` Hz to `*out` samples at `to` Hz, ceil(n * to / from) of them; rates
 * 1..1000000. NULL when a rate is 0 or out of memory; else the caller frees it. */
float *rate_convert(const float *x, size_t n, uint32_t from, uint32_t to, size_t *out);

/* Hz up to which a conversion from one rate to another, in Hz, keeps the signal as it is. */
double rate_band(double from, double to);

#endif
