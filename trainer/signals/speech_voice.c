#include "trainer/signals/speech_voice.h"

#include <math.h>

static double clamp(double x, double low, double high)
{
    return fmin(fmax(x, low), high);
}

/* Men, women and children in the usual shares; pitch goes with the tract but loosely. */
static void draw_body(speech_voice *v, rng *r)
{
    static const double share[] = {0.52, 0.41, 0.07};
    static const double scale[] = {0.99, 1.15, 1.24}, spread[] = {0.045, 0.04, 0.045};
    static const double f0[] = {118, 192, 255}, f0_spread[] = {0.21, 0.16, 0.17};
    const uint32_t who = rng_pick(r, share, 3);
    v->scale = clamp(scale[who] + spread[who] * rng_normal(r), 0.88, 1.30);
    v->f0 = clamp(f0[who] * exp(f0_spread[who] * rng_normal(r)), 65, 380);
}

/* Above F4 a tract resonates about each kilohertz (Fant 1960), the higher the more heavily damped.
 */
static void draw_high_formants(speech_voice *v, rng *r)
{
    const double spacing = 1000 * v->scale * (1 + 0.03 * rng_normal(r));
    for (int k = 0; k < SPEECH_FORMANTS; k++) {
        const double usual = 3350 * v->scale + (k - 3) * spacing;
        v->high[k] = usual + 0.1 * spacing * rng_normal(r);
        v->high_width[k] =
            v->width * (k < 4 ? 210 : 210 + 110 * (k - 3)) * exp(0.25 * rng_normal(r));
    }
}

void speech_voice_draw(speech_voice *v, rng *r)
{
    draw_body(v, r);
    v->range = clamp(3.6 * exp(0.4 * rng_normal(r)), 1, 9);
    v->rd = clamp(1.35 * exp(0.33 * rng_normal(r)), 0.5, 2.4);
    v->jitter = 0.006 * exp(0.5 * rng_normal(r));
    v->shimmer = 0.035 * exp(0.5 * rng_normal(r));
    v->breath = 0.020 * v->rd * exp(0.6 * rng_normal(r));
    v->sibilance = 0.43 * exp(0.3 * rng_normal(r));
    v->sibilant_hz = clamp(pow(v->scale, 0.8) * exp(0.1 * rng_normal(r)), 0.75, 1.5);
    v->tempo = clamp(0.87 * exp(0.17 * rng_normal(r)), 0.6, 1.5);
    v->pause = rng_log_range(r, 0.15, 0.45);
    v->reach = rng_log_range(r, 0.013, 0.026);
    v->dynamics = rng_range(r, 1, 3.5);
    v->nasality = rng_range(r, 0.3, 1);
    v->creak = rng_chance(r, 0.35) ? rng_range(r, 0.2, 0.9) : 0.04;
    v->effort = clamp(0.3 * rng_normal(r), -1, 0.7);
    if (rng_chance(r, 0.04))
        v->effort = 1;
    v->whisper = rng_chance(r, 0.03);
    if (v->whisper)
        v->sibilance *= 0.3; /* as the vowels are weaker too */
    v->width = exp(0.2 * rng_normal(r));
    for (int k = 0; k < 3; k++)
        v->accent[k] = 1 + 0.03 * rng_normal(r);
    for (int i = 0; i < SPEECH_VOWELS; i++)
        for (int k = 0; k < 2; k++)
            v->dialect[i][k] = clamp(1 + 0.07 * rng_normal(r), 0.8, 1.2);
    draw_high_formants(v, r);
}
