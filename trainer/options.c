#include "trainer/options.h"

#include "common/options.h"
#include "core/base/error.h"
#include "trainer/run/checkpoint.h"
#include "trainer/run/design.h"
#include "trainer/run/sources.h"
#include "trainer/signals/signal.h"

#include <sordino/model.h>
#include <sordino/sordino.h>

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SOUND_LOWEST = 8000, SOUND_HIGHEST = 192000 }; /* Hz */

#ifdef SORDINO_ONNX
#define ONNX_LACK
#else
#define ONNX_LACK " (not in this build)"
#endif

static const char *const default_rates = "16000:6,48000:2,32000:0.6,8000:0.4";

_Static_assert(offsetof(options, settings) == 0, "rows of settings have offsets in these");

static sordino_status read_recipe(void *all, void *field, const option_row *row, const char *text,
                                  sordino_error *why)
{
    return settings_read(&((options *)all)->settings, text, why);
}

static sordino_status read_preview(void *all, void *field, const option_row *row, const char *text,
                                   sordino_error *why)
{
    options *const o = all;
    o->preview = true;
    o->preview_folder = text;
    return SORDINO_OK;
}

static const option_row own[] = {
    {.group = "", .name = "help", .letter = 'h', .kind = OPTION_HELP, .help = "print this and end"},
    {.name = "version", .letter = 'V', .kind = OPTION_VERSION, .help = "print the version and end"},
    {.name = "recipe",
     .value = "FILE",
     .kind = OPTION_READ,
     .read = read_recipe,
     .help = "read settings from a file, a line each: NAME VALUE"},
    {.name = "preview",
     .value = "FOLDER",
     .kind = OPTION_READ,
     .read = read_preview,
     .help = "write examples of the signals to a folder, as WAV and PNG, and end"},
    {.name = "score",
     .value = "MODEL",
     .kind = OPTION_TEXT,
     .at = offsetof(options, score),
     .help = "score a model beside the baselines on held-out mixtures, and end"},
    {.name = "export-onnx",
     .value = "MODEL FILE",
     .kind = OPTION_TEXT,
     .at = offsetof(options, onnx_from),
     .second = 1 + offsetof(options, onnx_to),
     .help = "write a model's network as ONNX, and end" ONNX_LACK},
};
enum { N_OWN = sizeof own / sizeof *own };

static void print_kinds(FILE *to)
{
    static const char *const headings[] = {"Clean signals:", "Noise (besides files and folders):"};
    const signal_kind *k;
    for (int noise = 0; noise < 2; noise++) {
        fprintf(to, "\n%s\n", headings[noise]);
        for (size_t i = 0; (k = signal_at(i)) != NULL; i++)
            if (k->is_noise == (noise == 1))
                fprintf(to, "  %-16s%s\n", k->name, k->what);
    }
}

/* Goes through the command line once. */
static options_found read_all(int argc, char **argv, options *o, sordino_error *why)
{
    option_row rows[N_OWN + SETTINGS_MAX];
    const option_table table = {
        .program = "sordino-train",
        .version = sordino_version,
        .intro =
            "Usage: sordino-train [OPTION]... -o MODEL\n\n"
            "Trains a model that removes noise, from recordings of the noise and from recorded\n"
            "or generated clean signals:\n\n"
            "  sordino-train --minutes 5 --noise fan.wav --signal speech -o mine.safetensors\n"
            "  sordino -m mine.safetensors noisy.wav clean.wav\n",
        .end = "Status: 0 a model was written; 1 failure; 2 wrong usage; 3 the model loses to\n"
               "what it is compared with and was kept aside; 130 interrupted, saved.\n",
        .print_more = print_kinds,
        .rows = rows,
        .n_rows = N_OWN + settings_rows(rows + N_OWN),
    };
    int first;
    memcpy(rows, own, sizeof own);
    const option_result result = option_read(&table, argc, argv, o, &first, why);
    if (result != OPTION_GO)
        return result == OPTION_DONE ? OPTIONS_DONE : OPTIONS_BAD;
    if (first < argc) {
        (void)error_set(why, SORDINO_BAD_ARG,
                        "%.100s: is no option, and no names are taken; try 'sordino-train --help'",
                        argv[first]);
        return OPTIONS_BAD;
    }
    return OPTIONS_TRAIN;
}

