#include "stream/live.h"
#include "common/fail.h"
#include "stream/audio_pa.h"
#include "stream/methods.h"
#include "stream/player.h"
#include "stream/record.h"
#include "stream/resume.h"
#include "stream/screen.h"
#include "stream/wake.h"

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { TICK_MS = 100 };

static const double first_wait = 0.25, longest_wait = 4; /* s, between attempts to reopen */
static const double plain_every = 10, json_every = 1;    /* s, between lines of status */
static const double limit_step = 3;                      /* dB a key press */
static const double capture_patience = 2;                /* s for a block to be through */

typedef struct live {
    const live_options *o;
    audio_request request;
    audio_plan plan;
    engine *engine;
    audio *audio; /* NULL while the device is lost */
    bool has_pa;
    sordino_profile *profile; /* given, or learned since */
    bool has_learned;         /* the second */
    method_list methods;
    size_t method; /* that was last taken */
    size_t next_method;
    const char *next_event; /* NULL = no other is asked for */
    record *raw, *clean;
    bool recording, by_option; /* by_option: not by a key */
    bool write_failed;         /* told */
    bool wants_recording;      /* as soon as a device is open */
    bool awaits_noise;         /* learning was ended, but what was learned is not here yet */
    bool is_stuck;             /* PortAudio hangs in a device that was lost */
    bool failed;               /* it could not go on */

    sordino_config now; /* controls as they are set: limit, mix, delta, enabled */
    double started, shown, learn_until, retry_at, wait;
    bool learning, ending, priority_asked, learned_at_start;
    double seconds;                /* to run in all; 0 = no end */
    unsigned n_files;              /* recordings that options asked for, begun so far */
    player *player;                /* --input-file */
    uint64_t played;               /* of it by processes before this */
    uint64_t losses, xruns_before; /* of devices lost since */
} live;

/* ---- the engine */

static void set_controls(const live *l)
{
    engine_set_limit(l->engine, l->now.limit);
    engine_set_mix(l->engine, l->now.mix);
    engine_set_delta(l->engine, l->now.delta);
    engine_set_enabled(l->engine, l->now.enabled);
    engine_set_learn(l->engine, l->learning);
}

static uint32_t latency_of(const live *l)
{
    return engine_method(l->engine)->processor.latency;
}

/* A denoiser for what was found; the one there is stays when it serves. */
static sordino_status make_engine(live *l, double rate, sordino_error *why)
{
    method *m;
    if (l->engine)
        return SORDINO_OK;
    sordino_status status = method_make(l->o, l->methods.name[l->method], rate, l->plan.channels, 0,
                                        l->profile, &m, why);
    if (status)
        return status;
    l->engine = engine_new(rate, l->plan.channels, l->plan.channels_out, m);
    if (!l->engine)
        return fail_no_memory(why);
    if (l->player)
        engine_set_feed(l->engine, player_feed(l->player));
    set_controls(l);
    return SORDINO_OK;
}

/* The method or model that sounds once all changes are done. */
static size_t last_method(const live *l)
{
    return l->next_event ? l->next_method : l->method;
}

static void begin_learning(live *l)
{
    const char *const name = l->methods.name[last_method(l)];
    if (!method_learns(name)) {
        screen_tell("kept", "noise", "%s learns no noise; press m until wiener is used", name);
        return;
    }
    l->learning = true;
    if (l->engine)
        engine_set_learn(l->engine, true);
    screen_tell("learning", "noise", "now learning it; keep everything else quiet");
}

/* That noise is known is told by keep_noise, once it is. */
static void end_learning(live *l)
{
    if (!l->learning)
        return;
    l->learning = false;
    l->learn_until = 0;
    l->awaits_noise = l->engine != NULL;
    if (l->engine)
        engine_set_learn(l->engine, false);
}

/* Takes over what was learned, NULL when that is nothing, for other methods, for a device that
 * comes back at another rate, and for a process that goes on. */
