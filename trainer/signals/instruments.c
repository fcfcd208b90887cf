#include "trainer/signals/instruments.h"

#include "trainer/signals/parts.h"

#include <math.h>
#include <string.h>

enum { LONGEST = 8192, TABLE = 1024 };

/* One period of noise: rounded by the strength of the pluck, without the partials that have a node
 * where it is plucked. */
static void fill_string(const passage *p, const pluck *how, double hz, double loud, float *line,
                        size_t size)
{
    const double cut = fmin(hz * how->bright * (0.4 + 0.6 * loud), 0.45 * p->rate);
    const double share = 1 - exp(-TWO_PI * cut / p->rate);
    float noise[LONGEST];
    double low = 0, mean = 0;
    rng_fill_normal(p->r, noise, size, 1);
    for (int round = 0; round < 2; round++) /* the second with what the first left */
        for (size_t i = 0; i < size; i++) {
            low += share * (noise[i] - low);
            line[i] = (float)low;
        }
    memcpy(noise, line, size * sizeof *line);
    const size_t back = (size_t)(how->place * (double)size);
    for (size_t i = 0; i < size; i++) {
        line[i] = noise[i] - noise[(i + size - back) % size];
        mean += line[i];
    }
    mean /= (double)size;
    double power = 0;
    for (size_t i = 0; i < size; i++) {
        line[i] = (float)(line[i] - mean);
        power += (double)line[i] * line[i];
    }
    const float gain = power > 0 ? (float)(loud * sqrt((double)size / power)) : 0;
    for (size_t i = 0; i < size; i++)
        line[i] *= gain;
}

void add_pluck(const passage *p, const pluck *how, double at, double seconds, double hz,
               double loud)
{
    const size_t start = sample_at(at, p->rate, p->n);
    /* The average delays by `damp`, the all-pass by what is left of the period. */
    const double period = p->rate / hz - how->damp;
    const size_t size = period > 2 ? (size_t)(period - 0.3) : 0;
    if (size < 2 || size >= LONGEST || start >= p->n)
        return;
    const double late = period - (double)size, all_pass = (1 - late) / (1 + late);
    float line[LONGEST];
    fill_string(p, how, hz, loud, line, size);
    const double ring = how->ring * sqrt(220 / hz); /* low strings ring longer */
    /* The average takes from the fundamental too: given back, but never so much that any partial
     * could grow. */
    const double w = TWO_PI * hz / p->rate;
    const double taken = sqrt(1 - 2 * how->damp * (1 - how->damp) * (1 - cos(w)));
    double keep = fmin(pow(10, -3 / (hz * ring)) / taken, 0.99999);
    const double end = (at + seconds) * p->rate;
    double last = 0, before = 0, passed = 0, level = loud;
    size_t place = 0;
    for (size_t i = start; i < p->n && level > 1e-4 * loud; i++) {
        const double y = line[place];
        p->x[i] += (float)y;
        const double mean = keep * ((1 - how->damp) * y + how->damp * last);
        last = y;
        passed = all_pass * (mean - passed) + before;
        before = mean;
        line[place] = (float)passed;
        if (++place == size) {
            place = 0;
            level *= keep;
            if ((double)i > end) /* the finger comes back: gone in about 0.1 s */
                keep = fmin(keep, pow(10, -3 / (hz * 0.12)));
        }
    }
}

timbre timbre_bowed(rng *r)
{
    timbre t = {.attack = rng_log_range(r, 0.04, 0.25),
                .release = rng_log_range(r, 0.05, 0.3),
                .vibrato_hz = rng_range(r, 4.5, 6.8),
                .vibrato = rng_range(r, 0.002, 0.012),
                .tremolo = rng_range(r, 0, 0.12),
                .breath = rng_range(r, 0, 0.02)};
    const double slope = rng_range(r, 0.9, 1.4); /* near a sawtooth, then the body */
    for (int k = 0; k < TIMBRE_PARTIALS; k++)
        t.partials[k] = pow(k + 1, -slope) * exp(0.35 * rng_normal(r));
    return t;
}

timbre timbre_blown(rng *r)
{
    timbre t = {.attack = rng_log_range(r, 0.02, 0.1),
                .release = rng_log_range(r, 0.03, 0.12),
                .vibrato_hz = rng_range(r, 4, 6),
                .vibrato = rng_range(r, 0, 0.006),
                .tremolo = rng_range(r, 0, 0.2),
                .breath = rng_log_range(r, 0.005, 0.08)};
    const bool reed = rng_chance(r, 0.4); /* a closed pipe: odd partials */
    const double fall = rng_log_range(r, 0.06, 0.7);
    for (int k = 0; k < TIMBRE_PARTIALS; k++) {
        const double even = reed && k % 2 ? 0.12 : 1;
        t.partials[k] = even * exp(-fall * k + 0.25 * rng_normal(r));
    }
    return t;
}

