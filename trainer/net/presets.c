#include "trainer/net/presets.h"

#include "core/base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* A graph being built: after the first failure nothing more is added. */
typedef struct builder {
    graph *g;
    sordino_status status;
    sordino_error *why;
    char prefix[24]; /* before node names */
} builder;

static void set_attrs(graph_attr *attrs, uint32_t *n, const char *text, va_list values)
{
    for (*n = 0; *text; ++*n) {
        const size_t length = strcspn(text, " ");
        memset(&attrs[*n], 0, sizeof attrs[*n]);
        memcpy(attrs[*n].name, text, length);
        attrs[*n].value = va_arg(values, unsigned);
        text += length + (text[length] == ' ');
    }
}

/* Adds op `name` under the prefix, with inputs a and b (or NULL) as full names; the attributes are
 * named in `attr_names` with blanks between, their unsigned values follow. Writes the full name of
 * the new node to `out` [GRAPH_MAX_NAME], which may be `a`. */
static void add(builder *b, char *out, const char *op_name, const char *name, const char *in_a,
                const char *in_b, const char *attr_names, ...)
{
    graph_attr attrs[GRAPH_MAX_ATTRS];
    uint32_t n_attrs = 0;
    char full[GRAPH_MAX_NAME];
    va_list values;
    va_start(values, attr_names);
    set_attrs(attrs, &n_attrs, attr_names, values);
    va_end(values);
    snprintf(full, sizeof full, "%s%s", b->prefix, name);
    const char *const inputs[] = {in_a, in_b};
    if (b->status == SORDINO_OK)
        b->status = graph_add(b->g, full, op_name, inputs, in_b ? 2 : 1, attrs, n_attrs, b->why);
    memcpy(out, full, sizeof full);
}

static sordino_status begin(builder *b, uint32_t width, sordino_error *why)
{
    *b = (builder){.why = why};
    b->status = graph_new(width, &b->g, why);
    return b->status;
}

static sordino_status finish(builder *b, graph **out)
{
    if (b->status != SORDINO_OK) {
        graph_free(b->g);
        b->g = NULL;
    }
    *out = b->g;
    return b->status;
}

static void set_prefix(builder *b, const char *what, uint32_t i)
{
    snprintf(b->prefix, sizeof b->prefix, "%s%u.", what, (unsigned)i);
}

/* prelu and, when wanted, batch_norm over `channels`. */
static void activate(builder *b, char *x, const char *number, uint32_t channels, bool norm)
{
    char name[16];
    snprintf(name, sizeof name, "act%s", number);
    add(b, x, "prelu", name, x, NULL, "channels", channels);
    snprintf(name, sizeof name, "norm%s", number);
    if (norm)
        add(b, x, "batch_norm", name, x, NULL, "channels", channels);
}

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
    builder b;
    char x[GRAPH_MAX_NAME], y[GRAPH_MAX_NAME], gains[GRAPH_MAX_NAME];
    *out = NULL;
    if (spec->n_blocks > PRESET_MAX_BLOCKS || (spec->gains == 0 && spec->linear == 0))
        return error_set(why, SORDINO_BAD_MODEL, "A network needs outputs and at most %d blocks",
                         (int)PRESET_MAX_BLOCKS);
    if (begin(&b, spec->input, why) != SORDINO_OK)
        return b.status;
    add(&b, x, "conv1d", "first", "input", NULL, "kernel out", spec->first_kernel, spec->channels);
    for (uint32_t i = 0; i < spec->n_blocks; i++) {
        set_prefix(&b, "block", i);
        add(&b, y, "dense", "in", x, NULL, "out", spec->hidden);
        activate(&b, y, "1", spec->hidden, spec->norm);
        add(&b, y, "conv1d", "time", y, NULL, "kernel dilation out groups", spec->kernel,
            spec->dilations[i], spec->hidden, spec->hidden);
        activate(&b, y, "2", spec->hidden, spec->norm);
        add(&b, y, "dense", "out", y, NULL, "out", spec->channels);
        add(&b, x, "add", "sum", x, y, "");
    }
    b.prefix[0] = '\0';
    if (spec->gains) {
        add(&b, gains, "dense", "gains", x, NULL, "out", spec->gains);
        add(&b, gains, "sigmoid", "gains_sigmoid", gains, NULL, "");
    }
    if (spec->linear)
        add(&b, y, "dense", "linear", x, NULL, "out", spec->linear);
    if (spec->gains && spec->linear)
        add(&b, x, "concat", "output", gains, y, "");
    return finish(&b, out);
}

