#include "stream/ring.h"

#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Counts run on for ever and are taken modulo the size, a power of two. */
struct ring {
    atomic_size_t written, taken;
    size_t size;
    float room[];
};

ring *ring_new(size_t n)
{
    size_t size = 1;
    while (size < n && size <= SIZE_MAX / 16)
        size *= 2;
    ring *const r = size < n ? NULL : calloc(1, sizeof *r + size * sizeof(float));
    if (r)
        r->size = size;
    return r;
}

void ring_free(ring *r)
{
    free(r);
}

size_t ring_room(const ring *r)
{
    return r->size - (atomic_load_explicit(&r->written, memory_order_relaxed) -
                      atomic_load_explicit(&r->taken, memory_order_acquire));
}

size_t ring_waiting(const ring *r)
{
    return atomic_load_explicit(&r->written, memory_order_acquire) -
           atomic_load_explicit(&r->taken, memory_order_relaxed);
}

bool ring_write(ring *r, const float *from, size_t n)
{
    if (n > ring_room(r))
        return false;
    const size_t at = atomic_load_explicit(&r->written, memory_order_relaxed);
    const size_t start = at & (r->size - 1), to_end = r->size - start;
    const size_t first = n < to_end ? n : to_end;
    memcpy(r->room + start, from, first * sizeof *from);
    memcpy(r->room, from + first, (n - first) * sizeof *from);
    atomic_store_explicit(&r->written, at + n, memory_order_release);
    return true;
}

void ring_read(ring *r, float *to, size_t n)
{
    const size_t at = atomic_load_explicit(&r->taken, memory_order_relaxed);
    const size_t start = at & (r->size - 1), to_end = r->size - start;
    const size_t first = n < to_end ? n : to_end;
    memcpy(to, r->room + start, first * sizeof *to);
    memcpy(to + first, r->room, (n - first) * sizeof *to);
    atomic_store_explicit(&r->taken, at + n, memory_order_release);
}
