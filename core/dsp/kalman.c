#include "core/dsp/kalman.h"

#include "core/base/clamp.h"
#include "core/base/error.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Process noise over measurement noise of each filter: of the level, and of the slope. A ratio of
 * 1e4 is as good as no filter. */
static const double ratios[][2] = {
    {1e-5, 0.0}, {1e-4, 0.0}, {1e-3, 0.0}, {1e-2, 0.0}, {1e-1, 0.0}, {1.0, 0.0}, {1e1, 0.0},
    {1e4, 0.0},  {0.0, 1e-8}, {0.0, 1e-6}, {0.0, 1e-4}, {0.0, 1e-2}, {0.0, 1.0},
};
enum { MODELS = sizeof ratios / sizeof ratios[0] };

static const double memory = 400.0;  /* samples over which prediction errors are averaged */
static const double evidence = 40.0; /* samples' worth of likelihood that the mixture trusts */
enum { WEIGH_EVERY = 4 };            /* samples; weights move slowly */
static const double outlier = 25.0;  /* a squared error counts as at most this many means */

/* A filter at rest: everything but the state. */
typedef struct steady {
    double level_gain, slope_gain;
    double innovation;   /* variance of the innovation over that of the measurement noise */
    double smooth[2][2]; /* smoother gain P F' (F P F' + Q)^-1 */
} steady;

typedef struct state {
    double level, slope;
} state;

typedef struct filter {
    state now, predicted;
    double error; /* mean squared innovation */
    double weight;
} filter;

struct kalman {
    uint32_t lag, at; /* ring position of the newest states */
    uint32_t since;   /* good samples since the filters were weighed */
    double seen;      /* good samples so far */
    double given;     /* fixed noise variance, < 0: estimated */
    double noise;
    steady steady[MODELS];
    filter filters[MODELS];
    state *past; /* [lag + 1][MODELS][2]: filtered and predicted */
};

/* Runs the covariance recursion with unit measurement noise until it rests (Anderson & Moore 1979,
 * ch. 4). Plain iteration: done once, and it doubles as the definition. */
static void settle(steady *s, double q_level, double q_slope)
{
    double p00 = 1.0, p01 = 0.0, p11 = q_slope > 0.0 ? 1.0 : 0.0; /* predicted covariance */
    double a = 0, b = 0, c = 0;
    for (int i = 0; i < 100000; i++) {
        const double k0 = p00 / (p00 + 1.0), k1 = p01 / (p00 + 1.0), before = p00;
        a = (1.0 - k0) * p00; /* filtered covariance */
        b = (1.0 - k0) * p01;
        c = p11 - k1 * p01;
        p00 = a + 2.0 * b + c + q_level;
        p01 = b + c;
        p11 = c + q_slope;
        if (fabs(p00 - before) < 1e-14 * p00)
            break;
    }
    s->level_gain = p00 / (p00 + 1.0);
    s->slope_gain = p01 / (p00 + 1.0);
    s->innovation = p00 + 1.0;
    /* P F' = [[a + b, b], [b + c, c]]; times the inverse of the predicted covariance. A level
     * without a slope is a scalar. */
    const double det = p00 * p11 - p01 * p01;
    memset(s->smooth, 0, sizeof s->smooth);
    if (q_slope > 0.0 && det > 0.0) {
        s->smooth[0][0] = ((a + b) * p11 - b * p01) / det;
        s->smooth[0][1] = (b * p00 - (a + b) * p01) / det;
        s->smooth[1][0] = ((b + c) * p11 - c * p01) / det;
        s->smooth[1][1] = (c * p00 - (b + c) * p01) / det;
    } else {
        s->smooth[0][0] = a / p00;
    }
}

void kalman_free(kalman *k)
{
    if (!k)
        return;
    free(k->past);
    free(k);
}

void kalman_reset(kalman *k)
{
    k->at = k->since = 0;
    k->seen = 0.0;
    k->noise = max_double(k->given, 0.0);
    memset(k->filters, 0, sizeof k->filters);
    memset(k->past, 0, (size_t)(k->lag + 1) * MODELS * 2 * sizeof *k->past);
}

sordino_status kalman_new(uint32_t lag, kalman **out, sordino_error *why)
{
    *out = NULL;
    if (lag > KALMAN_MAX_LAG)
        return error_set(why, SORDINO_BAD_ARG, "The lag is %u samples; it must be within 0..%d",
                         lag, KALMAN_MAX_LAG);
    kalman *k = calloc(1, sizeof *k);
    if (k)
        k->past = calloc((size_t)(lag + 1) * MODELS * 2, sizeof *k->past);
    if (!k || !k->past) {
        kalman_free(k);
        return error_set(why, SORDINO_NO_MEM, "Out of memory for a Kalman filter");
    }
    k->lag = lag;
    k->given = -1.0;
    for (int m = 0; m < MODELS; m++)
        settle(&k->steady[m], ratios[m][0], ratios[m][1]);
    kalman_reset(k);
    *out = k;
    return SORDINO_OK;
}