preset_bands preset_speech_x(void)
{
    return (preset_bands){
        .bands = 128,
        .kinds = {3, {0, 0, 80}},
        .channels = 32,
        .hidden = 64,
        .mixer = 8,
        .kernel = 3,
        .n_blocks = 6,
        .dilations = {1, 2, 4, 8, 16, 1},
        .norm = true,
        .taps = 3,
        .tap_bins = 80,
    };
}

/* Floats of a frame with all kinds, and how many there are for each band. */
static uint32_t kinds_width(const preset_features *kinds, uint32_t bands, uint32_t *a_band)
{
    uint32_t width = 0;
    *a_band = 0;
    for (uint32_t i = 0; i < kinds->n; i++) {
        width += kinds->pairs[i] ? 2 * kinds->pairs[i] : bands;
        *a_band += kinds->pairs[i] ? 2 : 1;
    }
    return width;
}

/* From the kinds, one after the other, to [bands][kinds]; then a gain and a shift for each number,
 * which tell the shared layers above where they are. */
static void arrange(builder *b, const preset_features *kinds, uint32_t bands, char *x)
{
    char parts[GRAPH_MAX_INPUTS][GRAPH_MAX_NAME], name[32];
    uint32_t start = 0, a_band = 0;
    kinds_width(kinds, bands, &a_band);
    for (uint32_t i = 0; i < kinds->n; i++) {
        const uint32_t pairs = kinds->pairs[i], count = pairs ? 2 * pairs : bands;
        snprintf(name, sizeof name, "kind%u", (unsigned)i);
        add(b, parts[i], "slice", name, x, NULL, "start count", start, count);
        start += count;
        if (pairs == 0)
            continue;
        snprintf(name, sizeof name, "kind%u_all", (unsigned)i);
        add(b, parts[i], "pad", name, parts[i], NULL, "after", 2 * (bands - pairs));
        snprintf(name, sizeof name, "kind%u_turned", (unsigned)i);
        add(b, parts[i], "transpose", name, parts[i], NULL, "rows", bands);
    }
    memcpy(x, parts[0], sizeof parts[0]);
    for (uint32_t i = 1; i < kinds->n; i++) {
        snprintf(name, sizeof name, "kinds%u", (unsigned)i);
        add(b, x, "concat", name, x, parts[i], "");
    }
    add(b, x, "transpose", "bands", x, NULL, "rows", a_band);
    add(b, x, "scale", "places", x, NULL, "");
}

/* Sums of x and of what it becomes in few channels across all bands. */
static void add_mixer(builder *b, uint32_t bands, uint32_t channels, uint32_t mixer, char *x)
{
    char y[GRAPH_MAX_NAME];
    add(b, y, "conv_freq", "in", x, NULL, "freq out", bands, mixer);
    add(b, y, "prelu", "act", y, NULL, "channels", mixer);
    add(b, y, "dense", "across", y, NULL, "out", bands * mixer);
    add(b, y, "conv_freq", "out", y, NULL, "freq out", bands, channels);
    add(b, x, "add", "sum", x, y, "");
}

