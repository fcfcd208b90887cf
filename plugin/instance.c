#include "plugin/instance.h"

#include "plugin/models.h"

#include <stdlib.h>

/* The network of the library's own model; without one the Wiener filter runs. */
static sordino_status make_network(instance *x, sordino_error *why)
{
    network *n = NULL;
    sordino_status status = models_acquire_own(&x->model, why);
    if (status != SORDINO_OK || !x->model)
        return status;
    status = network_new(x->model, x->rate, x->n_channels, &n, why);
    if (status == SORDINO_OK)
        (void)voices_offer(x->voices, n);
    return status;
}

instance *instance_new(uint32_t n_channels, double rate, const char *bundle_path,
                       const LV2_Feature *const *features)
{
    (void)bundle_path;
    (void)features;
    sordino_error why;
    instance *x = calloc(1, sizeof *x);
    if (!x)
        return NULL;
    x->n_channels = n_channels;
    x->rate = rate;
    if (voices_new(rate, n_channels, &x->voices, &why) != SORDINO_OK ||
        make_network(x, &why) == SORDINO_NO_MEM) {
        instance_free(x);
        return NULL;
    }
    return x;
}

void instance_free(instance *x)
{
    if (!x)
        return;
    voices_free(x->voices);
    models_release(x->model);
    free(x);
}
