/*
 * Samples to spectra and back. Input is gathered by hops; when a hop is full the newest window is
 * analysed, masked and overlap-added, and a hop of output is released. All full hops of a call go
 * through the estimator together, which lets a network reuse its weights while they are in cache.
 */
#include "core/base/clamp.h"
#include "core/base/error.h"
#include "core/base/limits.h"
#include "core/denoiser/estimator.h"
#include "core/denoiser/front.h"
#include "core/dsp/stft.h"
#include "core/dsp/wiener.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { FRAMES_PER_RUN = 8 };

typedef struct channel {
    stft *stft;
    estimator *estimator;
    float *gather;   /* [hop], filled up to `pos` */
    float *ready;    /* finished output, FRAMES_PER_RUN + 2 hops long */
    float *spectra;  /* [FRAMES_PER_RUN][bins] of pairs */
    float *gains;    /* [FRAMES_PER_RUN + 1][bins]; the last is spare */
    float *tap_mask; /* [FRAMES_PER_RUN + 1][tap_bins][taps] of pairs, or NULL */
    float *past;     /* [taps - 1][tap_bins] of pairs, newest first, or NULL */
} channel;

typedef struct front_stft {
    front base;
    stft_geometry geometry;
    uint32_t n_channels;
    bool linked;
    uint32_t taps, tap_bins; /* 0 without a complex filter; tap_bins cut at the top bin */
    uint32_t model_tap_bins; /* as the network writes them */
    uint32_t pos;            /* samples gathered of the current hop */
    size_t n_ready;          /* samples in `ready` */
    float *total, *weights;  /* [bins], for linking */
    float *filtered;         /* [tap_bins] of pairs */
    channel channels[];
} front_stft;

/* ---- masks ---- */

/* Weighted mean over channels, weights [n] repeated for each of `stride` values. */
static void mix_into(float *sum, const float *values, const float *weight, uint32_t n,
                     uint32_t stride)
{
    for (uint32_t k = 0; k < n; k++)
        for (uint32_t i = 0; i < stride; i++)
            sum[k * stride + i] += weight[k] * values[k * stride + i];
}

static float bin_power(const float *x)
{
    return x[0] * x[0] + x[1] * x[1];
}

/* Power of frame t in each bin, all channels together. */
static void total_power(const front_stft *f, size_t t, float *total)
{
    const size_t at = 2 * t * f->geometry.bins;
    memset(total, 0, f->geometry.bins * sizeof *total);
    for (uint32_t c = 0; c < f->n_channels; c++)
        for (uint32_t k = 0; k < f->geometry.bins; k++)
            total[k] += bin_power(f->channels[c].spectra + at + 2 * k);
}

/* Share of that power one channel has; equal shares where all are silent. */
static void channel_share(const front_stft *f, const channel *ch, size_t t, const float *total,
                          float *share)
{
    const float *x = ch->spectra + 2 * t * f->geometry.bins;
    for (uint32_t k = 0; k < f->geometry.bins; k++)
        share[k] = total[k] > 0.0f ? bin_power(x + 2 * k) / total[k] : 1.0f / (float)f->n_channels;
}

/* One mask for all channels: the power-weighted mean of their own masks, bin by bin. The sums are
 * made in the first channel's spare frame and copied to all. */
static void link_frame(front_stft *f, size_t t)
{
    const uint32_t bins = f->geometry.bins;
    const size_t tap_size = 2 * (size_t)f->model_tap_bins * f->taps;
    float *gain_sum = f->channels[0].gains + (size_t)FRAMES_PER_RUN * bins;
    float *tap_sum = tap_size > 0 ? f->channels[0].tap_mask + FRAMES_PER_RUN * tap_size : NULL;
    memset(gain_sum, 0, bins * sizeof *gain_sum);
    if (tap_sum)
        memset(tap_sum, 0, tap_size * sizeof *tap_sum);
    total_power(f, t, f->total);
    for (uint32_t c = 0; c < f->n_channels; c++) {
        channel_share(f, &f->channels[c], t, f->total, f->weights);
        mix_into(gain_sum, f->channels[c].gains + t * bins, f->weights, bins, 1);
        if (tap_sum)
            mix_into(tap_sum, f->channels[c].tap_mask + t * tap_size, f->weights, f->tap_bins,
                     2 * f->taps);
    }
    for (uint32_t c = 0; c < f->n_channels; c++) {
        memcpy(f->channels[c].gains + t * bins, gain_sum, bins * sizeof *gain_sum);
        if (tap_sum)
            memcpy(f->channels[c].tap_mask + t * tap_size, tap_sum, tap_size * sizeof *tap_sum);
    }
}

