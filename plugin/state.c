#include "plugin/state.h"

#include "plugin/change.h"
#include "plugin/find.h"
#include "plugin/instance.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const void *feature(const LV2_Feature *const *features, const char *uri)
{
    for (; features && *features; features++)
        if ((*features)->URI && strcmp((*features)->URI, uri) == 0)
            return (*features)->data;
    return NULL;
}

/* What a host's path functions gave belongs to us, to be freed as it says. */
static void free_path(const LV2_Feature *const *features, char *path)
{
    const LV2_State_Free_Path *freer = feature(features, LV2_STATE__freePath);
    if (freer)
        freer->free_path(freer->handle, path);
    else
        free(path);
}

/* ---- save: may run beside run() ---- */

static LV2_State_Status save_path(const instance *x, const char *path,
                                  LV2_State_Store_Function store, LV2_State_Handle handle,
                                  const LV2_Feature *const *features)
{
    const LV2_State_Map_Path *map = feature(features, LV2_STATE__mapPath);
    char *mapped = map ? map->abstract_path(map->handle, path) : NULL;
    const char *kept = mapped ? mapped : path;
    const LV2_State_Status status =
        store(handle, x->uris.model, kept, strlen(kept) + 1, x->uris.atom_path,
              LV2_STATE_IS_POD | LV2_STATE_IS_PORTABLE);
    if (mapped)
        free_path(features, mapped);
    return status;
}

/* Under the lock. */
static LV2_State_Status save_profile(instance *x, LV2_State_Store_Function store,
                                     LV2_State_Handle handle)
{
    const sordino_profile *profile = learned_newest(&x->learned);
    void *bytes;
    size_t size;
    if (!profile)
        return LV2_STATE_SUCCESS;
    if (sordino_profile_save_bytes(profile, &bytes, &size, NULL) != SORDINO_OK)
        return LV2_STATE_ERR_UNKNOWN;
    const LV2_State_Status status = store(handle, x->uris.profile, bytes, size, x->uris.atom_chunk,
                                          LV2_STATE_IS_POD | LV2_STATE_IS_PORTABLE);
    sordino_profile_free_bytes(bytes);
    return status;
}

static LV2_State_Status save(LV2_Handle instance_handle, LV2_State_Store_Function store,
                             LV2_State_Handle handle, uint32_t flags,
                             const LV2_Feature *const *features)
{
    instance *x = instance_handle;
    (void)flags;
    if (!x->has_map)
        return LV2_STATE_ERR_NO_FEATURE;
    LV2_State_Status status = LV2_STATE_SUCCESS;
    pthread_mutex_lock(&x->session.lock);
    if (x->session.path[0] != '\0') {
        status = save_path(x, x->session.path, store, handle, features);
        if (status == LV2_STATE_SUCCESS && x->session.hash[0] != '\0')
            status = store(handle, x->uris.hash, x->session.hash, strlen(x->session.hash) + 1,
                           x->uris.atom_string, LV2_STATE_IS_POD | LV2_STATE_IS_PORTABLE);
    }
    if (status == LV2_STATE_SUCCESS)
        status = save_profile(x, store, handle);
    pthread_mutex_unlock(&x->session.lock);
    return status;
}

/* ---- restore: never beside run() ---- */

/* A string that was kept, in `to` [size]; "" where there is none that fits. */
static void retrieve_text(LV2_State_Retrieve_Function retrieve, LV2_State_Handle handle,
                          LV2_URID key, char *to, size_t size)
{
    size_t n = 0;
    uint32_t type, flags;
    const char *text = retrieve(handle, key, &n, &type, &flags);
    size_t length = 0;
    while (text && length < n && text[length] != '\0')
        length++;
    length = length < size ? length : 0;
    if (length > 0)
        memcpy(to, text, length);
    to[length] = '\0';
}

