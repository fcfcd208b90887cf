#include "trainer/random.h"

#include <math.h>

static const double two_pi = 6.28318530717958647692;

static uint64_t split_mix(uint64_t *x)
{
    uint64_t z = *x += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

rng rng_make(uint64_t seed, uint64_t stream, uint64_t index)
{
    rng r = {.has_spare = false};
    uint64_t x = seed;
    x = split_mix(&x) ^ stream;
    x = split_mix(&x) ^ index;
    for (int i = 0; i < 4; i++)
        r.s[i] = split_mix(&x);
    return r;
}

static uint64_t rotate(uint64_t x, int k)
{
    return x << k | x >> (64 - k);
}

uint64_t rng_bits(rng *r)
{
    uint64_t *s = r->s;
    const uint64_t result = rotate(s[1] * 5, 7) * 9, t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate(s[3], 45);
    return result;
}

double rng_unit(rng *r)
{
    return (double)(rng_bits(r) >> 11) * 0x1p-53;
}

double rng_range(rng *r, double low, double high)
{
    return low + (high - low) * rng_unit(r);
}

double rng_log_range(rng *r, double low, double high)
{
    return low * pow(high / low, rng_unit(r));
}

uint32_t rng_below(rng *r, uint32_t n)
{
    /* The bias of at most n / 2^64 is of no account here. */
    return (uint32_t)(((rng_bits(r) >> 32) * (uint64_t)n) >> 32);
}

bool rng_chance(rng *r, double p)
{
    return rng_unit(r) < p;
}

double rng_normal(rng *r)
{
    if (r->has_spare) {
        r->has_spare = false;
        return r->spare;
    }
    const double radius = sqrt(2 * rng_exponential(r)), angle = two_pi * rng_unit(r);
    r->spare = radius * sin(angle);
    r->has_spare = true;
    return radius * cos(angle);
}

double rng_exponential(rng *r)
{
    return -log(1 - rng_unit(r));
}

void rng_fill_normal(rng *r, float *x, size_t n, float scale)
{
    for (size_t i = 0; i < n; i += 2) {
        const uint64_t bits = rng_bits(r);
        const float u = ((float)(bits >> 40) + 1.0f) * 0x1p-24f; /* (0, 1] */
        const float v = (float)(bits & 0xffffff) * 0x1p-24f;
        const float radius = scale * sqrtf(-2.0f * logf(u)), angle = (float)two_pi * v;
        x[i] = radius * cosf(angle);
        if (i + 1 < n)
            x[i + 1] = radius * sinf(angle);
    }
}

uint32_t rng_pick(rng *r, const double *weights, uint32_t n)
{
    double sum = 0;
    for (uint32_t i = 0; i < n; i++)
        sum += weights[i];
    double at = sum * rng_unit(r);
    for (uint32_t i = 0; i < n; i++) {
        if (weights[i] > 0 && at < weights[i])
            return i;
        at -= weights[i];
    }
    for (uint32_t i = n; i-- > 0;) /* rounding */
        if (weights[i] > 0)
            return i;
    return 0;
}
