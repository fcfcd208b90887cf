/*
 * Whether a noise that was learned or given can be that of the signal at hand. A flat lead-in or
 * digital silence holds none, and a profile in other units can be a million times the signal. An
 * estimate made with such a noise would be worse than the input.
 */
#ifndef DSP_NOISE_DOUBT_H
#define DSP_NOISE_DOUBT_H

typedef enum noise_doubt {
    NOISE_FITS,
    NOISE_ZERO,    /* nothing, or nothing beside the signal */
    NOISE_TOO_LOUD /* above all that was heard so far */
} noise_doubt;

/* Powers all: the noise, the signal's own of late, and the loudest noise that what was heard so far
 * allows. A signal 240 dB above its noise is beyond any converter. */
static inline noise_doubt noise_check(double noise, double signal, double loudest)
{
    if (!(noise > 1e-24 * signal))
        return NOISE_ZERO;
    return noise <= loudest ? NOISE_FITS : NOISE_TOO_LOUD;
}

#endif
