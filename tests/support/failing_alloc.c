#include "tests/support/failing_alloc.h"

#include <stdint.h>
#include <stdlib.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *old, size_t size);

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

void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
    return fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *old, size_t size)
{
    return fails() ? NULL : __real_realloc(old, size);
}
