#include "stream/engine.h"
#include "common/switcher.h"

#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { SLICE = PROCESSOR_CHUNK }; /* frames worked on at a time */

static const double meter_seconds = 0.1, mute_seconds = 0.01;

/* As they were last set; `stamp` counts the settings, so that a block without any costs nothing. */
typedef struct controls {
    _Atomic double limit, mix;
    atomic_bool delta, enabled, learn, mute;
    atomic_uint stamp;
    atomic_uint learned; /* how often learning was ended */
} controls;

struct engine {
    double rate;
    uint32_t channels, channels_out;
    controls controls;

    /* The audio thread's own. */
    switcher switcher;
    method *method, *coming; /* that are heard, and to be heard next */
    unsigned applied;        /* the stamp that both were last set by */
    unsigned ended;          /* how often learning was ended here */
    uint64_t metered, meter_frames;
    float gain, gain_step; /* 1, or 0 while muted, and between them */
    float *room;           /* twice [channels][SLICE] */
    float **in, **out;     /* planes in it */

    /* Between the threads. */
    _Atomic(method *) next, old;
    _Atomic(capture *) raw, clean;
    atomic_uint in_block; /* odd while a block runs */
    atomic_uint told;     /* as `ended`, once what was learned is there */
    _Atomic float input_db, output_db, reduction_db;
    atomic_uint_fast64_t frames;
    atomic_uint latency;

    /* The other thread's own. */
    method *announced, *asked;
    unsigned taken; /* as `told`, of what was taken */
    feed *feed;     /* NULL = the device's input; set while no callback runs */
};

sordino_status method_new(const sordino_config *config, sordino_model *model, method **out,
                          sordino_error *why)
{
    static const sordino_error no_memory = {SORDINO_NO_MEM, "Out of memory for a method"};
    *out = NULL;
    method *const m = calloc(1, sizeof *m);
    if (!m) {
        sordino_model_free(model);
        if (why)
            *why = no_memory;
        return no_memory.status;
    }
    m->model = model;
    sordino_status status = processor_init(&m->processor, config, model, 0, why);
    if (!status)
        status = learned_init(&m->learned, m->processor.denoiser, why);
    if (status == SORDINO_UNSUPPORTED && m->processor.denoiser)
        status = SORDINO_OK; /* it learns nothing */
    if (!status && model)
        status = processor_keeps_up(&m->processor, sordino_model_name(model), why);
    if (status) {
        method_free(m);
        return status;
    }
    *out = m;
    return SORDINO_OK;
}

void method_free(method *m)
{
    if (!m)
        return;
    learned_free(&m->learned);
    processor_free(&m->processor);
    sordino_model_free(m->model);
    free(m);
}

static bool allocate(engine *e)
{
    const uint32_t n = e->channels;
    e->room = calloc((size_t)2 * n * SLICE, sizeof *e->room);
    e->in = calloc(n, sizeof *e->in);
    e->out = calloc(n, sizeof *e->out);
    if (!e->room || !e->in || !e->out)
        return false;
    for (uint32_t c = 0; c < n; c++) {
        e->in[c] = e->room + (size_t)c * SLICE;
        e->out[c] = e->room + (size_t)(n + c) * SLICE;
    }
    return true;
}

engine *engine_new(double rate, uint32_t channels, uint32_t channels_out, method *first)
{
    engine *const e = calloc(1, sizeof *e);
    if (!e) {
        method_free(first);
        return NULL;
    }
    e->rate = rate;
    e->channels = channels;
    e->channels_out = channels_out;
    e->method = e->announced = first;
    switcher_init(&e->switcher, rate, channels);
    switcher_add(&e->switcher, &first->processor);
    switcher_to(&e->switcher, (switcher_source){&first->processor, 0});
    e->meter_frames = (uint64_t)(meter_seconds * rate) + 1;
    e->gain = 1;
    e->gain_step = (float)(1 / (mute_seconds * rate + 1));
    atomic_store(&e->controls.limit, -120.0);
    atomic_store(&e->controls.mix, 1.0);
    atomic_store(&e->controls.enabled, true);
    atomic_store(&e->latency, first->processor.latency);
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
    method_free(e->method);
    method_free(e->coming);
    method_free(atomic_load(&e->next));
    method_free(atomic_load(&e->old));
    free(e->room);
    free(e->in);
    free(e->out);
    free(e);
}

/* ---- the audio thread */

static void apply(const controls *from, sordino_denoiser *d)
{
    sordino_denoiser_set_limit(d, atomic_load_explicit(&from->limit, memory_order_relaxed));
    sordino_denoiser_set_mix(d, atomic_load_explicit(&from->mix, memory_order_relaxed));
    sordino_denoiser_set_delta(d, atomic_load_explicit(&from->delta, memory_order_relaxed));
    sordino_denoiser_set_enabled(d, atomic_load_explicit(&from->enabled, memory_order_relaxed));
    sordino_denoiser_set_learn(d, atomic_load_explicit(&from->learn, memory_order_relaxed));
}

/* What was learned goes on its way, and then that this was the end of it. */
static void end_learning(engine *e)
{
    learned *const l = &e->method->learned;
    e->ended = atomic_load_explicit(&e->controls.learned, memory_order_relaxed);
    if (learned_end(e->method->processor.denoiser, learned_place(l)))
        learned_publish(l);
    atomic_store_explicit(&e->told, e->ended, memory_order_release);
}

static void take_controls(engine *e)
{
    const unsigned stamp = atomic_load_explicit(&e->controls.stamp, memory_order_acquire);
    if (stamp == e->applied)
        return;
    e->applied = stamp;
    if (atomic_load_explicit(&e->controls.learned, memory_order_relaxed) != e->ended)
        end_learning(e);
    apply(&e->controls, e->method->processor.denoiser);
    if (e->coming)
        apply(&e->controls, e->coming->processor.denoiser);
}

