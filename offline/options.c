#include "offline/options.h"
#include "common/sound/encoding.h"
#include "common/values.h"
#include "common/sound/wav_io.h"

#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

static const char help[] =
    "Usage: sordino [OPTION]... IN OUT\n"
    "       sordino [OPTION]... -d FOLDER IN...\n"
    "Remove noise from sound files and sensor traces. The output has the length of\n"
    "the input, nothing shifted. IN and OUT may be - for standard input and output.\n"
    "\n"
    "Method\n"
    "  -m, --model NAME        a network (name or path of a .safetensors file), or\n"
    "                          wiener, kalman or predictor; for sound the network\n"
    "                          speech where it is built in, else wiener; for\n"
    "                          sensors kalman\n"
    "      --list-models       show the models found, and end\n"
    "      --limit DB          take away at most this much (no limit)\n"
    "      --mix X             0 input .. 1 denoised (1)\n"
    "      --delta             write what would be taken away instead\n"
    "      --link, --no-link   one gain for all channels, or each its own (sound:\n"
    "                          linked; tables: not)\n"
    "      --gain-rule RULE    wiener: lsa or wiener (lsa)\n"
    "      --window S          wiener: window in seconds, 0.002 to 0.2\n"
    "      --hop S             wiener: step in seconds (a quarter of the window)\n"
    "      --lag N             kalman: wait N samples for a better estimate (0)\n"
    "\n"
    "Noise\n"
    "      --learn-noise START-END  take this passage (seconds, or h:m:s) as noise\n"
    "      --noise-profile FILE     use a profile saved before\n"
    "      --save-profile FILE      save what --learn-noise learned\n"
    "\n"
    "Files\n"
    "  -d, --folder FOLDER     write every output there\n"
    "  -r, --recurse           go through folders, and build them up again\n"
    "  -j, --jobs N            files at a time (1; 0 = as many as processors)\n"
    "  -f, --force             overwrite files\n"
    "      --salvage           take what can be read of a damaged input\n"
    "      --format NAME       wav, flac, aiff, au, caf, rf64, ogg ... (by extension)\n"
    "      --subtype NAME      pcm_16, pcm_24, float ... (as the input)\n"
    "      --no-dither         round to 8, 16 and 24 bits without dither\n"
    "      --block N           frames worked on at a time (4096)\n"
    "\n"
    "Samples and tables\n"
    "      --raw ENCODING      bare samples: f32le, f64le or s16le; needs --rate\n"
    "      --channels N        channels of --raw (1)\n"
    "      --csv               numbers as text, as for .csv, .tsv and .txt\n"
    "      --rate HZ           rate of --raw, or of a table without times (1)\n"
    "      --time-column N     column of times, from 1, or none (found by itself)\n"
    "      --columns LIST      only these, as in 2,4-6 or by name (all numbers)\n"
    "      --gaps keep|fill    leave missing values missing, or estimate them (keep)\n"
    "\n"
    "Output\n"
    "  -q, --quiet             errors only\n"
    "  -v, --verbose           a line for each file\n"
    "      --json              a report on standard output\n"
    "      --report FILE       the same into a file\n"
    "      --plot FILE         a picture of before and after, as PNG\n"
    "  -h, --help              show this and end\n"
    "  -V, --version           show the version and end\n"
    "\n"
    "Models are looked for in $SORDINO_MODEL_PATH, $XDG_DATA_HOME/sordino/models and\n"
    "sordino/models in $XDG_DATA_DIRS; then among those built in.\n"
    "Ends with 0 when every file was written, 1 when not, 2 for wrong usage.\n";

