#include "plugin/find.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_PATH = 4096, MAX_OPENED = 512 };

static const char ending[] = ".safetensors";

typedef struct search {
    const char *hash;
    char *path; /* [size] */
    size_t size;
    unsigned n_opened;
} search;

static bool is_wanted(search *s, const char *path)
{
    sordino_model *model;
    if (++s->n_opened > MAX_OPENED || sordino_model_open_path(path, &model, NULL) != SORDINO_OK)
        return false;
    const bool wanted = strcmp(sordino_model_hash(model), s->hash) == 0;
    sordino_model_free(model);
    return wanted;
}

static bool ends(const char *name)
{
    const size_t n = strlen(name), end = sizeof ending - 1;
    return n > end && strcmp(name + n - end, ending) == 0;
}

/* The folder named by the first `n` characters of `start`, and `below` it. */
static bool look_in(search *s, const char *start, size_t n, const char *below)
{
    char folder[MAX_PATH], path[MAX_PATH];
    const int length = snprintf(folder, sizeof folder, "%.*s%s", (int)n, start, below);
    DIR *dir = n > 0 && length > 0 && length < MAX_PATH ? opendir(folder) : NULL;
    if (!dir)
        return false;
    bool found = false;
    for (const struct dirent *entry; !found && (entry = readdir(dir));) {
        const int size = snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        found = ends(entry->d_name) && size > 0 && size < MAX_PATH && (size_t)size < s->size &&
                is_wanted(s, path);
    }
    closedir(dir);
    if (found)
        snprintf(s->path, s->size, "%s", path);
    return found;
}

static bool look_in_list(search *s, const char *list, const char *below)
{
    while (list && *list) {
        const size_t n = strcspn(list, ":");
        if (look_in(s, list, n, below))
            return true;
        list += n + (list[n] == ':');
    }
    return false;
}

static bool look_at_home(search *s)
{
    const char *data = getenv("XDG_DATA_HOME"), *home = getenv("HOME");
    if (data && *data)
        return look_in(s, data, strlen(data), "/sordino/models");
    return home && look_in(s, home, strlen(home), "/.local/share/sordino/models");
}

bool find_model(const char *bundle, const char *hash, char *path, size_t size)
{
    search s = {.hash = hash, .path = path, .size = size};
    const char *data = getenv("XDG_DATA_DIRS");
    if (*hash == '\0')
        return false;
    if (bundle &&
        (look_in(&s, bundle, strlen(bundle), "") || look_in(&s, bundle, strlen(bundle), "/models")))
        return true;
    return look_in_list(&s, getenv("SORDINO_MODEL_PATH"), "") || look_at_home(&s) ||
           look_in_list(&s, data && *data ? data : "/usr/local/share:/usr/share",
                        "/sordino/models");
}
