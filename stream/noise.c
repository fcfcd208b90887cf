#include "stream/noise.h"
#include "stream/audio_pa.h"
#include "stream/record.h"
#include "stream/screen.h"
#include "stream/methods.h"
#include "stream/wake.h"
#include "common/sound/signal_signs.h"

#include <sndfile.h>

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TICK_MS = 100 };

static const double looked_at = 120;    /* s of the recording that are judged */
static const double silence = 1e-5;     /* peak: nothing was connected */
static const double full_scale = 0.999; /* peak: it was cut off */

typedef struct noise {
    const live_options *o;
    audio_plan plan;
    engine *engine;
    audio *audio;
    record *record;
} noise;

/* The channel `x` [n] as what it says of itself. */
static void judge(const char *path, const float *x, size_t n, double rate)
{
    signal_signs signs;
    float peak = 0;
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        peak = fmaxf(peak, fabsf(x[i]));
        sum += (double)x[i] * (double)x[i];
    }
    if (n == 0 || !((double)peak > silence)) {
        screen_warn("silent", path, "holds silence; see that the input is connected and not muted");
        return;
    }
    const double level = 10 * log10(sum / (double)n);
    if (!signal_signs_measure(x, n, rate, &signs))
        screen_warn("judged", path, "is %.1f s of %.1f dB; no memory is left to judge it",
                    (double)n / rate, level);
    else if ((double)peak > full_scale)
        screen_warn("clipped", path, "is cut off at full scale; lower the input's level");
    else if (signal_signs_odds(&signs) > 0)
        screen_warn("signal", path,
                    "seems to hold a voice (%.0f %% of its louder parts repeat at a voice's "
                    "pitch); record again while nobody speaks",
                    100 * signs.voiced);
    else if (signal_signs_uneven(&signs))
        screen_warn("uneven", path,
                    "comes and goes by %.0f dB: noise of that kind, or more than noise; listen to "
                    "it",
                    signs.spread);
    else
        screen_tell("noise", path, "is %.1f s of steady noise at %.1f dB", (double)n / rate, level);
}

/* Reads the recording back, its first channel, and judges it. */
static void judge_file(const char *path)
{
    SF_INFO info;
    memset(&info, 0, sizeof info);
    SNDFILE *const f = sf_open(path, SFM_READ, &info);
    if (!f)
        return;
    const size_t channels = (size_t)info.channels;
    const double wanted = fmin((double)info.frames, looked_at * info.samplerate);
    const size_t n = wanted > 0 ? (size_t)wanted : 0;
    float *const x = calloc(n * channels + 1, sizeof *x);
    if (x) {
        const sf_count_t got = sf_readf_float(f, x, (sf_count_t)n);
        for (size_t i = 0; i < n; i++)
            x[i] = x[i * channels];
        /* A device takes a moment to be connected, and gives nothing until then. */
        const size_t all = got > 0 ? (size_t)got : 0;
        size_t first = 0;
        while (first < all && x[first] == 0)
            first++;
        judge(path, x + first, all - first, info.samplerate);
    }
    sf_close(f);
    free(x);
}

/* Listens only: the denoiser is there for its meters. */
static sordino_status open_all(noise *r, sordino_error *why)
{
    live_options o = *r->o;
    method *m;
    o.config.enabled = false;
    sordino_status status = audio_find(&r->o->audio, &r->plan, why);
    if (!status)
        status = method_make(&o, "wiener", r->plan.rate, r->plan.channels, 0, NULL, &m, why);
    if (status)
        return status;
    r->engine = engine_new(r->plan.rate, r->plan.channels, r->plan.channels, m);
    if (!r->engine) {
        snprintf(why->text, sizeof why->text, "out of memory; end other programs");
        return SORDINO_NO_MEM;
    }
    status = audio_open(&r->plan, r->engine, &r->audio, why);
    if (!status)
        status = record_open(r->o->record_noise, RECORD_AT_ONCE, r->o->force, r->plan.rate,
                             r->plan.channels, &r->record, why);
    if (status)
        return status;
    engine_set_captures(r->engine, record_capture(r->record), NULL);
    return audio_begin(r->audio, why);
}

static void show(const noise *r, bool drawn, double seconds)
{
    engine_meters m;
    char bar[40];
    engine_read_meters(r->engine, &m);
    screen_bar(bar, 30, m.input_db);
    if (drawn)
        printf("\r%5.1f of %.1f s %s %6.1f dB\033[K", seconds, r->o->noise_seconds, bar,
               (double)m.input_db);
    fflush(stdout);
}

/* Until it is long enough, a signal comes, or the device goes. */
static void listen_to_it(const noise *r)
{
    const bool drawn = isatty(STDOUT_FILENO) && !r->o->json && !r->o->quiet && !r->o->plain;
    const uint64_t wanted = (uint64_t)ceil(r->o->noise_seconds * r->plan.rate);
    struct pollfd ready = {.fd = wake_descriptor(), .events = POLLIN};
    audio_state a;
    int number = 0;
    do {
        poll(&ready, 1, TICK_MS);
        number = wake_next();
        audio_read_state(r->audio, &a);
        show(r, drawn, (double)a.frames / r->plan.rate);
    } while (a.frames < wanted && a.running && number == 0);
    if (drawn)
        printf("\r\033[K");
    if (!a.running)
        screen_warn("lost", r->plan.input_name, "was lost; what was heard until then is kept");
}

/* Closes the recording and says what it is. */
static sordino_status finish(noise *r, bool stuck)
{
    sordino_error why;
    const char *const path = r->o->record_noise;
    const uint64_t lost = capture_lost(record_capture(r->record));
    engine_set_captures(r->engine, NULL, NULL);
    if (stuck && !engine_captures_idle(r->engine))
        record_leave_capture(r->record);
    const sordino_status status = record_close(r->record, &why);
    if (status) {
        screen_warn("failed", path, "%s", why.text);
        return status;
    }
    if (lost > 0)
        screen_warn("lost", path, "%llu frames were lost to a slow disk", (unsigned long long)lost);
    judge_file(path);
    return SORDINO_OK;
}

int noise_record(const live_options *o)
{
    noise r = {.o = o};
    sordino_error why = {SORDINO_OK, ""};
    screen_begin(o->json ? SCREEN_JSON : o->quiet ? SCREEN_QUIET : SCREEN_PLAIN);
    if (!wake_catch_signals()) {
        screen_warn("failed", "signals", "cannot be caught: %s", strerror(errno));
        return EXIT_FAILURE;
    }
    sordino_status status = audio_start(o->client, &why);
    const bool started = status == SORDINO_OK;
    if (!status)
        status = open_all(&r, &why);
    if (status) {
        screen_warn("failed", o->record_noise, "%s", why.text);
    } else {
        screen_tell("started", r.plan.input_name, "is listened to for %.1f s", o->noise_seconds);
        listen_to_it(&r);
    }
    /* A device that hangs is left to itself, and at the end with it all that it may touch. */
    const bool stuck = r.audio && !status && !audio_leave(r.audio);
    if (status)
        audio_close(r.audio);
    if (started && status)
        audio_end();
    if (status)
        record_discard(r.record);
    else
        status = finish(&r, stuck);
    const int code = status ? EXIT_FAILURE : EXIT_SUCCESS;
    if (stuck) {
        fflush(NULL);
        _exit(code);
    }
    engine_free(r.engine);
    return code;
}
