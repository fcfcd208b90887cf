/* How the kernels of this folder ask for code of a certain form. */
#ifndef KERNELS_UNROLL_H
#define KERNELS_UNROLL_H

#define NO_INLINE static __attribute__((noinline))
/* Unrolled early enough for the arrays of vectors to become registers. */
#if defined(__clang__)
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 16")
#endif

#endif
