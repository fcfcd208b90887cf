#include "tests/support/models.h"

#include "core/model/model.h"
#include "tests/support/signals.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A test cannot go on without its model. */
static void must(sordino_status status, const sordino_error *why)
{
    if (status != SORDINO_OK) {
        fprintf(stderr, "test model: %s\n", why->text);
        exit(1);
    }
}

static void add(graph *g, const char *name, const char *op, const char *input,
                const graph_attr *attrs, uint32_t n_attrs)
{
    sordino_error why;
    must(graph_add(g, name, op, &input, 1, attrs, n_attrs, &why), &why);
}

/* Every parameter of the graph: normal values of deviation `spread`, then `fix` may set some. */
static tensor_set *fill(const graph *g, double spread, uint64_t seed)
{
    tensor_set *set = tensor_set_new();
    sordino_error why;
    for (size_t i = 0; i < graph_size(g); i++) {
        graph_param params[8];
        const size_t n = graph_params(g, i, params, 8);
        for (size_t p = 0; p < n; p++) {
            size_t size = 1;
            for (uint32_t d = 0; d < params[p].n_dims; d++)
                size *= params[p].dims[d];
            float *values = calloc(size, sizeof *values);
            for (size_t v = 0; v < size; v++)
                values[v] = (float)(spread * test_normal(&seed));
            must(
                tensor_set_add(set, params[p].name, params[p].n_dims, params[p].dims, values, &why),
                &why);
            free(values);
        }
    }
    return set;
}

static sordino_model *finish(const front_spec *front, graph *g, tensor_set *set)
{
    void *bytes = NULL;
    size_t size = 0;
    sordino_model *model = NULL;
    sordino_error why;
    must(model_serialise(front, g, set, NULL, 0, &bytes, &size, &why), &why);
    must(sordino_model_open_bytes(bytes, size, &model, &why), &why);
    free(bytes);
    graph_free(g);
    tensor_set_free(set);
    return model;
}

static front_spec band_front(void)
{
    front_spec front = {
        .kind = FRONT_STFT,
        .window = 0.020,
        .hop = 0.010,
        .n_bands = 32,
        .n_features = 3,
        .features = {{FEATURE_LOG_LEVEL, 0, 30.0, 0.05, -3.0, 3.0},
                     {FEATURE_LOG_SNR, 0, -5.0, 0.05, -3.0, 3.0},
                     {FEATURE_PHASE_ADVANCE, 16, 0.0, 1.0, -1.0, 1.0}},
        .level_rise = 0.05,
        .level_fall = 1.0,
        .taps = 2,
        .tap_bins = 16,
    };
    for (uint32_t b = 0; b < front.n_bands; b++)
        front.band_hz[b] = b < 16 ? 50.0 * b : 800.0 * pow(1.23, b - 16.0);
    return front;
}

enum { BAND_OUT = 32 + 2 * 2 * 16 };

static sordino_model *band_model(uint64_t seed, double spread, double bias)
{
    const front_spec front = band_front();
    const graph_attr first[] = {{"out", 24}, {"kernel", 3}, {"dilation", 2}};
    const graph_attr second[] = {{"out", BAND_OUT}, {"kernel", 2}};
    graph *g = NULL;
    sordino_error why;
    must(graph_new(features_width(front.features, front.n_features, front.n_bands), &g, &why),
         &why);
    add(g, "a", "conv1d", "input", first, 3);
    add(g, "act", "tanh", "a", NULL, 0);
    add(g, "b", "conv1d", "act", second, 2);
    tensor_set *set = fill(g, spread, seed);
    float *out_bias = tensor_set_find(set, "b.bias")->data;
    for (uint32_t i = 0; i < 32; i++)
        out_bias[i] += (float)bias;
    return finish(&front, g, set);
}

sordino_model *test_model_bands(uint64_t seed, double spread)
{
    return band_model(seed, spread, 0.5);
}

sordino_model *test_model_open_gains(void)
{
    return band_model(1, 0.0, 1.0);
}

sordino_model *test_model_wave(uint32_t hop, uint32_t lag, uint64_t seed, double spread)
{
    const front_spec front = {
        .kind = FRONT_WAVE,
        .hop_samples = hop,
        .lag_samples = lag,
        .scale_time = 500.0,
        .predicts_noise = true,
    };
    const graph_attr first[] = {{"out", 8}, {"kernel", 3}, {"dilation", 3}};
    const graph_attr second[] = {{"out", hop}, {"kernel", 1}};
    graph *g = NULL;
    sordino_error why;
    must(graph_new(hop, &g, &why), &why);
    add(g, "a", "conv1d", "input", first, 3);
    add(g, "act", "tanh", "a", NULL, 0);
    add(g, "b", "conv1d", "act", second, 2);
    return finish(&front, g, fill(g, spread, seed));
}
