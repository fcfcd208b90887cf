#include "plugin/methods.h"

#include "common/learned.h"
#include "common/switcher.h"
#include "plugin/ports.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Delays: a window of the spectral methods each, in s (DELAY_...). Wiener filters take the same
 * window, but never above the one that they are best with. */
static const double delay_window[N_DELAY] = {0.010, 0.020, 0.064};
static const double wiener_window[N_DELAY] = {0.010, 0.020, 0.0};

struct methods {
    double rate;
    uint32_t n_channels;
    uint32_t latency[N_DELAY];
    processor wiener[N_DELAY];
    network *network, *arrived, *leaving;
    network *left; /* a list */
    bool has_arrived;
    methods_controls controls;
    switcher switcher; /* nothing is heard before the first block */
    bool learning, has_profile, using_profile;
    sordino_profile *profile; /* NULL where nothing can be learned */
};

static sordino_status no_memory(sordino_error *why)
{
    static const sordino_error text = {SORDINO_NO_MEM, "Out of memory for a method"};
    if (why)
        *why = text;
    return SORDINO_NO_MEM;
}

static void set_controls(processor *p, const methods_controls *c)
{
    sordino_denoiser_set_enabled(p->denoiser, c->enabled);
    sordino_denoiser_set_limit(p->denoiser, c->limit);
    sordino_denoiser_set_mix(p->denoiser, c->mix);
    sordino_denoiser_set_delta(p->denoiser, c->delta);
}

/* Most samples that anything is held back at a rate: the longest delay, however it is rounded. */
uint32_t methods_longest(double rate)
{
    return (uint32_t)ceil(delay_window[DELAY_HIGH] * rate * 1.1) + 64;
}

/* ---- life ---- */

/* The delay of a window of the spectral methods with a hop of a half of it. */
static sordino_status window_latency(const sordino_config *config, double window, uint32_t *out,
                                     sordino_error *why)
{
    sordino_config c = *config;
    c.window = window;
    c.hop = window / 2.0;
    return sordino_denoiser_latency_for(&c, NULL, out, why);
}

static sordino_status make_processors(methods *m, sordino_error *why)
{
    sordino_config config;
    sordino_config_init(&config);
    config.rate = m->rate;
    config.channels = m->n_channels;
    sordino_status status = SORDINO_OK;
    for (int i = 0; i < N_DELAY && status == SORDINO_OK; i++) {
        /* At odd rates a window is rounded so that the hop is whole: what has hops of a half is to
         * fit as well as the Wiener filter, which has quarters. */
        status = window_latency(&config, delay_window[i], &m->latency[i], why);
        config.window = wiener_window[i];
        if (status == SORDINO_OK)
            status = processor_init(&m->wiener[i], &config, NULL, methods_longest(m->rate), why);
        if (status == SORDINO_OK && m->latency[i] < m->wiener[i].latency)
            m->latency[i] = m->wiener[i].latency;
        config.window = 0.0;
        switcher_add(&m->switcher, &m->wiener[i]);
    }
    if (status == SORDINO_OK)
        status = sordino_denoiser_blank_profile(m->wiener[DELAY_HIGH].denoiser, &m->profile, why);
    return status;
}

sordino_status methods_new(double rate, uint32_t channels, methods **out, sordino_error *why)
{
    *out = NULL;
    methods *m = calloc(1, sizeof *m);
    if (!m)
        return no_memory(why);
    m->rate = rate;
    m->n_channels = channels;
    switcher_init(&m->switcher, rate, channels);
    sordino_error refused;
    const sordino_status status = make_processors(m, &refused);
    if (status != SORDINO_OK) {
        for (int i = 0; i < N_DELAY; i++) {
            processor_free(&m->wiener[i]);
            m->latency[i] = 0;
        }
        switcher_init(&m->switcher, rate, channels); /* none of them is on its list */
        if (why)
            *why = refused;
        if (status == SORDINO_NO_MEM) {
            free(m);
            return status;
        }
    }
    *out = m;
    return SORDINO_OK;
}

void methods_free(methods *m)
{
    if (!m)
        return;
    for (int i = 0; i < N_DELAY; i++)
        processor_free(&m->wiener[i]);
    network_free(m->network);
    network_free(m->arrived);
    network_free(m->leaving);
    for (network *n; (n = methods_collect(m));)
        network_free(n);
    sordino_profile_free(m->profile);
    free(m);
}

static bool serves(const methods *m)
{
    return m->wiener[0].denoiser != NULL;
}

uint32_t methods_latency(const methods *m, unsigned delay)
{
    return m->latency[delay < N_DELAY ? delay : DELAY_NORMAL];
}

/* ---- which method ---- */

static switcher_source wanted(methods *m)
{
    const unsigned delay = m->controls.delay;
    const uint32_t latency = m->latency[delay];
    processor *p = &m->wiener[delay];
    if (m->controls.method == METHOD_NETWORK && m->network &&
        network_latency(m->network) <= latency)
        p = network_processor(m->network);
    return (switcher_source){p, latency - p->latency};
}

/* A network that arrived takes its place; the one before leaves as soon as it is not heard. */
static void take_arrived(methods *m)
{
    if (!m->has_arrived || switcher_is_moving(&m->switcher))
        return;
    m->leaving = m->network;
    m->network = m->arrived;
    m->arrived = NULL;
    m->has_arrived = false;
    if (m->network)
        switcher_add(&m->switcher, network_processor(m->network));
}

static void leave(methods *m, network *n)
{
    if (n) {
        *network_next(n) = m->left;
        m->left = n;
    }
}

