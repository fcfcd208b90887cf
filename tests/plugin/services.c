#include "tests/plugin/services.h"

#include <lv2/atom/util.h>
#include <lv2/patch/patch.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- names as numbers ---- */

enum { MAX_URIS = 1024 };
static char *uris[MAX_URIS];
static LV2_URID n_uris;
static pthread_mutex_t uri_lock = PTHREAD_MUTEX_INITIALIZER;

LV2_URID services_urid(const char *uri)
{
    pthread_mutex_lock(&uri_lock);
    LV2_URID i = 0;
    while (i < n_uris && strcmp(uris[i], uri) != 0)
        i++;
    if (i == n_uris && n_uris < MAX_URIS && (uris[i] = malloc(strlen(uri) + 1))) {
        memcpy(uris[i], uri, strlen(uri) + 1);
        n_uris++;
    }
    pthread_mutex_unlock(&uri_lock);
    return i + 1;
}

static LV2_URID map_uri(LV2_URID_Map_Handle handle, const char *uri)
{
    (void)handle;
    return services_urid(uri);
}

static const char *unmap_uri(LV2_URID_Unmap_Handle handle, LV2_URID urid)
{
    (void)handle;
    return urid >= 1 && urid <= n_uris ? uris[urid - 1] : NULL;
}

LV2_URID_Map services_map = {NULL, map_uri};
LV2_URID_Unmap services_unmap = {NULL, unmap_uri};

/* ---- the worker ---- */

static bool push(message_queue *q, uint32_t size, const void *data)
{
    if (q->n == MAX_MESSAGES || size > MESSAGE_SIZE)
        return false;
    q->messages[q->n].size = size;
    memcpy(q->messages[q->n++].data, data, size);
    return true;
}

static void lock(services *s)
{
    if (s->kind == WORKER_THREAD)
        pthread_mutex_lock(&s->lock);
}

static void unlock(services *s)
{
    if (s->kind == WORKER_THREAD)
        pthread_mutex_unlock(&s->lock);
}

static LV2_Worker_Status answer(LV2_Worker_Respond_Handle handle, uint32_t size, const void *data)
{
    services *s = handle;
    lock(s);
    const bool ok = push(&s->answers, size, data);
    unlock(s);
    return ok ? LV2_WORKER_SUCCESS : LV2_WORKER_ERR_NO_SPACE;
}

static void do_work(services *s, uint32_t size, const void *data)
{
    s->worker->work(lilv_instance_get_handle(s->host->instance), answer, s, size, data);
}

static LV2_Worker_Status schedule(LV2_Worker_Schedule_Handle handle, uint32_t size,
                                  const void *data)
{
    services *s = handle;
    if (s->full) {
        s->n_refused++;
        return LV2_WORKER_ERR_NO_SPACE;
    }
    if (s->kind == WORKER_IMMEDIATE) {
        do_work(s, size, data);
        return LV2_WORKER_SUCCESS;
    }
    lock(s);
    const bool ok = push(&s->requests, size, data);
    if (s->kind == WORKER_THREAD)
        pthread_cond_signal(&s->more);
    unlock(s);
    return ok ? LV2_WORKER_SUCCESS : LV2_WORKER_ERR_NO_SPACE;
}

/* The first request in `to`; false when there is none. */
static bool pop(message_queue *q, message_queue *to)
{
    if (q->n == 0)
        return false;
    to->messages[0] = q->messages[0];
    q->n--;
    memmove(q->messages, q->messages + 1, q->n * sizeof *q->messages);
    return true;
}

void services_work(services *s)
{
    message_queue one;
    while (pop(&s->requests, &one))
        do_work(s, one.messages[0].size, one.messages[0].data);
}

static void *worker_thread(void *arg)
{
    services *s = arg;
    message_queue one;
    pthread_mutex_lock(&s->lock);
    for (;;) {
        if (pop(&s->requests, &one)) {
            pthread_mutex_unlock(&s->lock);
            do_work(s, one.messages[0].size, one.messages[0].data);
            pthread_mutex_lock(&s->lock);
        } else if (s->stop) {
            break;
        } else {
            pthread_cond_wait(&s->more, &s->lock);
        }
    }
    pthread_mutex_unlock(&s->lock);
    return NULL;
}

/* ---- the log ---- */

static int log_vprintf(LV2_Log_Handle handle, LV2_URID type, const char *format, va_list args)
{
    char text[1024];
    (void)type;
    ((services *)handle)->n_logged++;
    const int n = vsnprintf(text, sizeof text, format, args);
    printf("logged: %s", text);
    return n;
}

static int log_printf(LV2_Log_Handle handle, LV2_URID type, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const int n = log_vprintf(handle, type, format, args);
    va_end(args);
    return n;
}

/* ---- life ---- */

