/*
 * The public denoiser: checks the configuration, picks a front end, and runs the output stage
 * round it: a dry path delayed to match, limit, mix, delta and bypass as one smoothed crossfade.
 *
 * With w the estimate and d the delayed input, a limit of L dB leaves at least f = 10^(L/20) of the
 * input: y = d + (1 - f) (w - d), that is a gain of f + (1 - f) g. Mix and bypass are crossfades
 * with d too, so all three are one number k between 0 and 1: y = k w + (1 - k) d.
 */
#include <sordino/sordino.h>

#include "core/base/clamp.h"
#include "core/base/error.h"
#include "core/base/fpenv.h"
#include "core/denoiser/config.h"
#include "core/denoiser/delay.h"
#include "core/denoiser/front.h"
#include "core/denoiser/ramp.h"
#include "core/model/profile.h"

#include <float.h>
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

static const double ramp_time = 0.020; /* s */

typedef struct meter {
    double dry, wet; /* sums of squares */
    double n;
} meter;

struct sordino_denoiser {
    front *front;
    double rate;
    uint32_t n_channels, latency, span, ramp_length;
    bool holds_gaps; /* per-sample methods: the last good sample stands in for a missing one */
    _Atomic float wanted_enabled, wanted_mix, wanted_amount, wanted_delta; /* by any thread */
    ramp enabled, mix, amount, delta;
    float *k, *delta_path; /* [span]: the crossfade, and the share of delta */
    float *dry, *wet;      /* [channels][span] */
    float *last;           /* [channels] */
    const float **in_at;   /* [channels] */
    float **wet_at;        /* [channels] */
    float *apart;          /* [channels][span], for interleaved samples */
    float **apart_at;      /* [channels] */
    delay *dry_delay;      /* [channels], the whole latency */
    delay *wet_delay;      /* [channels], what pads the front end up to it */
    meter meter;
};

/* ---- life ---- */

void sordino_denoiser_free(sordino_denoiser *d)
{
    if (!d)
        return;
    if (d->front)
        d->front->free(d->front);
    for (uint32_t c = 0; c < d->n_channels; c++) {
        if (d->dry_delay)
            delay_free(&d->dry_delay[c]);
        if (d->wet_delay)
            delay_free(&d->wet_delay[c]);
    }
    free(d->k);
    free(d->delta_path);
    free(d->dry);
    free(d->wet);
    free(d->last);
    free(d->in_at);
    free(d->wet_at);
    free(d->apart);
    free(d->apart_at);
    free(d->dry_delay);
    free(d->wet_delay);
    free(d);
}

static sordino_status allocate(sordino_denoiser *d, uint32_t pad, sordino_error *why)
{
    const size_t channels = d->n_channels, span = d->span;
    d->k = calloc(span, sizeof *d->k);
    d->delta_path = calloc(span, sizeof *d->delta_path);
    d->dry = calloc(channels * span, sizeof *d->dry);
    d->wet = calloc(channels * span, sizeof *d->wet);
    d->last = calloc(channels, sizeof *d->last);
    d->in_at = calloc(channels, sizeof *d->in_at);
    d->wet_at = calloc(channels, sizeof *d->wet_at);
    d->apart = calloc(channels * span, sizeof *d->apart);
    d->apart_at = calloc(channels, sizeof *d->apart_at);
    d->dry_delay = calloc(channels, sizeof *d->dry_delay);
    d->wet_delay = calloc(channels, sizeof *d->wet_delay);
    bool ok = d->k && d->delta_path && d->dry && d->wet && d->last && d->in_at && d->wet_at &&
              d->apart && d->apart_at && d->dry_delay && d->wet_delay;
    for (size_t c = 0; c < channels && ok; c++) {
        d->wet_at[c] = d->wet + c * span;
        d->apart_at[c] = d->apart + c * span;
        ok = delay_init(&d->dry_delay[c], d->latency) && delay_init(&d->wet_delay[c], pad);
    }
    return ok ? SORDINO_OK : error_set(why, SORDINO_NO_MEM, "Out of memory for the output stage");
}

