#include "common/models.h"
#include "common/fail.h"
#include "common/model_folders.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MAX_PATH = 4096, MAX_MODELS = 256 };

static const char speech[] = "speech";

bool models_is_method(const char *name)
{
    return strcmp(name, "wiener") == 0 || strcmp(name, "kalman") == 0 ||
           strcmp(name, "predictor") == 0;
}

static bool is_builtin(const char *name)
{
    const char *other;
    for (size_t i = 0; (other = sordino_builtin_name(i)); i++)
        if (strcmp(name, other) == 0)
            return true;
    return false;
}

typedef struct search {
    const char *name;
    char path[MAX_PATH];
} search;

static bool look_in(void *to, const char *folder)
{
    search *const s = to;
    const char *const end = model_file_is_named(s->name) ? "" : MODEL_ENDING;
    const int n = snprintf(s->path, sizeof s->path, "%s/%s%s", folder, s->name, end);
    return n < MAX_PATH && access(s->path, R_OK) == 0;
}

sordino_status models_open(const char *name, sordino_model **out, sordino_error *why)
{
    search s = {.name = name};
    *out = NULL;
    if (strchr(name, '/') || (model_file_is_named(name) && access(name, R_OK) == 0))
        return sordino_model_open_path(name, out, why);
    if (model_folders_visit(look_in, &s))
        return sordino_model_open_path(s.path, out, why);
    if (is_builtin(name))
        return sordino_model_open_builtin(name, out, why);
    return fail(why, SORDINO_NOT_FOUND,
                "no such model; see --list-models, or give the path of a .safetensors file");
}

sordino_status models_open_speech(sordino_model **out, sordino_error *why)
{
    *out = NULL;
    return is_builtin(speech) ? sordino_model_open_builtin(speech, out, why) : SORDINO_OK;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The rest of a line: what the model is for, its size, where it is from, its licence. */
static void describe(sordino_model *model, const char *from, FILE *to)
{
    fprintf(to, "%s, %zu weights, %s", sordino_model_is_stft(model) ? "sound" : "sensors",
            sordino_model_parameters(model), from);
    if (*sordino_model_licence(model))
        fprintf(to, ", %s", sordino_model_licence(model));
    fputc('\n', to);
    sordino_model_free(model);
}

static void list_model(const char *folder, const char *name, FILE *to)
{
    char path[MAX_PATH];
    sordino_model *model;
    sordino_error why;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    fprintf(to, "%-16.*s  ", (int)(strlen(name) - sizeof MODEL_ENDING + 1), name);
    if (sordino_model_open_path(path, &model, &why))
        fprintf(to, "cannot be used: %s\n", why.text);
    else
        describe(model, path, to);
}

static void list_builtin(FILE *to)
{
    const char *name;
    sordino_model *model;
    sordino_error why;
    for (size_t i = 0; (name = sordino_builtin_name(i)); i++) {
        char from[256];
        fprintf(to, "%-16s  ", name);
        snprintf(from, sizeof from, "built in: %s", sordino_builtin_description(i));
        if (sordino_model_open_builtin(name, &model, &why))
            fprintf(to, "cannot be used: %s\n", why.text);
        else
            describe(model, from, to);
    }
}

typedef struct names {
    char *list[MAX_MODELS];
    size_t n, n_more; /* more: than the list takes */
} names;

static bool add_name(void *to, const char *folder, const char *name)
{
    names *const l = to;
    if (l->n < MAX_MODELS && (l->list[l->n] = strdup(name)))
        l->n++;
    else
        l->n_more++;
    return false;
}

static bool list_folder(void *to, const char *folder)
{
    names l = {.n = 0};
    (void)model_files_visit(folder, add_name, &l);
    if (l.n > 1)
        qsort(l.list, l.n, sizeof *l.list, by_name);
    for (size_t i = 0; i < l.n; i++) {
        list_model(folder, l.list[i], to);
        free(l.list[i]);
    }
    if (l.n_more > 0)
        fprintf(to, "... and %zu more in %s\n", l.n_more, folder);
    return false;
}

void models_list(FILE *to)
{
    fputs("wiener            sound, built in\n"
          "kalman            sensors, built in\n"
          "predictor         sensors, built in\n",
          to);
    list_builtin(to);
    (void)model_folders_visit(list_folder, to);
}
