/*
 * Mains hum: 50 or 60 Hz with harmonics, drifting a little as the grid does. Three sources are told
 * apart: a magnetic field (odd harmonics, few), a rectifier (even ones), and a buzz (a phase-cut
 * dimmer, a bad contact: a pulse each half wave, rich up to several kHz).
 */
#include "trainer/signals/kinds.h"
#include "trainer/signals/parts.h"

#include <math.h>
#include <stdlib.h>

enum { TABLE = 4096, MOST_HARMONICS = 120 };

typedef enum source { FIELD, RECTIFIER, BUZZ } source;

static double harmonic_level(rng *r, source s, int k)
{
    const double spread = exp(0.6 * rng_normal(r)); /* +-5 dB: every apparatus is its own */
    switch (s) {
    case FIELD:
        return spread * (k % 2 ? 1 : 0.15) * pow(k, -1.8);
    case RECTIFIER:
        return spread * (k % 2 ? (k == 1 ? 0.5 : 0.12) : 1) * pow(k, -1.3);
    default:
        return spread * (k % 2 ? 0.35 : 1) * pow(k, -0.7) * exp(-k / 40.0);
    }
}

/* One period, of `harmonics` partials with random phases. */
static void table_fill(rng *r, source s, int harmonics, float *table)
{
    for (int i = 0; i <= TABLE; i++)
        table[i] = 0;
    for (int k = 1; k <= harmonics; k++) {
        const double level = harmonic_level(r, s, k);
        /* A pulse has its partials in step. */
        const double phase = TWO_PI * (s == BUZZ ? 0.25 + 0.05 * rng_unit(r) : rng_unit(r));
        const double w = TWO_PI * k / TABLE, turn = 2 * cos(w);
        double last = sin(phase - w), older = sin(phase - 2 * w);
        for (int i = 0; i <= TABLE; i++) {
            const double y = turn * last - older;
            table[i] += (float)(level * y);
            older = last;
            last = y;
        }
    }
}

static double looked_up(const float *table, double phase)
{
    const double at = phase * TABLE;
    const int i = (int)at;
    return table[i] + (at - i) * ((double)table[i + 1] - table[i]);
}

static bool make(rng *r, double rate, float *out, size_t n)
{
    float *const tables = malloc(2 * (TABLE + 1) * sizeof *tables);
    if (!tables)
        return false;
    float *const one = tables, *const other = tables + TABLE + 1;
    const double mains = rng_chance(r, 0.5) ? 50 : 60;
    const double grid = mains * (1 + 1e-3 * rng_range(r, -1, 1)); /* +-50 mHz is usual */
    const double chances[] = {0.4, 0.3, 0.3};
    const source s = (source)rng_pick(r, chances, 3);
    const int wanted = s == BUZZ ? 30 + (int)rng_below(r, 91) : 3 + (int)rng_below(r, 18);
    const int carried = (int)fmin(0.45 * rate / mains, MOST_HARMONICS);
    const int harmonics = carried < 1 ? 1 : carried < wanted ? carried : wanted;
    table_fill(r, s, harmonics, one);
    table_fill(r, s, harmonics, other);
    wander drift = wander_make(r, rate, 8), blend = wander_make(r, rate, rng_log_range(r, 1, 10));
    const double loudness = rng_chance(r, 0.5) ? 0.02 : rng_range(r, 0.02, 0.3);
    const double turning = rng_range(r, 0.05, 0.5); /* how far the timbre goes to the other */
    double phase = rng_unit(r);
    for (size_t i = 0; i < n; i++) {
        const double b = wander_next(&blend, r), share = turning / (1 + b * b);
        out[i] = (float)((1 + loudness * b * 0.4) *
                         ((1 - share) * looked_up(one, phase) + share * looked_up(other, phase)));
        phase += (grid + 0.01 * wander_next(&drift, r)) / rate;
        phase -= floor(phase);
    }
    free(tables);
    level_set(out, n, rate, rng_range(r, -35, -15));
    return true;
}

const signal_kind signal_hum = {
    .name = "hum",
    .what = "mains at 50 or 60 Hz with harmonics, and buzz",
    .unit = "full scale",
    .is_noise = true,
    .make = make,
};
