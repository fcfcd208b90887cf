/*
 * Music: chords, a melody, a bass and drums, or one of them alone, in some key, scale and tempo;
 * plucked, bowed or blown. The composition is plain on purpose (progressions of steps of the scale,
 * a melody that mostly moves to neighbours): what a denoiser has to learn is how instruments begin,
 * hold, decay and overlap.
 */
#include "trainer/signals/instruments.h"
#include "trainer/signals/kinds.h"
#include "trainer/signals/parts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct song {
    const int *scale; /* 7 semitones above the key */
    double key_hz;    /* of the tonic, 98..196 Hz */
    double beat;      /* seconds */
    int degrees[4];   /* of the chords, one a bar of 4 beats */
    double begin;     /* seconds, <= 0: the passage starts somewhere within */
    double duration;
} song;

typedef enum family { PLUCKED, BOWED, BLOWN } family;

typedef struct player {
    family family;
    pluck pluck;
    timbre timbre;
} player;

static song song_make(rng *r, double duration)
{
    static const int scales[3][7] = {
        {0, 2, 4, 5, 7, 9, 11}, {0, 2, 3, 5, 7, 8, 10}, {0, 2, 3, 5, 7, 9, 10}};
    static const int usual[] = {0, 3, 4, 5, 1};
    song s = {.duration = duration};
    s.scale = scales[rng_below(r, 3)];
    s.key_hz = 440 * exp2((rng_below(r, 12) - 26.0) / 12);
    s.key_hz *= 1 + 0.01 * rng_normal(r);
    s.beat = 60 / rng_log_range(r, 55, 170);
    for (int k = 1; k < 4; k++)
        s.degrees[k] = usual[rng_below(r, 5)];
    s.begin = -4 * s.beat * rng_range(r, 0, 4);
    return s;
}

static player player_make(rng *r)
{
    const double chances[] = {0.5, 0.25, 0.25};
    player q = {.family = (family)rng_pick(r, chances, 3),
                .pluck = {.ring = rng_log_range(r, 0.6, 6),
                          .damp = rng_range(r, 0.02, 0.5),
                          .place = rng_range(r, 0.08, 0.45),
                          .bright = rng_log_range(r, 4, 40)}};
    q.timbre = q.family == BOWED ? timbre_bowed(r) : timbre_blown(r);
    return q;
}

/* Step `degree` of the scale, any octave. */
static double step_hz(const song *s, int degree)
{
    const int octave = (int)floor(degree / 7.0), step = degree - 7 * octave;
    return s->key_hz * exp2(octave + s->scale[step] / 12.0);
}

static void sound(const passage *p, const player *q, double at, double seconds, double hz,
                  double loud)
{
    if (at < 0) { /* begun before the passage does: what is held is still there */
        if (q->family == PLUCKED || at + seconds <= 0)
            return;
        seconds += at;
        at = 0;
    }
    if (q->family == PLUCKED)
        add_pluck(p, &q->pluck, at, seconds, hz, loud);
    else
        add_held(p, &q->timbre, at, seconds, hz, 0.5 * loud);
}

static void chords(const passage *p, const song *s, const player *q)
{
    const bool arpeggio = rng_chance(p->r, 0.4);
    const double strum = rng_range(p->r, 0.003, 0.03);
    const int voices = 3 + (int)rng_below(p->r, 2), up = 7 * (int)rng_below(p->r, 2);
    const int n_bars = (int)ceil((s->duration - s->begin) / (4 * s->beat));
    for (int bar = 0; bar < n_bars; bar++) {
        const double t = s->begin + 4 * s->beat * bar;
        for (int k = 0; k < (arpeggio ? 8 : voices * 2); k++) {
            const int voice = k % voices, degree = s->degrees[bar % 4] + 2 * voice + up;
            const double late =
                arpeggio ? 0.5 * s->beat * k : 2 * s->beat * (k / voices) + strum * voice;
            sound(p, q, t + late, (arpeggio ? 1.5 : 1.9) * s->beat, step_hz(s, degree),
                  rng_range(p->r, 0.35, 0.6));
        }
    }
}

