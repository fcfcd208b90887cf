#include "trainer/signals/speech_source.h"

#include <math.h>

static const double pi = 3.14159265358979323846;
static const double rd_low = 0.3, rd_step = 0.05;

/* The flow at the end of the period, over the scale of the open phase; 0 for the right growth. */
static double net_flow(const speech_shape *p, double growth, double closing)
{
    const double angle = p->omega * p->end;
    const double open =
        growth * sin(angle) - p->omega * cos(angle) + p->omega * exp(-growth * p->end);
    return -open / (sin(angle) * (growth * growth + p->omega * p->omega)) - closing;
}

/*
 * Fant 1995, eqs. 2-4: Ra, Rk and Rg from Rd. Then epsilon ta = 1 - e^(-epsilon (1 - te)) by
 * iteration, and the growth that leaves no net flow by bisection (Fant et al. 1985, eqs. 3, 11,
 * 12).
 */
static void shape_make(speech_shape *p, double rd)
{
    const double ra = (-1 + 4.8 * rd) / 100, rk = (22.4 + 11.8 * rd) / 100;
    const double rg = rk / 4 * (0.5 + 1.2 * rk) / (0.11 * rd - ra * (0.5 + 1.2 * rk));
    p->peak = 1 / (2 * rg);
    p->end = fmin(p->peak * (1 + rk), 0.96);
    p->omega = pi / p->peak;
    const double rest = 1 - p->end;
    double decay = 1 / ra;
    for (int i = 0; i < 50; i++)
        decay = (1 - exp(-decay * rest)) / ra;
    p->decay = decay;
    p->floor = exp(-decay * rest);
    p->divisor = decay * ra;
    const double closing = ((1 - p->floor) / decay - rest * p->floor) / p->divisor;
    double low = -20, high = 400;
    for (int i = 0; i < 60; i++) {
        const double middle = (low + high) / 2;
        if (net_flow(p, middle, closing) > 0)
            low = middle;
        else
            high = middle;
    }
    p->growth = (low + high) / 2;
    p->scale = -1 / (exp(p->growth * p->end) * sin(p->omega * p->end));
}

void speech_source_init(speech_source *s, const speech_voice *v, double rate, uint64_t seed)
{
    *s = (speech_source){.noise = rng_make(seed, 0, 0),
                         .rate = rate,
                         .jitter = v->jitter,
                         .shimmer = v->shimmer,
                         .period = 1,
                         .at = 1};
    for (int i = 0; i < SPEECH_SHAPES; i++)
        shape_make(&s->shapes[i], rd_low + rd_step * i);
    s->shape = &s->shapes[10];
    s->stage = 1;
}

/* Variance 1, nearly normal: four uniform numbers out of one draw. */
static float noise_sample(rng *r)
{
    const uint64_t b = rng_bits(r);
    const int32_t sum = (int32_t)(b & 0xffff) + (int32_t)(b >> 16 & 0xffff) +
                        (int32_t)(b >> 32 & 0xffff) + (int32_t)(b >> 48);
    return (float)(sum - 131070) * (1.0f / 37837.0f);
}

static void pulse_begin(speech_source *s, double f0, double rd, double creak)
{
    s->at = s->at - s->period;
    s->odd = !s->odd;
    const double wander = s->jitter + 0.12 * creak;
    const double off = fmin(fmax(rng_normal(&s->noise), -2.5), 2.5);
    s->period = s->rate / f0 * (1 + wander * off + (s->odd ? 0.15 : -0.15) * creak);
    s->period = fmax(s->period, 8);
    s->at = fmin(fmax(s->at, 0), s->period - 1);
    s->gain = fmax(1 + s->shimmer * rng_normal(&s->noise) - (s->odd ? 0.35 * creak : 0), 0.05);
    const int i = (int)lround((rd - rd_low) / rd_step);
    s->shape = &s->shapes[i < 0 ? 0 : i >= SPEECH_SHAPES ? SPEECH_SHAPES - 1 : i];
    const double t = s->at / s->period, dt = 1 / s->period;
    const double size = s->shape->scale * exp(s->shape->growth * t);
    s->real = size * cos(s->shape->omega * t);
    s->imag = size * sin(s->shape->omega * t);
    const double grow = exp(s->shape->growth * dt);
    s->step_real = grow * cos(s->shape->omega * dt);
    s->step_imag = grow * sin(s->shape->omega * dt);
    s->stage = 0;
}

static void pulse_close(speech_source *s)
{
    const double late = s->at / s->period - s->shape->end;
    s->tail = exp(-s->shape->decay * late);
    s->tail_step = exp(-s->shape->decay / s->period);
    s->stage = 1;
}

/* The derivative of the flow, steepest slope near -1, and how far the glottis is open. */
static double pulse_next(speech_source *s, float *open)
{
    double y;
    if (s->stage == 0) {
        y = s->imag;
        const double real = s->real * s->step_real - s->imag * s->step_imag;
        s->imag = s->real * s->step_imag + s->imag * s->step_real;
        s->real = real;
        *open = 1;
    } else {
        y = -(s->tail - s->shape->floor) / s->shape->divisor;
        s->tail *= s->tail_step;
        *open = 0;
    }
    s->at += 1;
    return y * s->gain;
}

void speech_source_run(speech_source *s, const speech_frame *a, const speech_frame *b,
                       float *glottis, float *frication, size_t n)
{
    const float per = n ? 1.0f / (float)n : 0, smooth = (float)fmin(1, 3000 / s->rate);
    const float dv = (b->voice - a->voice) * per, db = (b->breath - a->breath) * per;
    const float df = (b->fric - a->fric) * per;
    float voice = a->voice, breath = a->breath, fric = a->fric, turbulence = (float)s->turbulence;
    const float depth = a->voice > 0.02f ? 0.7f : a->voice * 35.0f;
    const bool hisses = a->fric > 0 || b->fric > 0;
    for (size_t i = 0; i < n; i++) {
        if (s->at >= s->period) {
            const double w = (double)i * (double)per;
            pulse_begin(s, a->f0 + w * (b->f0 - a->f0), a->rd, a->creak);
        }
        if (s->stage == 0 && s->at >= s->shape->end * s->period)
            pulse_close(s);
        float open;
        const float pulse = (float)pulse_next(s, &open);
        turbulence += smooth * (open - turbulence);
        const float mod = 1 - depth + depth * turbulence;
        glottis[i] = voice * pulse + breath * mod * noise_sample(&s->noise);
        frication[i] = hisses ? fric * (0.4f + 0.6f * mod) * noise_sample(&s->noise) : 0;
        voice += dv;
        breath += db;
        fric += df;
    }
    s->turbulence = turbulence;
}
