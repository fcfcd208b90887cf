#include "stream/options.h"
#include "common/values.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

static const char program[] = "sordino-live";

static const char help[] =
    "Usage: sordino-live [OPTION]...\n"
    "       sordino-live --record-noise FILE SECONDS [OPTION]...\n"
    "       sordino-live --stdin --raw FORMAT --rate HZ [OPTION]...\n"
    "Remove noise while it sounds: from a microphone to a loudspeaker or another\n"
    "program. With --stdin from any sensor; 'sordino-live --stdin --help' tells more.\n"
    "\n"
    "Devices\n"
    "      --list              show the devices there are, and end\n"
    "      --input NAME        a part of a device's name as --list shows it, or none\n"
    "      --output NAME       the same (by default JACK's devices when its server\n"
    "                          runs, else the system's)\n"
    "      --input-file FILE   play this instead of a microphone, and end after it\n"
    "      --output-file FILE  write this instead of playing it\n"
    "      --rate HZ           rate (the device's own)\n"
    "      --block N           frames the device gives at a time (as it likes)\n"
    "      --latency MS        latency asked of the device (its own lowest)\n"
    "      --channels N        channels (1, on both sides of a stereo output; of a file\n"
    "                          all it has)\n"
    "      --client NAME       name that sound servers show (sordino-live)\n"
    "      --rt                ask for real-time priority\n"
    "\n"
    "Method\n"
    "  -m, --model NAME        a network (name or path of a .safetensors file), or\n"
    "                          wiener; speech where it is built in, else wiener\n"
    "      --list-models       show the models found, and end\n"
    "      --limit DB          take away at most this much (20)\n"
    "      --mix X             0 input .. 1 denoised (1)\n"
    "      --delta             let hear what is taken away instead\n"
    "      --link, --no-link   one gain for all channels (so by default), or each its\n"
    "                          own\n"
    "      --gain-rule RULE    wiener: lsa or wiener (lsa)\n"
    "      --window S          wiener: window in seconds, 0.002 to 0.2\n"
    "      --hop S             wiener: step in seconds (a quarter of the window)\n"
    "      --learn-noise S     wiener: take the first seconds as noise alone\n"
    "      --noise-profile FILE  wiener: use a profile saved before\n"
    "      --save-profile FILE   save what was learned, at the end\n"
    "\n"
    "Recordings (.wav, .flac ...)\n"
    "      --record-raw FILE   what comes in\n"
    "      --record-clean FILE what goes out\n"
    "      --record-noise FILE SECONDS  record noise alone, to train or learn from;\n"
    "                          tells when it seems to hold more\n"
    "  -f, --force             overwrite files\n"
    "\n"
    "Screen\n"
    "      --plain             lines of text, also on a terminal\n"
    "      --json              events, one JSON object a line, on standard output; with\n"
    "                          --list a list of devices\n"
    "  -q, --quiet             errors only\n"
    "      --seconds S         end after so long\n"
    "\n"
    "      --print-pipewire-conf  a configuration of PipeWire with a virtual microphone\n"
    "      --print-systemd-unit   a unit that keeps sordino-live running\n"
    "  -h, --help              show this and end\n"
    "  -V, --version           show the version and end\n"
    "\n"
    "SIGINT and SIGTERM end it, SIGHUP reads the model again. Ends with 0 when told to,\n"
    "1 when it could not start, 2 for wrong usage.\n";

enum {
    OPT_LIST = 256,
    OPT_INPUT,
    OPT_OUTPUT,
    OPT_INPUT_FILE,
    OPT_OUTPUT_FILE,
    OPT_RATE,
    OPT_BLOCK,
    OPT_LATENCY,
    OPT_CHANNELS,
    OPT_CLIENT,
    OPT_RT,
    OPT_LIST_MODELS,
    OPT_DELTA,
    OPT_LINK,
    OPT_NO_LINK,
    OPT_LEARN,
    OPT_PROFILE,
    OPT_SAVE_PROFILE,
    OPT_RECORD_RAW,
    OPT_RECORD_CLEAN,
    OPT_RECORD_NOISE,
    OPT_PLAIN,
    OPT_JSON,
    OPT_SECONDS,
    OPT_PIPEWIRE,
    OPT_SYSTEMD,
    OPT_RESUMED
};

static const struct option table[] = {
    {"list", no_argument, NULL, OPT_LIST},
    {"input", required_argument, NULL, OPT_INPUT},
    {"output", required_argument, NULL, OPT_OUTPUT},
    {"input-file", required_argument, NULL, OPT_INPUT_FILE},
    {"output-file", required_argument, NULL, OPT_OUTPUT_FILE},
    {"rate", required_argument, NULL, OPT_RATE},
    {"block", required_argument, NULL, OPT_BLOCK},
    {"latency", required_argument, NULL, OPT_LATENCY},
    {"channels", required_argument, NULL, OPT_CHANNELS},
    {"client", required_argument, NULL, OPT_CLIENT},
    {"rt", no_argument, NULL, OPT_RT},
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
    {"learn-noise", required_argument, NULL, OPT_LEARN},
    {"noise-profile", required_argument, NULL, OPT_PROFILE},
    {"save-profile", required_argument, NULL, OPT_SAVE_PROFILE},
    {"record-raw", required_argument, NULL, OPT_RECORD_RAW},
    {"record-clean", required_argument, NULL, OPT_RECORD_CLEAN},
    {"record-noise", required_argument, NULL, OPT_RECORD_NOISE},
    {"force", no_argument, NULL, 'f'},
    {"plain", no_argument, NULL, OPT_PLAIN},
    {"json", no_argument, NULL, OPT_JSON},
    {"quiet", no_argument, NULL, 'q'},
    {"seconds", required_argument, NULL, OPT_SECONDS},
    {"print-pipewire-conf", no_argument, NULL, OPT_PIPEWIRE},
    {"print-systemd-unit", no_argument, NULL, OPT_SYSTEMD},
    {"resumed", required_argument, NULL, OPT_RESUMED},
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, 'V'},
    {NULL, 0, NULL, 0}};

