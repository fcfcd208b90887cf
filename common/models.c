#include "common/models.h"
#include "common/fail.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MAX_FOLDERS = 32, MAX_PATH = 4096, MAX_MODELS = 256 };

static const char ending[] = ".safetensors", speech[] = "speech";

typedef struct folders {
    size_t n;
    char *path[MAX_FOLDERS];
} folders;

static void add_folder(folders *f, const char *start, size_t n, const char *below)
{
    const size_t size = n + strlen(below) + 1;
    if (n == 0 || f->n == MAX_FOLDERS || !(f->path[f->n] = malloc(size)))
        return;
    snprintf(f->path[f->n++], size, "%.*s%s", (int)n, start, below);
}

/* Each of the folders in a list separated by colons. */
static void add_list(folders *f, const char *list, const char *below)
{
    while (list && *list) {
        const size_t n = strcspn(list, ":");
        add_folder(f, list, n, below);
        list += n + (list[n] == ':');
    }
}

static void find_folders(folders *f)
{
    const char *const data_home = getenv("XDG_DATA_HOME"), *const home = getenv("HOME");
    const char *const data = getenv("XDG_DATA_DIRS");
    f->n = 0;
    add_list(f, getenv("SORDINO_MODEL_PATH"), "");
    if (data_home && *data_home)
        add_folder(f, data_home, strlen(data_home), "/sordino/models");
    else if (home)
        add_folder(f, home, strlen(home), "/.local/share/sordino/models");
    add_list(f, data && *data ? data : "/usr/local/share:/usr/share", "/sordino/models");
}

static void free_folders(folders *f)
{
    while (f->n > 0)
        free(f->path[--f->n]);
}

bool models_is_method(const char *name)
{
    return strcmp(name, "wiener") == 0 || strcmp(name, "kalman") == 0 ||
           strcmp(name, "predictor") == 0;
}

static bool ends(const char *name)
{
    const size_t n = strlen(name), end = sizeof ending - 1;
    return n > end && strcmp(name + n - end, ending) == 0;
}

static bool is_builtin(const char *name)
{
    const char *other;
    for (size_t i = 0; (other = sordino_builtin_name(i)); i++)
        if (strcmp(name, other) == 0)
            return true;
    return false;
}

sordino_status models_open(const char *name, sordino_model **out, sordino_error *why)
{
    folders f;
    char path[MAX_PATH] = "";
    *out = NULL;
    if (strchr(name, '/') || (ends(name) && access(name, R_OK) == 0))
        return sordino_model_open_path(name, out, why);
    find_folders(&f);
    for (size_t i = 0; i < f.n; i++) {
        snprintf(path, sizeof path, "%s/%s%s", f.path[i], name, ends(name) ? "" : ending);
        if (access(path, R_OK) == 0)
            break;
        path[0] = '\0';
    }
    free_folders(&f);
    if (path[0] != '\0')
        return sordino_model_open_path(path, out, why);
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
    fprintf(to, "%-16.*s  ", (int)(strlen(name) - sizeof ending + 1), name);
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

static void list_folder(const char *folder, FILE *to)
{
    char *names[MAX_MODELS];
    size_t n = 0;
    DIR *const dir = opendir(folder);
    const struct dirent *entry;
    while (dir && n < MAX_MODELS && (entry = readdir(dir)))
        if (ends(entry->d_name) && (names[n] = strdup(entry->d_name)))
            n++;
    if (dir)
        closedir(dir);
    if (n > 1)
        qsort(names, n, sizeof *names, by_name);
    for (size_t i = 0; i < n; i++) {
        list_model(folder, names[i], to);
        free(names[i]);
    }
}

void models_list(FILE *to)
{
    folders f;
    fputs("wiener            sound, built in\n"
          "kalman            sensors, built in\n"
          "predictor         sensors, built in\n",
          to);
    list_builtin(to);
    find_folders(&f);
    for (size_t i = 0; i < f.n; i++)
        list_folder(f.path[i], to);
    free_folders(&f);
}
