#include "stream/session.h"
#include "common/fail.h"
#include "stream/audio_pa.h"
#include "stream/controls.h"
#include "stream/player.h"
#include "stream/recordings.h"
#include "stream/resume.h"
#include "stream/route.h"
#include "stream/screen.h"
#include "stream/wake.h"

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TICK_MS = 100 };

static const double first_wait = 0.25, longest_wait = 4; /* s, between attempts to reopen */
static const double plain_every = 10, json_every = 1;    /* s, between lines of status */

typedef struct session {
    const live_options *o;
    audio_request request;
    audio_plan plan;
    engine *engine;
    audio *audio;  /* NULL while the device is lost */
    bool is_stuck; /* PortAudio hangs in a device that was lost */
    bool failed;   /* it could not go on, or not read what it plays */
    controls controls;
    recordings recordings;
    virtual_kind virtual_kind;
    virtual_device virtual_device;
    double started, shown, retry_at, wait;
    bool ending, priority_asked;
    double seconds;                /* to run in all; 0 = no end */
    player *player;                /* --input-file */
    uint64_t played;               /* of it by processes before this */
    uint64_t losses, xruns_before; /* of devices lost since */
} session;

/* ---- the engine */

static uint32_t latency_of(const session *s)
{
    return engine_method(s->engine)->processor.latency;
}

/* A denoiser for what was found; the one there is stays when it serves. */
static sordino_status make_engine(session *s, sordino_error *why)
{
    method *m;
    if (s->engine)
        return SORDINO_OK;
    const sordino_status status = controls_make_method(&s->controls, &m, why);
    if (status)
        return status;
    s->engine = engine_new(s->plan.rate, s->plan.channels, s->plan.channels_out, m);
    if (!s->engine)
        return fail_no_memory(why);
    if (s->player)
        engine_set_feed(s->engine, player_feed(s->player));
    controls_connect(&s->controls, s->engine);
    return SORDINO_OK;
}

/* ---- going on in a new process */

static void read_resume(session *s)
{
    resume r;
    if (!resume_read(s->o->resumed, &r))
        return;
    s->controls.now.limit = r.limit;
    s->controls.now.enabled = r.enabled;
    s->controls.now.delta = r.delta;
    s->controls.muted = r.muted;
    s->controls.push_to_talk = r.push_to_talk;
    controls_take_noise(&s->controls, r.noise);
    s->seconds = r.left;
    s->recordings.n_files = r.n_files;
    s->losses = r.losses;
    s->xruns_before = r.xruns;
    s->played = r.played;
}

/* Does not return but when it cannot be done. */
static void go_on_anew(session *s)
{
    const double left = s->seconds > 0 ? fmax(0.1, s->seconds - (wake_now() - s->started)) : 0;
    const resume r = {.limit = s->controls.now.limit,
                      .left = left,
                      .enabled = s->controls.now.enabled,
                      .delta = s->controls.now.delta,
                      .muted = s->controls.muted,
                      .push_to_talk = s->controls.push_to_talk,
                      .n_files = s->recordings.n_files,
                      .losses = s->losses,
                      .xruns = s->xruns_before,
                      .played = s->player ? player_place(s->player) : 0,
                      .noise = s->controls.has_learned ? s->controls.profile : NULL};
    if (s->controls.learning || s->controls.awaits_noise)
        screen_warn("unlearned", "noise",
                    "what was being learned is lost with the device; learn it again");
    screen_end();
    resume_exec(&r, s->o->argv, s->controls.methods.name[s->controls.method]);
    screen_warn("failed", "sordino-live", "cannot go on in a new process: %s", strerror(errno));
}

/* ---- the device */

/* A file is played at its own rate. */
static sordino_status open_player(session *s, sordino_error *why)
{
    const live_options *const o = s->o;
    if (!o->input_file || s->player)
        return SORDINO_OK;
    const sordino_status status =
        player_open(o->input_file, o->audio.channels, s->played, &s->player, why);
    if (status)
        return status;
    if (o->audio.rate > 0 && o->audio.rate != player_rate(s->player))
        return fail(why, SORDINO_UNSUPPORTED, "is of %.9g Hz; leave --rate out",
                    player_rate(s->player));
    s->request.rate = player_rate(s->player);
    if (player_channels(s->player) > 1) /* one is heard on both sides */
        s->request.channels = player_channels(s->player);
    return SORDINO_OK;
}