static void keep_noise(live *l, sordino_profile *p)
{
    l->awaits_noise = false;
    if (!p) {
        screen_warn("unlearned", "noise", "nothing was learned, as too little was heard");
        return;
    }
    sordino_profile_free(l->profile);
    l->profile = p;
    l->has_learned = true;
    screen_tell("learned", "noise", "learned, and used from now on");
}

static void look_for_noise(live *l)
{
    sordino_profile *p;
    if (engine_take_noise(l->engine, &p))
        keep_noise(l, p);
}

/* The same at once, while no callback runs. */
static void keep_noise_at_rest(live *l)
{
    sordino_profile *p;
    sordino_error why;
    if (l->awaits_noise && l->engine)
        keep_noise(l, engine_profile(l->engine, &p, &why) ? NULL : p);
}

/* Takes another method, or the same model's file again, while it sounds; once the change before is
 * done, what is being learned is kept and the device is there. */
static void change_method(live *l, size_t to, const char *event)
{
    sordino_error why;
    method *m;
    const char *const name = l->methods.name[to];
    end_learning(l);
    l->next_method = to;
    l->next_event = event;
    if (!l->engine || !l->audio || engine_is_changing(l->engine) || l->awaits_noise)
        return;
    l->next_event = NULL;
    if (method_make(l->o, name, l->plan.rate, l->plan.channels, latency_of(l), l->profile, &m,
                    &why)) {
        screen_warn("kept", name, "%s; the method does not change", why.text);
        return;
    }
    if (!engine_change(l->engine, m)) {
        method_free(m);
        return;
    }
    l->method = to;
    screen_tell(event, m->name, "now in use");
}

/* ---- recordings */

/* Takes the captures away from the callback; false when it hangs with them in its hands. */
static bool take_captures_back(const live *l)
{
    const struct timespec pause = {.tv_nsec = 1000000};
    const double end = wake_now() + capture_patience;
    if (!l->engine)
        return true;
    engine_set_captures(l->engine, NULL, NULL);
    while (!engine_captures_idle(l->engine) && wake_now() < end)
        nanosleep(&pause, NULL);
    return engine_captures_idle(l->engine);
}

static void stop_recording(live *l)
{
    sordino_error why;
    record **const all[] = {&l->raw, &l->clean};
    const bool idle = take_captures_back(l);
    for (int i = 0; i < 2; i++) {
        record *const r = *all[i];
        const char *const name = i == 0                              ? "record-raw"
                                 : l->by_option && l->o->output_file ? l->o->output_file
                                                                     : "record-clean";
        if (!r)
            continue;
        const uint64_t pushed = capture_pushed(record_capture(r)),
                       lost = capture_lost(record_capture(r));
        *all[i] = NULL;
        if (!idle)
            record_leave_capture(r);
        if (record_close(r, &why)) {
            screen_warn("record", name, "%s", why.text);
            l->write_failed = true;
        } else
            screen_tell("record", name, "%llu frames, %llu lost", (unsigned long long)pushed,
                        (unsigned long long)lost);
    }
    l->recording = l->by_option = false;
}

/* Of what could not begin nothing is left behind. No callback has the captures. */
static void discard_recording(live *l)
{
    if (l->engine)
        engine_set_captures(l->engine, NULL, NULL);
    record_discard(l->raw);
    record_discard(l->clean);
    l->raw = l->clean = NULL;
    l->recording = l->by_option = false;
}

static bool start_one(live *l, const char *path, record_kind kind, record **out)
{
    sordino_error why;
    if (!path)
        return true;
    if (!record_open(path, kind, l->o->force, l->plan.rate, l->plan.channels, out, &why))
        return true;
    screen_warn("record", path, "%s", why.text);
    return false;
}

