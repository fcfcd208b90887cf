#include "core/model/model.h"

#include "core/base/error.h"

#include <stdlib.h>

sordino_status model_compile(sordino_model **model, sordino_error *why)
{
    const sordino_status status =
        plan_new((*model)->graph, (*model)->tensors, NULL, &(*model)->plan, why);
    if (status) {
        sordino_model_free(*model);
        *model = NULL;
    }
    return status;
}

sordino_status sordino_model_open_bytes(const void *bytes, size_t size, sordino_model **out,
                                        sordino_error *why)
{
    const sordino_status status = model_parse(bytes, size, out, why);
    return status ? status : model_compile(out, why);
}

sordino_status sordino_model_open_path(const char *path, sordino_model **out, sordino_error *why)
{
    void *bytes;
    size_t size;
    if (!out)
        return error_set(why, SORDINO_BAD_ARG, "There is no place for the model");
    *out = NULL;
    sordino_status status = model_read_path(path, SAFETENSORS_MAX_BYTES, &bytes, &size, why);
    if (status)
        return status;
    status = sordino_model_open_bytes(bytes, size, out, why);
    free(bytes);
    return status;
}

void sordino_model_free(sordino_model *model)
{
    if (!model)
        return;
    plan_free(model->plan);
    tensor_set_free(model->tensors);
    graph_free(model->graph);
    safetensors_metadata_free(model->metadata, model->n_metadata);
    free(model);
}

const char *sordino_model_metadata(const sordino_model *model, const char *key)
{
    return model && key ? safetensors_metadata(model->metadata, model->n_metadata, key) : NULL;
}

static const char *text_or_empty(const sordino_model *model, const char *key)
{
    const char *const text = sordino_model_metadata(model, key);
    return text ? text : "";
}

const char *sordino_model_name(const sordino_model *model)
{
    return text_or_empty(model, "sordino.name");
}

const char *sordino_model_licence(const sordino_model *model)
{
    return text_or_empty(model, "sordino.licence");
}

const char *sordino_model_hash(const sordino_model *model)
{
    return model ? model->hash : "";
}

size_t sordino_model_parameters(const sordino_model *model)
{
    size_t n = 0;
    for (size_t i = 0; model && i < model->tensors->n; i++)
        n += tensor_size(&model->tensors->items[i]);
    return n;
}

bool sordino_model_is_stft(const sordino_model *model)
{
    return model && model->front.kind == FRONT_STFT;
}

double sordino_model_rate(const sordino_model *model)
{
    return model && model->front.kind == FRONT_WAVE ? model->front.rate : 0.0;
}

uint32_t sordino_model_latency(const sordino_model *model, double rate)
{
    stft_geometry geometry;
    if (!model)
        return 0;
    if (model->front.kind == FRONT_WAVE)
        return model->front.hop_samples - 1 + model->front.lag_samples;
    if (stft_geometry_init(rate, model->front.window, model->front.hop, &geometry, NULL))
        return 0; /* a rate that sordino_denoiser_new refuses */
    return stft_delay(&geometry);
}
