#include "stream/feed.h"
#include "stream/ring.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK = 64 }; /* frames */

struct feed {
    ring *ring;
    uint32_t channels;
    float *chunk; /* reader: [CHUNK][channels] */
    atomic_bool ended;
    atomic_uint_fast64_t pulled, late, after;
};

feed *feed_new(uint32_t channels, size_t frames)
{
    feed *const f = calloc(1, sizeof *f);
    if (!f)
        return NULL;
    f->channels = channels;
    f->ring = ring_new(frames * channels);
    f->chunk = calloc((size_t)CHUNK * channels, sizeof *f->chunk);
    if (!f->ring || !f->chunk) {
        feed_free(f);
        return NULL;
    }
    return f;
}

void feed_free(feed *f)
{
    if (!f)
        return;
    ring_free(f->ring);
    free(f->chunk);
    free(f);
}

size_t feed_room(const feed *f)
{
    return ring_room(f->ring) / f->channels;
}

void feed_push(feed *f, const float *from, size_t n)
{
    ring_write(f->ring, from, n * f->channels);
}

void feed_end(feed *f)
{
    atomic_store_explicit(&f->ended, true, memory_order_release);
}

static void pull_chunk(feed *f, float *const *planes, size_t from, size_t n)
{
    ring_read(f->ring, f->chunk, n * f->channels);
    for (uint32_t c = 0; c < f->channels; c++)
        for (size_t i = 0; i < n; i++)
            planes[c][from + i] = f->chunk[i * f->channels + c];
}

void feed_pull(feed *f, float *const *planes, size_t n)
{
    /* Looked at first: what was pushed before the end is then seen below. */
    const bool ended = atomic_load_explicit(&f->ended, memory_order_acquire);
    const size_t waiting = ring_waiting(f->ring) / f->channels, taken = waiting < n ? waiting : n;
    for (size_t at = 0; at < taken; at += CHUNK)
        pull_chunk(f, planes, at, taken - at < CHUNK ? taken - at : CHUNK);
    for (uint32_t c = 0; c < f->channels; c++)
        memset(planes[c] + taken, 0, (n - taken) * sizeof *planes[c]);
    atomic_fetch_add_explicit(&f->pulled, taken, memory_order_relaxed);
    atomic_fetch_add_explicit(ended ? &f->after : &f->late, n - taken, memory_order_relaxed);
}

uint64_t feed_pulled(const feed *f)
{
    return atomic_load_explicit(&f->pulled, memory_order_relaxed);
}

uint64_t feed_late(const feed *f)
{
    return atomic_load_explicit(&f->late, memory_order_relaxed);
}

uint64_t feed_after(const feed *f)
{
    return atomic_load_explicit(&f->after, memory_order_relaxed);
}
