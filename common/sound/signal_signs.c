/*
 * Two passes over frames of 40 ms, 10 ms apart: the mean spectrum first, then levels and
 * periodicity of each frame over it, so that what is there all the time (hum, a motor, the colour
 * of a room) counts for neither.
 */
#include "common/sound/signal_signs.h"

#include "core/dsp/fft.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { OVERLAP = 4, LEAST_HOP = 16, OCTAVES = 4, LEAST_FRAMES = 37 };
static const double pi = 3.14159265358979323846;
static const double hop_seconds = 0.01;
static const double first_octave = 2.5; /* periods a hop: 250 Hz */
/* Hz at 100 frames a second: what periodicity is looked for in, and its pitch. */
static const double voice_low = 100, voice_high = 2000, pitch_low = 70, pitch_high = 400;
static const double periodic = 0.5; /* correlation at the pitch; noise: 0.2..0.35 */

typedef struct frames {
    const float *x;
    size_t n, hop, size; /* frames; samples between them; of the transform, twice a frame's */
    double unit;         /* Hz of a bin, with 100 frames to the second */
    fft *f;
    float *window, *time, *spectrum; /* [OVERLAP * hop], [size], [size + 2] */
    double *mean;                    /* [size / 2 + 1]: mean power */
    double *window_lags;             /* [size / 2 + 1]: correlation of the window with itself */
    float *level, *smooth, *sorted;  /* [n]: dB */
    bool *voiced;                    /* [n] */
} frames;

static void frames_free(frames *s)
{
    fft_free(s->f);
    free(s->window);
    free(s->time);
    free(s->spectrum);
    free(s->mean);
    free(s->window_lags);
    free(s->level);
    free(s->smooth);
    free(s->sorted);
    free(s->voiced);
}

static bool frames_new(frames *s, const float *x, size_t n, double rate)
{
    *s = (frames){.x = x, .hop = (size_t)fmax(LEAST_HOP, lrint(hop_seconds * rate))};
    const size_t width = OVERLAP * s->hop;
    s->n = n >= width ? (n - width) / s->hop + 1 : 0;
    if (s->n < LEAST_FRAMES)
        return true;
    s->size = 16;
    while (s->size < 2 * width)
        s->size *= 2;
    s->unit = (double)s->hop / hop_seconds / (double)s->size;
    s->window = malloc(width * sizeof *s->window);
    s->time = malloc(s->size * sizeof *s->time);
    s->spectrum = malloc((s->size + 2) * sizeof *s->spectrum);
    s->mean = calloc(s->size / 2 + 1, sizeof *s->mean);
    s->window_lags = calloc(s->size / 2 + 1, sizeof *s->window_lags);
    s->level = calloc(s->n, sizeof *s->level);
    s->smooth = calloc(s->n, sizeof *s->smooth);
    s->sorted = calloc(s->n, sizeof *s->sorted);
    s->voiced = calloc(s->n, sizeof *s->voiced);
    if (!s->window || !s->time || !s->spectrum || !s->mean || !s->window_lags || !s->level ||
        !s->smooth || !s->sorted || !s->voiced || s->size > FFT_MAX ||
        fft_new(s->size, &s->f, NULL) != SORDINO_OK)
        return false;
    for (size_t i = 0; i < width; i++)
        s->window[i] = (float)(0.5 - 0.5 * cos(2 * pi * ((double)i + 0.5) / (double)width));
    for (size_t lag = 0; lag < width && lag <= s->size / 2; lag++)
        for (size_t i = 0; i + lag < width; i++)
            s->window_lags[lag] += (double)s->window[i] * (double)s->window[i + lag];
    return true;
}

/* Frame t's transform into s->spectrum. */
static void transform(frames *s, size_t t)
{
    memset(s->time, 0, s->size * sizeof *s->time);
    for (size_t i = 0; i < OVERLAP * s->hop; i++)
        s->time[i] = s->window[i] * s->x[t * s->hop + i];
    fft_forward(s->f, s->time, s->spectrum);
}

static double power(const frames *s, size_t k)
{
    const double re = (double)s->spectrum[2 * k], im = (double)s->spectrum[2 * k + 1];
    return re * re + im * im;
}

/* Mean level in dB of the octaves of the frame in s->spectrum, each over its own mean. */
static float frame_level(const frames *s)
{
    double sum = 0;
    int count = 0;
    for (int b = 0; b < OCTAVES; b++) {
        const double low = ldexp(first_octave / hop_seconds, b);
        double now = 0, usual = 0;
        for (size_t k = (size_t)ceil(low / s->unit); k < low * 2 / s->unit && k < s->size / 2;
             k++) {
            now += power(s, k);
            usual += s->mean[k];
        }
        if (!(usual > 0))
            continue;
        sum += 10 * log10(now / usual + 1e-4);
        count++;
    }
    return count > 0 ? (float)(sum / count) : 0;
}

