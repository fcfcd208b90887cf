/* One instance of a plugin: what run() works on, and how it is made and released. */
#ifndef PLUGIN_INSTANCE_H
#define PLUGIN_INSTANCE_H

#include "common/learned.h"
#include "plugin/ports.h"
#include "plugin/uris.h"
#include "plugin/methods.h"

#include <lv2/atom/forge.h>
#include <lv2/core/lv2.h>
#include <lv2/log/logger.h>
#include <lv2/worker/worker.h>
#include <sordino/sordino.h>

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

enum { MODEL_PATH_SIZE = 4096, MODEL_HASH_SIZE = 17, REPORT_SIZE = 512 };

/* Another model, asked for by the audio thread and made elsewhere. It belongs to the audio thread
 * while IDLE or READY, to whoever makes it while SENT. */
typedef struct change {
    enum { CHANGE_IDLE, CHANGE_SENT, CHANGE_READY } state; /* audio thread */
    char path[MODEL_PATH_SIZE];                            /* "" for the library's own */
    unsigned generation;
    bool made; /* false: the model before plays on */
    network *network;
    char report[REPORT_SIZE];
} change;

/* What a session keeps of the model; under `lock`, never on the audio thread. */
typedef struct session {
    pthread_mutex_t lock;
    char path[MODEL_PATH_SIZE]; /* "" for the library's own */
    char hash[MODEL_HASH_SIZE];
    unsigned
        generation; /* counts restored sessions: a change asked for before one comes too late */
} session;

typedef struct instance {
    uint32_t n_channels;
    double rate;
    float *audio[2 * METHODS_MAX_CHANNELS]; /* inputs, then outputs */
    void *ports[N_PORTS];                   /* NULL where nothing is connected */
    methods *methods;
    learned learned;

    uint32_t meter_left; /* samples until the meters are read again */
    float input_level, output_level, reduction;

    /* The host's services; NULL or false where there are none. */
    char *bundle;
    bool has_map;
    uris uris;
    LV2_Atom_Forge forge;
    const LV2_Worker_Schedule *schedule;
    LV2_Log_Logger logger;

    /* Audio thread. */
    change change;
    bool is_wanted; /* `wanted` waits until the change before is through */
    char wanted[MODEL_PATH_SIZE];
    network *unused; /* waits for room in the worker's queue */
    bool tell_model, tell_report, tell_changed;
    char report[REPORT_SIZE];
    char missing[MODEL_PATH_SIZE]; /* of the session's model, where it was not found */

    session session;
} instance;

/* NULL when out of memory. `features` may be NULL. */
instance *instance_new(uint32_t n_channels, double rate, const char *bundle_path,
                       const LV2_Feature *const *features);
void instance_free(instance *x);

/* Tells the user by the host's log, or on standard error. Not on the audio thread. */
void instance_warn(instance *x, const char *text);

#endif
