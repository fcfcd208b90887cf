/*
 * The multi-resolution loss. The spectra of the estimate are kept from the first pass, which finds
 * the sums, to the second, which takes the derivative of every bin back to samples.
 */
#include "trainer/loss/loss.h"
#include "trainer/loss/power.h"
#include "trainer/loss/transform.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Added to a bin's power; windows have unit energy, so a signal of r.m.s. 1 has 1 a bin. */
static const kreal floor_power = (kreal)1e-8;

enum { LANES = 8 };

typedef struct resolution {
    uint32_t window, hop, bins;
    transform *transform;
    kreal *shape; /* [window], Hann, its squares add up to 1 */
    kreal *y;     /* [frames][bins] pairs */
    kreal *ms;    /* [frames][bins], magnitudes */
    kreal *time;  /* [window] */
    kreal *s;     /* [bins] pairs */
} resolution;

struct loss_stft {
    uint32_t n_resolutions;
    resolution *resolutions;
};

static size_t count_frames(const resolution *r, size_t n)
{
    return n / r->hop + 1;
}

static bool resolution_init(resolution *r, uint32_t window, uint32_t hop, size_t max_samples)
{
    const double turn = 6.283185307179586476925;
    *r = (resolution){.window = window, .hop = hop, .bins = window / 2 + 1};
    const size_t frames = count_frames(r, max_samples);
    r->transform = transform_new(window);
    r->shape = calloc(window, sizeof *r->shape);
    r->y = calloc(frames * r->bins, 2 * sizeof *r->y);
    r->ms = calloc(frames * r->bins, sizeof *r->ms);
    r->time = calloc(window, sizeof *r->time);
    r->s = calloc(r->bins, 2 * sizeof *r->s);
    if (!r->transform || !r->shape || !r->y || !r->ms || !r->time || !r->s)
        return false;
    const double energy = 0.375 * window; /* of Hann's window */
    for (uint32_t i = 0; i < window; i++)
        r->shape[i] = (kreal)((0.5 - 0.5 * cos(turn * i / window)) / sqrt(energy));
    return true;
}

loss_stft *loss_stft_new(const uint32_t *windows, const uint32_t *hops, uint32_t n_resolutions,
                         size_t max_samples)
{
    loss_stft *const l = calloc(1, sizeof *l);
    if (!l)
        return NULL;
    l->resolutions = calloc(n_resolutions, sizeof *l->resolutions);
    bool good = l->resolutions != NULL;
    for (uint32_t i = 0; good && i < n_resolutions; i++) {
        l->n_resolutions = i + 1;
        good = resolution_init(&l->resolutions[i], windows[i], hops[i], max_samples);
    }
    if (!good) {
        loss_stft_free(l);
        return NULL;
    }
    return l;
}

void loss_stft_free(loss_stft *l)
{
    if (!l)
        return;
    for (uint32_t i = 0; i < l->n_resolutions; i++) {
        resolution *const r = &l->resolutions[i];
        transform_free(r->transform);
        free(r->shape);
        free(r->y);
        free(r->ms);
        free(r->time);
        free(r->s);
    }
    free(l->resolutions);
    free(l);
}

/* The part of frame `t`, centred on sample t hop, that lies within 0..n-1: window samples from..to.
 */
static void find_part(const resolution *r, size_t t, size_t n, size_t *from, size_t *to)
{
    const size_t start = t * r->hop, half = r->window / 2; /* of the frame, plus half a window */
    *from = start < half ? half - start : 0;
    *to = n + half - start < r->window ? n + half - start : r->window;
}

static void analyse(resolution *r, const kreal *x, size_t n, size_t t, kreal *spectrum)
{
    size_t from, to;
    find_part(r, t, n, &from, &to);
    const kreal *const frame = x + (t * r->hop + from - r->window / 2);
    memset(r->time, 0, r->window * sizeof *r->time);
    for (size_t i = from; i < to; i++)
        r->time[i] = r->shape[i] * frame[i - from];
    transform_forward(r->transform, r->window, r->time, spectrum);
}

typedef struct sums {
    double distance, clean, logs; /* of (mY - mS)^2, mS^2, |log2 of the ratio of powers| */
} sums;

