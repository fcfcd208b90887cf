/*
 * Networks for tests in other languages:
 *     net_tool preset NAME OUT.safetensors      speech-s, -x, -gru or sensor, with random weights
 *     net_tool run MODEL IN.f32 OUT.f32         frames through the engine, raw floats
 */
#include "trainer/net/presets.h"
#include "core/model/model.h"

#include "tests/support/net.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int fault(const char *what, const sordino_error *why)
{
    fprintf(stderr, "%s: %s\n", what, why->text);
    return 1;
}

static const feature_spec level = {
    .kind = FEATURE_LOG_LEVEL, .offset = 20.0, .scale = 0.03125, .low = -1.5, .high = 1.5};

/* A front end as wide as the network: 128 bands, 3 taps on 80 bins, features to fill the input. */
static front_spec sound_front(uint32_t input)
{
    front_spec f = {.kind = FRONT_STFT,
                    .window = 0.02,
                    .hop = 0.01,
                    .n_bands = 128,
                    .level_rise = 0.05,
                    .level_fall = 1.5,
                    .taps = 3,
                    .tap_bins = 80};
    for (uint32_t i = 0; i < f.n_bands; i++)
        f.band_hz[i] = 100.0 * i;
    for (; input > f.n_bands * 2; input -= f.n_bands)
        f.features[f.n_features++] = level;
    f.features[f.n_features++] = (feature_spec){.kind = FEATURE_PHASE_ADVANCE, .bins = input / 2};
    return f;
}

static int preset(const char *name, const char *path)
{
    const preset_tcn s = preset_speech_s(), sensor = preset_sensor();
    const preset_bands x = preset_speech_x();
    const preset_memory gru = preset_speech_gru();
    const bool is_sensor = strcmp(name, "sensor") == 0;
    uint64_t seed = net_seed();
    graph *g;
    sordino_error why;
    const sordino_status status = strcmp(name, "speech-x") == 0 ? preset_bands_graph(&x, &g, &why)
                                  : strcmp(name, "speech-gru") == 0
                                      ? preset_memory_graph(&gru, &g, &why)
                                      : preset_tcn_graph(is_sensor ? &sensor : &s, &g, &why);
    if (status)
        return fault(name, &why);
    tensor_set *const weights = net_random_weights(g, &seed);
    const front_spec front =
        is_sensor ? (front_spec){.kind = FRONT_WAVE, .hop_samples = 1, .scale_time = 20.0}
                  : sound_front(graph_at(g, 0)->width);
    void *bytes = NULL;
    size_t size;
    int result = 1;
    if (!weights)
        fprintf(stderr, "out of memory\n");
    else if (model_serialise(&front, g, weights, NULL, 0, &bytes, &size, &why) ||
             model_write_path(path, bytes, size, &why))
        fault(path, &why);
    else
        result = 0;
    free(bytes);
    tensor_set_free(weights);
    graph_free(g);
    return result;
}

static int run_frames(const plan *p, FILE *in, FILE *out)
{
    enum { FRAMES = 7 };
    plan_state *s;
    const size_t taken = plan_input_width(p), given = plan_output_width(p);
    float *const x = malloc(FRAMES * taken * sizeof *x), *const y =
                                                             malloc(FRAMES * given * sizeof *y);
    int result = 1;
    if (x && y && plan_state_new(p, FRAMES, &s, NULL) == SORDINO_OK) {
        for (size_t n; (n = fread(x, taken * sizeof *x, FRAMES, in)) > 0;) {
            plan_run(s, x, y, n);
            fwrite(y, given * sizeof *y, n, out);
        }
        result = ferror(in) || fflush(out) != 0;
        plan_state_free(s);
    }
    free(x);
    free(y);
    return result;
}

static int run(const char *model_path, const char *in_path, const char *out_path)
{
    sordino_model *model;
    sordino_error why;
    if (sordino_model_open_path(model_path, &model, &why))
        return fault(model_path, &why);
    FILE *const in = fopen(in_path, "rb"), *const out = fopen(out_path, "wb");
    int result = in && out ? run_frames(model->plan, in, out) : 1;
    if (in)
        fclose(in);
    if (out && fclose(out) != 0)
        result = 1;
    sordino_model_free(model);
    return result;
}

int main(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[1], "preset") == 0)
        return preset(argv[2], argv[3]);
    if (argc == 5 && strcmp(argv[1], "run") == 0)
        return run(argv[2], argv[3], argv[4]);
    fprintf(stderr, "usage: net_tool preset NAME OUT | run MODEL IN OUT\n");
    return 2;
}
