/*
 * Slot k is in its generation floor((k + refresh step) / slots): one after the other each slot is
 * made anew. A passage is a function of slot and generation.
 */
#include "trainer/mix/pool.h"

#include "trainer/data/rate.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { POOL_RATES = 16, NEVER = 0 };

/* A passage at one rate; at others it is made from that when first asked for. */
typedef struct slot {
    uint64_t generation; /* + 1; NEVER: empty */
    float *samples;      /* at the pool's rate */
    double band;         /* Hz up to which they are filled */
    double rates[POOL_RATES];
    float *others[POOL_RATES];
    size_t lengths[POOL_RATES];
    uint32_t n_others;
} slot;

struct pool {
    const mix_source *source;
    uint32_t n;
    size_t length;
    double rate, refresh;
    uint64_t seed, stream;
    slot *slots;
    uint32_t *due; /* slots of the jobs that pool_jobs counted */
    size_t n_due;
    pthread_mutex_t lock;
};

pool *pool_new(const mix_source *source, uint32_t slots, double seconds, double rate,
               double refresh, uint64_t seed, uint64_t stream)
{
    pool *p = calloc(1, sizeof *p);
    if (!p)
        return NULL;
    *p = (pool){.source = source,
                .n = slots,
                .length = (size_t)(seconds * rate),
                .rate = rate,
                .refresh = refresh,
                .seed = seed,
                .stream = stream};
    pthread_mutex_init(&p->lock, NULL);
    p->slots = calloc(slots, sizeof *p->slots);
    p->due = calloc(slots, sizeof *p->due);
    for (uint32_t k = 0; p->slots && k < slots; k++)
        p->slots[k].samples = malloc(p->length * sizeof(float));
    bool good = p->slots && p->due;
    for (uint32_t k = 0; good && k < slots; k++)
        good = p->slots[k].samples != NULL;
    if (!good) {
        pool_free(p);
        return NULL;
    }
    return p;
}

static void forget_others(slot *s)
{
    for (uint32_t i = 0; i < s->n_others; i++)
        free(s->others[i]);
    s->n_others = 0;
}

void pool_free(pool *p)
{
    if (!p)
        return;
    for (uint32_t k = 0; p->slots && k < p->n; k++) {
        forget_others(&p->slots[k]);
        free(p->slots[k].samples);
    }
    free(p->slots);
    free(p->due);
    pthread_mutex_destroy(&p->lock);
    free(p);
}

static uint64_t generation_at(const pool *p, uint32_t k, uint64_t step)
{
    return (uint64_t)floor(((double)k + p->refresh * (double)step) / p->n) + 1;
}

size_t pool_jobs(pool *p, uint64_t step)
{
    p->n_due = 0;
    for (uint32_t k = 0; k < p->n; k++)
        if (p->slots[k].generation != generation_at(p, k, step))
            p->due[p->n_due++] = k;
    return p->n_due;
}

size_t pool_due(const pool *p)
{
    return p->n_due;
}

bool pool_make(pool *p, uint64_t step, size_t job)
{
    const uint32_t k = p->due[job];
    slot *const s = &p->slots[k];
    s->generation = generation_at(p, k, step);
    forget_others(s);
    rng r = rng_make(p->seed, p->stream, s->generation * p->n + k);
    s->band = p->rate / 2;
    return p->source->draw(p->source->self, &r, p->rate, s->samples, p->length, &s->band);
}

/* The slot's passage at `rate`. NULL when out of memory. */
static const float *at_rate(pool *p, slot *s, double rate, size_t *length)
{
    *length = p->length;
    if (rate == p->rate)
        return s->samples;
    pthread_mutex_lock(&p->lock);
    uint32_t i = 0;
    while (i < s->n_others && s->rates[i] != rate)
        i++;
    if (i == s->n_others && i < POOL_RATES) {
        size_t n = 0;
        float *const z = rate_convert(s->samples, p->length, (uint32_t)lrint(p->rate),
                                      (uint32_t)lrint(rate), &n);
        if (z) {
            s->rates[i] = rate;
            s->others[i] = z;
            s->lengths[i] = n;
            s->n_others++;
        }
    }
    const float *const found = i < s->n_others ? s->others[i] : NULL;
    if (found)
        *length = s->lengths[i];
    pthread_mutex_unlock(&p->lock);
    return found;
}

bool pool_draw(const pool *p, rng *r, double rate, float *out, size_t n, double *band)
{
    pool *const self = (pool *)p; /* versions at other rates are made behind a lock */
    slot *const s = &self->slots[rng_below(r, p->n)];
    size_t length;
    const float *const x = at_rate(self, s, rate, &length);
    if (!x || length == 0)
        return false;
    *band = fmin(*band, rate == p->rate ? s->band : fmin(s->band, rate_band(p->rate, rate)));
    size_t at = (size_t)(rng_unit(r) * (double)(length > n ? length - n + 1 : 1));
    for (size_t i = 0; i < n; i++, at = at + 1 == length ? 0 : at + 1)
        out[i] = x[at];
    return true;
}
