#include "core/model/front_text.h"

#include "core/base/error.h"
#include "core/model/json_node.h"
#include "core/model/printable.h"

#include <math.h>
#include <string.h>

enum { MAX_FEATURE_BINS = 4096, MAX_TAPS = 8, MAX_TAP_BINS = 4096, MAX_SAMPLES = 65536 };

#define ANY_DB 1e6 /* offsets and clamps; far beyond what a dB of floats can be */
#define ANY_TIME 1e9

static const char *const feature_names[] = {
    [FEATURE_LOG_LEVEL] = "log_level",
    [FEATURE_LOG_SNR] = "log_snr",
    [FEATURE_PHASE_ADVANCE] = "phase_advance",
};

/* Takes members out of an object by name; after the first fault it does nothing more. */
typedef struct taker {
    const json_node *object;
    const char *where; /* begins the message */
    size_t taken;
    sordino_status status;
    sordino_error *why;
} taker;

static const json_node *take(taker *t, const char *key)
{
    const json_node *const v = t->status ? NULL : json_node_member(t->object, key);
    if (!v && !t->status)
        t->status = error_set(t->why, SORDINO_BAD_MODEL, "%s: \"%s\" is missing", t->where, key);
    t->taken += v != NULL;
    return v;
}

static double take_number(taker *t, const char *key, double least, double most)
{
    double x = 0.0;
    const json_node *const v = take(t, key);
    if (v && !json_node_number(v, &x))
        t->status =
            error_set(t->why, SORDINO_BAD_MODEL, "%s: \"%s\" is not a number", t->where, key);
    else if (v && !(x >= least && x <= most))
        t->status = error_set(t->why, SORDINO_BAD_MODEL, "%s: \"%s\" is %g; it must be in %g..%g",
                              t->where, key, x, least, most);
    return x;
}

static uint32_t take_count(taker *t, const char *key, double least, double most)
{
    const double x = take_number(t, key, least, most);
    if (!t->status && x != floor(x))
        t->status = error_set(t->why, SORDINO_BAD_MODEL, "%s: \"%s\" is %g; it must be whole",
                              t->where, key, x);
    return t->status ? 0 : (uint32_t)x;
}

static const char *take_text(taker *t, const char *key)
{
    const json_node *const v = take(t, key);
    const char *const text = v ? json_node_text(v) : NULL;
    if (v && !text)
        t->status = error_set(t->why, SORDINO_BAD_MODEL, "%s: \"%s\" is not text", t->where, key);
    return text;
}

static const json_node *take_array(taker *t, const char *key, size_t most)
{
    const json_node *const v = take(t, key);
    if (v && (!json_node_is_array(v) || json_node_size(v) < 1 || json_node_size(v) > most)) {
        t->status = error_set(t->why, SORDINO_BAD_MODEL, "%s: \"%s\" must be a list of 1 to %zu",
                              t->where, key, most);
        return NULL;
    }
    return v;
}

/* Names the first key that is none of `known` (n) when there is one. */
static void refuse_others(taker *t, const char *const *known, size_t n)
{
    if (t->status || json_node_size(t->object) == t->taken)
        return;
    for (json_walk w = json_walk_start(t->object); w.key; json_walk_next(&w)) {
        size_t i = 0;
        while (i < n && strcmp(known[i], w.key) != 0)
            i++;
        if (i == n) {
            t->status = error_set(t->why, SORDINO_BAD_MODEL, "%s: \"%s\" is not known", t->where,
                                  printable_name(w.key).text);
            return;
        }
    }
}

static void read_bands(taker *t, front_spec *f)
{
    const json_node *const v = take_array(t, "bands_hz", BANDS_MAX);
    f->n_bands = v ? (uint32_t)json_node_size(v) : 0;
    for (uint32_t i = 0; i < f->n_bands && !t->status; i++) {
        double *const hz = &f->band_hz[i];
        const bool number = json_node_number(json_node_item(v, i), hz);
        if (!number || !(*hz >= 0.0 && *hz <= 1e6))
            t->status = error_set(t->why, SORDINO_BAD_MODEL,
                                  "%s: band %u is not a number of hertz in 0..1000000", t->where,
                                  (unsigned)i);
        else if (i > 0 && *hz <= hz[-1])
            t->status = error_set(t->why, SORDINO_BAD_MODEL,
                                  "%s: band %u at %g Hz is not above band %u at %g Hz", t->where,
                                  (unsigned)i, *hz, (unsigned)i - 1, hz[-1]);
    }
}

