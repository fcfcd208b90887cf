/*
 * Makes the n-th allocation fail. The program is linked with failing_alloc_args of
 * tests/meson.build (the linker's --wrap), which catches what is linked statically: the core, and
 * what the core asks FFTW for; not what shared libraries allocate inside.
 */
#ifndef SUPPORT_FAILING_ALLOC_H
#define SUPPORT_FAILING_ALLOC_H

#include <stddef.h>

/* From now on allocation number `n` (0 = the next) fails, once; SIZE_MAX: none. */
void failing_alloc_arm(size_t n);

/* Ends the failing; nonzero when an allocation did fail since failing_alloc_arm. */
int failing_alloc_disarm(void);

#endif
