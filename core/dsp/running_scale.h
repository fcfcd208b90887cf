/*
 * Causal mean and scale of a signal, so that a network sees it centred and about one in size
 * whatever its units: exponentially weighted, over all samples so far until `time` has passed.
 * A gain on the signal is a gain on both; a shift moves the mean alone.
 */
#ifndef DSP_RUNNING_SCALE_H
#define DSP_RUNNING_SCALE_H

#include <stddef.h>

#include <sordino/attributes.h>

/* Plain data; all zero is the state before the first sample. */
typedef struct running_scale {
    double mean, variance; /* signal units, and squared */
    double seen;           /* samples so far, up to the time constant */
} running_scale;

/* Takes `n` samples (finite); `time` is the time constant in samples, >= 1. */
void running_scale_push(running_scale *s, const float *x, size_t n, double time) SORDINO_RT;

/* Scale: root of the variance; 0 as long as the signal has not moved. */
double running_scale_get(const running_scale *s) SORDINO_RT;

#endif
