#include "trainer/run/design.h"

#include "core/base/error.h"
#include "trainer/net/presets.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LINEAR_BANDS = 96, ERB_BANDS = 32, PHASE_BINS = 80 };
static const double linear_step = 50, top_hz = 20000; /* Hz */

/* Width of the auditory filter at f, integrated: the ERB-number scale (Glasberg & Moore 1990,
 * "Derivation of auditory filter shapes from notched-noise data", eq. 4). */
static double erb_number(double hz)
{
    return 21.4 * log10(1 + 0.00437 * hz);
}

static double erb_hz(double number)
{
    return (pow(10, number / 21.4) - 1) / 0.00437;
}

/* One band a bin of 20 ms up to 4.75 kHz, ERB-spaced above. */
static void speech_bands(front_spec *f)
{
    f->n_bands = LINEAR_BANDS + ERB_BANDS;
    for (uint32_t b = 0; b < LINEAR_BANDS; b++)
        f->band_hz[b] = linear_step * b;
    const double low = erb_number(f->band_hz[LINEAR_BANDS - 1]), high = erb_number(top_hz);
    for (uint32_t b = 1; b <= ERB_BANDS; b++)
        f->band_hz[LINEAR_BANDS - 1 + b] = erb_hz(low + (high - low) * b / ERB_BANDS);
}

static sordino_status speech_features(const char *list, front_spec *f, sordino_error *why)
{
    static const feature_spec kinds[] = {
        {.kind = FEATURE_LOG_LEVEL, .offset = 40, .scale = 0.05, .low = -3, .high = 3},
        {.kind = FEATURE_LOG_SNR, .offset = -5, .scale = 0.1, .low = -2, .high = 4},
        {.kind = FEATURE_PHASE_ADVANCE, .bins = PHASE_BINS},
    };
    static const char *const names[] = {"level", "snr", "phase"};
    for (const char *at = list; *at;) {
        const size_t n = strcspn(at, ",");
        uint32_t k = 0;
        while (k < 3 && (strlen(names[k]) != n || strncmp(at, names[k], n) != 0))
            k++;
        if (k == 3 || f->n_features == FEATURES_MAX)
            return error_set(why, SORDINO_BAD_ARG,
                             "'%s' is no list of features; there are level, snr and phase", list);
        f->features[f->n_features++] = kinds[k];
        at += n + (at[n] == ',');
    }
    return SORDINO_OK;
}

/* "1,2,4" into the preset's blocks. */
static sordino_status read_dilations(const char *text, preset_tcn *p, sordino_error *why)
{
    p->n_blocks = 0;
    for (const char *at = text; *at;) {
        char *end;
        const unsigned long d = strtoul(at, &end, 10);
        if (end == at || d < 1 || d > 65536 || (*end != ',' && *end != '\0') ||
            p->n_blocks == PRESET_MAX_BLOCKS)
            return error_set(why, SORDINO_BAD_ARG, "'%s' is no list of dilations (1,2,4 ...)",
                             text);
        p->dilations[p->n_blocks++] = (uint32_t)d;
        at = end + (*end == ',');
    }
    return SORDINO_OK;
}

static sordino_status speech_front(const settings *s, preset_tcn *p, front_spec *f,
                                   sordino_error *why)
{
    f->kind = FRONT_STFT;
    f->window = s->window;
    f->hop = s->hop;
    f->level_rise = 0.05;
    f->level_fall = 1;
    speech_bands(f);
    const sordino_status status =
        speech_features(s->features ? s->features : "level,snr,phase", f, why);
    if (status != SORDINO_OK)
        return status;
    f->taps = s->taps < 0 ? 3 : (uint32_t)s->taps;
    f->tap_bins = f->taps == 0 ? 0 : s->tap_bins > 0 ? (uint32_t)s->tap_bins : PHASE_BINS;
    p->input = features_width(f->features, f->n_features, f->n_bands);
    p->gains = f->n_bands;
    p->linear = 2 * f->taps * f->tap_bins;
    return SORDINO_OK;
}