/* X_k(t) + sum_j c_kj X_k(t - j) for the low bins, into f->filtered; then X becomes the past. */
static void filter_low(front_stft *f, channel *ch, const float *spectrum, const float *tap_mask)
{
    const size_t row = 2 * (size_t)f->tap_bins;
    for (uint32_t k = 0; k < f->tap_bins; k++) {
        float re = spectrum[2 * k], im = spectrum[2 * k + 1];
        const float *c = tap_mask + 2 * (size_t)k * f->taps;
        for (uint32_t j = 0; j < f->taps; j++) {
            const float *x = j == 0 ? spectrum + 2 * k : ch->past + (j - 1) * row + 2 * k;
            re += c[2 * j] * x[0] - c[2 * j + 1] * x[1];
            im += c[2 * j] * x[1] + c[2 * j + 1] * x[0];
        }
        f->filtered[2 * k] = re;
        f->filtered[2 * k + 1] = im;
    }
    if (f->taps > 1) {
        memmove(ch->past + row, ch->past, (f->taps - 2) * row * sizeof *ch->past);
        memcpy(ch->past, spectrum, row * sizeof *ch->past);
    }
}

static void apply_mask(front_stft *f, channel *ch, size_t t)
{
    float *spectrum = ch->spectra + 2 * t * f->geometry.bins;
    const float *gains = ch->gains + t * f->geometry.bins;
    if (f->taps > 0) {
        filter_low(f, ch, spectrum, ch->tap_mask + t * 2 * (size_t)f->model_tap_bins * f->taps);
        memcpy(spectrum, f->filtered, 2 * (size_t)f->tap_bins * sizeof *spectrum);
    }
    for (uint32_t k = 0; k < f->geometry.bins; k++) {
        spectrum[2 * k] *= gains[k];
        spectrum[2 * k + 1] *= gains[k];
    }
}

/* ---- streaming ---- */

static float tame(float x)
{
    return isfinite(x) ? clamp_float(x, -limit_squared_sample, limit_squared_sample) : 0.0f;
}

/* Gathers `n` samples of a channel from hop position `pos`; analyses every hop that fills up.
 * Returns how many did. */
static size_t gather(const front_stft *f, channel *ch, const float *in, size_t n)
{
    size_t frames = 0;
    uint32_t pos = f->pos;
    for (size_t i = 0; i < n; i++) {
        ch->gather[pos++] = tame(in[i]);
        if (pos == f->geometry.hop) {
            stft_analyse(ch->stft, ch->gather, ch->spectra + 2 * frames * f->geometry.bins);
            frames++;
            pos = 0;
        }
    }
    return frames;
}

static void release(front_stft *f, channel *ch, float *out, size_t n)
{
    memcpy(out, ch->ready, n * sizeof *out);
    memmove(ch->ready, ch->ready + n, (f->n_ready - n) * sizeof *out);
}

