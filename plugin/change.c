#include "plugin/change.h"

#include "plugin/models.h"

#include <stdio.h>
#include <string.h>

/* What goes to the worker: it owns the network that is to be freed; NULL asks for x->change. */
typedef struct message {
    network *unused;
} message;

/* ---- off the audio thread ---- */

static void describe(const instance *x, const network *n, char *report)
{
    const char *name = sordino_model_name(network_model(n));
    if (network_latency(n) > methods_latency(x->methods, DELAY_LOW))
        snprintf(report, REPORT_SIZE, "Model \"%.100s\": it needs a delay of %.1f ms", name,
                 1000.0 * network_latency(n) / x->rate);
    else
        snprintf(report, REPORT_SIZE, "Model \"%.100s\"", name);
}

static bool fits(const instance *x, const network *n, char *report)
{
    const uint32_t most = methods_latency(x->methods, DELAY_HIGH);
    if (network_latency(n) <= most)
        return true;
    snprintf(report, REPORT_SIZE,
             "The model \"%.100s\" needs a delay of %.1f ms; %.1f ms is the most there is",
             sordino_model_name(network_model(n)), 1000.0 * network_latency(n) / x->rate,
             1000.0 * most / x->rate);
    return false;
}

bool change_load(const instance *x, const char *path, network **out, char *hash, char *report)
{
    const sordino_model *model;
    sordino_error why;
    *out = NULL;
    hash[0] = '\0';
    sordino_status status =
        *path ? models_acquire_path(path, &model, &why) : models_acquire_own(&model, &why);
    if (status == SORDINO_OK && !model) {
        snprintf(report, REPORT_SIZE, "No model is part of this plugin; the Wiener filter runs");
        return true;
    }
    if (status == SORDINO_OK) {
        snprintf(hash, MODEL_HASH_SIZE, "%s", sordino_model_hash(model));
        status = network_new(model, path, x->rate, x->n_channels, out, &why);
    }
    if (status != SORDINO_OK) {
        if (*path && strstr(why.text, path))
            snprintf(report, REPORT_SIZE, "%s", why.text);
        else
            snprintf(report, REPORT_SIZE, "%.200s: %.250s", *path ? path : "The plugin's own model",
                     why.text);
        return false;
    }
    if (!fits(x, *out, report)) {
        network_free(*out);
        *out = NULL;
        return false;
    }
    describe(x, *out, report);
    return true;
}

void change_make(instance *x)
{
    change *c = &x->change;
    char hash[MODEL_HASH_SIZE];
    c->made = change_load(x, c->path, &c->network, hash, c->report);
    if (!c->made) {
        instance_warn(x, c->report);
        return;
    }
    pthread_mutex_lock(&x->session.lock);
    if (x->session.generation == c->generation) {
        memcpy(x->session.path, c->path, sizeof c->path);
        memcpy(x->session.hash, hash, sizeof hash);
    }
    pthread_mutex_unlock(&x->session.lock);
}

static LV2_Worker_Status work(LV2_Handle handle, LV2_Worker_Respond_Function respond,
                              LV2_Worker_Respond_Handle to, uint32_t size, const void *data)
{
    instance *x = handle;
    message m;
    if (size != sizeof m)
        return LV2_WORKER_ERR_UNKNOWN;
    memcpy(&m, data, sizeof m);
    if (m.unused) {
        network_free(m.unused);
        return LV2_WORKER_SUCCESS;
    }
    change_make(x);
    return respond(to, sizeof m, &m);
}

/* ---- on the audio thread ---- */

static LV2_Worker_Status work_response(LV2_Handle handle, uint32_t size, const void *data)
{
    instance *x = handle;
    (void)data;
    if (size != sizeof(message) || x->change.state != CHANGE_SENT)
        return LV2_WORKER_ERR_UNKNOWN;
    x->change.state = CHANGE_READY;
    return LV2_WORKER_SUCCESS;
}

const LV2_Worker_Interface change_worker = {work, work_response, NULL};

static void tell(instance *x, const char *report)
{
    size_t n = strlen(report);
    n = n < REPORT_SIZE ? n : REPORT_SIZE - 1;
    memcpy(x->report, report, n);
    x->report[n] = '\0';
    x->tell_report = true;
}

void change_ask(instance *x, const char *path, size_t n)
{
    if (n >= MODEL_PATH_SIZE) {
        tell(x, "The path of the model is too long; the model before plays on");
        return;
    }
    memcpy(x->wanted, path, n);
    x->wanted[n] = '\0';
    x->is_wanted = true;
}

static bool send(instance *x, network *unused)
{
    const message m = {unused};
    return x->schedule &&
           x->schedule->schedule_work(x->schedule->handle, sizeof m, &m) == LV2_WORKER_SUCCESS;
}

static void take(instance *x)
{
    change *c = &x->change;
    if (c->generation != x->session.generation) {
        x->unused = c->network; /* a session was restored meanwhile */
    } else {
        if (c->made) {
            methods_offer(x->methods, c->network);
            x->missing[0] = '\0';
        }
        tell(x, c->report);
        x->tell_model = true;
        x->tell_changed = x->tell_changed || c->made;
    }
    c->network = NULL;
    c->state = CHANGE_IDLE;
}

static void ask_for_wanted(instance *x, bool at_once)
{
    change *c = &x->change;
    memcpy(c->path, x->wanted, sizeof c->path);
    c->generation = x->session.generation;
    c->network = NULL;
    if (at_once) {
        change_make(x);
        c->state = CHANGE_READY;
    } else if (x->schedule) {
        c->state = CHANGE_SENT; /* the worker may answer before send returns */
        if (!send(x, NULL)) {
            c->state = CHANGE_IDLE; /* its queue is full: again in the next block */
            return;
        }
    } else {
        tell(x, "The host cannot load models while audio runs; the model before plays on");
        x->tell_model = true;
    }
    x->is_wanted = false;
}

void change_step(instance *x, bool at_once)
{
    if (!x->unused)
        x->unused = methods_collect(x->methods);
    if (x->unused && (at_once || send(x, x->unused))) {
        if (at_once)
            network_free(x->unused);
        x->unused = NULL;
    }
    if (x->change.state == CHANGE_READY && !x->unused)
        take(x);
    if (x->is_wanted && x->change.state == CHANGE_IDLE)
        ask_for_wanted(x, at_once);
    if (x->change.state == CHANGE_READY && !x->unused)
        take(x);
}
