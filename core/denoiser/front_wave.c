/*
 * Samples to frames of `hop` samples and back, for signals of any rate and unit. With hop 1 every
 * sample is a frame and the delay is the method's lag alone. A network sees the signal less its
 * running mean, over its running scale; the result is scaled back by the same numbers, so that a
 * gain on the input is a gain on the output and nothing else.
 */
#include "core/base/clamp.h"
#include "core/base/error.h"
#include "core/denoiser/delay.h"
#include "core/denoiser/estimator.h"
#include "core/denoiser/front.h"
#include "core/dsp/kalman.h"
#include "core/dsp/predictor.h"
#include "core/dsp/running_scale.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { PREDICTOR_TAPS = 32, BLOCK = 256, PROFILE_BINS = 2 };

/* A network's output that lies further out than this, in scales of the signal, is none. */
static const float output_limit = 1e6f;

/* Mean square of the input about its mean while it is taken as noise alone (Welford 1962). */
typedef struct learner {
    double n, mean, sum;
} learner;

typedef struct channel {
    kalman *kalman; /* one of these three is set */
    predictor *predictor;
    plan_state *state;
    learner learner;
    running_scale scale;
    delay lag;     /* the input, beside the network's estimate */
    float last;    /* newest sample that was finite */
    float *gather; /* [hop] */
    float *ready;  /* finished output */
} channel;

typedef struct front_wave {
    front base;
    const front_spec *spec; /* borrowed from the model; NULL for the baselines */
    double rate;
    double scale_time; /* samples */
    uint32_t n_channels, hop, pos;
    uint32_t max_frames; /* in one run of the network */
    size_t n_ready;
    bool learning, has_noise;
    bool failed;             /* a frame of the network was not finite since the reset */
    float *frames, *delayed; /* [max_frames * hop], scaled input; input `lag` samples before */
    float *estimates;        /* [max_frames * hop], what the network made of it */
    double *means, *scales;  /* [max_frames] */
    channel channels[];
} front_wave;

static float finite_or(float x, float otherwise)
{
    return isfinite(x) ? x : otherwise;
}

/* ---- the baselines: a sample in, a sample out ---- */

static void learn_sample(learner *l, float x)
{
    if (!isfinite(x))
        return;
    l->n += 1.0;
    const double step = (double)x - l->mean;
    l->mean += step / l->n;
    l->sum += step * ((double)x - l->mean);
}

static void run_baseline(front_wave *f, channel *ch, const float *in, float *out, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const float x = finite_or(in[i], NAN);
        if (f->learning)
            learn_sample(&ch->learner, x);
        const float y = ch->kalman ? kalman_push(ch->kalman, x) : predictor_push(ch->predictor, x);
        out[i] = finite_or(y, 0.0f);
    }
}

static void front_wave_run_baseline(front *base, const float *const *in, float *const *out,
                                    size_t n)
{
    front_wave *f = (front_wave *)base;
    for (uint32_t c = 0; c < f->n_channels; c++)
        run_baseline(f, &f->channels[c], in[c], out[c], n);
}

/* ---- the network ---- */

/* Scales `count` frames in f->frames, frame by frame as each arrives. */
static void scale_frames(front_wave *f, channel *ch, size_t count)
{
    for (size_t t = 0; t < count; t++) {
        float *x = f->frames + t * f->hop;
        running_scale_push(&ch->scale, x, f->hop, f->scale_time);
        const double mean = ch->scale.mean, scale = running_scale_get(&ch->scale);
        for (uint32_t i = 0; i < f->hop; i++)
            x[i] = scale > 0.0 ? (float)(((double)x[i] - mean) / scale) : 0.0f;
        f->means[t] = mean;
        f->scales[t] = scale;
    }
}

static bool all_within(const float *x, size_t n, float limit)
{
    bool within = true;
    for (size_t i = 0; i < n; i++)
        within = within && fabsf(x[i]) <= limit; /* false for NaN */
    return within;
}

/* Runs the network on scaled frames. A frame that overflowed is marked by a NaN at its start and
 * starts the network afresh; the frames left are run again, as they would be had they come in calls
 * of their own. */
static void run_frames(front_wave *f, channel *ch, size_t count)
{
    plan_run(ch->state, f->frames, f->estimates, count);
    for (size_t t = 0; t < count; t++) {
        float *y = f->estimates + t * f->hop;
        if (all_within(y, f->hop, output_limit))
            continue;
        y[0] = NAN;
        f->failed = true;
        plan_state_reset(ch->state);
        plan_run(ch->state, f->frames + (t + 1) * f->hop, y + f->hop, count - t - 1);
    }
}

