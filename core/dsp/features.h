/*
 * What a band network sees of a frame: features computed causally from its spectrum and from what
 * came before. The trainer calls the same code.
 */
#ifndef DSP_FEATURES_H
#define DSP_FEATURES_H

#include <stddef.h>
#include <stdint.h>

#include <sordino/status.h>

#include "core/dsp/bands.h"
#include "core/dsp/stft.h"

typedef enum feature_kind {
    FEATURE_LOG_LEVEL,    /* [bands] 10 log10 (band power / causal level), in dB */
    FEATURE_LOG_SNR,      /* [bands] 10 log10 (band power / tracked noise power), in dB */
    FEATURE_PHASE_ADVANCE /* [2 * bins] cos and sin (interleaved) of the phase advance since the
                             last frame less that of the bin's own frequency; 0, 0 where it is
                             undefined */
} feature_kind;

/* Value written = clamp((x + offset) * scale, low, high); offset, scale, low and high apply to the
 * dB features only. Absent bands and silence give `low`. */
typedef struct feature_spec {
    feature_kind kind;
    uint32_t bins; /* PHASE_ADVANCE: the lowest `bins` bins; bins at or above Nyquist give 0, 0 */
    double offset, scale, low, high;
} feature_spec;

enum { FEATURES_MAX = 8 };

/* Floats in a frame of features. */
uint32_t features_width(const feature_spec *specs, uint32_t n_specs, uint32_t n_bands);

typedef struct features features;

/* One channel's state. `b` is borrowed until features_free; `specs` is copied. The causal level is
 * total spectral power, never a mean over bins (band-limited input would shift it), smoothed with a
 * rise of `level_rise` and a fall of `level_fall` seconds. Errors: NO_MEM, BAD_ARG. */
SORDINO_NODISCARD sordino_status features_new(const feature_spec *specs, uint32_t n_specs,
                                              double level_rise, double level_fall, const bands *b,
                                              const stft_geometry *geometry, features **out,
                                              sordino_error *why);
void features_free(features *f);
void features_reset(features *f) SORDINO_RT;

/* `spectrum` [bins] of pairs to `out` [features_width]. A gain on the input changes nothing. */
void features_push(features *f, const float *spectrum, float *out) SORDINO_RT;

#endif
