/*
 * How near a processed signal is to the clean one, sample by sample and frame by frame. All take
 * the clean signal `x` [n] and the processed one `y` [n], already aligned, finite; all return NAN
 * where the figure is undefined (said at each), and never anything else that is not finite.
 * Decibels are limited to -DB_LIMIT..DB_LIMIT, so that a perfect copy keeps a mean usable.
 * Pure functions of any thread, except that the framed ones allocate a few frames.
 */
#ifndef METRICS_METRICS_H
#define METRICS_METRICS_H

#include <stddef.h>

#define DB_LIMIT 100.0

/*
 * Scale-invariant signal-to-distortion ratio in dB (Le Roux, Wisdom, Erdogan & Hershey 2019,
 * "SDR - half-baked or well done?", eq. 3): with a = <y,x> / <x,x>,
 *   10 log10( |a x|^2 / |a x - y|^2 ).
 * Means are not taken away. A silent `y` scores -DB_LIMIT. Undefined when `x` is silent.
 */
double metric_si_sdr(const double *x, const double *y, size_t n);

/*
 * Signal-to-noise ratio in dB, the signal's power taken about its mean so that the offset of a
 * sensor does not count as signal:
 *   10 log10( sum (x - mean x)^2 / sum (x - y)^2 ).
 * Undefined when `x` is constant.
 */
double metric_snr(const double *x, const double *y, size_t n);

/* Root mean square of x - y, in the signal's unit. Undefined for n = 0. */
double metric_rmse(const double *x, const double *y, size_t n);

/* Pearson's correlation, -1..1. Undefined when either is constant. */
double metric_correlation(const double *x, const double *y, size_t n);

/*
 * Segmental SNR in dB (Hansen & Pellom 1998, "An effective quality evaluation protocol for speech
 * enhancement algorithms"; as in Loizou 2013, comp_snr): frames of 30 ms with a Hann window, every
 * 7.5 ms; 10 log10(sum (w x)^2 / sum (w (x - y))^2) in each, limited to -10..35, then the mean.
 * Frames in which `x` is digital silence have no ratio and are left out (the reference scores them
 * -10). Undefined when there is no other frame, or when memory runs out. `rate` in Hz.
 */
double metric_segmental_snr(const double *x, const double *y, size_t n, double rate);

/*
 * Log-spectral distance in dB (Gray & Markel 1976, "Distance measures for speech processing"):
 * the mean over frames of  sqrt( mean over bins of (20 log10 |X| - 20 log10 |Y|)^2 ), Hann frames
 * of 32 ms, half overlapping. Both spectra are limited from below to 50 dB under the largest |X| of
 * the whole signal (Cohen 2003, "Noise spectrum estimation in adverse environments", section V),
 * so that silence is compared to silence. Undefined when `x` is silent or shorter than a frame, or
 * when memory runs out.
 */
double metric_log_spectral_distance(const double *x, const double *y, size_t n, double rate);

#endif
