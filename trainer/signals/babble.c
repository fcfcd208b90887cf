/*
 * A room full of talk: three to eight synthetic voices at distances of their own. The farther one
 * is the fainter and duller it is, and the more of it comes by the walls.
 */
#include "trainer/signals/kinds.h"
#include "trainer/signals/parts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { FEWEST = 3, MOST = 8 };

static bool add_voice(rng *r, uint64_t number, double rate, float *voice, float *out, size_t n)
{
    /* A generator of its own, so that no voice depends on how much another draws. */
    rng own = rng_make(rng_bits(r), 0, number);
    if (!signal_speech.make(&own, rate, voice, n))
        return false;
    const double far = rng_unit(r); /* 0 near .. 1 across the room */
    biquad air = biquad_low_pass(rate, rng_range(r, 0.9, 1.1) * (9000 - 6000 * far), 0.6);
    biquad_run(&air, voice, n);
    /* The pauses count as silence: a voice is as loud as it is when it speaks. */
    const double level = active_level(voice, n, rate);
    const double wanted = pow(10, (-9 * far + 2 * rng_normal(r)) / 20);
    const float gain = level > 0 ? (float)(wanted / level) : 0;
    /* Everybody is in the middle of something: a passage starts anywhere in its round, whose ends
     * are faded so that they meet. */
    const size_t fade = (size_t)fmin(0.01 * rate, 0.5 * (double)n);
    for (size_t i = 0; i < fade; i++) {
        voice[i] *= (float)i / (float)fade;
        voice[n - 1 - i] *= (float)i / (float)fade;
    }
    const size_t turn = (size_t)(rng_unit(r) * (double)n);
    for (size_t i = 0; i < n; i++)
        out[i] += gain * voice[i + turn < n ? i + turn : i + turn - n];
    return true;
}

static bool make(rng *r, double rate, float *out, size_t n)
{
    float *const voice = malloc((n ? n : 1) * sizeof *voice);
    if (!voice)
        return false;
    const uint32_t n_voices = FEWEST + rng_below(r, MOST - FEWEST + 1);
    bool made = true;
    memset(out, 0, n * sizeof *out);
    for (uint32_t k = 0; k < n_voices && made; k++)
        made = add_voice(r, k, rate, voice, out, n);
    free(voice);
    if (!made)
        return false;
    const double wet = rng_log_range(r, 0.1, 1), decay = rng_log_range(r, 0.3, 1.2);
    if (!add_room(r, out, n, rate, decay, wet))
        return false;
    level_set(out, n, rate, rng_range(r, -35, -15));
    return true;
}

const signal_kind signal_babble = {
    .name = "babble",
    .what = "three to eight voices in a room",
    .unit = "full scale",
    .is_noise = true,
    .make = make,
};