/* The network's frames back in the signal's units; the input in place of those that failed. */
static void scale_back(const front_wave *f, float *out, size_t count)
{
    for (size_t t = 0; t < count; t++) {
        if (isnan(f->estimates[t * f->hop])) {
            memcpy(out + t * f->hop, f->delayed + t * f->hop, f->hop * sizeof *out);
            continue;
        }
        for (uint32_t i = 0; i < f->hop; i++) {
            const size_t at = t * f->hop + i;
            const double part = f->scales[t] * (double)f->estimates[at];
            const double full =
                f->spec->predicts_noise ? (double)f->delayed[at] - part : f->means[t] + part;
            out[at] = (float)clamp_double(full, -(double)FLT_MAX, (double)FLT_MAX);
        }
    }
}

/* Gathers `n` samples from frame position `pos`; every frame that fills up goes to f->frames.
 * Returns how many did. */
static size_t gather(const front_wave *f, channel *ch, const float *in, size_t n)
{
    size_t count = 0;
    uint32_t pos = f->pos;
    for (size_t i = 0; i < n; i++) {
        ch->last = finite_or(in[i], ch->last);
        ch->gather[pos++] = ch->last;
        if (pos == f->hop) {
            memcpy(f->frames + count * f->hop, ch->gather, f->hop * sizeof *ch->gather);
            count++;
            pos = 0;
        }
    }
    return count;
}

static void front_wave_run_network(front *base, const float *const *in, float *const *out, size_t n)
{
    front_wave *f = (front_wave *)base;
    size_t count = 0;
    for (uint32_t c = 0; c < f->n_channels; c++) {
        channel *ch = &f->channels[c];
        count = gather(f, ch, in[c], n); /* <= max_frames, since n <= span */
        if (count > 0) {
            memcpy(f->delayed, f->frames, count * f->hop * sizeof *f->delayed);
            delay_run(&ch->lag, f->delayed, count * f->hop);
            scale_frames(f, ch, count);
            run_frames(f, ch, count);
            scale_back(f, ch->ready + f->n_ready, count);
        }
        const size_t left = f->n_ready + count * f->hop - n;
        memcpy(out[c], ch->ready, n * sizeof *ch->ready);
        memmove(ch->ready, ch->ready + n, left * sizeof *ch->ready);
    }
    f->n_ready = f->n_ready + count * f->hop - n;
    f->pos = (uint32_t)((f->pos + n) % f->hop);
}

static void front_wave_reset(front *base)
{
    front_wave *f = (front_wave *)base;
    for (uint32_t c = 0; c < f->n_channels; c++) {
        channel *ch = &f->channels[c];
        ch->learner = (learner){0};
        ch->scale = (running_scale){0};
        ch->last = 0.0f;
        delay_reset(&ch->lag);
        if (ch->kalman)
            kalman_reset(ch->kalman);
        if (ch->predictor)
            predictor_reset(ch->predictor);
        if (ch->state) {
            plan_state_reset(ch->state);
            memset(ch->ready, 0, f->hop * sizeof *ch->ready);
        }
    }
    f->pos = 0;
    f->n_ready = f->hop - 1;
    f->failed = false;
}

/* ---- noise profiles, for the Kalman filter: the density is flat ---- */

static void front_wave_set_learn(front *base, bool learn)
{
    front_wave *f = (front_wave *)base;
    if (learn == f->learning)
        return;
    f->learning = learn;
    for (uint32_t c = 0; c < f->n_channels; c++) {
        channel *ch = &f->channels[c];
        if (learn) {
            ch->learner = (learner){0};
        } else if (ch->learner.n >= 2.0) {
            kalman_set_noise(ch->kalman, ch->learner.sum / (ch->learner.n - 1.0));
            f->has_noise = true;
        }
    }
}

/* Power under the density, linear between its points, up to this signal's own Nyquist frequency. */
static double profile_variance(const float *psd, uint32_t bins, double profile_rate, double rate)
{
    const double step = 0.5 * profile_rate / (double)(bins - 1); /* Hz */
    const double end = min_double(0.5 * rate / step, (double)(bins - 1));
    double sum = 0.0;
    for (uint32_t k = 0; k + 1 < bins && (double)k < end; k++) {
        const double part = min_double(end - k, 1.0), low = psd[k], high = psd[k + 1];
        sum += part * (low + 0.5 * part * (high - low));
    }
    return sum * step;
}

static void front_wave_set_profile(front *base, const sordino_profile *profile)
{
    front_wave *f = (front_wave *)base;
    for (uint32_t c = 0; c < f->n_channels; c++) {
        const double variance = profile ? profile_variance(sordino_profile_psd(profile, c),
                                                           sordino_profile_bins(profile),
                                                           sordino_profile_rate(profile), f->rate)
                                        : -1.0;
        kalman_set_noise(f->channels[c].kalman, variance);
    }
    f->has_noise = profile != NULL;
}

static bool front_wave_read_profile(const front *base, float *psd)
{
    const front_wave *f = (const front_wave *)base;
    if (!f->has_noise)
        return false;
    for (uint32_t c = 0; c < f->n_channels; c++) {
        const double density = kalman_noise(f->channels[c].kalman) / (0.5 * f->rate);
        for (uint32_t k = 0; k < PROFILE_BINS; k++)
            psd[c * PROFILE_BINS + k] = (float)min_double(density, (double)FLT_MAX);
    }
    return true;
}

