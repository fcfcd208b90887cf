#include "tests/plugin/host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void (*host_before)(void), (*host_after)(void);

static void give_up(const char *what)
{
    fprintf(stderr, "the test host: %s\n", what);
    exit(1);
}

LilvWorld *host_world(const char *bundle)
{
    char path[4096];
    LilvWorld *world = lilv_world_new();
    if (!world)
        give_up("no world");
    snprintf(path, sizeof path, "%s/", bundle);
    LilvNode *uri = lilv_new_file_uri(world, NULL, path);
    lilv_world_load_bundle(world, uri);
    lilv_node_free(uri);
    return world;
}

static const char *const symbols[N_CONTROLS] = {PORT_SYMBOLS};

static void connect_controls(host *h)
{
    for (int i = 0; i < N_CONTROLS; i++) {
        LilvNode *symbol = lilv_new_string(h->world, symbols[i]), *first = NULL;
        const LilvPort *port = lilv_plugin_get_port_by_symbol(h->plugin, symbol);
        if (!port)
            give_up(symbols[i]);
        lilv_port_get_range(h->plugin, port, &first, NULL, NULL);
        h->controls[i] = lilv_node_as_float(first);
        lilv_node_free(first);
        lilv_node_free(symbol);
        lilv_instance_connect_port(h->instance, lilv_port_get_index(h->plugin, port),
                                   &h->controls[i]);
    }
}

host *host_new(LilvWorld *world, const char *name, double rate, const LV2_Feature *const *features)
{
    char uri[64];
    host *h = calloc(1, sizeof *h);
    if (!h)
        give_up("no memory");
    snprintf(uri, sizeof uri, "urn:sordino:%s", name);
    LilvNode *node = lilv_new_uri(world, uri);
    h->world = world;
    h->rate = rate;
    h->channels = strcmp(name, "stereo") == 0 ? 2 : 1;
    h->plugin = lilv_plugins_get_by_uri(lilv_world_get_all_plugins(world), node);
    lilv_node_free(node);
    if (!h->plugin)
        give_up("the bundle does not have the plugin");
    h->instance = lilv_plugin_instantiate(h->plugin, rate, features);
    if (!h->instance)
        give_up("the plugin could not be instantiated");
    connect_controls(h);
    return h;
}

void host_free(host *h)
{
    lilv_instance_free(h->instance);
    free(h);
}

void host_run(host *h, float *const *in, float *const *out, uint32_t n)
{
    for (uint32_t c = 0; c < h->channels; c++) {
        lilv_instance_connect_port(h->instance, c, in[c]);
        lilv_instance_connect_port(h->instance, h->channels + c, out[c]);
    }
    if (host_before)
        host_before();
    lilv_instance_run(h->instance, n);
    if (host_after)
        host_after();
}

void host_play(host *h, float *const *in, float *const *out, size_t n, uint32_t block)
{
    float *in_at[HOST_MAX_CHANNELS], *out_at[HOST_MAX_CHANNELS];
    for (size_t at = 0; at < n; at += block) {
        for (uint32_t c = 0; c < h->channels; c++) {
            in_at[c] = in[c] + at;
            out_at[c] = out[c] + at;
        }
        host_run(h, in_at, out_at, (uint32_t)(n - at < block ? n - at : block));
    }
}