/* One step of one filter. A missing sample, NaN, leaves the prediction. */
static void step(const steady *s, filter *f, double x, double keep)
{
    f->predicted.level = f->now.level + f->now.slope;
    f->predicted.slope = f->now.slope;
    f->now = f->predicted;
    if (isnan(x))
        return;
    const double e = x - f->predicted.level;
    f->now.level += s->level_gain * e;
    f->now.slope += s->slope_gain * e;
    const double most = f->error > 0.0 ? outlier * f->error : INFINITY;
    f->error += (1.0 - keep) * (min_double(e * e, most) - f->error);
}

/* Log-likelihood of a sample under a filter, constants left out: with the noise known, or with each
 * filter's own best noise put in. */
static double fit(const kalman *k, int m)
{
    const double error = k->filters[m].error, share = k->steady[m].innovation;
    if (k->given >= 0.0) {
        const double expected = max_double(k->given, DBL_MIN) * share;
        return -0.5 * (log(expected) + error / expected);
    }
    return -0.5 * log(max_double(error, DBL_MIN));
}

static void weigh(kalman *k)
{
    double fits[MODELS], best = -INFINITY, sum = 0.0, noise = 0.0;
    for (int m = 0; m < MODELS; m++) {
        fits[m] = fit(k, m);
        best = max_double(best, fits[m]);
    }
    for (int m = 0; m < MODELS; m++) {
        k->filters[m].weight = exp(evidence * (fits[m] - best));
        sum += k->filters[m].weight;
    }
    for (int m = 0; m < MODELS; m++) {
        k->filters[m].weight /= sum;
        noise += k->filters[m].weight * k->filters[m].error / k->steady[m].innovation;
    }
    k->noise = k->given >= 0.0 ? k->given : noise;
}

/* Keeps this step's states for the smoother. */
static void remember(kalman *k)
{
    k->at = k->at == k->lag ? 0 : k->at + 1;
    state *row = k->past + (size_t)k->at * MODELS * 2;
    for (int m = 0; m < MODELS; m++) {
        row[2 * m] = k->filters[m].now;
        row[2 * m + 1] = k->filters[m].predicted;
    }
}

/* Level of model m `lag` samples ago, from all that came since (backward recursion with constant
 * gains). */
static double smoothed(const kalman *k, int m)
{
    const steady *s = &k->steady[m];
    state later = k->filters[m].now;
    uint32_t at = k->at;
    for (uint32_t i = 0; i < k->lag; i++) {
        const state predicted = k->past[((size_t)at * MODELS + (size_t)m) * 2 + 1];
        at = at == 0 ? k->lag : at - 1;
        const state filtered = k->past[((size_t)at * MODELS + (size_t)m) * 2];
        const double level = later.level - predicted.level, slope = later.slope - predicted.slope;
        later.level = filtered.level + s->smooth[0][0] * level + s->smooth[0][1] * slope;
        later.slope = filtered.slope + s->smooth[1][0] * level + s->smooth[1][1] * slope;
    }
    return later.level;
}

static double mixed(const kalman *k)
{
    const double negligible = 1e-4;
    double sum = 0.0, weights = 0.0;
    for (int m = 0; m < MODELS; m++) {
        const double weight = k->filters[m].weight;
        if (weight < negligible)
            continue;
        sum += weight * (k->lag > 0 ? smoothed(k, m) : k->filters[m].now.level);
        weights += weight;
    }
    return weights > 0.0 ? sum / weights : 0.0;
}

/* The first sample is where every filter starts, now and in the past it has not seen. */
static void start(kalman *k, double x)
{
    for (int m = 0; m < MODELS; m++) {
        k->filters[m] = (filter){.now = {x, 0.0}, .predicted = {x, 0.0}, .weight = 1.0 / MODELS};
        for (uint32_t i = 0; i <= k->lag; i++) {
            k->past[((size_t)i * MODELS + (size_t)m) * 2] = k->filters[m].now;
            k->past[((size_t)i * MODELS + (size_t)m) * 2 + 1] = k->filters[m].now;
        }
    }
}

float kalman_push(kalman *k, float x)
{
    const bool good = isfinite(x);
    if (k->seen == 0.0) {
        if (!good)
            return 0.0f;
        start(k, (double)x);
    }
    if (good)
        k->seen = min_double(k->seen + 1.0, memory);
    const double keep = 1.0 - 1.0 / max_double(k->seen - 1.0, 1.0);
    for (int m = 0; m < MODELS; m++)
        step(&k->steady[m], &k->filters[m], good ? (double)x : (double)NAN, keep);
    if (good && (k->seen < memory || ++k->since == WEIGH_EVERY)) {
        k->since = 0;
        if (k->seen > 2.0)
            weigh(k);
    }
    remember(k);
    return (float)clamp_double(mixed(k), -(double)FLT_MAX, (double)FLT_MAX);
}

void kalman_set_noise(kalman *k, double variance)
{
    k->given = variance >= 0.0 ? min_double(variance, 1e76) : -1.0;
    k->noise = max_double(k->given, 0.0);
}

double kalman_noise(const kalman *k)
{
    return k->noise;
}
