/* Finds by how many samples one signal lags another. */
#ifndef METRICS_ALIGN_H
#define METRICS_ALIGN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The delay d in -max_delay..max_delay for which  sum_i (x[i] - mean x) (y[i + d] - mean y)  is
 * largest, added up over `channels` (both signals are planar: channel c of x starts at x + c * nx);
 * of equal ones the nearest to 0. y lags x when d > 0. What is not finite counts as 0. Memory is
 * some blocks of max_delay samples, whatever the length. `max_delay` >= 0. False when out of
 * memory.
 */
bool align_delay(const double *x, size_t nx, const double *y, size_t ny, size_t channels,
                 size_t max_delay, int64_t *delay);

#endif
