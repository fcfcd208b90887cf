#include "common/table/gaps.h"

#include <math.h>
#include <stdlib.h>

struct gaps {
    uint64_t n;
    uint32_t channels;
    bool keep;
    size_t room, begin, end; /* samples; a ring */
    bool missing[];          /* [room] */
};

gaps *gaps_new(size_t latency, size_t block, uint32_t channels, bool keep)
{
    const size_t room = keep ? (latency + block + 1) * channels : 0;
    gaps *const g = calloc(1, sizeof *g + room * sizeof *g->missing);
    if (g) {
        g->channels = channels;
        g->keep = keep;
        g->room = room;
    }
    return g;
}

void gaps_free(gaps *g)
{
    free(g);
}

static size_t next(const gaps *g, size_t at)
{
    return at + 1 < g->room ? at + 1 : 0;
}

void gaps_in(gaps *g, const float *in, size_t n)
{
    for (size_t i = 0; i < n * g->channels; i++) {
        const bool missing = !isfinite(in[i]);
        g->n += missing;
        if (g->keep) {
            g->missing[g->end] = missing;
            g->end = next(g, g->end);
        }
    }
}

void gaps_out(gaps *g, float *out, size_t n)
{
    for (size_t i = 0; g->keep && i < n * g->channels; i++) {
        if (g->missing[g->begin])
            out[i] = NAN;
        g->begin = next(g, g->begin);
    }
}

uint64_t gaps_count(const gaps *g)
{
    return g->n;
}
