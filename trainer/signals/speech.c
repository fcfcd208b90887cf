/*
 * Speech by formant synthesis: a voice is drawn (speech_voice.c), what it says (speech_plan.c), and
 * a source (speech_source.c) drives a vocal tract (speech_tract.c) at a rate of 32..80 kHz that is
 * the wanted one times a power of two.
 */
#include "trainer/signals/kinds.h"

#include "trainer/signals/speech_plan.h"
#include "trainer/signals/speech_rate.h"
#include "trainer/signals/speech_room.h"
#include "trainer/signals/speech_source.h"
#include "trainer/signals/speech_tract.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double pi = 3.14159265358979323846;

enum { MAX_CHUNK = 256, MICROPHONE = 4 };

typedef struct biquad {
    double b0, b1, b2, a1, a2, x1, x2, y1, y2;
} biquad;

static void biquad_run(biquad *q, float *x, size_t n)
{
    biquad s = *q;
    for (size_t i = 0; i < n; i++) {
        const double in = (double)x[i];
        const double y = s.b0 * in + s.b1 * s.x1 + s.b2 * s.x2 - s.a1 * s.y1 - s.a2 * s.y2;
        s.x2 = s.x1;
        s.x1 = in;
        s.y2 = s.y1;
        s.y1 = y;
        x[i] = (float)y;
    }
    *q = s;
}

/* Bristow-Johnson's equaliser cookbook: a peak of `db` and quality `q`. */
static biquad peak_filter(double rate, double hz, double q, double db)
{
    const double w = 2 * pi * fmin(hz, 0.45 * rate) / rate, g = pow(10, db / 40);
    const double alpha = sin(w) / (2 * q), a0 = 1 + alpha / g, c = -2 * cos(w) / a0;
    return (biquad){.b0 = (1 + alpha * g) / a0,
                    .b1 = c,
                    .b2 = (1 - alpha * g) / a0,
                    .a1 = c,
                    .a2 = (1 - alpha / g) / a0};
}

static biquad high_pass(double rate, double hz)
{
    const double w = 2 * pi * hz / rate, alpha = sin(w) / (2 * sqrt(0.5)), a0 = 1 + alpha;
    const double b = (1 + cos(w)) / 2 / a0;
    return (biquad){.b0 = b, .b1 = -2 * b, .b2 = b, .a1 = -2 * cos(w) / a0, .a2 = (1 - alpha) / a0};
}

/* First order: `db` at high frequencies against low ones, half of it at `hz`. */
static biquad tilt_filter(double rate, double hz, double db)
{
    const double g = pow(10, db / 20), k = tan(pi * fmin(hz, 0.4 * rate) / rate);
    const double root = sqrt(g), a0 = k / root + 1;
    return (biquad){
        .b0 = (k / root + g) / a0, .b1 = (k / root - g) / a0, .a1 = (k / root - 1) / a0};
}

/* The way from the lips to the recording: distance, microphone and preamplifier. */
static void draw_microphone(biquad chain[MICROPHONE], double rate, rng *r)
{
    chain[0] = high_pass(rate, rng_log_range(r, 25, 110));
    const double tilt_db = 2.5 * rng_normal(r) - 1;
    chain[1] = tilt_filter(rate, rng_log_range(r, 300, 2500), tilt_db);
    const double low_db = 2 * rng_normal(r), low_q = rng_range(r, 0.5, 1.5);
    chain[2] = peak_filter(rate, rng_log_range(r, 120, 1000), low_q, low_db);
    const double high_db = 2 * rng_normal(r), high_q = rng_range(r, 0.5, 1.5);
    chain[3] = peak_filter(rate, rng_log_range(r, 1500, 9000), high_q, high_db);
}

static void synthesise(float *out, size_t n, double rate, const speech_frame *frames,
                       size_t n_frames, speech_source *source, speech_tract *tract)
{
    float glottis[MAX_CHUNK], frication[MAX_CHUNK];
    const double per_frame = rate / SPEECH_FRAME_RATE;
    size_t at = 0;
    for (size_t k = 0; k + 1 < n_frames && at < n; k++) {
        size_t end = (size_t)((double)(k + 1) * per_frame);
        end = end < n ? end : n;
        speech_source_run(source, &frames[k], &frames[k + 1], glottis, frication, end - at);
        speech_tract_set(tract, &frames[k]);
        const bool hisses = frames[k].fric > 0 || frames[k + 1].fric > 0;
        speech_tract_run(tract, glottis, frication, hisses, out + at, end - at);
        at = end;
    }
}

