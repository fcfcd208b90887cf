/* One instance of a plugin: what run() works on, and how it is made and released. */
#ifndef PLUGIN_INSTANCE_H
#define PLUGIN_INSTANCE_H

#include "plugin/ports.h"
#include "plugin/voices.h"

#include <lv2/core/lv2.h>
#include <sordino/sordino.h>

#include <stdint.h>

#define SORDINO_URI_MONO "urn:sordino:mono"
#define SORDINO_URI_STEREO "urn:sordino:stereo"

typedef struct instance {
    uint32_t n_channels;
    double rate;
    float *audio[2 * VOICES_MAX_CHANNELS]; /* inputs, then outputs */
    void *ports[N_PORTS];                  /* NULL where nothing is connected */
    voices *voices;
    const sordino_model *model; /* the network's, or NULL */
    uint32_t meter_left;        /* samples until the meters are read again */
    float input_level, output_level, reduction;
} instance;

/* NULL when out of memory, or when a feature that is needed is missing. `features` may be NULL. */
instance *instance_new(uint32_t n_channels, double rate, const char *bundle_path,
                       const LV2_Feature *const *features);
void instance_free(instance *x);

#endif
