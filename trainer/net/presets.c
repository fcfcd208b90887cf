#include "trainer/net/presets.h"

#include "core/base/error.h"
#include "trainer/net/presets_build.h"

preset_tcn preset_speech_s(void)
{
    return (preset_tcn){
        .input = 416,
        .first_kernel = 1,
        .channels = 96,
        .hidden = 192,
        .kernel = 3,
        .n_blocks = 8,
        .dilations = {1, 2, 4, 8, 16, 32, 1, 4},
        .norm = true,
        .gains = 128,
        .linear = 480,
    };
}

preset_tcn preset_speech_l(void)
{
    return (preset_tcn){
        .input = 416,
        .first_kernel = 1,
        .channels = 144,
        .hidden = 288,
        .kernel = 3,
        .n_blocks = 10,
        .dilations = {1, 2, 4, 8, 16, 32, 1, 2, 4, 8},
        .norm = true,
        .gains = 128,
        .linear = 480,
    };
}

preset_tcn preset_sensor(void)
{
    return (preset_tcn){
        .input = 1,
        .first_kernel = 16,
        .channels = 48,
        .hidden = 48,
        .kernel = 3,
        .n_blocks = 10,
        .dilations = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2},
        .norm = true,
        .linear = 1,
    };
}

sordino_status preset_tcn_graph(const preset_tcn *spec, graph **out, sordino_error *why)
{
    preset_build b;
    char x[GRAPH_MAX_NAME], y[GRAPH_MAX_NAME], gains[GRAPH_MAX_NAME];
    *out = NULL;
    if (spec->n_blocks > PRESET_MAX_BLOCKS || (spec->gains == 0 && spec->linear == 0))
        return error_set(why, SORDINO_BAD_MODEL, "A network needs outputs and at most %d blocks",
                         (int)PRESET_MAX_BLOCKS);
    if (preset_begin(&b, spec->input, why) != SORDINO_OK)
        return b.status;
    preset_add(&b, x, "conv1d", "first", "input", NULL, "kernel out", spec->first_kernel,
               spec->channels);
    for (uint32_t i = 0; i < spec->n_blocks; i++) {
        preset_prefix(&b, "block", i);
        preset_add(&b, y, "dense", "in", x, NULL, "out", spec->hidden);
        preset_activate(&b, y, "1", spec->hidden, spec->norm);
        preset_add(&b, y, "conv1d", "time", y, NULL, "kernel dilation out groups", spec->kernel,
                   spec->dilations[i], spec->hidden, spec->hidden);
        preset_activate(&b, y, "2", spec->hidden, spec->norm);
        preset_add(&b, y, "dense", "out", y, NULL, "out", spec->channels);
        preset_add(&b, x, "add", "sum", x, y, "");
    }
    b.prefix[0] = '\0';
    if (spec->gains) {
        preset_add(&b, gains, "dense", "gains", x, NULL, "out", spec->gains);
        preset_add(&b, gains, "sigmoid", "gains_sigmoid", gains, NULL, "");
    }
    if (spec->linear)
        preset_add(&b, y, "dense", "linear", x, NULL, "out", spec->linear);
    if (spec->gains && spec->linear)
        preset_add(&b, x, "concat", "output", gains, y, "");
    return preset_finish(&b, out);
}

sordino_status preset_plain_graph(uint32_t channels, uint32_t kernel, uint32_t layers,
                                  uint32_t cycle, bool separable, graph **out, sordino_error *why)
{
    preset_build b;
    char x[GRAPH_MAX_NAME] = "input", y[GRAPH_MAX_NAME];
    *out = NULL;
    if (cycle < 1 || cycle > 20)
        return error_set(why, SORDINO_BAD_MODEL, "A cycle of %u dilations is outside 1..20",
                         (unsigned)cycle);
    if (preset_begin(&b, channels, why) != SORDINO_OK)
        return b.status;
    for (uint32_t i = 0; i < layers; i++) {
        preset_prefix(&b, "layer", i);
        preset_add(&b, y, "conv1d", "time", x, NULL, "kernel dilation out groups", kernel,
                   1u << (i % cycle), channels, separable ? channels : 1u);
        preset_activate(&b, y, "1", channels, false);
        if (separable) {
            preset_add(&b, y, "dense", "mix", y, NULL, "out", channels);
            preset_activate(&b, y, "2", channels, false);
        }
        preset_add(&b, x, "add", "sum", x, y, "");
    }
    return preset_finish(&b, out);
}

sordino_status preset_wavenet_graph(uint32_t channels, uint32_t kernel, uint32_t layers, bool gated,
                                    graph **out, sordino_error *why)
{
    preset_build b;
    char x[GRAPH_MAX_NAME], y[GRAPH_MAX_NAME], z[GRAPH_MAX_NAME];
    *out = NULL;
    if (layers > 20)
        return error_set(why, SORDINO_BAD_MODEL, "More than 20 dilated layers");
    if (preset_begin(&b, 1, why) != SORDINO_OK)
        return b.status;
    preset_add(&b, x, "dense", "first", "input", NULL, "out", channels);
    for (uint32_t i = 0; i < layers; i++) {
        preset_prefix(&b, "layer", i);
        preset_add(&b, y, "conv1d", "time", x, NULL, "kernel dilation out", kernel, 1u << i,
                   gated ? 2 * channels : channels);
        if (!gated) {
            preset_add(&b, x, "tanh", "tanh", y, NULL, "");
            continue;
        }
        preset_add(&b, z, "slice", "gate_in", y, NULL, "start count", channels, channels);
        preset_add(&b, z, "sigmoid", "gate", z, NULL, "");
        preset_add(&b, y, "slice", "signal_in", y, NULL, "start count", 0u, channels);
        preset_add(&b, y, "tanh", "signal", y, NULL, "");
        preset_add(&b, y, "mul", "gated", y, z, "");
        preset_add(&b, y, "dense", "mix", y, NULL, "out", channels);
        preset_add(&b, x, "add", "sum", x, y, "");
    }
    b.prefix[0] = '\0';
    preset_add(&b, x, "dense", "last", x, NULL, "out", 1u);
    return preset_finish(&b, out);
}
