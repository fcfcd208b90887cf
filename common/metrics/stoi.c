/*
 * Resampled to 10 kHz; frames of 256 samples (Hann without its zeros), half overlapping; frames 40
 * dB below the clean signal's loudest are cut out and the rest added up again; 512-point spectra;
 * 15 third-octave bands from 150 Hz; segments of 30 frames.
 */
#include "common/metrics/stoi.h"

#include "common/metrics/resample.h"
#include "common/rfft.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { RATE = 10000, FRAME = 256, HOP = FRAME / 2, POINTS = 512, BINS = POINTS / 2 + 1 };
enum { BANDS = 15, SEGMENT = 30 };

static const double lowest_centre = 150; /* Hz */
static const double dynamic_range = 40;  /* dB */
static const double clip_db = -15;       /* lower bound of the signal-to-distortion ratio */
static const double full_circle = 6.283185307179586;

static void make_window(double window[FRAME])
{
    for (int i = 0; i < FRAME; i++)
        window[i] = 0.5 - 0.5 * cos(full_circle * (i + 1) / (FRAME + 1));
}

/* Frames that start before n - FRAME: the reference leaves out one that would just fit. */
static size_t count_frames(size_t n)
{
    return n > FRAME ? (n - FRAME - 1) / HOP + 1 : 0;
}

static double frame_level(const double *x, const double window[FRAME])
{
    double sum = 0;
    for (int i = 0; i < FRAME; i++)
        sum += window[i] * x[i] * (window[i] * x[i]);
    return 20 * log10(sqrt(sum) + DBL_EPSILON);
}

/* The frames `keep` of `x`, windowed and added up half overlapping; [(kept + 1) * HOP]. */
static double *join_frames(const double *x, const bool *keep, size_t n_frames, size_t kept,
                           const double window[FRAME])
{
    double *const joined = calloc((kept + 1) * HOP, sizeof *joined);
    double *to = joined;
    for (size_t f = 0; joined && f < n_frames; f++) {
        if (!keep[f])
            continue;
        for (int i = 0; i < FRAME; i++)
            to[i] += window[i] * x[f * HOP + (size_t)i];
        to += HOP;
    }
    return joined;
}

/* Cuts what is silent in x[0] out of both signals; replaces and frees them. */
static bool remove_silence(double *x[2], size_t *n)
{
    const size_t n_frames = count_frames(*n);
    double window[FRAME], loudest = -INFINITY;
    double *const level = malloc((n_frames + 1) * sizeof *level);
    bool *const keep = malloc((n_frames + 1) * sizeof *keep);
    size_t kept = 0;
    bool done = level && keep;
    make_window(window);
    for (size_t f = 0; done && f < n_frames; f++) {
        level[f] = frame_level(x[0] + f * HOP, window);
        loudest = fmax(loudest, level[f]);
    }
    for (size_t f = 0; done && f < n_frames; f++) {
        keep[f] = loudest - dynamic_range - level[f] < 0;
        kept += keep[f];
    }
    for (int s = 0; done && s < 2; s++) {
        double *const joined = join_frames(x[s], keep, n_frames, kept, window);
        done = joined != NULL;
        if (joined) {
            free(x[s]);
            x[s] = joined;
        }
    }
    free(level);
    free(keep);
    *n = (kept + 1) * HOP;
    return done;
}

static int nearest_bin(double hz)
{
    return (int)ceil(hz * POINTS / RATE - 0.5); /* of two as near the lower */
}

/* Third-octave band magnitudes (eq. 1) of every frame: [frames][BANDS]. */
static double *band_magnitudes(const double *x, size_t n_frames, rfft *fft)
{
    double window[FRAME];
    double *const bands = malloc((n_frames ? n_frames : 1) * BANDS * sizeof *bands);
    double *const time = rfft_time(fft);
    const double *const bins = rfft_bins(fft);
    make_window(window);
    for (size_t f = 0; bands && f < n_frames; f++) {
        memset(time, 0, POINTS * sizeof *time);
        for (int i = 0; i < FRAME; i++)
            time[i] = window[i] * x[f * HOP + (size_t)i];
        rfft_forward(fft);
        for (int b = 0; b < BANDS; b++) {
            const int low = nearest_bin(lowest_centre * pow(2, (2 * b - 1) / 6.0));
            const int high = nearest_bin(lowest_centre * pow(2, (2 * b + 1) / 6.0));
            double sum = 0;
            for (int k = low; k < high; k++)
                sum += bins[2 * k] * bins[2 * k] + bins[2 * k + 1] * bins[2 * k + 1];
            bands[f * BANDS + (size_t)b] = sqrt(sum);
        }
    }
    return bands;
}

