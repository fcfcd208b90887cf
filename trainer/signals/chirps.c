/* Echo sounders, radar, test sweeps: tones whose frequency moves linearly, exponentially or as a
 * hyperbola (what keeps its form under Doppler shift), under a smooth envelope, with pauses and now
 * and then fainter echoes. */
#include "trainer/signals/kinds.h"
#include "trainer/signals/parts.h"

#include <math.h>
#include <string.h>

typedef struct sweep {
    int law; /* 0 linear, 1 exponential, 2 hyperbolic */
    double from, to, seconds, taper;
} sweep;

/* Cycles since the start, at `u` of the way (0..1). */
static double cycles(const sweep *s, double u)
{
    const double ratio = s->to / s->from;
    if (s->law == 0 || fabs(ratio - 1) < 1e-6)
        return s->seconds * (s->from + 0.5 * (s->to - s->from) * u) * u;
    if (s->law == 1)
        return s->seconds * s->from * (pow(ratio, u) - 1) / log(ratio);
    const double k = 1 / ratio - 1; /* period grows linearly */
    return s->seconds * s->from * log1p(k * u) / k;
}

/* Tukey's window: raised cosines over `taper` of each side. */
static double envelope(double taper, double u)
{
    const double side = fmin(u, 1 - u) / taper;
    return side < 1 ? 0.5 - 0.5 * cos(0.5 * TWO_PI * side) : 1;
}

static void add_sweep(const sweep *s, float *x, size_t n, double rate, double at, double amplitude)
{
    const double to = fmin((double)n, (at + s->seconds) * rate);
    for (size_t i = (size_t)fmax(0, ceil(at * rate)); (double)i < to; i++) {
        const double u = ((double)i / rate - at) / s->seconds;
        x[i] += (float)(amplitude * envelope(s->taper, u) * sin(TWO_PI * cycles(s, u)));
    }
}

static bool make(rng *r, double rate, float *out, size_t n)
{
    const double duration = (double)n / rate, amplitude = rng_log_range(r, 0.1, 5);
    const bool alike = rng_chance(r, 0.5); /* one device repeats itself */
    const double typical = fmin(rng_log_range(r, 100, 10000) / rate, 0.8 * duration);
    sweep s = {0};
    memset(out, 0, n * sizeof *out);
    for (double t = 0.2 * fmin(typical, duration) * rng_unit(r); t < duration;) {
        if (!alike || s.seconds == 0)
            s = (sweep){.law = (int)rng_below(r, 3),
                        .from = rate * rng_log_range(r, 0.003, 0.4),
                        .to = rate * rng_log_range(r, 0.003, 0.4),
                        .seconds = typical * rng_log_range(r, 0.5, 2),
                        .taper = rng_range(r, 0.05, 0.5)};
        add_sweep(&s, out, n, rate, t, amplitude);
        if (rng_chance(r, 0.3)) {
            const double weaker = amplitude * rng_range(r, 0.1, 0.5);
            add_sweep(&s, out, n, rate, t + s.seconds * rng_range(r, 0.2, 1.5), weaker);
        }
        t += s.seconds * (1 + rng_exponential(r) * 0.5);
    }
    return true;
}

const signal_kind signal_chirps = {
    .name = "chirps",
    .what = "tones that sweep, with pauses and echoes",
    .unit = "V",
    .rate = 10000,
    .make = make,
};