/* What a limit in dB lets the denoiser do: 1 - f. */
static float limit_amount(double limit_db)
{
    return limit_db <= config_limit_min ? 1.0f : (float)(1.0 - pow(10.0, limit_db / 20.0));
}

static float wanted(const _Atomic float *control)
{
    return atomic_load_explicit(control, memory_order_relaxed);
}

/* All controls at their targets at once. */
static void jump(sordino_denoiser *d)
{
    ramp_jump(&d->enabled, wanted(&d->wanted_enabled));
    ramp_jump(&d->mix, wanted(&d->wanted_mix));
    ramp_jump(&d->amount, wanted(&d->wanted_amount));
    ramp_jump(&d->delta, wanted(&d->wanted_delta));
}

static sordino_status build(sordino_denoiser *d, const sordino_config *config,
                            const sordino_model *model, sordino_error *why)
{
    const sordino_status status = config_spectral(config, model)
                                      ? front_stft_new(config, model, &d->front, why)
                                      : front_wave_new(config, model, &d->front, why);
    if (status != SORDINO_OK)
        return status;
    const uint32_t own = d->front->latency;
    d->rate = config->rate;
    d->n_channels = config->channels;
    d->latency = own > config->min_latency ? own : config->min_latency;
    d->span = d->front->span;
    d->ramp_length = (uint32_t)clamp_double(ceil(ramp_time * config->rate), 1.0, 1e6);
    d->holds_gaps = !config_spectral(config, model);
    d->wanted_enabled = config->enabled ? 1.0f : 0.0f;
    d->wanted_mix = (float)config->mix;
    d->wanted_amount = limit_amount(config->limit);
    d->wanted_delta = config->delta ? 1.0f : 0.0f;
    jump(d);
    return allocate(d, d->latency - own, why);
}

sordino_status sordino_denoiser_new(const sordino_config *asked, const sordino_model *model,
                                    sordino_denoiser **out, sordino_error *why)
{
    sordino_config config;
    if (!out)
        return error_set(why, SORDINO_BAD_ARG, "There is no place for the denoiser");
    *out = NULL;
    sordino_status status = config_read(asked, model, &config, why);
    if (status != SORDINO_OK)
        return status;
    sordino_denoiser *d = calloc(1, sizeof *d);
    if (!d)
        return error_set(why, SORDINO_NO_MEM, "Out of memory for a denoiser");
    status = build(d, &config, model, why);
    if (status != SORDINO_OK) {
        sordino_denoiser_free(d);
        return status;
    }
    *out = d;
    return SORDINO_OK;
}

sordino_status sordino_denoiser_latency_for(const sordino_config *asked, const sordino_model *model,
                                            uint32_t *out, sordino_error *why)
{
    uint32_t own = 0;
    sordino_config config;
    if (!out)
        return error_set(why, SORDINO_BAD_ARG, "There is no place for the latency");
    *out = 0;
    sordino_status status = config_read(asked, model, &config, why);
    if (status == SORDINO_OK && config_spectral(&config, model))
        status = front_stft_latency(&config, model, &own, why);
    else if (status == SORDINO_OK)
        own = front_wave_latency(&config, model);
    if (status == SORDINO_OK)
        *out = own > config.min_latency ? own : config.min_latency;
    return status;
}

void sordino_denoiser_reset(sordino_denoiser *d)
{
    if (!d)
        return;
    d->front->reset(d->front);
    for (uint32_t c = 0; c < d->n_channels; c++) {
        delay_reset(&d->dry_delay[c]);
        delay_reset(&d->wet_delay[c]);
        d->last[c] = 0.0f;
    }
    jump(d);
    d->meter = (meter){0};
}

/* ---- audio ---- */

