/* A delay line of fixed length; 0 is allowed. */
#ifndef DENOISER_DELAY_H
#define DENOISER_DELAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sordino/attributes.h>

typedef struct delay {
    float *ring; /* [length], owned; NULL when length is 0 */
    uint32_t length, at;
} delay;

/* False when out of memory. `d` is then empty and may be freed. */
bool delay_init(delay *d, uint32_t length);
void delay_free(delay *d);
void delay_reset(delay *d) SORDINO_RT;

/* Writes to `x` [n] what went in `length` samples ago, and takes `x` in; in place. */
void delay_run(delay *d, float *x, size_t n) SORDINO_RT;

#endif
