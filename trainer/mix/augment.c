#include "trainer/mix/augment.h"

#include "core/dsp/fft.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double pi = 3.14159265358979323846;

void section_run(const section *f, float *x, size_t n)
{
    double s1 = 0, s2 = 0; /* transposed direct form II */
    for (size_t i = 0; i < n; i++) {
        const double in = (double)x[i], y = f->b0 * in + s1;
        s1 = f->b1 * in - f->a1 * y + s2;
        s2 = f->b2 * in - f->a2 * y;
        x[i] = (float)y;
    }
}

section random_filter(rng *r)
{
    const double reach = 3.0 / 8;
    section f = {.b0 = 1};
    f.b1 = rng_range(r, -reach, reach);
    f.b2 = rng_range(r, -reach, reach);
    f.a1 = rng_range(r, -reach, reach);
    f.a2 = rng_range(r, -reach, reach);
    return f;
}

/* One section of a Butterworth filter of `order`, number k of order / 2. */
static section butterworth(double hz, double rate, int order, int k, bool high)
{
    const double w = 2 * pi * hz / rate, c = cos(w);
    const double q = 1 / (2 * cos(pi * (2 * k + 1) / (2.0 * order)));
    const double alpha = sin(w) / (2 * q), a0 = 1 + alpha;
    const double edge = (high ? 1 + c : 1 - c) / 2 / a0;
    return (section){edge, high ? -2 * edge : 2 * edge, edge, -2 * c / a0, (1 - alpha) / a0};
}

/* The eighth order. The sections take turns at each sample: each waits for its own last result
 * alone, so that a processor works on all of them at once. */
static void eighth_order(double hz, double rate, bool high, float *x, size_t n)
{
    enum { SECTIONS = 4 };
    section f[SECTIONS];
    double s1[SECTIONS] = {0}, s2[SECTIONS] = {0};
    for (int k = 0; k < SECTIONS; k++)
        f[k] = butterworth(hz, rate, 2 * SECTIONS, k, high);
    for (size_t i = 0; i < n; i++) {
        double in = (double)x[i];
        for (int k = 0; k < SECTIONS; k++) {
            const double y = f[k].b0 * in + s1[k];
            s1[k] = f[k].b1 * in - f[k].a1 * y + s2[k];
            s2[k] = f[k].b2 * in - f[k].a2 * y;
            in = y;
        }
        x[i] = (float)in;
    }
}

void band_limit_run(const band_limit *b, double rate, float *x, size_t n)
{
    if (b->high > 0 && b->high < 0.49 * rate)
        eighth_order(b->high, rate, false, x, n);
    if (b->low > 0) {
        const section f = butterworth(b->low, rate, 2, 0, true);
        section_run(&f, x, n);
    }
}

void high_pass_run(double hz, double rate, float *x, size_t n)
{
    eighth_order(hz, rate, true, x, n);
}

struct room {
    size_t n;       /* samples of the response */
    float *samples; /* [n] */
};

void room_free(room *m)
{
    if (!m)
        return;
    free(m->samples);
    free(m);
}

room *room_new(rng *r, double rate, double decay, double direct_db)
{
    room *m = calloc(1, sizeof *m);
    if (!m)
        return NULL;
    m->n = (size_t)(decay * 0.75 * rate) + 2; /* 45 dB of the decay */
    m->samples = malloc(m->n * sizeof *m->samples);
    if (!m->samples) {
        room_free(m);
        return NULL;
    }
    const double fall = log(1000) / (decay * rate);
    const size_t gap = (size_t)(rng_range(r, 0.001, 0.008) * rate) + 1;
    rng_fill_normal(r, m->samples, m->n, 1);
    double energy = 0, envelope = 1;
    const double step = exp(-fall), sparse = rng_range(r, 0.02, 0.06) * rate;
    for (size_t i = 0; i < m->n; i++) {
        /* Early on reflections are few. */
        const bool heard = (double)i > sparse || rng_chance(r, 0.02 + 0.98 * (double)i / sparse);
        m->samples[i] = i < gap || !heard ? 0 : m->samples[i] * (float)envelope;
        energy += (double)m->samples[i] * (double)m->samples[i];
        envelope *= step;
    }
    const double scale = energy > 0 ? pow(10, -direct_db / 20) / sqrt(energy) : 0;
    for (size_t i = 0; i < m->n; i++)
        m->samples[i] *= (float)scale;
    m->samples[0] = 1;
    return m;
}

