#include "trainer/run/settings.h"

#include "common/options.h"
#include "core/base/error.h"
#include "trainer/signals/signal.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* INTEGER: a whole number kept as a double. */
typedef enum setting_type { FLAG, NUMBER, INTEGER, WHOLE, LONG, TEXT, LIST } setting_type;

typedef struct setting {
    const char *name, *value, *help, *group;
    setting_type type;
    size_t offset;
    double low, high; /* of numbers */
    bool fingerprint; /* bears on the result */
} setting;

#define AT(field) offsetof(settings, field)
#define MIX(field) (offsetof(settings, mix) + offsetof(mix_spec, field))
#define CHANCE(name, field, help)                                                                  \
    {                                                                                              \
        name, "P", help, mixing, NUMBER, MIX(field), 0, 1, true                                    \
    }

#define files "Files"
#define length "How long"
#define data "Signals and noise"
#define mixing "Mixing"
#define shape "Network and front end"
#define cost "Loss"
#define descent "Optimiser"
#define scoring "Validation"
#define about "About the model"

static const setting table[] = {
    {"output", "FILE", "the model to write (.safetensors)", files, TEXT, AT(output), 0, 0, false},
    {"from", "MODEL", "start from this model, or from nothing; speech starts from 'speech'", files,
     TEXT, AT(from), 0, 0, true},
    {"checkpoint", "FILE", "where the run is saved; else OUTPUT.checkpoint", files, TEXT,
     AT(checkpoint), 0, 0, false},
    {"resume", NULL, "go on from the checkpoint", files, FLAG, AT(resume), 0, 0, false},
    {"log", "FILE", "a line of JSON for each report; else OUTPUT.jsonl", files, TEXT, AT(log), 0, 0,
     false},
    {"picture", "FILE", "curves of loss and scores; else OUTPUT.png", files, TEXT, AT(picture), 0,
     0, false},
    {"card", "FILE", "the model's card; else OUTPUT.md", files, TEXT, AT(card), 0, 0, false},
    {"force", NULL, "replace files that are there", files, FLAG, AT(force), 0, 0, false},
    {"even-if-worse", NULL, "write a model that loses to what it is compared with", files, FLAG,
     AT(even_if_worse), 0, 0, false},
    {"quiet", NULL, "no progress", files, FLAG, AT(quiet), 0, 0, false},

    {"minutes", "M", "stop after so many minutes", length, NUMBER, AT(minutes), 0, 1e6, false},
    {"hours", "H", "stop after so many hours of audio", length, NUMBER, AT(hours), 0, 1e7, false},
    {"steps", "N", "stop after so many steps", length, INTEGER, AT(steps), 0, 1e12, false},
    {"seed", "N", "of everything random", length, LONG, AT(seed), 0, 0, true},
    {"threads", "N", "0: one a processor", length, WHOLE, AT(threads), 0, 256, false},

    {"signal", "KIND[:W],...", "generated clean signals, with weights", data, LIST, AT(signal), 0,
     0, true},
    {"clean", "DIR[:W]", "recorded clean signals", data, LIST, AT(clean), 0, 0, true},
    {"clean-weight", "W", "of all recorded signals", data, NUMBER, AT(clean_weight), 0, 1e6, true},
    {"signal-weight", "W", "of all generated signals", data, NUMBER, AT(signal_weight), 0, 1e6,
     true},
    {"espeak", "W", "weight of speech by espeak-ng", data, NUMBER, AT(espeak), 0, 1e6, true},
    {"noise", "DIR|FILE|KIND[:W]", "recorded or generated noise", data, LIST, AT(noise), 0, 0,
     true},
    {"noise-from", "FILE START-END", "a passage of a recording as noise", data, LIST,
     AT(noise_from), 0, 0, true},
    {"held-out", "P", "share of recordings kept for scoring", data, NUMBER, AT(held_out), 0, 0.9,
     true},
    {"held-out-list", "FILE", "names of the recordings kept for scoring", data, TEXT,
     AT(held_out_list), 0, 0, true},
    {"rates", "HZ[:W],...", "sample rates trained at", data, TEXT, AT(rates), 0, 0, true},

    {"seconds", "S", "length of a training example", mixing, NUMBER, MIX(seconds), 0.01, 600, true},
    {"samples", "N", "the same in samples (sensors); 0: by seconds", mixing, INTEGER, MIX(samples),
     0, 1e7, true},
    {"snr-low", "DB", "lowest ratio of signal to noise", mixing, NUMBER, MIX(snr_low), -60, 60,
     true},
    {"snr-high", "DB", "highest", mixing, NUMBER, MIX(snr_high), -60, 60, true},
    CHANCE("clear-chance", clear_chance, "of a nearly clean example"),
    CHANCE("noise-only-chance", noise_only_chance, "of noise alone"),
    CHANCE("second-noise-chance", second_noise_chance, "of a second noise"),
    {"level-low", "DB", "lowest level", mixing, NUMBER, MIX(level_low), -100, 100, true},
    {"level-high", "DB", "highest", mixing, NUMBER, MIX(level_high), -100, 100, true},
    CHANCE("filter-chance", filter_chance, "of random filters"),
    CHANCE("band-limit-chance", band_limit_chance, "of a limited band"),
    CHANCE("low-pass-chance", low_pass_chance, "of all as through a lower rate"),
    CHANCE("fill-chance", fill_chance, "of narrow noise going on above its band"),
    CHANCE("resample-chance", resample_chance, "of noise at another speed"),
    CHANCE("speed-chance", speed_chance, "of recorded signal at another speed"),
    CHANCE("clip-chance", clip_chance, "of a clipped mixture"),
    CHANCE("room-chance", room_chance, "of a room's response"),
    CHANCE("quantise-chance", quantise_chance, "of few bits"),
    CHANCE("gain-change-chance", gain_change_chance, "of noise that changes its level"),
    CHANCE("gaussian-chance", gaussian_chance, "of added white noise"),
    CHANCE("salt-pepper-chance", salt_pepper_chance, "of single wild samples"),
    CHANCE("masking-chance", masking_chance, "of dropouts"),
    CHANCE("blocks-chance", blocks_chance, "of missing blocks"),
    {"pool", "N", "passages kept of each slow generator", mixing, WHOLE, MIX(pool), 0, 100000,
     true},
    {"pool-seconds", "S", "length of each", mixing, NUMBER, MIX(pool_seconds), 0.1, 600, true},
    {"pool-rate", "HZ", "rate they are made at", mixing, NUMBER, MIX(pool_rate), 8000, 192000,
     true},
    {"pool-refresh", "N", "made anew each step", mixing, NUMBER, MIX(pool_refresh), 0, 1000, true},

    {"network", "NAME", "speech-s, -l, -x, -gru or sensor", shape, TEXT, AT(network), 0, 0, true},
    {"features", "LIST", "of level, snr, phase", shape, TEXT, AT(features), 0, 0, true},
    {"channels", "N", "of the residual path; 0: the preset's", shape, INTEGER, AT(channels), 0,
     4096, true},
    {"hidden", "N", "channels inside a block", shape, INTEGER, AT(hidden), 0, 4096, true},
    {"kernel", "N", "taps over time", shape, INTEGER, AT(kernel), 0, 64, true},
    {"dilations", "N,...", "of each block", shape, TEXT, AT(dilations), 0, 0, true},
    {"blocks", "N", "of speech-gru; 0: the preset's", shape, INTEGER, AT(blocks), 0, 64, true},
    {"mixer", "N", "speech-x and -gru: channels that mix across the band", shape, INTEGER,
     AT(mixer), 0, 256, true},
    {"norm", NULL, "batch norm after activations", shape, FLAG, AT(norm), 0, 0, true},
    {"taps", "N", "complex taps over time; 0: gains only", shape, INTEGER, AT(taps), -1, 8, true},
    {"tap-bins", "N", "bins that have them", shape, INTEGER, AT(tap_bins), 0, 4096, true},
    {"window", "S", "of the transform", shape, NUMBER, AT(window), 0.002, 0.2, true},
    {"hop", "S", "of the transform", shape, NUMBER, AT(hop), 0.0005, 0.1, true},
    {"hop-samples", "N", "sensor: samples a frame", shape, INTEGER, AT(hop_samples), 1, 65536,
     true},
    {"lag", "N", "sensor: samples of delay", shape, INTEGER, AT(lag_samples), 0, 65536, true},
    {"scale-time", "S", "sensor: of the running scale, in samples when any rate", shape, NUMBER,
     AT(scale_time), 0, 1e9, true},
    {"predict-signal", NULL, "sensor: the output is the signal, not the noise", shape, FLAG,
     AT(predict_noise), 0, 0, true},

    {"power", "C", "compression of magnitudes", cost, NUMBER, AT(power), 0.1, 1, true},
    {"magnitude", "W", "weight of compressed magnitudes", cost, NUMBER, AT(magnitude), 0, 1e6,
     true},
    {"complex", "W", "weight of compressed spectra", cost, NUMBER, AT(complex), 0, 1e6, true},
    {"error", "W", "weight of the log error ratio", cost, NUMBER, AT(error), 0, 1e6, true},
    {"over", "W", "penalty on over-attenuation", cost, NUMBER, AT(over), 0, 1e6, true},
    {"estoi", "W", "weight of 1 - ESTOI of the spectra", cost, NUMBER, AT(estoi), 0, 1e6, true},
    {"l1", "W", "mean absolute error", cost, NUMBER, AT(l1), 0, 1e6, true},
    {"l2", "W", "mean squared error", cost, NUMBER, AT(l2), 0, 1e6, true},
    {"huber", "W", "Huber's loss", cost, NUMBER, AT(huber), 0, 1e6, true},
    {"huber-delta", "D", "where it turns linear", cost, NUMBER, AT(huber_delta), 1e-6, 1e6, true},
    {"si-sdr", "W", "minus the scale-invariant SDR in dB", cost, NUMBER, AT(si_sdr), 0, 1e6, true},
    {"multi-stft", "W", "multi-resolution spectra", cost, NUMBER, AT(multi_stft), 0, 1e6, true},

    {"batch", "N", "examples a step", descent, WHOLE, AT(batch), 1, 4096, true},
    {"lanes", "N", "parts of a batch that run in parallel", descent, WHOLE, AT(lanes), 1, 256,
     true},
    {"learning-rate", "R", "at its highest", descent, NUMBER, AT(learning_rate), 0, 1, true},
    {"find-rate", NULL, "try learning rates below that one first, and go on with the best", descent,
     FLAG, AT(find_rate), 0, 0, true},
    {"tune", NULL, "fit the start model to the noise; the rule for a built-in one", descent, FLAG,
     AT(tune), 0, 0, true},
    {"muon", NULL, "matrices of inner layers go by Muon instead of AdamW", descent, FLAG, AT(muon),
     0, 0, true},
    {"decay", "R", "of weights", descent, NUMBER, AT(decay), 0, 10, true},
    {"warm-up", "N", "steps", descent, INTEGER, AT(warm_up), 0, 1e9, true},
    {"cool-down", "P", "share of the run with a falling rate", descent, NUMBER, AT(cool_down), 0, 1,
     true},
    {"clip", "X", "largest norm of a gradient", descent, NUMBER, AT(clip), 0, 1e9, true},
    {"ema", "R", "memory of the averaged weights", descent, NUMBER, AT(ema), 0, 0.999999, true},

    {"validation-items", "N", "held-out mixtures scored", scoring, WHOLE, AT(validation_items), 4,
     10000, true},
    {"validation-snr", "DB,...", "their ratios of signal to noise; else 0,5,10,15", scoring, TEXT,
     AT(validation_snr), 0, 0, true},
    {"validate-every", "H", "hours of audio between scorings; 0: about ten times a run", scoring,
     NUMBER, AT(validate_every), 0, 1e6, true},

    {"name", "TEXT", "of the model", about, TEXT, AT(name), 0, 0, false},
    {"description", "TEXT", "in a sentence", about, TEXT, AT(description), 0, 0, false},
    {"licence", "TEXT", "of the model", about, TEXT, AT(licence), 0, 0, false},
    {"notes", "TEXT", "sources and attributions", about, TEXT, AT(notes), 0, 0, false},
};
enum { N_SETTINGS = sizeof table / sizeof *table };
_Static_assert((int)N_SETTINGS <= (int)SETTINGS_MAX, "settings.given has room for all");

