/*
 * Between samples and network while training: features of an example by the same core/dsp code that
 * the engine runs, and the loss of what the network made of them with its derivative. One object a
 * thread.
 */
#ifndef FRONT_FRONT_H
#define FRONT_FRONT_H

#include <stddef.h>
#include <stdint.h>

#include <sordino/status.h>

#include "core/model/model.h"
#include "trainer/loss/loss.h"
#include "trainer/mix/mix.h"

/* What is minimised: a sum of losses by weight. On band models `spectral` is of the masked spectra
 * and the others are of samples, after synthesis; on waveform models only the others. All see
 * signals divided by the example's level. Band models are compared with the clean signal up to its
 * band; above it the loss and its derivative are 0. Waveform models, which sensors use, are
 * compared with all of it. */
typedef struct cost_spec {
    loss_spectral spectral;
    double estoi; /* weight of loss_envelope; band models */
    double l1, l2, huber, huber_delta, si_sdr, multi_stft; /* weights */
} cost_spec;

typedef struct train_front train_front;

/* `spec` is borrowed. `max_samples`: of an example at its highest rate. Errors: NO_MEM, BAD_ARG. */
SORDINO_NODISCARD sordino_status train_front_new(const front_spec *spec, const cost_spec *cost,
                                                 size_t max_samples, train_front **out,
                                                 sordino_error *why);
void train_front_free(train_front *f);

/* Frames that `n` samples at `rate` Hz give; 0 when the rate cannot be served. */
size_t train_front_frames(const front_spec *spec, double rate, size_t n);

/* Takes an example (copied as needed) and writes the network's input, [frames][row]. Errors:
 * NO_MEM, BAD_ARG (a rate that cannot be served; shorter than a frame or longer than
 * `max_samples`). */
SORDINO_NODISCARD sordino_status train_front_load(train_front *f, const mix_example *e,
                                                  float *input, size_t row, sordino_error *why);

/* The loss of the loaded example for the network's `output` [frames][row]; its derivative, times
 * `scale`, to `d_output` [frames][row] (padding zero). */
double train_front_loss(train_front *f, const float *output, size_t row, float scale,
                        float *d_output);

/* What the denoiser would put out for the loaded example, [*n] samples: aligned with its input, and
 * without the tail that is not finished. Borrowed until the next call. For tests. */
const float *train_front_estimate(train_front *f, const float *output, size_t row, size_t *n);

#endif