/* The input with every sample finite. */
static void sanitise(sordino_denoiser *d, uint32_t c, const float *in, float *dry, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const bool good = isfinite(in[i]);
        dry[i] = good ? in[i] : d->last[c];
        if (good && d->holds_gaps)
            d->last[c] = in[i];
    }
}

/* Starts towards what was asked for since. */
static void take_controls(sordino_denoiser *d)
{
    ramp_to(&d->enabled, wanted(&d->wanted_enabled), d->ramp_length);
    ramp_to(&d->mix, wanted(&d->wanted_mix), d->ramp_length);
    ramp_to(&d->amount, wanted(&d->wanted_amount), d->ramp_length);
    ramp_to(&d->delta, wanted(&d->wanted_delta), d->ramp_length);
}

static void glide(sordino_denoiser *d, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        d->k[i] = ramp_next(&d->enabled) * ramp_next(&d->mix) * ramp_next(&d->amount);
        d->delta_path[i] = ramp_next(&d->delta);
    }
}

static float saturate(float x)
{
    return clamp_float(x, -FLT_MAX, FLT_MAX);
}

/* y = k w + (1 - k) d; exactly w at k = 1. At k = 0 it is d to the last bit, which arithmetic would
 * not leave: it turns numbers below the normal range into 0 and -0 into +0. */
static void output_channel(sordino_denoiser *d, const float *dry, const float *wet, float *out,
                           size_t n)
{
    double dry_sum = 0.0, wet_sum = 0.0;
    for (size_t i = 0; i < n; i++) {
        const float k = d->k[i], share = d->delta_path[i];
        const bool passes = k == 0.0f;
        const float y = passes ? dry[i] : k * wet[i] + (1.0f - k) * dry[i];
        const float removed = saturate(dry[i] - y);
        dry_sum += (double)dry[i] * (double)dry[i];
        wet_sum += (double)y * (double)y;
        out[i] = passes && share == 0.0f ? dry[i] : saturate((1.0f - share) * y + share * removed);
    }
    d->meter.dry += dry_sum;
    d->meter.wet += wet_sum;
}

static void process_span(sordino_denoiser *d, const float *const *in, float *const *out, size_t at,
                         size_t n)
{
    for (uint32_t c = 0; c < d->n_channels; c++) {
        d->in_at[c] = in[c] + at;
        sanitise(d, c, in[c] + at, d->dry + c * d->span, n);
    }
    d->front->run(d->front, d->in_at, d->wet_at, n);
    glide(d, n);
    for (uint32_t c = 0; c < d->n_channels; c++) {
        float *dry = d->dry + c * d->span, *wet = d->wet + c * d->span;
        delay_run(&d->dry_delay[c], dry, n);
        delay_run(&d->wet_delay[c], wet, n);
        output_channel(d, dry, wet, out[c] + at, n);
    }
    d->meter.n += (double)n * d->n_channels;
}

void sordino_denoiser_process(sordino_denoiser *d, const float *const *in, float *const *out,
                              size_t n)
{
    if (!d || !in || !out)
        return;
    const fpenv_saved saved = fpenv_enter();
    take_controls(d);
    for (size_t at = 0; at < n;) {
        const size_t step = n - at < d->span ? n - at : d->span;
        process_span(d, in, out, at, step);
        at += step;
    }
    fpenv_leave(saved);
}

void sordino_denoiser_process_interleaved(sordino_denoiser *d, const float *in, float *out,
                                          size_t n)
{
    if (!d || !in || !out)
        return;
    const size_t channels = d->n_channels;
    const fpenv_saved saved = fpenv_enter();
    take_controls(d);
    for (size_t at = 0; at < n;) {
        const size_t step = n - at < d->span ? n - at : d->span;
        for (size_t c = 0; c < channels; c++)
            for (size_t i = 0; i < step; i++)
                d->apart_at[c][i] = in[(at + i) * channels + c];
        process_span(d, (const float *const *)d->apart_at, d->apart_at, 0, step);
        for (size_t c = 0; c < channels; c++)
            for (size_t i = 0; i < step; i++)
                out[(at + i) * channels + c] = d->apart_at[c][i];
        at += step;
    }
    fpenv_leave(saved);
}