static void *field(const settings *s, const setting *t)
{
    return (char *)s + t->offset; /* the table's offsets are of mutable fields */
}

void settings_init(settings *s)
{
    *s = (settings){
        .seed = 1,
        .clean_weight = 1,
        .signal_weight = 1,
        .held_out = 0.1,
        .channels = 0,
        .taps = -1,
        .window = 0.02,
        .hop = 0.01,
        .hop_samples = 1,
        .predict_noise = true,
        .power = 0.3,
        .magnitude = 0.7,
        .complex = 0.3,
        .error = 0.01,
        .over = 0.15,
        .huber_delta = 1,
        .batch = 8,
        .lanes = 4,
        .learning_rate = 2e-3,
        .decay = 0.01,
        .warm_up = 200,
        .cool_down = 0.5,
        .clip = 1,
        .ema = 0.999,
        .validation_items = 48,
    };
    mix_spec_init(&s->mix);
}

void settings_init_sensor(settings *s)
{
    settings_init(s);
    mix_spec_init_sensor(&s->mix);
    s->l1 = 1;
    s->batch = 8;
}

static void empty_list(setting_list *l)
{
    for (uint32_t k = 0; k < l->n; k++)
        free(l->items[k]);
    l->n = 0;
}

void settings_free(settings *s)
{
    for (size_t i = 0; i < N_SETTINGS; i++) {
        if (table[i].type == TEXT)
            free(*(char **)field(s, &table[i]));
        if (table[i].type == LIST)
            empty_list(field(s, &table[i]));
    }
    *s = (settings){0};
}

