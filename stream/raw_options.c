#include "stream/raw_options.h"
#include "common/values.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

static const char help[] =
    "Usage: sordino-live --stdin --raw FORMAT --rate HZ [OPTION]...\n"
    "Remove noise from a sensor's samples on standard input, to standard output,\n"
    "each as soon as it can be told.\n"
    "\n"
    "Stream\n"
    "      --raw FORMAT        text, a line for each sample; or bare samples: f32le,\n"
    "                          s16le, f64le ... (u8, s8, s16, s24, s32, f32, f64, with\n"
    "                          le or be)\n"
    "      --rate HZ           samples a second\n"
    "      --channels N        channels, interleaved (1; text: as the first row has)\n"
    "      --columns LIST      text: only these, as in 2,4-6 (all numbers)\n"
    "      --time-column N     text: column of times, from 1, or none\n"
    "      --gaps keep|fill    leave missing values missing, or estimate them (keep)\n"
    "      --no-dither         round to 8, 16 and 24 bits without dither\n"
    "\n"
    "Method\n"
    "  -m, --model NAME        a network (name or path of a .safetensors file), or\n"
    "                          wiener, kalman or predictor (text, and below 8 kHz:\n"
    "                          kalman)\n"
    "      --noise-profile FILE  use a profile that sordino saved\n"
    "      --limit DB          take away at most this much (no limit)\n"
    "      --mix X             0 input .. 1 denoised (1)\n"
    "      --delta             write what would be taken away instead\n"
    "      --link, --no-link   one gain for all channels, or each its own (text: not)\n"
    "      --gain-rule RULE    wiener: lsa or wiener (lsa)\n"
    "      --window S          wiener: window in seconds, 0.002 to 0.2\n"
    "      --hop S             wiener: step in seconds (a quarter of the window)\n"
    "      --lag N             kalman: wait N samples for a better estimate (0)\n"
    "\n"
    "  -q, --quiet             errors only\n"
    "  -v, --verbose           tell what is done\n"
    "  -h, --help              show this and end\n"
    "  -V, --version           show the version and end\n"
    "\n"
    "Ends with 0 when the input does, or by SIGINT or SIGTERM; 1 for a fault, 2\n"
    "for wrong usage.\n";

enum {
    OPT_STDIN = 256,
    OPT_RAW,
    OPT_RATE,
    OPT_CHANNELS,
    OPT_COLUMNS,
    OPT_TIME_COLUMN,
    OPT_GAPS,
    OPT_DITHER,
    OPT_NO_DITHER,
    OPT_PROFILE,
    OPT_DELTA,
    OPT_LINK,
    OPT_NO_LINK
};

static const struct option table[] = {
    {"stdin", no_argument, NULL, OPT_STDIN},
    {"raw", required_argument, NULL, OPT_RAW},
    {"rate", required_argument, NULL, OPT_RATE},
    {"channels", required_argument, NULL, OPT_CHANNELS},
    {"columns", required_argument, NULL, OPT_COLUMNS},
    {"time-column", required_argument, NULL, OPT_TIME_COLUMN},
    {"gaps", required_argument, NULL, OPT_GAPS},
    {"dither", no_argument, NULL, OPT_DITHER},
    {"no-dither", no_argument, NULL, OPT_NO_DITHER},
    {"model", required_argument, NULL, 'm'},
    {"noise-profile", required_argument, NULL, OPT_PROFILE},
    {"limit", required_argument, NULL, METHOD_OPTION_LIMIT},
    {"mix", required_argument, NULL, METHOD_OPTION_MIX},
    {"delta", no_argument, NULL, OPT_DELTA},
    {"link", no_argument, NULL, OPT_LINK},
    {"no-link", no_argument, NULL, OPT_NO_LINK},
    {"gain-rule", required_argument, NULL, METHOD_OPTION_GAIN_RULE},
    {"window", required_argument, NULL, METHOD_OPTION_WINDOW},
    {"hop", required_argument, NULL, METHOD_OPTION_HOP},
    {"lag", required_argument, NULL, METHOD_OPTION_LAG},
    {"quiet", no_argument, NULL, 'q'},
    {"verbose", no_argument, NULL, 'v'},
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, 'V'},
    {NULL, 0, NULL, 0}};

bool raw_options_apply(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "--stdin") == 0)
            return true;
    return false;
}

static const char program[] = "sordino-live";

