#include "core/base/cpu.h"

#if defined(__x86_64__) || defined(__i386__)

/* The builtins look at what the system saves on a task switch, too. */
bool cpu_has_avx2_fma(void)
{
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}

bool cpu_has_avx512(void)
{
    __builtin_cpu_init();
    return cpu_has_avx2_fma() && __builtin_cpu_supports("avx512f");
}

#else

bool cpu_has_avx2_fma(void)
{
    return false;
}

bool cpu_has_avx512(void)
{
    return false;
}

#endif

bool cpu_has_neon(void)
{
#if defined(__aarch64__)
    return true;
#else
    return false;
#endif
}
