/*
 * A fade is linear: both sides carry the same wanted signal at the same delay, so that the sum
 * neither dips nor swells, and is exactly the delayed input while both are bypassed.
 *
 * A change is begun only when the one before is through; a control that is moved to and fro
 * meanwhile changes nothing but where the next one leads.
 */
#include "common/switcher.h"

#include <math.h>

static const double fade_time = 0.030; /* s */

/* s that a processor runs before it is heard, besides its delay: enough for noise trackers and for
 * what networks remember to settle, short enough for a listener who compares. */
static const double warm_time = 0.250;

uint32_t switcher_warm_samples(double rate)
{
    return (uint32_t)(warm_time * rate);
}

uint32_t switcher_fade_samples(double rate)
{
    return rate > 0.0 && rate < 1e6 ? (uint32_t)ceil(fade_time * rate) : 1;
}

void switcher_init(switcher *s, double rate, uint32_t channels)
{
    *s = (switcher){.rate = rate, .n_channels = channels};
    s->fade_length = switcher_fade_samples(rate);
}

void switcher_add(switcher *s, processor *p)
{
    p->next = s->list;
    s->list = p;
}

void switcher_remove(switcher *s, processor *p)
{
    for (processor **at = &s->list; *at; at = &(*at)->next)
        if (*at == p) {
            *at = p->next;
            p->next = NULL;
            return;
        }
}

bool switcher_is_moving(const switcher *s)
{
    return s->wait > 0 || s->fade > 0;
}

bool switcher_needs(const switcher *s, const processor *p)
{
    return p == s->now.processor || (switcher_is_moving(s) && p == s->next.processor);
}

switcher_source switcher_last(const switcher *s)
{
    return switcher_is_moving(s) ? s->next : s->now;
}

void switcher_stop_unneeded(switcher *s)
{
    for (processor *p = s->list; p; p = p->next)
        if (!switcher_needs(s, p) && !p->kept)
            p->running = false;
}

static bool same(switcher_source a, switcher_source b)
{
    return a.processor == b.processor && a.pad == b.pad;
}

void switcher_to(switcher *s, switcher_source to)
{
    processor *const p = to.processor;
    if (same(to, s->now))
        return;
    if (!s->now.processor) {
        processor_start(p);
        s->now = to;
        return;
    }
    const uint32_t needed = p->latency + to.pad + switcher_warm_samples(s->rate);
    if (!p->running)
        processor_start(p);
    s->next = to;
    s->wait = p->age < needed ? needed - p->age : 0;
    s->fade = s->fade_length;
}

void switcher_reset(switcher *s)
{
    s->wait = s->fade = 0;
    s->now = s->next = (switcher_source){NULL, 0};
    for (processor *p = s->list; p; p = p->next)
        p->running = false;
}

/* x + s (y - x) with s rising sample by sample; exactly x where both are the same. */
static void cross(const switcher *s, float *x, const float *y, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        const float part = (float)(s->fade_length - s->fade + i + 1) / (float)s->fade_length;
        x[i] += part * (y[i] - x[i]);
    }
}

/* n <= PROCESSOR_CHUNK, and no more than is left of waiting or of the fade. */
static bool run_chunk(switcher *s, const float *const *in, float *const *out, size_t at, uint32_t n)
{
    for (processor *p = s->list; p; p = p->next)
        if (p->running)
            processor_run(p, in, at, n);
    const bool fading = s->wait == 0 && s->fade > 0;
    for (uint32_t c = 0; c < s->n_channels; c++) {
        processor_read(s->now.processor, c, s->now.pad, out[c] + at, n);
        if (fading) {
            processor_read(s->next.processor, c, s->next.pad, s->other, n);
            cross(s, out[c] + at, s->other, n);
        }
    }
    if (s->wait > 0)
        s->wait -= n;
    else if (fading)
        s->fade -= n;
    if (!fading || s->fade > 0)
        return false;
    s->now = s->next;
    switcher_stop_unneeded(s);
    return true;
}

bool switcher_run(switcher *s, const float *const *in, float *const *out, size_t n)
{
    bool done = false;
    for (size_t at = 0; at < n;) {
        size_t step = n - at < PROCESSOR_CHUNK ? n - at : PROCESSOR_CHUNK;
        if (s->wait > 0 && step > s->wait)
            step = s->wait;
        else if (s->wait == 0 && s->fade > 0 && step > s->fade)
            step = s->fade;
        done = run_chunk(s, in, out, at, (uint32_t)step) || done;
        at += step;
    }
    return done;
}