/* Whether the frame in s->spectrum has a pitch: a high peak of the correlation of the frame over
 * the mean spectrum. */
static bool is_voiced(frames *s)
{
    const size_t bins = s->size / 2 + 1;
    for (size_t k = 0; k < bins; k++) {
        const double hz = (double)k * s->unit;
        const bool used = hz >= voice_low && hz <= voice_high && s->mean[k] > 0;
        s->spectrum[2 * k] = used ? (float)(power(s, k) / s->mean[k]) : 0;
        s->spectrum[2 * k + 1] = 0;
    }
    fft_inverse(s->f, s->spectrum, s->time);
    const double rate = (double)s->hop / hop_seconds; /* as taken */
    const size_t from = (size_t)ceil(rate / pitch_high), to = (size_t)(rate / pitch_low);
    double best = 0;
    for (size_t lag = from; lag <= to && lag < bins - 1; lag++) {
        const double r = (double)s->time[lag] / s->window_lags[lag];
        if (r > best && s->time[lag] >= s->time[lag - 1] && s->time[lag] >= s->time[lag + 1])
            best = r;
    }
    return best > periodic * (double)s->time[0] / s->window_lags[0];
}

static int by_value(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

/* Mean of `x` over about `width` frames round t. */
static double mean_round(const float *x, size_t n, size_t t, size_t width)
{
    const size_t low = t > width / 2 ? t - width / 2 : 0;
    const size_t high = t + width / 2 + 1 < n ? t + width / 2 + 1 : n;
    double sum = 0;
    for (size_t i = low; i < high; i++)
        sum += (double)x[i];
    return sum / (double)(high - low);
}

static void measure_levels(frames *s, signal_signs *out)
{
    for (size_t t = 0; t < s->n; t++)
        s->sorted[t] = s->smooth[t] = (float)mean_round(s->level, s->n, t, 4);
    qsort(s->sorted, s->n, sizeof *s->sorted, by_value);
    out->spread = (double)(s->sorted[s->n - 1 - s->n / 20] - s->sorted[s->n / 20]);
}

/* Speech is loudest where it has a pitch; periods in the quiet half are an empty background's. */
static void measure_voicing(frames *s, signal_signs *out)
{
    size_t loud = 0, loud_voiced = 0, quiet_voiced = 0;
    for (size_t t = 0; t < s->n; t++) {
        const bool is_loud = s->smooth[t] >= s->sorted[s->n / 2];
        loud += is_loud;
        loud_voiced += is_loud && s->voiced[t];
        quiet_voiced += !is_loud && s->voiced[t];
    }
    out->voiced = loud > 0 ? (double)loud_voiced / (double)loud : 0;
    out->voicing = out->voiced - (loud < s->n ? (double)quiet_voiced / (double)(s->n - loud) : 0);
}

bool signal_signs_measure(const float *x, size_t n, double rate, signal_signs *out)
{
    frames s;
    *out = (signal_signs){0};
    const bool good = frames_new(&s, x, n, rate);
    if (good && s.f) {
        for (size_t t = 0; t < s.n; t++) {
            transform(&s, t);
            for (size_t k = 0; k <= s.size / 2; k++)
                s.mean[k] += power(&s, k) / (double)s.n;
        }
        for (size_t t = 0; t < s.n; t++) {
            transform(&s, t);
            s.level[t] = frame_level(&s);
            s.voiced[t] = is_voiced(&s);
        }
        measure_levels(&s, out);
        measure_voicing(&s, out);
    }
    frames_free(&s);
    return good;
}

/*
 * By logistic regression on 400 passages of 1 to 4 s out of 394 recordings of noise of 37 sorts,
 * and 1000 with speech out of 601 recordings, clean or with noise 20 to 0 dB below it. On as many
 * out of recordings not used for that: false alarms on 9 % of noise, most of it sirens, chainsaws
 * and creaks; missed 0.5 % of clean speech, 2.5 % at 10 dB, 6 % at 5 dB and 11 % at 0 dB. How
 * strongly levels move 2 to 8 times a second added nothing to that.
 */
double signal_signs_odds(const signal_signs *s)
{
    return 8.9 * sqrt(s->voiced) + 5.5 * s->voicing - 4.4;
}

bool signal_signs_uneven(const signal_signs *s)
{
    const double steady_db = 15; /* 94 % of rain, wind, engines and the like: less */
    return s->spread > steady_db;
}
