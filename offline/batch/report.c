#include "offline/batch/report.h"

#include <jansson.h>

#include <math.h>
#include <string.h>

/* JSON is UTF-8; a name that is not is written with its odd bytes as question marks. */
static json_t *text(const char *s)
{
    char plain[4096];
    json_t *const value = json_string(s);
    if (value)
        return value;
    snprintf(plain, sizeof plain, "%s", s);
    for (char *c = plain; *c; c++)
        if ((unsigned char)*c >= 0x80)
            *c = '?';
    return json_string(plain);
}

/* Three digits after the point say all there is about a level. */
static json_t *level(float db)
{
    return json_real(round((double)db * 1000.0) / 1000.0);
}

static bool add_figures(json_t *file, const job *j)
{
    return !(json_object_set_new(file, "method", text(j->method)) |
             json_object_set_new(file, "rate", json_real(j->rate)) |
             json_object_set_new(file, "channels", json_integer(j->channels)) |
             json_object_set_new(file, "frames", json_integer((json_int_t)j->frames)) |
             json_object_set_new(file, "seconds", json_real((double)j->frames / j->rate)) |
             json_object_set_new(file, "latency", json_integer(j->latency)) |
             json_object_set_new(file, "input_db", level(j->input_db)) |
             json_object_set_new(file, "output_db", level(j->output_db)) |
             json_object_set_new(file, "reduction_db", level(j->reduction_db)) |
             json_object_set_new(file, "clipped", json_integer((json_int_t)j->clipped)) |
             json_object_set_new(file, "gaps", json_integer((json_int_t)j->gaps)));
}

static json_t *file_of(const job *j)
{
    json_t *const file = json_object(), *const notes = json_array();
    bool good = !(json_object_set_new(file, "input", text(j->input)) |
                  json_object_set_new(file, "output", text(j->output)) |
                  json_object_set_new(file, "done", json_boolean(!j->status)));
    if (j->status)
        good = good && !json_object_set_new(file, "error", text(j->why.text));
    else
        good = good && add_figures(file, j);
    for (size_t i = 0; i < j->n_notes; i++)
        good = good && !json_array_append_new(notes, text(j->notes[i]));
    good = !json_object_set_new(file, "notes", notes) && good;
    if (good)
        return file;
    json_decref(file);
    return NULL;
}

static bool add_model(json_t *root, const sordino_model *model)
{
    json_t *const m = json_object();
    const bool good = !(json_object_set_new(m, "name", text(sordino_model_name(model))) |
                        json_object_set_new(m, "hash", text(sordino_model_hash(model))) |
                        json_object_set_new(m, "licence", text(sordino_model_licence(model))));
    return !json_object_set_new(root, "model", m) && good;
}

bool report_write(const job *jobs, size_t n, const sordino_model *model, FILE *to)
{
    json_t *const root = json_object(), *const files = json_array();
    bool good = !json_object_set_new(root, "sordino", text(sordino_version()));
    if (model)
        good = good && add_model(root, model);
    for (size_t i = 0; i < n; i++)
        good = good && !json_array_append_new(files, file_of(&jobs[i]));
    good = !json_object_set_new(root, "files", files) && good;
    if (good)
        good = json_dumpf(root, to, JSON_INDENT(2) | JSON_REAL_PRECISION(15)) == 0 &&
               fputc('\n', to) != EOF;
    json_decref(root);
    return good;
}