/* Block i of channels x hidden on `bands` bands, and a mixer before all but the first. */
static void add_band_block(builder *b, const preset_bands *spec, uint32_t i, uint32_t bands,
                           char *x)
{
    char y[GRAPH_MAX_NAME];
    if (i > 0) {
        set_prefix(b, "mixer", i);
        add_mixer(b, bands, spec->channels, spec->mixer, x);
    }
    set_prefix(b, "block", i);
    add(b, y, "conv_freq", "in", x, NULL, "freq out", bands, spec->hidden);
    activate(b, y, "1", spec->hidden, spec->norm);
    add(b, y, "conv_freq", "mix", y, NULL, "freq out kernel_t kernel_f dilation_t groups", bands,
        spec->hidden, spec->kernel, 3u, spec->dilations[i], spec->hidden);
    activate(b, y, "2", spec->hidden, spec->norm);
    add(b, y, "conv_freq", "out", y, NULL, "freq out", bands, spec->channels);
    add(b, x, "add", "sum", x, y, "");
}

/* Gains from [bands][channels] and, when there are taps, complex taps of the lowest bins. */
static void add_band_outputs(builder *b, uint32_t bands, uint32_t n_taps, uint32_t tap_bins,
                             uint32_t channels, const char *x)
{
    char gains[GRAPH_MAX_NAME], taps[GRAPH_MAX_NAME];
    add(b, gains, "conv_freq", "gains", x, NULL, "freq out", bands, 1u);
    add(b, gains, "sigmoid", "gains_sigmoid", gains, NULL, "");
    if (n_taps == 0 || tap_bins == 0)
        return;
    add(b, taps, "slice", "low", x, NULL, "start count", 0u, tap_bins * channels);
    add(b, taps, "conv_freq", "taps", taps, NULL, "freq out", tap_bins, 2 * n_taps);
    add(b, taps, "concat", "output", gains, taps, "");
}

/* What networks of bands need of their sizes. */
static sordino_status check_bands(uint32_t bands, const preset_features *kinds, uint32_t tap_bins,
                                  uint32_t n_blocks, sordino_error *why)
{
    if (n_blocks > PRESET_MAX_BLOCKS || bands % 4 != 0 || tap_bins > bands)
        return error_set(
            why, SORDINO_BAD_MODEL,
            "Bands must be a multiple of 4, at least as many as taps, and blocks <= %d",
            (int)PRESET_MAX_BLOCKS);
    if (bands > GRAPH_MAX_WIDTH / (2 * GRAPH_MAX_INPUTS))
        return error_set(why, SORDINO_BAD_MODEL, "%u bands are too many", (unsigned)bands);
    if (kinds->n > GRAPH_MAX_INPUTS)
        return error_set(why, SORDINO_BAD_MODEL, "%u kinds of features are over the limit %d",
                         (unsigned)kinds->n, (int)GRAPH_MAX_INPUTS);
    for (uint32_t i = 0; i < kinds->n; i++)
        if (kinds->pairs[i] > bands)
            return error_set(why, SORDINO_BAD_MODEL,
                             "A feature of %u bins is for more than the %u bands",
                             (unsigned)kinds->pairs[i], (unsigned)bands);
    return SORDINO_OK;
}

