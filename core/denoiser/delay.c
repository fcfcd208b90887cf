#include "core/denoiser/delay.h"

#include <stdlib.h>
#include <string.h>

bool delay_init(delay *d, uint32_t length)
{
    *d = (delay){.ring = NULL, .length = length, .at = 0};
    if (length > 0) {
        d->ring = calloc(length, sizeof *d->ring);
        if (!d->ring)
            d->length = 0;
    }
    return d->length == length;
}

void delay_free(delay *d)
{
    free(d->ring);
    *d = (delay){0};
}

void delay_reset(delay *d)
{
    if (d->length > 0)
        memset(d->ring, 0, d->length * sizeof *d->ring);
    d->at = 0;
}

void delay_run(delay *d, float *x, size_t n)
{
    if (d->length == 0)
        return;
    uint32_t at = d->at;
    for (size_t i = 0; i < n; i++) {
        const float out = d->ring[at];
        d->ring[at] = x[i];
        x[i] = out;
        at = at + 1 == d->length ? 0 : at + 1;
    }
    d->at = at;
}
