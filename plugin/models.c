#include "plugin/models.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

typedef struct entry {
    struct entry *next;
    sordino_model *model;
    const char *own; /* its name when it is part of the library, or NULL; static */
    size_t users;
} entry;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static entry *entries;

static entry *find(const char *hash)
{
    for (entry *e = entries; e; e = e->next)
        if (strcmp(sordino_model_hash(e->model), hash) == 0)
            return e;
    return NULL;
}

/* Takes over `model`, which goes when the same one is there already. Under the lock. */
static sordino_status share(sordino_model *model, const char *own, const sordino_model **out,
                            sordino_error *why)
{
    static const sordino_error no_memory = {SORDINO_NO_MEM, "Out of memory for a model"};
    entry *e = find(sordino_model_hash(model));
    if (!e && (e = calloc(1, sizeof *e))) {
        *e = (entry){.next = entries, .model = model};
        entries = e;
    }
    if (!e || e->model != model)
        sordino_model_free(model);
    if (!e) {
        if (why)
            *why = no_memory;
        return SORDINO_NO_MEM;
    }
    e->own = own ? own : e->own;
    e->users++;
    *out = e->model;
    return SORDINO_OK;
}

/* Not opened again for each instance, which takes 5 ms for a million weights. Under the lock. */
static sordino_status acquire_own(const char *name, const sordino_model **out, sordino_error *why)
{
    sordino_model *model;
    for (entry *e = entries; e; e = e->next)
        if (e->own == name) {
            e->users++;
            *out = e->model;
            return SORDINO_OK;
        }
    const sordino_status status = sordino_model_open_builtin(name, &model, why);
    return status == SORDINO_OK ? share(model, name, out, why) : status;
}

sordino_status models_acquire_own(const sordino_model **out, sordino_error *why)
{
    static const char speech[] = "speech";
    *out = NULL;
    const char *name;
    for (size_t i = 0; (name = sordino_builtin_name(i)) && strcmp(name, speech) != 0;)
        i++;
    if (!name)
        return SORDINO_OK;
    pthread_mutex_lock(&lock);
    const sordino_status status = acquire_own(name, out, why);
    pthread_mutex_unlock(&lock);
    return status;
}

sordino_status models_acquire_path(const char *path, const sordino_model **out, sordino_error *why)
{
    sordino_model *model;
    *out = NULL;
    const sordino_status status = sordino_model_open_path(path, &model, why);
    if (status != SORDINO_OK)
        return status;
    pthread_mutex_lock(&lock);
    const sordino_status shared = share(model, NULL, out, why);
    pthread_mutex_unlock(&lock);
    return shared;
}

void models_release(const sordino_model *model)
{
    if (!model)
        return;
    pthread_mutex_lock(&lock);
    for (entry **at = &entries; *at; at = &(*at)->next) {
        entry *e = *at;
        if (e->model != model)
            continue;
        if (--e->users == 0) {
            *at = e->next;
            sordino_model_free(e->model);
            free(e);
        }
        break;
    }
    pthread_mutex_unlock(&lock);
}