/* An engine that does not fit what was found is left, with what it learned. */
static void leave_engine(session *s, const audio_plan *found)
{
    if (!s->engine || (found->rate == s->plan.rate && found->channels == s->plan.channels &&
                       found->channels_out == s->plan.channels_out))
        return;
    recordings_interrupt(&s->recordings, s->engine);
    controls_rest(&s->controls);
    controls_connect(&s->controls, NULL);
    engine_free(s->engine);
    s->engine = NULL;
}

/* Opens the device, begins what is to be recorded from the first frame on, and lets it run. */
static sordino_status start_device(session *s, sordino_error *why)
{
    sordino_status status = audio_open(&s->plan, s->engine, &s->audio, why);
    if (status == SORDINO_UNSUPPORTED && s->player)
        fail(why, status,
             "does not run at the file's %.9g Hz; convert the file first, or take "
             "another device",
             s->plan.rate);
    const bool begins = !status && s->recordings.wanted;
    if (begins && !recordings_begin(&s->recordings, s->engine, &s->plan))
        status = fail(why, SORDINO_IO, "is not opened, as it cannot be recorded");
    if (!status)
        status = audio_begin(s->audio, why);
    s->controls.has_device = !status;
    if (!status)
        return status;
    audio_close(s->audio);
    s->audio = NULL;
    if (begins)
        recordings_discard(&s->recordings, s->engine);
    return status;
}

/* Opens device and engine. When the device came back at another rate the engine is made anew. */
static sordino_status open_device(session *s, sordino_error *why)
{
    audio_plan plan;
    sordino_status status =
        virtual_open(s->virtual_kind, s->request.channels, &s->virtual_device, why);
    if (!status)
        status = audio_start(s->o->client, why);
    if (status)
        return status;
    status = audio_find(&s->request, &plan, why);
    if (status == SORDINO_NOT_FOUND && s->virtual_kind != VIRTUAL_NONE)
        status = fail(why, status,
                      "the sound server is not to be had by ALSA's device pulse; install "
                      "libasound2-plugins, and see --list");
    if (!status)
        leave_engine(s, &plan);
    if (!status) {
        s->plan = plan;
        status = make_engine(s, why);
    }
    if (!status)
        status = start_device(s, why);
    if (status)
        audio_end();
    return status;
}

/* False when PortAudio hangs in it. */
static bool close_device(session *s)
{
    if (s->audio && !audio_leave(s->audio))
        s->is_stuck = true;
    s->audio = NULL;
    s->controls.has_device = false;
    return !s->is_stuck;
}

static const char *device_name(const session *s)
{
    return s->o->input_file      ? s->o->input_file
           : *s->plan.input_name ? s->plan.input_name
                                 : s->plan.output_name;
}

static void tell_start(session *s, const char *event)
{
    audio_state a;
    audio_read_state(s->audio, &a);
    const double ms = 1e3 / s->plan.rate;
    const char *to = s->plan.output_name, *const from = s->plan.input_name;
    const char *const end = strstr(to, ": ");
    if (*from && end && strncmp(from, to, (size_t)(end - to) + 2) == 0)
        to = end + 2; /* of the same host API */
    screen_tell(event, device_name(s), "to %s, %.9g Hz, %lu channel%s, %s",
                s->o->output_file ? s->o->output_file
                : *to             ? to
                                  : "no output",
                s->plan.rate, (unsigned long)s->plan.channels, s->plan.channels == 1 ? "" : "s",
                engine_method(s->engine)->name);
    route_tell(s->virtual_kind);
    screen_tell("latency", "latency", "%lu samples (%.1f ms) here, %.1f ms in the device",
                (unsigned long)latency_of(s), ms * (double)latency_of(s),
                1e3 * (a.delay_in + a.delay_out));
}

static void lose_device(session *s)
{
    audio_state a;
    audio_read_state(s->audio, &a);
    s->xruns_before += a.xruns;
    s->losses++;
    screen_warn("lost", device_name(s), "was lost; it is opened again when it is back");
    if (!close_device(s)) {
        recordings_stop(&s->recordings, s->engine);
        go_on_anew(s);
        s->failed = s->ending = true;
        return;
    }
    s->wait = first_wait;
    s->retry_at = wake_now() + s->wait;
}