static const setting *find(const char *name)
{
    for (size_t i = 0; i < N_SETTINGS; i++)
        if (strcmp(table[i].name, name) == 0)
            return &table[i];
    return NULL;
}

/* The setting as a row of the program's table of options; numbers are read by it. */
static option_row row_of(const setting *t)
{
    option_row row = {.name = t->name,
                      .value = t->value,
                      .help = t->help,
                      .at = t->offset,
                      .low = t->low,
                      .high = t->high,
                      .most = t->type == LONG ? UINT64_MAX : (uint64_t)fmax(t->high, 0),
                      .bytes = t->type == LONG ? sizeof(uint64_t) : sizeof(uint32_t),
                      .mark = t->fingerprint};
    if (t->type == FLAG) /* one is named by what is not usual */
        row.kind = t->offset == AT(predict_noise) ? OPTION_OFF : OPTION_ON;
    else
        row.kind = t->type == NUMBER                     ? OPTION_NUMBER
                   : t->type == INTEGER                  ? OPTION_INTEGER
                   : t->type == WHOLE || t->type == LONG ? OPTION_WHOLE
                                                         : OPTION_READ;
    return row;
}

/* Whether every part between commas is the name of a generator, with a weight or without. */
static bool all_kinds(const char *value)
{
    while (*value) {
        char name[64];
        const size_t n = strcspn(value, ",");
        snprintf(name, sizeof name, "%.*s", (int)strcspn(value, ":,"), value);
        if (!signal_find(name))
            return false;
        value += n + (value[n] == ',');
    }
    return true;
}

