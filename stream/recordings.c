#include "stream/recordings.h"
#include "stream/screen.h"
#include "stream/wake.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static const double patience = 2; /* s for a block to be through */

/* Takes the captures away from the callback; false when it hangs with them in its hands. */
static bool take_captures_back(engine *e)
{
    const struct timespec pause = {.tv_nsec = 1000000};
    const double end = wake_now() + patience;
    if (!e)
        return true;
    engine_set_captures(e, NULL, NULL);
    while (!engine_captures_idle(e) && wake_now() < end)
        nanosleep(&pause, NULL);
    return engine_captures_idle(e);
}

void recordings_stop(recordings *r, engine *e)
{
    sordino_error why;
    record **const all[] = {&r->raw, &r->clean};
    const bool idle = take_captures_back(e);
    for (int i = 0; i < 2; i++) {
        record *const one = *all[i];
        const char *const name = i == 0                              ? "record-raw"
                                 : r->by_option && r->o->output_file ? r->o->output_file
                                                                     : "record-clean";
        if (!one)
            continue;
        const uint64_t pushed = capture_pushed(record_capture(one)),
                       lost = capture_lost(record_capture(one));
        *all[i] = NULL;
        if (!idle)
            record_leave_capture(one);
        if (record_close(one, &why)) {
            screen_warn("record", name, "%s", why.text);
            r->failed = true;
        } else
            screen_tell("record", name, "%llu frames, %llu lost", (unsigned long long)pushed,
                        (unsigned long long)lost);
    }
    r->running = r->by_option = false;
}

void recordings_interrupt(recordings *r, engine *e)
{
    r->wanted = r->wanted || r->by_option;
    recordings_stop(r, e);
}

void recordings_discard(recordings *r, engine *e)
{
    if (e)
        engine_set_captures(e, NULL, NULL);
    record_discard(r->raw);
    record_discard(r->clean);
    if (r->by_option) {
        r->wanted = true;
        r->n_files--;
    }
    r->raw = r->clean = NULL;
    r->running = r->by_option = false;
}

static bool start_one(const recordings *r, const audio_plan *plan, const char *path,
                      record_kind kind, record **out)
{
    sordino_error why;
    if (!path)
        return true;
    if (!record_open(path, kind, r->o->force, plan->rate, plan->channels, out, &why))
        return true;
    screen_warn("record", path, "%s", why.text);
    return false;
}

static bool start(recordings *r, engine *e, const audio_plan *plan, const char *raw,
                  const char *clean, record_kind kind)
{
    const bool good = start_one(r, plan, raw, RECORD_AT_ONCE, &r->raw) &&
                      start_one(r, plan, clean, kind, &r->clean);
    if (!good) {
        recordings_discard(r, e);
        return false;
    }
    if (raw || clean)
        engine_set_captures(e, r->raw ? record_capture(r->raw) : NULL,
                            r->clean ? record_capture(r->clean) : NULL);
    r->running = raw || clean;
    return true;
}

void recordings_toggle(recordings *r, engine *e, const audio_plan *plan)
{
    char raw[64], clean[64], stamp[32];
    struct tm parts;
    const time_t t = time(NULL);
    if (r->by_option && r->o->output_file) {
        screen_tell("record", r->o->output_file, "recording goes on until the end");
        return;
    }
    if (r->running) {
        recordings_stop(r, e);
        return;
    }
    if (!e || !localtime_r(&t, &parts))
        return;
    strftime(stamp, sizeof stamp, "%Y%m%d-%H%M%S", &parts);
    snprintf(raw, sizeof raw, "sordino-%s-raw.wav", stamp);
    snprintf(clean, sizeof clean, "sordino-%s-clean.wav", stamp);
    if (start(r, e, plan, raw, clean, RECORD_AT_ONCE))
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

bool recordings_begin(recordings *r, engine *e, const audio_plan *plan)
{
    char raw[4096], clean[4096];
    const live_options *const o = r->o;
    const char *const out = o->output_file ? o->output_file : o->record_clean;
    const unsigned n = r->n_files + 1;
    if (!r->wanted)
        return true;
    if ((o->record_raw && !number_name(o->record_raw, n, raw, sizeof raw)) ||
        (out && !number_name(out, n, clean, sizeof clean)))
        return false;
    if (!start(r, e, plan, o->record_raw ? raw : NULL, out ? clean : NULL,
               o->output_file ? RECORD_WHOLE : RECORD_AT_ONCE))
        return false;
    r->wanted = false;
    r->by_option = true;
    r->n_files = n;
    return true;
}

bool recordings_check(recordings *r)
{
    const bool failed = (r->raw && record_failed(r->raw)) || (r->clean && record_failed(r->clean));
    if (!failed || r->failed)
        return true;
    r->failed = true;
    screen_warn("record", r->o->output_file ? r->o->output_file : "recording",
                "cannot be written any more; see that there is room");
    return !r->o->output_file || !r->by_option;
}

static record *first(const recordings *r)
{
    return r->raw ? r->raw : r->clean;
}

uint64_t recordings_lost(const recordings *r)
{
    return first(r) ? capture_lost(record_capture(first(r))) : 0;
}

uint64_t recordings_written(const recordings *r)
{
    return first(r) ? record_written(first(r)) : 0;
}

void recordings_init(recordings *r, const live_options *o, unsigned n_files)
{
    *r = (recordings){.o = o, .n_files = n_files};
    r->wanted = o->record_raw || o->record_clean || o->output_file;
}
