#include "trainer/options.h"

#include "core/base/error.h"
#include "trainer/run/design.h"
#include "trainer/signals/signal.h"

#include <sordino/sordino.h>

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Options beside the settings; their numbers follow those of the settings. */
enum { OWN_HELP, OWN_VERSION, OWN_RECIPE, OWN_PREVIEW, OWN_SCORE, OWN_ONNX, N_OWN };
enum { FIRST_SETTING = 1000, MAX_OPTIONS = 160, HELP_COLUMN = 30 };

static const struct {
    const char *name, *value, *help;
} own[N_OWN] = {
    {"help", NULL, "print this and end"},
    {"version", NULL, "print the version and end"},
    {"recipe", "FILE", "read settings from a file, a line each: NAME VALUE"},
    {"preview", "FOLDER", "write examples of the signals to a folder, as WAV and PNG, and end"},
    {"score", "MODEL", "score a model beside the baselines on held-out mixtures, and end"},
    {"export-onnx", "MODEL FILE", "write a model's network as ONNX, and end"},
};

static const char *const default_rates = "16000:6,48000:2,32000:0.6,8000:0.4";

static size_t list_options(struct option *to)
{
    size_t n = 0;
    setting_info info;
    for (int i = 0; i < N_OWN; i++)
        to[n++] = (struct option){own[i].name, own[i].value ? required_argument : no_argument, NULL,
                                  FIRST_SETTING - 1 - i};
    for (size_t i = 0; settings_info(i, &info) && n + 1 < MAX_OPTIONS; i++)
        to[n++] = (struct option){info.name, info.value ? required_argument : no_argument, NULL,
                                  FIRST_SETTING + (int)i};
    to[n] = (struct option){NULL, 0, NULL, 0};
    return n;
}

static void print_option(const char *name, const char *value, const char *help)
{
    const int n = printf("  --%s%s%s", name, value ? " " : "", value ? value : "");
    printf("%*s%s\n", n < HELP_COLUMN ? HELP_COLUMN - n : 2, "", help);
}

static void print_help(void)
{
    setting_info info;
    const char *group = "";
    puts("Usage: sordino-train [OPTION]... -o MODEL\n\n"
         "Trains a model that removes noise, from recordings of the noise and from recorded or\n"
         "generated clean signals:\n\n"
         "  sordino-train --minutes 5 --noise fan.wav --signal speech -o mine.safetensors\n"
         "  sordino -m mine.safetensors noisy.wav clean.wav\n");
    for (int i = 0; i < N_OWN; i++)
        print_option(own[i].name, own[i].value, own[i].help);
    for (size_t i = 0; settings_info(i, &info); i++) {
        if (strcmp(group, info.group) != 0)
            printf("\n%s\n", group = info.group);
        print_option(info.name, info.value, info.help);
    }
    puts("\nShort: -o --output, -q --quiet, -h --help, -V --version\n\nClean signals:");
    const signal_kind *k;
    for (size_t i = 0; (k = signal_at(i)) != NULL; i++)
        if (!k->is_noise)
            printf("  %-16s%s\n", k->name, k->what);
    puts("\nNoise (besides files and folders):");
    for (size_t i = 0; (k = signal_at(i)) != NULL; i++)
        if (k->is_noise)
            printf("  %-16s%s\n", k->name, k->what);
    puts("\nStatus: 0 a model was written; 1 failure; 2 wrong usage; 3 the model loses to the\n"
         "baseline and was not written; 130 interrupted, saved.");
}

/* Applies one option. Two words belong to noise-from and export-onnx. */
static sordino_status apply(options *o, int code, int argc, char **argv, sordino_error *why)
{
    setting_info info;
    if (code == FIRST_SETTING - 1 - OWN_RECIPE)
        return settings_read(&o->settings, optarg, why);
    if (code == FIRST_SETTING - 1 - OWN_PREVIEW) {
        o->preview = true;
        o->preview_folder = optarg;
        return SORDINO_OK;
    }
    if (code == FIRST_SETTING - 1 - OWN_SCORE) {
        o->score = optarg;
        return SORDINO_OK;
    }
    if (code == FIRST_SETTING - 1 - OWN_ONNX) {
        if (optind >= argc)
            return error_set(why, SORDINO_BAD_ARG, "--export-onnx needs a model and a file");
        o->onnx_from = optarg;
        o->onnx_to = argv[optind++];
        return SORDINO_OK;
    }
    const char *const name = code == 'o' ? "output" : code == 'q' ? "quiet" : NULL;
    if (!name && !settings_info((size_t)(code - FIRST_SETTING), &info))
        return error_set(why, SORDINO_BAD_ARG, "Unknown option");
    if (!name && strcmp(info.name, "noise-from") == 0 && !strchr(optarg, ' ')) {
        char both[4096];
        if (optind >= argc)
            return error_set(why, SORDINO_BAD_ARG, "--noise-from needs a file and START-END");
        if (snprintf(both, sizeof both, "%s %s", optarg, argv[optind++]) >= (int)sizeof both)
            return error_set(why, SORDINO_BAD_ARG, "The name for --noise-from is too long");
        return settings_set(&o->settings, info.name, both, why);
    }
    return settings_set(&o->settings, name ? name : info.name, optarg, why);
}