static bool start_recording(live *l, const char *raw, const char *clean, record_kind kind)
{
    const bool good =
        start_one(l, raw, RECORD_AT_ONCE, &l->raw) && start_one(l, clean, kind, &l->clean);
    if (!good) {
        discard_recording(l);
        return false;
    }
    if (raw || clean)
        engine_set_captures(l->engine, l->raw ? record_capture(l->raw) : NULL,
                            l->clean ? record_capture(l->clean) : NULL);
    l->recording = raw || clean;
    return true;
}

/* By a key: into files named by the time. */
static void toggle_recording(live *l)
{
    char raw[64], clean[64], stamp[32];
    struct tm parts;
    const time_t t = time(NULL);
    if (l->by_option && l->o->output_file) {
        screen_tell("record", l->o->output_file, "recording goes on until the end");
        return;
    }
    if (l->recording) {
        stop_recording(l);
        return;
    }
    if (!l->engine || !localtime_r(&t, &parts))
        return;
    strftime(stamp, sizeof stamp, "%Y%m%d-%H%M%S", &parts);
    snprintf(raw, sizeof raw, "sordino-%s-raw.wav", stamp);
    snprintf(clean, sizeof clean, "sordino-%s-clean.wav", stamp);
    if (start_recording(l, raw, clean, RECORD_AT_ONCE))
        screen_tell("record", raw, "now recording to it and to %s", clean);
}

/* NAME.wav, NAME-2.wav ...: the n-th; false when out of room. */
static bool number_name(const char *path, unsigned n, char *to, size_t size)
{
    const char *const dot = strrchr(path, '.');
    const int stem = (int)(dot && !strchr(dot, '/') ? (size_t)(dot - path) : strlen(path));
    const int length = n < 2 ? snprintf(to, size, "%s", path)
                             : snprintf(to, size, "%.*s-%u%s", stem, path, n, path + stem);
    return length > 0 && (size_t)length < size;
}

/* What --record-raw, --record-clean and --output-file ask for, from the first frame on. */
static bool record_options(live *l)
{
    char raw[4096], clean[4096];
    const live_options *const o = l->o;
    const char *const out = o->output_file ? o->output_file : o->record_clean;
    const unsigned n = l->n_files + 1;
    if ((o->record_raw && !number_name(o->record_raw, n, raw, sizeof raw)) ||
        (out && !number_name(out, n, clean, sizeof clean)))
        return false;
    if (!start_recording(l, o->record_raw ? raw : NULL, out ? clean : NULL,
                         o->output_file ? RECORD_WHOLE : RECORD_AT_ONCE))
        return false;
    l->wants_recording = false;
    l->by_option = true;
    l->n_files = n;
    return true;
}

/* ---- going on in a new process */

static void read_resume(live *l)
{
    resume r;
    if (!resume_read(l->o->resumed, &r))
        return;
    l->now.limit = r.limit;
    l->now.enabled = r.enabled;
    l->now.delta = r.delta;
    l->seconds = r.left;
    l->n_files = r.n_files;
    l->losses = r.losses;
    l->xruns_before = r.xruns;
    l->played = r.played;
    l->profile = r.noise;
}

/* Does not return but when it cannot be done. */
static void go_on_anew(live *l)
{
    const double left = l->seconds > 0 ? fmax(0.1, l->seconds - (wake_now() - l->started)) : 0;
    const resume r = {.limit = l->now.limit,
                      .left = left,
                      .enabled = l->now.enabled,
                      .delta = l->now.delta,
                      .n_files = l->n_files,
                      .losses = l->losses,
                      .xruns = l->xruns_before,
                      .played = l->player ? player_place(l->player) : 0,
                      .noise = l->has_learned ? l->profile : NULL};
    if (l->learning || l->awaits_noise)
        screen_warn("unlearned", "noise",
                    "what was being learned is lost with the device; learn it again");
    screen_end();
    resume_exec(&r, l->o->argv, l->methods.name[l->method]);
    screen_warn("failed", "sordino-live", "cannot go on in a new process: %s", strerror(errno));
}

/* ---- the device */

