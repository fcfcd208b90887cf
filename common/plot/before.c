#include "common/plot/before.h"
#include "common/fail.h"

#include <stdlib.h>

struct before {
    plot *plot;
    float *ring; /* [size] what went in and has not come out */
    size_t size, start, held;
};

void before_free(before *b)
{
    if (!b)
        return;
    plot_free(b->plot);
    free(b->ring);
    free(b);
}

sordino_status before_new(const plot_config *config, size_t latency, size_t block, before **out,
                          sordino_error *why)
{
    *out = NULL;
    before *const b = calloc(1, sizeof *b);
    if (!b)
        return fail_no_memory(why);
    b->size = latency + block;
    b->ring = malloc(b->size * sizeof *b->ring);
    const sordino_status status = b->ring ? plot_new(config, &b->plot, why) : fail_no_memory(why);
    if (status)
        before_free(b);
    else
        *out = b;
    return status;
}

void before_in(before *b, const float *in, size_t n, uint32_t channels)
{
    for (size_t i = 0; i < n && b->held < b->size; i++)
        b->ring[(b->start + b->held++) % b->size] = in[i * channels];
}

void before_out(before *b, const float *out, size_t n, uint32_t channels)
{
    enum { PART = 256 };
    float was[PART], is[PART];
    while (n > 0) {
        size_t k = 0;
        for (; k < n && k < PART && b->held > 0; k++) {
            was[k] = b->ring[b->start];
            is[k] = out[k * channels];
            b->start = (b->start + 1) % b->size;
            b->held--;
        }
        if (k == 0)
            return;
        plot_push(b->plot, was, is, k);
        out += k * channels;
        n -= k;
    }
}

sordino_status before_finish(before *b, const char *path, sordino_error *why)
{
    return plot_finish(b->plot, path, why);
}
