/* What devices say: steady tones, beeps, sirens, sweeps and chirps, telephone keys (the frequencies
 * of ITU-T Q.23) and calls (E.180), Morse code. One kind of sound a passage, with pauses. */
#include "trainer/signals/kinds.h"
#include "trainer/signals/parts.h"

#include <math.h>
#include <string.h>

typedef struct canvas {
    rng *r;
    float *x;
    size_t n;
    double rate;
} canvas;

/* A tone that moves from one frequency to another evenly in pitch, with `partials` harmonics. */
typedef struct note {
    double at, seconds, from, to, amplitude;
    int partials;
    double fall;      /* each partial against the one before */
    double ramp;      /* seconds of the raised cosines on both sides */
    double wobble_hz; /* frequency modulation */
    double wobble;    /* its depth, part of the frequency */
} note;

static void play(const canvas *c, const note *q)
{
    const double begin = fmax(0, ceil(q->at * c->rate));
    const double end = fmin((double)c->n, (q->at + q->seconds) * c->rate);
    const double bend = pow(q->to / q->from, 1 / (q->seconds * c->rate));
    double turn = 0, hz = q->from;
    for (size_t i = (size_t)begin; (double)i < end; i++) {
        const double t = (double)i / c->rate - q->at;
        const double side = fmin(t, q->seconds - t) / q->ramp;
        const double gain = side < 1 ? 0.5 - 0.5 * cos(0.5 * TWO_PI * fmax(0, side)) : 1;
        const double angle = TWO_PI * turn, twice = q->partials > 1 ? 2 * cos(angle) : 0;
        double y = sin(angle), last = 0, sum = 0, amplitude = gain * q->amplitude;
        for (int k = 1; k <= q->partials && hz * k < 0.48 * c->rate; k++) {
            sum += amplitude * y;
            const double next = twice * y - last;
            last = y;
            y = next;
            amplitude *= q->fall;
        }
        c->x[i] += (float)sum;
        const double wobble = q->wobble > 0 ? 1 + q->wobble * sin(TWO_PI * q->wobble_hz * t) : 1;
        turn += hz * wobble / c->rate;
        turn -= floor(turn);
        hz *= bend;
    }
}

/* A frequency in `low`..`high` that the rate carries. */
static double pitch(const canvas *c, double low, double high)
{
    const double top = fmin(high, 0.4 * c->rate);
    return rng_log_range(c->r, fmin(low, 0.5 * top), top);
}

static note plain(double at, double seconds, double hz)
{
    return (note){.at = at,
                  .seconds = seconds,
                  .from = hz,
                  .to = hz,
                  .amplitude = 1,
                  .partials = 1,
                  .fall = 0.5,
                  .ramp = fmin(0.008, 0.3 * seconds)};
}

static void steady(const canvas *c, double duration)
{
    for (double t = 0; t < duration;) {
        const double hz = pitch(c, 80, 8000);
        note q = plain(t, rng_log_range(c->r, 0.5, 6), hz);
        q.partials = rng_chance(c->r, 0.5) ? 1 : 2 + (int)rng_below(c->r, 12);
        q.fall = rng_range(c->r, 0.3, 0.9);
        q.ramp = fmin(rng_log_range(c->r, 0.005, 0.2), 0.4 * q.seconds);
        if (rng_chance(c->r, 0.3)) {
            q.wobble_hz = rng_range(c->r, 2, 8);
            q.wobble = rng_log_range(c->r, 0.002, 0.05);
        }
        play(c, &q);
        t += q.seconds + (rng_chance(c->r, 0.5) ? rng_log_range(c->r, 0.05, 0.8) : 0);
    }
}

static void sweeps(const canvas *c, double duration)
{
    const double typical = rng_log_range(c->r, 0.04, 4);
    for (double t = 0; t < duration;) {
        const double from = pitch(c, 60, 16000);
        note q = plain(t, typical * rng_log_range(c->r, 0.6, 1.6), from);
        q.to = pitch(c, 60, 16000);
        q.partials = rng_chance(c->r, 0.7) ? 1 : 4;
        q.ramp = fmin(0.02, 0.3 * q.seconds);
        play(c, &q);
        t += q.seconds + typical * rng_range(c->r, 0, 1);
    }
}

