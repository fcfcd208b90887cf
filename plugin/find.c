#include "plugin/find.h"
#include "common/model_folders.h"

#include <stdio.h>
#include <string.h>

enum { MAX_PATH = 4096, MAX_OPENED = 512 };

typedef struct search {
    const char *hash;
    char *path; /* [size] */
    size_t size;
    unsigned n_opened;
} search;

/* Opens the file, and keeps its path when it is the model. */
static bool look_at(void *to, const char *folder, const char *name)
{
    search *const s = to;
    char path[MAX_PATH];
    sordino_model *model;
    const int n = snprintf(path, sizeof path, "%s/%s", folder, name);
    if (n < 0 || n >= MAX_PATH || (size_t)n >= s->size || ++s->n_opened > MAX_OPENED ||
        sordino_model_open_path(path, &model, NULL) != SORDINO_OK)
        return false;
    const bool wanted = strcmp(sordino_model_hash(model), s->hash) == 0;
    sordino_model_free(model);
    if (wanted)
        snprintf(s->path, s->size, "%s", path);
    return wanted;
}

static bool look_in(void *to, const char *folder)
{
    return model_files_visit(folder, look_at, to);
}

bool find_model(const char *bundle, const char *hash, char *path, size_t size)
{
    search s = {.hash = hash, .path = path, .size = size};
    char models[MAX_PATH];
    if (*hash == '\0')
        return false;
    if (bundle &&
        (look_in(&s, bundle) ||
         (snprintf(models, sizeof models, "%s/models", bundle) < MAX_PATH && look_in(&s, models))))
        return true;
    return model_folders_visit(look_in, &s);
}
