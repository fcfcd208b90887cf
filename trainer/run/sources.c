#include "trainer/run/sources.h"

#include "common/values.h"
#include "core/base/error.h"
#include "core/base/fnv1a.h"
#include "trainer/data/espeak.h"
#include "trainer/data/noise_cut.h"
#include "trainer/signals/signal.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* What a mix_source's `self` points at: one of the two. */
typedef struct source_self {
    const library *recordings;
    bool held_out, pauses;
    double speed_chance;
    const signal_kind *kind;
} source_self;

/* Voices at other speeds are other voices (Ko, Peddinti, Povey & Khudanpur 2015). */
static const double slowest = 0.85, fastest = 1.2;

static const double espeak_band = 9900; /* Hz; its own rate is 22,050 Hz */

enum { MAX_SELVES = 4 * MIX_MAX_SOURCES, MAX_HELD_NAMES = 60 };

static bool draw_recording(void *self, rng *r, double rate, float *out, size_t n, double *band)
{
    const source_self *const s = self;
    const bool other = s->speed_chance > 0 && rng_chance(r, s->speed_chance);
    const double speed = other ? rng_log_range(r, slowest, fastest) : 1;
    return library_draw(s->recordings, s->held_out, s->pauses, speed, r, rate, out, n, band);
}

static bool draw_signal(void *self, rng *r, double rate, float *out, size_t n, double *band)
{
    (void)band;
    const source_self *const s = self;
    return s->kind->make(r, rate, out, n);
}

static bool draw_espeak(void *self, rng *r, double rate, float *out, size_t n, double *band)
{
    *band = fmin(*band, espeak_band);
    (void)self;
    return espeak_draw(r, rate, out, n);
}

void sources_free(sources *s)
{
    if (!s)
        return;
    for (uint32_t i = 0; i < s->n_libraries; i++)
        library_free(s->libraries[i]);
    free(s->selves);
    free(s);
}

/* Cuts ":WEIGHT" off a copy of `item`. A colon that no number follows belongs to the name, as does
 * any colon of a file that is there. */
static char *split_weight(const char *item, double *weight)
{
    struct stat st;
    char *name = strdup(item);
    *weight = 1;
    char *const colon = name && stat(item, &st) != 0 ? strrchr(name, ':') : NULL;
    if (!colon)
        return name;
    const bool number = value_number(colon + 1, -DBL_MAX, DBL_MAX, weight);
    *colon = '\0';
    if (!number && signal_find(name))
        *weight = NAN; /* a generator's is no weight */
    else if (!number)
        *colon = ':';
    return name;
}

/* One source in both lists of a side, or in the trained one alone. */
static sordino_status add_source(mix_source *to, uint32_t *n, mix_source source, sordino_error *why)
{
    if (*n == MIX_MAX_SOURCES)
        return error_set(why, SORDINO_BAD_ARG, "More than %d sources of one sort",
                         (int)MIX_MAX_SOURCES);
    if (source.weight > 0)
        to[(*n)++] = source;
    return SORDINO_OK;
}

static source_self *new_self(sources *s, source_self self)
{
    s->selves[s->n_selves] = self;
    return &s->selves[s->n_selves++];
}

/* A generator, on the clean or the noise side; drawn from in held-out examples too, whose random
 * numbers are others. */
static sordino_status add_kind(const settings *g, sources *s, const signal_kind *kind, bool noise,
                               double weight, sordino_error *why)
{
    const mix_source source = {
        .name = kind->name,
        .weight = weight,
        .rate = g->own_rates && !noise ? kind->rate : 0,
        .slow = strcmp(kind->name, "speech") == 0 || strcmp(kind->name, "babble") == 0,
        .self = new_self(s, (source_self){.kind = kind}),
        .draw = draw_signal,
    };
    sordino_status status = noise ? add_source(s->noise, &s->n_noise, source, why)
                                  : add_source(s->clean, &s->n_clean, source, why);
    if (status == SORDINO_OK)
        status = noise ? add_source(s->held_noise, &s->n_held_noise, source, why)
                       : add_source(s->held_clean, &s->n_held_clean, source, why);
    return status;
}

static sordino_status add_library(const settings *g, sources *s, library *l, bool noise,
                                  double weight, sordino_error *why)
{
    const double speed_chance = noise ? 0 : g->mix.speed_chance;
    mix_source source = {
        .name = noise ? "recorded noise" : "recorded",
        .weight = weight,
        .self = new_self(
            s, (source_self){.recordings = l, .pauses = !noise, .speed_chance = speed_chance}),
        .draw = draw_recording,
    };
    sordino_status status = noise ? add_source(s->noise, &s->n_noise, source, why)
                                  : add_source(s->clean, &s->n_clean, source, why);
    if (status != SORDINO_OK || library_hours(l, true) <= 0)
        return status;
    source.self = new_self(s, (source_self){.recordings = l, .held_out = true, .pauses = !noise});
    if (!noise)
        s->held_recorded = true;
    if (source.weight <= 0)
        source.weight = 1; /* not to be trained with, but scored on */
    return noise ? add_source(s->held_noise, &s->n_held_noise, source, why)
                 : add_source(s->held_clean, &s->n_held_clean, source, why);
}