/* A file is played at its own rate. */
static sordino_status open_player(live *l, sordino_error *why)
{
    const live_options *const o = l->o;
    if (!o->input_file || l->player)
        return SORDINO_OK;
    const sordino_status status =
        player_open(o->input_file, o->audio.channels, l->played, &l->player, why);
    if (status)
        return status;
    if (o->audio.rate > 0 && o->audio.rate != player_rate(l->player))
        return fail(why, SORDINO_UNSUPPORTED, "is of %.9g Hz; leave --rate out",
                    player_rate(l->player));
    l->request.rate = player_rate(l->player);
    if (player_channels(l->player) > 1) /* one is heard on both sides */
        l->request.channels = player_channels(l->player);
    return SORDINO_OK;
}

/* An engine that does not fit what was found is left, with what it learned. */
static void leave_engine(live *l, const audio_plan *found)
{
    if (!l->engine || (found->rate == l->plan.rate && found->channels == l->plan.channels &&
                       found->channels_out == l->plan.channels_out))
        return;
    l->wants_recording = l->wants_recording || l->by_option;
    stop_recording(l);
    keep_noise_at_rest(l);
    engine_free(l->engine);
    l->engine = NULL;
}

/* Opens the device, begins what is to be recorded from the first frame on, and lets it run. */
static sordino_status start_device(live *l, sordino_error *why)
{
    sordino_status status = audio_open(&l->plan, l->engine, &l->audio, why);
    const bool records = !status && l->wants_recording;
    if (records && !record_options(l))
        status = fail(why, SORDINO_IO, "is not opened, as it cannot be recorded");
    if (!status)
        status = audio_begin(l->audio, why);
    if (!status)
        return status;
    audio_close(l->audio);
    l->audio = NULL;
    if (records && l->by_option) {
        discard_recording(l);
        l->wants_recording = true;
        l->n_files--;
    }
    return status;
}

/* Opens device and engine. When the device came back at another rate the engine is made anew. */
static sordino_status open_device(live *l, sordino_error *why)
{
    audio_plan plan;
    sordino_status status = audio_start(l->o->client, why);
    if (status)
        return status;
    l->has_pa = true;
    status = audio_find(&l->request, &plan, why);
    if (!status)
        leave_engine(l, &plan);
    if (!status) {
        l->plan = plan;
        status = make_engine(l, plan.rate, why);
    }
    if (!status)
        status = start_device(l, why);
    if (status == SORDINO_UNSUPPORTED && l->player)
        fail(why, status,
             "does not run at the file's %.9g Hz; convert the file first, or take "
             "another device",
             l->plan.rate);
    if (status) {
        audio_end();
        l->has_pa = false;
    }
    return status;
}

/* False when PortAudio hangs in it. */
static bool close_device(live *l)
{
    if (l->audio && !audio_leave(l->audio))
        l->is_stuck = true;
    l->audio = NULL;
    l->has_pa = false;
    return !l->is_stuck;
}

static const char *device_name(const live *l)
{
    return l->o->input_file      ? l->o->input_file
           : *l->plan.input_name ? l->plan.input_name
                                 : l->plan.output_name;
}

static void tell_start(live *l, const char *event)
{
    audio_state s;
    audio_read_state(l->audio, &s);
    const double ms = 1e3 / l->plan.rate;
    const char *to = l->plan.output_name, *const from = l->plan.input_name;
    const char *const end = strstr(to, ": ");
    if (*from && end && strncmp(from, to, (size_t)(end - to) + 2) == 0)
        to = end + 2; /* of the same host API */
    screen_tell(event, device_name(l), "to %s, %.9g Hz, %lu channel%s, %s",
                l->o->output_file ? l->o->output_file
                : *to             ? to
                                  : "no output",
                l->plan.rate, (unsigned long)l->plan.channels, l->plan.channels == 1 ? "" : "s",
                engine_method(l->engine)->name);
    screen_tell("latency", "latency", "%lu samples (%.1f ms) here, %.1f ms in the device",
                (unsigned long)latency_of(l), ms * (double)latency_of(l),
                1e3 * (s.delay_in + s.delay_out));
}

