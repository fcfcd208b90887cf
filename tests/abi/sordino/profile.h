/*
 * A noise profile: what a passage of noise alone looks like, learned by a denoiser and kept.
 * It holds a power spectral density per channel on a grid in hertz, so a profile learned at one
 * rate and window serves at others. Plain data, immutable; may be shared by threads.
 */
#ifndef SORDINO_PROFILE_H
#define SORDINO_PROFILE_H

#include <stddef.h>
#include <stdint.h>

#include <sordino/status.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct sordino_profile sordino_profile;

/* Makes a profile from densities. `psd` is [channels][bins]: power per hertz (signal units squared
 * per Hz, one-sided), bin k at k * rate / 2 / (bins - 1) Hz; copied. channels 1..64, bins 2..65537,
 * rate > 0, every density finite and >= 0. Errors: NO_MEM, BAD_ARG. */
SORDINO_API SORDINO_NODISCARD sordino_status sordino_profile_new(const float *psd,
                                                                 uint32_t channels, uint32_t bins,
                                                                 double rate, sordino_profile **out,
                                                                 sordino_error *why);

/* Releases a profile. NULL is ignored. */
SORDINO_API void sordino_profile_free(sordino_profile *profile);

SORDINO_API uint32_t sordino_profile_channels(const sordino_profile *profile);
SORDINO_API uint32_t sordino_profile_bins(const sordino_profile *profile);
SORDINO_API double sordino_profile_rate(const sordino_profile *profile);

/* The densities of one channel, [bins]; a channel past the last repeats the last. Borrowed. */
SORDINO_API const float *sordino_profile_psd(const sordino_profile *profile, uint32_t channel);

/* The profile as a safetensors file in memory (models/FORMAT.md). `*out_bytes` is released with
 * sordino_profile_free_bytes. Errors: NO_MEM. */
SORDINO_API SORDINO_NODISCARD sordino_status sordino_profile_save_bytes(
    const sordino_profile *profile, void **out_bytes, size_t *out_size, sordino_error *why);
SORDINO_API void sordino_profile_free_bytes(void *bytes);

/* Reads what sordino_profile_save_bytes wrote; copies. Errors: NO_MEM, BAD_MODEL, UNSUPPORTED. */
SORDINO_API SORDINO_NODISCARD sordino_status sordino_profile_open_bytes(const void *bytes,
                                                                        size_t size,
                                                                        sordino_profile **out,
                                                                        sordino_error *why);

/* The same with files. Saving writes a temporary file beside `path` and renames it. Errors as
 * above, and IO, NOT_FOUND. */
SORDINO_API SORDINO_NODISCARD sordino_status
sordino_profile_save_path(const sordino_profile *profile, const char *path, sordino_error *why);
SORDINO_API SORDINO_NODISCARD sordino_status sordino_profile_open_path(const char *path,
                                                                       sordino_profile **out,
                                                                       sordino_error *why);

#ifdef __cplusplus
}
#endif
#endif
