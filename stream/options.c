#include "stream/options.h"
#include "common/method_options.h"
#include "common/options.h"
#include "common/values.h"

#include <stdio.h>
#include <string.h>

static const char program[] = "sordino-live";

static sordino_status read_latency(void *all, void *field, const option_row *row, const char *text,
                                   sordino_error *why)
{
    double ms;
    if (!value_number(text, 0, 10000, &ms))
        return option_wrong(why, text, "milliseconds from 0 to 10000");
    *(double *)field = 1e-3 * ms;
    return SORDINO_OK;
}

static sordino_status read_record_noise(void *all, void *field, const option_row *row,
                                        const char *text, sordino_error *why)
{
    live_options *const o = all;
    o->task = LIVE_RECORD_NOISE;
    o->record_noise = text;
    return SORDINO_OK;
}

#define AT(field) offsetof(live_options, field)

static const option_row rows[] = {
    {.group = "Devices",
     .name = "list",
     .kind = OPTION_SET,
     .at = AT(task),
     .set = LIVE_LIST,
     .help = "show the devices there are, and end"},
    {.name = "input",
     .value = "NAME",
     .choices = "none default",
     .kind = OPTION_TEXT,
     .at = AT(audio.input),
     .help = "a part of a device's name as --list shows it, or none"},
    {.name = "output",
     .value = "NAME",
     .choices = "none default",
     .kind = OPTION_TEXT,
     .at = AT(audio.output),
     .help = "the same; default takes JACK's when its server runs, else the system's: for "
             "headphones alone"},
    {.name = "virtual-mic",
     .kind = OPTION_ON,
     .at = AT(virtual_mic),
     .help = "be a microphone for other programs, for as long as it runs"},
    {.name = "virtual-speaker",
     .kind = OPTION_ON,
     .at = AT(virtual_speaker),
     .help = "be a loudspeaker for other programs, to hear them without noise"},
    {.name = "push-to-talk",
     .kind = OPTION_ON,
     .at = AT(push_to_talk),
     .help = "let nothing out but while space is held down"},
    {.name = "input-file",
     .value = "FILE",
     .kind = OPTION_TEXT,
     .at = AT(input_file),
     .help = "play this instead of a microphone, and end after it"},
    {.name = "output-file",
     .value = "FILE",
     .kind = OPTION_TEXT,
     .at = AT(output_file),
     .help = "write this instead of playing it"},
    {.name = "rate",
     .value = "HZ",
     .kind = OPTION_NUMBER,
     .at = AT(audio.rate),
     .low = 1000,
     .high = 768000,
     .unit = "hertz",
     .help = "rate (the device's own)"},
    {.name = "block",
     .value = "N",
     .kind = OPTION_WHOLE,
     .at = AT(audio.block),
     .bytes = sizeof(unsigned long),
     .low = 0,
     .most = 65536,
     .help = "frames the device gives at a time (as it likes)"},
    {.name = "latency",
     .value = "MS",
     .kind = OPTION_READ,
     .at = AT(audio.latency),
     .read = read_latency,
     .help = "latency asked of the device (its own lowest)"},
    {.name = "channels",
     .value = "N",
     .kind = OPTION_WHOLE,
     .at = AT(audio.channels),
     .bytes = sizeof(uint32_t),
     .low = 1,
     .most = SORDINO_MAX_CHANNELS,
     .help = "channels (1, on both sides of a stereo output; of a file all it has)"},
    {.name = "client",
     .value = "NAME",
     .kind = OPTION_TEXT,
     .at = AT(client),
     .help = "name that sound servers show (sordino-live)"},
    {.name = "rt", .kind = OPTION_ON, .at = AT(rt), .help = "ask for real-time priority"},

    METHOD_MODEL(
        AT(model),
        "a network (name or path of a .safetensors file), or wiener; speech where it is built "
        "in, else wiener"),
    {.name = "list-models",
     .kind = OPTION_SET,
     .at = AT(task),
     .set = LIVE_LIST_MODELS,
     .help = "show the models found, and end"},
    METHOD_LIMIT(AT(config), "take away at most this much (20)"),
    METHOD_MIX(AT(config)),
    METHOD_DELTA(AT(config), "let hear what is taken away instead"),
    METHOD_LINK(AT(link), "one gain for all channels (so by default)"),
    METHOD_NO_LINK(AT(link), "each channel its own gain"),
    METHOD_GAIN_RULE(AT(config), AT(wants_wiener)),
    METHOD_WINDOW(AT(config), AT(wants_wiener)),
    METHOD_HOP(AT(config)),
    {.name = "learn-noise",
     .value = "S",
     .kind = OPTION_NUMBER,
     .at = AT(learn),
     .given = 1 + AT(wants_wiener),
     .low = 0.1,
     .high = 600,
     .unit = "seconds",
     .help = "wiener: take the first seconds as noise alone"},
    {.name = "noise-profile",
     .value = "FILE",
     .kind = OPTION_TEXT,
     .at = AT(profile),
     .given = 1 + AT(wants_wiener),
     .help = "wiener: use a profile saved before"},
    {.name = "save-profile",
     .value = "FILE",
     .kind = OPTION_TEXT,
     .at = AT(save_profile),
     .help = "save what was learned, at the end"},

    {.group = "Recordings (.wav, .flac ...)",
     .name = "record-raw",
     .value = "FILE",
     .kind = OPTION_TEXT,
     .at = AT(record_raw),
     .help = "what comes in"},
    {.name = "record-clean",
     .value = "FILE",
     .kind = OPTION_TEXT,
     .at = AT(record_clean),
     .help = "what goes out"},
    {.name = "record-noise",
     .value = "FILE SECONDS",
     .kind = OPTION_READ,
     .read = read_record_noise,
     .help = "record noise alone, to train or learn from; tells when it seems to hold more"},
    {.name = "force", .letter = 'f', .kind = OPTION_ON, .at = AT(force), .help = "overwrite files"},

    {.group = "Screen",
     .name = "plain",
     .kind = OPTION_ON,
     .at = AT(plain),
     .help = "lines of text, also on a terminal"},
    {.name = "json",
     .kind = OPTION_ON,
     .at = AT(json),
     .help = "events, one JSON object a line, on standard output; with --list a list of devices"},
    {.name = "quiet", .letter = 'q', .kind = OPTION_ON, .at = AT(quiet), .help = "errors only"},
    {.name = "seconds",
     .value = "S",
     .kind = OPTION_NUMBER,
     .at = AT(seconds),
     .low = 0,
     .high = 1e9,
     .unit = "seconds",
     .help = "end after so long"},

    {.group = "",
     .name = "print-pipewire-conf",
     .kind = OPTION_SET,
     .at = AT(task),
     .set = LIVE_PRINT_PIPEWIRE,
     .help = "a configuration of PipeWire with a virtual microphone"},
    {.name = "print-systemd-unit",
     .kind = OPTION_SET,
     .at = AT(task),
     .set = LIVE_PRINT_SYSTEMD,
     .help = "a unit that keeps sordino-live running"},
    {.name = "resumed", .value = "STATE", .kind = OPTION_TEXT, .at = AT(resumed)},
    {.name = "help", .letter = 'h', .kind = OPTION_HELP, .help = "show this and end"},
    {.name = "version", .letter = 'V', .kind = OPTION_VERSION, .help = "show the version and end"},
};

