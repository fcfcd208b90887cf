/*
 * A spectral estimator: frames of one channel's spectrum in, a mask for each frame out. The Wiener
 * baseline and a compiled network stand behind the same interface.
 */
#ifndef DENOISER_ESTIMATOR_H
#define DENOISER_ESTIMATOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sordino/sordino.h>

#include "core/dsp/noise_doubt.h"
#include "core/dsp/stft.h"
#include "core/model/model.h"

typedef struct estimator estimator;

/* Every implementation begins with this. */
struct estimator {
    void (*free)(estimator *e);
    void (*reset)(estimator *e) SORDINO_RT;

    /* `spectra` [n][bins] of pairs to `gains` [n][bins] in 0..1 and, for a model with taps, `taps`
     * [n][tap_bins][taps] of pairs, finite; 1 <= n <= the `max_frames` it was made with. */
    void (*push)(estimator *e, const float *spectra, size_t n, float *gains,
                 float *taps) SORDINO_RT;

    /* NULL where the estimator takes no profile; as in core/dsp/wiener.h. */
    void (*set_learn)(estimator *e, bool learn) SORDINO_RT;
    void (*set_profile)(estimator *e, const float *psd, uint32_t bins, double rate) SORDINO_RT;
    bool (*get_profile)(const estimator *e, float *psd) SORDINO_RT;

    /* Bits of sordino_warning. */
    uint32_t (*warnings)(const estimator *e) SORDINO_RT;
};

/* What a noise that cannot be right is told as. */
static inline uint32_t doubt_warning(noise_doubt doubt)
{
    return doubt == NOISE_ZERO       ? SORDINO_WARNING_NO_NOISE
           : doubt == NOISE_TOO_LOUD ? SORDINO_WARNING_LOUD_NOISE
                                     : 0;
}

SORDINO_NODISCARD sordino_status estimator_wiener_new(const stft_geometry *geometry,
                                                      sordino_gain_rule rule, estimator **out,
                                                      sordino_error *why);

/* `model` is a band model, borrowed until free. */
SORDINO_NODISCARD sordino_status estimator_network_new(const stft_geometry *geometry,
                                                       const sordino_model *model,
                                                       size_t max_frames, estimator **out,
                                                       sordino_error *why);

#endif
