#include "core/dsp/wiener.h"

#include "core/base/clamp.h"
#include "core/base/error.h"
#include "core/base/limits.h"
#include "core/dsp/expint.h"
#include "core/dsp/noise_track.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const double wiener_default_window = 0.032, wiener_default_hop = 0.008;

static const double priori_time =
    0.25; /* s; alpha = .97 at hops of 8 ms. Chosen on validation mixtures */
static const float priori_min = 0.003162f; /* -25 dB (Cappe 1994: against musical noise) */
static const float gamma_max = 1e6f;       /* 60 dB */

/* A steady noise is in every frame, but for some 20 dB of the first, of which part is the time
 * before the stream: an applied noise of more than so many times the loudest is none of this
 * signal's. */
static const double too_loud = 1e3;

struct wiener {
    stft_geometry geometry;
    sordino_gain_rule rule;
    noise_track *track;
    float alpha;
    float density;      /* power per hertz of a bin of power 1 */
    float *clean;       /* [bins], |G X|^2 of the frame before */
    float *applied;     /* [bins], noise power of a profile or of learning */
    double *learned;    /* [bins], sum of powers while learning */
    uint64_t n_learned; /* frames in it */
    bool has_applied, learning;
    double applied_sum; /* over bins */
    double heard;       /* power of the loudest frame, all bins */
    noise_doubt doubt;
};

void wiener_free(wiener *w)
{
    if (!w)
        return;
    noise_track_free(w->track);
    free(w->clean);
    free(w->applied);
    free(w->learned);
    free(w);
}

void wiener_reset(wiener *w)
{
    noise_track_reset(w->track);
    memset(w->clean, 0, w->geometry.bins * sizeof *w->clean);
    memset(w->learned, 0, w->geometry.bins * sizeof *w->learned);
    w->n_learned = 0;
    w->heard = 0.0;
    w->doubt = NOISE_FITS;
}

/* One-sided density of a bin: 2 |X|^2 / (rate sum w^2); the window's squares sum to half its
 * length (Welch 1967). */
static float bin_density(const stft_geometry *g)
{
    return (float)(2.0 / (g->rate * 0.5 * g->window));
}

sordino_status wiener_new(const stft_geometry *geometry, sordino_gain_rule rule, wiener **out,
                          sordino_error *why)
{
    *out = NULL;
    wiener *w = calloc(1, sizeof *w);
    if (!w)
        return error_set(why, SORDINO_NO_MEM, "Out of memory for a Wiener filter");
    const double hop_s = geometry->hop / geometry->rate;
    w->geometry = *geometry;
    w->rule = rule;
    w->alpha = (float)exp(-hop_s / priori_time);
    w->density = bin_density(geometry);
    w->clean = calloc(geometry->bins, sizeof *w->clean);
    w->applied = calloc(geometry->bins, sizeof *w->applied);
    w->learned = calloc(geometry->bins, sizeof *w->learned);
    sordino_status status = SORDINO_OK;
    if (!w->clean || !w->applied || !w->learned)
        status = error_set(why, SORDINO_NO_MEM, "Out of memory for a Wiener filter");
    if (status == SORDINO_OK)
        status = noise_track_new(geometry->bins, hop_s, &w->track, why);
    if (status != SORDINO_OK) {
        wiener_free(w);
        return status;
    }
    *out = w;
    return SORDINO_OK;
}

/* Gain for a-priori SNR xi and a-posteriori SNR gamma. */
static float gain_of(sordino_gain_rule rule, float xi, float gamma)
{
    const float wiener_gain = xi / (1.0f + xi);
    if (rule == SORDINO_GAIN_WIENER)
        return wiener_gain;
    const float v = max_float(wiener_gain * gamma, 1e-6f);
    return min_float(wiener_gain * expf(0.5f * expint_e1(v)), 1.0f); /* 1985, eq. 20 */
}

