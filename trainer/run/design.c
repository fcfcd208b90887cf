#include "trainer/run/design.h"

#include "common/values.h"
#include "core/base/error.h"
#include "trainer/net/presets.h"

#include <float.h>
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

/* "1,2,4" into dilations [PRESET_MAX_BLOCKS] of so many blocks. */
static sordino_status read_dilations(const char *text, uint32_t *dilations, uint32_t *n_blocks,
                                     sordino_error *why)
{
    *n_blocks = 0;
    for (const char *at = text; *at;) {
        uint64_t d;
        const char *const end = value_whole_part(at, ",", 1, 65536, &d);
        if (!end || *n_blocks == PRESET_MAX_BLOCKS)
            return error_set(why, SORDINO_BAD_ARG, "'%s' is no list of dilations (1,2,4 ...)",
                             text);
        dilations[(*n_blocks)++] = (uint32_t)d;
        at = end + (*end == ',');
    }
    return SORDINO_OK;
}

static sordino_status speech_front(const settings *s, front_spec *f, sordino_error *why)
{
    f->kind = FRONT_STFT;
    f->window = s->window;
    f->hop = s->hop;
    f->level_rise = 0.05;
    f->level_fall = 1;
    speech_bands(f);
    const sordino_status status =
        speech_features(s->features ? s->features : "level,snr,phase", f, why);
    f->taps = s->taps < 0 ? 3 : (uint32_t)s->taps;
    f->tap_bins = f->taps == 0 ? 0 : s->tap_bins > 0 ? (uint32_t)s->tap_bins : PHASE_BINS;
    return status;
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

/* A size that was asked for in place of the preset's; 0: none was. */
static void choose(uint32_t *size, double asked)
{
    if (asked > 0)
        *size = (uint32_t)asked;
}

static sordino_status new_tcn(const settings *s, preset_tcn p, front_spec *f, graph **out,
                              sordino_error *why)
{
    p.norm = s->norm;
    choose(&p.channels, s->channels);
    choose(&p.hidden, s->hidden);
    choose(&p.kernel, s->kernel);
    if (s->dilations) {
        const sordino_status status = read_dilations(s->dilations, p.dilations, &p.n_blocks, why);
        if (status != SORDINO_OK)
            return status;
    }
    if (f->kind == FRONT_WAVE) {
        sensor_front(s, &p, f);
    } else {
        p.input = features_width(f->features, f->n_features, f->n_bands);
        p.gains = f->n_bands;
        p.linear = 2 * f->taps * f->tap_bins;
    }
    return preset_tcn_graph(&p, out, why);
}

static preset_features kinds_of(const front_spec *f)
{
    preset_features kinds = {.n = f->n_features};
    for (uint32_t i = 0; i < f->n_features && i < GRAPH_MAX_INPUTS; i++)
        kinds.pairs[i] = f->features[i].kind == FEATURE_PHASE_ADVANCE ? f->features[i].bins : 0;
    return kinds;
}

static sordino_status new_bands(const settings *s, preset_bands p, const front_spec *f, graph **out,
                                sordino_error *why)
{
    p.bands = f->n_bands;
    p.kinds = kinds_of(f);
    p.norm = s->norm;
    p.taps = f->taps;
    p.tap_bins = f->tap_bins;
    choose(&p.channels, s->channels);
    choose(&p.hidden, s->hidden);
    choose(&p.mixer, s->mixer);
    choose(&p.kernel, s->kernel);
    if (s->dilations) {
        const sordino_status status = read_dilations(s->dilations, p.dilations, &p.n_blocks, why);
        if (status != SORDINO_OK)
            return status;
    }
    return preset_bands_graph(&p, out, why);
}

static sordino_status new_memory(const settings *s, preset_memory p, const front_spec *f,
                                 graph **out, sordino_error *why)
{
    p.bands = f->n_bands;
    p.kinds = kinds_of(f);
    p.norm = s->norm;
    p.taps = f->taps;
    p.tap_bins = f->tap_bins;
    choose(&p.channels, s->channels);
    choose(&p.hidden, s->hidden);
    choose(&p.mixer, s->mixer);
    choose(&p.kernel, s->kernel);
    choose(&p.n_blocks, s->blocks);
    return preset_memory_graph(&p, out, why);
}

/* A size that the network has no place for would be left out in silence. */
static sordino_status check_sizes(const settings *s, const char *name, sordino_error *why)
{
    const bool gru = strcmp(name, "speech-gru") == 0, x = strcmp(name, "speech-x") == 0;
    const char *const wrong = gru && s->dilations          ? "dilations"
                              : !gru && s->blocks > 0      ? "blocks"
                              : !gru && !x && s->mixer > 0 ? "mixer"
                                                           : NULL;
    if (wrong)
        return error_set(why, SORDINO_BAD_ARG, "--%s means nothing to the network %s", wrong, name);
    return SORDINO_OK;
}

sordino_status design_new(const settings *s, front_spec *out_front, graph **out_graph,
                          sordino_error *why)
{
    static const char *const names[] = {"speech-s", "speech-l", "speech-x", "speech-gru", "sensor"};
    enum { S, L, X, GRU, SENSOR, N_NAMES };
    const char *const name = s->network ? s->network : s->mix.sensor ? "sensor" : "speech-s";
    int which = 0;
    *out_front = (front_spec){0};
    *out_graph = NULL;
    while (which < N_NAMES && strcmp(name, names[which]) != 0)
        which++;
    if (which == N_NAMES)
        return error_set(why, SORDINO_BAD_ARG,
                         "There is no network '%s'; there are speech-s, speech-l, speech-x, "
                         "speech-gru and sensor",
                         name);
    sordino_status status = check_sizes(s, name, why);
    if (status == SORDINO_OK && which != SENSOR)
        status = speech_front(s, out_front, why);
    else
        out_front->kind = FRONT_WAVE;
    if (status != SORDINO_OK)
        return status;
    if (which == X)
        return new_bands(s, preset_speech_x(), out_front, out_graph, why);
    if (which == GRU)
        return new_memory(s, preset_speech_gru(), out_front, out_graph, why);
    return new_tcn(s,
                   which == S   ? preset_speech_s()
                   : which == L ? preset_speech_l()
                                : preset_sensor(),
                   out_front, out_graph, why);
}

sordino_status design_serves(const settings *s, const sordino_model *m, const char *name,
                             sordino_error *why)
{
    const bool sound = m->front.kind == FRONT_STFT;
    if (sound != s->mix.sensor)
        return SORDINO_OK;
    return error_set(why, SORDINO_BAD_ARG, "%s is a model for %s, and what is mixed is %s", name,
                     sound ? "sound" : "sensors' signals", sound ? "a sensor's signal" : "sound");
}

/* Width of a node, 0 where there is none of that name. */
static double width_of(const graph *g, const char *name)
{
    const size_t i = graph_find(g, name);
    return i < graph_size(g) ? graph_at(g, i)->width : 0;
}

static double kernel_of(const graph *g, const char *name)
{
    const size_t i = graph_find(g, name);
    for (uint32_t k = 0; i < graph_size(g) && k < graph_at(g, i)->n_attrs; k++)
        if (strcmp(graph_at(g, i)->attrs[k].name, "kernel") == 0)
            return graph_at(g, i)->attrs[k].value;
    return 0;
}

/* Whether the graph is one of new_tcn's, so that its sizes can be read off. */
static bool is_tcn(const graph *g)
{
    const size_t i = graph_find(g, "first");
    return i < graph_size(g) && strcmp(graph_at(g, i)->op, "conv1d") == 0;
}

/* The widths that --network stands for, where they are not given themselves. */
static preset_tcn named_preset(const settings *s)
{
    const char *const name = s->network ? s->network : "";
    if (strcmp(name, "speech-l") == 0)
        return preset_speech_l();
    return strcmp(name, "sensor") == 0 ? preset_sensor() : preset_speech_s();
}

static sordino_status ignored(const char *name, const char *from, sordino_error *why)
{
    return error_set(why, SORDINO_BAD_ARG,
                     "--%s would be ignored: the network is that of %s; leave it out, or give "
                     "--from nothing",
                     name, from);
}

/* Sizes of the layers, where those are the start model's own. */
static sordino_status sizes_agree(const settings *s, const sordino_model *m, sordino_error *why)
{
    const preset_tcn p = named_preset(s);
    const char *const name = s->network;
    const bool named = name != NULL, tcn = is_tcn(m->graph);
    const bool other = named && (strcmp(name, "speech-x") == 0 || strcmp(name, "speech-gru") == 0);
    const struct {
        const char *name;
        bool asked;
        double wanted, has;
    } list[] = {
        {"channels", named || s->channels > 0, s->channels > 0 ? s->channels : p.channels,
         width_of(m->graph, "first")},
        {"hidden", named || s->hidden > 0, s->hidden > 0 ? s->hidden : p.hidden,
         width_of(m->graph, "block0.in")},
        {"kernel", s->kernel > 0, s->kernel, kernel_of(m->graph, "block0.time")},
        {"mixer", s->mixer > 0, 1, 0},
    };
    for (size_t i = 0; i < sizeof list / sizeof *list; i++)
        if (list[i].asked && (!tcn || other || list[i].wanted != list[i].has))
            return ignored(named && !settings_given(s, list[i].name) ? "network" : list[i].name,
                           settings_start(s), why);
    return s->features ? ignored("features", settings_start(s), why) : SORDINO_OK;
}

sordino_status design_agrees(const settings *s, const sordino_model *m, sordino_error *why)
{
    const char *const from = settings_start(s);
    const front_spec *const f = &m->front;
    const bool anew = s->dilations || s->blocks > 0;
    const struct {
        const char *name;
        bool asked;
        double wanted, has;
    } list[] = {
        {"norm", settings_given(s, "norm"), s->norm,
         graph_find(m->graph, "block0.norm1") < graph_size(m->graph)},
        {"taps", s->taps >= 0, s->taps, f->taps},
        {"tap-bins", s->tap_bins > 0, s->tap_bins, f->tap_bins},
        {"window", settings_given(s, "window"), s->window, f->window},
        {"hop", settings_given(s, "hop"), s->hop, f->hop},
        {"hop-samples", settings_given(s, "hop-samples"), s->hop_samples, f->hop_samples},
        {"lag", settings_given(s, "lag"), s->lag_samples, f->lag_samples},
        {"scale-time", s->scale_time > 0, s->scale_time, f->scale_time},
    };
    const sordino_status status = design_serves(s, m, from, why);
    for (size_t i = 0; status == SORDINO_OK && i < sizeof list / sizeof *list; i++)
        if (list[i].asked && list[i].wanted != list[i].has)
            return ignored(list[i].name, from, why);
    return status == SORDINO_OK && !anew ? sizes_agree(s, m, why) : status;
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
        double rate = 0, weight = 1;
        const char *end = value_number_part(at, ":,", 0, DBL_MAX, &rate);
        if (end && *end == ':')
            end = value_number_part(end + 1, ",", 0, DBL_MAX, &weight);
        if (!end || rate == 0 || weight == 0 || mix->n_rates == MIX_MAX_RATES)
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
