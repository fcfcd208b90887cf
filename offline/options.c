#include "offline/options.h"
#include "common/method_options.h"
#include "common/options.h"
#include "common/sound/encoding.h"
#include "common/sound/wav_io.h"
#include "common/values.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static sordino_status read_learn(void *all, void *field, const option_row *row, const char *text,
                                 sordino_error *why)
{
    options *const o = all;
    const char *const end = value_time_part(text, "-", &o->learn_from);
    o->learn = true;
    if (end && *end == '-' && value_time_part(end + 1, "", &o->learn_to) &&
        o->learn_to > o->learn_from)
        return SORDINO_OK;
    return option_wrong(why, text, "START-END in seconds or h:m:s, as in 0.5-2 or 1:00-1:02");
}

static sordino_status read_raw(void *all, void *field, const option_row *row, const char *text,
                               sordino_error *why)
{
    options *const o = all;
    encoding e;
    o->kind = INPUT_RAW;
    o->raw = text;
    return encoding_parse(text, &e)
               ? SORDINO_OK
               : option_wrong(why, text, "u8, s8, s16, s24, s32, f32 or f64, with le or be: s16le");
}

static sordino_status read_format(void *all, void *field, const option_row *row, const char *text,
                                  sordino_error *why)
{
    *(const char **)field = text;
    return wav_is_format(text) ? SORDINO_OK : option_wrong(why, text, wav_formats());
}

static sordino_status read_subtype(void *all, void *field, const option_row *row, const char *text,
                                   sordino_error *why)
{
    *(const char **)field = text;
    return wav_is_subtype(text) ? SORDINO_OK : option_wrong(why, text, wav_subtypes());
}

static sordino_status read_jobs(void *all, void *field, const option_row *row, const char *text,
                                sordino_error *why)
{
    const long processors = sysconf(_SC_NPROCESSORS_ONLN);
    size_t n;
    if (!value_count(text, 0, 256, &n))
        return option_wrong(why, text, "a whole number from 0 to 256");
    if (n == 0)
        n = processors < 1 ? 1 : processors > 256 ? 256 : (size_t)processors;
    *(unsigned *)field = (unsigned)n;
    return SORDINO_OK;
}

static sordino_status read_delimiter(void *all, void *field, const option_row *row,
                                     const char *text, sordino_error *why)
{
    const char mark = strcmp(text, "tab") == 0     ? '\t'
                      : strcmp(text, "space") == 0 ? ' '
                      : strlen(text) == 1          ? *text
                                                   : '\0';
    *(char *)field = mark;
    return mark && strchr(",;|\t :", mark) ? SORDINO_OK
                                           : option_wrong(why, text, "one of , ; | : tab space");
}

static sordino_status read_decimal(void *all, void *field, const option_row *row, const char *text,
                                   sordino_error *why)
{
    *(char *)field = *text;
    return strcmp(text, ".") == 0 || strcmp(text, ",") == 0
               ? SORDINO_OK
               : option_wrong(why, text, "a point or a comma");
}

static sordino_status read_digits(void *all, void *field, const option_row *row, const char *text,
                                  sordino_error *why)
{
    *(bool *)field = strcmp(text, "full") == 0;
    return *(bool *)field || strcmp(text, "own") == 0 ? SORDINO_OK
                                                      : option_wrong(why, text, "own or full");
}

#define AT(field) offsetof(options, field)

