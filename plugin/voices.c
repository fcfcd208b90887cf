/*
 * A fade is linear: both voices carry the same wanted signal at the same delay, so that the sum
 * neither dips nor swells, and is exactly the delayed input while both are bypassed.
 *
 * A change is begun only when the one before is through; a control that is moved to and fro
 * meanwhile changes nothing but where the next one leads.
 */
#include "plugin/voices.h"

#include "plugin/engine.h"
#include "plugin/models.h"
#include "plugin/ports.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double fade_time = 0.030; /* s */

/* s that a voice runs before it is heard, besides its delay: enough for noise trackers and for what
 * networks remember to settle, short enough for a listener who compares. */
static const double warm_time = 0.250;

/* Delays: a window of the spectral methods each, in s (DELAY_...). Wiener filters take the same
 * window, but never above the one that they are best with. */
static const double delay_window[N_DELAY] = {0.010, 0.020, 0.064};
static const double wiener_window[N_DELAY] = {0.010, 0.020, 0.0};

struct network {
    engine engine;
    const sordino_model *model;
    char *path;
    network *next; /* among those left */
};

typedef struct voice {
    engine *engine;
    uint32_t pad; /* samples that its output is held back */
} voice;

struct voices {
    double rate;
    uint32_t n_channels;
    uint32_t latency[N_DELAY];
    engine wiener[N_DELAY];
    network *network, *arrived, *leaving;
    network *left; /* a list */
    bool has_arrived;
    voices_controls controls;
    voice now, next; /* now.engine is NULL before the first block */
    /* Samples until the fade begins, samples left of it (both 0: none), and its whole length. */
    uint32_t wait, fade, fade_length;
    bool learning, has_profile, using_profile;
    sordino_profile *profile; /* NULL where nothing can be learned */
    float other[ENGINE_CHUNK];
};

static sordino_status no_memory(sordino_error *why)
{
    static const sordino_error text = {SORDINO_NO_MEM, "Out of memory for a voice"};
    if (why)
        *why = text;
    return SORDINO_NO_MEM;
}

/* Most samples that anything is held back at a rate: the longest delay, however it is rounded. */
static uint32_t longest(double rate)
{
    return (uint32_t)ceil(delay_window[DELAY_HIGH] * rate * 1.1) + 64;
}

static void set_controls(engine *e, const voices_controls *c)
{
    sordino_set_enabled(e->denoiser, c->enabled);
    sordino_set_limit(e->denoiser, c->limit);
    sordino_set_mix(e->denoiser, c->mix);
    sordino_set_delta(e->denoiser, c->delta);
}

static void start(engine *e, const voices_controls *c)
{
    set_controls(e, c);
    engine_start(e);
}

/* ---- networks ---- */

/* A first block off the audio thread, so that the pages are there when it begins. */
static void warm_up(engine *e, uint32_t n_channels)
{
    static const float silence[ENGINE_CHUNK];
    const float *in[VOICES_MAX_CHANNELS];
    float *out[VOICES_MAX_CHANNELS];
    for (uint32_t c = 0; c < VOICES_MAX_CHANNELS; c++) {
        in[c] = silence;
        out[c] = c < n_channels ? e->ring[c] : NULL;
    }
    for (uint32_t at = 0; at <= e->latency; at += ENGINE_CHUNK)
        sordino_process(e->denoiser, in, out, ENGINE_CHUNK);
}

static sordino_status network_fill(network *n, const char *path, double rate, uint32_t channels,
                                   sordino_error *why)
{
    sordino_config config;
    sordino_config_init(&config);
    config.method = SORDINO_METHOD_NETWORK;
    config.rate = rate;
    config.channels = channels;
    const size_t size = strlen(path) + 1;
    n->path = malloc(size);
    if (!n->path)
        return no_memory(why);
    memcpy(n->path, path, size);
    const sordino_status status = engine_init(&n->engine, &config, n->model, longest(rate), why);
    if (status == SORDINO_OK)
        warm_up(&n->engine, channels);
    return status;
}

sordino_status network_new(const sordino_model *model, const char *path, double rate,
                           uint32_t channels, network **out, sordino_error *why)
{
    *out = NULL;
    network *n = calloc(1, sizeof *n);
    if (!n) {
        models_release(model);
        return no_memory(why);
    }
    n->model = model;
    const sordino_status status = network_fill(n, path, rate, channels, why);
    if (status != SORDINO_OK) {
        network_free(n);
        return status;
    }
    *out = n;
    return SORDINO_OK;
}

