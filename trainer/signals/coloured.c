/* Gaussian noise of a random colour: any slope between brown and blue, the named ones more often,
 * with smooth unevenness, as amplifiers, air and traffic far away make it. */
#include "trainer/signals/kinds.h"
#include "trainer/signals/parts.h"

#include <math.h>

static bool make(rng *r, double rate, float *out, size_t n)
{
    static const double named[] = {0, -3.0103, -6.0206, 3.0103};
    const double slope = rng_chance(r, 0.5) ? named[rng_below(r, 4)] : rng_range(r, -7.5, 3.0103);
    coloured_fill(r, rate, slope, out, n);
    if (rng_chance(r, 0.5))
        random_tilt(r, rate, 9, out, n);
    if (rng_chance(r, 0.2)) {
        wander w = wander_make(r, rate, rng_log_range(r, 0.3, 4));
        const double depth = rng_range(r, 0.02, 0.25); /* of a neper: up to about +-4 dB */
        for (size_t i = 0; i < n; i++)
            out[i] = (float)(out[i] * exp(depth * wander_next(&w, r)));
    }
    level_set(out, n, rate, rng_range(r, -35, -15));
    return true;
}

const signal_kind signal_coloured = {
    .name = "coloured",
    .what = "Gaussian noise from brown over pink and white to blue",
    .unit = "full scale",
    .is_noise = true,
    .make = make,
};
