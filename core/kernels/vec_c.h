/* The vector shim for every machine: four lanes that the compiler maps to what the machine has.
 * Multiplies and adds are rounded apart: a fused one may be a slow call here. */
#ifndef KERNELS_VEC_C_H
#define KERNELS_VEC_C_H

#include "core/kernels/kernels.h"

#include <math.h>
#include <string.h>

enum {
    LANES = 4,
    ONE_P1 = 8, /* vectors beside each other for one row, by number of partial sums */
    ONE_P2 = 4,
    ONE_P4 = 2,
    TILE_ROWS_P1 = 3, /* rows and vectors of a tile: accumulators fill 12 of 16 registers */
    TILE_VECS_P1 = 4,
    TILE_ROWS_P2 = 3,
    TILE_VECS_P2 = 2,
    TILE_ROWS_P4 = 3,
    TILE_VECS_P4 = 1
};

#define SHIM static inline __attribute__((always_inline))

typedef kreal vec __attribute__((vector_size(LANES * sizeof(kreal))));
#ifdef KERNELS_DOUBLE
typedef int64_t bits __attribute__((vector_size(LANES * sizeof(int64_t))));
#else
typedef int32_t bits __attribute__((vector_size(LANES * sizeof(int32_t))));
#endif

SHIM vec vload(const kreal *p)
{
    vec a;
    memcpy(&a, p, sizeof a);
    return a;
}

SHIM void vstore(kreal *p, vec a)
{
    memcpy(p, &a, sizeof a);
}

/* The first n of LANES. */
SHIM void vstore_n(kreal *p, vec a, size_t n)
{
    for (size_t i = 0; i < LANES && i < n; i++)
        p[i] = a[i];
}

/* Zero from lane n on. */
SHIM vec vkeep(vec a, size_t n)
{
    for (size_t i = n; i < LANES; i++)
        a[i] = 0;
    return a;
}

SHIM vec vset(kreal a)
{
    return (vec){a, a, a, a};
}

SHIM vec vfma(vec a, vec b, vec c)
{
    return a * b + c;
}

SHIM vec vadd(vec a, vec b)
{
    return a + b;
}

SHIM vec vsub(vec a, vec b)
{
    return a - b;
}

SHIM vec vmul(vec a, vec b)
{
    return a * b;
}

SHIM vec vdiv(vec a, vec b)
{
    return a / b;
}

SHIM vec vsqrt(vec a)
{
#ifdef KERNELS_DOUBLE
    return (vec){sqrt(a[0]), sqrt(a[1]), sqrt(a[2]), sqrt(a[3])};
#else
    return (vec){sqrtf(a[0]), sqrtf(a[1]), sqrtf(a[2]), sqrtf(a[3])};
#endif
}

SHIM vec vselect(bits mask, vec a, vec b)
{
    return (vec)(((bits)a & mask) | ((bits)b & ~mask));
}

SHIM vec vmax(vec a, vec b)
{
    return vselect((bits)(a > b), a, b);
}

SHIM vec vmin(vec a, vec b)
{
    return vselect((bits)(a < b), a, b);
}

/* b where a > 0, else c. */
SHIM vec vpositive(vec a, vec b, vec c)
{
    return vselect((bits)(a > vset(0)), b, c);
}

#ifndef KERNELS_DOUBLE

/* To the nearest whole number, for |a| < 2^22. */
SHIM vec vround(vec a)
{
    const vec shift = vset(12582912.0f); /* 1.5 * 2^23: no bits are left for a fraction */
    return (a + shift) - shift;
}

/* 2^a for whole -126 <= a <= 127. */
SHIM vec vpow2(vec a)
{
    return (vec)((__builtin_convertvector(a, bits) + 127) << 23);
}

#endif

#endif