static void front_stft_run(front *base, const float *const *in, float *const *out, size_t n)
{
    front_stft *f = (front_stft *)base;
    const uint32_t hop = f->geometry.hop;
    size_t frames = 0;
    for (uint32_t c = 0; c < f->n_channels; c++) {
        channel *ch = &f->channels[c];
        frames = gather(f, ch, in[c], n);
        if (frames > 0)
            ch->estimator->push(ch->estimator, ch->spectra, frames, ch->gains, ch->tap_mask);
    }
    if (f->linked)
        for (size_t t = 0; t < frames; t++)
            link_frame(f, t);
    for (uint32_t c = 0; c < f->n_channels; c++) {
        channel *ch = &f->channels[c];
        for (size_t t = 0; t < frames; t++) {
            apply_mask(f, ch, t);
            stft_synthesise(ch->stft, ch->spectra + 2 * t * f->geometry.bins,
                            ch->ready + f->n_ready + t * hop);
        }
    }
    f->n_ready += frames * hop;
    for (uint32_t c = 0; c < f->n_channels; c++)
        release(f, &f->channels[c], out[c], n);
    f->n_ready -= n;
    f->pos = (uint32_t)((f->pos + n) % hop);
}

static void front_stft_reset(front *base)
{
    front_stft *f = (front_stft *)base;
    const size_t past = f->taps > 1 ? 2 * (size_t)(f->taps - 1) * f->tap_bins : 0;
    for (uint32_t c = 0; c < f->n_channels; c++) {
        channel *ch = &f->channels[c];
        stft_reset(ch->stft);
        ch->estimator->reset(ch->estimator);
        memset(ch->ready, 0, f->geometry.hop * sizeof *ch->ready);
        if (past > 0)
            memset(ch->past, 0, past * sizeof *ch->past);
    }
    f->pos = 0;
    f->n_ready = f->geometry.hop;
}

/* ---- noise profiles ---- */

static void front_stft_set_learn(front *base, bool learn)
{
    front_stft *f = (front_stft *)base;
    for (uint32_t c = 0; c < f->n_channels; c++)
        f->channels[c].estimator->set_learn(f->channels[c].estimator, learn);
}

static void front_stft_set_profile(front *base, const sordino_profile *profile)
{
    front_stft *f = (front_stft *)base;
    for (uint32_t c = 0; c < f->n_channels; c++) {
        estimator *e = f->channels[c].estimator;
        if (profile)
            e->set_profile(e, sordino_profile_psd(profile, c), sordino_profile_bins(profile),
                           sordino_profile_rate(profile));
        else
            e->set_profile(e, NULL, 0, 0.0);
    }
}

static bool front_stft_read_profile(const front *base, float *psd)
{
    const front_stft *f = (const front_stft *)base;
    bool found = true;
    for (uint32_t c = 0; c < f->n_channels && found; c++) {
        const estimator *e = f->channels[c].estimator;
        found = e->get_profile(e, psd + (size_t)c * f->geometry.bins);
    }
    return found;
}

static uint32_t front_stft_warnings(const front *base)
{
    const front_stft *f = (const front_stft *)base;
    uint32_t all = 0;
    for (uint32_t c = 0; c < f->n_channels; c++)
        all |= f->channels[c].estimator->warnings(f->channels[c].estimator);
    return all;
}

/* ---- life ---- */

static void front_stft_free(front *base)
{
    front_stft *f = (front_stft *)base;
    for (uint32_t c = 0; c < f->n_channels; c++) {
        channel *ch = &f->channels[c];
        stft_free(ch->stft);
        if (ch->estimator)
            ch->estimator->free(ch->estimator);
        free(ch->gather);
        free(ch->ready);
        free(ch->spectra);
        free(ch->gains);
        free(ch->tap_mask);
        free(ch->past);
    }
    free(f->total);
    free(f->weights);
    free(f->filtered);
    free(f);
}

static bool channel_buffers(const front_stft *f, channel *ch)
{
    const size_t bins = f->geometry.bins, hop = f->geometry.hop;
    const size_t tap_size = 2 * (size_t)f->model_tap_bins * f->taps;
    ch->gather = calloc(hop, sizeof(float));
    ch->ready = calloc((FRAMES_PER_RUN + 2) * hop, sizeof(float));
    ch->spectra = calloc(2 * FRAMES_PER_RUN * bins, sizeof(float));
    ch->gains = calloc((FRAMES_PER_RUN + 1) * bins, sizeof(float));
    bool ok = ch->gather && ch->ready && ch->spectra && ch->gains;
    if (f->taps > 0) {
        ch->tap_mask = calloc((FRAMES_PER_RUN + 1) * tap_size, sizeof(float));
        ok = ok && ch->tap_mask;
    }
    if (f->taps > 1) {
        ch->past = calloc(2 * (size_t)(f->taps - 1) * f->tap_bins, sizeof(float));
        ok = ok && ch->past;
    }
    return ok;
}

