/*
 * Synthesis adds window[i] ifft(X_m)[i] to sample m hop + i. With v[i] = window[i] d[m hop + i] its
 * adjoint is dX_m = c_k / N fft(v), where c_k = 2 for the bins that stand for two of the
 * transform's and 1 for the first and last, whose imaginary parts are not used.
 */
#include "trainer/loss/stft_grad.h"

#include "core/dsp/fft.h"

#include <stdlib.h>
#include <string.h>

struct stft_grad {
    stft_geometry geometry;
    fft *fft;
    float *synthesis; /* [window], over its length */
    float *frame;     /* [window] */
    float *bins;      /* [bins] pairs */
};

stft_grad *stft_grad_new(const stft_geometry *geometry)
{
    stft_grad *const g = calloc(1, sizeof *g);
    if (!g)
        return NULL;
    const uint32_t n = geometry->window;
    g->geometry = *geometry;
    g->synthesis = calloc(n, sizeof *g->synthesis);
    g->frame = calloc(n, sizeof *g->frame);
    g->bins = calloc(2 * (size_t)geometry->bins, sizeof *g->bins);
    if (!g->synthesis || !g->frame || !g->bins || fft_new(n, &g->fft, NULL) != SORDINO_OK) {
        stft_grad_free(g);
        return NULL;
    }
    stft_windows(geometry, g->frame, g->synthesis);
    for (uint32_t i = 0; i < n; i++)
        g->synthesis[i] /= (float)n;
    return g;
}

void stft_grad_free(stft_grad *g)
{
    if (!g)
        return;
    fft_free(g->fft);
    free(g->synthesis);
    free(g->frame);
    free(g->bins);
    free(g);
}

void stft_grad_synthesise(stft_grad *g, const float *d_samples, size_t frames, float *d_spectra)
{
    const size_t n = g->geometry.window, hop = g->geometry.hop, bins = g->geometry.bins;
    const size_t all = frames * hop;
    for (size_t t = 0; t < frames; t++, d_spectra += 2 * bins) {
        const float *const d = d_samples + t * hop;
        const size_t left = all - t * hop, count = left < n ? left : n;
        for (size_t i = 0; i < count; i++)
            g->frame[i] = g->synthesis[i] * d[i];
        memset(g->frame + count, 0, (n - count) * sizeof *g->frame);
        fft_forward(g->fft, g->frame, g->bins);
        d_spectra[0] += g->bins[0];
        for (size_t i = 2; i < 2 * bins - 2; i++)
            d_spectra[i] += 2 * g->bins[i];
        d_spectra[2 * bins - 2] += g->bins[2 * bins - 2];
    }
}