static void pass(wiener *w, const float *power, float *gains)
{
    for (uint32_t k = 0; k < w->geometry.bins; k++) {
        gains[k] = 1.0f;
        w->clean[k] = min_float(power[k], limit_power);
    }
}

/* Whether an applied noise can be this signal's. */
static void check_applied(wiener *w, const float *power)
{
    double sum = 0.0;
    for (uint32_t k = 0; k < w->geometry.bins; k++)
        sum += (double)min_float(power[k], limit_power);
    w->heard = max_double(w->heard, sum);
    w->doubt =
        w->has_applied ? noise_check(w->applied_sum, w->heard, too_loud * w->heard) : NOISE_FITS;
}

void wiener_push(wiener *w, const float *power, float *gains)
{
    noise_track_push(w->track, power);
    check_applied(w, power);
    const float *noise = w->has_applied ? w->applied : noise_track_psd(w->track);
    if (w->learning) {
        for (uint32_t k = 0; k < w->geometry.bins; k++)
            w->learned[k] += (double)min_float(power[k], limit_power);
        w->n_learned++;
    }
    if (w->doubt != NOISE_FITS) {
        pass(w, power, gains);
        return;
    }
    for (uint32_t k = 0; k < w->geometry.bins; k++) {
        const float now = min_float(power[k], limit_power);
        if (!(noise[k] > 0.0f)) { /* nothing to take away */
            gains[k] = 1.0f;
            w->clean[k] = now;
            continue;
        }
        const float gamma = min_float(now / noise[k], gamma_max);
        const float before = min_float(w->clean[k] / noise[k], gamma_max);
        const float xi =
            max_float(w->alpha * before + (1.0f - w->alpha) * max_float(gamma - 1.0f, 0.0f),
                      priori_min); /* 1984, eq. 51 */
        gains[k] = gain_of(w->rule, xi, gamma);
        w->clean[k] = gains[k] * gains[k] * now;
    }
}

/* Takes w->applied into use. */
static void apply(wiener *w)
{
    w->applied_sum = 0.0;
    for (uint32_t k = 0; k < w->geometry.bins; k++)
        w->applied_sum += (double)w->applied[k];
    w->has_applied = true;
    w->doubt = w->applied_sum > 0.0 ? NOISE_FITS : NOISE_ZERO; /* till the next frame */
}

void wiener_set_learn(wiener *w, bool learn)
{
    if (learn && !w->learning) {
        memset(w->learned, 0, w->geometry.bins * sizeof *w->learned);
        w->n_learned = 0;
    } else if (!learn && w->learning && w->n_learned > 0) {
        for (uint32_t k = 0; k < w->geometry.bins; k++)
            w->applied[k] = (float)(w->learned[k] / (double)w->n_learned);
        apply(w);
    }
    w->learning = learn;
}

void wiener_set_profile(wiener *w, const float *psd, uint32_t bins, double rate)
{
    if (!psd) {
        w->has_applied = false;
        w->doubt = NOISE_FITS;
        return;
    }
    const double own = w->geometry.rate / w->geometry.window;
    const double theirs = 0.5 * rate / (double)(bins - 1);
    for (uint32_t k = 0; k < w->geometry.bins; k++) {
        const double at = min_double(k * own / theirs, (double)(bins - 1));
        const uint32_t low = (uint32_t)at < bins - 1 ? (uint32_t)at : bins - 2;
        const double part = at - low;
        const double density = (1.0 - part) * (double)psd[low] + part * (double)psd[low + 1];
        w->applied[k] = (float)min_double(density / (double)w->density, 1e30);
    }
    apply(w);
}

noise_doubt wiener_doubt(const wiener *w)
{
    return w->doubt;
}

bool wiener_get_profile(const wiener *w, float *psd)
{
    if (w->has_applied)
        for (uint32_t k = 0; k < w->geometry.bins; k++)
            psd[k] = w->applied[k] * w->density;
    return w->has_applied;
}
