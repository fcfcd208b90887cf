/* Which devices there are, and which of them is meant. */
#include "stream/audio_pa.h"
#include "common/fail.h"

#include <portaudio.h>

#include <ctype.h>
#include <math.h>
#include <string.h>

enum { MAX_FOUND = 64 };

/* Devices that may be meant on one side. */
typedef struct found {
    int device[MAX_FOUND];
    int n;
    bool none; /* this side is not wanted */
} found;

static void full_name(int device, char *to, size_t size)
{
    const PaDeviceInfo *const info = Pa_GetDeviceInfo(device);
    snprintf(to, size, "%s: %s", Pa_GetHostApiInfo(info->hostApi)->name, info->name);
}

static int channels_of(int device, bool input)
{
    const PaDeviceInfo *const info = Pa_GetDeviceInfo(device);
    return input ? info->maxInputChannels : info->maxOutputChannels;
}

static bool same_letters(const char *a, const char *b, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (tolower((unsigned char)a[i]) != tolower((unsigned char)b[i]))
            return false;
    return true;
}

static bool holds(const char *text, const char *part)
{
    const size_t n = strlen(part), all = strlen(text);
    for (size_t i = 0; i + n <= all; i++)
        if (same_letters(text + i, part, n))
            return true;
    return false;
}

static bool equals(const char *a, const char *b)
{
    return strlen(a) == strlen(b) && same_letters(a, b, strlen(a));
}

/* Those a name fits; of these only the ones it is equal to when there are any. */
static void find_named(const char *name, bool input, found *f)
{
    bool exact = false;
    for (int i = 0; i < Pa_GetDeviceCount() && f->n < MAX_FOUND; i++) {
        char full[256];
        full_name(i, full, sizeof full);
        const bool equal = equals(full, name) || equals(Pa_GetDeviceInfo(i)->name, name);
        if (channels_of(i, input) < 1 || !holds(full, name) || (exact && !equal))
            continue;
        if (equal && !exact) {
            exact = true;
            f->n = 0;
        }
        f->device[f->n++] = i;
    }
}

/* The default of each host API, JACK's first, as a server that runs is meant to be used, then that
 * of PortAudio's own default API. */
static void find_defaults(bool input, found *f)
{
    const int n = Pa_GetHostApiCount(), first = Pa_GetDefaultHostApi();
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < n && f->n < MAX_FOUND; i++) {
            const PaHostApiInfo *const api = Pa_GetHostApiInfo(i);
            const int rank = api->type == paJACK ? 0 : i == first ? 1 : 2;
            const int device = input ? api->defaultInputDevice : api->defaultOutputDevice;
            if (rank == round && device >= 0 && channels_of(device, input) > 0)
                f->device[f->n++] = device;
        }
    }
}

static void find_side(const char *name, bool input, found *f)
{
    memset(f, 0, sizeof *f);
    if (name && strcmp(name, "none") == 0)
        f->none = true;
    else if (name && strcmp(name, "default") != 0)
        find_named(name, input, f);
    else
        find_defaults(input, f);
}

static int api_of(int device)
{
    return Pa_GetDeviceInfo(device)->hostApi;
}

/* The pairs of one host API, as PortAudio runs a stream within one. Returns their number, and the
 * first. */
static int pair(const found *in, const found *out, audio_plan *plan)
{
    int n = 0;
    const int n_in = in->none ? 1 : in->n, n_out = out->none ? 1 : out->n;
    for (int i = 0; i < n_in; i++) {
        for (int k = 0; k < n_out; k++) {
            const int a = in->none ? -1 : in->device[i], b = out->none ? -1 : out->device[k];
            if (a >= 0 && b >= 0 && api_of(a) != api_of(b))
                continue;
            if (n++ == 0) {
                plan->input = a;
                plan->output = b;
            }
        }
    }
    return n;
}

static sordino_status fail_none(const audio_request *w, const found *in, const found *out,
                                sordino_error *why)
{
    if (Pa_GetDeviceCount() < 1)
        return fail(why, SORDINO_NOT_FOUND,
                    "there is no sound device here; start a sound server, or use --stdin for "
                    "sensors and sordino for files");
    if (in->n == 0 && !in->none && w->input)
        return fail(why, SORDINO_NOT_FOUND, "no input is called '%s'; see --list", w->input);
    if (out->n == 0 && !out->none && w->output)
        return fail(why, SORDINO_NOT_FOUND, "no output is called '%s'; see --list", w->output);
    if ((in->n == 0 && !in->none) || (out->n == 0 && !out->none))
        return fail(why, SORDINO_NOT_FOUND, "there is no %s device; see --list, or add --%s none",
                    in->n == 0 && !in->none ? "input" : "output",
                    in->n == 0 && !in->none ? "input" : "output");
    return fail(why, SORDINO_UNSUPPORTED,
                "input and output belong to different host APIs; choose two of one, see --list");
}

static void print_side(const char *option, const char *name, const found *f)
{
    if (!name || f->none || f->n < 2)
        return;
    fprintf(stderr, "sordino-live: %s: '%s' fits %d devices:\n", option, name, f->n);
    for (int i = 0; i < f->n; i++) {
        char full[256];
        full_name(f->device[i], full, sizeof full);
        fprintf(stderr, "    %s\n", full);
    }
}