sordino_status preset_bands_graph(const preset_bands *spec, graph **out, sordino_error *why)
{
    builder b;
    char outer[GRAPH_MAX_NAME], inner[GRAPH_MAX_NAME], x[GRAPH_MAX_NAME] = "input";
    const uint32_t bands = spec->bands, half = spec->channels / 2;
    *out = NULL;
    const sordino_status status =
        check_bands(bands, &spec->kinds, spec->tap_bins, spec->n_blocks, why);
    if (status != SORDINO_OK)
        return status;
    if (spec->features > GRAPH_MAX_WIDTH / (bands ? bands : 1))
        return error_set(why, SORDINO_BAD_MODEL, "%u features are too many",
                         (unsigned)spec->features);
    uint32_t a_band = 0;
    const uint32_t width = kinds_width(&spec->kinds, bands, &a_band);
    if (begin(&b, spec->features ? bands * spec->features : width, why) != SORDINO_OK)
        return b.status;
    if (spec->features == 0)
        arrange(&b, &spec->kinds, bands, x);
    add(&b, outer, "conv_freq", "encode1", x, NULL, "freq out kernel_t kernel_f stride_f", bands,
        half, spec->kernel, 5u, 2u);
    add(&b, outer, "prelu", "encode1_act", outer, NULL, "channels", half);
    add(&b, inner, "conv_freq", "encode2", outer, NULL, "freq out kernel_t kernel_f stride_f",
        bands / 2, spec->channels, spec->kernel, 5u, 2u);
    add(&b, inner, "prelu", "encode2_act", inner, NULL, "channels", spec->channels);
    memcpy(x, inner, sizeof x);
    for (uint32_t i = 0; i < spec->n_blocks; i++)
        add_band_block(&b, spec, i, bands / 4, x);
    b.prefix[0] = '\0';
    add(&b, x, "add", "skip2", inner, x, "");
    add(&b, x, "conv_freq_transposed", "decode2", x, NULL,
        "freq out kernel_t kernel_f stride_f out_pad_f", bands / 4, half, 1u, 5u, 2u, 1u);
    add(&b, x, "prelu", "decode2_act", x, NULL, "channels", half);
    add(&b, x, "add", "skip1", outer, x, "");
    add(&b, x, "conv_freq_transposed", "decode1", x, NULL,
        "freq out kernel_t kernel_f stride_f out_pad_f", bands / 2, half, 1u, 5u, 2u, 1u);
    add(&b, x, "prelu", "decode1_act", x, NULL, "channels", half);
    add_band_outputs(&b, bands, spec->taps, spec->tap_bins, half, x);
    return finish(&b, out);
}

preset_memory preset_speech_gru(void)
{
    return (preset_memory){
        .bands = 128,
        .kinds = {3, {0, 0, 80}},
        .channels = 32,
        .hidden = 32,
        .mixer = 4,
        .kernel = 3,
        .n_blocks = 3,
        .norm = true,
        .taps = 3,
        .tap_bins = 80,
    };
}

/* Three layers, each of whose results stays for the decoder. */
static void add_encoder(builder *b, const preset_memory *spec, const char *x,
                        char layers[3][GRAPH_MAX_NAME])
{
    add(b, layers[0], "conv_freq", "encode1", x, NULL, "freq out kernel_t kernel_f stride_f pad_f",
        spec->bands, spec->channels, spec->kernel, 8u, 4u, 2u);
    for (uint32_t i = 0; i < 3; i++) {
        set_prefix(b, "encode", i + 1);
        if (i > 0)
            add(b, layers[i], "conv_freq", "conv", layers[i - 1], NULL,
                "freq out kernel_t kernel_f", spec->bands / 4, spec->channels, spec->kernel, 3u);
        activate(b, layers[i], "", spec->channels, spec->norm);
    }
}

static void add_memory_block(builder *b, const preset_memory *spec, uint32_t i, char *x)
{
    const uint32_t bands = spec->bands / 4;
    char y[GRAPH_MAX_NAME];
    set_prefix(b, "memory", i);
    add(b, y, "gru_freq", "gru", x, NULL, "freq hidden", bands, spec->hidden);
    add(b, y, "conv_freq", "out", y, NULL, "freq out", bands, spec->channels);
    add(b, x, "add", "sum", x, y, "");
    set_prefix(b, "mixer", i);
    add_mixer(b, bands, spec->channels, spec->mixer, x);
}

static void add_decoder(builder *b, const preset_memory *spec, char layers[3][GRAPH_MAX_NAME],
                        char *x)
{
    for (uint32_t i = 3; i-- > 0;) {
        set_prefix(b, "decode", i + 1);
        add(b, x, "add", "skip", layers[i], x, "");
        if (i > 0) {
            add(b, x, "conv_freq", "conv", x, NULL, "freq out kernel_f", spec->bands / 4,
                spec->channels, 3u);
            activate(b, x, "", spec->channels, spec->norm);
        }
    }
    add(b, x, "conv_freq_transposed", "conv", x, NULL, "freq out kernel_f stride_f pad_f",
        spec->bands / 4, spec->channels / 2, 8u, 4u, 2u);
    add(b, x, "prelu", "act", x, NULL, "channels", spec->channels / 2);
    b->prefix[0] = '\0';
}

