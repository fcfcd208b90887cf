#include "stream/engine.h"

#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { SLICE = 256 }; /* frames worked on at a time */

static const double fade_seconds = 0.02, meter_seconds = 0.1;

/* As they were last set; `stamp` counts the settings, so that a block without any costs nothing. */
typedef struct controls {
    _Atomic double limit, mix;
    atomic_bool delta, enabled, learn;
    atomic_uint stamp;
} controls;

struct engine {
    double rate;
    uint32_t channels, channels_out;
    controls controls;

    /* The audio thread's own. */
    voice *voice, *coming;
    unsigned applied;            /* the stamp that voice and coming were last set by */
    uint64_t warm, fade, n_fade; /* frames: before the fade begins, done of it, its length */
    uint64_t metered, meter_frames;
    float *room;                /* three times [channels][SLICE] */
    float **in, **out, **other; /* planes in it */

    /* Between the threads. */
    _Atomic(voice *) next, old;
    _Atomic(tap *) raw, clean;
    _Atomic(sordino_profile *) asked_noise, noise; /* on its way to the callback, and back */
    atomic_bool has_noise;                         /* `noise` was filled */
    atomic_uint in_block;                          /* odd while a block runs */
    _Atomic float input_db, output_db, reduction_db;
    atomic_uint_fast64_t frames;
    atomic_uint latency;

    /* The other thread's own. */
    voice *announced, *asked;
    bool asks_noise;
    feed *feed; /* NULL = the device's input; set while no callback runs */
};

void voice_free(voice *v)
{
    if (!v)
        return;
    sordino_free(v->denoiser);
    sordino_model_free(v->model);
    free(v);
}

static bool allocate(engine *e)
{
    const uint32_t n = e->channels;
    e->room = calloc((size_t)3 * n * SLICE, sizeof *e->room);
    e->in = calloc(n, sizeof *e->in);
    e->out = calloc(n, sizeof *e->out);
    e->other = calloc(n, sizeof *e->other);
    if (!e->room || !e->in || !e->out || !e->other)
        return false;
    for (uint32_t c = 0; c < n; c++) {
        e->in[c] = e->room + (size_t)c * SLICE;
        e->out[c] = e->room + (size_t)(n + c) * SLICE;
        e->other[c] = e->room + (size_t)(2 * n + c) * SLICE;
    }
    return true;
}

engine *engine_new(double rate, uint32_t channels, uint32_t channels_out, voice *first)
{
    engine *const e = calloc(1, sizeof *e);
    if (!e) {
        voice_free(first);
        return NULL;
    }
    e->rate = rate;
    e->channels = channels;
    e->channels_out = channels_out;
    e->voice = e->announced = first;
    e->n_fade = (uint64_t)(fade_seconds * rate) + 1;
    e->meter_frames = (uint64_t)(meter_seconds * rate) + 1;
    atomic_store(&e->controls.limit, -120.0);
    atomic_store(&e->controls.mix, 1.0);
    atomic_store(&e->controls.enabled, true);
    atomic_store(&e->latency, sordino_latency(first->denoiser));
    atomic_store(&e->input_db, -200.0F);
    atomic_store(&e->output_db, -200.0F);
    if (!allocate(e)) {
        engine_free(e);
        return NULL;
    }
    return e;
}

void engine_free(engine *e)
{
    if (!e)
        return;
    voice_free(e->voice);
    voice_free(e->coming);
    voice_free(atomic_load(&e->next));
    voice_free(atomic_load(&e->old));
    sordino_profile_free(atomic_load(&e->asked_noise));
    sordino_profile_free(atomic_load(&e->noise));
    free(e->room);
    free(e->in);
    free(e->out);
    free(e->other);
    free(e);
}

/* ---- the audio thread */

