#include "offline/eval/options.h"

#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

static const char help[] =
    "Usage: sordino-eval [OPTION]... CLEAN PROCESSED\n"
    "Measure how near processed signals are to the clean ones. CLEAN and PROCESSED\n"
    "are two files, or two folders whose files pair up by name.\n"
    "\n"
    "      --noisy PATH          the signals before processing: also print what\n"
    "                            processing changed\n"
    "      --align auto|none     find the delay first, or take the signals as they\n"
    "                            are (auto)\n"
    "      --max-delay SECONDS   look for delays up to this, either way (0.5)\n"
    "      --channels mean|each  average over channels, or a row for each (mean)\n"
    "      --columns LIST        only these channels or columns, as in 1,3-5\n"
    "      --rate HZ             rate of CSV and raw files\n"
    "      --raw ENCODING        files are headerless, little-endian samples:\n"
    "                            s16, s24, s32, f32 or f64; needs --rate\n"
    "      --raw-channels N      their channels, interleaved (1)\n"
    "      --pesq-command CMD    also run CMD CLEAN PROCESSED for each pair and take\n"
    "                            the last number it prints\n"
    "      --json FILE           write everything as JSON (- for standard output)\n"
    "      --csv FILE            write the table as CSV (- for standard output)\n"
    "  -f, --force               overwrite these files\n"
    "  -j, --jobs N              pairs measured at a time (all processors)\n"
    "  -q, --quiet               no progress bar and no notes\n"
    "  -h, --help                show this and end\n"
    "  -V, --version             show the version and end\n"
    "\n"
    "Files: everything libsndfile reads, and numbers as .csv, .tsv or .txt.\n"
    "Ends with 0 when every pair was measured, 1 when not, 2 for wrong usage.\n";

enum {
    OPT_NOISY = 256,
    OPT_ALIGN,
    OPT_MAX_DELAY,
    OPT_CHANNELS,
    OPT_COLUMNS,
    OPT_RATE,
    OPT_RAW,
    OPT_RAW_CHANNELS,
    OPT_PESQ,
    OPT_JSON,
    OPT_CSV
};

static const struct option table[] = {{"noisy", required_argument, NULL, OPT_NOISY},
                                      {"align", required_argument, NULL, OPT_ALIGN},
                                      {"max-delay", required_argument, NULL, OPT_MAX_DELAY},
                                      {"channels", required_argument, NULL, OPT_CHANNELS},
                                      {"columns", required_argument, NULL, OPT_COLUMNS},
                                      {"rate", required_argument, NULL, OPT_RATE},
                                      {"raw", required_argument, NULL, OPT_RAW},
                                      {"raw-channels", required_argument, NULL, OPT_RAW_CHANNELS},
                                      {"pesq-command", required_argument, NULL, OPT_PESQ},
                                      {"json", required_argument, NULL, OPT_JSON},
                                      {"csv", required_argument, NULL, OPT_CSV},
                                      {"force", no_argument, NULL, 'f'},
                                      {"jobs", required_argument, NULL, 'j'},
                                      {"quiet", no_argument, NULL, 'q'},
                                      {"help", no_argument, NULL, 'h'},
                                      {"version", no_argument, NULL, 'V'},
                                      {NULL, 0, NULL, 0}};

static bool wrong(const char *subject, const char *value, const char *expected)
{
    fprintf(stderr, "sordino-eval: %s: '%s' is not served; give %s\n", subject, value, expected);
    return false;
}

static bool read_number(const char *text, double low, double high, double *out)
{
    char *end;
    const double v = strtod(text, &end);
    if (end == text || *end != '\0' || !(v >= low && v <= high))
        return false;
    *out = v;
    return true;
}

static bool read_count(const char *text, size_t low, size_t high, size_t *out)
{
    double v;
    if (!read_number(text, (double)low, (double)high, &v) || v != floor(v))
        return false;
    *out = (size_t)v;
    return true;
}

/* 0 or 1 for the place of `text` in the two choices, -1 for neither. */
static int choose(const char *text, const char *first, const char *second)
{
    return strcmp(text, first) == 0 ? 0 : strcmp(text, second) == 0 ? 1 : -1;
}

static bool read_align(const char *text, options *o)
{
    const int choice = choose(text, "auto", "none");
    o->align = choice == 0;
    return choice >= 0 || wrong("--align", text, "auto or none");
}

static bool read_channels(const char *text, options *o)
{
    const int choice = choose(text, "mean", "each");
    o->each_channel = choice == 1;
    return choice >= 0 || wrong("--channels", text, "mean or each");
}

