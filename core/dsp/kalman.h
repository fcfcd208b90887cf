/*
 * The sensor baseline: a Kalman filter for a local linear trend (level and slope as random walks,
 * Harvey 1989, "Forecasting, structural time series models", sec. 2.3) whose process and
 * measurement noise are estimated from the innovations (Mehra 1970; running form), with a fixed
 * lag (Anderson & Moore 1979, "Optimal Filtering", ch. 7). Invariant to the input's scale.
 */
#ifndef DSP_KALMAN_H
#define DSP_KALMAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sordino/status.h>

typedef struct kalman kalman;

/* One channel, `lag` 0..4096 samples. Errors: NO_MEM, BAD_ARG. */
SORDINO_NODISCARD sordino_status kalman_new(uint32_t lag, kalman **out, sordino_error *why);
void kalman_free(kalman *k);
void kalman_reset(kalman *k) SORDINO_RT; /* keeps a noise variance that was set */

/* Takes one sample (NaN: missing, the step is a prediction only), returns the estimate of the
 * sample `lag` before it (0 before the first). Bounded work. */
float kalman_push(kalman *k, float x) SORDINO_RT;

/* Fixes the measurement noise variance (signal units squared); < 0 returns to estimating it. */
void kalman_set_noise(kalman *k, double variance) SORDINO_RT;
double kalman_noise(const kalman *k) SORDINO_RT; /* the variance in use */

#endif
