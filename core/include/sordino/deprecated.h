/*
 * The names of version 0.1 for programs that are compiled anew but not yet changed; the compiler
 * says what each is called now. They go with the next release. (Programs that were compiled against
 * 0.1 run as they are: the library still has its functions.)
 */
#ifndef SORDINO_DEPRECATED_H
#define SORDINO_DEPRECATED_H

#include <sordino/sordino.h>

#ifndef SORDINO_OLD_NAMES

#if defined(__GNUC__)
#define SORDINO_NOW(name) static inline __attribute__((deprecated("it is now " #name)))
#else
#define SORDINO_NOW(name) static inline
#endif

SORDINO_NOW(sordino_denoiser_new)
sordino_status sordino_new(const sordino_config *config, const sordino_model *model,
                           sordino_denoiser **out, sordino_error *why)
{
    return sordino_denoiser_new(config, model, out, why);
}

SORDINO_NOW(sordino_denoiser_latency_for)
sordino_status sordino_config_latency(const sordino_config *config, const sordino_model *model,
                                      uint32_t *out, sordino_error *why)
{
    return sordino_denoiser_latency_for(config, model, out, why);
}

SORDINO_NOW(sordino_denoiser_free)
void sordino_free(sordino_denoiser *denoiser)
{
    sordino_denoiser_free(denoiser);
}

SORDINO_NOW(sordino_denoiser_reset)
void sordino_reset(sordino_denoiser *denoiser)
{
    sordino_denoiser_reset(denoiser);
}

SORDINO_NOW(sordino_denoiser_process)
void sordino_process(sordino_denoiser *denoiser, const float *const *in, float *const *out,
                     size_t n)
{
    sordino_denoiser_process(denoiser, in, out, n);
}

SORDINO_NOW(sordino_denoiser_latency)
uint32_t sordino_latency(const sordino_denoiser *denoiser)
{
    return sordino_denoiser_latency(denoiser);
}

SORDINO_NOW(sordino_denoiser_set_limit)
void sordino_set_limit(sordino_denoiser *denoiser, double limit_db)
{
    sordino_denoiser_set_limit(denoiser, limit_db);
}

SORDINO_NOW(sordino_denoiser_set_mix)
void sordino_set_mix(sordino_denoiser *denoiser, double mix)
{
    sordino_denoiser_set_mix(denoiser, mix);
}

SORDINO_NOW(sordino_denoiser_set_delta)
void sordino_set_delta(sordino_denoiser *denoiser, bool delta)
{
    sordino_denoiser_set_delta(denoiser, delta);
}

SORDINO_NOW(sordino_denoiser_set_enabled)
void sordino_set_enabled(sordino_denoiser *denoiser, bool enabled)
{
    sordino_denoiser_set_enabled(denoiser, enabled);
}

SORDINO_NOW(sordino_denoiser_set_learn)
void sordino_set_learn(sordino_denoiser *denoiser, bool learn)
{
    sordino_denoiser_set_learn(denoiser, learn);
}

SORDINO_NOW(sordino_denoiser_get_profile)
sordino_status sordino_get_profile(const sordino_denoiser *denoiser, sordino_profile **out,
                                   sordino_error *why)
{
    return sordino_denoiser_get_profile(denoiser, out, why);
}

SORDINO_NOW(sordino_denoiser_blank_profile)
sordino_status sordino_new_profile(const sordino_denoiser *denoiser, sordino_profile **out,
                                   sordino_error *why)
{
    return sordino_denoiser_blank_profile(denoiser, out, why);
}

SORDINO_NOW(sordino_denoiser_copy_profile)
bool sordino_copy_profile(const sordino_denoiser *denoiser, sordino_profile *into)
{
    return sordino_denoiser_copy_profile(denoiser, into);
}

SORDINO_NOW(sordino_denoiser_set_profile)
void sordino_set_profile(sordino_denoiser *denoiser, const sordino_profile *profile)
{
    sordino_denoiser_set_profile(denoiser, profile);
}

SORDINO_NOW(sordino_denoiser_read_meters)
void sordino_read_meters(sordino_denoiser *denoiser, sordino_meters *out)
{
    sordino_denoiser_read_meters(denoiser, out);
}

#endif
#endif