static void apply(const controls *from, sordino_denoiser *d)
{
    sordino_set_limit(d, atomic_load_explicit(&from->limit, memory_order_relaxed));
    sordino_set_mix(d, atomic_load_explicit(&from->mix, memory_order_relaxed));
    sordino_set_delta(d, atomic_load_explicit(&from->delta, memory_order_relaxed));
    sordino_set_enabled(d, atomic_load_explicit(&from->enabled, memory_order_relaxed));
    sordino_set_learn(d, atomic_load_explicit(&from->learn, memory_order_relaxed));
}

static void take_controls(engine *e)
{
    const unsigned stamp = atomic_load_explicit(&e->controls.stamp, memory_order_acquire);
    if (stamp == e->applied)
        return;
    e->applied = stamp;
    apply(&e->controls, e->voice->denoiser);
    if (e->coming)
        apply(&e->controls, e->coming->denoiser);
}

static void take_next(engine *e)
{
    if (e->coming || atomic_load_explicit(&e->old, memory_order_acquire))
        return;
    e->coming = atomic_exchange_explicit(&e->next, NULL, memory_order_acq_rel);
    if (!e->coming)
        return;
    apply(&e->controls, e->coming->denoiser);
    e->warm = sordino_latency(e->coming->denoiser) + (uint64_t)(0.1 * e->rate);
    e->fade = 0;
}

/* Runs the voice to come beside the other, and from its time on fades over to it. */
static void run_coming(engine *e, size_t n)
{
    sordino_process(e->coming->denoiser, (const float *const *)e->in, e->other, n);
    size_t i = 0;
    if (e->warm > 0) {
        i = e->warm < n ? (size_t)e->warm : n;
        e->warm -= i;
    }
    for (; i < n; i++) {
        if (e->fade < e->n_fade)
            e->fade++;
        const float part = (float)e->fade / (float)e->n_fade;
        for (uint32_t c = 0; c < e->channels; c++)
            e->out[c][i] += part * (e->other[c][i] - e->out[c][i]);
    }
    if (e->warm > 0 || e->fade < e->n_fade)
        return;
    atomic_store_explicit(&e->old, e->voice, memory_order_release);
    e->voice = e->coming;
    e->coming = NULL;
    atomic_store_explicit(&e->latency, sordino_latency(e->voice->denoiser), memory_order_relaxed);
}

static void tell_meters(engine *e, size_t n)
{
    e->metered += n;
    atomic_fetch_add_explicit(&e->frames, n, memory_order_relaxed);
    if (e->metered < e->meter_frames)
        return;
    sordino_meters m;
    sordino_read_meters(e->voice->denoiser, &m);
    e->metered = 0;
    atomic_store_explicit(&e->input_db, m.input_db, memory_order_relaxed);
    atomic_store_explicit(&e->output_db, m.output_db, memory_order_relaxed);
    atomic_store_explicit(&e->reduction_db, m.reduction_db, memory_order_relaxed);
}

static void run_slice(engine *e, const float *in, float *out, size_t n, tap *raw, tap *clean)
{
    const uint32_t channels = e->channels, channels_out = e->channels_out;
    if (e->feed)
        feed_pull(e->feed, e->in, n);
    for (uint32_t c = 0; !e->feed && c < channels; c++)
        for (size_t i = 0; i < n; i++)
            e->in[c][i] = in ? in[i * channels + c] : 0.0F;
    if (raw)
        tap_push(raw, (const float *const *)e->in, n);
    sordino_process(e->voice->denoiser, (const float *const *)e->in, e->out, n);
    if (e->coming)
        run_coming(e, n);
    if (clean)
        tap_push(clean, (const float *const *)e->out, n);
    for (uint32_t c = 0, from = 0; out && c < channels_out; c++) {
        for (size_t i = 0; i < n; i++)
            out[i * channels_out + c] = e->out[from][i];
        from = from + 1 < channels ? from + 1 : 0;
    }
    tell_meters(e, n);
}

static void tell_noise(engine *e)
{
    sordino_profile *const p =
        atomic_exchange_explicit(&e->asked_noise, NULL, memory_order_acq_rel);
    if (!p)
        return;
    atomic_store_explicit(&e->has_noise, sordino_copy_profile(e->voice->denoiser, p),
                          memory_order_relaxed);
    atomic_store_explicit(&e->noise, p, memory_order_release);
}

