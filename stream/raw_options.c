#include "stream/raw_options.h"
#include "common/method_options.h"
#include "common/options.h"

#include <stdio.h>
#include <string.h>

static sordino_status read_raw(void *all, void *field, const option_row *row, const char *text,
                               sordino_error *why)
{
    *(const char **)field = text;
    return raw_stream_encoding(text)
               ? SORDINO_OK
               : option_wrong(why, text, "text, or f32le, f64le, s16le and the like");
}

static sordino_status read_stdin(void *all, void *field, const option_row *row, const char *text,
                                 sordino_error *why)
{
    return SORDINO_OK; /* it chose this table */
}

#define AT(field) offsetof(raw_stream_config, field)

static const option_row rows[] = {
    {.name = "stdin", .kind = OPTION_READ, .read = read_stdin},
    {.group = "Stream",
     .name = "raw",
     .value = "FORMAT",
     .choices = "text f32le f64le s16le s24le s32le u8 s8",
     .kind = OPTION_READ,
     .at = AT(encoding),
     .read = read_raw,
     .help = "text, a line for each sample; or bare samples: f32le, s16le, f64le ... (u8, s8, s16, "
             "s24, s32, f32, f64, with le or be)"},
    {.name = "rate",
     .value = "HZ",
     .kind = OPTION_NUMBER,
     .at = AT(rate),
     .low = 1e-6,
     .high = 1e9,
     .unit = "hertz",
     .help = "samples a second"},
    {.name = "channels",
     .value = "N",
     .kind = OPTION_WHOLE,
     .at = AT(channels),
     .bytes = sizeof(uint32_t),
     .low = 1,
     .most = SORDINO_MAX_CHANNELS,
     .help = "channels, interleaved (1; text: as the first row has)"},
    {.name = "columns",
     .value = "LIST",
     .kind = OPTION_TEXT,
     .at = AT(columns),
     .help = "text: only these, as in 2,4-6 (all numbers)"},
    {.name = "time-column",
     .value = "N",
     .choices = "none",
     .kind = OPTION_READ,
     .at = AT(time_column),
     .read = method_read_time_column,
     .help = "text: column of times, from 1, or none"},
    METHOD_GAPS(AT(fill_gaps)),
    METHOD_DITHER(AT(dither)),
    METHOD_NO_DITHER(AT(dither)),

    METHOD_MODEL(AT(model),
                 "a network (name or path of a .safetensors file), or wiener, kalman or predictor "
                 "(text, and below 8 kHz: kalman)"),
    {.name = "noise-profile",
     .value = "FILE",
     .kind = OPTION_TEXT,
     .at = AT(profile),
     .given = 1 + AT(wants_wiener),
     .help = "use a profile that sordino saved"},
    METHOD_LIMIT(AT(denoiser), "take away at most this much (no limit)"),
    METHOD_MIX(AT(denoiser)),
    METHOD_DELTA(AT(denoiser), "write what would be taken away instead"),
    METHOD_LINK(AT(link), "one gain for all channels (so for bare samples)"),
    METHOD_NO_LINK(AT(link), "each channel its own gain (so for text)"),
    METHOD_GAIN_RULE(AT(denoiser), AT(wants_wiener)),
    METHOD_WINDOW(AT(denoiser), AT(wants_wiener)),
    METHOD_HOP(AT(denoiser)),
    METHOD_LAG(AT(denoiser)),

    {.group = "",
     .name = "quiet",
     .letter = 'q',
     .kind = OPTION_ON,
     .at = AT(quiet),
     .help = "errors only"},
    {.name = "verbose",
     .letter = 'v',
     .kind = OPTION_ON,
     .at = AT(verbose),
     .help = "tell what is done"},
    {.name = "help", .letter = 'h', .kind = OPTION_HELP, .help = "show this and end"},
    {.name = "version", .letter = 'V', .kind = OPTION_VERSION, .help = "show the version and end"},
};

static const option_table table = {
    .program = "sordino-live",
    .version = sordino_version,
    .command = "sordino-live --stdin",
    .intro = "Usage: sordino-live --stdin --raw FORMAT --rate HZ [OPTION]...\n"
             "Remove noise from a sensor's samples on standard input, to standard output,\n"
             "each as soon as it can be told.\n",
    .end = "Ends with 0 when the input does, or by SIGINT or SIGTERM; 1 for a fault, 2\n"
           "for wrong usage.\n",
    .rows = rows,
    .n_rows = sizeof rows / sizeof *rows,
};

bool raw_options_apply(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "--stdin") == 0)
            return true;
    return false;
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

raw_options_result raw_options_read(int argc, char **argv, raw_stream_config *config)
{
    int first;
    raw_stream_init(config);
    const option_result result = option_read_or_tell(&table, argc, argv, config, &first);
    if (result != OPTION_GO)
        return result == OPTION_DONE ? RAW_DONE : RAW_WRONG;
    return check(argc - first, config);
}
