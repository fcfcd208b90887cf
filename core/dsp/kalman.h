/*
 * The sensor baseline: a bank of steady-state Kalman filters for a signal whose level and slope are
 * random walks (local linear trend, Harvey 1989, "Forecasting, structural time series models",
 * sec. 2.3), each for one ratio of process to measurement noise, mixed by how well each predicts
 * (multiple model estimation, Magill 1965), with a fixed lag (Rauch, Tung & Striebel 1965, over the
 * last `lag` samples). Gains depend on ratios alone, so the filter is invariant to the input's
 * scale.
 */
#ifndef DSP_KALMAN_H
#define DSP_KALMAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sordino/status.h>

#include "core/dsp/noise_doubt.h"

enum { KALMAN_MAX_LAG = 4096 };

typedef struct kalman kalman;

/* One channel, `lag` 0..KALMAN_MAX_LAG samples. Errors: NO_MEM, BAD_ARG. */
SORDINO_NODISCARD sordino_status kalman_new(uint32_t lag, kalman **out, sordino_error *why);
void kalman_free(kalman *k);
void kalman_reset(kalman *k) SORDINO_RT; /* keeps a noise variance that was set */

/* Takes one sample (not finite: missing, the step is a prediction only), returns the estimate of
 * the sample `lag` before it (0 before the first). Work grows with the lag, and is bounded by it:
 * at most one multiplication a filter and sample of lag. */
float kalman_push(kalman *k, float x) SORDINO_RT;

/* Fixes the measurement noise variance (signal units squared); < 0 returns to estimating it. One
 * that cannot be this signal's, as kalman_doubt then says, is not used: the input passes. */
void kalman_set_noise(kalman *k, double variance) SORDINO_RT;
double kalman_noise(const kalman *k) SORDINO_RT; /* the variance in use; 0 before it is known */
noise_doubt kalman_doubt(const kalman *k) SORDINO_RT;

#endif
