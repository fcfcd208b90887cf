/* Half-band filters: twice or half the rate, for synthesis at one rate of 32..80 kHz. */
#ifndef SIGNALS_SPEECH_RATE_H
#define SIGNALS_SPEECH_RATE_H

#include <stdbool.h>
#include <stddef.h>

enum { SPEECH_RATE_REACH = 48 }; /* samples of the higher rate on either side that count */

/*
 * out[i] from in[2 i] and around it, i < n; reads in[0 .. n_in) and takes 0 beyond. The halved
 * rate keeps what lies below .46 of it.
 */
bool speech_rate_halve(const float *in, size_t n_in, float *out, size_t n);

/* out[2 i] = in[i], and between them the band-limited middle; n samples out. */
bool speech_rate_double(const float *in, size_t n_in, float *out, size_t n);

#endif
