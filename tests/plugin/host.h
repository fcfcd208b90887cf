/*
 * A host without a screen, on liblilv: loads the bundle that was built, finds ports by their
 * symbols, and runs an instance as hosts do.
 */
#ifndef PLUGIN_HOST_H
#define PLUGIN_HOST_H

#include "plugin/ports.h"

#include <lilv/lilv.h>
#include <lv2/core/lv2.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HOST_MAX_CHANNELS = 2 };

/* One world with the bundle in it; `bundle` is a folder. Ends the program when it cannot be had. */
LilvWorld *host_world(const char *bundle);

typedef struct host {
    LilvWorld *world; /* borrowed */
    const LilvPlugin *plugin;
    LilvInstance *instance;
    uint32_t channels;
    double rate;
    float controls[N_CONTROLS];
} host;

/* Instantiates "mono" or "stereo", connects every control (at its default) and leaves the atom
 * ports unconnected. `features` may be NULL. Ends the program when the plugin refuses. */
host *host_new(LilvWorld *world, const char *name, double rate, const LV2_Feature *const *features);
void host_free(host *h);

/* Called just before and after each run() of a plugin, where set. */
extern void (*host_before)(void), (*host_after)(void);

/* Plays `n` samples of [channels] inputs into outputs. */
void host_run(host *h, float *const *in, float *const *out, uint32_t n);

/* Plays a whole signal in blocks of `block` samples; `in` and `out` may be the same. */
void host_play(host *h, float *const *in, float *const *out, size_t n, uint32_t block);

#endif
