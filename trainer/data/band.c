#include "trainer/data/band.h"

#include "core/dsp/fft.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_FRAMES = 2000, MIN_FRAMES = 4, MAX_BANDS = 512, NEAR = 6 /* bands: 1.5 kHz */ };
static const double pi = 3.14159265358979323846;
static const double width = 250, lowest_rate = 8000, frame_time = 0.032;
static const double reach_db = 55, pause_db = 6, cliff_db = 25, cliff_hz = 3000, slope_db = 15;

/* Levels of the bands in dB: of the loudest frames, and of quiet ones. */
typedef struct levels {
    size_t n;
    double loud[MAX_BANDS], quiet[MAX_BANDS];
} levels;

typedef struct meter {
    fft *fft;
    size_t size, frames, bands, bin[MAX_BANDS + 1]; /* band b: bins bin[b] .. bin[b + 1] - 1 */
    float *time, *spectrum, *shape;
    float *power; /* [bands][frames] */
} meter;

static void meter_free(meter *m)
{
    fft_free(m->fft);
    free(m->time);
    free(m->spectrum);
    free(m->shape);
    free(m->power);
}

static bool meter_init(meter *m, size_t n, double rate)
{
    *m = (meter){.size = fft_nearest_nice(frame_time * rate)};
    m->frames = n / m->size < MAX_FRAMES ? n / m->size : MAX_FRAMES;
    m->bands = (size_t)(rate / 2 / width);
    if (m->bands > MAX_BANDS)
        m->bands = MAX_BANDS;
    for (size_t b = 0; b <= m->bands; b++)
        m->bin[b] = (size_t)ceil((double)b * width * (double)m->size / rate);
    m->bin[0] = 1; /* not the offset */
    m->time = malloc(m->size * sizeof *m->time);
    m->shape = malloc(m->size * sizeof *m->shape);
    m->spectrum = malloc((m->size + 2) * sizeof *m->spectrum);
    m->power = malloc((m->frames * m->bands + 1) * sizeof *m->power);
    for (size_t i = 0; m->shape && i < m->size; i++)
        m->shape[i] = (float)(0.5 - 0.5 * cos(2 * pi * ((double)i + 0.5) / (double)m->size));
    return m->time && m->shape && m->spectrum && m->power &&
           fft_new(m->size, &m->fft, NULL) == SORDINO_OK;
}

/* Frame number t, of those that are taken. */
static void measure_frame(meter *m, const float *x, size_t n, size_t t)
{
    const size_t all = n / m->size, at = t * all / m->frames * m->size;
    for (size_t i = 0; i < m->size; i++)
        m->time[i] = m->shape[i] * x[at + i];
    fft_forward(m->fft, m->time, m->spectrum);
    for (size_t b = 0; b < m->bands; b++) {
        float sum = 0;
        for (size_t k = 2 * m->bin[b]; k < 2 * m->bin[b + 1]; k++)
            sum += m->spectrum[k] * m->spectrum[k];
        m->power[b * m->frames + t] = sum;
    }
}

static int by_size(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;
    return x < y ? -1 : x > y;
}

static void take_levels(meter *m, levels *to)
{
    const size_t loudest = m->frames / 50 > 0 ? m->frames / 50 : 1;
    to->n = m->bands;
    for (size_t b = 0; b < m->bands; b++) {
        float *const p = m->power + b * m->frames;
        double sum = 0;
        qsort(p, m->frames, sizeof *p, by_size);
        for (size_t i = 0; i < loudest; i++)
            sum += (double)p[m->frames - 1 - i] / (double)loudest;
        to->loud[b] = 10 * log10(sum + 1e-30);
        to->quiet[b] = 10 * log10((double)p[m->frames / 10] + 1e-30);
    }
}

static double loudest(const levels *l, size_t from, size_t to)
{
    double most = -INFINITY;
    for (size_t b = from; b < to; b++)
        most = fmax(most, l->loud[b]);
    return most;
}

/* Bands below the top; 0 when none stands out. */
static size_t find_top(const levels *l, bool pauses)
{
    const double least = loudest(l, 0, l->n) - reach_db;
    size_t top = l->n;
    while (top > 0 && (l->loud[top - 1] < least ||
                       (pauses && l->loud[top - 1] < l->quiet[top - 1] + pause_db)))
        top--;
    for (size_t b = (size_t)(cliff_hz / width); b < top; b++)
        if (loudest(l, b, l->n) < loudest(l, b - NEAR, b) - cliff_db)
            top = b;
    while (top > NEAR && l->loud[top - 1] < loudest(l, top - 1 - NEAR, top - 1) - slope_db)
        top--;
    return top;
}

double band_measure(const float *x, size_t n, double rate, bool pauses)
{
    meter m;
    levels l;
    if (rate < lowest_rate || (double)n < MIN_FRAMES * 2 * frame_time * rate)
        return rate / 2;
    if (!meter_init(&m, n, rate)) {
        meter_free(&m);
        return -1;
    }
    for (size_t t = 0; t < m.frames; t++)
        measure_frame(&m, x, n, t);
    take_levels(&m, &l);
    meter_free(&m);
    size_t top = find_top(&l, pauses);
    if (top == 0) /* nothing comes and goes */
        top = find_top(&l, false);
    return top == 0 || top == l.n ? rate / 2 : (double)top * width;
}