void engine_run(engine *e, const float *in, float *out, size_t n)
{
    atomic_fetch_add(&e->in_block, 1);
    tap *const raw = atomic_load(&e->raw), *const clean = atomic_load(&e->clean);
    take_controls(e);
    take_next(e);
    tell_noise(e);
    for (size_t at = 0; at < n; at += SLICE)
        run_slice(e, in ? in + at * e->channels : NULL, out ? out + at * e->channels_out : NULL,
                  n - at < SLICE ? n - at : SLICE, raw, clean);
    atomic_fetch_add(&e->in_block, 1);
}

/* ---- the other thread */

static void stamp(engine *e)
{
    atomic_fetch_add_explicit(&e->controls.stamp, 1, memory_order_release);
}

void engine_set_limit(engine *e, double limit_db)
{
    atomic_store(&e->controls.limit, limit_db);
    stamp(e);
}

void engine_set_mix(engine *e, double mix)
{
    atomic_store(&e->controls.mix, mix);
    stamp(e);
}

void engine_set_delta(engine *e, bool delta)
{
    atomic_store(&e->controls.delta, delta);
    stamp(e);
}

void engine_set_enabled(engine *e, bool enabled)
{
    atomic_store(&e->controls.enabled, enabled);
    stamp(e);
}

void engine_set_learn(engine *e, bool learn)
{
    atomic_store(&e->controls.learn, learn);
    stamp(e);
}

bool engine_change(engine *e, voice *next)
{
    if (e->asked)
        return false;
    e->asked = next;
    atomic_store_explicit(&e->next, next, memory_order_release);
    return true;
}

bool engine_is_changing(const engine *e)
{
    return e->asked != NULL;
}

bool engine_tidy(engine *e)
{
    voice *const old = atomic_exchange_explicit(&e->old, NULL, memory_order_acq_rel);
    if (!old)
        return false;
    voice_free(old);
    e->announced = e->asked;
    e->asked = NULL;
    return true;
}

uint32_t engine_latency(const engine *e)
{
    return atomic_load_explicit(&e->latency, memory_order_relaxed);
}

const voice *engine_voice(const engine *e)
{
    return e->announced;
}

void engine_set_taps(engine *e, tap *raw, tap *clean)
{
    atomic_store(&e->raw, raw);
    atomic_store(&e->clean, clean);
}

bool engine_taps_idle(const engine *e)
{
    return atomic_load(&e->in_block) % 2 == 0;
}

void engine_set_feed(engine *e, feed *f)
{
    e->feed = f;
}

bool engine_ask_noise(engine *e)
{
    sordino_profile *p;
    if (e->asks_noise || sordino_new_profile(e->announced->denoiser, &p, NULL))
        return false;
    e->asks_noise = true;
    atomic_store_explicit(&e->asked_noise, p, memory_order_release);
    return true;
}

bool engine_take_noise(engine *e, sordino_profile **out)
{
    sordino_profile *const p = atomic_exchange_explicit(&e->noise, NULL, memory_order_acq_rel);
    *out = NULL;
    if (!p)
        return false;
    e->asks_noise = false;
    if (atomic_load_explicit(&e->has_noise, memory_order_relaxed))
        *out = p;
    else
        sordino_profile_free(p);
    return true;
}

void engine_read_meters(const engine *e, engine_meters *out)
{
    out->input_db = atomic_load_explicit(&e->input_db, memory_order_relaxed);
    out->output_db = atomic_load_explicit(&e->output_db, memory_order_relaxed);
    out->reduction_db = atomic_load_explicit(&e->reduction_db, memory_order_relaxed);
    out->frames = atomic_load_explicit(&e->frames, memory_order_relaxed);
    out->latency = atomic_load_explicit(&e->latency, memory_order_relaxed);
}

sordino_status engine_profile(const engine *e, sordino_profile **out, sordino_error *why)
{
    return sordino_get_profile(e->voice->denoiser, out, why);
}