void network_free(network *n)
{
    if (!n)
        return;
    engine_free(&n->engine);
    models_release(n->model);
    free(n->path);
    free(n);
}

const char *network_path(const network *n)
{
    return n->path;
}

const sordino_model *network_model(const network *n)
{
    return n->model;
}

uint32_t network_latency(const network *n)
{
    return n->engine.latency;
}

/* ---- life ---- */

/* The delay of a window of the spectral methods with a hop of a half of it. */
static sordino_status window_latency(const sordino_config *config, double window, uint32_t *out,
                                     sordino_error *why)
{
    sordino_config c = *config;
    c.window = window;
    c.hop = window / 2.0;
    return sordino_config_latency(&c, NULL, out, why);
}

static sordino_status make_engines(voices *v, sordino_error *why)
{
    sordino_config config;
    sordino_config_init(&config);
    config.rate = v->rate;
    config.channels = v->n_channels;
    sordino_status status = SORDINO_OK;
    for (int i = 0; i < N_DELAY && status == SORDINO_OK; i++) {
        /* At odd rates a window is rounded so that the hop is whole: what has hops of a half is to
         * fit as well as the Wiener filter, which has quarters. */
        status = window_latency(&config, delay_window[i], &v->latency[i], why);
        config.window = wiener_window[i];
        if (status == SORDINO_OK)
            status = engine_init(&v->wiener[i], &config, NULL, longest(v->rate), why);
        if (status == SORDINO_OK && v->latency[i] < v->wiener[i].latency)
            v->latency[i] = v->wiener[i].latency;
        config.window = 0.0;
    }
    if (status == SORDINO_OK)
        status = sordino_new_profile(v->wiener[DELAY_HIGH].denoiser, &v->profile, why);
    return status;
}

sordino_status voices_new(double rate, uint32_t channels, voices **out, sordino_error *why)
{
    *out = NULL;
    voices *v = calloc(1, sizeof *v);
    if (!v)
        return no_memory(why);
    v->rate = rate;
    v->n_channels = channels;
    v->fade_length = rate > 0.0 && rate < 1e6 ? (uint32_t)ceil(fade_time * rate) : 1;
    sordino_error refused;
    const sordino_status status = make_engines(v, &refused);
    if (status != SORDINO_OK) {
        for (int i = 0; i < N_DELAY; i++) {
            engine_free(&v->wiener[i]);
            v->latency[i] = 0;
        }
        if (why)
            *why = refused;
        if (status == SORDINO_NO_MEM) {
            free(v);
            return status;
        }
    }
    *out = v;
    return SORDINO_OK;
}

void voices_free(voices *v)
{
    if (!v)
        return;
    for (int i = 0; i < N_DELAY; i++)
        engine_free(&v->wiener[i]);
    network_free(v->network);
    network_free(v->arrived);
    network_free(v->leaving);
    for (network *n; (n = voices_collect(v));)
        network_free(n);
    sordino_profile_free(v->profile);
    free(v);
}

static bool serves(const voices *v)
{
    return v->wiener[0].denoiser != NULL;
}

uint32_t voices_latency(const voices *v, unsigned delay)
{
    return v->latency[delay < N_DELAY ? delay : DELAY_NORMAL];
}

/* ---- which voice ---- */

static voice wanted(voices *v)
{
    const unsigned delay = v->controls.delay;
    const uint32_t latency = v->latency[delay];
    engine *e = &v->wiener[delay];
    if (v->controls.method == METHOD_NETWORK && v->network && v->network->engine.latency <= latency)
        e = &v->network->engine;
    return (voice){e, latency - e->latency};
}

static bool same(voice a, voice b)
{
    return a.engine == b.engine && a.pad == b.pad;
}

static bool moving(const voices *v)
{
    return v->wait > 0 || v->fade > 0;
}

static void stop_unneeded(voices *v, engine *e)
{
    const bool learner = v->learning && e == &v->wiener[DELAY_HIGH];
    if (e != v->now.engine && !(moving(v) && e == v->next.engine) && !learner)
        e->running = false;
}

static void stop_all_unneeded(voices *v)
{
    for (int i = 0; i < N_DELAY; i++)
        stop_unneeded(v, &v->wiener[i]);
    if (v->network)
        stop_unneeded(v, &v->network->engine);
}

