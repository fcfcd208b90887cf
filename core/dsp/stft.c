#include "core/dsp/stft.h"

#include "core/base/error.h"
#include "core/base/limits.h"
#include "core/dsp/fft.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct stft {
    stft_geometry geometry;
    fft *fft;
    float *analysis;  /* [window] */
    float *synthesis; /* [window] */
    float *past;      /* [window], newest last */
    float *frame;     /* [window] */
    float *sum;       /* [window], overlap-add, first hop is next to go */
};

static bool within(double x, double low, double high)
{
    return x >= low * (1.0 - 1e-9) && x <= high * (1.0 + 1e-9);
}

/* Where window / hop is a whole number m: the hop nearest to `hop` with m * hop nice. */
static void round_whole(double window, uint32_t m, stft_geometry *g)
{
    const double hop = window / m;
    for (uint32_t away = 0;; away++) {
        const double low = floor(hop + 0.5) - away, high = floor(hop + 0.5) + away;
        const bool low_nice = low >= 1.0 && fft_nice((size_t)low * m);
        const bool high_nice = fft_nice((size_t)high * m);
        if (!low_nice && !high_nice)
            continue;
        const bool up = high_nice && (!low_nice || high - hop <= hop - low);
        g->hop = (uint32_t)(up ? high : low);
        g->window = g->hop * m;
        return;
    }
}

sordino_status stft_geometry_init(double rate, double window_s, double hop_s, stft_geometry *out,
                                  sordino_error *why)
{
    if (!(rate >= 8000.0 && rate <= 192000.0))
        return error_set(why, SORDINO_BAD_ARG,
                         "The rate is %g Hz; spectral methods serve 8000..192000 Hz", rate);
    if (!within(window_s, 0.002, 0.2))
        return error_set(why, SORDINO_BAD_ARG, "The window is %g s; it must be within 0.002..0.2",
                         window_s);
    if (!within(hop_s, window_s / 8.0, window_s / 2.0))
        return error_set(why, SORDINO_BAD_ARG, "The hop is %g s; it must be within %g..%g", hop_s,
                         window_s / 8.0, window_s / 2.0);
    const double ratio = window_s / hop_s;
    out->rate = rate;
    if (fabs(ratio - floor(ratio + 0.5)) < 1e-6) {
        round_whole(window_s * rate, (uint32_t)(ratio + 0.5), out);
    } else {
        out->window = (uint32_t)fft_nearest_nice(window_s * rate);
        const double hop = floor((double)out->window / ratio + 0.5);
        out->hop = (uint32_t)fmin(fmax(hop, 1.0), floor(out->window / 2.0));
    }
    out->bins = out->window / 2 + 1;
    return SORDINO_OK;
}

uint32_t stft_delay(const stft_geometry *g)
{
    return g->window;
}

void stft_free(stft *s)
{
    if (!s)
        return;
    fft_free(s->fft);
    free(s->analysis);
    free(s->synthesis);
    free(s->past);
    free(s->frame);
    free(s->sum);
    free(s);
}

void stft_windows(const stft_geometry *geometry, float *analysis, float *synthesis)
{
    const uint32_t n = geometry->window, hop = geometry->hop;
    const double turn = 6.283185307179586476925;
    for (uint32_t i = 0; i < n; i++)
        analysis[i] = (float)sqrt(0.5 - 0.5 * cos(turn * i / n));
    for (uint32_t i = 0; i < n; i++) {
        double squares = 0.0;
        for (uint32_t j = i % hop; j < n; j += hop)
            squares += (double)analysis[j] * (double)analysis[j];
        synthesis[i] = (float)((double)analysis[i] / squares);
    }
}

sordino_status stft_new(const stft_geometry *geometry, stft **out, sordino_error *why)
{
    *out = NULL;
    stft *s = calloc(1, sizeof *s);
    if (!s)
        return error_set(why, SORDINO_NO_MEM, "Out of memory for a short-time transform");
    s->geometry = *geometry;
    s->analysis = calloc(geometry->window, sizeof(float));
    s->synthesis = calloc(geometry->window, sizeof(float));
    s->past = calloc(geometry->window, sizeof(float));
    s->frame = calloc(geometry->window, sizeof(float));
    s->sum = calloc(geometry->window, sizeof(float));
    sordino_status status = SORDINO_OK;
    if (!s->analysis || !s->synthesis || !s->past || !s->frame || !s->sum)
        status = error_set(why, SORDINO_NO_MEM, "Out of memory for a short-time transform");
    if (status == SORDINO_OK)
        status = fft_new(geometry->window, &s->fft, why);
    if (status != SORDINO_OK) {
        stft_free(s);
        return status;
    }
    stft_windows(&s->geometry, s->analysis, s->synthesis);
    *out = s;
    return SORDINO_OK;
}

void stft_reset(stft *s)
{
    memset(s->past, 0, s->geometry.window * sizeof *s->past);
    memset(s->sum, 0, s->geometry.window * sizeof *s->sum);
}

void stft_analyse(stft *s, const float *hop_in, float *spectrum)
{
    const uint32_t n = s->geometry.window, hop = s->geometry.hop;
    memmove(s->past, s->past + hop, (n - hop) * sizeof *s->past);
    for (uint32_t i = 0; i < hop; i++) {
        const float x = hop_in[i];
        s->past[n - hop + i] = x > limit_sample    ? limit_sample
                               : x < -limit_sample ? -limit_sample
                                                   : x;
    }
    for (uint32_t i = 0; i < n; i++)
        s->frame[i] = s->analysis[i] * s->past[i];
    fft_forward(s->fft, s->frame, spectrum);
}

void stft_synthesise(stft *s, const float *spectrum, float *hop_out)
{
    const uint32_t n = s->geometry.window, hop = s->geometry.hop;
    fft_inverse(s->fft, spectrum, s->frame);
    for (uint32_t i = 0; i < n; i++)
        s->sum[i] += s->synthesis[i] * s->frame[i];
    memcpy(hop_out, s->sum, hop * sizeof *hop_out);
    memmove(s->sum, s->sum + hop, (n - hop) * sizeof *s->sum);
    memset(s->sum + n - hop, 0, hop * sizeof *s->sum);
}
