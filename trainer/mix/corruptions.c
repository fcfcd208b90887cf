#include "trainer/mix/corruptions.h"

#include <math.h>

void corrupt_gaussian(rng *r, float *x, size_t n, double size, double snr_db)
{
    const double scale = size * pow(10, -snr_db / 20);
    for (size_t i = 0; i < n; i++)
        x[i] += (float)(scale * rng_normal(r));
}

void corrupt_salt_pepper(rng *r, float *x, size_t n, double mean, double size, double share,
                         double height)
{
    for (size_t i = 0; i < n; i++)
        if (rng_chance(r, share))
            x[i] = (float)(mean + (rng_chance(r, 0.5) ? height * size : -height * size));
}

void corrupt_masking(rng *r, float *x, size_t n, double share)
{
    for (size_t i = 1; i < n; i++)
        if (rng_chance(r, share))
            x[i] = x[i - 1];
}

void corrupt_blocks(rng *r, float *x, size_t n, unsigned count, size_t longest)
{
    while (count-- > 0 && n > 2 && longest > 0) {
        const size_t start = 1 + rng_below(r, (uint32_t)(n - 1));
        const size_t length = 1 + rng_below(r, (uint32_t)longest);
        for (size_t i = start; i < n && i < start + length; i++)
            x[i] = x[start - 1];
    }
}
