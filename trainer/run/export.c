/* The model file with all that is known of how it came about, and its card. */
#include "trainer/run/export.h"

#include "core/base/error.h"
#include "trainer/run/train_internal.h"

#include <sordino/sordino.h>

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

static json_t *figure(double x)
{
    return isfinite(x) ? json_real(round(x * 1e4) / 1e4) : json_null();
}

/* {"noisy": {"SI-SDR dB": ...}, ...}, those that apply. */
static json_t *scores_json(const train *t)
{
    json_t *const all = json_object();
    for (int i = 0; all && i < SCORE_SUBJECTS; i++) {
        json_t *const one = json_object();
        bool any = false;
        for (int k = 0; k < SCORE_COUNT; k++) {
            const double x = t->figures[i].mean[k];
            if (!isnan(x)) {
                (void)json_object_set_new(one, score_kind_name((score_kind)k), figure(x));
                any = true;
            }
        }
        if (any)
            (void)json_object_set_new(all, score_subject_name((score_subject)i), one);
        else
            json_decref(one);
    }
    return all;
}

typedef struct entries {
    metadata_entry items[16];
    size_t n;
    bool failed;
} entries;

/* `value` is taken over; NULL means out of memory. */
static void put(entries *e, const char *key, char *value)
{
    e->items[e->n] = (metadata_entry){strdup(key), value};
    e->failed = e->failed || !value || !e->items[e->n].key;
    e->n++;
}

static char *print_copy(const char *format, double x)
{
    char text[64];
    snprintf(text, sizeof text, format, x);
    return strdup(text);
}

static char *training_data(const train *t)
{
    char *const list = sources_text(t->sources);
    char *text = NULL;
    size_t size;
    FILE *const to = list ? open_memstream(&text, &size) : NULL;
    if (to) {
        fprintf(to, "%.4g hours of audio at the best checkpoint, %.4g in all\n%s", t->best_hours,
                t->hours, list);
        if (t->settings->notes)
            fprintf(to, "%s\n", t->settings->notes);
        if (fclose(to) != 0) {
            free(text);
            text = NULL;
        }
    }
    free(list);
    return text;
}

sordino_status train_export(const train *t, const char *command, void **out_bytes, size_t *out_size,
                            sordino_error *why)
{
    const settings *const s = t->settings;
    entries e = {.n = 0};
    char seed[32], trainer[64];
    json_t *const figures = scores_json(t);
    *out_bytes = NULL;
    snprintf(seed, sizeof seed, "%" PRIu64, s->seed);
    snprintf(trainer, sizeof trainer, "sordino-train %s", sordino_version());
    put(&e, "sordino.name", strdup(s->name ? s->name : "unnamed"));
    put(&e, "sordino.licence", strdup(s->licence ? s->licence : "not stated"));
    if (s->description)
        put(&e, "sordino.description", strdup(s->description));
    put(&e, "sordino.training_data", training_data(t));
    put(&e, "sordino.command", strdup(command));
    put(&e, "sordino.settings", settings_text(s, false));
    put(&e, "sordino.seed", strdup(seed));
    put(&e, "sordino.trainer", strdup(trainer));
    put(&e, "sordino.hours", print_copy("%.6g", t->best_hours));
    put(&e, "sordino.scores", figures ? json_dumps(figures, JSON_PRESERVE_ORDER) : NULL);
    if (settings_start(s))
        put(&e, "sordino.from", strdup(t->from_hash));
    json_decref(figures);
    const sordino_status status =
        e.failed ? error_set(why, SORDINO_NO_MEM, "Out of memory for the model")
                 : train_model_of(t, t->best_values, e.items, e.n, out_bytes, out_size, why);
    for (size_t i = 0; i < e.n; i++) {
        free(e.items[i].key);
        free(e.items[i].value);
    }
    return status;
}

/* ---- the card ---- */

static void print_figure(FILE *to, double x)
{
    if (isnan(x))
        fputs(" |", to);
    else
        fprintf(to, " %.3f |", x);
}

static void print_scores(const train *t, FILE *to)
{
    bool has[SCORE_COUNT] = {false};
    for (int k = 0; k < SCORE_COUNT; k++)
        has[k] = !isnan(t->figures[SCORE_NOISY].mean[k]);
    fputs("| |", to);
    for (int k = 0; k < SCORE_COUNT; k++)
        if (has[k])
            fprintf(to, " %s |", score_kind_name((score_kind)k));
    fputs("\n|---|", to);
    for (int k = 0; k < SCORE_COUNT; k++)
        if (has[k])
            fputs("---|", to);
    fputc('\n', to);
    for (int i = 0; i < SCORE_SUBJECTS; i++) {
        bool any = false;
        for (int k = 0; k < SCORE_COUNT; k++)
            any = any || !isnan(t->figures[i].mean[k]);
        if (!any)
            continue;
        fprintf(to, "| %s |", score_subject_name((score_subject)i));
        for (int k = 0; k < SCORE_COUNT; k++)
            if (has[k])
                print_figure(to, t->figures[i].mean[k]);
        fputc('\n', to);
    }
}

void train_card(const train *t, const char *command, FILE *to)
{
    const settings *const s = t->settings;
    char *const list = sources_text(t->sources), *const text = settings_text(s, false);
    char *const held = sources_held_text(t->sources);
    fprintf(to, "# %s\n\n", s->name ? s->name : "unnamed");
    if (s->description)
        fprintf(to, "%s\n\n", s->description);
    fprintf(to,
            "%zu weights, %.4g hours of audio (%.4g at the best checkpoint), seed %" PRIu64 ".\n\n",
            net_size(t->net), t->hours, t->best_hours, s->seed);
    fprintf(to, "Licence: %s\n\n## Scores\n\n", s->licence ? s->licence : "not stated");
    fprintf(to,
            "Means over %u held-out mixtures (%s signals, noise that training never drew), at %s "
            "dB.\n\n",
            (unsigned)scoring_count(t->scoring),
            t->sources->held_recorded ? "recorded" : "generated",
            s->validation_snr ? s->validation_snr : "0,5,10,15");
    print_scores(t, to);
    fprintf(to, "\n## Data\n\n```\n%s```\n", list ? list : "");
    fputs("\nSample rates: ", to);
    for (uint32_t i = 0; i < s->mix.n_rates; i++)
        fprintf(to, "%s%g", i ? ", " : "", s->mix.rates[i]);
    fputs(" Hz.\n", to);
    if (held && *held)
        fprintf(to, "\nKept for scoring:\n\n```\n%s```\n", held);
    if (s->notes)
        fprintf(to, "\n%s\n", s->notes);
    fprintf(to,
            "\n## Command\n\n```\n%s\n```\n\nEvery setting that is not the usual one:\n\n"
            "```\n%s```\n",
            command, text ? text : "");
    free(held);
    free(list);
    free(text);
}
