/*
 * The spectral baseline: a-priori SNR by the decision-directed rule (Ephraim & Malah 1984, eq. 51),
 * log-spectral amplitude gain (Ephraim & Malah 1985, eq. 20) or Wiener gain, noise by tracking or
 * from a learned profile.
 */
#ifndef DSP_WIENER_H
#define DSP_WIENER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sordino/sordino.h>

#include "core/dsp/noise_doubt.h"
#include "core/dsp/stft.h"

typedef struct wiener wiener;

/* Window and hop in seconds the baseline works best with (chosen on validation data). */
extern const double wiener_default_window, wiener_default_hop;

/* One channel. Errors: NO_MEM. */
SORDINO_NODISCARD sordino_status wiener_new(const stft_geometry *geometry, sordino_gain_rule rule,
                                            wiener **out, sordino_error *why);
void wiener_free(wiener *w);
void wiener_reset(wiener *w) SORDINO_RT; /* keeps an applied profile */

/* `power` [bins] = |X_k|^2 of the frame as stft_analyse gives it (>= 0, infinity too); writes gains
 * [bins] in 0..1. */
void wiener_push(wiener *w, const float *power, float *gains) SORDINO_RT;

/* While on, frames are averaged as noise; when switched off the average is applied. An applied
 * noise that cannot be this signal's, as wiener_doubt then says, is not used: all gains are 1. */
void wiener_set_learn(wiener *w, bool learn) SORDINO_RT;

/* Applies `psd` [profile bins] (one-sided power per hertz, bin j at j * rate / 2 / (bins - 1) Hz)
 * by linear interpolation onto the STFT's bins (held above its top); NULL returns to tracking. */
void wiener_set_profile(wiener *w, const float *psd, uint32_t bins, double rate) SORDINO_RT;

/* Writes the applied noise as one-sided power per hertz, [geometry bins]; false when none is. */
bool wiener_get_profile(const wiener *w, float *psd) SORDINO_RT;

noise_doubt wiener_doubt(const wiener *w) SORDINO_RT;

#endif
