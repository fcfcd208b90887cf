/*
 * The functions of version 0.1 under their names and with its configuration, which had no size: a
 * program that was built against its headers runs with this library. They go with the next release.
 */
#define SORDINO_OLD_NAMES
#include <sordino/sordino.h>

typedef struct config_0_1 {
    sordino_method method;
    double rate;
    uint32_t channels;
    bool link_channels;
    sordino_gain_rule gain_rule;
    double window, hop;
    uint32_t lag, min_latency;
    double limit, mix;
    bool delta, enabled;
} config_0_1;

SORDINO_API void sordino_config_init(config_0_1 *config);
SORDINO_API sordino_status sordino_new(const config_0_1 *config, const sordino_model *model,
                                       sordino_denoiser **out, sordino_error *why);
SORDINO_API sordino_status sordino_config_latency(const config_0_1 *config,
                                                  const sordino_model *model, uint32_t *out,
                                                  sordino_error *why);
SORDINO_API void sordino_free(sordino_denoiser *denoiser);
SORDINO_API void sordino_reset(sordino_denoiser *denoiser) SORDINO_RT;
SORDINO_API void sordino_process(sordino_denoiser *denoiser, const float *const *in,
                                 float *const *out, size_t n) SORDINO_RT;
SORDINO_API uint32_t sordino_latency(const sordino_denoiser *denoiser) SORDINO_RT;
SORDINO_API void sordino_set_limit(sordino_denoiser *denoiser, double limit_db) SORDINO_RT;
SORDINO_API void sordino_set_mix(sordino_denoiser *denoiser, double mix) SORDINO_RT;
SORDINO_API void sordino_set_delta(sordino_denoiser *denoiser, bool delta) SORDINO_RT;
SORDINO_API void sordino_set_enabled(sordino_denoiser *denoiser, bool enabled) SORDINO_RT;
SORDINO_API void sordino_set_learn(sordino_denoiser *denoiser, bool learn) SORDINO_RT;
SORDINO_API sordino_status sordino_get_profile(const sordino_denoiser *denoiser,
                                               sordino_profile **out, sordino_error *why);
SORDINO_API sordino_status sordino_new_profile(const sordino_denoiser *denoiser,
                                               sordino_profile **out, sordino_error *why);
SORDINO_API bool sordino_copy_profile(const sordino_denoiser *denoiser,
                                      sordino_profile *into) SORDINO_RT;
SORDINO_API void sordino_set_profile(sordino_denoiser *denoiser,
                                     const sordino_profile *profile) SORDINO_RT;
SORDINO_API void sordino_read_meters(sordino_denoiser *denoiser, sordino_meters *out) SORDINO_RT;

static sordino_config today(const config_0_1 *old)
{
    sordino_config config;
    sordino_config_init_size(&config, sizeof config);
    config.method = old->method;
    config.rate = old->rate;
    config.channels = old->channels;
    config.link_channels = old->link_channels;
    config.gain_rule = old->gain_rule;
    config.window = old->window;
    config.hop = old->hop;
    config.lag = old->lag;
    config.min_latency = old->min_latency;
    config.limit = old->limit;
    config.mix = old->mix;
    config.delta = old->delta;
    config.enabled = old->enabled;
    return config;
}

void sordino_config_init(config_0_1 *old)
{
    sordino_config now;
    sordino_config_init_size(&now, sizeof now);
    *old = (config_0_1){
        .method = now.method,
        .rate = now.rate,
        .channels = now.channels,
        .link_channels = now.link_channels,
        .gain_rule = now.gain_rule,
        .window = now.window,
        .hop = now.hop,
        .lag = now.lag,
        .min_latency = now.min_latency,
        .limit = now.limit,
        .mix = now.mix,
        .delta = now.delta,
        .enabled = now.enabled,
    };
}

sordino_status sordino_new(const config_0_1 *config, const sordino_model *model,
                           sordino_denoiser **out, sordino_error *why)
{
    const sordino_config now = today(config);
    return sordino_denoiser_new(&now, model, out, why);
}

sordino_status sordino_config_latency(const config_0_1 *config, const sordino_model *model,
                                      uint32_t *out, sordino_error *why)
{
    const sordino_config now = today(config);
    return sordino_denoiser_latency_for(&now, model, out, why);
}

void sordino_free(sordino_denoiser *denoiser)
{
    sordino_denoiser_free(denoiser);
}

void sordino_reset(sordino_denoiser *denoiser)
{
    sordino_denoiser_reset(denoiser);
}

void sordino_process(sordino_denoiser *denoiser, const float *const *in, float *const *out,
                     size_t n)
{
    sordino_denoiser_process(denoiser, in, out, n);
}

uint32_t sordino_latency(const sordino_denoiser *denoiser)
{
    return sordino_denoiser_latency(denoiser);
}

void sordino_set_limit(sordino_denoiser *denoiser, double limit_db)
{
    sordino_denoiser_set_limit(denoiser, limit_db);
}

void sordino_set_mix(sordino_denoiser *denoiser, double mix)
{
    sordino_denoiser_set_mix(denoiser, mix);
}

void sordino_set_delta(sordino_denoiser *denoiser, bool delta)
{
    sordino_denoiser_set_delta(denoiser, delta);
}

void sordino_set_enabled(sordino_denoiser *denoiser, bool enabled)
{
    sordino_denoiser_set_enabled(denoiser, enabled);
}

void sordino_set_learn(sordino_denoiser *denoiser, bool learn)
{
    sordino_denoiser_set_learn(denoiser, learn);
}

sordino_status sordino_get_profile(const sordino_denoiser *denoiser, sordino_profile **out,
                                   sordino_error *why)
{
    return sordino_denoiser_get_profile(denoiser, out, why);
}

sordino_status sordino_new_profile(const sordino_denoiser *denoiser, sordino_profile **out,
                                   sordino_error *why)
{
    return sordino_denoiser_blank_profile(denoiser, out, why);
}

bool sordino_copy_profile(const sordino_denoiser *denoiser, sordino_profile *into)
{
    return sordino_denoiser_copy_profile(denoiser, into);
}

void sordino_set_profile(sordino_denoiser *denoiser, const sordino_profile *profile)
{
    sordino_denoiser_set_profile(denoiser, profile);
}

void sordino_read_meters(sordino_denoiser *denoiser, sordino_meters *out)
{
    sordino_denoiser_read_meters(denoiser, out);
}