static void try_device(session *s)
{
    sordino_error why;
    if (wake_now() < s->retry_at)
        return;
    if (open_device(s, &why) == SORDINO_OK) {
        s->priority_asked = false;
        tell_start(s, "reopened");
        controls_learn_at_start(&s->controls);
        return;
    }
    s->wait = fmin(2 * s->wait, longest_wait);
    s->retry_at = wake_now() + s->wait;
}

static void ask_priority(session *s)
{
    sordino_error why;
    const sordino_status status = audio_raise_priority(s->audio, &why);
    if (status == SORDINO_NOT_FOUND)
        return;
    s->priority_asked = true;
    if (status)
        screen_warn("rt", "--rt", "%s", why.text);
    else
        screen_tell("rt", "--rt", "the callback runs at real-time priority");
}

/* ---- the loop */

static void on_wake(session *s)
{
    int number;
    while ((number = wake_next()) > 0) {
        if (number == SIGHUP)
            controls_reload(&s->controls);
        else
            s->ending = true;
    }
}

static void show(session *s)
{
    audio_state a = {.running = false};
    engine_meters m;
    if (!s->engine)
        return;
    if (s->audio)
        audio_read_state(s->audio, &a);
    engine_read_meters(s->engine, &m);
    screen_show(&(screen_state){.method = engine_method(s->engine)->name,
                                .input = s->plan.input_name,
                                .output = s->plan.output_name,
                                .rate = s->plan.rate,
                                .latency = (double)m.latency / s->plan.rate,
                                .latency_samples = m.latency,
                                .device_latency = a.delay_in + a.delay_out,
                                .input_db = m.input_db,
                                .output_db = m.output_db,
                                .reduction_db = m.reduction_db,
                                .load = a.load,
                                .worst = a.worst,
                                .limit = s->controls.now.limit,
                                .frames = m.frames,
                                .xruns = s->xruns_before + a.xruns,
                                .record_lost = recordings_lost(&s->recordings),
                                .record_written = recordings_written(&s->recordings),
                                .losses = s->losses,
                                .bypass = !s->controls.now.enabled,
                                .delta = s->controls.now.delta,
                                .muted = controls_is_muted(&s->controls),
                                .push_to_talk = s->controls.push_to_talk,
                                .learning = s->controls.learning,
                                .recording = s->recordings.running,
                                .waiting = !s->audio});
}

/* The file is at its end when the last of it has left the denoiser and the device. */
static bool is_played(session *s, const audio_state *a)
{
    const feed *const f = player_feed(s->player);
    const double left = (double)latency_of(s) + a->delay_out * s->plan.rate;
    if ((double)feed_after(f) <= left)
        return false;
    if (player_failed(s->player)) {
        screen_warn("failed", s->o->input_file, "could not be read to its end");
        s->failed = true;
    }
    if (feed_late(f) > 0)
        screen_warn("late", s->o->input_file, "%llu frames came too late, and were silence",
                    (unsigned long long)feed_late(f));
    return true;
}

static bool is_time_to_show(session *s, double every)
{
    const double t = wake_now();
    if (t - s->shown < every - 0.5e-3 * TICK_MS)
        return false;
    s->shown = t;
    return true;
}

static screen_kind kind_of(const live_options *o)
{
    if (o->json)
        return SCREEN_JSON;
    if (o->quiet)
        return SCREEN_QUIET;
    return !o->plain && isatty(STDOUT_FILENO) ? SCREEN_LINE : SCREEN_PLAIN;
}

/* Once a tick. */
static void step(session *s, double show_every)
{
    audio_state a = {.running = false};
    if (s->audio) {
        audio_read_state(s->audio, &a);
        if (!a.running)
            lose_device(s);
    } else {
        try_device(s);
    }
    if (s->audio && s->o->rt && !s->priority_asked)
        ask_priority(s);
    if (s->engine) {
        engine_tidy(s->engine);
        if (s->audio)
            audio_tell_latency(s->audio);
    }
    controls_step(&s->controls);
    if (!recordings_check(&s->recordings))
        s->ending = true;
    if (s->audio && s->player && is_played(s, &a))
        s->ending = true;
    if (s->seconds > 0 && wake_now() - s->started >= s->seconds)
        s->ending = true;
    if (is_time_to_show(s, show_every))
        show(s);
}

