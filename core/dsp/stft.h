/*
 * Streaming short-time Fourier transform with overlap-add: sqrt-Hann (periodic) analysis window;
 * synthesis window = analysis window over the sum of its squares at all hops, so that unmodified
 * frames give the input back for any hop (Griffin & Lim 1984, eq. 6). Delay: one window.
 */
#ifndef DSP_STFT_H
#define DSP_STFT_H

#include <stddef.h>
#include <stdint.h>

#include <sordino/status.h>

/* Sizes at one rate. */
typedef struct stft_geometry {
    double rate;     /* Hz */
    uint32_t window; /* samples, a size fft_nice accepts */
    uint32_t hop;    /* samples, 1..window/2 */
    uint32_t bins;   /* window/2 + 1; bin k lies at k * rate / window Hz */
} stft_geometry;

/* Rounds a window and hop in seconds to samples at `rate`. Where window/hop is a whole number it
 * stays that exact ratio. Errors: BAD_ARG (rate outside 8000..192000, window outside
 * 0.002..0.2 s, hop outside window/8..window/2). */
SORDINO_NODISCARD sordino_status stft_geometry_init(double rate, double window_s, double hop_s,
                                                    stft_geometry *out, sordino_error *why);

/* Writes both windows, [window] each. */
void stft_windows(const stft_geometry *geometry, float *analysis, float *synthesis);

typedef struct stft stft;

/* One channel's analysis and synthesis state. Errors: NO_MEM. */
SORDINO_NODISCARD sordino_status stft_new(const stft_geometry *geometry, stft **out,
                                          sordino_error *why);
void stft_free(stft *s);
void stft_reset(stft *s) SORDINO_RT;

/* Takes the next `hop` samples; writes the spectrum [bins] of pairs of the newest window. Samples
 * beyond +-1e33 are clipped there, so that finite input gives finite spectra and output. */
void stft_analyse(stft *s, const float *hop_in, float *spectrum) SORDINO_RT;

/* Takes a frame's spectrum [bins] of pairs; overlap-adds it and writes the next `hop` finished
 * samples. After frame number m (the window ending with input sample (m + 1) hop - 1), the samples
 * written are (m + 1) hop - window .. (m + 2) hop - window - 1 of the input, for any hop (those
 * before the first are 0): with the hop's own gathering the whole delay is `window`. */
void stft_synthesise(stft *s, const float *spectrum, float *hop_out) SORDINO_RT;

/* Samples from input to output when input is gathered by hops and output released by hops, the
 * next hop of output being played while the next hop of input is gathered: the window, always. */
uint32_t stft_delay(const stft_geometry *geometry) SORDINO_RT;

#endif
