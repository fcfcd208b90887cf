#include "stream/controls.h"
#include "common/fail.h"
#include "stream/screen.h"
#include "stream/wake.h"

#include <math.h>
#include <string.h>
#include <sys/stat.h>

static const double limit_step = 3; /* dB a key press */

/* s that a press of space lets talk: a terminal tells no release of a key, only that it repeats,
 * first after half a second or so. */
static const double talk_time = 0.8;

bool controls_is_muted(const controls *c)
{
    return c->muted || (c->push_to_talk && wake_now() >= c->talk_until);
}

static void apply(const controls *c)
{
    engine_set_limit(c->engine, c->now.limit);
    engine_set_mix(c->engine, c->now.mix);
    engine_set_delta(c->engine, c->now.delta);
    engine_set_enabled(c->engine, c->now.enabled);
    engine_set_learn(c->engine, c->learning);
    engine_set_mute(c->engine, controls_is_muted(c));
}

/* The method or model that sounds once all changes are done. */
static size_t last_method(const controls *c)
{
    return c->next_event ? c->next_method : c->method;
}

static void begin_learning(controls *c)
{
    const char *const name = c->methods.name[last_method(c)];
    if (!method_learns(name)) {
        screen_tell("kept", "noise", "%s learns no noise; press m until wiener is used", name);
        return;
    }
    c->learning = true;
    if (c->engine)
        engine_set_learn(c->engine, true);
    screen_tell("learning", "noise", "now learning it; keep everything else quiet");
}

/* That noise is known is told by keep_noise, once it is. */
static void end_learning(controls *c)
{
    if (!c->learning)
        return;
    c->learning = false;
    c->learn_until = 0;
    c->awaits_noise = c->engine != NULL;
    if (c->engine)
        engine_set_learn(c->engine, false);
}

/* Takes over what was learned, NULL when that is nothing, for other methods, for a device that
 * comes back at another rate, and for a process that goes on. */
static void keep_noise(controls *c, sordino_profile *p)
{
    c->awaits_noise = false;
    if (!p) {
        screen_warn("unlearned", "noise", "nothing was learned, as too little was heard");
        return;
    }
    sordino_profile_free(c->profile);
    c->profile = p;
    c->has_learned = true;
    screen_tell("learned", "noise", "learned, and used from now on");
}

static void look_for_noise(controls *c)
{
    sordino_profile *p;
    if (engine_take_noise(c->engine, &p))
        keep_noise(c, p);
}

void controls_rest(controls *c)
{
    sordino_profile *p;
    sordino_error why;
    if (c->awaits_noise && c->engine)
        keep_noise(c, engine_profile(c->engine, &p, &why) ? NULL : p);
}

/* Takes another method, or the same model's file again, while it sounds; once the change before is
 * done, what is being learned is kept and the device is there. */
static void change_method(controls *c, size_t to, const char *event)
{
    sordino_error why;
    method *m;
    const char *const name = c->methods.name[to];
    end_learning(c);
    c->next_method = to;
    c->next_event = event;
    if (!c->engine || !c->has_device || engine_is_changing(c->engine) || c->awaits_noise)
        return;
    c->next_event = NULL;
    if (method_make(c->o, name, c->plan->rate, c->plan->channels,
                    engine_method(c->engine)->processor.latency, c->profile, &m, &why)) {
        screen_warn("kept", name, "%s; the method does not change", why.text);
        return;
    }
    if (!engine_change(c->engine, m)) {
        method_free(m);
        return;
    }
    c->method = to;
    screen_tell(event, m->name, "now in use");
}

sordino_status controls_make_method(const controls *c, method **out, sordino_error *why)
{
    return method_make(c->o, c->methods.name[c->method], c->plan->rate, c->plan->channels, 0,
                       c->profile, out, why);
}

void controls_learn_at_start(controls *c)
{
    if (!(c->o->learn > 0) || c->has_learned || c->began)
        return;
    c->began = true;
    begin_learning(c);
    if (c->learning)
        c->learn_until = wake_now() + c->o->learn;
}

static void set_limit(controls *c, double to)
{
    c->now.limit = fmin(0, fmax(-120, to));
    if (c->engine)
        engine_set_limit(c->engine, c->now.limit);
}

void controls_key(controls *c, int key)
{
    switch (key) {
    case 'b':
        c->now.enabled = !c->now.enabled;
        break;
    case 'd':
        c->now.delta = !c->now.delta;
        break;
    case '-':
        set_limit(c, c->now.limit - limit_step);
        break;
    case '+':
        set_limit(c, c->now.limit <= -60 ? -60 + limit_step : c->now.limit + limit_step);
        break;
    case 'm':
        change_method(c, (last_method(c) + 1) % c->methods.n, "method");
        break;
    case 'l':
        change_method(c, last_method(c), "reloaded");
        break;
    case 'x':
        c->muted = !c->muted;
        screen_tell("mute", "output", c->muted ? "muted; press x to be heard" : "heard again");
        break;
    case 'p':
        c->push_to_talk = !c->push_to_talk;
        screen_tell("mute", "output",
                    c->push_to_talk ? "hold space down to be heard" : "heard all the time");
        break;
    case ' ':
        c->talk_until = wake_now() + talk_time;
        break;
    case 'n':
        if (c->learning)
            end_learning(c);
        else
            begin_learning(c);
        break;
    default:
        return;
    }
    if (c->engine)
        apply(c);
}

void controls_reload(controls *c)
{
    change_method(c, last_method(c), "reloaded");
}

void controls_connect(controls *c, engine *e)
{
    c->engine = e;
    if (e)
        apply(c);
}

void controls_step(controls *c)
{
    if (c->engine) {
        look_for_noise(c);
        if (c->next_event)
            change_method(c, c->next_method, c->next_event);
    }
    if (c->engine)
        engine_set_mute(c->engine, controls_is_muted(c));
    if (c->learning && c->learn_until > 0 && wake_now() >= c->learn_until)
        end_learning(c);
}

bool controls_may_save_profile(const live_options *o)
{
    struct stat at;
    if (!o->save_profile || o->force || o->resumed || lstat(o->save_profile, &at) != 0)
        return true;
    screen_warn("profile", o->save_profile, "is there already; add --force to overwrite it");
    return false;
}

bool controls_save_profile(controls *c, bool is_stuck)
{
    sordino_profile *p = NULL;
    sordino_error why;
    const char *const path = c->o->save_profile;
    if (!path)
        return true;
    if (c->engine && !is_stuck && engine_profile(c->engine, &p, &why))
        p = NULL;
    const sordino_profile *const best = p ? p : c->profile;
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

void controls_init(controls *c, const live_options *o, const audio_plan *plan)
{
    *c = (controls){.o = o, .plan = plan, .now = o->config, .push_to_talk = o->push_to_talk};
    methods_find(o, &c->methods);
}

sordino_status controls_open_profile(controls *c, sordino_error *why)
{
    if (c->has_learned || !c->o->profile)
        return SORDINO_OK;
    const sordino_status status = sordino_profile_open_path(c->o->profile, &c->profile, why);
    if (status)
        fail_fit(why);
    return status;
}

void controls_take_noise(controls *c, sordino_profile *noise)
{
    c->profile = noise;
    c->has_learned = noise != NULL;
}

void controls_free(controls *c)
{
    sordino_profile_free(c->profile);
}
