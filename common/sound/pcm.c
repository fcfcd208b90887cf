#include "common/sound/pcm.h"

#include <math.h>

void pcm_init(pcm *p, int bits, bool dither)
{
    p->bits = bits;
    p->dither = dither && bits <= 24;
    p->random = UINT64_C(0x736F7264696E6F21);
    p->clipped = 0;
}

/* Sum of two uniform draws, -1..1. Steele, Lea & Flood 2014 (SplitMix64). */
static double triangular(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    z ^= z >> 31;
    return ((double)(z & 0xFFFFFFFF) + (double)(z >> 32)) / 4294967296.0 - 1.0;
}

void pcm_convert(pcm *p, const float *from, int32_t *to, size_t n)
{
    const double scale = ldexp(1.0, p->bits - 1);
    const int32_t unit = (int32_t)1 << (32 - p->bits);
    for (size_t i = 0; i < n; i++) {
        /* Drawn for every sample, so that the rest does not hang on one that is not a number. */
        const double noise = p->dither ? triangular(&p->random) : 0.0;
        const double x = (double)from[i] * scale;
        /* Dither alone taking a sample past the end is not the signal's fault. */
        p->clipped += x >= scale + 0.5 || x < -scale - 0.5;
        const double y = isnan(x) ? 0.0 : fmax(fmin(rint(x + noise), scale - 1.0), -scale);
        to[i] = (int32_t)y * unit;
    }
}
