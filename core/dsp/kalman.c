#include "core/dsp/kalman.h"

#include "core/base/clamp.h"
#include "core/base/error.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Process noise over measurement noise of each filter: of the level, and of the slope. The first is
 * as good as no filter. */
static const double ratios[][2] = {
    {1e4, 0.0}, {1e-5, 0.0}, {1e-4, 0.0}, {1e-3, 0.0}, {1e-2, 0.0}, {1e-1, 0.0}, {1.0, 0.0},
    {1e1, 0.0}, {0.0, 1e-8}, {0.0, 1e-6}, {0.0, 1e-4}, {0.0, 1e-2}, {0.0, 1.0},
};
enum { MODELS = sizeof ratios / sizeof ratios[0], PASSING = 0 };

static const double memory = 400.0;  /* samples over which prediction errors are averaged */
static const double evidence = 40.0; /* samples' worth of likelihood that the mixture trusts */
enum {
    WEIGH_EVERY = 4, /* samples; weights move slowly */
    ALARM = 8        /* samples after an outlier in which they are looked at each time */
};
static const double outlier = 25.0; /* a squared error counts as at most this many means */
static const double tie = 1e-9;     /* difference of log-likelihoods */

/* Errors that fell to nothing on a plateau would take thousands of samples to grow again by
 * outliers alone: so many squared errors in a row, so many times the mean, start it afresh. */
enum { RESTART = 3 };
static const double vanished = 1e6;

/* A filter at rest: everything but the state. */
typedef struct steady {
    double level_gain, slope_gain;
    double innovation;   /* variance of the innovation over that of the measurement noise */
    double smooth[2][2]; /* smoother gain P F' (F P F' + Q)^-1 */
    uint32_t n_echoes;   /* echoes that matter, 0..lag */
    double *echoes;      /* [lag] what an innovation adds to the level 1, 2, .. samples before it */
} steady;

typedef struct filter {
    double level, slope;
    double error;     /* mean squared innovation */
    uint32_t strange; /* innovations in a row beside which it is nothing */
    double weight;
} filter;

struct kalman {
    uint32_t lag;
    uint32_t at;    /* where this sample goes in both rings, 0..lag - 1 */
    uint32_t age;   /* samples since the first, up to lag + 1 */
    uint32_t since; /* good samples since the filters were weighed */
    uint32_t alarm; /* samples for which they are weighed each time */
    double seen;    /* good samples so far */
    double given;   /* fixed noise variance, < 0: estimated */
    double noise;
    double heard; /* largest of the smallest mean squared innovations: no noise is above it */
    noise_doubt doubt;
    steady steady[MODELS];
    filter filters[MODELS];
    double *levels;      /* [MODELS][lag] ring of estimates */
    double *innovations; /* [MODELS][2 lag] ring, each twice: any `lag` in a row lie in order */
    double *inputs;      /* [lag] ring, gaps filled */
    double *echoes;      /* [MODELS][lag] */
};

/* Echoes of less than this share of the first innovation's effect are left out. */
static const double faint = 1e-9;

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

/*
 * With constant gains the fixed-interval smoother (Rauch, Tung & Striebel 1965) is a sum over the
 * innovations e that came later: x(t | t + n) = x(t | t) + sum over j = 1..n of C^j K e(t + j), C
 * the smoother gain and K the filter's. The level's row of C^j K is kept.
 */
static void make_echoes(steady *s, uint32_t lag)
{
    double level = s->level_gain, slope = s->slope_gain;
    s->n_echoes = 0;
    for (uint32_t j = 0; j < lag; j++) {
        const double was = level;
        level = s->smooth[0][0] * was + s->smooth[0][1] * slope;
        slope = s->smooth[1][0] * was + s->smooth[1][1] * slope;
        s->echoes[j] = level;
        if (fabs(level) + fabs(slope) > faint * s->level_gain)
            s->n_echoes = j + 1;
    }
}

void kalman_free(kalman *k)
{
    if (!k)
        return;
    free(k->levels);
    free(k->innovations);
    free(k->inputs);
    free(k->echoes);
    free(k);
}

/* The rings need no clearing: nothing is read from them until they are full. */
void kalman_reset(kalman *k)
{
    k->at = k->age = k->since = k->alarm = 0;
    k->seen = k->heard = 0.0;
    kalman_set_noise(k, k->given);
    memset(k->filters, 0, sizeof k->filters);
}

