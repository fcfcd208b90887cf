/* Noise that was recorded at a low rate, made to fill a wider band. */
#ifndef MIX_CONTINUE_H
#define MIX_CONTINUE_H

#include <stddef.h>

#include "trainer/random.h"

/*
 * Continues `x` [n], noise at `rate` Hz that ends at `band` Hz, up to half the rate: adds noise
 * whose density follows, moment by moment, that of `x` just below the edge, up to 10 dB lower, and
 * falls above by up to 12 dB an octave. What is below the edge stays as it is, but for the skirt of
 * an eighth-order filter. `spare` [n] is overwritten.
 */
void continue_noise(rng *r, double band, double rate, float *x, float *spare, size_t n);

#endif
