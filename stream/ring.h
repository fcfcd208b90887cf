/* A queue of floats from one thread to one other, without locks: frames on their way to a file, or
 * from one. */
#ifndef STREAM_RING_H
#define STREAM_RING_H

#include <stdbool.h>
#include <stddef.h>

#include <sordino/attributes.h>

typedef struct ring ring;

/* Room for at least `n` floats. NULL when out of memory. */
ring *ring_new(size_t n);

/* Releases it. NULL is ignored. */
void ring_free(ring *r);

/* By the writer. How many floats there is room for; it only grows until the next write. */
size_t ring_room(const ring *r) SORDINO_RT;

/* By the writer: puts n floats behind those that are there; false, and nothing is put, when there
 * is no room for all. */
bool ring_write(ring *r, const float *from, size_t n) SORDINO_RT;

/* By the reader: how many floats wait, and takes n of them (n at most so many). */
size_t ring_waiting(const ring *r) SORDINO_RT;
void ring_read(ring *r, float *to, size_t n) SORDINO_RT;

#endif