/* The generator that an item of --signal names; NULL: none. */
static const signal_kind *kind_of(const char *item)
{
    char name[64];
    snprintf(name, sizeof name, "%.*s", (int)strcspn(item, ":"), item);
    return signal_find(name);
}

static bool is_sound(const signal_kind *kind)
{
    return strcmp(kind->unit, "full scale") == 0;
}

/* The first generator that makes sound, or a sensor's signal; NULL: none. */
static const signal_kind *first_kind(const settings *s, bool sound)
{
    for (uint32_t i = 0; i < s->signal.n; i++) {
        const signal_kind *const kind = kind_of(s->signal.items[i]);
        if (kind && is_sound(kind) == sound)
            return kind;
    }
    return NULL;
}

/* Whether clean recordings, and nothing else said, are too slow for sound. */
static bool slow_recordings(const settings *s)
{
    double rates[MIX_MAX_RATES];
    size_t n = 0;
    if (s->signal.n > 0 || s->network || s->from ||
        sources_rates(&s->clean, rates, MIX_MAX_RATES, &n, NULL) != SORDINO_OK)
        return false;
    for (size_t i = 0; i < n; i++)
        if (rates[i] >= SOUND_LOWEST)
            return false;
    return n > 0;
}

static bool is_sensor(const settings *s)
{
    return first_kind(s, false) || (s->network && strcmp(s->network, "sensor") == 0) ||
           slow_recordings(s);
}

/* A network is for one of the two. */
static sordino_status check_kinds(const settings *s, sordino_error *why)
{
    const signal_kind *const sound = first_kind(s, true), *const sensor = first_kind(s, false);
    if (sound && sensor)
        return error_set(why, SORDINO_BAD_ARG,
                         "%s is sound and %s is a sensor's signal; train a model for each",
                         sound->name, sensor->name);
    if (sensor && s->network && strcmp(s->network, "sensor") != 0)
        return error_set(why, SORDINO_BAD_ARG,
                         "The network %s is for sound, and %s is a sensor's signal", s->network,
                         sensor->name);
    if (sound && s->network && strcmp(s->network, "sensor") == 0)
        return error_set(why, SORDINO_BAD_ARG,
                         "The network sensor is for sensors' signals, and %s is sound",
                         sound->name);
    return SORDINO_OK;
}

/* OUTPUT without ".safetensors", and something else behind it, where nothing was given. */
static bool fill_name(char **at, const char *output, const char *end)
{
    if (*at)
        return true;
    const size_t n = strlen(output);
    const char *const suffix = ".safetensors";
    const size_t keep = n > strlen(suffix) && strcmp(output + n - strlen(suffix), suffix) == 0
                            ? n - strlen(suffix)
                            : n;
    *at = malloc(keep + strlen(end) + 1);
    if (!*at)
        return false;
    memcpy(*at, output, keep);
    memcpy(*at + keep, end, strlen(end) + 1);
    return true;
}

/* The name without folders, for want of a better one. */
static bool fill_model_name(settings *s)
{
    const char *const slash = strrchr(s->output, '/');
    return fill_name(&s->name, slash ? slash + 1 : s->output, "");
}

/* The rates that the generators named are usual at. */
static sordino_status list_own_rates(settings *s, sordino_error *why)
{
    mix_spec *const m = &s->mix;
    m->n_rates = 0;
    for (uint32_t i = 0; i < s->signal.n; i++) {
        const signal_kind *const kind = kind_of(s->signal.items[i]);
        const double rate = kind && kind->rate > 0 ? kind->rate : 500;
        uint32_t k = 0;
        while (k < m->n_rates && m->rates[k] != rate)
            k++;
        if (k < m->n_rates)
            continue;
        if (k == MIX_MAX_RATES)
            return error_set(why, SORDINO_BAD_ARG, "The signals have more than %d rates",
                             (int)MIX_MAX_RATES);
        m->rates[k] = rate;
        m->rate_weights[m->n_rates++] = 1;
    }
    return m->n_rates > 0 ? SORDINO_OK : design_rates("500", m, why);
}