static void loop(session *s)
{
    const screen_kind kind = kind_of(s->o);
    const double every = kind == SCREEN_LINE   ? 1e-3 * TICK_MS
                         : kind == SCREEN_JSON ? json_every
                                               : plain_every;
    struct pollfd ready[2] = {{.fd = wake_descriptor(), .events = POLLIN},
                              {.fd = STDIN_FILENO, .events = POLLIN}};
    const bool had_keys = kind == SCREEN_LINE && isatty(STDIN_FILENO);
    while (!s->ending) {
        int key = 0;
        /* Where there are no keys standard input is nobody's business. */
        const bool has_keys = kind == SCREEN_LINE && isatty(STDIN_FILENO);
        poll(ready, has_keys ? 2 : 1, TICK_MS);
        on_wake(s);
        while ((key = screen_key()) > 0)
            if (key == 'q')
                s->ending = true;
            else if (key == 'r')
                recordings_toggle(&s->recordings, s->engine, &s->plan);
            else
                controls_key(&s->controls, key);
        step(s, every);
        if (had_keys && !isatty(STDIN_FILENO))
            s->ending = true; /* its terminal was closed: nobody could end it any more */
    }
}

static int start(session *s)
{
    sordino_error why;
    if (!controls_may_save_profile(s->o))
        return EXIT_FAILURE;
    if (controls_open_profile(&s->controls, &why)) {
        screen_warn("profile", s->o->profile, "%s", why.text);
        return EXIT_FAILURE;
    }
    if (open_player(s, &why)) {
        screen_warn("failed", s->o->input_file, "%s", why.text);
        return EXIT_FAILURE;
    }
    if (open_device(s, &why)) {
        if (s->o->resumed) { /* it was there before, and is waited for */
            s->wait = first_wait;
            s->retry_at = wake_now() + s->wait;
            return EXIT_SUCCESS;
        }
        screen_warn("failed",
                    *s->plan.input_name || *s->plan.output_name ? device_name(s) : "audio", "%s",
                    why.text);
        return EXIT_FAILURE;
    }
    tell_start(s, s->o->resumed ? "reopened" : "started");
    controls_learn_at_start(&s->controls);
    return EXIT_SUCCESS;
}

int session_run(const live_options *o)
{
    session s = {.o = o, .seconds = o->seconds, .request = o->audio};
    if (!route_choose(o, kind_of(o) == SCREEN_LINE, &s.request, &s.virtual_kind))
        return 2;
    controls_init(&s.controls, o, &s.plan);
    recordings_init(&s.recordings, o, 0);
    read_resume(&s);
    s.started = s.shown = wake_now();
    if (!wake_catch_signals()) {
        screen_warn("failed", "signals", "cannot be caught: %s", strerror(errno));
        return EXIT_FAILURE;
    }
    screen_begin(kind_of(o));
    int code = start(&s);
    const bool started = code == EXIT_SUCCESS;
    if (started)
        loop(&s);
    audio_state last = {.running = false};
    show(&s);
    screen_end();
    const bool was_open = s.audio != NULL;
    if (was_open)
        audio_read_state(s.audio, &last);
    const unsigned long long losses = s.losses;
    const uint64_t xruns_of_all = s.xruns_before + last.xruns;
    const unsigned long long xruns = xruns_of_all;
    close_device(&s);
    recordings_stop(&s.recordings, s.engine);
    virtual_close(&s.virtual_device);
    if (was_open)
        screen_tell("stopped", "ended", "after %.1f s; xruns %llu, device lost %llu times",
                    wake_now() - s.started, xruns, losses);
    if (s.failed || (s.recordings.failed && (o->output_file || o->input_file)))
        code = EXIT_FAILURE;
    if (started && !controls_save_profile(&s.controls, s.is_stuck))
        code = EXIT_FAILURE;
    if (s.is_stuck) { /* its threads still use what would be freed */
        fflush(NULL);
        _exit(code);
    }
    engine_free(s.engine);
    player_close(s.player);
    controls_free(&s.controls);
    return code;
}