static void lose_device(live *l)
{
    audio_state s;
    audio_read_state(l->audio, &s);
    l->xruns_before += s.xruns;
    l->losses++;
    screen_warn("lost", device_name(l), "was lost; it is opened again when it is back");
    if (!close_device(l)) {
        stop_recording(l);
        go_on_anew(l);
        l->failed = l->ending = true;
        return;
    }
    l->wait = first_wait;
    l->retry_at = wake_now() + l->wait;
}

/* What --learn-noise asks for, once a device is open. */
static void learn_at_start(live *l)
{
    if (!(l->o->learn > 0) || l->has_learned || l->learned_at_start)
        return;
    l->learned_at_start = true;
    begin_learning(l);
    if (l->learning)
        l->learn_until = wake_now() + l->o->learn;
}

static void try_device(live *l)
{
    sordino_error why;
    if (wake_now() < l->retry_at)
        return;
    if (open_device(l, &why) == SORDINO_OK) {
        l->priority_asked = false;
        tell_start(l, "reopened");
        learn_at_start(l);
        return;
    }
    l->wait = fmin(2 * l->wait, longest_wait);
    l->retry_at = wake_now() + l->wait;
}

static void ask_priority(live *l)
{
    sordino_error why;
    const sordino_status status = audio_raise_priority(l->audio, &why);
    if (status == SORDINO_NOT_FOUND)
        return;
    l->priority_asked = true;
    if (status)
        screen_warn("rt", "--rt", "%s", why.text);
    else
        screen_tell("rt", "--rt", "the callback runs at real-time priority");
}

/* ---- the loop */

static void set_limit(live *l, double to)
{
    l->now.limit = fmin(0, fmax(-120, to));
    if (l->engine)
        engine_set_limit(l->engine, l->now.limit);
}

static void on_key(live *l, int key)
{
    switch (key) {
    case 'q':
        l->ending = true;
        break;
    case 'b':
        l->now.enabled = !l->now.enabled;
        break;
    case 'd':
        l->now.delta = !l->now.delta;
        break;
    case '-':
        set_limit(l, l->now.limit - limit_step);
        break;
    case '+':
        set_limit(l, l->now.limit <= -60 ? -60 + limit_step : l->now.limit + limit_step);
        break;
    case 'm':
        change_method(l, (last_method(l) + 1) % l->methods.n, "method");
        break;
    case 'l':
        change_method(l, last_method(l), "reloaded");
        break;
    case 'n':
        if (l->learning)
            end_learning(l);
        else
            begin_learning(l);
        break;
    case 'r':
        toggle_recording(l);
        break;
    default:
        return;
    }
    if (l->engine)
        set_controls(l);
}

static void on_wake(live *l)
{
    int number;
    while ((number = wake_next()) > 0) {
        if (number == SIGHUP)
            change_method(l, last_method(l), "reloaded");
        else
            l->ending = true;
    }
}

static void show(live *l)
{
    audio_state a = {.running = false};
    engine_meters m;
    if (!l->engine)
        return;
    if (l->audio)
        audio_read_state(l->audio, &a);
    engine_read_meters(l->engine, &m);
    const record *const r = l->raw ? l->raw : l->clean;
    record *const tapped = l->raw ? l->raw : l->clean;
    screen_show(&(screen_state){.method = engine_method(l->engine)->name,
                                .input = l->plan.input_name,
                                .output = l->plan.output_name,
                                .rate = l->plan.rate,
                                .latency = (double)m.latency / l->plan.rate,
                                .latency_samples = m.latency,
                                .device_latency = a.delay_in + a.delay_out,
                                .input_db = m.input_db,
                                .output_db = m.output_db,
                                .reduction_db = m.reduction_db,
                                .load = a.load,
                                .worst = a.worst,
                                .limit = l->now.limit,
                                .frames = m.frames,
                                .xruns = l->xruns_before + a.xruns,
                                .record_lost = tapped ? capture_lost(record_capture(tapped)) : 0,
                                .record_written = r ? record_written(r) : 0,
                                .losses = l->losses,
                                .bypass = !l->now.enabled,
                                .delta = l->now.delta,
                                .learning = l->learning,
                                .recording = l->recording,
                                .waiting = !l->audio});
}