static bool render(rng *r, double rate, float *out, size_t n)
{
    const size_t n_frames = (size_t)((double)n / rate * SPEECH_FRAME_RATE) + 3;
    speech_frame *frames = calloc(n_frames, sizeof *frames);
    speech_source *source = malloc(sizeof *source);
    speech_tract *tract = malloc(sizeof *tract);
    bool ok = frames && source && tract;
    if (ok) {
        speech_voice v;
        biquad microphone[MICROPHONE];
        speech_voice_draw(&v, r);
        draw_microphone(microphone, rate, r);
        /* Their own generators: what is drawn does not depend on the length. */
        rng words = rng_make(rng_bits(r), 0, 1);
        speech_source_init(source, &v, rate, rng_bits(r));
        speech_plan_make(frames, n_frames, &v, &words);
        speech_tract_init(tract, &v, rate);
        synthesise(out, n, rate, frames, n_frames, source, tract);
        for (int k = 0; k < MICROPHONE; k++)
            biquad_run(&microphone[k], out, n);
        if (rng_chance(r, 0.6))
            ok = speech_room_add(out, n, rate, r);
    }
    free(frames);
    free(source);
    free(tract);
    return ok;
}

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Brings the r.m.s. of the loudest half of 20 ms frames to `db`, and peaks below 1. */
static bool set_level(float *x, size_t n, double rate, double db)
{
    const size_t length = (size_t)(0.02 * rate), count = (n + length - 1) / length;
    double *power = calloc(count + 1, sizeof *power), loud = 0;
    if (!power)
        return false;
    float peak = 0;
    for (size_t i = 0; i < n; i++) {
        power[i / length] += (double)x[i] * (double)x[i] / (double)length;
        peak = fmaxf(peak, fabsf(x[i]));
    }
    qsort(power, count, sizeof *power, compare);
    for (size_t i = count / 2; i < count; i++)
        loud += power[i] / (double)(count - count / 2);
    free(power);
    if (!(loud > 0))
        return true;
    const double gain = fmin(pow(10, db / 20) / sqrt(loud), 0.98 / (double)peak);
    for (size_t i = 0; i < n; i++)
        x[i] = (float)(gain * (double)x[i]);
    return true;
}

/* Takes the rate down from `inner` = rate * 2^halvings; `x` is used up. */
static bool bring_down(float *x, size_t n_in, float *out, size_t n, int halvings)
{
    for (int i = halvings; i > 0; i--) {
        const size_t half = i == 1 ? n : n_in / 2;
        float *y = i == 1 ? out : malloc(half * sizeof *y);
        if (!y)
            return false;
        const bool ok = speech_rate_halve(x, n_in, y, half);
        if (ok && i > 1)
            memcpy(x, y, half * sizeof *x);
        if (i > 1)
            free(y);
        if (!ok)
            return false;
        n_in = half;
    }
    return true;
}

static bool bring_up(float *x, size_t n_in, float *out, size_t n, int doublings)
{
    for (int i = doublings; i > 0; i--) {
        const size_t twice = i == 1 ? n : 2 * n_in;
        float *y = i == 1 ? out : malloc(twice * sizeof *y);
        if (!y)
            return false;
        const bool ok = speech_rate_double(x, n_in, y, twice);
        if (ok && i > 1)
            memcpy(x, y, twice * sizeof *x);
        if (i > 1)
            free(y);
        if (!ok)
            return false;
        n_in = twice;
    }
    return true;
}

static bool make(rng *r, double rate, float *out, size_t n)
{
    if (n == 0)
        return true;
    int halvings = 0, doublings = 0;
    double inner = rate;
    while (inner < 32000) {
        inner *= 2;
        halvings++;
    }
    while (inner >= 80000) {
        inner /= 2;
        doublings++;
    }
    const size_t n_inner = ((n >> doublings) + (doublings ? SPEECH_RATE_REACH + 2 : 0)) << halvings;
    const size_t room = doublings ? n_inner << doublings : n_inner;
    float *x = calloc(room, sizeof *x);
    bool ok = x && render(r, inner, x, n_inner);
    if (ok && halvings)
        ok = bring_down(x, n_inner, out, n, halvings);
    else if (ok && doublings)
        ok = bring_up(x, n_inner, out, n, doublings);
    else if (ok)
        memcpy(out, x, n * sizeof *out);
    free(x);
    return ok && set_level(out, n, rate, rng_range(r, -36, -15));
}

const signal_kind signal_speech = {
    .name = "speech",
    .what = "voices by formant synthesis: men, women, children, whisper, shouts",
    .unit = "full scale",
    .make = make,
};