enum {
    OPT_LIST_MODELS = 256,
    OPT_DELTA,
    OPT_LINK,
    OPT_NO_LINK,
    OPT_LEARN,
    OPT_PROFILE,
    OPT_SAVE_PROFILE,
    OPT_SALVAGE,
    OPT_FORMAT,
    OPT_SUBTYPE,
    OPT_DITHER,
    OPT_NO_DITHER,
    OPT_BLOCK,
    OPT_RAW,
    OPT_CHANNELS,
    OPT_CSV,
    OPT_RATE,
    OPT_TIME_COLUMN,
    OPT_COLUMNS,
    OPT_GAPS,
    OPT_JSON,
    OPT_REPORT,
    OPT_PLOT
};

static const struct option table[] = {
    {"model", required_argument, NULL, 'm'},
    {"list-models", no_argument, NULL, OPT_LIST_MODELS},
    {"limit", required_argument, NULL, METHOD_OPTION_LIMIT},
    {"mix", required_argument, NULL, METHOD_OPTION_MIX},
    {"delta", no_argument, NULL, OPT_DELTA},
    {"link", no_argument, NULL, OPT_LINK},
    {"no-link", no_argument, NULL, OPT_NO_LINK},
    {"gain-rule", required_argument, NULL, METHOD_OPTION_GAIN_RULE},
    {"window", required_argument, NULL, METHOD_OPTION_WINDOW},
    {"hop", required_argument, NULL, METHOD_OPTION_HOP},
    {"lag", required_argument, NULL, METHOD_OPTION_LAG},
    {"learn-noise", required_argument, NULL, OPT_LEARN},
    {"noise-profile", required_argument, NULL, OPT_PROFILE},
    {"save-profile", required_argument, NULL, OPT_SAVE_PROFILE},
    {"folder", required_argument, NULL, 'd'},
    {"recurse", no_argument, NULL, 'r'},
    {"jobs", required_argument, NULL, 'j'},
    {"force", no_argument, NULL, 'f'},
    {"salvage", no_argument, NULL, OPT_SALVAGE},
    {"format", required_argument, NULL, OPT_FORMAT},
    {"subtype", required_argument, NULL, OPT_SUBTYPE},
    {"dither", no_argument, NULL, OPT_DITHER},
    {"no-dither", no_argument, NULL, OPT_NO_DITHER},
    {"block", required_argument, NULL, OPT_BLOCK},
    {"raw", required_argument, NULL, OPT_RAW},
    {"channels", required_argument, NULL, OPT_CHANNELS},
    {"csv", no_argument, NULL, OPT_CSV},
    {"rate", required_argument, NULL, OPT_RATE},
    {"time-column", required_argument, NULL, OPT_TIME_COLUMN},
    {"columns", required_argument, NULL, OPT_COLUMNS},
    {"gaps", required_argument, NULL, OPT_GAPS},
    {"quiet", no_argument, NULL, 'q'},
    {"verbose", no_argument, NULL, 'v'},
    {"json", no_argument, NULL, OPT_JSON},
    {"report", required_argument, NULL, OPT_REPORT},
    {"plot", required_argument, NULL, OPT_PLOT},
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, 'V'},
    {NULL, 0, NULL, 0}};

static const char program[] = "sordino";

static bool wrong(const char *subject, const char *value, const char *expected)
{
    return value_wrong(program, subject, value, expected);
}

static bool read_whole(const char *subject, const char *text, size_t low, size_t high, size_t *out)
{
    return value_whole(program, subject, text, low, high, out);
}

/* Seconds, m:s or h:m:s; true when `*text` then stands at `stop`. */
static bool read_time(const char **text, char stop, double *seconds)
{
    double v = 0;
    for (int parts = 0; parts < 3; parts++) {
        char *end;
        if (**text < '0' || **text > '9')
            return false;
        v = v * 60 + strtod(*text, &end);
        *text = end;
        if (*end == stop) {
            *seconds = v;
            return isfinite(v);
        }
        if (*end != ':')
            return false;
        ++*text;
    }
    return false;
}

