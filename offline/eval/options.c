#include "offline/eval/options.h"
#include "common/options.h"
#include "common/values.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

static const char *version(void)
{
    return SORDINO_EVAL_VERSION;
}

static sordino_status read_align(void *all, void *field, const option_row *row, const char *text,
                                 sordino_error *wrong)
{
    *(bool *)field = strcmp(text, "auto") == 0;
    return *(bool *)field || strcmp(text, "none") == 0 ? SORDINO_OK
                                                       : option_wrong(wrong, text, "auto or none");
}

static sordino_status read_channels(void *all, void *field, const option_row *row, const char *text,
                                    sordino_error *wrong)
{
    *(bool *)field = strcmp(text, "each") == 0;
    return *(bool *)field || strcmp(text, "mean") == 0 ? SORDINO_OK
                                                       : option_wrong(wrong, text, "mean or each");
}

static sordino_status read_raw(void *all, void *field, const option_row *row, const char *text,
                               sordino_error *wrong)
{
    static const char *const encodings[] = {"s16", "s24", "s32", "f32", "f64"};
    for (size_t i = 0; i < sizeof encodings / sizeof *encodings; i++) {
        if (strcasecmp(text, encodings[i]) == 0) {
            *(raw_encoding *)field = (raw_encoding)((int)RAW_S16 + (int)i);
            return SORDINO_OK;
        }
    }
    return option_wrong(wrong, text, "s16, s24, s32, f32 or f64");
}

/* "1,3-5" to 0, 2, 3, 4. */
static sordino_status read_columns(void *all, void *field, const option_row *row, const char *text,
                                   sordino_error *wrong)
{
    options *const o = all;
    const char *s = text;
    o->load.columns = o->columns;
    o->load.n_columns = 0;
    do {
        uint64_t first, last;
        s = value_whole_part(s, ",-", 1, LOAD_MAX_CHANNELS, &first);
        last = first;
        if (s && *s == '-')
            s = value_whole_part(s + 1, ",", first, LOAD_MAX_CHANNELS, &last);
        if (!s || last - first >= LOAD_MAX_CHANNELS - o->load.n_columns)
            return option_wrong(wrong, text, "numbers from 1 to 1024, as in 1,3-5");
        for (uint64_t c = first; c <= last; c++)
            o->columns[o->load.n_columns++] = (size_t)c - 1;
    } while (*s++ == ',');
    return SORDINO_OK;
}

#define AT(field) offsetof(options, field)