static void retrieve_path(const instance *x, LV2_State_Retrieve_Function retrieve,
                          LV2_State_Handle handle, const LV2_Feature *const *features, char *path)
{
    const LV2_State_Map_Path *map = feature(features, LV2_STATE__mapPath);
    retrieve_text(retrieve, handle, x->uris.model, path, MODEL_PATH_SIZE);
    char *mapped = map && *path ? map->absolute_path(map->handle, path) : NULL;
    if (!mapped)
        return;
    if (strlen(mapped) < MODEL_PATH_SIZE)
        snprintf(path, MODEL_PATH_SIZE, "%s", mapped);
    free_path(features, mapped);
}

/* The model at `path` when it is the session's own, else the same one from elsewhere, else whatever
 * is at `path` now. `path` becomes where it was found; `hash` what it has. */
static bool load_session(const instance *x, char *path, char *hash, network **out, char *report)
{
    char found[MODEL_PATH_SIZE], had[MODEL_HASH_SIZE], elsewhere[REPORT_SIZE];
    network *other;
    snprintf(had, sizeof had, "%s", hash);
    const bool loaded = change_load(x, path, out, hash, report);
    if (*had == '\0' || *path == '\0' || (loaded && strcmp(hash, had) == 0))
        return loaded;
    if (find_model(x->bundle, had, found, sizeof found) &&
        change_load(x, found, &other, hash, elsewhere)) {
        network_free(*out);
        *out = other;
        snprintf(path, MODEL_PATH_SIZE, "%s", found);
        snprintf(report, REPORT_SIZE, "%s", elsewhere);
        return true;
    }
    if (loaded)
        snprintf(report, REPORT_SIZE, "%.400s: the file is not the one that the session had", path);
    else
        snprintf(hash, MODEL_HASH_SIZE, "%s", had);
    return loaded;
}

static void restore_model(instance *x, char *path, char *hash)
{
    network *n;
    char report[REPORT_SIZE];
    const bool loaded = load_session(x, path, hash, &n, report);
    if (!loaded)
        snprintf(x->report, REPORT_SIZE, "%.400s; the Wiener filter runs, and the session keeps it",
                 report);
    else
        snprintf(x->report, REPORT_SIZE, "%s", report);
    if (!loaded)
        instance_warn(x, x->report);
    methods_offer(x->methods, n);
    network_free(x->unused);
    while ((x->unused = methods_collect(x->methods)))
        network_free(x->unused);
    x->is_wanted = false;
    x->tell_model = x->tell_report = true;
    snprintf(x->missing, sizeof x->missing, "%s", loaded ? "" : path);
    pthread_mutex_lock(&x->session.lock);
    x->session.generation++;
    snprintf(x->session.path, sizeof x->session.path, "%s", path);
    snprintf(x->session.hash, sizeof x->session.hash, "%s", hash);
    pthread_mutex_unlock(&x->session.lock);
}

static void restore_profile(instance *x, LV2_State_Retrieve_Function retrieve,
                            LV2_State_Handle handle)
{
    size_t n = 0;
    uint32_t type, flags;
    sordino_profile *profile = NULL;
    sordino_error why;
    const void *bytes = retrieve(handle, x->uris.profile, &n, &type, &flags);
    if (bytes && sordino_profile_open_bytes(bytes, n, &profile, &why) != SORDINO_OK)
        instance_warn(x, why.text);
    pthread_mutex_lock(&x->session.lock);
    learned_clear(&x->learned);
    if (methods_set_profile(x->methods, profile, learned_place(&x->learned)))
        learned_publish(&x->learned);
    pthread_mutex_unlock(&x->session.lock);
    sordino_profile_free(profile);
}

static LV2_State_Status restore(LV2_Handle instance_handle, LV2_State_Retrieve_Function retrieve,
                                LV2_State_Handle handle, uint32_t flags,
                                const LV2_Feature *const *features)
{
    instance *x = instance_handle;
    char path[MODEL_PATH_SIZE], hash[MODEL_HASH_SIZE];
    (void)flags;
    if (!x->has_map)
        return LV2_STATE_ERR_NO_FEATURE;
    retrieve_path(x, retrieve, handle, features, path);
    retrieve_text(retrieve, handle, x->uris.hash, hash, sizeof hash);
    restore_model(x, path, hash);
    restore_profile(x, retrieve, handle);
    return LV2_STATE_SUCCESS;
}

const LV2_State_Interface state_interface = {save, restore};