/* Goes through the command line once. */
static options_found read_all(int argc, char **argv, options *o, sordino_error *why)
{
    struct option table[MAX_OPTIONS];
    int code;
    (void)list_options(table);
    optind = 0; /* begins anew */
    opterr = 0;
    while ((code = getopt_long(argc, argv, ":o:qhV", table, NULL)) != -1) {
        if (code == '?' || code == ':') {
            (void)error_set(why, SORDINO_BAD_ARG,
                            code == ':' ? "Option '%s' needs a value" : "Unknown option '%s'",
                            argv[optind - 1]);
            return OPTIONS_BAD;
        }
        if (code == 'h' || code == FIRST_SETTING - 1 - OWN_HELP) {
            print_help();
            return OPTIONS_DONE;
        }
        if (code == 'V' || code == FIRST_SETTING - 1 - OWN_VERSION) {
            printf("sordino-train %s\n", sordino_version());
            return OPTIONS_DONE;
        }
        if (apply(o, code, argc, argv, why) != SORDINO_OK)
            return OPTIONS_BAD;
    }
    if (optind < argc) {
        (void)error_set(why, SORDINO_BAD_ARG, "What is '%s' for", argv[optind]);
        return OPTIONS_BAD;
    }
    return OPTIONS_TRAIN;
}

/* The first generator that makes a sensor's signal, or NULL. */
static const signal_kind *sensor_kind(const settings *s)
{
    for (uint32_t i = 0; i < s->signal.n; i++) {
        char name[64];
        snprintf(name, sizeof name, "%.*s", (int)strcspn(s->signal.items[i], ":"),
                 s->signal.items[i]);
        const signal_kind *const kind = signal_find(name);
        if (kind && strcmp(kind->unit, "full scale") != 0)
            return kind;
    }
    return NULL;
}

static bool is_sensor(const settings *s)
{
    return sensor_kind(s) || (s->network && strcmp(s->network, "sensor") == 0);
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
        char name[64];
        snprintf(name, sizeof name, "%.*s", (int)strcspn(s->signal.items[i], ":"),
                 s->signal.items[i]);
        const signal_kind *const kind = signal_find(name);
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

static sordino_status complete(options *o, sordino_error *why)
{
    settings *const s = &o->settings;
    if (!o->preview && s->signal.n == 0 && s->clean.n == 0 && s->espeak <= 0 &&
        settings_set(s, "signal", s->mix.sensor ? "ecg" : "speech", why) != SORDINO_OK)
        return why ? why->status : SORDINO_NO_MEM;
    s->own_rates = s->mix.sensor && !s->rates;
    const sordino_status status =
        s->own_rates ? list_own_rates(s, why)
                     : design_rates(s->rates ? s->rates : default_rates, &s->mix, why);
    if (status != SORDINO_OK || o->preview || o->onnx_from)
        return status;
    if (!s->output && !o->score)
        return error_set(why, SORDINO_BAD_ARG, "Where should the model go: -o FILE is missing");
    if (s->noise.n == 0 && s->noise_from.n == 0)
        return error_set(why, SORDINO_BAD_ARG,
                         "No noise is given: --noise FILE, FOLDER or KIND, or --noise-from");
    if (o->score)
        return SORDINO_OK;
    if (!fill_name(&s->checkpoint, s->output, ".checkpoint") ||
        !fill_name(&s->log, s->output, ".jsonl") || !fill_name(&s->picture, s->output, ".png") ||
        !fill_name(&s->card, s->output, ".md") || !fill_model_name(s))
        return error_set(why, SORDINO_NO_MEM, "Out of memory for names");
    return SORDINO_OK;
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
    if (is_sensor(&o->settings)) { /* other things are usual there; then once more */
        settings_free(&o->settings);
        settings_init_sensor(&o->settings);
        found = read_all(argc, argv, o, why);
    }
    if (found == OPTIONS_TRAIN && !o->command) {
        (void)error_set(why, SORDINO_NO_MEM, "Out of memory for the command line");
        return OPTIONS_BAD;
    }
    if (found == OPTIONS_TRAIN && complete(o, why) != SORDINO_OK)
        return OPTIONS_BAD;
    return found;
}

void options_free(options *o)
{
    settings_free(&o->settings);
    free(o->command);
}