static bool read_learn(const char *text, options *o)
{
    const char *s = text;
    o->learn = true;
    if (read_time(&s, '-', &o->learn_from)) {
        s++;
        if (read_time(&s, '\0', &o->learn_to) && o->learn_to > o->learn_from)
            return true;
    }
    return wrong("--learn-noise", text, "START-END in seconds or h:m:s, as in 0.5-2 or 1:00-1:02");
}

static bool read_raw(const char *text, options *o)
{
    o->kind = INPUT_RAW;
    o->raw = text;
    encoding e;
    return encoding_parse(text, &e) ||
           wrong("--raw", text, "u8, s8, s16, s24, s32, f32 or f64, with le or be: s16le");
}

static bool read_time_column(const char *text, options *o)
{
    size_t n = 0;
    if (strcmp(text, "none") != 0 && !value_count(text, 1, 100000, &n))
        return wrong("--time-column", text, "the number of a column, from 1, or none");
    o->time_column = (int)n;
    return true;
}

static bool read_gaps(const char *text, options *o)
{
    o->fill_gaps = strcmp(text, "fill") == 0;
    return o->fill_gaps || strcmp(text, "keep") == 0 || wrong("--gaps", text, "keep or fill");
}

static bool read_jobs(const char *text, options *o)
{
    const long processors = sysconf(_SC_NPROCESSORS_ONLN);
    size_t n;
    if (!read_whole("--jobs", text, 0, 256, &n))
        return false;
    if (n == 0)
        n = processors < 1 ? 1 : processors > 256 ? 256 : (size_t)processors;
    o->jobs = (unsigned)n;
    return true;
}

/* Options with a value about files, samples and tables. */
static bool read_file_option(int code, const char *text, options *o)
{
    size_t n;
    switch (code) {
    case 'j':
        return read_jobs(text, o);
    case OPT_FORMAT:
        o->format = text;
        return wav_is_format(text) || wrong("--format", text, wav_formats());
    case OPT_SUBTYPE:
        o->subtype = text;
        return wav_is_subtype(text) || wrong("--subtype", text, wav_subtypes());
    case OPT_BLOCK:
        return read_whole("--block", text, 1, 65536, &o->block);
    case OPT_RAW:
        return read_raw(text, o);
    case OPT_CHANNELS:
        if (!read_whole("--channels", text, 1, SORDINO_MAX_CHANNELS, &n))
            return false;
        o->raw_channels = (uint32_t)n;
        return true;
    case OPT_RATE:
        return value_number(text, 1e-6, 1e9, &o->rate) ||
               wrong("--rate", text, "hertz from 1e-6 to 1e9");
    case OPT_TIME_COLUMN:
        return read_time_column(text, o);
    case OPT_GAPS:
        return read_gaps(text, o);
    case OPT_LEARN:
        return read_learn(text, o);
    default:
        return method_option_read(program, code, text, &o->config, &o->wants_wiener);
    }
}

/* Those that are a switch or a text; false when `code` is another. */
static bool read_plain_option(int code, const char *text, options *o)
{
    const struct {
        int code;
        const char **to;
    } texts[] = {{'m', &o->model},
                 {'d', &o->folder},
                 {OPT_PROFILE, &o->noise_profile},
                 {OPT_SAVE_PROFILE, &o->save_profile},
                 {OPT_COLUMNS, &o->columns},
                 {OPT_REPORT, &o->report},
                 {OPT_PLOT, &o->plot}};
    const struct {
        bool *to;
        int code;
        bool value;
    } switches[] = {{&o->recurse, 'r', true},
                    {&o->force, 'f', true},
                    {&o->quiet, 'q', true},
                    {&o->verbose, 'v', true},
                    {&o->json, OPT_JSON, true},
                    {&o->salvage, OPT_SALVAGE, true},
                    {&o->list_models, OPT_LIST_MODELS, true},
                    {&o->config.delta, OPT_DELTA, true},
                    {&o->dither, OPT_DITHER, true},
                    {&o->dither, OPT_NO_DITHER, false}};
    bool found = true;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        if (texts[i].code == code) {
            *texts[i].to = text;
            return true;
        }
    }
    for (size_t i = 0; i < sizeof switches / sizeof *switches; i++) {
        if (switches[i].code == code) {
            *switches[i].to = switches[i].value;
            return true;
        }
    }
    if (code == OPT_LINK || code == OPT_NO_LINK)
        o->link = code == OPT_LINK;
    else if (code == OPT_CSV)
        o->kind = INPUT_CSV;
    else
        found = false;
    return found;
}