static sordino_status take_channels(const audio_request *w, audio_plan *plan, sordino_error *why)
{
    const int most_in = plan->input >= 0 ? channels_of(plan->input, true) : SORDINO_MAX_CHANNELS;
    const int most_out = plan->output >= 0 ? channels_of(plan->output, false) : 0;
    plan->channels = w->channels > 0 ? w->channels : 1;
    plan->channels_out = plan->channels;
    if (plan->channels == 1 && w->channels == 0 && most_out > 1)
        plan->channels_out = 2; /* one voice, on both sides of a headphone */
    if (plan->channels > (uint32_t)most_in)
        return fail(why, SORDINO_UNSUPPORTED, "%s has %d channels, not %lu; lower --channels",
                    plan->input_name, most_in, (unsigned long)plan->channels);
    if (plan->output >= 0 && plan->channels_out > (uint32_t)most_out)
        return fail(why, SORDINO_UNSUPPORTED, "%s has %d channels, not %lu; lower --channels",
                    plan->output_name, most_out, (unsigned long)plan->channels_out);
    return SORDINO_OK;
}

static bool is_named(const char *name)
{
    return name && strcmp(name, "default") != 0;
}

sordino_status audio_find(const audio_request *w, audio_plan *plan, sordino_error *why)
{
    found in, out;
    memset(plan, 0, sizeof *plan);
    find_side(w->input, true, &in);
    find_side(w->output, false, &out);
    if (in.none && out.none)
        return fail(why, SORDINO_BAD_ARG, "--input and --output are both none; name one");
    const int n = pair(&in, &out, plan);
    if (n == 0)
        return fail_none(w, &in, &out, why);
    /* Of a side that was not named the first of the defaults is meant. */
    const bool has_in = is_named(w->input), has_out = is_named(w->output);
    if ((has_in && in.n > 1) || (has_out && out.n > 1)) {
        const int several_in = has_in && !in.none ? in.n : 1;
        const int several_out = has_out && !out.none ? out.n : 1;
        int apis = 0;
        for (int i = 0; i < several_in; i++)
            for (int k = 0; k < several_out; k++)
                apis += in.none || out.none || !has_in || !has_out ||
                        api_of(in.device[i]) == api_of(out.device[k]);
        if (apis > 1) {
            print_side("--input", w->input, &in);
            print_side("--output", w->output, &out);
            return fail(why, SORDINO_BAD_ARG,
                        "more than one device is meant; give more of its name");
        }
    }
    const int device = plan->input >= 0 ? plan->input : plan->output;
    if (plan->input >= 0)
        full_name(plan->input, plan->input_name, sizeof plan->input_name);
    if (plan->output >= 0)
        full_name(plan->output, plan->output_name, sizeof plan->output_name);
    plan->rate = w->rate > 0 ? w->rate : Pa_GetDeviceInfo(device)->defaultSampleRate;
    plan->block = w->block;
    plan->latency = w->latency;
    return take_channels(w, plan, why);
}

/* ---- the list */

static void print_text(const char *text, bool json, FILE *to)
{
    for (const char *s = text; *s; s++) {
        const unsigned char c = (unsigned char)*s;
        if (json && (c == '"' || c == '\\'))
            fputc('\\', to);
        if (c >= 0x20 && c != 0x7f)
            fputc(c, to);
    }
}

static void print_device(int i, bool json, FILE *to)
{
    const PaDeviceInfo *const d = Pa_GetDeviceInfo(i);
    const PaHostApiInfo *const api = Pa_GetHostApiInfo(d->hostApi);
    const double ms_in = d->maxInputChannels > 0 ? 1e3 * d->defaultLowInputLatency : 0;
    const double ms_out = d->maxOutputChannels > 0 ? 1e3 * d->defaultLowOutputLatency : 0;
    if (!json) {
        fputs("  ", to);
        print_text(d->name, false, to);
        fprintf(to, "\n      %d in, %d out, %.9g Hz, latency %.1f ms in, %.1f ms out%s%s\n",
                d->maxInputChannels, d->maxOutputChannels, d->defaultSampleRate, ms_in, ms_out,
                i == api->defaultInputDevice ? ", default input" : "",
                i == api->defaultOutputDevice ? ", default output" : "");
        return;
    }
    fputs("{\"api\": \"", to);
    print_text(api->name, true, to);
    fputs("\", \"name\": \"", to);
    print_text(d->name, true, to);
    fprintf(to,
            "\", \"inputs\": %d, \"outputs\": %d, \"rate\": %.9g, \"latency_in\": %.6f, "
            "\"latency_out\": %.6f, \"default_input\": %s, \"default_output\": %s}",
            d->maxInputChannels, d->maxOutputChannels, d->defaultSampleRate, 1e-3 * ms_in,
            1e-3 * ms_out, i == api->defaultInputDevice ? "true" : "false",
            i == api->defaultOutputDevice ? "true" : "false");
}

size_t audio_list(bool json, FILE *to)
{
    const int n = Pa_GetDeviceCount();
    int printed = 0;
    if (json)
        fputs("[", to);
    for (int a = 0; a < Pa_GetHostApiCount(); a++) {
        const PaHostApiInfo *const api = Pa_GetHostApiInfo(a);
        if (!json && api->deviceCount > 0)
            fprintf(to, "%s\n", api->name);
        for (int i = 0; i < api->deviceCount; i++) {
            if (json)
                fputs(printed > 0 ? ",\n " : "", to);
            print_device(Pa_HostApiDeviceIndexToDeviceIndex(a, i), json, to);
            printed++;
        }
    }
    if (json)
        fputs("]\n", to);
    return n > 0 ? (size_t)n : 0;
}