static void sensor_front(const settings *s, preset_tcn *p, front_spec *f)
{
    f->kind = FRONT_WAVE;
    f->hop_samples = (uint32_t)s->hop_samples;
    f->lag_samples = (uint32_t)s->lag_samples;
    f->rate = s->mix.n_rates == 1 ? s->mix.rates[0] : 0;
    f->scale_time = s->scale_time > 0 ? s->scale_time : f->rate > 0 ? 1000 / f->rate : 1000;
    f->predicts_noise = s->predict_noise;
    p->input = p->linear = f->hop_samples;
    if (f->hop_samples > 1)
        p->first_kernel = (p->first_kernel + f->hop_samples - 1) / f->hop_samples;
}

sordino_status design_new(const settings *s, front_spec *out_front, graph **out_graph,
                          sordino_error *why)
{
    const char *const name = s->network ? s->network : s->mix.sensor ? "sensor" : "speech-s";
    preset_tcn p;
    *out_front = (front_spec){0};
    *out_graph = NULL;
    if (strcmp(name, "speech-s") == 0)
        p = preset_speech_s();
    else if (strcmp(name, "speech-l") == 0)
        p = preset_speech_l();
    else if (strcmp(name, "sensor") == 0)
        p = preset_sensor();
    else
        return error_set(why, SORDINO_BAD_ARG,
                         "There is no network '%s'; there are speech-s, speech-l and sensor", name);
    p.norm = s->norm;
    if (s->channels > 0)
        p.channels = (uint32_t)s->channels;
    if (s->hidden > 0)
        p.hidden = (uint32_t)s->hidden;
    if (s->kernel > 0)
        p.kernel = (uint32_t)s->kernel;
    sordino_status status = SORDINO_OK;
    if (s->dilations)
        status = read_dilations(s->dilations, &p, why);
    if (status == SORDINO_OK && strcmp(name, "sensor") != 0)
        status = speech_front(s, &p, out_front, why);
    else if (status == SORDINO_OK)
        sensor_front(s, &p, out_front);
    if (status == SORDINO_OK)
        status = preset_tcn_graph(&p, out_graph, why);
    return status;
}

cost_spec design_cost(const settings *s)
{
    return (cost_spec){
        .spectral = {.power = (kreal)s->power,
                     .magnitude = (kreal)s->magnitude,
                     .complex = (kreal)s->complex,
                     .error = (kreal)s->error,
                     .over = (kreal)s->over},
        .estoi = s->estoi,
        .l1 = s->l1,
        .l2 = s->l2,
        .huber = s->huber,
        .huber_delta = s->huber_delta,
        .si_sdr = s->si_sdr,
        .multi_stft = s->multi_stft,
    };
}

sordino_status design_rates(const char *text, mix_spec *mix, sordino_error *why)
{
    mix->n_rates = 0;
    for (const char *at = text; *at;) {
        char *end;
        const double rate = strtod(at, &end);
        double weight = 1;
        bool good = end != at && rate > 0 && mix->n_rates < MIX_MAX_RATES;
        if (*end == ':') {
            at = end + 1;
            weight = strtod(at, &end);
            good = good && end != at && weight > 0;
        }
        if (!good || !isfinite(rate) || !isfinite(weight) || (*end != ',' && *end != '\0'))
            return error_set(why, SORDINO_BAD_ARG,
                             "'%s' is no list of rates (16000:3,48000:1), at most %d of them", text,
                             (int)MIX_MAX_RATES);
        mix->rates[mix->n_rates] = rate;
        mix->rate_weights[mix->n_rates++] = weight;
        at = end + (*end == ',');
    }
    if (mix->n_rates == 0)
        return error_set(why, SORDINO_BAD_ARG, "No sample rate is given");
    return SORDINO_OK;
}
