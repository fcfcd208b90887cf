#include "tests/support/failing_alloc.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

static size_t left = SIZE_MAX;
static int failed;

static int fails(void)
{
    if (left == SIZE_MAX)
        return 0;
    if (left-- > 0)
        return 0;
    left = SIZE_MAX;
    failed = 1;
    return 1;
}

void failing_alloc_arm(size_t n)
{
    left = n;
    failed = 0;
}

int failing_alloc_disarm(void)
{
    left = SIZE_MAX;
    return failed;
}

/* A function that returns NULL on failure, and stands before the one of the same name. */
#define WRAP(name, params, args)                                                                   \
    void *__real_##name params;                                                                    \
    void *__wrap_##name params;                                                                    \
    void *__wrap_##name params                                                                     \
    {                                                                                              \
        return fails() ? NULL : __real_##name args;                                                \
    }

WRAP(malloc, (size_t size), (size))
WRAP(calloc, (size_t n, size_t size), (n, size))
WRAP(realloc, (void *old, size_t size), (old, size))
WRAP(aligned_alloc, (size_t align, size_t size), (align, size))
WRAP(strdup, (const char *text), (text))
WRAP(strndup, (const char *text, size_t n), (text, n))

/* FFTW's plans are pointers too, and NULL when they cannot be made. */
WRAP(fftwf_malloc, (size_t size), (size))
WRAP(fftwf_plan_dft_1d, (int n, void *in, void *out, int sign, unsigned flags),
     (n, in, out, sign, flags))

int __real_posix_memalign(void **out, size_t align, size_t size);
int __wrap_posix_memalign(void **out, size_t align, size_t size);
int __wrap_posix_memalign(void **out, size_t align, size_t size)
{
    return fails() ? ENOMEM : __real_posix_memalign(out, align, size);
}
