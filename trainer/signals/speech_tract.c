#include "trainer/signals/speech_tract.h"

#include <math.h>
#include <string.h>

static const double pi = 3.14159265358979323846;
static const double nasal_hz = 270, nasal_width = 100; /* Klatt 1980, table I */

/* Klatt 1980, eq. 2: y = a x + b y1 + c y2, of gain 1 at 0 Hz. */
static void resonator_set(speech_resonator *r, double rate, double hz, double width)
{
    const double radius = exp(-pi * width / rate);
    r->c = (float)(-radius * radius);
    r->b = (float)(2 * radius * cos(2 * pi * hz / rate));
    r->a = 1 - r->b - r->c;
}

void speech_tract_init(speech_tract *t, const speech_voice *v, double rate)
{
    *t = (speech_tract){.rate = rate, .scale = v->scale};
    for (int k = 0; k < SPEECH_FORMANTS; k++)
        if (v->high[k] < 0.46 * rate) {
            resonator_set(&t->formants[k], rate, v->high[k], v->high_width[k]);
            t->n_formants = k + 1;
        }
    resonator_set(&t->nasal_pole, rate, nasal_hz * v->scale, nasal_width);
}

void speech_tract_set(speech_tract *t, const speech_frame *f)
{
    for (int k = 0; k < SPEECH_MOVING; k++)
        resonator_set(&t->formants[k], t->rate, f->hz[k], f->width[k]);
    /* Eq. 4: the zero is a resonator upside down; on the pole it undoes it. */
    speech_resonator z;
    resonator_set(&z, t->rate, t->scale * (nasal_hz + f->nasal), nasal_width);
    t->zero_a = 1 / z.a;
    t->zero_b = -z.b / z.a;
    t->zero_c = -z.c / z.a;
    const double cut = 0.5 * (double)f->peak_hz[0];
    t->low_step = (float)(1 - exp(-2 * pi * cut / t->rate));
    for (int k = 0; k < SPEECH_PEAKS; k++) {
        speech_resonator *p = &t->peaks[k];
        const double hz = fmin(f->peak_hz[k], 0.47 * t->rate);
        resonator_set(p, t->rate, hz, f->peak_width[k]);
        /* Zeros at 0 and half the rate; white noise of power 1 comes out with that of the peak. */
        const double power = fmin(pi * f->peak_width[k] / t->rate, 1);
        p->a = (float)(f->peak_gain[k] * 0.5 * (1 + (double)p->c) / sqrt(power));
        if (f->peak_hz[k] > 0.5 * t->rate)
            p->a = 0;
    }
}

static inline float resonate(speech_resonator *r, float x)
{
    const float y = r->a * x + (r->b * r->y1 + r->c * r->y2);
    r->y2 = r->y1;
    r->y1 = y;
    return y;
}

/* Two resonators a pass: their recursions overlap, and the state stays in registers. */
static void pass_pair(speech_resonator *first, speech_resonator *second, float *x, size_t n)
{
    speech_resonator p = *first, q = *second;
    for (size_t i = 0; i < n; i++)
        x[i] = resonate(&q, resonate(&p, x[i]));
    *first = p;
    *second = q;
}

static void pass_nasal(speech_tract *t, float *x, size_t n)
{
    speech_resonator p = t->nasal_pole;
    float x1 = t->zero_x1, x2 = t->zero_x2;
    for (size_t i = 0; i < n; i++) {
        const float in = x[i];
        const float zero = t->zero_a * in + t->zero_b * x1 + t->zero_c * x2;
        x2 = x1;
        x1 = in;
        x[i] = resonate(&p, zero);
    }
    t->nasal_pole = p;
    t->zero_x1 = x1;
    t->zero_x2 = x2;
}

static void add_frication(speech_tract *t, const float *x, float *out, size_t n)
{
    speech_resonator p[SPEECH_PEAKS];
    for (int k = 0; k < SPEECH_PEAKS; k++)
        p[k] = t->peaks[k];
    float x1 = t->peak_x1, x2 = t->peak_x2, low = t->low;
    for (size_t i = 0; i < n; i++) {
        low += t->low_step * (x[i] - low);
        const float high = x[i] - low, d = high - x2;
        x2 = x1;
        x1 = high;
        out[i] += resonate(&p[0], d) + resonate(&p[1], d) + resonate(&p[2], d);
    }
    for (int k = 0; k < SPEECH_PEAKS; k++)
        t->peaks[k] = p[k];
    t->peak_x1 = x1;
    t->peak_x2 = x2;
    t->low = low;
}

/* Numbers too small to matter, which processors are slow with. */
static void settle(speech_resonator *r)
{
    if (fabsf(r->y1) + fabsf(r->y2) < 1e-18f)
        r->y1 = r->y2 = 0;
}

void speech_tract_run(speech_tract *t, float *glottis, const float *frication, bool hisses,
                      float *out, size_t n)
{
    pass_nasal(t, glottis, n);
    settle(&t->nasal_pole);
    for (int k = 0; k + 1 < SPEECH_FORMANTS; k += 2) {
        if (k + 1 < t->n_formants)
            pass_pair(&t->formants[k], &t->formants[k + 1], glottis, n);
        settle(&t->formants[k]);
        settle(&t->formants[k + 1]);
    }
    memcpy(out, glottis, n * sizeof *out);
    if (hisses)
        add_frication(t, frication, out, n);
    else {
        for (int k = 0; k < SPEECH_PEAKS; k++)
            t->peaks[k].y1 = t->peaks[k].y2 = 0;
        t->peak_x1 = t->peak_x2 = t->low = 0;
    }
}
