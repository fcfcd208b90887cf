/*
 * Block by block: a block of x against the stretch of y it can meet, their cross spectra added up
 * and transformed back once at the end.
 */
#include "common/metrics/align.h"

#include "common/rfft.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const size_t least_size = 16384;
static const double rounding = 1e-9; /* peaks nearer to each other than this count as equal */

static double finite_mean(const double *x, size_t n)
{
    double sum = 0;
    size_t count = 0;
    for (size_t i = 0; i < n; i++)
        if (isfinite(x[i])) {
            sum += x[i];
            count++;
        }
    return count ? sum / (double)count : 0;
}

/* Copies x[start .. start + n) less `mean` to `out`, zeros outside 0..total. */
static void copy_part(const double *x, size_t total, double mean, int64_t start, size_t n,
                      double *out)
{
    for (size_t i = 0; i < n; i++) {
        const int64_t at = start + (int64_t)i;
        out[i] = at >= 0 && (uint64_t)at < total && isfinite(x[at]) ? x[at] - mean : 0;
    }
}

/* sum += conj(X) Y, bins as pairs. */
static void add_cross(const double *x, const double *y, size_t bins, double *sum)
{
    for (size_t k = 0; k < bins; k++) {
        const double xr = x[2 * k], xi = x[2 * k + 1], yr = y[2 * k], yi = y[2 * k + 1];
        sum[2 * k] += xr * yr + xi * yi;
        sum[2 * k + 1] += xr * yi - xi * yr;
    }
}

/* c[m] = sum_i (x[i] - mean x) (y[i + m - reach] - mean y) for m = 0..2 * reach, in place of the
 * time buffer of `fy`. */
static void correlate(const double *x, size_t nx, const double *y, size_t ny, size_t channels,
                      size_t reach, size_t size, rfft *fx, rfft *fy, double *sum)
{
    const size_t block = size - 2 * reach, bins = size / 2 + 1;
    for (size_t c = 0; c < channels; c++) {
        const double mx = finite_mean(x + c * nx, nx), my = finite_mean(y + c * ny, ny);
        for (size_t start = 0; start < nx; start += block) {
            const size_t n = nx - start < block ? nx - start : block;
            memset(rfft_time(fx), 0, size * sizeof(double));
            copy_part(x + c * nx, nx, mx, (int64_t)start, n, rfft_time(fx));
            copy_part(y + c * ny, ny, my, (int64_t)start - (int64_t)reach, size, rfft_time(fy));
            rfft_forward(fx);
            rfft_forward(fy);
            add_cross(rfft_bins(fx), rfft_bins(fy), bins, sum);
        }
    }
    memcpy(rfft_bins(fy), sum, 2 * bins * sizeof *sum);
    rfft_inverse(fy);
}

bool align_delay(const double *x, size_t nx, const double *y, size_t ny, size_t channels,
                 size_t max_delay, int64_t *delay)
{
    const size_t longest = nx > ny ? nx : ny;
    const size_t reach = max_delay < longest ? max_delay : longest;
    size_t size = least_size;
    while (size < 4 * reach)
        size *= 2;
    rfft *const fx = rfft_new(size), *const fy = rfft_new(size);
    double *const sum = calloc(size + 2, sizeof *sum);
    const bool done = fx && fy && sum;
    *delay = 0;
    if (done) {
        correlate(x, nx, y, ny, channels, reach, size, fx, fy, sum);
        const double *const c = rfft_time(fy) + reach;
        double most = 0;
        for (int64_t d = -(int64_t)reach; d <= (int64_t)reach; d++)
            most = fmax(most, c[d]);
        for (int64_t d = 1; d <= (int64_t)reach; d++) {
            if (c[d] > c[*delay] + most * rounding)
                *delay = d;
            if (c[-d] > c[*delay] + most * rounding)
                *delay = -d;
        }
    }
    rfft_free(fx);
    rfft_free(fy);
    free(sum);
    return done;
}