static uint32_t front_wave_warnings(const front *base)
{
    const front_wave *f = (const front_wave *)base;
    uint32_t all = f->failed ? SORDINO_WARNING_NETWORK : 0;
    for (uint32_t c = 0; c < f->n_channels; c++)
        if (f->channels[c].kalman)
            all |= doubt_warning(kalman_doubt(f->channels[c].kalman));
    return all;
}

/* ---- life ---- */

static void front_wave_free(front *base)
{
    front_wave *f = (front_wave *)base;
    for (uint32_t c = 0; c < f->n_channels; c++) {
        channel *ch = &f->channels[c];
        kalman_free(ch->kalman);
        predictor_free(ch->predictor);
        plan_state_free(ch->state);
        delay_free(&ch->lag);
        free(ch->gather);
        free(ch->ready);
    }
    free(f->frames);
    free(f->delayed);
    free(f->estimates);
    free(f->means);
    free(f->scales);
    free(f);
}

static sordino_status network_buffers(front_wave *f, sordino_error *why)
{
    const size_t n = (size_t)f->max_frames * f->hop;
    f->frames = calloc(n, sizeof *f->frames);
    f->delayed = calloc(n, sizeof *f->delayed);
    f->estimates = calloc(n, sizeof *f->estimates);
    f->means = calloc(f->max_frames, sizeof *f->means);
    f->scales = calloc(f->max_frames, sizeof *f->scales);
    if (!f->frames || !f->delayed || !f->estimates || !f->means || !f->scales)
        return error_set(why, SORDINO_NO_MEM, "Out of memory for the network's frames");
    return SORDINO_OK;
}

static sordino_status channel_new(const front_wave *f, const sordino_config *config,
                                  const sordino_model *model, channel *ch, sordino_error *why)
{
    if (config->method == SORDINO_METHOD_KALMAN)
        return kalman_new(config->lag, &ch->kalman, why);
    if (config->method == SORDINO_METHOD_PREDICTOR)
        return predictor_new(PREDICTOR_TAPS, &ch->predictor, why);
    ch->gather = calloc(f->hop, sizeof *ch->gather);
    ch->ready = calloc((size_t)(f->max_frames + 2) * f->hop, sizeof *ch->ready);
    /* a network, so there is a spec: NOLINTNEXTLINE(clang-analyzer-core.NullDereference) */
    if (!ch->gather || !ch->ready || !delay_init(&ch->lag, f->spec->lag_samples))
        return error_set(why, SORDINO_NO_MEM, "Out of memory for a channel");
    return plan_state_new(model->plan, f->max_frames, &ch->state, why);
}

uint32_t front_wave_latency(const sordino_config *config, const sordino_model *model)
{
    if (config->method == SORDINO_METHOD_NETWORK)
        return model->front.hop_samples - 1 + model->front.lag_samples;
    return config->method == SORDINO_METHOD_KALMAN ? config->lag : 0;
}

/* Sizes and functions that depend on the method. */
static void choose_method(front_wave *f, const sordino_config *config, const sordino_model *model)
{
    const bool network = config->method == SORDINO_METHOD_NETWORK;
    const bool profiles = config->method == SORDINO_METHOD_KALMAN;
    f->spec = network ? &model->front : NULL;
    f->hop = network ? model->front.hop_samples : 1;
    f->max_frames = f->hop < BLOCK ? BLOCK / f->hop : 1;
    f->rate = config->rate;
    if (network)
        f->scale_time = max_double(1.0, model->front.scale_time *
                                            (model->front.rate > 0.0 ? config->rate : 1.0));
    f->n_channels = config->channels;
    f->n_ready = f->hop - 1;
    f->base = (front){
        .latency = front_wave_latency(config, model),
        .span = f->max_frames * f->hop,
        .free = front_wave_free,
        .reset = front_wave_reset,
        .run = network ? front_wave_run_network : front_wave_run_baseline,
        .set_learn = profiles ? front_wave_set_learn : NULL,
        .set_profile = profiles ? front_wave_set_profile : NULL,
        .read_profile = profiles ? front_wave_read_profile : NULL,
        .profile_bins = PROFILE_BINS,
        .warnings = front_wave_warnings,
    };
}

sordino_status front_wave_new(const sordino_config *config, const sordino_model *model, front **out,
                              sordino_error *why)
{
    *out = NULL;
    front_wave *f = calloc(1, sizeof *f + config->channels * sizeof f->channels[0]);
    if (!f)
        return error_set(why, SORDINO_NO_MEM, "Out of memory for the sample front end");
    choose_method(f, config, model);
    sordino_status status = f->spec ? network_buffers(f, why) : SORDINO_OK;
    for (uint32_t c = 0; c < config->channels && status == SORDINO_OK; c++)
        status = channel_new(f, config, model, &f->channels[c], why);
    if (status != SORDINO_OK) {
        front_wave_free(&f->base);
        return status;
    }
    *out = &f->base;
    return SORDINO_OK;
}
