/* x^p for x > 0, such that a loop of it becomes vectors: relative error below 3e-6 in single
 * precision for |p log2 x| < 100. In double the C library's. */
#ifndef LOSS_POWER_H
#define LOSS_POWER_H

#include <math.h>
#include <stdint.h>

#include "core/base/bytes.h"
#include "core/kernels/kernels.h"

#ifdef KERNELS_DOUBLE

static inline double power_of(double x, double p)
{
    return pow(x, p);
}

static inline double log2_of(double x)
{
    return log2(x);
}

static inline double root_of(double x)
{
    return sqrt(x);
}

#else

/* log2 x = e + log2 m, m in [sqrt 1/2, sqrt 2): by the series of atanh in z = (m - 1) / (m + 1),
 * whose next term is below 1e-8. */
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
    const float low = x < -120.0f ? -120.0f : x, y = low > 120.0f ? 120.0f : low;
    const float shifted = y + 12582912.0f; /* 1.5 * 2^23: rounds to a whole number */
    const float k = shifted - 12582912.0f, f = y - k;
    const float series =
        1.0f + f * (0.6931471806f +
                    f * (0.2402265070f +
                         f * (0.0555041087f +
                              f * (0.0096181291f + f * (0.0013333558f + f * 0.0001540353f)))));
    return series * float_from_bits((uint32_t)((int32_t)k + 127) << 23);
}

static inline float power_of(float x, float p)
{
    return exp2_of(p * log2_of(x));
}

static inline float root_of(float x)
{
    return sqrtf(x);
}

#endif
#endif
