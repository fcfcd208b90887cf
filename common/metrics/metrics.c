#include "common/metrics/metrics.h"

#include "common/rfft.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

static const double full_circle = 6.283185307179586;
static const double segment_seconds = 0.030, segment_low_db = -10, segment_high_db = 35;
static const double spectrum_seconds = 0.032;
static const double spectrum_floor = 3.1622776601683795e-3; /* -50 dB in amplitude */

static double limited(double db, double low, double high)
{
    return db < low ? low : db > high ? high : db;
}

/* 10 log10(signal / noise), limited; both >= 0, not both 0. */
static double ratio_db(double signal, double noise, double low, double high)
{
    if (signal <= 0)
        return low;
    if (noise <= 0)
        return high;
    return limited(10 * (log10(signal) - log10(noise)), low, high);
}

/* Largest magnitude: what sums of squares are scaled by, so that they neither vanish nor overflow
 * for a sensor in femtoamperes. */
static double peak(const double *x, size_t n)
{
    double most = 0;
    for (size_t i = 0; i < n; i++)
        most = fmax(most, fabs(x[i]));
    return most;
}

/* Largest |x - x[0]|: 0 for a constant, whatever its value. */
static double spread(const double *x, size_t n)
{
    double most = 0;
    for (size_t i = 1; i < n; i++)
        most = fmax(most, fabs(x[i] - x[0]));
    return most;
}

/* Mean of (x - x[0]) / scale: an offset costs no digits. */
static double mean_about_first(const double *x, size_t n, double scale)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (x[i] - x[0]) / scale;
    return sum / (double)n;
}

double metric_si_sdr(const double *x, const double *y, size_t n)
{
    const double px = peak(x, n), py = peak(y, n);
    double xx = 0, xy = 0, target = 0, rest = 0;
    if (px == 0)
        return NAN;
    if (py == 0)
        return -DB_LIMIT;
    for (size_t i = 0; i < n; i++) {
        xx += x[i] / px * (x[i] / px);
        xy += x[i] / px * (y[i] / py);
    }
    const double a = xy / xx;
    for (size_t i = 0; i < n; i++) {
        const double t = a * (x[i] / px), r = t - y[i] / py;
        target += t * t;
        rest += r * r;
    }
    return ratio_db(target, rest, -DB_LIMIT, DB_LIMIT);
}

double metric_snr(const double *x, const double *y, size_t n)
{
    const double scale = spread(x, n);
    if (scale == 0)
        return NAN;
    const double m = mean_about_first(x, n, scale), rms_error = metric_rmse(x, y, n) / scale;
    double signal = 0;
    for (size_t i = 0; i < n; i++) {
        const double s = (x[i] - x[0]) / scale - m;
        signal += s * s;
    }
    return ratio_db(sqrt(signal / (double)n), rms_error, -DB_LIMIT / 2, DB_LIMIT / 2) * 2;
}

double metric_rmse(const double *x, const double *y, size_t n)
{
    const double scale = fmax(peak(x, n), peak(y, n));
    double sum = 0;
    if (n == 0)
        return NAN;
    if (scale == 0)
        return 0;
    for (size_t i = 0; i < n; i++) {
        const double e = x[i] / scale - y[i] / scale;
        sum += e * e;
    }
    return scale * sqrt(sum / (double)n);
}

double metric_correlation(const double *x, const double *y, size_t n)
{
    const double sx = spread(x, n), sy = spread(y, n);
    double xx = 0, yy = 0, xy = 0;
    if (sx == 0 || sy == 0)
        return NAN;
    const double mx = mean_about_first(x, n, sx), my = mean_about_first(y, n, sy);
    for (size_t i = 0; i < n; i++) {
        const double a = (x[i] - x[0]) / sx - mx, b = (y[i] - y[0]) / sy - my;
        xx += a * a;
        yy += b * b;
        xy += a * b;
    }
    return limited(xy / sqrt(xx * yy), -1, 1);
}

