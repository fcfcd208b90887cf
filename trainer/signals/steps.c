/*
 * A transducer of +-10 V that steps, ramps and settles: set points, valves, switches, channels that
 * open and close. Each move is one of a jump, a straight ramp, and the answer of a first or second
 * order system; some passages go between two levels only (a random telegraph signal).
 */
#include "trainer/signals/kinds.h"
#include "trainer/signals/parts.h"

#include <math.h>

typedef enum move { JUMP, RAMP, LAG, RING } move;

typedef struct course {
    move how;
    double from, to, span; /* V, V, seconds a ramp takes or the time constant */
    double damping;        /* of RING, 0..1 */
} course;

/* Where it stands `t` seconds after the move began. */
static double course_at(const course *c, double t)
{
    const double way = c->to - c->from;
    switch (c->how) {
    case RAMP:
        return c->from + way * fmin(1, t / c->span);
    case LAG:
        return c->from + way * (1 - exp(-t / c->span));
    case RING: {
        const double bent = sqrt(1 - c->damping * c->damping);
        const double u = t / c->span, fall = exp(-c->damping * u);
        return c->from + way * (1 - fall * (cos(bent * u) + c->damping / bent * sin(bent * u)));
    }
    default:
        return c->to;
    }
}

static bool make(rng *r, double rate, float *out, size_t n)
{
    const double duration = (double)n / rate;
    /* A passage of 3000 samples has 4 to 60 moves, whatever the rate. */
    const double mean = rng_log_range(r, 50, 800) / rate;
    const bool telegraph = rng_chance(r, 0.25);
    const double levels[2] = {rng_range(r, -10, 10), rng_range(r, -10, 10)};
    const double reach = rng_log_range(r, 0.5, 10);
    const double weights[] = {1, rng_range(r, 0, 1), rng_range(r, 0, 1), rng_range(r, 0, 0.6)};
    course c = {JUMP, levels[0], levels[0], 1, 0.5};
    double began = 0, next = 0.5 * fmin(mean, duration) * rng_unit(r);
    uint32_t moves = 0;
    for (size_t i = 0; i < n; i++) {
        const double t = (double)i / rate;
        if (t >= next) {
            c.from = course_at(&c, next - began);
            began = next;
            c.how = telegraph ? JUMP : (move)rng_pick(r, weights, 4);
            const double wanted = c.from + reach * rng_normal(r);
            c.to = telegraph ? levels[++moves % 2] : fmin(fmax(wanted, -10), 10);
            c.span = mean * rng_log_range(r, 0.03, 0.8) * (c.how == RING ? 0.3 : 1);
            c.damping = rng_range(r, 0.1, 0.7);
            next += mean * fmax(0.02, rng_exponential(r));
        }
        out[i] = (float)fmin(fmax(course_at(&c, t - began), -10), 10);
    }
    return true;
}

const signal_kind signal_steps = {
    .name = "steps",
    .what = "steps, ramps and settling of a transducer",
    .unit = "V",
    .rate = 1000,
    .make = make,
};
