#include "trainer/mix/continue.h"

#include "trainer/mix/augment.h"

#include <math.h>
#include <string.h>

static const double frame_time = 0.01; /* s over which the density is taken */
static const double low_edge = 0.75;   /* of the band: it is taken from there on */

/* From the loudness of frames of `x` to white noise of that loudness, in place, in a line between
 * the frames' middles. */
static void replace_by_noise(rng *r, double rate, float *x, size_t n)
{
    const size_t frame = (size_t)(frame_time * rate) + 1;
    double before = mix_plain_level(x, n < frame ? n : frame);
    for (size_t i = 0; i < n; i += frame) {
        const size_t count = n - i < frame ? n - i : frame;
        const double here = mix_plain_level(x + i, count);
        const double root3 = 1.7320508075688772, step = (here - before) / (double)count;
        for (size_t k = 0; k < count; k++)
            x[i + k] = (float)((before + step * (double)k) * root3 * (2 * rng_unit(r) - 1));
        before = here;
    }
}

/* Falls by up to 12 dB an octave above `hz`: two poles between there and half the rate. */
static void fall_off(rng *r, double hz, double rate, float *x, size_t n)
{
    double pole[2];
    for (int i = 0; i < 2; i++)
        pole[i] = exp(-6.283185307179586 * rng_log_range(r, hz, rate) / rate);
    const double gain = (1 - pole[0]) * (1 - pole[1]);
    const section f = {.b0 = gain, .a1 = -pole[0] - pole[1], .a2 = pole[0] * pole[1]};
    section_run(&f, x, n);
}

void continue_noise(rng *r, double band, double rate, float *x, float *spare, size_t n)
{
    const double width = (1 - low_edge) * band;
    memcpy(spare, x, n * sizeof *x);
    high_pass_run(low_edge * band, rate, spare, n);
    replace_by_noise(r, rate, spare, n);
    fall_off(r, band, rate, spare, n);
    high_pass_run(band, rate, spare, n);
    const double gain = sqrt(rate / 2 / width) * pow(10, -rng_range(r, 0, 10) / 20);
    for (size_t i = 0; i < n; i++)
        x[i] += (float)gain * spare[i];
}