/* One frame. Sums in lanes, so that the compiler can use vectors. */
static void compare(const kreal *y, const kreal *s, size_t bins, kreal *ms, sums *sum)
{
    kreal d[LANES] = {0}, c[LANES] = {0}, l[LANES] = {0};
    for (size_t start = 0; start < bins; start += LANES)
        for (size_t i = start; i < (bins - start < LANES ? bins : start + LANES); i++) {
            const kreal py = y[2 * i] * y[2 * i] + y[2 * i + 1] * y[2 * i + 1] + floor_power;
            const kreal ps = s[2 * i] * s[2 * i] + s[2 * i + 1] * s[2 * i + 1] + floor_power;
            const kreal magnitude = root_of(ps), e = root_of(py) - magnitude;
            const kreal ratio = log2_of(py) - log2_of(ps);
            ms[i] = magnitude;
            d[i - start] += e * e;
            c[i - start] += ps;
            l[i - start] += ratio < 0 ? -ratio : ratio;
        }
    for (int k = 0; k < LANES; k++) {
        sum->distance += (double)d[k];
        sum->clean += (double)c[k];
        sum->logs += (double)l[k];
    }
}

/* Turns a frame's spectrum into the derivative by it: `a` times that of the distance's root and `b`
 * times that of the logs, halved where a bin stands for two of the transform's. */
static void differentiate(kreal *y, const kreal *ms, size_t bins, kreal a, kreal b)
{
    for (size_t i = 0; i < bins; i++) {
        const kreal p = y[2 * i] * y[2 * i] + y[2 * i + 1] * y[2 * i + 1] + floor_power;
        const kreal m = root_of(p), e = m - ms[i];
        const kreal sign = e > 0 ? b : e < 0 ? -b : 0;
        const kreal factor = (kreal)0.5 * (a * e / m + sign / p);
        y[2 * i] *= factor;
        y[2 * i + 1] *= factor;
    }
    y[0] *= 2;
    y[2 * bins - 2] *= 2;
}

static kreal run_resolution(resolution *r, const kreal *y, const kreal *s, size_t n, kreal scale,
                            kreal *d_y)
{
    const size_t frames = count_frames(r, n), bins = r->bins;
    sums sum = {0};
    for (size_t t = 0; t < frames; t++) {
        kreal *const spectrum = r->y + 2 * t * bins;
        analyse(r, y, n, t, spectrum);
        analyse(r, s, n, t, r->s);
        compare(spectrum, r->s, bins, r->ms + t * bins, &sum);
    }
    const double count = (double)frames * (double)bins, half_ln2 = 0.34657359027997265;
    const bool silent = sum.clean <= 2 * (double)floor_power * count;
    const double product = sqrt(sum.distance * sum.clean);
    const double a = silent || !(product > 0) ? 0 : 1 / product, b = 1 / count;
    const double convergence = silent ? 0 : sqrt(sum.distance / sum.clean);
    /* The inverse transform divides by the window's length. */
    const double whole = (double)scale * r->window;
    for (size_t t = 0; t < frames; t++) {
        kreal *const spectrum = r->y + 2 * t * bins;
        size_t from, to;
        differentiate(spectrum, r->ms + t * bins, bins, (kreal)(whole * a), (kreal)(whole * b));
        transform_inverse(r->transform, r->window, spectrum, r->time);
        find_part(r, t, n, &from, &to);
        kreal *const d = d_y + (t * r->hop + from - r->window / 2);
        for (size_t i = from; i < to; i++)
            d[i - from] += r->shape[i] * r->time[i];
    }
    return (kreal)(convergence + half_ln2 * sum.logs / count);
}

kreal loss_stft_run(loss_stft *l, const kreal *y, const kreal *s, size_t n, kreal scale, kreal *d_y)
{
    const kreal share = 1 / (kreal)l->n_resolutions;
    kreal loss = 0;
    memset(d_y, 0, n * sizeof *d_y);
    for (uint32_t i = 0; i < l->n_resolutions; i++)
        loss += share * run_resolution(&l->resolutions[i], y, s, n, scale * share, d_y);
    return loss;
}
