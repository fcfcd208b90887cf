/*
 * The limits were chosen on 53 recorded voices with recorded noise at 0 to 20 dB and on six kinds
 * of traces with white noise: no false alarm for the clean, noisy or denoised signals in the right
 * order, 39 of 53 noisy recordings noticed, 22 of 24 traces.
 */
#include "offline/eval/swapped.h"

#include <math.h>
#include <stdlib.h>

enum { LEAST_FRAMES = 25, LEAST_SAMPLES = 200, LAGS = 4 };

static const double sound_rate = 8000, frame_seconds = 0.02;
static const double more_noise_db = 6;       /* of x in the pauses than there is in y */
static const double faintest_noise_db = -32; /* of x, of its pauses to its loudest passages */
static const double evenness_db = -10;       /* of the difference, of pauses to loudest passages */
static const double most_correlation = 0.25, most_kurtosis = 6, most_snr_db = 30;
static const double least_share = 0.6, most_share = 1.3; /* of the difference in x's power */

typedef struct frame {
    double x, y, e; /* energies of the frame in x, y and x - y */
} frame;

static double level_db(double a, double b)
{
    return 10 * log10((a + 1e-12) / (b + 1e-12));
}

static int by_x(const void *a, const void *b)
{
    const double p = ((const frame *)a)->x, q = ((const frame *)b)->x;
    return (p > q) - (p < q);
}

static int by_y(const void *a, const void *b)
{
    const double p = ((const frame *)a)->y, q = ((const frame *)b)->y;
    return (p > q) - (p < q);
}

/* Sum of `n` frames. */
static frame add_frames(const frame *frames, size_t n)
{
    frame sum = {0, 0, 0};
    for (size_t i = 0; i < n; i++) {
        sum.x += frames[i].x;
        sum.y += frames[i].y;
        sum.e += frames[i].e;
    }
    return sum;
}

/* The first sign, of frames in any order; sorts them. A fifth of them is taken for pauses. */
static bool has_noisy_pauses(frame *frames, size_t n)
{
    const size_t fifth = n / 5;
    qsort(frames, n, sizeof *frames, by_x);
    const frame x_low = add_frames(frames, fifth), x_high = add_frames(frames + n - fifth, fifth);
    qsort(frames, n, sizeof *frames, by_y);
    const frame low = add_frames(frames, fifth), high = add_frames(frames + n - fifth, fifth);
    return level_db(low.x, low.y) > more_noise_db && level_db(x_low.x, low.y) > more_noise_db &&
           level_db(x_low.x, x_high.x) > faintest_noise_db && level_db(low.e, high.e) > evenness_db;
}

static bool pauses_say_so(const double *x, const double *y, size_t n, double rate)
{
    const size_t length = (size_t)(rate * frame_seconds), n_frames = length ? n / length : 0;
    frame *const frames = n_frames < LEAST_FRAMES ? NULL : calloc(n_frames, sizeof *frames);
    if (!frames)
        return false;
    for (size_t i = 0; i < n_frames * length; i++) {
        frame *const f = &frames[i / length];
        f->x += x[i] * x[i];
        f->y += y[i] * y[i];
        f->e += (x[i] - y[i]) * (x[i] - y[i]);
    }
    const bool found = has_noisy_pauses(frames, n_frames);
    free(frames);
    return found;
}

static double mean_of(const double *x, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += x[i];
    return sum / (double)n;
}

/* The second sign. */
static bool difference_says_so(const double *x, const double *y, size_t n)
{
    if (n < LEAST_SAMPLES)
        return false;
    const double mean_x = mean_of(x, n), mean_y = mean_of(y, n);
    double xx = 0, yy = 0, fourth = 0, products[LAGS + 1] = {0}, past[LAGS + 1] = {0};
    for (size_t i = 0; i < n; i++) {
        const double a = x[i] - mean_x, b = y[i] - mean_y;
        for (int k = LAGS; k > 0; k--)
            past[k] = past[k - 1];
        past[0] = a - b;
        for (int k = 0; k <= LAGS; k++)
            products[k] += past[0] * past[k];
        xx += a * a;
        yy += b * b;
        fourth += past[0] * past[0] * past[0] * past[0];
    }
    const double ee = products[0];
    if (!(ee > 0) || level_db(xx, ee) > most_snr_db || fourth * (double)n > most_kurtosis * ee * ee)
        return false;
    for (int k = 1; k <= LAGS; k++)
        if (fabs(products[k]) > most_correlation * ee)
            return false;
    return xx - yy > least_share * ee && xx - yy < most_share * ee;
}

bool looks_swapped(const double *x, const double *y, size_t n, double rate)
{
    return difference_says_so(x, y, n) || (rate >= sound_rate && pauses_say_so(x, y, n, rate));
}