/* How far a recording's rate may be from that at which a signal is usual. */
static const double farthest = 4;

/* A sensor's rates are those of the clean recordings, else of the noise, where that is near what
 * the generators are usual at. */
static sordino_status sensor_rates(settings *s, sordino_error *why)
{
    mix_spec *const m = &s->mix;
    double rates[MIX_MAX_RATES];
    size_t n = 0;
    const bool clean = s->clean.n > 0;
    sordino_status status = list_own_rates(s, why);
    if (status == SORDINO_OK)
        status = sources_rates(clean ? &s->clean : &s->noise, rates, MIX_MAX_RATES, &n, why);
    s->own_rates = n == 0;
    if (status != SORDINO_OK || n == 0)
        return status;
    for (size_t i = 0; i < n && s->signal.n > 0; i++)
        for (uint32_t k = 0; k < m->n_rates; k++)
            if (rates[i] > farthest * m->rates[k] || farthest * rates[i] < m->rates[k])
                return error_set(
                    why, SORDINO_BAD_ARG,
                    "The recordings are at %g Hz, and %s is usual at %g Hz: these do not "
                    "fit; say at what rate the sensor measures by --rates",
                    rates[i], s->signal.items[0], m->rates[k]);
    m->n_rates = (uint32_t)n;
    for (size_t i = 0; i < n; i++) {
        m->rates[i] = rates[i];
        m->rate_weights[i] = 1;
    }
    return SORDINO_OK;
}

/* Sound is not trained with recordings that are too slow for it. */
static sordino_status check_recordings(const settings *s, sordino_error *why)
{
    const setting_list *const lists[] = {&s->clean, &s->noise};
    for (size_t i = 0; i < 2 && !s->mix.sensor; i++) {
        double rates[MIX_MAX_RATES];
        size_t n = 0;
        const sordino_status status = sources_rates(lists[i], rates, MIX_MAX_RATES, &n, why);
        if (status != SORDINO_OK)
            return status;
        for (size_t k = 0; k < n; k++)
            if (rates[k] < SOUND_LOWEST)
                return error_set(
                    why, SORDINO_BAD_ARG,
                    "A recording of %s is at %g Hz, too slow for sound, which begins at "
                    "%d Hz; for a sensor's signal give --network sensor",
                    i ? "noise" : "clean signals", rates[k], (int)SOUND_LOWEST);
    }
    return SORDINO_OK;
}