static options_result complain(const char *text)
{
    fprintf(stderr, "sordino: %s\n", text);
    return OPTIONS_WRONG;
}

/* What getopt could not make sense of: `code` is '?' or ':'. */
static options_result complain_option(int code, char **argv)
{
    const char *const argument = argv[optind - 1];
    const char letter[3] = {'-', (char)optopt, '\0'};
    const bool is_long = argument[0] == '-' && argument[1] == '-';
    fprintf(stderr, "sordino: %s: %s; try 'sordino --help'\n",
            is_long || optopt == 0 ? argument : letter,
            code == ':' ? "needs a value" : "is no option, or takes no value");
    return OPTIONS_WRONG;
}

/* Options that do not go together. */
static options_result check(const options *o)
{
    const bool to_stdout = o->output && strcmp(o->output, "-") == 0;
    const bool several = o->n_inputs > 1 || o->recurse;
    if (o->kind == INPUT_RAW && o->rate == 0)
        return complain("--raw: needs a rate; add --rate HZ");
    if (o->json && to_stdout)
        return complain("--json: standard output is taken by OUT; use --report FILE");
    if (several && (o->plot || o->save_profile))
        return complain("--plot, --save-profile: are for one input; give one IN");
    if (o->save_profile && !o->learn)
        return complain("--save-profile: nothing is learned; add --learn-noise START-END");
    if (o->learn && o->noise_profile)
        return complain("--learn-noise, --noise-profile: are two noises; give one of them");
    if (method_option_check(&o->config))
        return complain(method_option_check(&o->config));
    return OPTIONS_RUN;
}

static options_result take_arguments(int n, char **arguments, options *o)
{
    if (o->list_models)
        return OPTIONS_RUN;
    o->inputs = arguments;
    o->n_inputs = (size_t)n;
    if (o->folder ? n < 1 : n != 2)
        return complain(o->folder ? "arguments: IN... is missing; try 'sordino --help'"
                        : n > 2   ? "arguments: more than IN and OUT; for many add -d FOLDER"
                                  : "arguments: IN and OUT are expected; try 'sordino --help'");
    for (int i = 0; i < n; i++)
        if (!*arguments[i])
            return complain("arguments: a name is empty; check the command");
    if (!o->folder) {
        o->n_inputs = 1;
        o->output = arguments[1];
    }
    return check(o);
}

options_result options_read(int argc, char **argv, options *o)
{
    int code;
    opterr = 0;
    memset(o, 0, sizeof *o);
    sordino_config_init(&o->config);
    o->jobs = 1;
    o->link = -1;
    o->dither = true;
    o->block = 4096;
    o->raw_channels = 1;
    o->time_column = -1;
    while ((code = getopt_long(argc, argv, ":m:d:rj:fqvhV", table, NULL)) != -1) {
        if (code == 'h') {
            fputs(help, stdout);
            return OPTIONS_DONE;
        }
        if (code == 'V') {
            printf("sordino %s\n", sordino_version());
            return OPTIONS_DONE;
        }
        if (code == '?' || code == ':')
            return complain_option(code, argv);
        if (!read_plain_option(code, optarg, o) && !read_file_option(code, optarg, o))
            return OPTIONS_WRONG;
    }
    o->wants_wiener = o->wants_wiener || o->learn || o->noise_profile;
    return take_arguments(argc - optind, argv + optind, o);
}