/* "a,b" grows the list by two where commas part generators; paths keep theirs. */
static sordino_status add_item(const setting *t, setting_list *l, const char *value,
                               sordino_error *why)
{
    const bool commas = t->offset == AT(signal) || (t->offset == AT(noise) && all_kinds(value));
    while (*value) {
        const size_t n = commas ? strcspn(value, ",") : strlen(value);
        if (l->n == SETTINGS_MAX_LIST)
            return error_set(why, SORDINO_BAD_ARG, "is more than the %d that fit",
                             (int)SETTINGS_MAX_LIST);
        char *const item = strndup(value, n);
        if (!item)
            return error_set(why, SORDINO_NO_MEM, "Out of memory for settings");
        l->items[l->n++] = item;
        value += n + (value[n] == ',');
    }
    return SORDINO_OK;
}

static sordino_status set_text(char **at, const char *value, sordino_error *why)
{
    char *const copy = strdup(value);
    if (!copy)
        return error_set(why, SORDINO_NO_MEM, "Out of memory for settings");
    free(*at);
    *at = copy;
    return SORDINO_OK;
}

/* Sets one; what is wrong is told without its name. */
static sordino_status put(settings *s, const setting *t, const char *value, sordino_error *why)
{
    const option_row row = row_of(t);
    void *const at = field(s, t);
    sordino_error wrong = {0};
    sordino_status status;
    s->given[t - table] = true;
    if (t->type == LIST && s->stale[t - table])
        empty_list(at);
    s->stale[t - table] = false;
    if (t->type != FLAG && (!value || *value == '\0'))
        return error_set(why, SORDINO_BAD_ARG, "needs a value; give %s", t->value);
    if (t->type == TEXT)
        return set_text(at, value, why);
    if (t->type == LIST)
        return add_item(t, at, value, why);
    if (t->type == FLAG && value && strcmp(value, "no") == 0)
        *(bool *)at = row.kind == OPTION_OFF;
    else if (t->type == FLAG && value && *value && strcmp(value, "yes") != 0)
        return error_set(why, SORDINO_BAD_ARG, "'%s' is not served; give yes or no", value);
    else if ((status = option_store(&row, value, at, &wrong)) != SORDINO_OK)
        return error_set(why, status, "%s", wrong.text);
    return SORDINO_OK;
}