/* A network that arrived takes its place; the one before leaves as soon as it is not heard. */
static void take_arrived(voices *v)
{
    if (!v->has_arrived || moving(v))
        return;
    v->leaving = v->network;
    v->network = v->arrived;
    v->arrived = NULL;
    v->has_arrived = false;
}

static void leave(voices *v, network *n)
{
    if (n) {
        n->next = v->left;
        v->left = n;
    }
}

static void let_go(voices *v)
{
    if (v->leaving && !moving(v) && v->now.engine != &v->leaving->engine) {
        leave(v, v->leaving);
        v->leaving = NULL;
    }
}

/* Begins the change to another voice. */
static void move_to(voices *v, voice to)
{
    const uint32_t needed = to.engine->latency + to.pad + (uint32_t)(warm_time * v->rate);
    if (!to.engine->running)
        start(to.engine, &v->controls);
    v->next = to;
    v->wait = to.engine->age < needed ? needed - to.engine->age : 0;
    v->fade = v->fade_length;
}

static void choose(voices *v)
{
    take_arrived(v);
    if (!moving(v)) {
        const voice to = wanted(v);
        if (!v->now.engine) {
            start(to.engine, &v->controls);
            v->now = to;
        } else if (!same(to, v->now)) {
            move_to(v, to);
        }
    }
    stop_all_unneeded(v);
    let_go(v);
}

/* ---- noise profiles ---- */

static void apply_profile(voices *v)
{
    const bool use = v->has_profile && v->controls.use_profile;
    for (int i = 0; i < N_DELAY; i++)
        sordino_set_profile(v->wiener[i].denoiser, use ? v->profile : NULL);
    v->using_profile = use;
}

/* Learning is the work of one filter, that with the longest window, heard or not: so there is one
 * kind of profile, whatever Method and Delay say. */
static bool follow_learning(voices *v, sordino_profile *learned)
{
    engine *learner = &v->wiener[DELAY_HIGH];
    bool has_learned = false;
    if (v->controls.learn && !v->learning) {
        if (!learner->running)
            start(learner, &v->controls);
        sordino_set_learn(learner->denoiser, true);
    } else if (!v->controls.learn && v->learning) {
        sordino_set_profile(learner->denoiser, NULL);
        sordino_set_learn(learner->denoiser, false);
        if (sordino_copy_profile(learner->denoiser, v->profile)) {
            v->has_profile = true;
            has_learned = learned && sordino_copy_profile(learner->denoiser, learned);
        }
        apply_profile(v);
    }
    v->learning = v->controls.learn;
    if (v->using_profile != (v->has_profile && v->controls.use_profile))
        apply_profile(v);
    return has_learned;
}

sordino_status voices_new_profile(const voices *v, sordino_profile **out, sordino_error *why)
{
    *out = NULL;
    return serves(v) ? sordino_new_profile(v->wiener[DELAY_HIGH].denoiser, out, why) : SORDINO_OK;
}

bool voices_set_profile(voices *v, const sordino_profile *profile, sordino_profile *own)
{
    if (!serves(v))
        return false;
    sordino_denoiser *learner = v->wiener[DELAY_HIGH].denoiser;
    sordino_set_profile(learner, profile);
    v->has_profile = sordino_copy_profile(learner, v->profile);
    const bool copied = v->has_profile && own && sordino_copy_profile(learner, own);
    apply_profile(v);
    return copied;
}

/* ---- controls ---- */

bool voices_set(voices *v, const voices_controls *controls, sordino_profile *learned)
{
    v->controls = *controls;
    if (v->controls.delay >= N_DELAY)
        v->controls.delay = DELAY_NORMAL;
    if (!serves(v))
        return false;
    for (int i = 0; i < N_DELAY; i++)
        if (v->wiener[i].running)
            set_controls(&v->wiener[i], &v->controls);
    if (v->network && v->network->engine.running)
        set_controls(&v->network->engine, &v->controls);
    if (v->leaving && v->leaving->engine.running)
        set_controls(&v->leaving->engine, &v->controls);
    const bool has_learned = follow_learning(v, learned);
    choose(v);
    return has_learned;
}

static unsigned kind_of(const voices *v, const engine *e)
{
    for (int i = 0; i < N_DELAY; i++)
        if (e == &v->wiener[i])
            return RUNNING_WIENER;
    return RUNNING_NETWORK;
}

