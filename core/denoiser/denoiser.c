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
#include "core/denoiser/delay.h"
#include "core/denoiser/front.h"
#include "core/denoiser/ramp.h"
#include "core/kernels/kernels.h"
#include "core/model/profile.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double limit_min_db = -120.0;
static const double ramp_time = 0.020; /* s */
static const uint32_t lag_max = 4096, min_latency_max = 1048576;

typedef struct meter {
    double dry, wet; /* sums of squares */
    double n;
} meter;

struct sordino_denoiser {
    front *front;
    double rate;
    uint32_t n_channels, latency, span, ramp_length;
    bool holds_gaps; /* per-sample methods: the last good sample stands in for a missing one */
    ramp enabled, mix, amount, delta;
    float *k, *delta_path; /* [span]: the crossfade, and the share of delta */
    float *dry, *wet;      /* [channels][span] */
    float *last;           /* [channels] */
    const float **in_at;   /* [channels] */
    float **wet_at;        /* [channels] */
    delay *dry_delay;      /* [channels], the whole latency */
    delay *wet_delay;      /* [channels], what pads the front end up to it */
    meter meter;
};

void sordino_config_init(sordino_config *config)
{
    *config = (sordino_config){
        .method = SORDINO_METHOD_WIENER,
        .rate = 48000.0,
        .channels = 1,
        .link_channels = true,
        .gain_rule = SORDINO_GAIN_LSA,
        .limit = limit_min_db,
        .mix = 1.0,
        .delta = false,
        .enabled = true,
    };
}

/* ---- checks ---- */

static bool within(double x, double low, double high)
{
    return x >= low && x <= high; /* false for NaN */
}

static bool spectral(const sordino_config *config, const sordino_model *model)
{
    return config->method == SORDINO_METHOD_WIENER ||
           (config->method == SORDINO_METHOD_NETWORK && model->front.kind == FRONT_STFT);
}

static sordino_status check_levels(const sordino_config *config, sordino_error *why)
{
    if (!within(config->limit, limit_min_db, 0.0))
        return error_set(why, SORDINO_BAD_ARG, "The limit is %g dB; it must be within -120..0",
                         config->limit);
    if (!within(config->mix, 0.0, 1.0))
        return error_set(why, SORDINO_BAD_ARG, "The mix is %g; it must be within 0..1",
                         config->mix);
    if (config->min_latency > min_latency_max)
        return error_set(why, SORDINO_BAD_ARG,
                         "The smallest latency is %u samples; it must be within 0..%u",
                         config->min_latency, min_latency_max);
    return SORDINO_OK;
}

static sordino_status check_model(const sordino_config *config, const sordino_model *model,
                                  sordino_error *why)
{
    if (config->method != SORDINO_METHOD_NETWORK)
        return SORDINO_OK;
    if (!model)
        return error_set(why, SORDINO_BAD_ARG, "The network method needs a model");
    const double own = model->front.rate;
    if (model->front.kind == FRONT_WAVE && own > 0.0 && fabs(config->rate / own - 1.0) > 0.02)
        return error_set(why, SORDINO_UNSUPPORTED,
                         "The model \"%.60s\" is for signals at %g Hz, not at %g Hz",
                         sordino_model_name(model), own, config->rate);
    return SORDINO_OK;
}

static sordino_status check_rate(const sordino_config *config, const sordino_model *model,
                                 sordino_error *why)
{
    if (spectral(config, model) && !within(config->rate, 8000.0, 192000.0))
        return error_set(why, SORDINO_BAD_ARG,
                         "The rate is %g Hz; spectral methods serve 8000..192000 Hz", config->rate);
    if (!(config->rate > 0.0 && isfinite(config->rate)))
        return error_set(why, SORDINO_BAD_ARG, "The rate is %g Hz; it must be above 0",
                         config->rate);
    return SORDINO_OK;
}

