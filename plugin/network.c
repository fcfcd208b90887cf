#include "plugin/network.h"

#include "plugin/methods.h"
#include "plugin/models.h"

#include <stdlib.h>
#include <string.h>

struct network {
    processor processor;
    const sordino_model *model;
    char *path;
    network *next; /* among those left */
};

static sordino_status no_memory(sordino_error *why)
{
    static const sordino_error text = {SORDINO_NO_MEM, "Out of memory for a network"};
    if (why)
        *why = text;
    return SORDINO_NO_MEM;
}

static sordino_status network_fill(network *n, const char *path, double rate, uint32_t channels,
                                   sordino_error *why)
{
    sordino_config config;
    sordino_config_init(&config);
    config.method = SORDINO_METHOD_NETWORK;
    config.rate = rate;
    config.channels = channels;
    const size_t size = strlen(path) + 1;
    n->path = malloc(size);
    if (!n->path)
        return no_memory(why);
    memcpy(n->path, path, size);
    const sordino_status status =
        processor_init(&n->processor, &config, n->model, methods_longest(rate), why);
    return status == SORDINO_OK
               ? processor_keeps_up(&n->processor, sordino_model_name(n->model), why)
               : status;
}

sordino_status network_new(const sordino_model *model, const char *path, double rate,
                           uint32_t channels, network **out, sordino_error *why)
{
    *out = NULL;
    network *n = calloc(1, sizeof *n);
    if (!n) {
        models_release(model);
        return no_memory(why);
    }
    n->model = model;
    const sordino_status status = network_fill(n, path, rate, channels, why);
    if (status != SORDINO_OK) {
        network_free(n);
        return status;
    }
    *out = n;
    return SORDINO_OK;
}

void network_free(network *n)
{
    if (!n)
        return;
    processor_free(&n->processor);
    models_release(n->model);
    free(n->path);
    free(n);
}

const char *network_path(const network *n)
{
    return n->path;
}

const sordino_model *network_model(const network *n)
{
    return n->model;
}

uint32_t network_latency(const network *n)
{
    return n->processor.latency;
}

processor *network_processor(network *n)
{
    return &n->processor;
}

network **network_next(network *n)
{
    return &n->next;
}
