/* What hosts offer to plugins: names as numbers, a worker, a log, and buffers for messages. */
#ifndef PLUGIN_SERVICES_H
#define PLUGIN_SERVICES_H

#include "tests/plugin/host.h"

#include <lv2/atom/forge.h>
#include <lv2/log/log.h>
#include <lv2/urid/urid.h>
#include <lv2/worker/worker.h>

#include <pthread.h>
#include <stdbool.h>

typedef enum worker_kind {
    WORKER_NONE,      /* the host has none */
    WORKER_IMMEDIATE, /* does the work while it is scheduled, as in an export */
    WORKER_LATER,     /* when services_work is called: nothing is locked or allocated meanwhile */
    WORKER_THREAD     /* in a thread of its own */
} worker_kind;

enum { MAX_MESSAGES = 64, MESSAGE_SIZE = 64, ATOM_BUFFER = 8192 };

typedef struct message_queue {
    size_t n;
    struct {
        uint32_t size;
        char data[MESSAGE_SIZE];
    } messages[MAX_MESSAGES];
} message_queue;

typedef struct services {
    worker_kind kind;
    bool full; /* the queue takes nothing */
    size_t n_refused, n_logged;
    host *host;
    const LV2_Worker_Interface *worker;
    message_queue requests, answers;
    pthread_mutex_t lock;
    pthread_cond_t more;
    pthread_t thread;
    bool stop;
    LV2_URID_Map map;
    LV2_URID_Unmap unmap;
    LV2_Worker_Schedule schedule;
    LV2_Log_Log log;
    LV2_Feature features[4];
    const LV2_Feature *list[5];
    LV2_Atom_Forge forge;
    union {
        LV2_Atom_Sequence sequence;
        uint8_t bytes[ATOM_BUFFER];
    } control, notify;
    uint32_t notify_size; /* what the plugin may write */
} services;

/* Numbers for names, one table for the process. */
LV2_URID services_urid(const char *uri);
extern LV2_URID_Map services_map;
extern LV2_URID_Unmap services_unmap;

/* A host with services; activated, or not yet. */
services *services_new_idle(LilvWorld *world, const char *name, double rate, worker_kind kind);
services *services_new(LilvWorld *world, const char *name, double rate, worker_kind kind);
void services_free(services *s);

/* Does what waits for the worker (WORKER_LATER). */
void services_work(services *s);

/* As host_run, with what was said since, and the answers of the worker after it. */
void services_run(services *s, float *const *in, float *const *out, uint32_t n);

/* Says patch:Set of a path, or patch:Get of everything, in the next block. */
void services_set_model(services *s, const char *path);
void services_get(services *s);

/* The value of the last patch:Set of a property (by its name) that the last block told of, or NULL.
 * Borrowed until the next block. */
const char *services_told(const services *s, const char *property);

#endif
