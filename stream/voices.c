#include "stream/voices.h"
#include "common/fail.h"
#include "common/models.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char speech[] = "speech", wiener[] = "wiener";

static void add(voices *v, const char *name)
{
    for (size_t i = 0; i < v->n; i++)
        if (strcmp(v->name[i], name) == 0)
            return;
    if (v->n < VOICES_MOST)
        v->name[v->n++] = name;
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

void voices_find(const live_options *o, voices *out)
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

bool voices_learns(const char *name)
{
    const sordino_method method = method_of(name);
    return method == SORDINO_METHOD_WIENER || method == SORDINO_METHOD_KALMAN;
}

sordino_status voice_make(const live_options *o, const char *name, double rate, uint32_t channels,
                          uint32_t least_latency, const sordino_profile *profile, voice **out,
                          sordino_error *why)
{
    sordino_config config = o->config;
    *out = NULL;
    voice *const v = calloc(1, sizeof *v);
    if (!v)
        return fail_no_memory(why);
    config.method = method_of(name);
    config.rate = rate;
    config.channels = channels;
    config.link_channels = o->link != 0;
    config.min_latency = least_latency;
    sordino_status status = SORDINO_OK;
    if (config.method == SORDINO_METHOD_NETWORK)
        status = models_open(name, &v->model, why);
    if (!status)
        status = sordino_new(&config, v->model, &v->denoiser, why);
    if (status) {
        fail_fit(why);
        voice_free(v);
        return status;
    }
    snprintf(v->name, sizeof v->name, "%s", v->model ? sordino_model_name(v->model) : name);
    if (v->name[0] == '\0')
        snprintf(v->name, sizeof v->name, "%s", name);
    if (profile)
        sordino_set_profile(v->denoiser, profile);
    *out = v;
    return SORDINO_OK;
}
