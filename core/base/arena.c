#include "core/base/arena.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

void *arena_take(arena *a, size_t count, size_t size)
{
    if (size > 0 && count > (SIZE_MAX / 4 - a->used) / size) {
        a->too_big = true;
        return NULL;
    }
    void *const piece = a->base ? a->base + a->used : NULL;
    a->used = (a->used + count * size + ARENA_ALIGN - 1) / ARENA_ALIGN * ARENA_ALIGN;
    return piece;
}

bool arena_alloc(arena *a)
{
    if (a->too_big)
        return false;
    a->block = calloc(1, a->used + ARENA_ALIGN + ARENA_SLACK);
    if (!a->block)
        return false;
    const size_t over = (uintptr_t)a->block % ARENA_ALIGN;
    a->base = (unsigned char *)a->block + (over ? ARENA_ALIGN - over : 0);
    a->used = 0;
    return true;
}

void arena_free(arena *a)
{
    free(a->block);
    memset(a, 0, sizeof *a);
}