/* y = x * h by overlap-add of blocks as long as the transform less the response. */
static bool convolve(const float *x, size_t n, const float *h, size_t length, float *y)
{
    size_t size = 2048;
    while (size < 4 * length && size < FFT_MAX)
        size *= 2;
    fft *f = NULL;
    const size_t bins = size / 2 + 1, block = size - length + 1;
    float *const time = calloc(size, sizeof *time), *const a = calloc(2 * bins, sizeof *a);
    float *const b = calloc(2 * bins, sizeof *b);
    const bool good = length < size && time && a && b && fft_new(size, &f, NULL) == SORDINO_OK;
    if (good) {
        memcpy(time, h, length * sizeof *time);
        fft_forward(f, time, a);
        memset(y, 0, n * sizeof *y);
    }
    for (size_t i = 0; good && i < n; i += block) {
        const size_t count = n - i < block ? n - i : block;
        memset(time, 0, size * sizeof *time);
        memcpy(time, x + i, count * sizeof *time);
        fft_forward(f, time, b);
        for (size_t k = 0; k < bins; k++) {
            const float re = a[2 * k] * b[2 * k] - a[2 * k + 1] * b[2 * k + 1];
            b[2 * k + 1] = a[2 * k] * b[2 * k + 1] + a[2 * k + 1] * b[2 * k];
            b[2 * k] = re;
        }
        fft_inverse(f, b, time);
        for (size_t k = 0; k < size && i + k < n; k++)
            y[i + k] += time[k];
    }
    fft_free(f);
    free(time);
    free(a);
    free(b);
    return good;
}

bool room_run(const room *m, const float *x, float *wet, size_t n)
{
    return convolve(x, n, m->samples, m->n, wet);
}

/* The taps of low_pass_run, [*length]; NULL when out of memory. */
static float *low_pass_taps(double hz, double rate, size_t *length)
{
    static const double width = 0.06; /* of hz; Blackman's window falls in 5.5 / length */
    const double centre = (1 + width / 2) * hz / rate;
    const size_t half = (size_t)ceil(5.5 / 2 * rate / (width * hz));
    *length = 2 * half + 1;
    float *const h = malloc(*length * sizeof *h);
    double sum = 0;
    for (size_t i = 0; h && i < *length; i++) {
        const double t = (double)i - (double)half, u = pi * t / (double)(half + 1);
        const double a = 2 * pi * centre * t, w = 0.42 + 0.5 * cos(u) + 0.08 * cos(2 * u);
        h[i] = (float)(w * (fabs(a) < 1e-9 ? 1 : sin(a) / a));
        sum += (double)h[i];
    }
    for (size_t i = 0; h && i < *length; i++)
        h[i] /= (float)sum;
    return h;
}

bool low_pass_run(double hz, double rate, float *x, float *spare, size_t n)
{
    size_t length;
    float *const h = low_pass_taps(hz, rate, &length);
    const bool good = h && convolve(x, n, h, length, spare);
    if (good)
        memcpy(x, spare, n * sizeof *x);
    free(h);
    return good;
}

double mix_plain_level(const float *x, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (double)x[i] * (double)x[i];
    return n > 0 ? sqrt(sum / (double)n) : 0;
}

double mix_active_level(const float *x, size_t n, double rate)
{
    const size_t frame = (size_t)fmax(1, 0.02 * rate);
    double loudest = 0, sum = 0;
    size_t count = 0;
    for (size_t i = 0; i < n; i += frame)
        loudest = fmax(loudest, mix_plain_level(x + i, n - i < frame ? n - i : frame));
    for (size_t i = 0; i < n; i += frame) {
        const size_t m = n - i < frame ? n - i : frame;
        const double level = mix_plain_level(x + i, m);
        if (level > 0 && level >= loudest * 0.0316) { /* -30 dB */
            sum += level * level * (double)m;
            count += m;
        }
    }
    return count > 0 ? sqrt(sum / (double)count) : 0;
}

void clip_at(float *x, size_t n, float limit)
{
    for (size_t i = 0; i < n; i++)
        x[i] = x[i] > limit ? limit : x[i] < -limit ? -limit : x[i];
}

void quantise(float *x, size_t n, int bits)
{
    const float steps = ldexpf(1, bits - 1);
    for (size_t i = 0; i < n; i++)
        x[i] = rintf(x[i] * steps) / steps;
}

void random_gain(rng *r, float *x, size_t n, double rate, double range_db)
{
    double from = rng_range(r, -range_db, range_db);
    for (size_t i = 0; i < n;) {
        const double to = rng_range(r, -range_db, range_db);
        const size_t length = (size_t)(rng_range(r, 0.3, 2) * rate) + 1;
        const double step = pow(10, (to - from) / 20 / (double)length);
        double gain = pow(10, from / 20);
        for (size_t k = 0; k < length && i < n; k++, i++) {
            x[i] *= (float)gain;
            gain *= step;
        }
        from = to;
    }
}