static void take_next(engine *e)
{
    if (e->coming || atomic_load_explicit(&e->old, memory_order_acquire))
        return;
    e->coming = atomic_exchange_explicit(&e->next, NULL, memory_order_acq_rel);
    if (!e->coming)
        return;
    processor *const p = &e->coming->processor;
    apply(&e->controls, p->denoiser);
    switcher_add(&e->switcher, p);
    switcher_to(&e->switcher, (switcher_source){p, 0});
}

/* The change is through; the method before goes back to be freed. */
static void arrive(engine *e)
{
    switcher_remove(&e->switcher, &e->method->processor);
    atomic_store_explicit(&e->old, e->method, memory_order_release);
    e->method = e->coming;
    e->coming = NULL;
    atomic_store_explicit(&e->latency, e->method->processor.latency, memory_order_relaxed);
}

static void tell_meters(engine *e, size_t n)
{
    e->metered += n;
    atomic_fetch_add_explicit(&e->frames, n, memory_order_relaxed);
    if (e->metered < e->meter_frames)
        return;
    sordino_meters m;
    sordino_denoiser_read_meters(e->method->processor.denoiser, &m);
    e->metered = 0;
    atomic_store_explicit(&e->input_db, m.input_db, memory_order_relaxed);
    atomic_store_explicit(&e->output_db, m.output_db, memory_order_relaxed);
    atomic_store_explicit(&e->reduction_db, m.reduction_db, memory_order_relaxed);
}

/* Nothing is done to what is heard. */
static void mute(engine *e, size_t n)
{
    const bool muted = atomic_load_explicit(&e->controls.mute, memory_order_relaxed);
    const float step = muted ? -e->gain_step : e->gain_step;
    if (!muted && e->gain >= 1)
        return;
    for (size_t i = 0; i < n; i++) {
        e->gain = fminf(1, fmaxf(0, e->gain + step));
        for (uint32_t c = 0; c < e->channels; c++)
            e->out[c][i] *= e->gain;
    }
}

static void run_slice(engine *e, const float *in, float *out, size_t n, capture *raw,
                      capture *clean)
{
    const uint32_t channels = e->channels, channels_out = e->channels_out;
    if (e->feed)
        feed_pull(e->feed, e->in, n);
    for (uint32_t c = 0; !e->feed && c < channels; c++)
        for (size_t i = 0; i < n; i++)
            e->in[c][i] = in ? in[i * channels + c] : 0.0F;
    if (raw)
        capture_push(raw, (const float *const *)e->in, n);
    if (switcher_run(&e->switcher, (const float *const *)e->in, e->out, n))
        arrive(e);
    mute(e, n);
    if (clean)
        capture_push(clean, (const float *const *)e->out, n);
    for (uint32_t c = 0, from = 0; out && c < channels_out; c++) {
        for (size_t i = 0; i < n; i++)
            out[i * channels_out + c] = e->out[from][i];
        from = from + 1 < channels ? from + 1 : 0;
    }
    tell_meters(e, n);
}

void engine_run(engine *e, const float *in, float *out, size_t n)
{
    atomic_fetch_add(&e->in_block, 1);
    capture *const raw = atomic_load(&e->raw), *const clean = atomic_load(&e->clean);
    take_controls(e);
    take_next(e);
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

void engine_set_mute(engine *e, bool mute_it)
{
    atomic_store(&e->controls.mute, mute_it);
}

void engine_set_learn(engine *e, bool learn)
{
    if (!learn && atomic_load(&e->controls.learn))
        atomic_fetch_add(&e->controls.learned, 1);
    atomic_store(&e->controls.learn, learn);
    stamp(e);
}

bool engine_change(engine *e, method *next)
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
    method *const old = atomic_exchange_explicit(&e->old, NULL, memory_order_acq_rel);
    if (!old)
        return false;
    method_free(old);
    e->announced = e->asked;
    e->asked = NULL;
    return true;
}

uint32_t engine_latency(const engine *e)
{
    return atomic_load_explicit(&e->latency, memory_order_relaxed);
}

const method *engine_method(const engine *e)
{
    return e->announced;
}

void engine_set_captures(engine *e, capture *raw, capture *clean)
{
    atomic_store(&e->raw, raw);
    atomic_store(&e->clean, clean);
}

bool engine_captures_idle(const engine *e)
{
    return atomic_load(&e->in_block) % 2 == 0;
}

void engine_set_feed(engine *e, feed *f)
{
    e->feed = f;
}

bool engine_take_noise(engine *e, sordino_profile **out)
{
    const unsigned told = atomic_load_explicit(&e->told, memory_order_acquire);
    *out = NULL;
    if (told == e->taken || e->asked)
        return false; /* while a change is under way it is not clear whose noise it is */
    e->taken = told;
    if (!learned_has_news(&e->announced->learned))
        return true;
    const sordino_profile *const p = learned_newest(&e->announced->learned);
    if (sordino_profile_new(sordino_profile_psd(p, 0), sordino_profile_channels(p),
                            sordino_profile_bins(p), sordino_profile_rate(p), out, NULL))
        *out = NULL;
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

sordino_status engine_profile(engine *e, sordino_profile **out, sordino_error *why)
{
    if (atomic_load(&e->controls.learn))
        (void)learned_end(e->method->processor.denoiser, learned_place(&e->method->learned));
    return sordino_denoiser_get_profile(e->method->processor.denoiser, out, why);
}