static void read_feature(taker *t, bool strict, feature_spec *f)
{
    static const char *const known[] = {"bins", "kind", "high", "low", "offset", "scale"};
    const char *const name = take_text(t, "kind");
    size_t kind = 0;
    while (name && kind < 3 && strcmp(feature_names[kind], name) != 0)
        kind++;
    if (name && kind == 3)
        t->status = error_set(t->why, SORDINO_UNSUPPORTED,
                              "%s: feature \"%s\" is not known to this version", t->where,
                              printable_name(name).text);
    f->kind = (feature_kind)kind;
    if (f->kind == FEATURE_PHASE_ADVANCE) {
        f->bins = take_count(t, "bins", 1, MAX_FEATURE_BINS);
    } else {
        f->offset = take_number(t, "offset", -ANY_DB, ANY_DB);
        f->scale = take_number(t, "scale", -ANY_DB, ANY_DB);
        f->low = take_number(t, "low", -ANY_DB, ANY_DB);
        f->high = take_number(t, "high", -ANY_DB, ANY_DB);
        if (!t->status && !(f->low < f->high))
            t->status = error_set(t->why, SORDINO_BAD_MODEL,
                                  "%s: \"low\" is %g; it must be below \"high\", %g", t->where,
                                  f->low, f->high);
    }
    if (strict && f->kind == FEATURE_PHASE_ADVANCE)
        refuse_others(t, known, 2);
    else if (strict)
        refuse_others(t, known + 1, 5);
}

static void read_features(taker *t, bool strict, front_spec *f)
{
    const json_node *const v = take_array(t, "features", FEATURES_MAX);
    f->n_features = v ? (uint32_t)json_node_size(v) : 0;
    for (uint32_t i = 0; i < f->n_features && !t->status; i++) {
        taker one = {.object = json_node_item(v, i), .where = "A feature", .why = t->why};
        read_feature(&one, strict, &f->features[i]);
        t->status = one.status;
    }
}

static void read_stft(taker *t, bool strict, front_spec *f)
{
    static const char *const known[] = {"bands_hz",   "features", "hop",  "kind",  "level_fall",
                                        "level_rise", "tap_bins", "taps", "window"};
    f->kind = FRONT_STFT;
    f->window = take_number(t, "window", 0.002, 0.2);
    /* A hop such as 0.0025 of a window of 0.02 may round to just outside. */
    f->hop = take_number(t, "hop", f->window / 8.0 * (1.0 - 1e-9), f->window / 2.0 * (1.0 + 1e-9));
    read_bands(t, f);
    read_features(t, strict, f);
    f->level_rise = take_number(t, "level_rise", 1e-6, 1e3);
    f->level_fall = take_number(t, "level_fall", 1e-6, 1e3);
    f->taps = take_count(t, "taps", 0, MAX_TAPS);
    f->tap_bins = take_count(t, "tap_bins", f->taps ? 1 : 0, f->taps ? MAX_TAP_BINS : 0);
    if (strict)
        refuse_others(t, known, sizeof known / sizeof known[0]);
}

static void read_wave(taker *t, bool strict, front_spec *f)
{
    static const char *const known[] = {"hop_samples",    "kind", "lag_samples",
                                        "predicts_noise", "rate", "scale_time"};
    f->kind = FRONT_WAVE;
    f->rate = take_number(t, "rate", 0.0, 1e9);
    f->hop_samples = take_count(t, "hop_samples", 1, MAX_SAMPLES);
    f->lag_samples = take_count(t, "lag_samples", 0, MAX_SAMPLES);
    f->scale_time = take_number(t, "scale_time", 1e-9, ANY_TIME);
    const json_node *const v = take(t, "predicts_noise");
    if (v && !json_node_bool(v, &f->predicts_noise))
        t->status = error_set(t->why, SORDINO_BAD_MODEL,
                              "%s: \"predicts_noise\" must be true or false", t->where);
    if (strict)
        refuse_others(t, known, sizeof known / sizeof known[0]);
}