static sordino_status open_recordings(const settings *g, sources *s, const char *path, bool noise,
                                      double weight, FILE *notes, sordino_error *why)
{
    const library_spec spec = {
        .paths = &path,
        .n_paths = 1,
        .held_out_list = g->held_out_list,
        .held_out = g->held_out,
        .pauses = !noise,
        .table_rate = g->rates && g->mix.n_rates == 1 ? g->mix.rates[0] : 0,
        .look = true,
    };
    library *l;
    const sordino_status status = library_open(&spec, &l, why);
    if (status != SORDINO_OK)
        return status;
    s->libraries[s->n_libraries++] = l;
    if (notes)
        fputs(library_notes(l), notes);
    return add_library(g, s, l, noise, weight, why);
}

/* An item of --signal, --clean or --noise: a generator's name or a path. */
static sordino_status add_item(const settings *g, sources *s, const char *item, bool noise,
                               bool paths, double factor, FILE *notes, sordino_error *why)
{
    double weight;
    struct stat st;
    char *const name = split_weight(item, &weight);
    if (!name)
        return error_set(why, SORDINO_NO_MEM, "Out of memory for settings");
    const signal_kind *const kind = signal_find(name);
    sordino_status status;
    if (!(weight > 0) || !isfinite(weight))
        status = error_set(why, SORDINO_BAD_ARG,
                           "The weight in '%s' must be a number above 0; leave it out for 1", item);
    else if (kind && (!paths || stat(name, &st) != 0) && kind->is_noise == noise)
        status = add_kind(g, s, kind, noise, weight * factor, why);
    else if (paths)
        status = open_recordings(g, s, name, noise, weight * factor, notes, why);
    else
        status = error_set(why, SORDINO_BAD_ARG,
                           "There is no generator of signals '%s'; --help lists them", name);
    free(name);
    return status;
}

static sordino_status add_list(const settings *g, sources *s, const setting_list *l, bool noise,
                               bool paths, double factor, FILE *notes, sordino_error *why)
{
    sordino_status status = SORDINO_OK;
    for (uint32_t i = 0; status == SORDINO_OK && i < l->n; i++)
        status = add_item(g, s, l->items[i], noise, paths, factor, notes, why);
    return status;
}

/* "FILE START-END": the last blank parts them. */
static sordino_status add_cut(const settings *g, sources *s, const char *item, FILE *notes,
                              sordino_error *why)
{
    char *const path = strdup(item);
    char *const blank = path ? strrchr(path, ' ') : NULL;
    library *l = NULL;
    sordino_status status;
    if (!path)
        status = error_set(why, SORDINO_NO_MEM, "Out of memory for settings");
    else if (!blank)
        status =
            error_set(why, SORDINO_BAD_ARG, "noise-from needs a file and START-END: '%s'", item);
    else {
        *blank = '\0';
        status = noise_cut_open(path, blank + 1, g->held_out, notes, &l, why);
    }
    if (status == SORDINO_OK) {
        s->libraries[s->n_libraries++] = l;
        status = add_library(g, s, l, true, 1, why);
    }
    free(path);
    return status;
}

/* The factor that makes weights of a list add up to `total`. */
static double share(const setting_list *l, double more, double total)
{
    double sum = more;
    for (uint32_t i = 0; i < l->n; i++) {
        double weight;
        free(split_weight(l->items[i], &weight));
        sum += weight > 0 && isfinite(weight) ? weight : 0;
    }
    return sum > 0 ? total / sum : 0;
}

static sordino_status open_all(const settings *g, sources *s, FILE *notes, sordino_error *why)
{
    const double signals = share(&g->signal, g->espeak, g->signal_weight);
    /* Starts its process before this one holds recordings. */
    sordino_status status = g->espeak > 0 ? espeak_check(why) : SORDINO_OK;
    if (status == SORDINO_OK)
        status = add_list(g, s, &g->signal, false, false, signals, notes, why);
    if (status == SORDINO_OK)
        status = add_list(g, s, &g->clean, false, true, share(&g->clean, 0, g->clean_weight), notes,
                          why);
    if (status == SORDINO_OK && g->espeak > 0) {
        const mix_source source = {.name = "espeak-ng",
                                   .weight = g->espeak * signals,
                                   .slow = true,
                                   .lack = "it ended, and cannot be started again",
                                   .self = s,
                                   .draw = draw_espeak};
        status = add_source(s->clean, &s->n_clean, source, why);
        if (status == SORDINO_OK)
            status = add_source(s->held_clean, &s->n_held_clean, source, why);
    }
    if (status == SORDINO_OK)
        status = add_list(g, s, &g->noise, true, true, 1, notes, why);
    for (uint32_t i = 0; status == SORDINO_OK && i < g->noise_from.n; i++)
        status = add_cut(g, s, g->noise_from.items[i], notes, why);
    return status;
}

