#include "stream/capture.h"
#include "stream/ring.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { HEAD = 4, CHUNK = 64 }; /* floats; frames */

/* Before each chunk in the ring; the counts are carried as bytes. */
typedef struct head {
    uint64_t lost; /* frames, before this chunk */
    uint64_t n;    /* frames in it, 1..CHUNK */
} head;
_Static_assert(sizeof(head) == HEAD * sizeof(float), "a head is carried as floats");

struct capture {
    ring *ring;
    uint32_t channels;
    uint64_t missing; /* writer: lost since the last chunk that went in */
    float *chunk;     /* writer: [HEAD + CHUNK * channels] */
    head now;         /* reader: what is left of the chunk begun */
    atomic_uint_fast64_t pushed, lost;
};

capture *capture_new(uint32_t channels, size_t frames)
{
    capture *const t = calloc(1, sizeof *t);
    if (!t)
        return NULL;
    const size_t chunk = HEAD + (size_t)CHUNK * channels;
    t->channels = channels;
    t->ring = ring_new((frames / CHUNK + 1) * chunk);
    t->chunk = calloc(chunk, sizeof *t->chunk);
    if (!t->ring || !t->chunk) {
        capture_free(t);
        return NULL;
    }
    return t;
}

void capture_free(capture *t)
{
    if (!t)
        return;
    ring_free(t->ring);
    free(t->chunk);
    free(t);
}

static void push_chunk(capture *t, const float *const *planes, size_t from, size_t n)
{
    const head h = {.lost = t->missing, .n = n};
    memcpy(t->chunk, &h, sizeof h);
    for (uint32_t c = 0; c < t->channels; c++)
        for (size_t i = 0; i < n; i++)
            t->chunk[HEAD + i * t->channels + c] = planes[c][from + i];
    if (ring_write(t->ring, t->chunk, HEAD + n * t->channels)) {
        t->missing = 0;
    } else {
        t->missing += n;
        atomic_fetch_add_explicit(&t->lost, n, memory_order_relaxed);
    }
}

void capture_push(capture *t, const float *const *planes, size_t n)
{
    for (size_t at = 0; at < n; at += CHUNK)
        push_chunk(t, planes, at, n - at < CHUNK ? n - at : CHUNK);
    atomic_fetch_add_explicit(&t->pushed, n, memory_order_relaxed);
}

size_t capture_pull(capture *t, float *to, size_t most)
{
    size_t got = 0;
    while (got < most) {
        if (t->now.lost == 0 && t->now.n == 0) {
            float bytes[HEAD];
            if (ring_waiting(t->ring) < HEAD)
                break;
            ring_read(t->ring, bytes, HEAD); /* its frames were written with it */
            memcpy(&t->now, bytes, sizeof t->now);
        }
        const uint64_t left = t->now.lost > 0 ? t->now.lost : t->now.n;
        const size_t n = left < most - got ? (size_t)left : most - got;
        if (t->now.lost > 0) {
            memset(to + got * t->channels, 0, n * t->channels * sizeof *to);
            t->now.lost -= n;
        } else {
            ring_read(t->ring, to + got * t->channels, n * t->channels);
            t->now.n -= n;
        }
        got += n;
    }
    return got;
}

uint64_t capture_pushed(const capture *t)
{
    return atomic_load_explicit(&t->pushed, memory_order_relaxed);
}

uint64_t capture_lost(const capture *t)
{
    return atomic_load_explicit(&t->lost, memory_order_relaxed);
}
