/*
 * How far up a recording reaches. Its rate does not say: a telephone call saved at 48 kHz, or a
 * lossy copy, is empty above some frequency, and nothing may be learnt there.
 */
#ifndef DATA_BAND_H
#define DATA_BAND_H

#include <stdbool.h>
#include <stddef.h>

/*
 * The top of the band, in Hz, that `n` samples at `rate` Hz fill; rate / 2 when they fill it all.
 *
 * In bands of 250 Hz, frames of about 32 ms (2,000 of them at most, spread evenly), loudness is
 * what the loudest fiftieth of the frames have in the band, so that one s-sound is enough. The top
 * is the highest band within 55 dB of the loudest that also, with `pauses`, stands 6 dB above the
 * tenth quietest frame in a hundred: what never changes is hiss, and no voice. It goes down to a
 * cliff (above 3 kHz, all that follows is 25 dB and more below the last 1.5 kHz before it: what
 * follows is images of a poor change of rate), and further where a filter's slope has begun (15
 * dB below the 1.5 kHz beneath).
 *
 * Where nothing can be said (rates below 8 kHz, fewer than four frames, silence), rate / 2. A
 * negative number when out of memory.
 */
double band_measure(const float *x, size_t n, double rate, bool pauses);

#endif