/* ---- controls ---- */

uint32_t sordino_denoiser_latency(const sordino_denoiser *d)
{
    return d ? d->latency : 0;
}

static void want(_Atomic float *control, float value)
{
    atomic_store_explicit(control, value, memory_order_relaxed);
}

void sordino_denoiser_set_limit(sordino_denoiser *d, double limit_db)
{
    if (d && !isnan(limit_db))
        want(&d->wanted_amount, limit_amount(min_double(limit_db, 0.0)));
}

void sordino_denoiser_set_mix(sordino_denoiser *d, double mix)
{
    if (d && !isnan(mix))
        want(&d->wanted_mix, (float)clamp_double(mix, 0.0, 1.0));
}

void sordino_denoiser_set_delta(sordino_denoiser *d, bool delta)
{
    if (d)
        want(&d->wanted_delta, delta ? 1.0f : 0.0f);
}

void sordino_denoiser_set_enabled(sordino_denoiser *d, bool enabled)
{
    if (d)
        want(&d->wanted_enabled, enabled ? 1.0f : 0.0f);
}

void sordino_denoiser_set_learn(sordino_denoiser *d, bool learn)
{
    if (d && d->front->set_learn)
        d->front->set_learn(d->front, learn);
}

void sordino_denoiser_set_profile(sordino_denoiser *d, const sordino_profile *profile)
{
    if (d && d->front->set_profile)
        d->front->set_profile(d->front, profile);
}

sordino_status sordino_denoiser_get_profile(const sordino_denoiser *d, sordino_profile **out,
                                            sordino_error *why)
{
    const sordino_status status = sordino_denoiser_blank_profile(d, out, why);
    if (status != SORDINO_OK || sordino_denoiser_copy_profile(d, *out))
        return status;
    sordino_profile_free(*out);
    *out = NULL;
    return error_set(why, SORDINO_NOT_FOUND, "No noise was learned yet");
}

sordino_status sordino_denoiser_blank_profile(const sordino_denoiser *d, sordino_profile **out,
                                              sordino_error *why)
{
    if (!out)
        return error_set(why, SORDINO_BAD_ARG, "There is no place for the profile");
    *out = NULL;
    if (!d)
        return error_set(why, SORDINO_BAD_ARG, "There is no denoiser");
    if (!d->front->read_profile)
        return error_set(why, SORDINO_UNSUPPORTED, "This method has no noise profile");
    return profile_new_blank(d->n_channels, d->front->profile_bins, d->rate, out, why);
}

bool sordino_denoiser_copy_profile(const sordino_denoiser *d, sordino_profile *into)
{
    return d && into && d->front->read_profile && sordino_profile_channels(into) == d->n_channels &&
           sordino_profile_bins(into) == d->front->profile_bins &&
           sordino_profile_rate(into) == d->rate &&
           d->front->read_profile(d->front, profile_densities(into));
}

uint32_t sordino_denoiser_warnings(const sordino_denoiser *d)
{
    return d ? d->front->warnings(d->front) : 0;
}

static float level_db(double sum, double n)
{
    const double floor_power = 1e-20; /* -200 dB */
    return (float)(10.0 * log10(max_double(n > 0.0 ? sum / n : 0.0, floor_power)));
}

void sordino_denoiser_read_meters(sordino_denoiser *d, sordino_meters *out)
{
    if (out)
        *out = (sordino_meters){0};
    if (!d || !out)
        return;
    out->input_db = level_db(d->meter.dry, d->meter.n);
    out->output_db = level_db(d->meter.wet, d->meter.n);
    out->reduction_db = max_float(0.0f, out->input_db - out->output_db);
    d->meter = (meter){0};
}