/* Whether a network of other shape than a start model's is described. */
static bool describes_network(const settings *s)
{
    static const char *const names[] = {"network",   "features", "channels", "hidden",   "kernel",
                                        "dilations", "norm",     "taps",     "tap-bins", "window",
                                        "hop",       "blocks",   "mixer"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (settings_given(s, names[i]))
            return true;
    return false;
}

static bool is_builtin(const char *name)
{
    const char *other;
    for (size_t i = 0; (other = sordino_builtin_name(i)) != NULL; i++)
        if (strcmp(other, name) == 0)
            return true;
    return false;
}

/* Speech starts from what the library knows of it; a model that is fitted to a noise is trained in
 * another way than one that has all to learn. */
static sordino_status choose_start(settings *s, sordino_error *why)
{
    bool speech = !s->mix.sensor && (s->signal.n > 0 || s->clean.n > 0 || s->espeak > 0);
    for (uint32_t i = 0; i < s->signal.n; i++) {
        const signal_kind *const kind = kind_of(s->signal.items[i]);
        speech = speech && kind && strcmp(kind->name, "speech") == 0;
    }
    if (!s->from && speech && !describes_network(s) && is_builtin("speech")) {
        s->from = strdup("speech");
        if (!s->from)
            return error_set(why, SORDINO_NO_MEM, "Out of memory for settings");
    }
    const char *const start = settings_start(s);
    if (s->tune && !start)
        return error_set(why, SORDINO_BAD_ARG, "--tune needs a model to start from: --from MODEL");
    const bool usual =
        start && is_builtin(start) && !s->dilations && s->blocks <= 0 && !settings_given(s, "tune");
    return s->tune || usual ? settings_tune(s, why) : SORDINO_OK;
}

static sordino_status check_rates(const settings *s, sordino_error *why)
{
    const mix_spec *const m = &s->mix;
    for (uint32_t i = 0; i < m->n_rates && !m->sensor; i++)
        if (m->rates[i] < SOUND_LOWEST || m->rates[i] > SOUND_HIGHEST)
            return error_set(why, SORDINO_BAD_ARG,
                             "--rates: %g Hz is no rate that models for sound serve, %d to %d Hz; "
                             "for a sensor's signal give --network sensor",
                             m->rates[i], (int)SOUND_LOWEST, (int)SOUND_HIGHEST);
    return SORDINO_OK;
}

static sordino_status fill_names(options *o, sordino_error *why)
{
    settings *const s = &o->settings;
    if (!fill_name(&s->checkpoint, s->output, ".checkpoint") ||
        !fill_name(&s->log, s->output, ".jsonl") || !fill_name(&s->picture, s->output, ".png") ||
        !fill_name(&s->card, s->output, ".md") ||
        !fill_name(&o->rejected, s->output, ".rejected.safetensors") || !fill_model_name(s))
        return error_set(why, SORDINO_NO_MEM, "Out of memory for names");
    return SORDINO_OK;
}

static sordino_status complete(options *o, sordino_error *why)
{
    settings *const s = &o->settings;
    if (!o->preview && s->signal.n == 0 && s->clean.n == 0 && s->espeak <= 0 &&
        settings_set(s, "signal", s->mix.sensor ? "ecg" : "speech", why) != SORDINO_OK)
        return why ? why->status : SORDINO_NO_MEM;
    s->own_rates = s->mix.sensor && !s->rates;
    sordino_status status = o->preview ? SORDINO_OK : check_kinds(s, why);
    if (status == SORDINO_OK)
        status = s->own_rates ? sensor_rates(s, why)
                              : design_rates(s->rates ? s->rates : default_rates, &s->mix, why);
    if (status == SORDINO_OK)
        status = check_rates(s, why);
    if (status == SORDINO_OK && !o->preview)
        status = check_recordings(s, why);
    if (status != SORDINO_OK || o->preview || o->onnx_from)
        return status;
    if (!s->output && !o->score)
        return error_set(why, SORDINO_BAD_ARG,
                         "arguments: no model to write is named; add -o FILE");
    if (s->noise.n == 0 && s->noise_from.n == 0)
        return error_set(why, SORDINO_BAD_ARG,
                         "arguments: no noise is given; add --noise FILE, FOLDER or KIND, or "
                         "--noise-from");
    if (o->score)
        return SORDINO_OK;
    status = o->resumed ? SORDINO_OK : choose_start(s, why);
    return status == SORDINO_OK ? fill_names(o, why) : status;
}

/* The only checkpoint of this folder, for the caller to free; NULL: none, or several. */
static char *only_checkpoint(void)
{
    glob_t found;
    char *name = NULL;
    if (glob("*.checkpoint", 0, NULL, &found) == 0) {
        if (found.gl_pathc == 1)
            name = strdup(found.gl_pathv[0]);
        globfree(&found);
    }
    return name;
}

/* The options of the run that is resumed, for the caller to free; NULL where there are none: that
 * there is no checkpoint is told when it is to be read. */
static char *stored_options(const settings *s)
{
    char *path = s->checkpoint ? strdup(s->checkpoint) : NULL, *text = NULL;
    if (!path && s->output && !fill_name(&path, s->output, ".checkpoint"))
        return NULL;
    if (!path)
        path = only_checkpoint();
    if (path && checkpoint_read_text(path, "options", &text, NULL) != SORDINO_OK)
        text = NULL;
    free(path);
    return text;
}

/* How long is said anew when anything of it is said. */
static void replace_length(settings *s, const settings *said)
{
    if (!settings_given(said, "minutes") && !settings_given(said, "hours") &&
        !settings_given(said, "steps"))
        return;
    s->minutes = said->minutes;
    s->hours = said->hours;
    s->steps = said->steps;
}

/* Reads the command line behind `stored`, the options of a run that is resumed (NULL: none). */
static options_found read_behind(int argc, char **argv, options *o, const char *stored, bool sensor,
                                 sordino_error *why)
{
    settings_free(&o->settings);
    if (sensor) /* other things are usual there */
        settings_init_sensor(&o->settings);
    else
        settings_init(&o->settings);
    if (stored && settings_bring_back(&o->settings, stored, why) != SORDINO_OK)
        return OPTIONS_BAD;
    return read_all(argc, argv, o, why);
}

/* The words of the command line, quoted where a shell would take them apart. */
static char *join(int argc, char **argv)
{
    char *text = NULL;
    size_t size;
    FILE *const to = open_memstream(&text, &size);
    if (!to)
        return NULL;
    fputs("sordino-train", to);
    for (int i = 1; i < argc; i++) {
        const bool plain =
            argv[i][0] && strspn(argv[i], "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                          "0123456789_-+=:,./@%") == strlen(argv[i]);
        fputs(plain ? " " : " '", to);
        for (const char *c = argv[i]; *c; c++)
            if (*c == '\'')
                fputs("'\\''", to);
            else
                fputc(*c, to);
        if (!plain)
            fputc('\'', to);
    }
    if (fclose(to) != 0) {
        free(text);
        return NULL;
    }
    return text;
}

options_found options_parse(int argc, char **argv, options *o, sordino_error *why)
{
    *o = (options){.command = join(argc, argv)};
    settings_init(&o->settings);
    options_found found = read_all(argc, argv, o, why);
    if (found != OPTIONS_TRAIN)
        return found;
    settings said = o->settings;
    char *const stored = said.resume ? stored_options(&said) : NULL;
    o->settings = (settings){0};
    o->resumed = stored != NULL;
    found = read_behind(argc, argv, o, stored, false, why);
    if (found == OPTIONS_TRAIN && is_sensor(&o->settings))
        found = read_behind(argc, argv, o, stored, true, why);
    if (found == OPTIONS_TRAIN && stored)
        replace_length(&o->settings, &said);
    o->stored_names = stored;
    settings_free(&said);
    if (found == OPTIONS_TRAIN && !o->command) {
        (void)error_set(why, SORDINO_NO_MEM, "Out of memory for the command line");
        return OPTIONS_BAD;
    }
    if (found == OPTIONS_TRAIN && complete(o, why) != SORDINO_OK)
        return OPTIONS_BAD;
    return found;
}

/* Whether the run that is resumed had this line among its options. */
static bool was_named(const options *o, const char *name, const char *path)
{
    const size_t n = strlen(name), m = strlen(path);
    for (const char *at = o->stored_names; at && *at;) {
        const size_t length = strcspn(at, "\n");
        if (length == n + 1 + m && strncmp(at, name, n) == 0 && strncmp(at + n + 1, path, m) == 0)
            return true;
        at += length + (at[length] == '\n');
    }
    return false;
}

sordino_status options_check_files(const options *o, sordino_error *why)
{
    const settings *const s = &o->settings;
    const struct {
        const char *name, *path;
    } files[] = {{"output", s->output}, {"checkpoint", s->checkpoint}, {"log", s->log},
                 {"card", s->card},     {"picture", s->picture},       {"output", o->rejected}};
    for (size_t i = 0; i < sizeof files / sizeof *files && !s->force; i++) {
        const bool mine = was_named(o, files[i].name, files[i].path) ||
                          (s->resume && !o->stored_names) ||
                          (s->resume && files[i].path == o->rejected);
        if (mine || access(files[i].path, F_OK) != 0)
            continue;
        if (files[i].path == s->checkpoint && !s->resume)
            return error_set(why, SORDINO_BAD_ARG,
                             "%s: a run is saved there; go on with it by --resume, or replace it "
                             "by --force",
                             files[i].path);
        return error_set(why, SORDINO_BAD_ARG, "%s: exists; give --force to replace it",
                         files[i].path);
    }
    return SORDINO_OK;
}

void options_free(options *o)
{
    settings_free(&o->settings);
    free(o->command);
    free(o->rejected);
    free(o->stored_names);
}