static const option_row rows[] = {
    METHOD_MODEL(
        AT(model),
        "a network (name or path of a .safetensors file), or wiener, kalman or predictor; for "
        "sound the network speech where it is built in, else wiener; for sensors kalman"),
    {.name = "list-models",
     .kind = OPTION_ON,
     .at = AT(list_models),
     .help = "show the models found, and end"},
    METHOD_LIMIT(AT(config), "take away at most this much (no limit)"),
    METHOD_MIX(AT(config)),
    METHOD_DELTA(AT(config), "write what would be taken away instead"),
    METHOD_LINK(AT(link), "one gain for all channels (so for sound)"),
    METHOD_NO_LINK(AT(link), "each channel its own gain (so for tables)"),
    METHOD_GAIN_RULE(AT(config), AT(wants_wiener)),
    METHOD_WINDOW(AT(config), AT(wants_wiener)),
    METHOD_HOP(AT(config)),
    METHOD_LAG(AT(config)),

    {.group = "Noise",
     .name = "learn-noise",
     .value = "START-END",
     .kind = OPTION_READ,
     .read = read_learn,
     .help = "take this passage (seconds, or h:m:s) as noise"},
    {.name = "noise-profile",
     .value = "FILE",
     .kind = OPTION_TEXT,
     .at = AT(noise_profile),
     .help = "use a profile saved before"},
    {.name = "save-profile",
     .value = "FILE",
     .kind = OPTION_TEXT,
     .at = AT(save_profile),
     .help = "save what --learn-noise learned"},

    {.group = "Files",
     .name = "folder",
     .value = "FOLDER",
     .letter = 'd',
     .kind = OPTION_TEXT,
     .at = AT(folder),
     .help = "write every output there"},
    {.name = "recurse",
     .letter = 'r',
     .kind = OPTION_ON,
     .at = AT(recurse),
     .help = "go through folders, and build them up again"},
    {.name = "jobs",
     .value = "N",
     .letter = 'j',
     .kind = OPTION_READ,
     .at = AT(jobs),
     .read = read_jobs,
     .help = "files at a time (1; 0 = as many as processors)"},
    {.name = "force", .letter = 'f', .kind = OPTION_ON, .at = AT(force), .help = "overwrite files"},
    {.name = "salvage",
     .kind = OPTION_ON,
     .at = AT(salvage),
     .help = "take what can be read of a damaged input"},
    {.name = "format",
     .value = "NAME",
     .kind = OPTION_READ,
     .at = AT(format),
     .read = read_format,
     .help = "wav, flac, aiff, au, caf, rf64, ogg ... (by extension)"},
    {.name = "subtype",
     .value = "NAME",
     .kind = OPTION_READ,
     .at = AT(subtype),
     .read = read_subtype,
     .help = "pcm_16, pcm_24, float ... (as the input)"},
    METHOD_DITHER(AT(dither)),
    METHOD_NO_DITHER(AT(dither)),
    {.name = "block",
     .value = "N",
     .kind = OPTION_WHOLE,
     .at = AT(block),
     .bytes = sizeof(size_t),
     .low = 1,
     .most = 65536,
     .help = "frames worked on at a time (4096)"},

    {.group = "Samples and tables",
     .name = "raw",
     .value = "ENCODING",
     .choices = "f32le f64le s16le s24le s32le u8 s8",
     .kind = OPTION_READ,
     .read = read_raw,
     .help = "bare samples: f32le, f64le or s16le; needs --rate"},
    {.name = "channels",
     .value = "N",
     .kind = OPTION_WHOLE,
     .at = AT(raw_channels),
     .bytes = sizeof(uint32_t),
     .low = 1,
     .most = SORDINO_MAX_CHANNELS,
     .help = "channels of --raw (1)"},
    {.name = "csv",
     .kind = OPTION_SET,
     .at = AT(kind),
     .set = INPUT_CSV,
     .help = "numbers as text, as for .csv, .tsv, .txt and .lvm"},
    {.name = "rate",
     .value = "HZ",
     .kind = OPTION_NUMBER,
     .at = AT(rate),
     .low = 1e-6,
     .high = 1e9,
     .unit = "hertz",
     .help = "rate of --raw, or of a table without times (1)"},
    {.name = "time",
     .value = "COLUMN",
     .choices = "none",
     .kind = OPTION_TEXT,
     .at = AT(time),
     .help = "column of times, or none (found by itself)"},
    {.name = "time-column", .value = "COLUMN", .kind = OPTION_TEXT, .at = AT(time)},
    {.name = "columns",
     .value = "LIST",
     .kind = OPTION_TEXT,
     .at = AT(columns),
     .help = "denoise these, as in 2,4-6,acc_*, or all (what is measured)"},
    {.name = "keep",
     .value = "LIST",
     .kind = OPTION_TEXT,
     .at = AT(keep),
     .help = "leave these columns as they are"},
    {.name = "missing",
     .value = "LIST",
     .kind = OPTION_TEXT,
     .at = AT(missing),
     .help = "values that stand for missing ones, as in -9999,-1"},
    {.name = "delimiter",
     .value = "CHAR",
     .kind = OPTION_READ,
     .at = AT(delimiter),
     .read = read_delimiter,
     .choices = "tab space",
     .help = "between columns: , ; | : tab or space (found by itself)"},
    {.name = "decimal",
     .value = "CHAR",
     .kind = OPTION_READ,
     .at = AT(decimal),
     .read = read_decimal,
     .help = "decimal mark, a point or a comma (found by itself)"},
    {.name = "digits",
     .value = "own|full",
     .kind = OPTION_READ,
     .at = AT(full_digits),
     .read = read_digits,
     .choices = "own full",
     .help = "as many as the column has, or all of single precision (own)"},
    METHOD_GAPS(AT(fill_gaps)),

    {.group = "Output",
     .name = "quiet",
     .letter = 'q',
     .kind = OPTION_ON,
     .at = AT(quiet),
     .help = "errors only"},
    {.name = "verbose",
     .letter = 'v',
     .kind = OPTION_ON,
     .at = AT(verbose),
     .help = "a line for each file"},
    {.name = "json", .kind = OPTION_ON, .at = AT(json), .help = "a report on standard output"},
    {.name = "report",
     .value = "FILE",
     .kind = OPTION_TEXT,
     .at = AT(report),
     .help = "the same into a file"},
    {.name = "plot",
     .value = "FILE",
     .kind = OPTION_TEXT,
     .at = AT(plot),
     .help = "a picture of before and after, as PNG"},
    {.name = "help", .letter = 'h', .kind = OPTION_HELP, .help = "show this and end"},
    {.name = "version", .letter = 'V', .kind = OPTION_VERSION, .help = "show the version and end"},
};

static const option_table table = {
    .program = "sordino",
    .version = sordino_version,
    .intro = "Usage: sordino [OPTION]... IN OUT\n"
             "       sordino [OPTION]... -d FOLDER IN...\n"
             "Remove noise from sound files and sensor traces. The output has the length of\n"
             "the input, nothing shifted. IN and OUT may be - for standard input and output.\n",
    .end = "Models are looked for in $SORDINO_MODEL_PATH, $XDG_DATA_HOME/sordino/models and\n"
           "sordino/models in $XDG_DATA_DIRS; then among those built in.\n"
           "Ends with 0 when every file was written, 1 when not, 2 for wrong usage.\n",
    .rows = rows,
    .n_rows = sizeof rows / sizeof *rows,
};

static options_result complain(const char *text)
{
    fprintf(stderr, "sordino: %s\n", text);
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
    int first;
    memset(o, 0, sizeof *o);
    sordino_config_init(&o->config);
    o->jobs = 1;
    o->link = -1;
    o->dither = true;
    o->block = 4096;
    o->raw_channels = 1;
    const option_result result = option_read_or_tell(&table, argc, argv, o, &first);
    if (result != OPTION_GO)
        return result == OPTION_DONE ? OPTIONS_DONE : OPTIONS_WRONG;
    o->wants_wiener = o->wants_wiener || o->learn || o->noise_profile;
    return take_arguments(argc - first, argv + first, o);
}