static void offer_features(services *s)
{
    const LV2_Feature all[] = {
        {LV2_URID__map, &s->map},
        {LV2_URID__unmap, &s->unmap},
        {LV2_LOG__log, &s->log},
        {LV2_WORKER__schedule, &s->schedule},
    };
    s->map = services_map;
    s->unmap = services_unmap;
    s->log = (LV2_Log_Log){s, log_printf, log_vprintf};
    s->schedule = (LV2_Worker_Schedule){s, schedule};
    const size_t n = s->kind == WORKER_NONE ? 3 : 4;
    for (size_t i = 0; i < n; i++) {
        s->features[i] = all[i];
        s->list[i] = &s->features[i];
    }
}

static void say_nothing(services *s)
{
    lv2_atom_forge_set_buffer(&s->forge, s->control.bytes, sizeof s->control);
    LV2_Atom_Forge_Frame frame;
    lv2_atom_forge_sequence_head(&s->forge, &frame, 0);
    lv2_atom_forge_pop(&s->forge, &frame);
}

services *services_new_idle(LilvWorld *world, const char *name, double rate, worker_kind kind)
{
    services *s = calloc(1, sizeof *s);
    if (!s)
        exit(1);
    s->kind = kind;
    s->notify_size = sizeof s->notify;
    offer_features(s);
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->more, NULL);
    s->host = host_new(world, name, rate, s->list);
    s->worker = lilv_instance_get_extension_data(s->host->instance, LV2_WORKER__interface);
    lv2_atom_forge_init(&s->forge, &s->map);
    const uint32_t first = 2 * s->host->channels;
    lilv_instance_connect_port(s->host->instance, first + PORT_CONTROL, &s->control);
    lilv_instance_connect_port(s->host->instance, first + PORT_NOTIFY, &s->notify);
    say_nothing(s);
    if (kind == WORKER_THREAD && pthread_create(&s->thread, NULL, worker_thread, s) != 0)
        exit(1);
    return s;
}

services *services_new(LilvWorld *world, const char *name, double rate, worker_kind kind)
{
    services *s = services_new_idle(world, name, rate, kind);
    lilv_instance_activate(s->host->instance);
    return s;
}

void services_free(services *s)
{
    if (s->kind == WORKER_THREAD) {
        pthread_mutex_lock(&s->lock);
        s->stop = true;
        pthread_cond_signal(&s->more);
        pthread_mutex_unlock(&s->lock);
        pthread_join(s->thread, NULL);
    }
    lilv_instance_deactivate(s->host->instance);
    if (s->kind == WORKER_LATER)
        services_work(s); /* what the plugin gave away would leak */
    host_free(s->host);
    pthread_mutex_destroy(&s->lock);
    pthread_cond_destroy(&s->more);
    free(s);
}

/* ---- blocks and messages ---- */

void services_run(services *s, float *const *in, float *const *out, uint32_t n)
{
    s->notify.sequence.atom.size = s->notify_size;
    s->notify.sequence.atom.type = 0;
    host_run(s->host, in, out, n);
    say_nothing(s);
    lock(s);
    for (size_t i = 0; i < s->answers.n; i++)
        s->worker->work_response(lilv_instance_get_handle(s->host->instance),
                                 s->answers.messages[i].size, s->answers.messages[i].data);
    s->answers.n = 0;
    unlock(s);
}

/* Opens one more message in the control sequence, whose size is then grown by hand. */
static void message_begin(services *s, LV2_Atom_Forge_Frame *frame, const char *type)
{
    lv2_atom_forge_frame_time(&s->forge, 0);
    lv2_atom_forge_object(&s->forge, frame, 0, services_urid(type));
}

static void message_end(services *s, LV2_Atom_Forge_Frame *frame)
{
    lv2_atom_forge_pop(&s->forge, frame);
    s->control.sequence.atom.size = s->forge.offset - (uint32_t)sizeof(LV2_Atom);
}

void services_set_model(services *s, const char *path)
{
    LV2_Atom_Forge_Frame frame;
    message_begin(s, &frame, LV2_PATCH__Set);
    lv2_atom_forge_key(&s->forge, services_urid(LV2_PATCH__property));
    lv2_atom_forge_urid(&s->forge, services_urid("urn:sordino:model"));
    lv2_atom_forge_key(&s->forge, services_urid(LV2_PATCH__value));
    lv2_atom_forge_path(&s->forge, path, (uint32_t)strlen(path));
    message_end(s, &frame);
}

void services_get(services *s)
{
    LV2_Atom_Forge_Frame frame;
    message_begin(s, &frame, LV2_PATCH__Get);
    message_end(s, &frame);
}

const char *services_told(const services *s, const char *property)
{
    const char *text = NULL;
    LV2_ATOM_SEQUENCE_FOREACH(&s->notify.sequence, event)
    {
        const LV2_Atom_Object *object = (const LV2_Atom_Object *)&event->body;
        const LV2_Atom *key = NULL, *value = NULL;
        if (object->body.otype != services_urid(LV2_PATCH__Set))
            continue;
        lv2_atom_object_get(object, services_urid(LV2_PATCH__property), &key,
                            services_urid(LV2_PATCH__value), &value, 0);
        if (key && value && ((const LV2_Atom_URID *)key)->body == services_urid(property))
            text = LV2_ATOM_BODY_CONST(value);
    }
    return text;
}
