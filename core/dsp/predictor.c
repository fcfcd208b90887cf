#include "core/dsp/predictor.h"

#include "core/base/clamp.h"
#include "core/base/error.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { PREDICTOR_MAX_TAPS = 1024 };

static const double step_size = 0.01; /* of the normalised update; stable below 2 */
static const double mean_time = 100;  /* samples of the running mean that is set aside */
static const double fast_time = 8;    /* samples over which a surprise is noticed */
static const double slow_time = 1000; /* samples over which the usual error is learned */
static const double gap_keep = 0.98;  /* what is left of a prediction made from predictions */
static const double surprise = 3.0;   /* fast error over slow one that passes as noise */

/* After a flat start the first errors are all there is to judge by, and they may be a step's. */
enum {
    FLAT = 8,   /* samples of no error at all that make one */
    PASSED = 16 /* errors after it that pass as signal */
};

/* Largest sum of squared weights: 20 predicts a cubic, noise allows less. Without it a burst after
 * near silence leaves weights of millions, which ordinary errors take for ever to undo. */
static const double most_weight = 64.0;

struct predictor {
    uint32_t taps;
    double seen;
    double mean;
    double fast;     /* mean squared prediction error of late */
    double slow;     /* mean logarithm of it in the long run */
    double errors;   /* that went into it, up to slow_time */
    uint32_t flat;   /* samples without any error before the first, up to FLAT */
    double last;     /* error before this one */
    double *weights; /* [taps], newest sample first */
    double *past;    /* [2 * taps], a window that slides and is moved back at the end */
    uint32_t at;     /* where the newest sample lies */
};

void predictor_free(predictor *p)
{
    if (!p)
        return;
    free(p->weights);
    free(p->past);
    free(p);
}

void predictor_reset(predictor *p)
{
    p->seen = p->mean = p->fast = p->slow = p->errors = p->last = 0.0;
    p->flat = 0;
    p->at = p->taps;
    memset(p->weights, 0, p->taps * sizeof *p->weights);
    memset(p->past, 0, 2 * (size_t)p->taps * sizeof *p->past);
}

sordino_status predictor_new(uint32_t taps, predictor **out, sordino_error *why)
{
    *out = NULL;
    if (taps < 1 || taps > PREDICTOR_MAX_TAPS)
        return error_set(why, SORDINO_BAD_ARG, "The predictor has %u taps; 1..%d can be served",
                         taps, PREDICTOR_MAX_TAPS);
    predictor *p = calloc(1, sizeof *p);
    if (p) {
        p->taps = taps;
        p->weights = calloc(taps, sizeof *p->weights);
        p->past = calloc(2 * (size_t)taps, sizeof *p->past);
    }
    if (!p || !p->weights || !p->past) {
        predictor_free(p);
        return error_set(why, SORDINO_NO_MEM, "Out of memory for a predictor");
    }
    predictor_reset(p);
    *out = p;
    return SORDINO_OK;
}

/* Puts x before the others; past[at..at + taps) are then the newest first. */
static void remember(predictor *p, double x)
{
    if (p->at == 0) {
        memmove(p->past + p->taps + 1, p->past, (p->taps - 1) * sizeof *p->past);
        p->at = p->taps + 1;
    }
    p->past[--p->at] = x;
}

/* The square to learn the usual error from. After a flat start it is half that of the difference
 * of two errors: the same for noise, and next to nothing for the long error after a step. */
static double usual(predictor *p, double error)
{
    if (p->errors == 0.0 && error == 0.0 && p->flat < FLAT)
        p->flat++;
    const double step = error - p->last;
    p->last = error;
    return p->flat < FLAT ? error * error : 0.5 * step * step;
}

/* Share of the error that is signal: none while errors are as usual, all when they are far above.
 * The usual error is averaged as a logarithm, so that one burst does not set it for long; of normal
 * errors the mean logarithm lies log_bias below the logarithm of the mean square. */
static double trust(predictor *p, double error)
{
    const double log_bias = 1.2703628454614782; /* Euler's constant + ln 2 */
    const double square = usual(p, error);
    const double noise = p->errors > 0.0 ? surprise * exp(p->slow + log_bias) : 0.0;
    p->fast += (error * error - p->fast) / min_double(p->seen, fast_time);
    if (square > 0.0) { /* an error of exactly nothing says nothing of its scale */
        p->errors = min_double(p->errors + 1.0, slow_time);
        p->slow += (log(square) - p->slow) / p->errors;
    }
    if (p->flat >= FLAT && p->errors <= PASSED)
        return 1.0;
    return p->fast > noise ? 1.0 - noise / p->fast : 0.0;
}

/* Moves the weights along the past. */
static void adapt(predictor *p, double step)
{
    const double *past = p->past + p->at;
    double squares = 0.0;
    for (uint32_t i = 0; i < p->taps; i++) {
        p->weights[i] += step * past[i];
        squares += p->weights[i] * p->weights[i];
    }
    if (squares <= most_weight)
        return;
    const double shrink = isfinite(squares) ? sqrt(most_weight / squares) : 0.0;
    for (uint32_t i = 0; i < p->taps; i++)
        p->weights[i] = shrink > 0.0 ? p->weights[i] * shrink : 0.0;
}

float predictor_push(predictor *p, float x)
{
    const bool good = isfinite(x);
    if (p->seen == 0.0) {
        if (!good)
            return 0.0f;
        p->mean = (double)x;
    }
    const double *past = p->past + p->at;
    double prediction = 0.0, power = 0.0, peak = 0.0;
    for (uint32_t i = 0; i < p->taps; i++) {
        prediction += p->weights[i] * past[i];
        power += past[i] * past[i];
        peak = max_double(peak, fabs(past[i]));
    }
    prediction = clamp_double(prediction, -peak, peak); /* the recursion over a gap must not grow */
    double estimate = prediction;
    if (good) {
        p->seen = min_double(p->seen + 1.0, mean_time);
        const double centred = (double)x - p->mean;
        const double error = centred - prediction;
        if (power > 0.0)
            adapt(p, step_size * error / power);
        estimate += trust(p, error) * error;
        remember(p, centred);
        estimate += p->mean;
        p->mean += ((double)x - p->mean) / p->seen;
    } else {
        remember(p, gap_keep * prediction);
        estimate += p->mean;
    }
    return (float)clamp_double(estimate, -(double)FLT_MAX, (double)FLT_MAX);
}
