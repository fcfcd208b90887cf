/*
 * Logarithms and powers to base 2 such that a loop of them becomes vectors: in single precision
 * log2_of is for normal x > 0, within 2e-7 of the larger of 1 and its size; exp2_of is for |x| <
 * 126, within 3e-7 of its size. In double the C library's.
 */
#ifndef LOSS_POWER_H
#define LOSS_POWER_H

#include <math.h>
#include <stdint.h>

#include "core/base/bytes.h"
#include "core/kernels/kernels.h"

#ifdef KERNELS_DOUBLE

static inline double log2_of(double x)
{
    return log2(x);
}

static inline double exp2_of(double x)
{
    return exp2(x);
}

static inline double root_of(double x)
{
    return sqrt(x);
}

#else

/* log2 x = e + log2 m, m in [sqrt 1/2, sqrt 2): by the series of atanh in z = (m - 1) / (m + 1),
 * whose next term is below 5e-8. */
static inline float log2_of(float x)
{
    const uint32_t bits = float_to_bits(x), offset = bits - 0x3f3504f3u;
    const float e = (float)((int32_t)offset >> 23);
    const float m = float_from_bits(bits - (offset & 0xff800000u));
    const float z = (m - 1.0f) / (m + 1.0f), q = z * z;
    const float series =
        2.8853900818f + q * (0.9617966939f + q * (0.5770780164f + q * 0.4121985831f));
    return e + z * series;
}

/* 2^x = 2^k 2^f, f in [-1/2, 1/2]: Taylor's series to the sixth power. */
static inline float exp2_of(float x)
{
    const float shifted = x + 12582912.0f; /* 1.5 * 2^23: rounds to a whole number */
    const float k = shifted - 12582912.0f, f = x - k;
    const float series =
        1.0f + f * (0.6931471806f +
                    f * (0.2402265070f +
                         f * (0.0555041087f +
                              f * (0.0096181291f + f * (0.0013333558f + f * 0.0001540353f)))));
    return series * float_from_bits((uint32_t)((int32_t)k + 127) << 23);
}

static inline float root_of(float x)
{
    return sqrtf(x);
}

#endif
#endif
