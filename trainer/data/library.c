/*
 * Clips are kept in 16 bits over their own peak, at their own rate; what is drawn at another rate
 * is resampled whole when it is first asked for, and kept too.
 */
#include "trainer/data/library_internal.h"

#include "core/base/error.h"
#include "core/base/fnv1a.h"
#include "trainer/data/band.h"
#include "trainer/data/rate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double silence = 1e-5; /* a clip whose peak is below has nothing to teach */
static const double fade = 0.01;    /* s of cross-fade where a clip repeats */

void library_stop_looking(library *l)
{
    inspection_free(l->inspection);
    copies_free(l->copies);
    for (size_t i = 0; i < l->n_seen; i++)
        free(l->seen[i].name);
    free(l->seen);
    free(l->silent_test);
    l->inspection = NULL;
    l->copies = NULL;
    l->seen = NULL;
    l->n_seen = 0;
    l->silent_test = NULL;
}

void library_free(library *l)
{
    if (!l)
        return;
    library_stop_looking(l);
    if (l->notes_to)
        fclose(l->notes_to);
    for (size_t i = 0; i < l->n; i++) {
        free(l->clips[i].name);
        for (uint32_t k = 0; k < l->clips[i].n_versions; k++)
            free(l->clips[i].versions[k].samples);
    }
    for (int side = 0; side < 2; side++) {
        free(l->rows[side].clips);
        free(l->rows[side].ends);
    }
    free(l->clips);
    free(l->notes);
    pthread_mutex_destroy(&l->lock);
    free(l);
}

library *library_empty(void)
{
    library *l = calloc(1, sizeof *l);
    if (!l)
        return NULL;
    pthread_mutex_init(&l->lock, NULL);
    l->notes_to = open_memstream(&l->notes, &l->notes_size);
    if (!l->notes_to) {
        library_free(l);
        return NULL;
    }
    return l;
}

sordino_status library_add_clip(library *l, const char *name, const float *x, size_t n, double rate,
                                bool held_out, sordino_error *why)
{
    double mean = 0, peak = 0;
    for (size_t i = 0; i < n; i++)
        mean += (double)x[i];
    mean /= (double)(n ? n : 1);
    for (size_t i = 0; i < n; i++)
        peak = fmax(peak, fabs((double)x[i] - mean));
    if (n == 0 || !(peak > silence) || rate < 1 || rate > 1e6)
        return SORDINO_OK;
    if (l->n == l->room) {
        const size_t room = l->room ? 2 * l->room : 64;
        clip *const more = realloc(l->clips, room * sizeof *more);
        if (!more)
            return error_set(why, SORDINO_NO_MEM, "Out of memory for recordings");
        l->clips = more;
        l->room = room;
    }
    clip *const c = &l->clips[l->n];
    *c = (clip){.name = strdup(name),
                .rate = rate,
                .band = band_measure(x, n, rate, l->pauses),
                .scale = (float)(peak / 32767),
                .n = n,
                .held_out = held_out,
                .n_versions = 1};
    c->versions[0] = (version){rate, n, malloc(n * sizeof(int16_t))};
    l->n++;
    if (!c->name || c->band < 0 || !c->versions[0].samples)
        return error_set(why, SORDINO_NO_MEM, "Out of memory for recordings");
    for (size_t i = 0; i < n; i++)
        c->versions[0].samples[i] = (int16_t)lrint(((double)x[i] - mean) / peak * 32767);
    l->hours += (double)n / rate / 3600;
    return SORDINO_OK;
}

/* ---- what is there ---- */

size_t library_count(const library *l)
{
    return l->n;
}

library_clip library_at(const library *l, size_t i)
{
    const clip *const c = &l->clips[i];
    return (library_clip){c->name, c->rate, c->band, c->n, c->held_out};
}

double library_hours(const library *l, bool held_out)
{
    double sum = 0;
    for (size_t i = 0; i < l->n; i++)
        if (l->clips[i].held_out == held_out)
            sum += (double)l->clips[i].n / l->clips[i].rate / 3600;
    return sum;
}

const char *library_notes(const library *l)
{
    return l->notes ? l->notes : "";
}

uint64_t library_hash(const library *l)
{
    uint64_t hash = fnv1a_start;
    for (size_t i = 0; i < l->n; i++) {
        const clip *const c = &l->clips[i];
        if (c->held_out)
            continue;
        hash = fnv1a(hash, c->name, strlen(c->name));
        for (size_t k = 0; k < c->n; k++)
            hash = fnv1a_push(hash, (uint16_t)c->versions[0].samples[k]);
    }
    return hash;
}

/* ---- drawing ---- */

/* A clip at `rate`, made when it is first asked for. NULL when out of memory. */
static const version *version_at(library *l, clip *c, double rate)
{
    pthread_mutex_lock(&l->lock);
    uint32_t k = 0;
    while (k < c->n_versions && c->versions[k].rate != rate)
        k++;
    if (k == c->n_versions && k < LIBRARY_MAX_VERSIONS) {
        float *const x = malloc(c->n * sizeof *x);
        size_t n = 0;
        for (size_t i = 0; x && i < c->n; i++)
            x[i] = c->versions[0].samples[i];
        float *const y =
            x ? rate_convert(x, c->n, (uint32_t)lrint(c->rate), (uint32_t)lrint(rate), &n) : NULL;
        int16_t *const samples = y && n > 0 ? malloc(n * sizeof *samples) : NULL;
        for (size_t i = 0; samples && i < n; i++)
            samples[i] = (int16_t)lrintf(y[i] > 32767 ? 32767 : y[i] < -32768 ? -32768 : y[i]);
        free(x);
        free(y);
        if (samples)
            c->versions[c->n_versions++] = (version){rate, n, samples};
    }
    const version *const found = k < c->n_versions ? &c->versions[k] : NULL;
    pthread_mutex_unlock(&l->lock);
    return found;
}

