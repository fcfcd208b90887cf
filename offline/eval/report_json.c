/*
 * {"version", "pairs": [{"name", "clean", "processed", "noisy", "rate", "channels", "samples",
 * "delay_samples", "delay_seconds", "notes": [], "rows": [{"channel", "processed": {figure:
 * number}, "noisy", "change"}]} or {"name", ..., "error"}], "unpaired": [], "summary":
 * {"processed": {figure: {"n", "mean", "median", "low", "high"}}, "noisy", "change"}}. null is "not
 * defined".
 */
#include "offline/eval/report.h"

#include <jansson.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A name that is not UTF-8 is told with "?" in place of what is not ASCII. */
static json_t *text_value(const char *text)
{
    json_t *const value = json_string(text);
    char *const copy = value ? NULL : strdup(text);
    if (!copy)
        return value;
    for (char *c = copy; *c; c++)
        if ((unsigned char)*c >= 0x80)
            *c = '?';
    json_t *const plain = json_string(copy);
    free(copy);
    return plain;
}

static json_t *number(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *integer(long long value)
{
    return json_integer(value);
}

/* Adds what is not NULL and takes it over; false when it was, or memory ran out. */
static bool put(json_t *object, const char *key, json_t *value)
{
    return json_object_set_new(object, key, value) == 0;
}

static const char *const part_names[PARTS] = {"processed", "noisy", "change"};

static bool put_values(json_t *to, const report_row *row)
{
    const int parts = row->result->noisy.values ? PARTS : 1;
    for (int part = 0; part < parts; part++) {
        json_t *const values = json_object();
        bool done = put(to, part_names[part], values);
        for (int f = 0; done && f < FIGURES; f++)
            done = put(values, figure_infos[f].key,
                       number(report_value(row, (report_part)part, (figure)f)));
        if (!done)
            return false;
    }
    return true;
}

static bool put_rows(json_t *to, const pair *p, const result *r, bool each)
{
    json_t *const rows = json_array();
    bool done = put(to, "rows", rows);
    for (size_t k = 0; done && k < r->rows; k++) {
        const report_row row = {p, r, k};
        json_t *const object = json_object();
        done = json_array_append_new(rows, object) == 0 &&
               put(object, "channel", each ? integer((long long)k + 1) : json_string("mean")) &&
               put_values(object, &row);
    }
    return done;
}

static bool put_measured(json_t *to, const pair *p, const result *r, bool each)
{
    const comparison *const c = &r->processed;
    json_t *const notes = json_array();
    bool done = put(to, "rate", r->rate > 0 ? number(r->rate) : json_null()) &&
                put(to, "channels", integer((long long)r->channels)) &&
                put(to, "samples", integer((long long)c->n)) &&
                put(to, "delay_samples", integer(c->delay)) &&
                put(to, "delay_seconds", number(r->rate > 0 ? (double)c->delay / r->rate : NAN));
    if (done && r->noisy.values)
        done = put(to, "noisy_delay_samples", integer(r->noisy.delay));
    done = put(to, "notes", notes) && done;
    for (size_t i = 0; done && i < r->n_notes; i++)
        done = json_array_append_new(notes, text_value(r->notes[i].text)) == 0;
    return done && put_rows(to, p, r, each);
}

static bool put_pair(json_t *list, const pair *p, const result *r, bool each)
{
    json_t *const object = json_object();
    bool done = json_array_append_new(list, object) == 0 &&
                put(object, "name", text_value(p->name)) &&
                put(object, "clean", text_value(p->clean)) &&
                put(object, "processed", text_value(p->processed));
    if (done && p->noisy)
        done = put(object, "noisy", text_value(p->noisy));
    if (done && r->error.text[0]) {
        char text[2 * sizeof r->error.text];
        snprintf(text, sizeof text, "%s: %s", r->subject ? r->subject : p->name, r->error.text);
        return put(object, "error", text_value(text));
    }
    return done && put_measured(object, p, r, each);
}

static bool put_summary(json_t *root, const report *r)
{
    json_t *const all = json_object();
    bool done = put(root, "summary", all);
    for (int part = 0; done && part < (r->options->noisy ? PARTS : 1); part++) {
        json_t *const figures = json_object();
        done = put(all, part_names[part], figures);
        for (int f = 0; done && f < FIGURES; f++) {
            summary s;
            json_t *const object = json_object();
            done = put(figures, figure_infos[f].key, object) &&
                   report_summary(r, (report_part)part, (figure)f, &s) &&
                   put(object, "n", integer((long long)s.n)) &&
                   put(object, "mean", number(s.mean)) && put(object, "median", number(s.median)) &&
                   put(object, "low", number(s.low)) && put(object, "high", number(s.high));
        }
    }
    return done;
}

bool report_json(const report *r, FILE *to)
{
    json_t *const root = json_object();
    json_t *const pairs = json_array(), *const unpaired = json_array();
    bool done = put(root, "version", json_string(SORDINO_EVAL_VERSION));
    done = put(root, "pairs", pairs) && done;
    done = put(root, "unpaired", unpaired) && done;
    for (size_t i = 0; done && i < r->pairs->n; i++)
        done = put_pair(pairs, &r->pairs->items[i], &r->results[i], r->options->each_channel);
    for (size_t i = 0; done && i < r->pairs->n_unpaired; i++)
        done = json_array_append_new(unpaired, text_value(r->pairs->unpaired[i])) == 0;
    done = done && put_summary(root, r);
    char *const text = done ? json_dumps(root, JSON_INDENT(2) | JSON_REAL_PRECISION(10)) : NULL;
    if (text)
        fprintf(to, "%s\n", text);
    free(text);
    json_decref(root);
    return text != NULL;
}