sordino_status settings_set(settings *s, const char *name, const char *value, sordino_error *why)
{
    const setting *const t = find(name);
    sordino_error inner = {0};
    if (!t) {
        option_row rows[N_SETTINGS];
        const char *const near = option_nearest(rows, settings_rows(rows), name);
        return near ? error_set(why, SORDINO_BAD_ARG, "%s: is no setting; did you mean %s?", name,
                                near)
                    : error_set(why, SORDINO_BAD_ARG, "%s: is no setting; see --help", name);
    }
    const sordino_status status = put(s, t, value, &inner);
    return status == SORDINO_OK ? status : error_set(why, status, "%s: %s", name, inner.text);
}

static sordino_status read_setting(void *all, void *at, const option_row *row, const char *text,
                                   sordino_error *why)
{
    return put(all, find(row->name), text, why);
}

size_t settings_rows(option_row *to)
{
    for (size_t i = 0; i < N_SETTINGS; i++) {
        to[i] = row_of(&table[i]);
        to[i].described = table[i].value ? to[i].kind : OPTION_ON;
        to[i].kind = table[i].offset == AT(noise_from) ? OPTION_PAIR : OPTION_READ;
        to[i].read = read_setting;
        if (i == 0 || strcmp(table[i].group, table[i - 1].group) != 0)
            to[i].group = table[i].group;
        to[i].letter = table[i].offset == AT(output) ? 'o' : table[i].offset == AT(quiet) ? 'q' : 0;
        if (table[i].offset == AT(network))
            to[i].choices = "speech-s speech-l speech-x speech-gru sensor";
    }
    return N_SETTINGS;
}

bool settings_given(const settings *s, const char *name)
{
    const setting *const t = find(name);
    return t && s->given[t - table];
}

const char *settings_start(const settings *s)
{
    return s->from && strcmp(s->from, SETTINGS_FROM_NOTHING) != 0 ? s->from : NULL;
}

sordino_status settings_tune(settings *s, sordino_error *why)
{
    /* A start model has learnt what speech is; noise of one kind, as it was recorded, is what it is
     * shown. Its loss is that of models/speech.recipe. */
    static const char *const usual[][2] = {
        {"learning-rate", "2e-3"},
        {"warm-up", "10"},
        {"cool-down", "0.7"},
        {"over", "1"},
        {"estoi", "0.1"},
        {"second-noise-chance", "0"},
        {"resample-chance", "0.1"},
        {"filter-chance", "0.25"},
        {"noise-only-chance", "0.02"},
        {"pool", "48"},
    };
    for (size_t i = 0; i < sizeof usual / sizeof *usual; i++) {
        const setting *const t = find(usual[i][0]);
        /* Those of a sensor's model are in samples, and stay what they are. */
        if (s->given[t - table] || (s->mix.sensor && strcmp(t->group, cost) == 0))
            continue;
        if (strcmp(t->name, "learning-rate") == 0 && !settings_given(s, "find-rate"))
            s->find_rate = true;
        const sordino_status status = settings_set(s, t->name, usual[i][1], why);
        s->given[t - table] = false;
        if (status != SORDINO_OK)
            return status;
    }
    s->tune = true;
    return SORDINO_OK;
}

/* `line` is cut up: NAME, blanks or '=', VALUE. */
static sordino_status read_line(settings *s, char *line, sordino_error *why)
{
    static const char *const blanks = " \t\r\n";
    char *const comment = line[0] == '#' ? line : strstr(line, " #");
    if (comment)
        *comment = '\0';
    line += strspn(line, blanks);
    size_t n = strlen(line);
    while (n > 0 && strchr(blanks, line[n - 1]))
        line[--n] = '\0';
    if (n == 0)
        return SORDINO_OK;
    char *value = line + strcspn(line, " \t=");
    if (*value) {
        *value++ = '\0';
        value += strspn(value, " \t=");
    }
    return settings_set(s, line, value, why);
}

