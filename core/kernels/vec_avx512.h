/* The vector shim for AVX-512F, and the tile sizes that fit its registers. */
#ifndef KERNELS_VEC_AVX512_H
#define KERNELS_VEC_AVX512_H

#include "core/kernels/kernels.h"

#include <immintrin.h>

#if !defined(__AVX512F__) || !defined(__FMA__)
#error "build this file with -mavx512f -mfma"
#endif

enum {
    LANES = 16,
    ONE_P1 = 8, /* vectors beside each other for one row, by number of partial sums */
    ONE_P2 = 4,
    ONE_P4 = 1,
    TILE_ROWS_P1 = 6, /* rows and vectors of a tile: accumulators fill 24 of 32 registers */
    TILE_VECS_P1 = 4,
    TILE_ROWS_P2 = 3,
    TILE_VECS_P2 = 4,
    TILE_ROWS_P4 = 6,
    TILE_VECS_P4 = 1
};

#define SHIM static inline __attribute__((always_inline))

typedef __m512 vec;

SHIM vec vload(const kreal *p)
{
    return _mm512_loadu_ps(p);
}

SHIM void vstore(kreal *p, vec a)
{
    _mm512_storeu_ps(p, a);
}

/* The first n of LANES. */
SHIM void vstore_n(kreal *p, vec a, size_t n)
{
    _mm512_mask_storeu_ps(p, (__mmask16)((1u << n) - 1u), a);
}

/* Zero from lane n on. */
SHIM vec vkeep(vec a, size_t n)
{
    return _mm512_maskz_mov_ps((__mmask16)((1u << n) - 1u), a);
}

SHIM vec vset(kreal a)
{
    return _mm512_set1_ps(a);
}

SHIM vec vfma(vec a, vec b, vec c)
{
    return _mm512_fmadd_ps(a, b, c);
}

SHIM vec vadd(vec a, vec b)
{
    return _mm512_add_ps(a, b);
}

SHIM vec vsub(vec a, vec b)
{
    return _mm512_sub_ps(a, b);
}

SHIM vec vmul(vec a, vec b)
{
    return _mm512_mul_ps(a, b);
}

SHIM vec vdiv(vec a, vec b)
{
    return _mm512_div_ps(a, b);
}

SHIM vec vsqrt(vec a)
{
    return _mm512_sqrt_ps(a);
}

SHIM vec vmax(vec a, vec b)
{
    return _mm512_max_ps(a, b);
}

SHIM vec vmin(vec a, vec b)
{
    return _mm512_min_ps(a, b);
}

/* b where a > 0, else c. */
SHIM vec vpositive(vec a, vec b, vec c)
{
    return _mm512_mask_blend_ps(_mm512_cmp_ps_mask(a, _mm512_setzero_ps(), _CMP_GT_OQ), c, b);
}

SHIM vec vround(vec a)
{
    return _mm512_roundscale_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}

/* 2^a for whole -126 <= a <= 127. */
SHIM vec vpow2(vec a)
{
    const __m512i biased = _mm512_add_epi32(_mm512_cvtps_epi32(a), _mm512_set1_epi32(127));
    return _mm512_castsi512_ps(_mm512_slli_epi32(biased, 23));
}

#endif