/* The file is at its end when the last of it has left the denoiser and the device. */
static bool is_played(live *l, const audio_state *a)
{
    const feed *const f = player_feed(l->player);
    const double left = (double)latency_of(l) + a->delay_out * l->plan.rate;
    if ((double)feed_after(f) <= left)
        return false;
    if (player_failed(l->player)) {
        screen_warn("failed", l->o->input_file, "could not be read to its end");
        l->write_failed = true;
    }
    if (feed_late(f) > 0)
        screen_warn("late", l->o->input_file, "%llu frames came too late, and were silence",
                    (unsigned long long)feed_late(f));
    return true;
}

/* Without a device's output a file that cannot be written leaves nothing to go on for. */
static void look_at_recordings(live *l)
{
    const bool failed = (l->raw && record_failed(l->raw)) || (l->clean && record_failed(l->clean));
    if (!failed || l->write_failed)
        return;
    l->write_failed = true;
    screen_warn("record", l->o->output_file ? l->o->output_file : "recording",
                "cannot be written any more; see that there is room");
    l->ending = l->o->output_file && l->by_option;
}

static bool is_time_to_show(live *l, double every)
{
    const double t = wake_now();
    if (t - l->shown < every - 0.5e-3 * TICK_MS)
        return false;
    l->shown = t;
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
static void step(live *l, double show_every)
{
    audio_state a = {.running = false};
    if (l->audio) {
        audio_read_state(l->audio, &a);
        if (!a.running)
            lose_device(l);
    } else {
        try_device(l);
    }
    if (l->audio && l->o->rt && !l->priority_asked)
        ask_priority(l);
    if (l->engine) {
        engine_tidy(l->engine);
        if (l->audio)
            audio_tell_latency(l->audio);
        look_for_noise(l);
        if (l->next_event)
            change_method(l, l->next_method, l->next_event);
    }
    look_at_recordings(l);
    if (l->audio && l->player && is_played(l, &a))
        l->ending = true;
    if (l->learning && l->learn_until > 0 && wake_now() >= l->learn_until)
        end_learning(l);
    if (l->seconds > 0 && wake_now() - l->started >= l->seconds)
        l->ending = true;
    if (is_time_to_show(l, show_every))
        show(l);
}

static void loop(live *l)
{
    const screen_kind kind = kind_of(l->o);
    const double every = kind == SCREEN_LINE   ? 1e-3 * TICK_MS
                         : kind == SCREEN_JSON ? json_every
                                               : plain_every;
    struct pollfd ready[2] = {{.fd = wake_descriptor(), .events = POLLIN},
                              {.fd = STDIN_FILENO, .events = POLLIN}};
    const bool had_keys = kind == SCREEN_LINE && isatty(STDIN_FILENO);
    while (!l->ending) {
        int key = 0;
        /* Where there are no keys standard input is nobody's business. */
        const bool has_keys = kind == SCREEN_LINE && isatty(STDIN_FILENO);
        poll(ready, has_keys ? 2 : 1, TICK_MS);
        on_wake(l);
        while ((key = screen_key()) > 0)
            on_key(l, key);
        step(l, every);
        if (had_keys && !isatty(STDIN_FILENO))
            l->ending = true; /* its terminal was closed: nobody could end it any more */
    }
}

/* A profile to be saved that cannot be is told before there is anything to lose. */
static bool may_save_profile(const live_options *o)
{
    struct stat at;
    if (!o->save_profile || o->force || o->resumed || lstat(o->save_profile, &at) != 0)
        return true;
    screen_warn("profile", o->save_profile, "is there already; add --force to overwrite it");
    return false;
}

/* After the device was closed: what was learned is kept where that was asked for. Of a callback
 * that hangs, and of a method that learns nothing, what was told before is taken. */
static bool save_profile(live *l)
{
    sordino_profile *p = NULL;
    sordino_error why;
    const char *const path = l->o->save_profile;
    if (!path)
        return true;
    if (l->engine && !l->is_stuck && engine_profile(l->engine, &p, &why))
        p = NULL;
    const sordino_profile *const best = p ? p : l->profile;
    sordino_status status = best ? SORDINO_OK
                                 : fail(&why, SORDINO_NOT_FOUND,
                                        "nothing was learned; add --learn-noise S, or press n");
    if (!status)
        status = sordino_profile_save_path(best, path, &why);
    sordino_profile_free(p);
    if (status) {
        fail_fit(&why);
        screen_warn("profile", path, "%s", why.text);
    }
    return status == SORDINO_OK;
}

static int start(live *l)
{
    sordino_error why;
    l->has_learned = l->profile != NULL; /* by the process before this */
    if (!may_save_profile(l->o))
        return EXIT_FAILURE;
    if (!l->profile && l->o->profile &&
        sordino_profile_open_path(l->o->profile, &l->profile, &why)) {
        fail_fit(&why);
        screen_warn("profile", l->o->profile, "%s", why.text);
        return EXIT_FAILURE;
    }
    l->wants_recording = l->o->record_raw || l->o->record_clean || l->o->output_file;
    if (open_player(l, &why)) {
        screen_warn("failed", l->o->input_file, "%s", why.text);
        return EXIT_FAILURE;
    }
    if (open_device(l, &why)) {
        if (l->o->resumed) { /* it was there before, and is waited for */
            l->wait = first_wait;
            l->retry_at = wake_now() + l->wait;
            return EXIT_SUCCESS;
        }
        screen_warn("failed",
                    *l->plan.input_name || *l->plan.output_name ? device_name(l) : "audio", "%s",
                    why.text);
        return EXIT_FAILURE;
    }
    tell_start(l, l->o->resumed ? "reopened" : "started");
    learn_at_start(l);
    return EXIT_SUCCESS;
}

int live_run(const live_options *o)
{
    live l = {.o = o, .now = o->config, .seconds = o->seconds, .request = o->audio};
    read_resume(&l);
    methods_find(o, &l.methods);
    l.started = l.shown = wake_now();
    if (!wake_catch_signals()) {
        screen_warn("failed", "signals", "cannot be caught: %s", strerror(errno));
        return EXIT_FAILURE;
    }
    screen_begin(kind_of(o));
    int code = start(&l);
    const bool started = code == EXIT_SUCCESS;
    if (started)
        loop(&l);
    audio_state last = {.running = false};
    show(&l);
    screen_end();
    const bool was_open = l.audio != NULL;
    if (was_open)
        audio_read_state(l.audio, &last);
    const unsigned long long losses = l.losses;
    const uint64_t xruns_of_all = l.xruns_before + last.xruns;
    const unsigned long long xruns = xruns_of_all;
    close_device(&l);
    stop_recording(&l);
    if (was_open)
        screen_tell("stopped", "ended", "after %.1f s; xruns %llu, device lost %llu times",
                    wake_now() - l.started, xruns, losses);
    if (l.failed || (l.write_failed && (o->output_file || o->input_file)))
        code = EXIT_FAILURE;
    if (started && !save_profile(&l))
        code = EXIT_FAILURE;
    if (l.is_stuck) { /* its threads still use what would be freed */
        fflush(NULL);
        _exit(code);
    }
    engine_free(l.engine);
    player_close(l.player);
    sordino_profile_free(l.profile);
    return code;
}
