#include "stream/methods.h"
#include "common/fail.h"
#include "common/models.h"

#include <stdio.h>
#include <string.h>

static const char speech[] = "speech", wiener[] = "wiener";

static void add(method_list *l, const char *name)
{
    for (size_t i = 0; i < l->n; i++)
        if (strcmp(l->name[i], name) == 0)
            return;
    if (l->n < METHODS_MOST)
        l->name[l->n++] = name;
}

/* Whether a model that is built in is for sound. */
static bool is_for_sound(const char *name)
{
    sordino_model *model;
    sordino_error why;
    if (sordino_model_open_builtin(name, &model, &why))
        return false;
    const bool sound = sordino_model_is_stft(model);
    sordino_model_free(model);
    return sound;
}

void methods_find(const live_options *o, method_list *out)
{
    const char *name;
    out->n = 0;
    if (o->model)
        add(out, o->model);
    else if (o->wants_wiener)
        add(out, wiener);
    for (size_t i = 0; !o->model && !o->wants_wiener && (name = sordino_builtin_name(i)); i++)
        if (strcmp(name, speech) == 0)
            add(out, name);
    if (out->n == 0)
        add(out, wiener);
    for (size_t i = 0; (name = sordino_builtin_name(i)); i++)
        if (is_for_sound(name))
            add(out, name);
    add(out, wiener);
}

static sordino_method method_of(const char *name)
{
    return strcmp(name, wiener) == 0        ? SORDINO_METHOD_WIENER
           : strcmp(name, "kalman") == 0    ? SORDINO_METHOD_KALMAN
           : strcmp(name, "predictor") == 0 ? SORDINO_METHOD_PREDICTOR
                                            : SORDINO_METHOD_NETWORK;
}

bool method_learns(const char *name)
{
    const sordino_method kind = method_of(name);
    return kind == SORDINO_METHOD_WIENER || kind == SORDINO_METHOD_KALMAN;
}

sordino_status method_make(const live_options *o, const char *name, double rate, uint32_t channels,
                           uint32_t least_latency, const sordino_profile *profile, method **out,
                           sordino_error *why)
{
    sordino_config config = o->config;
    sordino_model *model = NULL;
    sordino_status status = SORDINO_OK;
    *out = NULL;
    config.method = method_of(name);
    config.rate = rate;
    config.channels = channels;
    config.link_channels = o->link != 0;
    config.min_latency = least_latency;
    if (config.method == SORDINO_METHOD_NETWORK)
        status = models_open(name, &model, why);
    if (!status)
        status = method_new(&config, model, out, why);
    if (status) {
        fail_fit(why);
        return status;
    }
    method *const m = *out;
    snprintf(m->name, sizeof m->name, "%s", m->model ? sordino_model_name(m->model) : name);
    if (m->name[0] == '\0')
        snprintf(m->name, sizeof m->name, "%s", name);
    if (profile)
        sordino_denoiser_set_profile(m->processor.denoiser, profile);
    return SORDINO_OK;
}