unsigned voices_running(const voices *v)
{
    if (!serves(v))
        return RUNNING_NOTHING;
    return kind_of(v, moving(v) ? v->next.engine : v->now.engine);
}

void voices_read_meters(voices *v, sordino_meters *out)
{
    if (v->now.engine)
        sordino_read_meters(v->now.engine->denoiser, out);
    else
        *out = (sordino_meters){-200.0f, -200.0f, 0.0f};
}

void voices_offer(voices *v, network *n)
{
    if (v->has_arrived)
        leave(v, v->arrived);
    v->arrived = n;
    v->has_arrived = true;
}

network *voices_collect(voices *v)
{
    network *n = v->left;
    if (n)
        v->left = n->next;
    return n;
}

const network *voices_network(const voices *v)
{
    return v->has_arrived ? v->arrived : v->network;
}

void voices_reset(voices *v)
{
    if (!serves(v))
        return;
    if (v->learning)
        sordino_set_learn(v->wiener[DELAY_HIGH].denoiser, false);
    v->learning = false;
    apply_profile(v);
    v->wait = v->fade = 0;
    v->now = v->next = (voice){NULL, 0};
    for (int i = 0; i < N_DELAY; i++)
        v->wiener[i].running = false;
    if (v->network)
        v->network->engine.running = false;
    let_go(v);
    take_arrived(v);
    let_go(v);
}

/* ---- audio ---- */

static void pass(const voices *v, const float *const *in, float *const *out, size_t n)
{
    float saved[ENGINE_CHUNK];
    for (size_t at = 0; at < n; at += ENGINE_CHUNK) {
        const size_t step = n - at < ENGINE_CHUNK ? n - at : ENGINE_CHUNK;
        const float *second = in[v->n_channels - 1] + at;
        memcpy(saved, second, step * sizeof *saved);
        for (uint32_t c = 0; c + 1 < v->n_channels; c++)
            memmove(out[c] + at, in[c] + at, step * sizeof *saved);
        memcpy(out[v->n_channels - 1] + at, saved, step * sizeof *saved);
    }
}

static void run_engines(voices *v, const float *const *in, uint32_t n)
{
    for (int i = 0; i < N_DELAY; i++)
        if (v->wiener[i].running)
            engine_run(&v->wiener[i], in, n);
    if (v->network && v->network->engine.running)
        engine_run(&v->network->engine, in, n);
    if (v->leaving && v->leaving->engine.running)
        engine_run(&v->leaving->engine, in, n);
}

/* x + s (y - x) with s rising sample by sample; exactly x where both are the same. */
static void cross(const voices *v, float *x, const float *y, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        const float s = (float)(v->fade_length - v->fade + i + 1) / (float)v->fade_length;
        x[i] += s * (y[i] - x[i]);
    }
}

static void arrive(voices *v)
{
    v->now = v->next;
    stop_all_unneeded(v);
    if (v->leaving)
        stop_unneeded(v, &v->leaving->engine);
    let_go(v);
}

/* n <= ENGINE_CHUNK, and no more than is left of waiting or of the fade. */
static void run_chunk(voices *v, const float *const *in, float *const *out, size_t at, uint32_t n)
{
    const float *in_at[VOICES_MAX_CHANNELS];
    for (uint32_t c = 0; c < v->n_channels; c++)
        in_at[c] = in[c] + at;
    run_engines(v, in_at, n);
    const bool fading = v->wait == 0 && v->fade > 0;
    for (uint32_t c = 0; c < v->n_channels; c++) {
        engine_read(v->now.engine, c, v->now.pad, out[c] + at, n);
        if (fading) {
            engine_read(v->next.engine, c, v->next.pad, v->other, n);
            cross(v, out[c] + at, v->other, n);
        }
    }
    if (v->wait > 0) {
        v->wait -= n;
    } else if (fading) {
        v->fade -= n;
        if (v->fade == 0)
            arrive(v);
    }
}

void voices_run(voices *v, const float *const *in, float *const *out, size_t n)
{
    if (!v->now.engine) {
        pass(v, in, out, n);
        return;
    }
    for (size_t at = 0; at < n;) {
        size_t step = n - at < ENGINE_CHUNK ? n - at : ENGINE_CHUNK;
        if (v->wait > 0 && step > v->wait)
            step = v->wait;
        else if (v->wait == 0 && v->fade > 0 && step > v->fade)
            step = v->fade;
        run_chunk(v, in, out, at, (uint32_t)step);
        at += step;
    }
}