static void beeps(const canvas *c, double duration)
{
    const double hz = pitch(c, 500, 4500), on = rng_log_range(c->r, 0.05, 0.5);
    const double off = on * rng_log_range(c->r, 0.5, 3), rest = rng_log_range(c->r, 0.2, 1.5);
    const uint32_t group = 1 + rng_below(c->r, 4);
    const int partials = rng_chance(c->r, 0.5) ? 1 : 9;
    const double step = rng_chance(c->r, 0.3) ? pitch(c, 500, 4500) / hz : 1;
    uint32_t k = 0;
    for (double t = 0; t < duration; k++) {
        note q = plain(t, on, k % group % 2 ? hz * step : hz);
        q.partials = partials;
        q.fall = 0.6;
        play(c, &q);
        t += on + off + ((k + 1) % group == 0 ? rest : 0);
    }
}

static void siren(const canvas *c, double duration)
{
    const double low = pitch(c, 350, 900), high = low * rng_range(c->r, 1.2, 2.2);
    const double half = rng_log_range(c->r, 0.1, 3);
    const bool glides = rng_chance(c->r, 0.5);
    bool up = true;
    double t = -half * rng_unit(c->r);
    while (t < duration) {
        note q = plain(t, half, up ? low : high);
        q.to = glides ? (up ? high : low) : q.from;
        q.partials = 8;
        q.fall = 0.65;
        play(c, &q);
        t += half;
        up = !up;
    }
}

static void telephone(const canvas *c, double duration)
{
    static const double rows[] = {697, 770, 852, 941}, columns[] = {1209, 1336, 1477, 1633};
    static const double calls[][2] = {{350, 440}, {425, 425}, {440, 480}, {480, 620}};
    const bool keys = rng_chance(c->r, 0.7);
    const double *const call = calls[rng_below(c->r, 4)];
    const double on = keys ? rng_range(c->r, 0.06, 0.25) : rng_range(c->r, 0.25, 2);
    const double off = keys ? rng_range(c->r, 0.05, 0.3) : rng_range(c->r, 0.2, 3);
    double t = 0;
    while (t < duration) {
        const double low = keys ? rows[rng_below(c->r, 4)] : call[0];
        const double high = keys ? columns[rng_below(c->r, 4)] : call[1];
        note q = plain(t, on, low);
        q.ramp = 0.003;
        play(c, &q);
        q.from = q.to = high;
        play(c, &q);
        t += (on + off) * rng_range(c->r, 0.9, 1.1);
    }
}

static void morse(const canvas *c, double duration)
{
    const double hz = pitch(c, 400, 1200), dot = 1.2 / rng_range(c->r, 12, 30); /* PARIS */
    for (double t = 0; t < duration;) {
        const double length = rng_chance(c->r, 0.45) ? 3 * dot : dot;
        note q = plain(t, length, hz);
        q.ramp = 0.005;
        play(c, &q);
        t += length + (rng_chance(c->r, 0.35) ? 3 : 1) * dot;
    }
}

static bool make(rng *r, double rate, float *out, size_t n)
{
    static void (*const sounds[])(const canvas *, double) = {steady, sweeps,    beeps,
                                                             siren,  telephone, morse};
    const canvas c = {r, out, n, rate};
    memset(out, 0, n * sizeof *out);
    sounds[rng_below(r, 6)](&c, (double)n / rate);
    if (rng_chance(r, 0.3)) {
        biquad speaker = biquad_band_pass(rate, rng_log_range(r, 600, 3000), 0.5);
        biquad_run(&speaker, out, n);
    }
    level_set(out, n, rate, rng_range(r, -30, -14));
    return true;
}

const signal_kind signal_tones = {
    .name = "tones",
    .what = "tones, beeps, sweeps, sirens, telephone keys",
    .unit = "full scale",
    .make = make,
};