/* Up to where a clip is filled at `rate`. */
static double band_at(const clip *c, double rate)
{
    const double most = rate == c->rate ? rate / 2 : rate_band(c->rate, rate);
    return c->band < most ? c->band : most;
}

/* A clip by its length. */
static clip *pick_clip(const library *l, bool held_out, rng *r)
{
    const row *const side = &l->rows[held_out];
    size_t low = 0, high = side->n;
    if (high == 0)
        return NULL;
    const double at = side->ends[high - 1] * rng_unit(r);
    while (high - low > 1) { /* the clip lies in low .. high - 1 */
        const size_t middle = low + (high - low) / 2;
        if (at < side->ends[middle - 1])
            high = middle;
        else
            low = middle;
    }
    return &l->clips[side->clips[low]];
}

/* Loudness differs between recordings: noise that repeats must not click where it does. */
static void repeat(const version *v, float scale, size_t start, double rate, float *out, size_t n)
{
    const size_t edge = (size_t)fmin(fade * rate, (double)v->n / 4);
    const size_t period = v->n - edge;
    for (size_t i = 0; i < n; i++) {
        const size_t at = (start + i) % period;
        float x = v->samples[at];
        if (at < edge && start + i >= period) {
            const float into = ((float)at + 0.5f) / (float)edge;
            x = into * x + (1 - into) * v->samples[period + at];
        }
        out[i] = scale * x;
    }
}

/* Clips one after the other with pauses between them; the first may begin in its midst. */
static bool sequence(library *l, bool held_out, rng *r, double rate, float *out, size_t n,
                     double *band)
{
    bool first = true;
    *band = rate / 2;
    for (size_t i = 0; i < n;) {
        clip *const c = pick_clip(l, held_out, r);
        const version *const v = c ? version_at(l, c, rate) : NULL;
        if (!v)
            return false;
        *band = fmin(*band, band_at(c, rate));
        const size_t spare = v->n > n ? v->n - n : 0;
        const size_t start =
            first ? (size_t)(rng_unit(r) * (double)(spare + (v->n - spare) / 2)) : 0;
        for (size_t k = start; k < v->n && i < n; k++)
            out[i++] = c->scale * v->samples[k];
        size_t pause = (size_t)(rng_range(r, 0.1, 0.8) * rate);
        while (i < n && pause-- > 0)
            out[i++] = 0;
        first = false;
    }
    return true;
}

static bool draw_plain(library *l, bool held_out, bool pauses, rng *r, double rate, float *out,
                       size_t n, double *band)
{
    if (pauses)
        return sequence(l, held_out, r, rate, out, n, band);
    double energy = 0;
    for (int tries = 0; tries < 4 && !(energy > 0); tries++) { /* not a silent place, if possible */
        clip *const c = pick_clip(l, held_out, r);
        const version *const v = c ? version_at(l, c, rate) : NULL;
        if (!v)
            return false;
        *band = band_at(c, rate);
        repeat(v, c->scale, (size_t)(rng_unit(r) * (double)v->n), rate, out, n);
        for (size_t i = 0; i < n; i++)
            energy += (double)out[i] * (double)out[i];
    }
    return true;
}

bool library_draw(const library *l, bool held_out, bool pauses, double speed, rng *r, double rate,
                  float *out, size_t n, double *band)
{
    library *const self = (library *)l; /* versions are made behind a lock */
    const uint32_t twentieths = (uint32_t)fmax(1, lrint(20 * speed));
    if (twentieths == 20)
        return draw_plain(self, held_out, pauses, r, rate, out, n, band);
    /* Played faster: more is drawn, and taken for sound of a higher rate. */
    const size_t more = (n * twentieths + 19) / 20;
    size_t count = 0;
    float *const x = malloc(more * sizeof *x);
    float *const y = x && draw_plain(self, held_out, pauses, r, rate, x, more, band)
                         ? rate_convert(x, more, twentieths, 20, &count)
                         : NULL;
    if (y && count >= n)
        memcpy(out, y, n * sizeof *out);
    const double faster = twentieths / 20.0;
    *band = fmin(*band * faster, rate_band(rate * faster, rate));
    free(x);
    free(y);
    return y && count >= n;
}

sordino_status library_read(const library *l, size_t i, double rate, float **out, size_t *n,
                            sordino_error *why)
{
    library *const self = (library *)l;
    clip *const c = &self->clips[i];
    const version *const v = version_at(self, c, rate);
    *out = v ? malloc(v->n * sizeof **out) : NULL;
    if (!*out)
        return error_set(why, SORDINO_NO_MEM, "Out of memory for a recording");
    *n = v->n;
    for (size_t k = 0; k < v->n; k++)
        (*out)[k] = c->scale * v->samples[k];
    return SORDINO_OK;
}