sordino_status preset_memory_graph(const preset_memory *spec, graph **out, sordino_error *why)
{
    builder b;
    char layers[3][GRAPH_MAX_NAME], x[GRAPH_MAX_NAME] = "input";
    *out = NULL;
    const sordino_status status =
        check_bands(spec->bands, &spec->kinds, spec->tap_bins, spec->n_blocks, why);
    if (status != SORDINO_OK)
        return status;
    uint32_t a_band = 0;
    if (begin(&b, kinds_width(&spec->kinds, spec->bands, &a_band), why) != SORDINO_OK)
        return b.status;
    arrange(&b, &spec->kinds, spec->bands, x);
    add_encoder(&b, spec, x, layers);
    memcpy(x, layers[2], sizeof x);
    for (uint32_t i = 0; i < spec->n_blocks; i++)
        add_memory_block(&b, spec, i, x);
    add_decoder(&b, spec, layers, x);
    add_band_outputs(&b, spec->bands, spec->taps, spec->tap_bins, spec->channels / 2, x);
    return finish(&b, out);
}

sordino_status preset_plain_graph(uint32_t channels, uint32_t kernel, uint32_t layers,
                                  uint32_t cycle, bool separable, graph **out, sordino_error *why)
{
    builder b;
    char x[GRAPH_MAX_NAME] = "input", y[GRAPH_MAX_NAME];
    *out = NULL;
    if (cycle < 1 || cycle > 20)
        return error_set(why, SORDINO_BAD_MODEL, "A cycle of %u dilations is outside 1..20",
                         (unsigned)cycle);
    if (begin(&b, channels, why) != SORDINO_OK)
        return b.status;
    for (uint32_t i = 0; i < layers; i++) {
        set_prefix(&b, "layer", i);
        add(&b, y, "conv1d", "time", x, NULL, "kernel dilation out groups", kernel,
            1u << (i % cycle), channels, separable ? channels : 1u);
        activate(&b, y, "1", channels, false);
        if (separable) {
            add(&b, y, "dense", "mix", y, NULL, "out", channels);
            activate(&b, y, "2", channels, false);
        }
        add(&b, x, "add", "sum", x, y, "");
    }
    return finish(&b, out);
}

sordino_status preset_wavenet_graph(uint32_t channels, uint32_t kernel, uint32_t layers, bool gated,
                                    graph **out, sordino_error *why)
{
    builder b;
    char x[GRAPH_MAX_NAME], y[GRAPH_MAX_NAME], z[GRAPH_MAX_NAME];
    *out = NULL;
    if (layers > 20)
        return error_set(why, SORDINO_BAD_MODEL, "More than 20 dilated layers");
    if (begin(&b, 1, why) != SORDINO_OK)
        return b.status;
    add(&b, x, "dense", "first", "input", NULL, "out", channels);
    for (uint32_t i = 0; i < layers; i++) {
        set_prefix(&b, "layer", i);
        add(&b, y, "conv1d", "time", x, NULL, "kernel dilation out", kernel, 1u << i,
            gated ? 2 * channels : channels);
        if (!gated) {
            add(&b, x, "tanh", "tanh", y, NULL, "");
            continue;
        }
        add(&b, z, "slice", "gate_in", y, NULL, "start count", channels, channels);
        add(&b, z, "sigmoid", "gate", z, NULL, "");
        add(&b, y, "slice", "signal_in", y, NULL, "start count", 0u, channels);
        add(&b, y, "tanh", "signal", y, NULL, "");
        add(&b, y, "mul", "gated", y, z, "");
        add(&b, y, "dense", "mix", y, NULL, "out", channels);
        add(&b, x, "add", "sum", x, y, "");
    }
    b.prefix[0] = '\0';
    add(&b, x, "dense", "last", x, NULL, "out", 1u);
    return finish(&b, out);
}
