/* The vector shim for 64-bit ARM, and the tile sizes that fit its registers. */
#ifndef KERNELS_VEC_NEON_H
#define KERNELS_VEC_NEON_H

#include "core/kernels/kernels.h"

#include <arm_neon.h>

#if !defined(__aarch64__)
#error "build this file for 64-bit ARM"
#endif

enum {
    LANES = 4,
    ONE_P1 = 8, /* vectors beside each other for one row, by number of partial sums */
    ONE_P2 = 4,
    ONE_P4 = 4,
    TILE_ROWS_P1 = 6, /* rows and vectors of a tile: accumulators fill 24 of 32 registers */
    TILE_VECS_P1 = 4,
    TILE_ROWS_P2 = 3,
    TILE_VECS_P2 = 4,
    TILE_ROWS_P4 = 3,
    TILE_VECS_P4 = 2
};

#define SHIM static inline __attribute__((always_inline))

typedef float32x4_t vec;

SHIM vec vload(const kreal *p)
{
    return vld1q_f32(p);
}

SHIM void vstore(kreal *p, vec a)
{
    vst1q_f32(p, a);
}

/* The first n of LANES. */
SHIM void vstore_n(kreal *p, vec a, size_t n)
{
    kreal lanes[LANES];
    vst1q_f32(lanes, a);
    for (size_t i = 0; i < LANES && i < n; i++)
        p[i] = lanes[i];
}

/* Zero from lane n on. */
SHIM vec vkeep(vec a, size_t n)
{
    const uint32_t lane[LANES] = {0, 1, 2, 3};
    const uint32x4_t mask = vcltq_u32(vld1q_u32(lane), vdupq_n_u32((uint32_t)n));
    return vreinterpretq_f32_u32(vandq_u32(vreinterpretq_u32_f32(a), mask));
}

SHIM vec vset(kreal a)
{
    return vdupq_n_f32(a);
}

SHIM vec vfma(vec a, vec b, vec c)
{
    return vfmaq_f32(c, a, b);
}

SHIM vec vadd(vec a, vec b)
{
    return vaddq_f32(a, b);
}

SHIM vec vsub(vec a, vec b)
{
    return vsubq_f32(a, b);
}

SHIM vec vmul(vec a, vec b)
{
    return vmulq_f32(a, b);
}

SHIM vec vdiv(vec a, vec b)
{
    return vdivq_f32(a, b);
}

SHIM vec vsqrt(vec a)
{
    return vsqrtq_f32(a);
}

SHIM vec vmax(vec a, vec b)
{
    return vmaxq_f32(a, b);
}

SHIM vec vmin(vec a, vec b)
{
    return vminq_f32(a, b);
}

/* b where a > 0, else c. */
SHIM vec vpositive(vec a, vec b, vec c)
{
    return vbslq_f32(vcgtq_f32(a, vdupq_n_f32(0)), b, c);
}

SHIM vec vround(vec a)
{
    return vrndnq_f32(a);
}

/* 2^a for whole -126 <= a <= 127. */
SHIM vec vpow2(vec a)
{
    const int32x4_t biased = vaddq_s32(vcvtq_s32_f32(a), vdupq_n_s32(127));
    return vreinterpretq_f32_s32(vshlq_n_s32(biased, 23));
}

#endif