double metric_segmental_snr(const double *x, const double *y, size_t n, double rate)
{
    const size_t length = (size_t)lround(segment_seconds * rate), hop = length / 4;
    double sum = 0;
    size_t count = 0;
    if (hop == 0)
        return NAN;
    double *const window = malloc(length * sizeof *window);
    for (size_t i = 0; window && i < length; i++)
        window[i] = 0.5 * (1 - cos(full_circle * (double)(i + 1) / (double)(length + 1)));
    for (size_t start = 0; window && start + length <= n; start += hop) {
        double signal = 0, noise = 0;
        for (size_t i = 0; i < length; i++) {
            const double s = window[i] * x[start + i];
            const double e = window[i] * (x[start + i] - y[start + i]);
            signal += s * s;
            noise += e * e;
        }
        if (signal == 0)
            continue;
        sum += ratio_db(signal, noise, segment_low_db, segment_high_db);
        count++;
    }
    free(window);
    return count ? sum / (double)count : NAN;
}

/* A short-time spectrum's frames. */
typedef struct spectra {
    rfft *fft;
    double *window, *magnitude[2]; /* [length], [length / 2 + 1] */
    size_t length;
} spectra;

static bool spectra_init(spectra *s, size_t length)
{
    s->length = length;
    s->fft = rfft_new(length);
    s->window = malloc(length * sizeof *s->window);
    s->magnitude[0] = malloc((length / 2 + 1) * sizeof(double));
    s->magnitude[1] = malloc((length / 2 + 1) * sizeof(double));
    if (!s->fft || !s->window || !s->magnitude[0] || !s->magnitude[1])
        return false;
    for (size_t i = 0; i < length; i++)
        s->window[i] = 0.5 * (1 - cos(full_circle * (double)i / (double)length));
    return true;
}

static void spectra_free(spectra *s)
{
    rfft_free(s->fft);
    free(s->window);
    free(s->magnitude[0]);
    free(s->magnitude[1]);
}

static void spectra_frame(spectra *s, const double *samples, double scale, double *magnitude)
{
    double *const time = rfft_time(s->fft);
    const double *const bins = rfft_bins(s->fft);
    for (size_t i = 0; i < s->length; i++)
        time[i] = s->window[i] * (samples[i] / scale);
    rfft_forward(s->fft);
    for (size_t k = 0; k <= s->length / 2; k++)
        magnitude[k] = hypot(bins[2 * k], bins[2 * k + 1]);
}

static double frame_distance(const spectra *s, double least)
{
    const size_t bins = s->length / 2 + 1;
    double sum = 0;
    for (size_t k = 0; k < bins; k++) {
        const double d =
            20 * (log10(fmax(s->magnitude[0][k], least)) - log10(fmax(s->magnitude[1][k], least)));
        sum += d * d;
    }
    return sqrt(sum / (double)bins);
}

double metric_log_spectral_distance(const double *x, const double *y, size_t n, double rate)
{
    spectra s = {0};
    const size_t length = 2 * (size_t)lround(spectrum_seconds * rate / 2), hop = length / 2;
    const double scale = peak(x, n);
    double most = 0, sum = 0;
    size_t count = 0;
    if (hop < 2 || n < length || scale == 0)
        return NAN;
    if (spectra_init(&s, length)) {
        for (size_t start = 0; start + length <= n; start += hop) {
            spectra_frame(&s, x + start, scale, s.magnitude[0]);
            most = fmax(most, peak(s.magnitude[0], length / 2 + 1));
        }
        for (size_t start = 0; most > 0 && start + length <= n; start += hop, count++) {
            spectra_frame(&s, x + start, scale, s.magnitude[0]);
            spectra_frame(&s, y + start, scale, s.magnitude[1]);
            sum += frame_distance(&s, most * spectrum_floor);
        }
    }
    spectra_free(&s);
    return count ? sum / (double)count : NAN;
}