static const option_row rows[] = {
    {.group = "",
     .name = "noisy",
     .value = "PATH",
     .kind = OPTION_TEXT,
     .at = AT(noisy),
     .help = "the signals before processing: also print what processing changed"},
    {.name = "align",
     .value = "auto|none",
     .kind = OPTION_READ,
     .at = AT(align),
     .read = read_align,
     .choices = "auto none",
     .help = "find the delay first, or take the signals as they are (auto)"},
    {.name = "max-delay",
     .value = "SECONDS",
     .kind = OPTION_NUMBER,
     .at = AT(max_delay),
     .low = 0,
     .high = 60,
     .unit = "seconds",
     .help = "look for delays up to this, either way (0.5)"},
    {.name = "channels",
     .value = "mean|each",
     .kind = OPTION_READ,
     .at = AT(each_channel),
     .read = read_channels,
     .choices = "mean each",
     .help = "average over channels, or a row for each (mean)"},
    {.name = "columns",
     .value = "LIST",
     .kind = OPTION_READ,
     .read = read_columns,
     .help = "only these channels or columns, as in 1,3-5"},
    {.name = "rate",
     .value = "HZ",
     .kind = OPTION_NUMBER,
     .at = AT(load.rate),
     .low = 1e-6,
     .high = 1e9,
     .unit = "hertz",
     .help = "rate of CSV and raw files"},
    {.name = "raw",
     .value = "ENCODING",
     .kind = OPTION_READ,
     .at = AT(load.raw),
     .read = read_raw,
     .choices = "s16 s24 s32 f32 f64",
     .help = "files are headerless, little-endian samples: s16, s24, s32, f32 or f64; needs "
             "--rate"},
    {.name = "raw-channels",
     .value = "N",
     .kind = OPTION_WHOLE,
     .at = AT(load.raw_channels),
     .bytes = sizeof(size_t),
     .low = 1,
     .most = LOAD_MAX_CHANNELS,
     .help = "their channels, interleaved (1)"},
    {.name = "pesq-command",
     .value = "CMD",
     .kind = OPTION_TEXT,
     .at = AT(pesq_command),
     .help = "also run CMD CLEAN PROCESSED for each pair and take the last number it prints"},
    {.name = "json",
     .value = "FILE",
     .kind = OPTION_TEXT,
     .at = AT(json),
     .help = "write everything as JSON (- for standard output)"},
    {.name = "csv",
     .value = "FILE",
     .kind = OPTION_TEXT,
     .at = AT(csv),
     .help = "write the table as CSV (- for standard output)"},
    {.name = "force",
     .letter = 'f',
     .kind = OPTION_ON,
     .at = AT(force),
     .help = "overwrite these files"},
    {.name = "jobs",
     .value = "N",
     .letter = 'j',
     .kind = OPTION_WHOLE,
     .at = AT(jobs),
     .bytes = sizeof(size_t),
     .low = 1,
     .most = 256,
     .help = "pairs measured at a time (all processors)"},
    {.name = "quiet",
     .letter = 'q',
     .kind = OPTION_ON,
     .at = AT(quiet),
     .help = "no progress bar and no notes"},
    {.name = "help", .letter = 'h', .kind = OPTION_HELP, .help = "show this and end"},
    {.name = "version", .letter = 'V', .kind = OPTION_VERSION, .help = "show the version and end"},
};

static const option_table table = {
    .program = "sordino-eval",
    .version = version,
    .intro = "Usage: sordino-eval [OPTION]... CLEAN PROCESSED\n"
             "Measure how near processed signals are to the clean ones. CLEAN and PROCESSED\n"
             "are two files, or two folders whose files pair up by name.\n",
    .end = "Files: everything libsndfile reads, and numbers as .csv, .tsv or .txt.\n"
           "Ends with 0 when every pair was measured, 1 when not, 2 for wrong usage.\n",
    .rows = rows,
    .n_rows = sizeof rows / sizeof *rows,
};

static options_result complain(const char *text)
{
    fprintf(stderr, "sordino-eval: %s\n", text);
    return OPTIONS_WRONG;
}

static options_result check(const options *o)
{
    if (o->json && o->csv && strcmp(o->json, "-") == 0 && strcmp(o->csv, "-") == 0)
        return complain("--json, --csv: both want standard output; give one of them a file");
    if (o->load.raw != RAW_NONE && (o->load.rate < 1 || o->load.rate != floor(o->load.rate)))
        return complain("--raw: needs a rate in whole hertz; add --rate HZ");
    return OPTIONS_RUN;
}

options_result options_read(int argc, char **argv, options *out)
{
    const long processors = sysconf(_SC_NPROCESSORS_ONLN);
    int first;
    memset(out, 0, sizeof *out);
    out->align = true;
    out->max_delay = 0.5;
    out->jobs = processors < 1 ? 1 : processors > 256 ? 256 : (size_t)processors;
    out->load.raw_channels = 1;
    const option_result result = option_read_or_tell(&table, argc, argv, out, &first);
    if (result != OPTION_GO)
        return result == OPTION_DONE ? OPTIONS_DONE : OPTIONS_WRONG;
    if (argc - first != 2)
        return complain("arguments: CLEAN and PROCESSED are expected; try 'sordino-eval --help'");
    out->clean = argv[first];
    out->processed = argv[first + 1];
    return check(out);
}
