/*
 * One block of memory, handed out in two passes: the first, on an arena of all zeros, only counts;
 * arena_alloc then makes a block of that size, and the same calls are made again.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stdbool.h>
#include <stddef.h>

enum {
    ARENA_ALIGN = 64, /* bytes: a cache line and the widest vector */
    ARENA_SLACK = 64  /* bytes after the last piece that may be read (not used) */
};

typedef struct arena {
    void *block;         /* as malloc gave it; owned; NULL while counting */
    unsigned char *base; /* aligned start */
    size_t used;         /* bytes handed out so far */
    bool too_big;        /* a size did not fit size_t */
} arena;

/* Hands out [count][size] bytes at a multiple of ARENA_ALIGN, zeroed; NULL while counting. */
void *arena_take(arena *a, size_t count, size_t size);

/* Makes the block for what was counted and starts over. False when memory could not be had. */
bool arena_alloc(arena *a);

/* Releases the block; the arena is all zeros again. */
void arena_free(arena *a);

#endif