static const option_table table = {
    .program = program,
    .version = sordino_version,
    .intro = "Usage: sordino-live [OPTION]...\n"
             "       sordino-live --record-noise FILE SECONDS [OPTION]...\n"
             "       sordino-live --stdin --raw FORMAT --rate HZ [OPTION]...\n"
             "Remove noise while it sounds: from a microphone to a loudspeaker or another\n"
             "program. With --stdin from any sensor; 'sordino-live --stdin --help' tells more.\n",
    .end = "SIGINT and SIGTERM end it, SIGHUP reads the model again. Ends with 0 when told to,\n"
           "1 when it could not start, 2 for wrong usage.\n",
    .rows = rows,
    .n_rows = sizeof rows / sizeof *rows,
};

static live_options_result complain(const char *text)
{
    fprintf(stderr, "%s: %s\n", program, text);
    return LIVE_WRONG;
}

/* What other programs are to take for a device. */
static const char *check_virtual(const live_options *o)
{
    if (!o->virtual_mic && !o->virtual_speaker)
        return NULL;
    if (o->virtual_mic && o->virtual_speaker)
        return "--virtual-mic, --virtual-speaker: are two directions; run sordino-live twice";
    if (o->virtual_mic && (o->audio.output || o->output_file))
        return "--virtual-mic: is the output; leave --output and --output-file out";
    if (o->virtual_speaker && (o->audio.input || o->input_file))
        return "--virtual-speaker: is the input; leave --input and --input-file out";
    return NULL;
}

/* Files in the place of a device. */
static const char *check_files(live_options *o)
{
    const audio_request *const a = &o->audio;
    if (!o->input_file && !o->output_file)
        return NULL;
    if (o->task != LIVE_RUN)
        return "--input-file, --output-file: are for running alone; leave them out here";
    if (o->input_file && o->output_file)
        return "--input-file, --output-file: no device is left; use sordino IN OUT for files";
    if (o->input_file && a->input)
        return "--input, --input-file: are two inputs; give one of them";
    if (o->output_file && a->output)
        return "--output, --output-file: are two outputs; give one of them";
    if (o->output_file && o->record_clean)
        return "--output-file, --record-clean: write the same; give one of them";
    if (o->output_file && o->record_raw && strcmp(o->output_file, o->record_raw) == 0)
        return "--output-file, --record-raw: are one file; give two";
    if (o->input_file)
        o->audio.input = "none";
    else
        o->audio.output = "none";
    return NULL;
}

/* Options that do not go together, and what follows them. */
static live_options_result check(int n, char **arguments, live_options *o)
{
    if (o->task == LIVE_RECORD_NOISE) {
        if (n != 1 || !value_number(arguments[0], 0.5, 86400, &o->noise_seconds))
            return complain("--record-noise: takes a file and seconds, 0.5 or more, as in "
                            "--record-noise room.wav 20");
        o->audio.output = "none";
    } else if (n > 0) {
        fprintf(stderr, "%s: %s: no names are taken; try 'sordino-live --help'\n", program,
                arguments[0]);
        return LIVE_WRONG;
    }
    const char *const fault = method_option_check(&o->config);
    if (fault)
        return complain(fault);
    const char *const devices = check_virtual(o);
    if (devices)
        return complain(devices);
    const char *const files = check_files(o);
    if (files)
        return complain(files);
    if (o->learn > 0 && o->profile)
        return complain("--learn-noise, --noise-profile: are two noises; give one of them");
    if (o->record_raw && o->record_clean && strcmp(o->record_raw, o->record_clean) == 0)
        return complain("--record-raw, --record-clean: are one file; give two");
    return LIVE_GO;
}

live_options_result live_options_read(int argc, char **argv, live_options *o)
{
    int first;
    memset(o, 0, sizeof *o);
    sordino_config_init(&o->config);
    o->config.limit = -20;
    o->link = -1;
    o->client = program;
    o->argv = argv;
    const option_result result = option_read_or_tell(&table, argc, argv, o, &first);
    if (result != OPTION_GO)
        return result == OPTION_DONE ? LIVE_DONE : LIVE_WRONG;
    return check(argc - first, argv + first, o);
}
