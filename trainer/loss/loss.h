/*
 * What training minimises. Every loss returns its value (a mean, so that its size does not depend
 * on lengths) and writes the derivative with respect to the estimate; both in kreal, so that the
 * derivatives are checked in double.
 */
#ifndef LOSS_LOSS_H
#define LOSS_LOSS_H

#include <stddef.h>
#include <stdint.h>

#include "core/kernels/kernels.h"

/* Weights of the spectral loss; see loss_spectrum. */
typedef struct loss_spectral {
    kreal power;     /* c, the compression, 0..1; 0.3 */
    kreal magnitude; /* 0.7 */
    kreal complex;   /* 0.3 */
    kreal error;     /* of the log error ratio; 0.01 */
    kreal over;      /* of over-attenuation; 0.15 */
} loss_spectral;

/*
 * Compressed spectral distance (Ephrat et al. 2018, "Looking to listen at the cocktail party", sec.
 * 3.2; Braun & Tashev 2021, "A consolidated view of loss functions for supervised deep
 * learning-based speech enhancement", eq. 5) of one sequence: estimate `y` and clean `s`, both
 * [n][bins] pairs, divided by `level` first (the sequence's reference r.m.s. in the spectrum's
 * unit, > 0). With A^c the magnitude to the power c and the phase kept:
 *   magnitude mean (|Y|^c - |S|^c)^2 + complex mean |Y^c - S^c|^2
 *   + over mean max(0, |S|^c - |Y|^c)^2
 *   + error log10( (sum |Y - S|^2 + eps) / (sum |S|^2 + eps) )
 * eps is 1e-6 a bin, and |.|^2 in A^c has 1e-8 added, so that the derivative is finite at 0; equal
 * spectra have a loss of 0 but for the last term. Finite up to 1e15 times the level.
 * Means over bins and frames. `d_y` [n][bins] pairs gets the derivative times `scale` (written, not
 * added). `parts` [4], may be NULL: the four terms, weighted.
 */
kreal loss_spectrum(const loss_spectral *spec, const kreal *y, const kreal *s, size_t n,
                    size_t bins, kreal level, kreal scale, kreal *d_y, kreal parts[4]);

/*
 * 1 - ESTOI (Jensen & Taal 2016, "An algorithm for predicting the intelligibility of speech masked
 * by modulated noise maskers", eqs. 1-7) on the frames at hand instead of its own: the envelopes of
 * fifteen third-octave bands from 150 Hz in stretches of 0.384 s, each normalised over time, then
 * over bands, and correlated with the clean signal's. Frames more than 40 dB below the loudest of
 * the clean signal are left out; a stretch starts every four frames. 0 when there is not enough
 * signal for one. Scaling `y` changes nothing.
 */
typedef struct loss_envelope loss_envelope;
/* For up to `max_frames` frames. NULL when out of memory. */
loss_envelope *loss_envelope_new(size_t max_frames);
void loss_envelope_free(loss_envelope *l); /* NULL does nothing */
/* `y`, `s` [n][bins] pairs, bins `bin_hz` apart from 0, frames `hop` seconds apart; `level` as for
 * loss_spectrum. Adds the derivative times `scale` to `d_y`. */
kreal loss_envelope_run(loss_envelope *l, const kreal *y, const kreal *s, size_t n, size_t bins,
                        double bin_hz, double hop, kreal level, kreal scale, kreal *d_y);

/* On samples, `y` and `s` [n], derivative times `scale` written to `d_y` [n]. */
kreal loss_l1(const kreal *y, const kreal *s, size_t n, kreal scale, kreal *d_y);
kreal loss_l2(const kreal *y, const kreal *s, size_t n, kreal scale, kreal *d_y);
/* Huber 1964: quadratic within `delta`. */
kreal loss_huber(const kreal *y, const kreal *s, size_t n, kreal delta, kreal scale, kreal *d_y);
/* Minus the scale-invariant SDR in dB (Le Roux et al. 2019, eq. 3), no lower than -80 nor, for an
 * estimate as loud as `s`, higher than 80; 0 when either is silent. */
kreal loss_si_sdr(const kreal *y, const kreal *s, size_t n, kreal scale, kreal *d_y);

/*
 * Multi-resolution STFT loss (Yamamoto, Song & Kim 2020, "Parallel WaveGAN", eqs. 5-8), the mean
 * over the resolutions of
 *   || |S| - |Y| || / || |S| || + mean | ln |S| - ln |Y| |
 * Frames are centred on every hop, with zeros outside, through Hann's window scaled to unit energy.
 * 1e-8 is added to |Y|^2 and |S|^2: divide signals by their level first. Where the mean of |S|^2 is
 * less than that the first term is left out: it would weigh thousands of times the rest.
 */
typedef struct loss_stft loss_stft;
/* Windows of sizes that fft_nice accepts, hops up to half of them, for up to `max_samples`. NULL
 * when out of memory. */
loss_stft *loss_stft_new(const uint32_t *windows, const uint32_t *hops, uint32_t n_resolutions,
                         size_t max_samples);
void loss_stft_free(loss_stft *l); /* NULL does nothing */
/* `n` up to max_samples. */
kreal loss_stft_run(loss_stft *l, const kreal *y, const kreal *s, size_t n, kreal scale,
                    kreal *d_y);

#endif
