/* What the processor and the operating system can do, read anew at every call. */
#ifndef BASE_CPU_H
#define BASE_CPU_H

#include <stdbool.h>

bool cpu_has_avx2_fma(void);
bool cpu_has_avx512(void); /* the F part; the system saves the wide registers */
bool cpu_has_neon(void);   /* 64-bit ARM always has it */

#endif