/* Scoring is on recordings alone where there are any. */
static void keep_recordings(mix_source *list, uint32_t *n)
{
    uint32_t kept = 0, recorded = 0;
    for (uint32_t i = 0; i < *n; i++)
        recorded += list[i].draw == draw_recording;
    for (uint32_t i = 0; i < *n && recorded > 0; i++)
        if (list[i].draw == draw_recording)
            list[kept++] = list[i];
    *n = recorded > 0 ? kept : *n;
}

sordino_status sources_open(const settings *g, FILE *notes, sources **out, sordino_error *why)
{
    *out = NULL;
    sources *s = calloc(1, sizeof *s);
    if (s)
        s->selves = calloc(MAX_SELVES, sizeof *s->selves);
    if (!s || !s->selves) {
        sources_free(s);
        return error_set(why, SORDINO_NO_MEM, "Out of memory for recordings");
    }
    const sordino_status status = open_all(g, s, notes, why);
    if (status != SORDINO_OK) {
        sources_free(s);
        return status;
    }
    keep_recordings(s->held_clean, &s->n_held_clean);
    keep_recordings(s->held_noise, &s->n_held_noise);
    *out = s;
    return SORDINO_OK;
}

sordino_status sources_rates(const setting_list *l, double *rates, size_t room, size_t *n,
                             sordino_error *why)
{
    sordino_status status = SORDINO_OK;
    *n = 0;
    for (uint32_t i = 0; status == SORDINO_OK && i < l->n; i++) {
        double weight, found[MIX_MAX_RATES];
        size_t count = 0;
        struct stat st;
        char *const name = split_weight(l->items[i], &weight);
        if (!name)
            return error_set(why, SORDINO_NO_MEM, "Out of memory for settings");
        if (stat(name, &st) == 0)
            status = library_rates(name, found, MIX_MAX_RATES, &count, why);
        free(name);
        for (size_t k = 0; k < count; k++) {
            size_t at = 0;
            while (at < *n && rates[at] != found[k])
                at++;
            if (at == *n && *n < room)
                rates[(*n)++] = found[k];
        }
    }
    return status;
}

/* Whether a recording has a part that is trained with. */
static bool is_trained(const library *l, const char *name)
{
    for (size_t i = 0; i < library_count(l); i++)
        if (!library_at(l, i).held_out && strcmp(library_at(l, i).name, name) == 0)
            return true;
    return false;
}

char *sources_held_text(const sources *s)
{
    char *text = NULL;
    size_t size, shown = 0, more = 0;
    FILE *to = open_memstream(&text, &size);
    if (!to)
        return NULL;
    for (uint32_t i = 0; i < s->n_libraries; i++) {
        const library *const l = s->libraries[i];
        const char *last = "";
        for (size_t k = 0; k < library_count(l); k++) {
            const library_clip c = library_at(l, k);
            if (!c.held_out || strcmp(c.name, last) == 0)
                continue;
            last = c.name;
            if (shown++ < MAX_HELD_NAMES)
                fprintf(to, "%s%s, %.4g s at %g Hz\n", is_trained(l, c.name) ? "the end of " : "",
                        c.name, (double)c.n / c.rate, c.rate);
            else
                more++;
        }
    }
    if (more > 0)
        fprintf(to, "and %zu more\n", more);
    if (fclose(to) != 0) {
        free(text);
        return NULL;
    }
    return text;
}

uint64_t sources_hash(const sources *s)
{
    uint64_t hash = fnv1a_start;
    for (uint32_t i = 0; i < s->n_libraries; i++) {
        uint64_t h = library_hash(s->libraries[i]);
        for (int k = 0; k < 8; k++, h >>= 8)
            hash = fnv1a_push(hash, h & 0xff);
    }
    return hash;
}

static void print_side(const mix_source *list, uint32_t n, const char *side, FILE *to)
{
    double sum = 0;
    for (uint32_t i = 0; i < n; i++)
        sum += list[i].weight;
    for (uint32_t i = 0; i < n; i++) {
        fprintf(to, "%s %.1f %%: %s", side, 100 * list[i].weight / sum, list[i].name);
        if (list[i].draw == draw_recording) {
            const source_self *const self = list[i].self;
            const double hours = library_hours(self->recordings, false);
            fprintf(to, ", %zu recordings, %.4g %s", library_count(self->recordings),
                    hours < 1 ? 3600 * hours : hours, hours < 1 ? "s" : "h");
        }
        fputc('\n', to);
    }
}

char *sources_text(const sources *s)
{
    char *text = NULL;
    size_t size;
    FILE *to = open_memstream(&text, &size);
    if (!to)
        return NULL;
    print_side(s->clean, s->n_clean, "clean", to);
    print_side(s->noise, s->n_noise, "noise", to);
    if (fclose(to) != 0) {
        free(text);
        return NULL;
    }
    return text;
}