static bool wrong(const char *subject, const char *value, const char *expected)
{
    return value_wrong(program, subject, value, expected);
}

/* Options of the device. */
static bool read_device_option(int code, const char *text, live_options *o)
{
    size_t n;
    double v;
    switch (code) {
    case OPT_RATE:
        return value_number(text, 1000, 768000, &o->audio.rate) ||
               wrong("--rate", text, "hertz from 1000 to 768000");
    case OPT_BLOCK:
        if (!value_whole(program, "--block", text, 0, 65536, &n))
            return false;
        o->audio.block = (unsigned long)n;
        return true;
    case OPT_LATENCY:
        if (!value_number(text, 0, 10000, &v))
            return wrong("--latency", text, "milliseconds from 0 to 10000");
        o->audio.latency = 1e-3 * v;
        return true;
    case OPT_CHANNELS:
        if (!value_whole(program, "--channels", text, 1, SORDINO_MAX_CHANNELS, &n))
            return false;
        o->audio.channels = (uint32_t)n;
        return true;
    case OPT_LEARN:
        o->wants_wiener = true;
        return value_number(text, 0.1, 600, &o->learn) ||
               wrong("--learn-noise", text, "seconds from 0.1 to 600");
    case OPT_SECONDS:
        return value_number(text, 0, 1e9, &o->seconds) || wrong("--seconds", text, "seconds");
    default:
        return method_option_read(program, code, text, &o->config, &o->wants_wiener);
    }
}

/* Those that are a text, or a switch; false when `code` is another. */
static bool read_plain_option(int code, const char *text, live_options *o)
{
    const struct {
        int code;
        const char **to;
    } texts[] = {{OPT_INPUT, &o->audio.input},
                 {OPT_OUTPUT, &o->audio.output},
                 {OPT_INPUT_FILE, &o->input_file},
                 {OPT_OUTPUT_FILE, &o->output_file},
                 {OPT_CLIENT, &o->client},
                 {'m', &o->model},
                 {OPT_PROFILE, &o->profile},
                 {OPT_SAVE_PROFILE, &o->save_profile},
                 {OPT_RECORD_RAW, &o->record_raw},
                 {OPT_RECORD_CLEAN, &o->record_clean},
                 {OPT_RECORD_NOISE, &o->record_noise},
                 {OPT_RESUMED, &o->resumed}};
    const struct {
        int code;
        bool *to;
    } switches[] = {{OPT_RT, &o->rt},       {OPT_DELTA, &o->config.delta}, {'f', &o->force},
                    {OPT_PLAIN, &o->plain}, {OPT_JSON, &o->json},          {'q', &o->quiet}};
    const struct {
        int code;
        live_task task;
    } tasks[] = {{OPT_LIST, LIVE_LIST},
                 {OPT_LIST_MODELS, LIVE_LIST_MODELS},
                 {OPT_RECORD_NOISE, LIVE_RECORD_NOISE},
                 {OPT_PIPEWIRE, LIVE_PRINT_PIPEWIRE},
                 {OPT_SYSTEMD, LIVE_PRINT_SYSTEMD}};
    bool found = code == OPT_LINK || code == OPT_NO_LINK;
    if (found)
        o->link = code == OPT_LINK;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        if (texts[i].code == code) {
            *texts[i].to = text;
            found = true;
        }
    }
    for (size_t i = 0; i < sizeof switches / sizeof *switches; i++) {
        if (switches[i].code == code)
            found = *switches[i].to = true;
    }
    for (size_t i = 0; i < sizeof tasks / sizeof *tasks; i++) {
        if (tasks[i].code == code) {
            o->task = tasks[i].task;
            found = true;
        }
    }
    return found;
}

static live_options_result complain(const char *text)
{
    fprintf(stderr, "%s: %s\n", program, text);
    return LIVE_WRONG;
}

/* What getopt could not make sense of: `code` is '?' or ':'. */
static live_options_result complain_option(int code, char **argv)
{
    const char *const argument = argv[optind - 1];
    const char letter[3] = {'-', (char)optopt, '\0'};
    const bool is_long = argument[0] == '-' && argument[1] == '-';
    fprintf(stderr, "%s: %s: %s; try 'sordino-live --help'\n", program,
            is_long || optopt == 0 ? argument : letter,
            code == ':' ? "needs a value" : "is no option, or takes no value");
    return LIVE_WRONG;
}

/* Files in the place of a device. */
static const char *check_files(live_options *o)
{
    const audio_wishes *const a = &o->audio;
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
    int code;
    opterr = 0;
    memset(o, 0, sizeof *o);
    sordino_config_init(&o->config);
    o->config.limit = -20;
    o->link = -1;
    o->client = program;
    o->argv = argv;
    while ((code = getopt_long(argc, argv, ":m:fqhV", table, NULL)) != -1) {
        if (code == 'h') {
            fputs(help, stdout);
            return LIVE_DONE;
        }
        if (code == 'V') {
            printf("%s %s\n", program, sordino_version());
            return LIVE_DONE;
        }
        if (code == '?' || code == ':')
            return complain_option(code, argv);
        if (!read_plain_option(code, optarg, o) && !read_device_option(code, optarg, o))
            return LIVE_WRONG;
    }
    o->wants_wiener = o->wants_wiener || o->profile;
    return check(argc - optind, argv + optind, o);
}