static bool read_raw(const char *text, options *o)
{
    static const char *const encodings[] = {"s16", "s24", "s32", "f32", "f64"};
    for (size_t i = 0; i < sizeof encodings / sizeof *encodings; i++)
        if (strcasecmp(text, encodings[i]) == 0) {
            o->load.raw = (raw_encoding)((int)RAW_S16 + (int)i);
            return true;
        }
    return wrong("--raw", text, "s16, s24, s32, f32 or f64");
}

/* "1,3-5" to 0, 2, 3, 4. */
static bool read_columns(const char *text, options *o)
{
    const char *s = text;
    o->load.columns = o->columns;
    o->load.n_columns = 0;
    for (;;) {
        char *end;
        const long first = strtol(s, &end, 10);
        long last = first;
        if (end == s)
            break;
        if (*end == '-') {
            s = end + 1;
            last = strtol(s, &end, 10);
            if (end == s)
                break;
        }
        if (first < 1 || last < first || last > LOAD_MAX_CHANNELS ||
            (size_t)(last - first + 1) > LOAD_MAX_CHANNELS - o->load.n_columns)
            break;
        for (long c = first; c <= last; c++)
            o->columns[o->load.n_columns++] = (size_t)c - 1;
        if (*end == '\0')
            return true;
        if (*end != ',')
            break;
        s = end + 1;
    }
    return wrong("--columns", text, "numbers from 1 to 1024, as in 1,3-5");
}

static bool read_option(int code, const char *text, options *o)
{
    switch (code) {
    case OPT_NOISY:
        o->noisy = text;
        return true;
    case OPT_ALIGN:
        return read_align(text, o);
    case OPT_MAX_DELAY:
        return read_number(text, 0, 60, &o->max_delay) ||
               wrong("--max-delay", text, "seconds from 0 to 60");
    case OPT_CHANNELS:
        return read_channels(text, o);
    case OPT_COLUMNS:
        return read_columns(text, o);
    case OPT_RATE:
        return read_number(text, 1e-6, 1e9, &o->load.rate) ||
               wrong("--rate", text, "hertz from 1e-6 to 1e9");
    case OPT_RAW:
        return read_raw(text, o);
    case OPT_RAW_CHANNELS:
        return read_count(text, 1, LOAD_MAX_CHANNELS, &o->load.raw_channels) ||
               wrong("--raw-channels", text, "a whole number from 1 to 1024");
    case OPT_PESQ:
        o->pesq_command = text;
        return true;
    case OPT_JSON:
        o->json = text;
        return true;
    case OPT_CSV:
        o->csv = text;
        return true;
    case 'f':
        return o->force = true;
    case 'q':
        return o->quiet = true;
    case 'j':
        return read_count(text, 1, 256, &o->jobs) ||
               wrong("--jobs", text, "a whole number from 1 to 256");
    default:
        return false;
    }
}

static options_result complain(const char *text)
{
    fprintf(stderr, "sordino-eval: %s\n", text);
    return OPTIONS_WRONG;
}

/* What getopt could not make sense of: `code` is '?' or ':'. */
static options_result complain_option(int code, char **argv)
{
    const char *const argument = argv[optind - 1];
    const char letter[3] = {'-', (char)optopt, '\0'};
    const bool is_long = argument[0] == '-' && argument[1] == '-';
    fprintf(stderr, "sordino-eval: %s: %s; try 'sordino-eval --help'\n",
            is_long || optopt == 0 ? argument : letter,
            code == ':' ? "needs a value" : "is no option, or takes no value");
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
    int code;
    opterr = 0;
    memset(out, 0, sizeof *out);
    out->align = true;
    out->max_delay = 0.5;
    out->jobs = processors < 1 ? 1 : processors > 256 ? 256 : (size_t)processors;
    out->load.raw_channels = 1;
    while ((code = getopt_long(argc, argv, ":fj:qhV", table, NULL)) != -1) {
        if (code == 'h') {
            fputs(help, stdout);
            return OPTIONS_DONE;
        }
        if (code == 'V') {
            puts("sordino-eval " SORDINO_EVAL_VERSION);
            return OPTIONS_DONE;
        }
        if (code == '?' || code == ':')
            return complain_option(code, argv);
        if (!read_option(code, optarg, out))
            return OPTIONS_WRONG;
    }
    if (argc - optind != 2)
        return complain("arguments: CLEAN and PROCESSED are expected; try 'sordino-eval --help'");
    out->clean = argv[optind];
    out->processed = argv[optind + 1];
    return check(out);
}
