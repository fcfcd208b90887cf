/* Passages of slow sources, kept and made anew in rotation. */
#ifndef MIX_POOL_H
#define MIX_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "trainer/mix/mix.h"

typedef struct pool pool;

/* `slots` passages of `seconds` at `rate` Hz, `refresh` of them anew each step. NULL when out of
 * memory. `source` is borrowed. */
pool *pool_new(const mix_source *source, uint32_t slots, double seconds, double rate,
               double refresh, uint64_t seed, uint64_t stream);
void pool_free(pool *p);

/* What has to be made before `step`, and number `job` of it. */
size_t pool_jobs(pool *p, uint64_t step);
size_t pool_due(const pool *p); /* as pool_jobs counted last */
bool pool_make(pool *p, uint64_t step, size_t job);

/* `n` samples at `rate` from a random place of a random passage, at up to twice the pool's rate or
 * any lower one. `*band` is lowered as by mix_source.draw. */
bool pool_draw(const pool *p, rng *r, double rate, float *out, size_t n, double *band);

#endif