sordino_status settings_read(settings *s, const char *path, sordino_error *why)
{
    FILE *f = fopen(path, "r");
    if (!f)
        return error_set(why, SORDINO_IO, "%s: %s", path, strerror(errno));
    char line[4096];
    unsigned number = 0;
    sordino_status status = SORDINO_OK;
    while (status == SORDINO_OK && fgets(line, sizeof line, f)) {
        sordino_error inner = {0};
        number++;
        status = strlen(line) + 1 < sizeof line
                     ? read_line(s, line, &inner)
                     : error_set(&inner, SORDINO_BAD_ARG, "The line is too long");
        if (status != SORDINO_OK)
            (void)error_set(why, status, "%s: line %u: %s", path, number, inner.text);
    }
    if (status == SORDINO_OK && ferror(f))
        status = error_set(why, SORDINO_IO, "%s: cannot be read", path);
    fclose(f);
    return status;
}

sordino_status settings_bring_back(settings *s, const char *text, sordino_error *why)
{
    static const char *const sitting[] = {"force", "even-if-worse", "resume", "quiet"};
    sordino_status status = SORDINO_OK;
    for (const char *at = text; status == SORDINO_OK && *at;) {
        const size_t n = strcspn(at, "\n");
        char *const line = strndup(at, n);
        bool passed = false;
        for (size_t i = 0; line && i < sizeof sitting / sizeof *sitting; i++)
            passed = passed || strncmp(line, sitting[i], strlen(sitting[i])) == 0;
        if (!line)
            status = error_set(why, SORDINO_NO_MEM, "Out of memory for settings");
        else if (!passed)
            status = read_line(s, line, why);
        free(line);
        at += n + (at[n] == '\n');
    }
    for (size_t i = 0; i < N_SETTINGS; i++)
        s->stale[i] = table[i].type == LIST && s->given[i];
    return status;
}

/* `always`: also where it is the usual one. */
static void print_setting(const settings *s, const settings *usual, const setting *t, bool always,
                          FILE *to)
{
    const void *const at = field(s, t), *const was = field(usual, t);
    switch (t->type) {
    case FLAG:
        if (*(const bool *)at != *(const bool *)was)
            fprintf(to, "%s %s\n", t->name, "yes");
        else if (always)
            fprintf(to, "%s %s\n", t->name, "no");
        break;
    case NUMBER:
    case INTEGER:
        if (always || *(const double *)at != *(const double *)was)
            fprintf(to, "%s %.17g\n", t->name, *(const double *)at);
        break;
    case WHOLE:
        if (always || *(const uint32_t *)at != *(const uint32_t *)was)
            fprintf(to, "%s %u\n", t->name, (unsigned)*(const uint32_t *)at);
        break;
    case LONG:
        if (always || *(const uint64_t *)at != *(const uint64_t *)was)
            fprintf(to, "%s %llu\n", t->name, (unsigned long long)*(const uint64_t *)at);
        break;
    case TEXT:
        if (*(char *const *)at)
            fprintf(to, "%s %s\n", t->name, *(char *const *)at);
        break;
    case LIST: {
        const setting_list *const l = at;
        for (uint32_t k = 0; k < l->n; k++)
            fprintf(to, "%s %s\n", t->name, l->items[k]);
    }
    }
}

char *settings_text(const settings *s, bool fingerprint)
{
    settings usual;
    char *text = NULL;
    size_t size;
    FILE *to = open_memstream(&text, &size);
    if (!to)
        return NULL;
    if (s->mix.sensor)
        settings_init_sensor(&usual);
    else
        settings_init(&usual);
    for (size_t i = 0; i < N_SETTINGS; i++) {
        const bool nothing = table[i].offset == AT(from) && !settings_start(s);
        if (!fingerprint || (table[i].fingerprint && !nothing))
            print_setting(s, &usual, &table[i], !fingerprint && s->given[i], to);
    }
    settings_free(&usual);
    if (fclose(to) != 0) {
        free(text);
        return NULL;
    }
    return text;
}