static double norm(const double v[SEGMENT])
{
    double sum = 0;
    for (int i = 0; i < SEGMENT; i++)
        sum += v[i] * v[i];
    return sqrt(sum);
}

static void take_mean_away(double *v, size_t n, size_t stride)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += v[i * stride];
    for (size_t i = 0; i < n; i++)
        v[i * stride] -= sum / (double)n;
}

/* Correlation of one band over one segment, the processed one scaled and clipped (eqs. 2-5). */
static double band_correlation(double x[SEGMENT], double y[SEGMENT])
{
    const double scale = norm(x) / (norm(y) + DBL_EPSILON);
    const double clip = 1 + pow(10, -clip_db / 20);
    double sum = 0;
    for (int i = 0; i < SEGMENT; i++)
        y[i] = fmin(y[i] * scale, x[i] * clip);
    take_mean_away(x, SEGMENT, 1);
    take_mean_away(y, SEGMENT, 1);
    const double nx = norm(x) + DBL_EPSILON, ny = norm(y) + DBL_EPSILON;
    for (int i = 0; i < SEGMENT; i++)
        sum += x[i] / nx * (y[i] / ny);
    return sum;
}

/* Mean away and norm to 1, of `n` values a `stride` apart; zeros when only rounding is left. */
static void normalise(double *v, size_t n, size_t stride)
{
    double most = 0, sum = 0;
    for (size_t i = 0; i < n; i++)
        most = fmax(most, fabs(v[i * stride]));
    take_mean_away(v, n, stride);
    for (size_t i = 0; i < n; i++)
        sum += v[i * stride] * v[i * stride];
    const double length = sqrt(sum);
    const bool empty = length <= most * (double)n * DBL_EPSILON;
    for (size_t i = 0; i < n; i++)
        v[i * stride] = empty ? 0 : v[i * stride] / length;
}

/* Rows are bands, columns frames; first rows, then columns (2016, eqs. 3-5). */
static void normalise_segment(double v[BANDS][SEGMENT])
{
    for (int b = 0; b < BANDS; b++)
        normalise(v[b], SEGMENT, 1);
    for (int t = 0; t < SEGMENT; t++)
        normalise(&v[0][t], BANDS, SEGMENT);
}

static void copy_segment(const double *bands, double out[BANDS][SEGMENT])
{
    for (size_t t = 0; t < SEGMENT; t++)
        for (size_t b = 0; b < BANDS; b++)
            out[b][t] = bands[t * BANDS + b];
}

static void measure_segments(const double *x, const double *y, size_t n_frames, double *stoi,
                             double *estoi)
{
    const size_t n_segments = n_frames - SEGMENT + 1;
    double plain = 0, extended = 0;
    for (size_t m = 0; m < n_segments; m++) {
        double a[BANDS][SEGMENT], b[BANDS][SEGMENT];
        copy_segment(x + m * BANDS, a);
        copy_segment(y + m * BANDS, b);
        for (int j = 0; j < BANDS; j++)
            plain += band_correlation(a[j], b[j]);
        copy_segment(x + m * BANDS, a);
        copy_segment(y + m * BANDS, b);
        normalise_segment(a);
        normalise_segment(b);
        for (int j = 0; j < BANDS; j++)
            for (int t = 0; t < SEGMENT; t++)
                extended += a[j][t] * b[j][t];
    }
    *stoi = plain / ((double)n_segments * BANDS);
    *estoi = extended / ((double)n_segments * SEGMENT);
}

static stoi_status measure_joined(double *const x[2], size_t n, double *stoi, double *estoi)
{
    const size_t n_frames = count_frames(n);
    if (n_frames < SEGMENT)
        return STOI_TOO_SHORT;
    rfft *const fft = rfft_new(POINTS);
    double *const a = fft ? band_magnitudes(x[0], n_frames, fft) : NULL;
    double *const b = fft ? band_magnitudes(x[1], n_frames, fft) : NULL;
    if (a && b)
        measure_segments(a, b, n_frames, stoi, estoi);
    const stoi_status status = a && b ? STOI_OK : STOI_NO_MEM;
    rfft_free(fft);
    free(a);
    free(b);
    return status;
}

static bool is_silent(const double *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (x[i] != 0)
            return false;
    return true;
}

stoi_status stoi_measure(const double *x, const double *y, size_t n, uint32_t rate, double *stoi,
                         double *estoi)
{
    size_t length = 0;
    *stoi = *estoi = NAN;
    if (is_silent(x, n))
        return STOI_SILENT;
    double *both[2] = {resample(x, n, rate, RATE, &length), resample(y, n, rate, RATE, &length)};
    stoi_status status = STOI_NO_MEM;
    if (both[0] && both[1] && remove_silence(both, &length))
        status = measure_joined(both, length, stoi, estoi);
    free(both[0]);
    free(both[1]);
    return status;
}
