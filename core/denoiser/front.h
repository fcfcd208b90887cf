/*
 * A front end: samples in, denoised samples out, with a constant delay of its own. It holds one
 * state per channel and knows nothing of mixing, bypass or limits.
 */
#ifndef DENOISER_FRONT_H
#define DENOISER_FRONT_H

#include <stddef.h>
#include <stdint.h>

#include <sordino/sordino.h>

#include "core/model/model.h"

typedef struct front front;

/* Every implementation begins with this; the functions take the object itself. */
struct front {
    uint32_t latency; /* samples */
    uint32_t span;    /* most samples in one call of `run`, >= 1 */

    void (*free)(front *f);
    void (*reset)(front *f) SORDINO_RT;

    /* `in` and `out` are [channels] pointers to [n] samples, 0 <= n <= span, not overlapping. The
     * input may hold anything; the output is finite. */
    void (*run)(front *f, const float *const *in, float *const *out, size_t n) SORDINO_RT;

    /* Noise learning and profiles, as in sordino.h; NULL where the method has none. */
    void (*set_learn)(front *f, bool learn) SORDINO_RT;
    void (*set_profile)(front *f, const sordino_profile *profile) SORDINO_RT;

    /* Writes the learned or applied noise, [channels][profile_bins] densities as in profile.h;
     * false when there is none. */
    bool (*read_profile)(const front *f, float *psd) SORDINO_RT;
    uint32_t profile_bins;

    /* What sordino_denoiser_warnings gives. */
    uint32_t (*warnings)(const front *f) SORDINO_RT;
};

/* Spectral methods: WIENER, or NETWORK with a band model. `config` was checked. */
SORDINO_NODISCARD sordino_status front_stft_new(const sordino_config *config,
                                                const sordino_model *model, front **out,
                                                sordino_error *why);

/* The latency of what front_stft_new makes. Errors: BAD_ARG. */
SORDINO_NODISCARD sordino_status front_stft_latency(const sordino_config *config,
                                                    const sordino_model *model, uint32_t *out,
                                                    sordino_error *why);

/* Per-sample methods: KALMAN, PREDICTOR, or NETWORK with a waveform model. */
SORDINO_NODISCARD sordino_status front_wave_new(const sordino_config *config,
                                                const sordino_model *model, front **out,
                                                sordino_error *why);

/* The latency of what front_wave_new makes. */
uint32_t front_wave_latency(const sordino_config *config, const sordino_model *model);

#endif