static void let_go(methods *m)
{
    processor *const p = m->leaving ? network_processor(m->leaving) : NULL;
    if (!p || switcher_is_moving(&m->switcher) || switcher_needs(&m->switcher, p))
        return;
    switcher_remove(&m->switcher, p);
    leave(m, m->leaving);
    m->leaving = NULL;
}

static void choose(methods *m)
{
    take_arrived(m);
    if (!switcher_is_moving(&m->switcher)) {
        const switcher_source to = wanted(m);
        if (!to.processor->running)
            set_controls(to.processor, &m->controls);
        switcher_to(&m->switcher, to);
    }
    switcher_stop_unneeded(&m->switcher);
    let_go(m);
}

/* ---- noise profiles ---- */

static void apply_profile(methods *m)
{
    const bool use = m->has_profile && m->controls.use_profile;
    for (int i = 0; i < N_DELAY; i++)
        sordino_denoiser_set_profile(m->wiener[i].denoiser, use ? m->profile : NULL);
    m->using_profile = use;
}

/* Learning is the work of one filter, that with the longest window, heard or not: so there is one
 * kind of profile, whatever Method and Delay say. */
static bool follow_learning(methods *m, sordino_profile *into)
{
    processor *learner = &m->wiener[DELAY_HIGH];
    bool has_learned = false;
    if (m->controls.learn && !m->learning) {
        learner->kept = true;
        if (!learner->running) {
            set_controls(learner, &m->controls);
            processor_start(learner);
        }
        sordino_denoiser_set_learn(learner->denoiser, true);
    } else if (!m->controls.learn && m->learning) {
        learner->kept = false;
        if (learned_end(learner->denoiser, m->profile)) {
            m->has_profile = true;
            has_learned = into && sordino_denoiser_copy_profile(learner->denoiser, into);
        }
        apply_profile(m);
    }
    m->learning = m->controls.learn;
    if (m->using_profile != (m->has_profile && m->controls.use_profile))
        apply_profile(m);
    return has_learned;
}

const sordino_denoiser *methods_learner(const methods *m)
{
    return m->wiener[DELAY_HIGH].denoiser;
}

bool methods_set_profile(methods *m, const sordino_profile *profile, sordino_profile *own)
{
    if (!serves(m))
        return false;
    sordino_denoiser *learner = m->wiener[DELAY_HIGH].denoiser;
    sordino_denoiser_set_profile(learner, profile);
    m->has_profile = sordino_denoiser_copy_profile(learner, m->profile);
    const bool copied = m->has_profile && own && sordino_denoiser_copy_profile(learner, own);
    apply_profile(m);
    return copied;
}

/* ---- controls ---- */

bool methods_set(methods *m, const methods_controls *controls, sordino_profile *into)
{
    m->controls = *controls;
    if (m->controls.delay >= N_DELAY)
        m->controls.delay = DELAY_NORMAL;
    if (!serves(m))
        return false;
    for (processor *p = m->switcher.list; p; p = p->next)
        if (p->running)
            set_controls(p, &m->controls);
    const bool has_learned = follow_learning(m, into);
    choose(m);
    return has_learned;
}

static unsigned kind_of(const methods *m, const processor *p)
{
    for (int i = 0; i < N_DELAY; i++)
        if (p == &m->wiener[i])
            return RUNNING_WIENER;
    return RUNNING_NETWORK;
}

unsigned methods_running(const methods *m)
{
    return serves(m) ? kind_of(m, switcher_last(&m->switcher).processor) : RUNNING_NOTHING;
}

void methods_read_meters(methods *m, sordino_meters *out)
{
    if (m->switcher.now.processor)
        sordino_denoiser_read_meters(m->switcher.now.processor->denoiser, out);
    else
        *out = (sordino_meters){-200.0f, -200.0f, 0.0f};
}

void methods_offer(methods *m, network *n)
{
    if (m->has_arrived)
        leave(m, m->arrived);
    m->arrived = n;
    m->has_arrived = true;
}

network *methods_collect(methods *m)
{
    network *n = m->left;
    if (n)
        m->left = *network_next(n);
    return n;
}

const network *methods_network(const methods *m)
{
    return m->has_arrived ? m->arrived : m->network;
}

void methods_reset(methods *m)
{
    if (!serves(m))
        return;
    if (m->learning)
        sordino_denoiser_set_learn(m->wiener[DELAY_HIGH].denoiser, false);
    m->learning = m->wiener[DELAY_HIGH].kept = false;
    apply_profile(m);
    switcher_reset(&m->switcher);
    let_go(m);
    take_arrived(m);
    let_go(m);
}

/* ---- audio ---- */

static void pass(const methods *m, const float *const *in, float *const *out, size_t n)
{
    float saved[PROCESSOR_CHUNK];
    for (size_t at = 0; at < n; at += PROCESSOR_CHUNK) {
        const size_t step = n - at < PROCESSOR_CHUNK ? n - at : PROCESSOR_CHUNK;
        const float *second = in[m->n_channels - 1] + at;
        memcpy(saved, second, step * sizeof *saved);
        for (uint32_t c = 0; c + 1 < m->n_channels; c++)
            memmove(out[c] + at, in[c] + at, step * sizeof *saved);
        memcpy(out[m->n_channels - 1] + at, saved, step * sizeof *saved);
    }
}

void methods_run(methods *m, const float *const *in, float *const *out, size_t n)
{
    if (!m->switcher.now.processor)
        pass(m, in, out, n);
    else if (switcher_run(&m->switcher, in, out, n))
        let_go(m);
}