static void melody(const passage *p, const song *s, const player *q)
{
    static const double lengths[] = {0.5, 1, 1.5, 2};
    static const double weights[] = {4, 4, 1, 1.5};
    int degree = 7 + (int)rng_below(p->r, 7);
    for (double t = s->begin; t < s->duration;) {
        const double beats = lengths[rng_pick(p->r, weights, 4)];
        degree += (int)rng_below(p->r, 5) - 2;
        if (rng_chance(p->r, 0.12))
            degree += rng_chance(p->r, 0.5) ? 4 : -4;
        degree = degree < 4 ? 6 : degree > 18 ? 15 : degree;
        if (!rng_chance(p->r, 0.12)) { /* a rest */
            const double loud = rng_range(p->r, 0.6, 1), at = t + 0.008 * rng_normal(p->r);
            sound(p, q, at, 0.92 * beats * s->beat, step_hz(s, degree), loud);
        }
        t += beats * s->beat;
    }
}

static void bass(const passage *p, const song *s, const player *q)
{
    const int each = 1 + (int)rng_below(p->r, 4); /* notes a bar */
    const int n_bars = (int)ceil((s->duration - s->begin) / (4 * s->beat));
    for (int bar = 0; bar < n_bars; bar++) {
        const double t = s->begin + 4 * s->beat * bar;
        for (int k = 0; k < each; k++) {
            const int degree = s->degrees[bar % 4] - 7 + (k && rng_chance(p->r, 0.3) ? 4 : 0);
            sound(p, q, t + 4 * s->beat * k / each, 3.6 * s->beat / each, step_hz(s, degree), 0.9);
        }
    }
}

static void percussion(const passage *p, const song *s)
{
    const drums set = drums_make(p->r);
    const double busy = rng_range(p->r, 0.2, 0.9), swing = rng_range(p->r, 0, 0.12);
    const int n_eighths = (int)ceil((s->duration - s->begin) / (0.5 * s->beat));
    for (int eighth = 0; eighth < n_eighths; eighth++) {
        const int k = eighth % 8;
        const double at = s->begin + 0.5 * s->beat * eighth + (k % 2 ? swing * s->beat : 0);
        if (k == 0 || (k == 4 && busy > 0.4) || rng_chance(p->r, 0.12 * busy))
            add_kick(p, &set, at, rng_range(p->r, 0.8, 1));
        if (k == 2 || k == 6 || rng_chance(p->r, 0.06 * busy))
            add_snare(p, &set, at, rng_range(p->r, 0.6, 1));
        if (k % 2 == 0 || rng_chance(p->r, busy)) {
            const double longer = rng_chance(p->r, 0.1) ? 6 : 1;
            add_hat(p, &set, at, rng_range(p->r, 0.4, 1), longer);
        }
    }
}

/* The resonances of a body, shared by all its notes. */
static void body(rng *r, double rate, float *x, size_t n)
{
    for (int k = 0; k < 3; k++) {
        const double db = rng_range(r, -4, 8), q = rng_range(r, 0.8, 3);
        biquad f = biquad_peak(rate, rng_log_range(r, 150, 3500), q, db);
        biquad_run(&f, x, n);
    }
}

static bool make(rng *r, double rate, float *out, size_t n)
{
    enum { CHORDS, MELODY, BASS, DRUMS, PARTS };
    float *const part = malloc((n ? n : 1) * sizeof *part);
    if (!part)
        return false;
    const song s = song_make(r, (double)n / rate);
    const passage p = {r, part, n, rate};
    const uint32_t only = rng_chance(r, 0.4) ? rng_below(r, 3) : PARTS;
    memset(out, 0, n * sizeof *out);
    for (uint32_t k = 0; k < PARTS; k++) {
        const bool plays = only == PARTS ? rng_chance(r, k == DRUMS ? 0.5 : 0.75) : k == only;
        const player q = player_make(r);
        if (!plays && !(k == DRUMS && only == PARTS && active_level(out, n, rate) == 0))
            continue;
        memset(part, 0, n * sizeof *part);
        if (k == CHORDS)
            chords(&p, &s, &q);
        else if (k == MELODY)
            melody(&p, &s, &q);
        else if (k == BASS)
            bass(&p, &s, &q);
        else
            percussion(&p, &s);
        if (k != DRUMS)
            body(r, rate, part, n);
        level_set(part, n, rate, rng_range(r, -30, -22));
        for (size_t i = 0; i < n; i++)
            out[i] += part[i];
    }
    free(part);
    if (rng_chance(r, 0.75)) {
        const double wet = rng_log_range(r, 0.02, 0.35), decay = rng_log_range(r, 0.3, 2.5);
        if (!add_room(r, out, n, rate, decay, wet))
            return false;
    }
    level_set(out, n, rate, rng_range(r, -30, -14));
    return true;
}

const signal_kind signal_music = {
    .name = "music",
    .what = "plucked, bowed and blown notes, chords and drums",
    .unit = "full scale",
    .make = make,
};
