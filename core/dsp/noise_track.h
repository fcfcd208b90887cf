/*
 * Noise power tracking by the speech presence probability with fixed priors (Gerkmann & Hendriks
 * 2012, "Unbiased MMSE-based noise power estimation with low complexity and low tracking delay",
 * eqs. 18-24), for any vector of powers: bins or bands.
 */
#ifndef DSP_NOISE_TRACK_H
#define DSP_NOISE_TRACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sordino/status.h>

typedef struct noise_track noise_track;

/* `n` powers a frame, frames `hop_s` seconds apart (time constants are in seconds).
 * Errors: NO_MEM, BAD_ARG. */
SORDINO_NODISCARD sordino_status noise_track_new(uint32_t n, double hop_s, noise_track **out,
                                                 sordino_error *why);
void noise_track_free(noise_track *t);
void noise_track_reset(noise_track *t) SORDINO_RT;

/* Takes the frame's powers [n] (>= 0; those above 1e36 count as that); afterwards noise_track_psd
 * holds the estimate. */
void noise_track_push(noise_track *t, const float *power) SORDINO_RT;

/* Noise power [n], > 0 once a frame with power > 0 was seen there. Borrowed; changes with push. */
const float *noise_track_psd(const noise_track *t) SORDINO_RT;

#endif
