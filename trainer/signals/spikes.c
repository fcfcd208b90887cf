/*
 * Action potentials as an electrode outside the cells sees them: up to four cells, each with its
 * own form (a sharp trough, then a slower hump; Gold et al. 2006, "On the origin of the
 * extracellular action potential waveform") and height, firing irregularly with a refractory time
 * (a gamma renewal process) and now and then in bursts in which the height falls (Quirk & Wilson
 * 1999). At rates that cannot carry a form it is widened to what a sample can show.
 */
#include "trainer/signals/kinds.h"
#include "trainer/signals/parts.h"

#include <math.h>
#include <string.h>

typedef struct neuron {
    double height;                   /* of the trough, uV */
    double rise, width, hump, after; /* seconds; `hump` is relative to the trough */
    double pause, refractory;        /* seconds */
    double bursts;                   /* chance that another spike follows at once */
} neuron;

static neuron neuron_make(rng *r, double rate)
{
    const double least = 0.6 / rate;
    neuron c = {
        .height = rng_log_range(r, 30, 400),
        .rise = fmax(rng_log_range(r, 5e-5, 1.2e-4), least),
        .width = fmax(rng_log_range(r, 8e-5, 2.2e-4), least),
        .hump = rng_range(r, 0.1, 0.5),
        .bursts = rng_chance(r, 0.3) ? rng_range(r, 0.2, 0.6) : 0,
    };
    c.after = c.width * rng_range(r, 2, 4);
    c.refractory = fmax(rng_range(r, 0.002, 0.006), 12 * c.width);
    c.pause = fmax(rng_log_range(r, 0.02, 0.5), 2 * c.refractory);
    return c;
}

static void add_spike(const neuron *c, float *x, size_t n, double rate, double at, double size)
{
    const double late = 2.2 * c->after; /* the hump's middle after the trough */
    const double from = fmax(0, (at - 5 * c->rise) * rate);
    const double to = fmin((double)n, (at + late + 4 * c->after) * rate);
    for (size_t i = (size_t)from; (double)i < to; i++) {
        const double t = (double)i / rate - at, u = t / (t < 0 ? c->rise : c->width);
        const double v = (t - late) / c->after;
        x[i] += (float)(c->height * size * (c->hump * exp(-0.5 * v * v) - exp(-0.5 * u * u)));
    }
}

static bool make(rng *r, double rate, float *out, size_t n)
{
    const uint32_t n_cells = 1 + rng_below(r, 4);
    const double duration = (double)n / rate;
    memset(out, 0, n * sizeof *out);
    for (uint32_t k = 0; k < n_cells; k++) {
        const neuron c = neuron_make(r, rate);
        double size = 1;
        /* The first cell fires early enough to be seen. */
        double t = rng_unit(r) * (k ? c.pause : fmin(c.pause, 0.5 * duration));
        while (t < duration + c.refractory) {
            add_spike(&c, out, n, rate, t, size * (1 + 0.03 * rng_normal(r)));
            const bool burst = rng_chance(r, c.bursts);
            size = burst ? 0.85 * size : 1;
            double wait = 0.5 * rng_exponential(r);
            wait += 0.5 * rng_exponential(r);
            t += c.refractory + (burst ? 0.5 * c.refractory : c.pause) * wait;
        }
    }
    return true;
}

const signal_kind signal_spikes = {
    .name = "spikes",
    .what = "action potentials of up to four cells",
    .unit = "uV",
    .rate = 24000,
    .make = make,
};
