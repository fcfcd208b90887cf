#include "plugin/instance.h"

#include "plugin/models.h"

#include <stdlib.h>
#include <string.h>

void instance_warn(instance *x, const char *text)
{
    lv2_log_error(&x->logger, "sordino: %s\n", text);
}

/* The host's services, whatever there are. */
static void take_features(instance *x, const LV2_Feature *const *features)
{
    LV2_URID_Map *map = NULL;
    LV2_Log_Log *log = NULL;
    for (; features && *features; features++) {
        if (!(*features)->URI) /* lv2file passes one without a name */
            continue;
        if (strcmp((*features)->URI, LV2_URID__map) == 0)
            map = (*features)->data;
        else if (strcmp((*features)->URI, LV2_LOG__log) == 0)
            log = (*features)->data;
        else if (strcmp((*features)->URI, LV2_WORKER__schedule) == 0)
            x->schedule = (*features)->data;
    }
    lv2_log_logger_init(&x->logger, map, map ? log : NULL);
    x->has_map = map != NULL;
    if (!map)
        return;
    uris_map(&x->uris, map);
    lv2_atom_forge_init(&x->forge, map);
}

/* The network of the library's own model; without one the Wiener filter runs. */
static sordino_status make_network(instance *x, sordino_error *why)
{
    network *n;
    const sordino_model *model;
    sordino_status status = models_acquire_own(&model, why);
    if (status != SORDINO_OK || !model)
        return status;
    status = network_new(model, "", x->rate, x->n_channels, &n, why);
    if (status == SORDINO_OK)
        methods_offer(x->methods, n);
    return status;
}

static sordino_status fill(instance *x, const char *bundle, sordino_error *why)
{
    sordino_error refused = {SORDINO_OK, ""};
    const size_t size = bundle ? strlen(bundle) + 1 : 0;
    sordino_status status = methods_new(x->rate, x->n_channels, &x->methods, &refused);
    if (status != SORDINO_OK)
        *why = refused;
    else if (methods_learner(x->methods))
        status = learned_init(&x->learned, methods_learner(x->methods), why);
    if (status == SORDINO_OK && bundle) {
        x->bundle = malloc(size);
        if (!x->bundle)
            return SORDINO_NO_MEM;
        memcpy(x->bundle, bundle, size);
    }
    if (status == SORDINO_OK && refused.status == SORDINO_OK &&
        make_network(x, &refused) == SORDINO_NO_MEM)
        status = SORDINO_NO_MEM;
    if (status == SORDINO_OK && refused.status != SORDINO_OK) {
        instance_warn(x, refused.text);
        memcpy(x->report, refused.text, sizeof refused.text);
        x->tell_report = true;
    }
    return status;
}

instance *instance_new(uint32_t n_channels, double rate, const char *bundle_path,
                       const LV2_Feature *const *features)
{
    sordino_error why;
    instance *x = calloc(1, sizeof *x);
    if (!x)
        return NULL;
    if (pthread_mutex_init(&x->session.lock, NULL)) {
        free(x);
        return NULL;
    }
    x->n_channels = n_channels;
    x->rate = rate;
    take_features(x, features);
    if (fill(x, bundle_path, &why) != SORDINO_OK) {
        instance_free(x);
        return NULL;
    }
    return x;
}

void instance_free(instance *x)
{
    if (!x)
        return;
    methods_free(x->methods);
    learned_free(&x->learned);
    network_free(x->change.network);
    network_free(x->unused);
    free(x->bundle);
    pthread_mutex_destroy(&x->session.lock);
    free(x);
}