static void read_front(taker *t, bool strict, front_spec *f)
{
    if (!json_node_is_object(t->object)) {
        t->status = error_set(t->why, SORDINO_BAD_MODEL, "sordino.front_end is not an object");
        return;
    }
    const char *const kind = take_text(t, "kind");
    if (kind && strcmp(kind, "stft") == 0)
        read_stft(t, strict, f);
    else if (kind && strcmp(kind, "wave") == 0)
        read_wave(t, strict, f);
    else if (kind)
        t->status =
            error_set(t->why, SORDINO_UNSUPPORTED, "%s: kind \"%s\" is not known to this version",
                      t->where, printable_name(kind).text);
}

sordino_status front_text_read(const char *text, bool strict, front_spec *out, sordino_error *why)
{
    json_node *root;
    *out = (front_spec){0};
    const sordino_status status =
        json_node_parse(text, strlen(text), "sordino.front_end", &root, why);
    if (status)
        return status;
    taker t = {.object = root, .where = "The front end", .why = why};
    read_front(&t, strict, out);
    json_node_free(root);
    return t.status;
}

static void put_number(json_text *t, const char *key, double x)
{
    json_text_char(t, ',');
    json_text_string(t, key);
    json_text_char(t, ':');
    json_text_number(t, x);
}

static void put_feature(json_text *t, const feature_spec *f)
{
    if (f->kind == FEATURE_PHASE_ADVANCE) {
        json_text_raw(t, "{\"bins\":");
        json_text_number(t, f->bins);
        json_text_raw(t, ",\"kind\":");
        json_text_string(t, feature_names[f->kind]);
    } else {
        json_text_raw(t, "{\"high\":");
        json_text_number(t, f->high);
        json_text_raw(t, ",\"kind\":");
        json_text_string(t, feature_names[f->kind]);
        put_number(t, "low", f->low);
        put_number(t, "offset", f->offset);
        put_number(t, "scale", f->scale);
    }
    json_text_char(t, '}');
}

static void put_stft(json_text *t, const front_spec *f)
{
    json_text_raw(t, "{\"bands_hz\":[");
    for (uint32_t i = 0; i < f->n_bands && i < BANDS_MAX; i++) {
        if (i > 0)
            json_text_char(t, ',');
        json_text_number(t, f->band_hz[i]);
    }
    json_text_raw(t, "],\"features\":[");
    for (uint32_t i = 0; i < f->n_features && i < FEATURES_MAX; i++) {
        if (i > 0)
            json_text_char(t, ',');
        put_feature(t, &f->features[i]);
    }
    json_text_raw(t, "]");
    put_number(t, "hop", f->hop);
    json_text_raw(t, ",\"kind\":\"stft\"");
    put_number(t, "level_fall", f->level_fall);
    put_number(t, "level_rise", f->level_rise);
    put_number(t, "tap_bins", f->taps ? f->tap_bins : 0);
    put_number(t, "taps", f->taps);
    put_number(t, "window", f->window);
    json_text_char(t, '}');
}

static void put_wave(json_text *t, const front_spec *f)
{
    json_text_raw(t, "{\"hop_samples\":");
    json_text_number(t, f->hop_samples);
    json_text_raw(t, ",\"kind\":\"wave\"");
    put_number(t, "lag_samples", f->lag_samples);
    json_text_raw(t, ",\"predicts_noise\":");
    json_text_raw(t, f->predicts_noise ? "true" : "false");
    put_number(t, "rate", f->rate);
    put_number(t, "scale_time", f->scale_time);
    json_text_char(t, '}');
}

void front_text_write(json_text *t, const front_spec *front)
{
    if (front->kind == FRONT_STFT)
        put_stft(t, front);
    else
        put_wave(t, front);
}

uint32_t front_input_width(const front_spec *front)
{
    if (front->kind == FRONT_WAVE)
        return front->hop_samples;
    uint32_t width = 0;
    for (uint32_t i = 0; i < front->n_features; i++)
        width += front->features[i].kind == FEATURE_PHASE_ADVANCE ? 2 * front->features[i].bins
                                                                  : front->n_bands;
    return width;
}

uint32_t front_output_width(const front_spec *front)
{
    if (front->kind == FRONT_WAVE)
        return front->hop_samples;
    return front->n_bands + 2 * front->taps * front->tap_bins;
}
