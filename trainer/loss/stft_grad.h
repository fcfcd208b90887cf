/* The adjoint of core/dsp/stft's synthesis: from a derivative by samples to that by spectra. */
#ifndef LOSS_STFT_GRAD_H
#define LOSS_STFT_GRAD_H

#include <stddef.h>

#include "core/dsp/stft.h"

typedef struct stft_grad stft_grad;

/* NULL when out of memory. */
stft_grad *stft_grad_new(const stft_geometry *geometry);
void stft_grad_free(stft_grad *g);

/* `d_samples` [frames * hop] is the derivative by what stft_synthesise wrote for `frames` frames
 * after a reset; that by the spectra, [frames][bins] pairs, is added to `d_spectra`. */
void stft_grad_synthesise(stft_grad *g, const float *d_samples, size_t frames, float *d_spectra);

#endif
