/* Flush-to-zero and denormals-are-zero for the length of a scope: a decaying tail must not cost
 * more than a loud one. Set at the top of processing, restored before it returns. */
#ifndef BASE_FPENV_H
#define BASE_FPENV_H

#include <stdint.h>

#if defined(__SSE2__)
#include <immintrin.h>

typedef unsigned int fpenv_saved;

static inline fpenv_saved fpenv_enter(void)
{
    const unsigned int saved = _mm_getcsr();
    _mm_setcsr(saved | 0x8040u); /* FTZ is bit 15, DAZ bit 6 */
    return saved;
}

static inline void fpenv_leave(fpenv_saved saved)
{
    _mm_setcsr(saved);
}

#elif defined(__aarch64__)

typedef uint64_t fpenv_saved;

static inline fpenv_saved fpenv_enter(void)
{
    uint64_t saved;
    __asm__ volatile("mrs %0, fpcr" : "=r"(saved));
    __asm__ volatile("msr fpcr, %0" : : "r"(saved | (UINT64_C(1) << 24))); /* FZ is bit 24 */
    return saved;
}

static inline void fpenv_leave(fpenv_saved saved)
{
    __asm__ volatile("msr fpcr, %0" : : "r"(saved));
}

#else

typedef int fpenv_saved;

static inline fpenv_saved fpenv_enter(void)
{
    return 0;
}

static inline void fpenv_leave(fpenv_saved saved)
{
    (void)saved;
}

#endif
#endif
