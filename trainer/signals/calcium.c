/*
 * Fluorescence of a calcium indicator, dF/F: each action potential adds a sharp rise and an
 * exponential decay, cells fire in bursts, and the indicator saturates (Vogelstein et al. 2010,
 * "Fast nonnegative deconvolution for spike train inference from population calcium imaging", eqs.
 * 1-2; saturation after Deneux et al. 2016, "Accurate spike estimation from noisy calcium signals",
 * eq. 5). Decays: 0.4..1.5 s at imaging rates (Chen et al. 2013, "Ultrasensitive fluorescent
 * proteins", GCaMP6 f to s); below 12 Hz slow ones of 3..12 s, as of wide fields and of glia.
 */
#include "trainer/signals/kinds.h"
#include "trainer/signals/parts.h"

#include <math.h>
#include <stdlib.h>

typedef struct cell {
    double rise, decay;   /* seconds */
    double height;        /* of one spike, dF/F */
    double burst_pause;   /* mean seconds between bursts */
    double spikes, apart; /* mean number in a burst, seconds between them */
    double saturation;    /* dF/F where half of what is added is seen */
} cell;

static cell cell_make(rng *r, double rate)
{
    const bool slow = rate < 12;
    cell c = {
        .rise = slow ? rng_log_range(r, 0.1, 0.6) : rng_log_range(r, 0.02, 0.12),
        .decay = slow ? rng_log_range(r, 3, 12) : rng_log_range(r, 0.4, 1.5),
        .height = rng_log_range(r, 0.08, 0.6),
        .spikes = rng_log_range(r, 1, 5),
        .saturation = rng_log_range(r, 3, 20),
    };
    c.burst_pause = c.decay * rng_log_range(r, 0.8, 8);
    c.apart = c.rise * rng_log_range(r, 0.3, 2);
    return c;
}

/* A spike between two samples counts from where it is: `late` seconds after it. */
static void spike(const cell *c, rng *r, double late, double *slow, double *fast)
{
    /* exp(-t / decay) (1 - exp(-t / rise)) has its largest value where its slope is 0. */
    const double ratio = c->decay / c->rise;
    const double most = pow(1 + ratio, -1 / ratio) * ratio / (1 + ratio);
    const double height = c->height / most * exp(0.25 * rng_normal(r));
    *slow += height * exp(-late / c->decay);
    *fast += height * exp(-late / c->decay - late / c->rise);
}

static bool make(rng *r, double rate, float *out, size_t n)
{
    const cell c = cell_make(r, rate);
    const double keep_slow = exp(-1 / (c.decay * rate));
    const double keep_fast = exp(-1 / (c.decay * rate) - 1 / (c.rise * rate));
    /* The first burst lies before or within, so that there is something to see. */
    double slow = 0, fast = 0, next = fmin((double)n / rate, c.burst_pause) * rng_unit(r) * 0.7;
    uint32_t left = 0;
    for (size_t i = 0; i < n; i++) {
        const double now = (double)i / rate;
        slow *= keep_slow;
        fast *= keep_fast;
        while (next <= now) {
            spike(&c, r, now - next, &slow, &fast);
            if (left == 0)
                left = 1 + (uint32_t)((c.spikes - 1) * rng_exponential(r));
            left--;
            next += left ? c.apart * rng_exponential(r) : c.burst_pause * rng_exponential(r);
        }
        const double level = slow - fast;
        out[i] = (float)(level / (1 + level / c.saturation));
    }
    return true;
}

const signal_kind signal_calcium = {
    .name = "calcium",
    .what = "transients of a calcium indicator; slow ones below 12 Hz",
    .unit = "dF/F",
    .rate = 30,
    .make = make,
};
