/*
 * Acceleration of machines and structures: harmonics of a turning shaft, a gear mesh with side
 * bands, the impacts of a damaged bearing (McFadden & Smith 1984, "Model for the vibration produced
 * by a single point defect in a rolling element bearing": a train of impacts, each ringing the
 * structure, modulated by the shaft; times slip by a per cent), and single blows that ring out.
 * Where the rate cannot carry a machine the same happens more slowly, as in buildings.
 */
#include "trainer/signals/kinds.h"
#include "trainer/signals/parts.h"

#include <math.h>
#include <string.h>

enum { MODES = 5 };

typedef struct body {
    double hz[MODES], share[MODES], forward[MODES], back[MODES];
    double last[MODES], older[MODES]; /* of the vibration: all blows together */
    size_t at;                        /* the sample that comes next */
} body;

static body body_make(rng *r, double rate)
{
    body b = {.at = 0};
    const double first = rate * rng_log_range(r, 0.01, 0.12);
    for (int k = 0; k < MODES; k++) {
        b.hz[k] = fmin(first * (1 + k * rng_range(r, 0.5, 1.3)), 0.45 * rate);
        const double damping = rng_log_range(r, 0.005, 0.06); /* of the critical one */
        const double shrink = exp(-TWO_PI * b.hz[k] * damping / rate);
        b.forward[k] = 2 * shrink * cos(TWO_PI * b.hz[k] / rate);
        b.back[k] = shrink * shrink;
        b.share[k] = rng_range(r, 0.2, 1) / (1 + 0.5 * k);
    }
    return b;
}

/* Rings on up to sample `end`. */
static void body_ring(body *b, float *x, size_t end)
{
    enum { STEP = 1024 };
    while (b->at < end) {
        const size_t next = end - b->at < STEP ? end : b->at + STEP;
        for (int k = 0; k < MODES; k++) {
            double last = b->last[k], older = b->older[k];
            if (fabs(last) + fabs(older) < 1e-12)
                last = older = 0; /* before numbers become so small that they are slow */
            for (size_t i = b->at; i < next; i++) {
                const double y = b->forward[k] * last - b->back[k] * older;
                x[i] += (float)y;
                older = last;
                last = y;
            }
            b->last[k] = last;
            b->older[k] = older;
        }
        b->at = next;
    }
}

/* A blow at `at` seconds, not before the one before: it begins between two samples. */
static void blow(body *b, rng *r, float *x, size_t n, double rate, double at, double size)
{
    const double first = ceil(at * rate);
    const size_t start = first < (double)n ? (size_t)first : n;
    body_ring(b, x, start);
    for (int k = 0; k < MODES; k++) {
        const double w = TWO_PI * b->hz[k] / rate, late = (double)start - at * rate;
        const double shrink = sqrt(b->back[k]), amplitude = size * b->share[k];
        const double now = amplitude * (1 + 0.1 * rng_normal(r)) * pow(shrink, late);
        b->last[k] += now * sin(w * (late - 1)) / shrink;
        b->older[k] += now * sin(w * (late - 2)) / b->back[k];
    }
}

static void add_shaft(rng *r, float *x, size_t n, double rate, double shaft)
{
    enum { HARMONICS = 6 };
    double sines[HARMONICS], cosines[HARMONICS];
    for (int k = 0; k < HARMONICS; k++) {
        const double amplitude = exp(0.7 * rng_normal(r)) / (1 + k), phase = TWO_PI * rng_unit(r);
        sines[k] = amplitude * cos(phase);
        cosines[k] = amplitude * sin(phase);
    }
    wander speed = wander_make(r, rate, 30 / shaft);
    const double depth = rng_log_range(r, 2e-4, 0.01);
    double turn = 0;
    for (size_t i = 0; i < n; i++) {
        const double s = sin(TWO_PI * turn), c = cos(TWO_PI * turn);
        double sum = 0, sk = s, ck = c;
        for (int k = 0; k < HARMONICS; k++) {
            sum += sines[k] * sk + cosines[k] * ck;
            const double next = sk * c + ck * s;
            ck = ck * c - sk * s;
            sk = next;
        }
        x[i] += (float)sum;
        turn += shaft * (1 + depth * wander_next(&speed, r)) / rate;
        turn -= floor(turn);
    }
}

static void add_gear(rng *r, float *x, size_t n, double rate, double shaft)
{
    const double teeth = 11 + rng_below(r, 40), mesh = fmin(teeth * shaft, 0.4 * rate);
    const double level = rng_log_range(r, 0.1, 1.5), sway = rng_range(r, 0, 0.6);
    const double bend = rng_range(r, 0, 0.5), phase = TWO_PI * rng_unit(r);
    for (size_t i = 0; i < n; i++) {
        const double t = (double)i / rate, slow = sin(TWO_PI * shaft * t);
        x[i] += (float)(level * (1 + sway * slow) * sin(TWO_PI * mesh * t + bend * slow + phase));
    }
}

static void add_bearing(rng *r, body b, float *x, size_t n, double rate, double shaft)
{
    const double hz = shaft * rng_range(r, 2.2, 6.5), size = rng_log_range(r, 0.5, 6);
    const double sway = rng_range(r, 0, 0.7), duration = (double)n / rate;
    double t = rng_unit(r) / hz;
    while (t < duration) {
        blow(&b, r, x, n, rate, t, size * (1 + sway * sin(TWO_PI * shaft * t)));
        t += (1 + 0.01 * rng_normal(r)) / hz;
    }
    body_ring(&b, x, n);
}

static bool make(rng *r, double rate, float *out, size_t n)
{
    memset(out, 0, n * sizeof *out);
    body b = body_make(r, rate);
    const double shaft = fmin(rng_log_range(r, 5, 100), 0.02 * rate);
    const bool turns = rng_chance(r, 0.75);
    if (turns)
        add_shaft(r, out, n, rate, shaft);
    if (turns && rng_chance(r, 0.4))
        add_gear(r, out, n, rate, shaft);
    if (turns && rng_chance(r, 0.5))
        add_bearing(r, b, out, n, rate, shaft);
    if (!turns || rng_chance(r, 0.3)) {
        const double duration = (double)n / rate, mean = rng_log_range(r, 3, 60) / b.hz[0];
        double t = 0.3 * fmin(mean, duration) * rng_unit(r);
        while (t < duration) {
            blow(&b, r, out, n, rate, t, 5 * exp(0.6 * rng_normal(r)));
            t += mean * rng_exponential(r);
        }
        body_ring(&b, out, n);
    }
    double power = 0;
    for (size_t i = 0; i < n; i++)
        power += (double)out[i] * out[i];
    const double level = rng_log_range(r, 0.1, 10); /* m/s2 r.m.s., still to severe */
    const float scale = power > 0 ? (float)(level / sqrt(power / (double)n)) : 0;
    for (size_t i = 0; i < n; i++)
        out[i] *= scale;
    return true;
}

const signal_kind signal_vibration = {
    .name = "vibration",
    .what = "acceleration of machines: shafts, gears, impacts that ring",
    .unit = "m/s2",
    .rate = 12000,
    .make = make,
};