static sordino_status check_config(const sordino_config *config, const sordino_model *model,
                                   sordino_error *why)
{
    if ((unsigned)config->method > SORDINO_METHOD_PREDICTOR)
        return error_set(why, SORDINO_BAD_ARG, "There is no method %d", (int)config->method);
    if ((unsigned)config->gain_rule > SORDINO_GAIN_WIENER)
        return error_set(why, SORDINO_BAD_ARG, "There is no gain rule %d", (int)config->gain_rule);
    if (config->channels < 1 || config->channels > SORDINO_MAX_CHANNELS)
        return error_set(why, SORDINO_BAD_ARG, "There are %u channels; 1..%d can be served",
                         config->channels, SORDINO_MAX_CHANNELS);
    if (config->lag > lag_max)
        return error_set(why, SORDINO_BAD_ARG, "The lag is %u samples; it must be within 0..%u",
                         config->lag, lag_max);
    if (!(config->window == 0.0 || within(config->window, 0.002, 0.2)))
        return error_set(why, SORDINO_BAD_ARG, "The window is %g s; it must be within 0.002..0.2",
                         config->window);
    if (config->hop < 0.0 || !isfinite(config->hop))
        return error_set(why, SORDINO_BAD_ARG, "The hop is %g s; it must be above 0", config->hop);
    sordino_status status = check_levels(config, why);
    if (status == SORDINO_OK)
        status = check_model(config, model, why);
    return status == SORDINO_OK ? check_rate(config, model, why) : status;
}

/* ---- life ---- */

void sordino_free(sordino_denoiser *d)
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
    d->dry_delay = calloc(channels, sizeof *d->dry_delay);
    d->wet_delay = calloc(channels, sizeof *d->wet_delay);
    bool ok = d->k && d->delta_path && d->dry && d->wet && d->last && d->in_at && d->wet_at &&
              d->dry_delay && d->wet_delay;
    for (size_t c = 0; c < channels && ok; c++) {
        d->wet_at[c] = d->wet + c * span;
        ok = delay_init(&d->dry_delay[c], d->latency) && delay_init(&d->wet_delay[c], pad);
    }
    return ok ? SORDINO_OK : error_set(why, SORDINO_NO_MEM, "Out of memory for the output stage");
}

/* What a limit in dB lets the denoiser do: 1 - f. */
static float limit_amount(double limit_db)
{
    return limit_db <= limit_min_db ? 1.0f : (float)(1.0 - pow(10.0, limit_db / 20.0));
}

static sordino_status build(sordino_denoiser *d, const sordino_config *config,
                            const sordino_model *model, sordino_error *why)
{
    const sordino_status status = spectral(config, model)
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
    d->holds_gaps = !spectral(config, model);
    ramp_jump(&d->enabled, config->enabled ? 1.0f : 0.0f);
    ramp_jump(&d->mix, (float)config->mix);
    ramp_jump(&d->amount, limit_amount(config->limit));
    ramp_jump(&d->delta, config->delta ? 1.0f : 0.0f);
    return allocate(d, d->latency - own, why);
}

sordino_status sordino_new(const sordino_config *config, const sordino_model *model,
                           sordino_denoiser **out, sordino_error *why)
{
    *out = NULL;
    sordino_status status = check_config(config, model, why);
    if (status != SORDINO_OK)
        return status;
    sordino_denoiser *d = calloc(1, sizeof *d);
    if (!d)
        return error_set(why, SORDINO_NO_MEM, "Out of memory for a denoiser");
    status = build(d, config, model, why);
    if (status != SORDINO_OK) {
        sordino_free(d);
        return status;
    }
    *out = d;
    return SORDINO_OK;
}

sordino_status sordino_config_latency(const sordino_config *config, const sordino_model *model,
                                      uint32_t *out, sordino_error *why)
{
    uint32_t own = 0;
    *out = 0;
    sordino_status status = check_config(config, model, why);
    if (status == SORDINO_OK && spectral(config, model))
        status = front_stft_latency(config, model, &own, why);
    else if (status == SORDINO_OK)
        own = front_wave_latency(config, model);
    if (status == SORDINO_OK)
        *out = own > config->min_latency ? own : config->min_latency;
    return status;
}