static sordino_status channel_new(const front_stft *f, const sordino_config *config,
                                  const sordino_model *model, channel *ch, sordino_error *why)
{
    if (!channel_buffers(f, ch))
        return error_set(why, SORDINO_NO_MEM, "Out of memory for a channel");
    const sordino_status status = stft_new(&f->geometry, &ch->stft, why);
    if (status != SORDINO_OK)
        return status;
    return model ? estimator_network_new(&f->geometry, model, FRAMES_PER_RUN, &ch->estimator, why)
                 : estimator_wiener_new(&f->geometry, config->gain_rule, &ch->estimator, why);
}

static sordino_status choose_geometry(const sordino_config *config, const sordino_model *model,
                                      stft_geometry *out, sordino_error *why)
{
    if (model)
        return stft_geometry_init(config->rate, model->front.window, model->front.hop, out, why);
    const double window = config->window > 0.0 ? config->window : wiener_default_window;
    double hop = config->hop;
    if (hop == 0.0)
        hop = config->window > 0.0 ? window * (wiener_default_hop / wiener_default_window)
                                   : wiener_default_hop;
    return stft_geometry_init(config->rate, window, hop, out, why);
}

sordino_status front_stft_latency(const sordino_config *config, const sordino_model *model,
                                  uint32_t *out, sordino_error *why)
{
    stft_geometry geometry;
    const sordino_status status = choose_geometry(
        config, config->method == SORDINO_METHOD_NETWORK ? model : NULL, &geometry, why);
    *out = status == SORDINO_OK ? stft_delay(&geometry) : 0;
    return status;
}

sordino_status front_stft_new(const sordino_config *config, const sordino_model *model, front **out,
                              sordino_error *why)
{
    *out = NULL;
    const sordino_model *network = config->method == SORDINO_METHOD_NETWORK ? model : NULL;
    stft_geometry geometry;
    sordino_status status = choose_geometry(config, network, &geometry, why);
    if (status != SORDINO_OK)
        return status;
    front_stft *f = calloc(1, sizeof *f + config->channels * sizeof f->channels[0]);
    if (!f)
        return error_set(why, SORDINO_NO_MEM, "Out of memory for the spectral front end");
    f->base = (front){
        .latency = stft_delay(&geometry),
        .span = FRAMES_PER_RUN * geometry.hop,
        .free = front_stft_free,
        .reset = front_stft_reset,
        .run = front_stft_run,
        .set_learn = network ? NULL : front_stft_set_learn,
        .set_profile = network ? NULL : front_stft_set_profile,
        .read_profile = network ? NULL : front_stft_read_profile,
        .profile_bins = geometry.bins,
        .warnings = front_stft_warnings,
    };
    f->geometry = geometry;
    f->n_channels = config->channels;
    f->linked = config->link_channels && config->channels > 1;
    f->n_ready = geometry.hop;
    if (network && network->front.taps > 0) {
        f->taps = network->front.taps;
        f->model_tap_bins = network->front.tap_bins;
        f->tap_bins = f->model_tap_bins < geometry.bins ? f->model_tap_bins : geometry.bins;
    }
    f->total = calloc(geometry.bins, sizeof(float));
    f->weights = calloc(geometry.bins, sizeof(float));
    f->filtered = calloc(2 * (size_t)f->tap_bins + 1, sizeof(float));
    if (!f->total || !f->weights || !f->filtered)
        status = error_set(why, SORDINO_NO_MEM, "Out of memory for the spectral front end");
    for (uint32_t c = 0; c < config->channels && status == SORDINO_OK; c++)
        status = channel_new(f, config, network, &f->channels[c], why);
    if (status != SORDINO_OK) {
        front_stft_free(&f->base);
        return status;
    }
    *out = &f->base;
    return SORDINO_OK;
}