static void fill_period(const timbre *how, int partials, double loud, float *table)
{
    memset(table, 0, (TABLE + 1) * sizeof *table);
    for (int k = 1; k <= partials; k++) {
        const double w = TWO_PI * k / TABLE, turn = 2 * cos(w);
        /* Played softly the high partials fade. */
        const double level = how->partials[k - 1] * pow(loud, 0.04 * k);
        double last = -sin(w + k), older = -sin(2 * w + k);
        for (int i = 0; i <= TABLE; i++) {
            const double y = turn * last - older;
            table[i] += (float)(level * y);
            older = last;
            last = y;
        }
    }
}

void add_held(const passage *p, const timbre *how, double at, double seconds, double hz,
              double loud)
{
    float table[TABLE + 1];
    const int partials = (int)fmin(0.45 * p->rate / hz, TIMBRE_PARTIALS);
    const size_t start = sample_at(at, p->rate, p->n);
    if (partials < 1 || start >= p->n)
        return;
    fill_period(how, partials, loud, table);
    const double end = fmin((double)p->n, (at + seconds + how->release) * p->rate);
    biquad breath = biquad_band_pass(p->rate, fmin(4 * hz, 6000), 0.6);
    const double wobble_step = TWO_PI * how->vibrato_hz / p->rate;
    double turn = rng_unit(p->r), wobble = TWO_PI * rng_unit(p->r);
    for (size_t i = start; (double)i < end; i++) {
        const double t = (double)(i - start) / p->rate, left = seconds + how->release - t;
        double gain = fmin(t < how->attack ? t / how->attack : 1,
                           left < how->release ? fmax(left / how->release, 0) : 1);
        gain = loud * gain * gain * (3 - 2 * gain);
        const double swing = sin(wobble), at_table = turn * TABLE;
        const int j = (int)at_table;
        double y = table[j] + (at_table - j) * ((double)table[j + 1] - table[j]);
        if (how->breath > 0)
            y += how->breath * 12 * biquad_step(&breath, rng_unit(p->r) - 0.5);
        p->x[i] += (float)(gain * (1 + how->tremolo * swing) * y);
        turn += hz * (1 + how->vibrato * swing * fmin(1, 2 * t)) / p->rate;
        turn -= turn >= 1 ? 1 : 0;
        wobble += wobble_step;
    }
}

drums drums_make(rng *r)
{
    return (drums){.kick_hz = rng_range(r, 40, 65),
                   .kick_decay = rng_log_range(r, 0.06, 0.25),
                   .snare_hz = rng_range(r, 150, 230),
                   .snare_decay = rng_log_range(r, 0.04, 0.12),
                   .hat_hz = rng_range(r, 6000, 10000),
                   .hat_decay = rng_log_range(r, 0.012, 0.04)};
}

void add_kick(const passage *p, const drums *set, double at, double loud)
{
    const size_t start = sample_at(at, p->rate, p->n);
    double turn = 0;
    for (size_t i = start; i < p->n; i++) {
        const double t = (double)(i - start) / p->rate, fall = exp(-t / set->kick_decay);
        if (fall < 1e-4)
            break;
        p->x[i] += (float)(1.8 * loud * fall * sin(TWO_PI * turn));
        turn += fmin(set->kick_hz * (1 + 3 * exp(-t / 0.018)), 0.4 * p->rate) / p->rate;
    }
    add_burst(p->r, p->x, p->n, p->rate, start, 3500, 0.7, 0.002, 0.5 * loud);
}

void add_snare(const passage *p, const drums *set, double at, double loud)
{
    static const double ratio[] = {1, 1.59, 2.14, 2.65}; /* modes of a membrane */
    const size_t start = sample_at(at, p->rate, p->n);
    for (int k = 0; k < 4; k++)
        add_damped(p->x, p->n, p->rate, start, set->snare_hz * ratio[k],
                   set->snare_decay / (1 + 0.4 * k), 0.5 * loud / (1 + k), 0);
    add_burst(p->r, p->x, p->n, p->rate, start, 4200, 0.5, set->snare_decay, 0.7 * loud);
}

void add_hat(const passage *p, const drums *set, double at, double loud, double length)
{
    const size_t start = sample_at(at, p->rate, p->n);
    add_burst(p->r, p->x, p->n, p->rate, start, fmin(set->hat_hz, 0.42 * p->rate), 1.2,
              length * set->hat_decay, 0.35 * loud);
}