void sordino_reset(sordino_denoiser *d)
{
    d->front->reset(d->front);
    for (uint32_t c = 0; c < d->n_channels; c++) {
        delay_reset(&d->dry_delay[c]);
        delay_reset(&d->wet_delay[c]);
        d->last[c] = 0.0f;
    }
    ramp_jump(&d->enabled, d->enabled.target);
    ramp_jump(&d->mix, d->mix.target);
    ramp_jump(&d->amount, d->amount.target);
    ramp_jump(&d->delta, d->delta.target);
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

void sordino_process(sordino_denoiser *d, const float *const *in, float *const *out, size_t n)
{
    const fpenv_saved saved = fpenv_enter();
    for (size_t at = 0; at < n;) {
        const size_t step = n - at < d->span ? n - at : d->span;
        process_span(d, in, out, at, step);
        at += step;
    }
    fpenv_leave(saved);
}

/* ---- controls ---- */

uint32_t sordino_latency(const sordino_denoiser *d)
{
    return d->latency;
}

void sordino_set_limit(sordino_denoiser *d, double limit_db)
{
    if (!isnan(limit_db))
        ramp_to(&d->amount, limit_amount(min_double(limit_db, 0.0)), d->ramp_length);
}

void sordino_set_mix(sordino_denoiser *d, double mix)
{
    if (!isnan(mix))
        ramp_to(&d->mix, (float)clamp_double(mix, 0.0, 1.0), d->ramp_length);
}

void sordino_set_delta(sordino_denoiser *d, bool delta)
{
    ramp_to(&d->delta, delta ? 1.0f : 0.0f, d->ramp_length);
}

void sordino_set_enabled(sordino_denoiser *d, bool enabled)
{
    ramp_to(&d->enabled, enabled ? 1.0f : 0.0f, d->ramp_length);
}

void sordino_set_learn(sordino_denoiser *d, bool learn)
{
    if (d->front->set_learn)
        d->front->set_learn(d->front, learn);
}

void sordino_set_profile(sordino_denoiser *d, const sordino_profile *profile)
{
    if (d->front->set_profile)
        d->front->set_profile(d->front, profile);
}

sordino_status sordino_get_profile(const sordino_denoiser *d, sordino_profile **out,
                                   sordino_error *why)
{
    const sordino_status status = sordino_new_profile(d, out, why);
    if (status != SORDINO_OK || sordino_copy_profile(d, *out))
        return status;
    sordino_profile_free(*out);
    *out = NULL;
    return error_set(why, SORDINO_NOT_FOUND, "No noise was learned yet");
}

sordino_status sordino_new_profile(const sordino_denoiser *d, sordino_profile **out,
                                   sordino_error *why)
{
    *out = NULL;
    if (!d->front->read_profile)
        return error_set(why, SORDINO_UNSUPPORTED, "This method has no noise profile");
    return profile_new_blank(d->n_channels, d->front->profile_bins, d->rate, out, why);
}

bool sordino_copy_profile(const sordino_denoiser *d, sordino_profile *into)
{
    return d->front->read_profile && sordino_profile_channels(into) == d->n_channels &&
           sordino_profile_bins(into) == d->front->profile_bins &&
           sordino_profile_rate(into) == d->rate &&
           d->front->read_profile(d->front, profile_densities(into));
}

uint32_t sordino_denoiser_warnings(const sordino_denoiser *d)
{
    return d->front->warnings(d->front);
}

const char *sordino_warning_text(sordino_warning warning)
{
    switch (warning) {
    case SORDINO_WARNING_NO_NOISE:
        return "What was learned or given as noise holds no noise, so nothing is taken away";
    case SORDINO_WARNING_LOUD_NOISE:
        return "The noise learned or given is far louder than the signal, so it is not used and "
               "nothing is taken away";
    case SORDINO_WARNING_NETWORK:
        return "The model's results are not finite in places, where the input was kept";
    }
    return "Unknown warning";
}

static float level_db(double sum, double n)
{
    const double floor_power = 1e-20; /* -200 dB */
    return (float)(10.0 * log10(max_double(n > 0.0 ? sum / n : 0.0, floor_power)));
}

void sordino_read_meters(sordino_denoiser *d, sordino_meters *out)
{
    out->input_db = level_db(d->meter.dry, d->meter.n);
    out->output_db = level_db(d->meter.wet, d->meter.n);
    out->reduction_db = max_float(0.0f, out->input_db - out->output_db);
    d->meter = (meter){0};
}

sordino_status sordino_kernels(const char **name, sordino_error *why)
{
    const char *const refused = kernels_refused();
    char known[64] = "";
    const kernels *tables[KERNELS_MAX_TABLES];
    const size_t n = kernels_list(tables);
    if (name)
        *name = kernels_pick()->name;
    if (!refused)
        return SORDINO_OK;
    for (size_t i = 0; i < n; i++) {
        strcat(known, i == 0 ? "" : i + 1 < n ? ", " : " or ");
        strcat(known, tables[i]->name);
    }
    return error_set(why, SORDINO_UNSUPPORTED,
                     "This processor has no kernels \"%.40s\", which SORDINO_KERNELS asks for; it "
                     "can be %s, or unset",
                     refused, known);
}

const char *sordino_version(void)
{
    return SORDINO_VERSION;
}
