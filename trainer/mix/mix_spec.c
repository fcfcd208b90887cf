/* How examples are made, for speech and for sensors. */
#include "trainer/mix/mix.h"

#include <math.h>

void mix_spec_init(mix_spec *s)
{
    *s = (mix_spec){
        .seconds = 3,
        .n_rates = 1,
        .rates = {16000},
        .rate_weights = {1},
        .snr_low = -5,
        .snr_high = 20,
        .clear_chance = 0.1,
        .clear_low = 20,
        .clear_high = 40,
        .noise_only_chance = 0.05,
        .second_noise_chance = 0.3,
        .level_low = -20,
        .level_high = 6,
        .filter_chance = 0.5,
        .band_limit_chance = 0.2,
        .low_pass_chance = 0.3,
        .fill_chance = 0.7,
        .resample_chance = 0.3,
        .resample_low = 0.7,
        .resample_high = 1.4,
        .speed_chance = 0.5,
        .clip_chance = 0.02,
        .room_chance = 0.15,
        .quantise_chance = 0.02,
        .gain_change_chance = 0.1,
        .pool = 200,
        .pool_seconds = 12,
        .pool_rate = 24000,
        .pool_refresh = 0.5,
    };
}

void mix_spec_init_sensor(mix_spec *s)
{
    *s = (mix_spec){
        .samples = 2048,
        .n_rates = 1,
        .rates = {500},
        .rate_weights = {1},
        .sensor = true,
        .snr_low = -5,
        .snr_high = 20,
        .clear_chance = 0.05,
        .clear_low = 20,
        .clear_high = 40,
        .second_noise_chance = 0.1,
        .resample_low = 0.7,
        .resample_high = 1.4,
        .gain_change_chance = 0.1,
        .pool_seconds = 12,
        .pool_rate = 24000,
    };
}

size_t mix_samples(const mix_spec *spec, double rate)
{
    const double n = spec->samples > 0 ? spec->samples : spec->seconds * rate;
    return n < 1 ? 1 : (size_t)lrint(n);
}