static bool wrong(const char *subject, const char *value, const char *expected)
{
    return value_wrong(program, subject, value, expected);
}

static bool read_stream_option(int code, const char *text, raw_stream_config *c)
{
    size_t n = 0;
    switch (code) {
    case OPT_RAW:
        c->encoding = text;
        return raw_stream_encoding(text) ||
               wrong("--raw", text, "text, or f32le, f64le, s16le and the like");
    case OPT_RATE:
        return value_number(text, 1e-6, 1e9, &c->rate) ||
               wrong("--rate", text, "hertz from 1e-6 to 1e9");
    case OPT_CHANNELS:
        if (!value_whole(program, "--channels", text, 1, SORDINO_MAX_CHANNELS, &n))
            return false;
        c->channels = (uint32_t)n;
        return true;
    case OPT_TIME_COLUMN:
        if (strcmp(text, "none") != 0 && !value_count(text, 1, 100000, &n))
            return wrong("--time-column", text, "the number of a column, from 1, or none");
        c->time_column = (int)n;
        return true;
    case OPT_GAPS:
        c->fill_gaps = strcmp(text, "fill") == 0;
        return c->fill_gaps || strcmp(text, "keep") == 0 || wrong("--gaps", text, "keep or fill");
    default:
        return method_option_read(program, code, text, &c->denoiser, &c->wants_wiener);
    }
}

/* Switches and texts; false when `code` is another. */
static bool read_plain_option(int code, const char *text, raw_stream_config *c)
{
    switch (code) {
    case OPT_STDIN:
        break;
    case 'm':
        c->model = text;
        break;
    case OPT_PROFILE:
        c->profile = text;
        c->wants_wiener = true;
        break;
    case OPT_COLUMNS:
        c->columns = text;
        break;
    case OPT_DITHER:
    case OPT_NO_DITHER:
        c->dither = code == OPT_DITHER;
        break;
    case OPT_DELTA:
        c->denoiser.delta = true;
        break;
    case OPT_LINK:
    case OPT_NO_LINK:
        c->link = code == OPT_LINK;
        break;
    case 'q':
        c->quiet = true;
        break;
    case 'v':
        c->verbose = true;
        break;
    default:
        return false;
    }
    return true;
}

static raw_options_result complain(const char *text)
{
    fprintf(stderr, "sordino-live: %s\n", text);
    return RAW_WRONG;
}

/* Options that do not go together. */
static raw_options_result check(int n_arguments, const raw_stream_config *c)
{
    if (n_arguments > 0)
        return complain("--stdin: takes no names of files; use < and >, or sordino IN OUT");
    if (!c->encoding)
        return complain("--stdin: needs to know what comes; add --raw text, f32le or s16le");
    if (c->rate == 0)
        return complain("--stdin: needs a rate; add --rate HZ");
    if (strcmp(c->encoding, "text") != 0 && (c->columns || c->time_column >= 0))
        return complain("--columns, --time-column: are for --raw text; leave them out");
    const char *const hop = method_option_check(&c->denoiser);
    if (hop)
        return complain(hop);
    return RAW_RUN;
}

/* What getopt could not make sense of: `code` is '?' or ':'. */
static raw_options_result complain_option(int code, char **argv)
{
    const char *const argument = argv[optind - 1];
    const char letter[3] = {'-', (char)optopt, '\0'};
    const bool is_long = argument[0] == '-' && argument[1] == '-';
    fprintf(stderr, "sordino-live: %s: %s; try 'sordino-live --stdin --help'\n",
            is_long || optopt == 0 ? argument : letter,
            code == ':' ? "needs a value" : "is no option, or takes no value");
    return RAW_WRONG;
}

raw_options_result raw_options_read(int argc, char **argv, raw_stream_config *config)
{
    int code;
    opterr = 0;
    raw_stream_init(config);
    while ((code = getopt_long(argc, argv, ":m:qvhV", table, NULL)) != -1) {
        if (code == 'h') {
            fputs(help, stdout);
            return RAW_DONE;
        }
        if (code == 'V') {
            printf("sordino-live %s\n", sordino_version());
            return RAW_DONE;
        }
        if (code == '?' || code == ':')
            return complain_option(code, argv);
        if (!read_plain_option(code, optarg, config) && !read_stream_option(code, optarg, config))
            return RAW_WRONG;
    }
    return check(argc - optind, config);
}
