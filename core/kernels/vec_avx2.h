/* The vector shim for AVX2 and FMA, and the tile sizes that fit its registers. */
#ifndef KERNELS_VEC_AVX2_H
#define KERNELS_VEC_AVX2_H

#include "core/kernels/kernels.h"

#include <immintrin.h>

#if !defined(__AVX2__) || !defined(__FMA__)
#error "build this file with -mavx2 -mfma"
#endif

enum {
    LANES = 8,
    ONE_P1 = 8, /* vectors beside each other for one row, by number of partial sums */
    ONE_P2 = 4,
    ONE_P4 = 2,
    TILE_ROWS_P1 = 6, /* rows and vectors of a tile: accumulators fill 12 of 16 registers */
    TILE_VECS_P1 = 2,
    TILE_ROWS_P2 = 3,
    TILE_VECS_P2 = 2,
    TILE_ROWS_P4 = 3,
    TILE_VECS_P4 = 1
};

#define SHIM static inline __attribute__((always_inline))

typedef __m256 vec;

SHIM vec vload(const kreal *p)
{
    return _mm256_loadu_ps(p);
}

SHIM void vstore(kreal *p, vec a)
{
    _mm256_storeu_ps(p, a);
}

/* Ones in the first n lanes. */
SHIM __m256i vmask(size_t n)
{
    const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)n), lane);
}

/* The first n of LANES. */
SHIM void vstore_n(kreal *p, vec a, size_t n)
{
    _mm256_maskstore_ps(p, vmask(n), a);
}

/* Zero from lane n on. */
SHIM vec vkeep(vec a, size_t n)
{
    return _mm256_and_ps(a, _mm256_castsi256_ps(vmask(n)));
}

SHIM vec vset(kreal a)
{
    return _mm256_set1_ps(a);
}

SHIM vec vfma(vec a, vec b, vec c)
{
    return _mm256_fmadd_ps(a, b, c);
}

SHIM vec vadd(vec a, vec b)
{
    return _mm256_add_ps(a, b);
}

SHIM vec vsub(vec a, vec b)
{
    return _mm256_sub_ps(a, b);
}

SHIM vec vmul(vec a, vec b)
{
    return _mm256_mul_ps(a, b);
}

SHIM vec vdiv(vec a, vec b)
{
    return _mm256_div_ps(a, b);
}

SHIM vec vsqrt(vec a)
{
    return _mm256_sqrt_ps(a);
}

SHIM vec vmax(vec a, vec b)
{
    return _mm256_max_ps(a, b);
}

SHIM vec vmin(vec a, vec b)
{
    return _mm256_min_ps(a, b);
}

/* b where a > 0, else c. */
SHIM vec vpositive(vec a, vec b, vec c)
{
    return _mm256_blendv_ps(c, b, _mm256_cmp_ps(a, _mm256_setzero_ps(), _CMP_GT_OQ));
}

SHIM vec vround(vec a)
{
    return _mm256_round_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}

/* 2^a for whole -126 <= a <= 127. */
SHIM vec vpow2(vec a)
{
    const __m256i biased = _mm256_add_epi32(_mm256_cvtps_epi32(a), _mm256_set1_epi32(127));
    return _mm256_castsi256_ps(_mm256_slli_epi32(biased, 23));
}

#endif