sordino_status kalman_new(uint32_t lag, kalman **out, sordino_error *why)
{
    *out = NULL;
    if (lag > KALMAN_MAX_LAG)
        return error_set(why, SORDINO_BAD_ARG, "The lag is %u samples; it must be within 0..%d",
                         lag, KALMAN_MAX_LAG);
    const size_t room = lag > 0 ? lag : 1;
    kalman *k = calloc(1, sizeof *k);
    if (k) {
        k->levels = calloc(MODELS * room, sizeof *k->levels);
        k->innovations = calloc(MODELS * 2 * room, sizeof *k->innovations);
        k->inputs = calloc(room, sizeof *k->inputs);
        k->echoes = calloc(MODELS * room, sizeof *k->echoes);
    }
    if (!k || !k->levels || !k->innovations || !k->inputs || !k->echoes) {
        kalman_free(k);
        return error_set(why, SORDINO_NO_MEM, "Out of memory for a Kalman filter");
    }
    k->lag = lag;
    k->given = -1.0;
    for (size_t m = 0; m < MODELS; m++) {
        k->steady[m].echoes = k->echoes + m * room;
        settle(&k->steady[m], ratios[m][0], ratios[m][1]);
        make_echoes(&k->steady[m], lag);
    }
    kalman_reset(k);
    *out = k;
    return SORDINO_OK;
}

/* One step of one filter; returns the innovation. A missing sample, NaN, leaves the prediction. */
static double step(const steady *s, filter *f, double x, double keep, bool *outlying)
{
    f->level += f->slope;
    if (isnan(x))
        return 0.0;
    const double e = x - f->level;
    f->level += s->level_gain * e;
    f->slope += s->slope_gain * e;
    const double square = e * e;
    f->strange = square > vanished * f->error ? f->strange + 1 : 0;
    if (f->strange >= RESTART && f->error > 0.0)
        f->error = square;
    *outlying = *outlying || square > outlier * f->error;
    const double most = f->error > 0.0 ? outlier * f->error : INFINITY;
    f->error += (1.0 - keep) * (min_double(square, most) - f->error);
    return e;
}

/* Log-likelihood of a sample under a filter, constants left out: with the noise known, or with each
 * filter's own best noise put in. `unit` is any variance of the signal's scale: only ratios go into
 * the logarithm, so that a gain of a power of two on the input changes nothing at all. */
static double fit(const kalman *k, int m, double unit)
{
    const double error = k->filters[m].error, share = k->steady[m].innovation;
    if (k->given >= 0.0 && k->doubt == NOISE_FITS) {
        const double expected = k->given * share;
        return -0.5 * (log(expected / unit) + error / expected);
    }
    return -0.5 * log(max_double(error / unit, DBL_MIN));
}

/* How far below a noise of this variance the mean of `n` squared innovations may lie by chance, for
 * once in a thousand million: it is chi-squared with n degrees of freedom. */
static double chance(double n)
{
    return 4.0 * exp(40.0 / n);
}

/* Every predictor's error holds the whole noise of the sample it predicts. */
static void check_given(kalman *k, double unit)
{
    double least = INFINITY;
    for (int m = 0; m < MODELS; m++)
        least = min_double(least, k->filters[m].error);
    k->heard = max_double(k->heard, least);
    k->doubt =
        k->given < 0.0 ? NOISE_FITS : noise_check(k->given, unit, chance(k->seen - 1.0) * k->heard);
}

static void weigh(kalman *k)
{
    double fits[MODELS], best = -INFINITY, worst = INFINITY;
    double sum = 0.0, noise = 0.0, unit = 0.0;
    for (int m = 0; m < MODELS; m++)
        unit = max_double(unit, k->filters[m].error);
    check_given(k, unit);
    if (!(unit > 0.0))
        unit = 1.0;
    for (int m = 0; m < MODELS; m++) {
        fits[m] = fit(k, m, unit);
        best = max_double(best, fits[m]);
        worst = min_double(worst, fits[m]);
    }
    for (int m = 0; m < MODELS; m++) {
        /* Where all predict alike, as at the first step of a constant, the input passes. */
        const bool chosen = best - worst > tie || m == PASSING;
        k->filters[m].weight = chosen ? exp(evidence * (fits[m] - best)) : 0.0;
        sum += k->filters[m].weight;
    }
    for (int m = 0; m < MODELS; m++) {
        k->filters[m].weight /= sum;
        noise += k->filters[m].weight * k->filters[m].error / k->steady[m].innovation;
    }
    k->noise = k->given >= 0.0 ? k->given : noise;
}

/* Four sums, so that the additions need not wait for each other. */
static double dot(const double *a, const double *b, uint32_t n)
{
    double sums[4] = {0.0, 0.0, 0.0, 0.0};
    uint32_t i = 0;
    for (; i + 4 <= n; i += 4)
        for (uint32_t j = 0; j < 4; j++)
            sums[j] += a[i + j] * b[i + j];
    for (; i < n; i++)
        sums[0] += a[i] * b[i];
    return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

/* Level of model m `lag` samples ago, from all that came since. The ring holds at `at` the oldest
 * level, which leaves now, and from `at` on the innovations after it. */
static double smoothed(const kalman *k, size_t m)
{
    const steady *s = &k->steady[m];
    const double *later = k->innovations + m * 2 * k->lag + k->at;
    return k->levels[m * k->lag + k->at] + dot(s->echoes, later + 1, s->n_echoes);
}

/* What went in `lag` samples ago. */
static double passed(const kalman *k, double input)
{
    return k->lag > 0 ? k->inputs[k->at] : input;
}

static double mixed(const kalman *k)
{
    const double negligible = 1e-4;
    double sum = 0.0, weights = 0.0;
    for (size_t m = 0; m < MODELS; m++) {
        const double weight = k->filters[m].weight;
        if (weight < negligible)
            continue;
        sum += weight * (k->lag > 0 ? smoothed(k, m) : k->filters[m].level);
        weights += weight;
    }
    return weights > 0.0 ? sum / weights : 0.0;
}

/* The first sample is where every filter starts. */
static void start(kalman *k, double x)
{
    for (size_t m = 0; m < MODELS; m++)
        k->filters[m] = (filter){.level = x, .weight = 1.0 / MODELS};
}

/* Steps every filter and keeps the innovations. */
static void step_all(kalman *k, double x)
{
    const double keep = 1.0 - 1.0 / max_double(k->seen - 1.0, 1.0);
    bool outlying = false;
    for (size_t m = 0; m < MODELS; m++) {
        const double e = step(&k->steady[m], &k->filters[m], x, keep, &outlying);
        if (k->lag > 0) {
            double *ring = k->innovations + m * 2 * k->lag;
            ring[k->at] = ring[k->at + k->lag] = e;
        }
    }
    k->alarm = outlying ? ALARM : k->alarm > 0 ? k->alarm - 1 : 0;
}

/* Keeps the levels for the smoother in place of those it has just used. */
static void remember(kalman *k, double input)
{
    if (k->lag > 0)
        k->inputs[k->at] = input;
    for (size_t m = 0; m < MODELS && k->lag > 0; m++)
        k->levels[m * k->lag + k->at] = k->filters[m].level;
    k->at = k->at + 1 < k->lag ? k->at + 1 : 0;
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
    step_all(k, good ? (double)x : (double)NAN);
    if (good && (k->seen < memory || k->alarm > 0 || ++k->since >= WEIGH_EVERY)) {
        k->since = 0;
        if (k->seen > 2.0)
            weigh(k);
    }
    if (k->age <= k->lag)
        k->age++;
    const double input = good ? (double)x : k->filters[PASSING].level;
    double estimate = 0.0;
    if (k->age > k->lag)
        estimate = k->doubt == NOISE_FITS ? mixed(k) : passed(k, input);
    remember(k, input);
    return (float)clamp_double(estimate, -(double)FLT_MAX, (double)FLT_MAX);
}

void kalman_set_noise(kalman *k, double variance)
{
    k->given = variance >= 0.0 ? min_double(variance, 1e76) : -1.0;
    k->noise = max_double(k->given, 0.0);
    k->doubt = k->given == 0.0 ? NOISE_ZERO : NOISE_FITS; /* the rest is seen at the next sample */
}

noise_doubt kalman_doubt(const kalman *k)
{
    return k->doubt;
}

double kalman_noise(const kalman *k)
{
    return k->noise;
}
