/* Networks whose weights all frequencies share. */
#include "trainer/net/presets.h"

#include "core/base/error.h"
#include "trainer/net/presets_build.h"

#include <stdio.h>
#include <string.h>

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
static void arrange(preset_build *b, const preset_features *kinds, uint32_t bands, char *x)
{
    char parts[GRAPH_MAX_INPUTS][GRAPH_MAX_NAME], name[32];
    uint32_t start = 0, a_band = 0;
    kinds_width(kinds, bands, &a_band);
    for (uint32_t i = 0; i < kinds->n; i++) {
        const uint32_t pairs = kinds->pairs[i], count = pairs ? 2 * pairs : bands;
        snprintf(name, sizeof name, "kind%u", (unsigned)i);
        preset_add(b, parts[i], "slice", name, x, NULL, "start count", start, count);
        start += count;
        if (pairs == 0)
            continue;
        snprintf(name, sizeof name, "kind%u_all", (unsigned)i);
        preset_add(b, parts[i], "pad", name, parts[i], NULL, "after", 2 * (bands - pairs));
        snprintf(name, sizeof name, "kind%u_turned", (unsigned)i);
        preset_add(b, parts[i], "transpose", name, parts[i], NULL, "rows", bands);
    }
    memcpy(x, parts[0], sizeof parts[0]);
    for (uint32_t i = 1; i < kinds->n; i++) {
        snprintf(name, sizeof name, "kinds%u", (unsigned)i);
        preset_add(b, x, "concat", name, x, parts[i], "");
    }
    preset_add(b, x, "transpose", "bands", x, NULL, "rows", a_band);
    preset_add(b, x, "scale", "places", x, NULL, "");
}

/* Sums of x and of what it becomes in few channels across all bands. */
static void add_mixer(preset_build *b, uint32_t bands, uint32_t channels, uint32_t mixer, char *x)
{
    char y[GRAPH_MAX_NAME];
    preset_add(b, y, "conv_freq", "in", x, NULL, "freq out", bands, mixer);
    preset_add(b, y, "prelu", "act", y, NULL, "channels", mixer);
    preset_add(b, y, "dense", "across", y, NULL, "out", bands * mixer);
    preset_add(b, y, "conv_freq", "out", y, NULL, "freq out", bands, channels);
    preset_add(b, x, "add", "sum", x, y, "");
}

/* Block i of channels x hidden on `bands` bands, and a mixer before all but the first. */
static void add_band_block(preset_build *b, const preset_bands *spec, uint32_t i, uint32_t bands,
                           char *x)
{
    char y[GRAPH_MAX_NAME];
    if (i > 0) {
        preset_prefix(b, "mixer", i);
        add_mixer(b, bands, spec->channels, spec->mixer, x);
    }
    preset_prefix(b, "block", i);
    preset_add(b, y, "conv_freq", "in", x, NULL, "freq out", bands, spec->hidden);
    preset_activate(b, y, "1", spec->hidden, spec->norm);
    preset_add(b, y, "conv_freq", "mix", y, NULL, "freq out kernel_t kernel_f dilation_t groups",
               bands, spec->hidden, spec->kernel, 3u, spec->dilations[i], spec->hidden);
    preset_activate(b, y, "2", spec->hidden, spec->norm);
    preset_add(b, y, "conv_freq", "out", y, NULL, "freq out", bands, spec->channels);
    preset_add(b, x, "add", "sum", x, y, "");
}

/* Gains from [bands][channels] and, when there are taps, complex taps of the lowest bins. */
static void add_band_outputs(preset_build *b, uint32_t bands, uint32_t n_taps, uint32_t tap_bins,
                             uint32_t channels, const char *x)
{
    char gains[GRAPH_MAX_NAME], taps[GRAPH_MAX_NAME];
    preset_add(b, gains, "conv_freq", "gains", x, NULL, "freq out", bands, 1u);
    preset_add(b, gains, "sigmoid", "gains_sigmoid", gains, NULL, "");
    if (n_taps == 0 || tap_bins == 0)
        return;
    preset_add(b, taps, "slice", "low", x, NULL, "start count", 0u, tap_bins * channels);
    preset_add(b, taps, "conv_freq", "taps", taps, NULL, "freq out", tap_bins, 2 * n_taps);
    preset_add(b, taps, "concat", "output", gains, taps, "");
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
    preset_build b;
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
    if (preset_begin(&b, spec->features ? bands * spec->features : width, why) != SORDINO_OK)
        return b.status;
    if (spec->features == 0)
        arrange(&b, &spec->kinds, bands, x);
    preset_add(&b, outer, "conv_freq", "encode1", x, NULL, "freq out kernel_t kernel_f stride_f",
               bands, half, spec->kernel, 5u, 2u);
    preset_add(&b, outer, "prelu", "encode1_act", outer, NULL, "channels", half);
    preset_add(&b, inner, "conv_freq", "encode2", outer, NULL,
               "freq out kernel_t kernel_f stride_f", bands / 2, spec->channels, spec->kernel, 5u,
               2u);
    preset_add(&b, inner, "prelu", "encode2_act", inner, NULL, "channels", spec->channels);
    memcpy(x, inner, sizeof x);
    for (uint32_t i = 0; i < spec->n_blocks; i++)
        add_band_block(&b, spec, i, bands / 4, x);
    b.prefix[0] = '\0';
    preset_add(&b, x, "add", "skip2", inner, x, "");
    preset_add(&b, x, "conv_freq_transposed", "decode2", x, NULL,
               "freq out kernel_t kernel_f stride_f out_pad_f", bands / 4, half, 1u, 5u, 2u, 1u);
    preset_add(&b, x, "prelu", "decode2_act", x, NULL, "channels", half);
    preset_add(&b, x, "add", "skip1", outer, x, "");
    preset_add(&b, x, "conv_freq_transposed", "decode1", x, NULL,
               "freq out kernel_t kernel_f stride_f out_pad_f", bands / 2, half, 1u, 5u, 2u, 1u);
    preset_add(&b, x, "prelu", "decode1_act", x, NULL, "channels", half);
    add_band_outputs(&b, bands, spec->taps, spec->tap_bins, half, x);
    return preset_finish(&b, out);
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
static void add_encoder(preset_build *b, const preset_memory *spec, const char *x,
                        char layers[3][GRAPH_MAX_NAME])
{
    preset_add(b, layers[0], "conv_freq", "encode1", x, NULL,
               "freq out kernel_t kernel_f stride_f pad_f", spec->bands, spec->channels,
               spec->kernel, 8u, 4u, 2u);
    for (uint32_t i = 0; i < 3; i++) {
        preset_prefix(b, "encode", i + 1);
        if (i > 0)
            preset_add(b, layers[i], "conv_freq", "conv", layers[i - 1], NULL,
                       "freq out kernel_t kernel_f", spec->bands / 4, spec->channels, spec->kernel,
                       3u);
        preset_activate(b, layers[i], "", spec->channels, spec->norm);
    }
}

static void add_memory_block(preset_build *b, const preset_memory *spec, uint32_t i, char *x)
{
    const uint32_t bands = spec->bands / 4;
    char y[GRAPH_MAX_NAME];
    preset_prefix(b, "memory", i);
    preset_add(b, y, "gru_freq", "gru", x, NULL, "freq hidden", bands, spec->hidden);
    preset_add(b, y, "conv_freq", "out", y, NULL, "freq out", bands, spec->channels);
    preset_add(b, x, "add", "sum", x, y, "");
    preset_prefix(b, "mixer", i);
    add_mixer(b, bands, spec->channels, spec->mixer, x);
}

static void add_decoder(preset_build *b, const preset_memory *spec, char layers[3][GRAPH_MAX_NAME],
                        char *x)
{
    for (uint32_t i = 3; i-- > 0;) {
        preset_prefix(b, "decode", i + 1);
        preset_add(b, x, "add", "skip", layers[i], x, "");
        if (i > 0) {
            preset_add(b, x, "conv_freq", "conv", x, NULL, "freq out kernel_f", spec->bands / 4,
                       spec->channels, 3u);
            preset_activate(b, x, "", spec->channels, spec->norm);
        }
    }
    preset_add(b, x, "conv_freq_transposed", "conv", x, NULL, "freq out kernel_f stride_f pad_f",
               spec->bands / 4, spec->channels / 2, 8u, 4u, 2u);
    preset_add(b, x, "prelu", "act", x, NULL, "channels", spec->channels / 2);
    b->prefix[0] = '\0';
}

sordino_status preset_memory_graph(const preset_memory *spec, graph **out, sordino_error *why)
{
    preset_build b;
    char layers[3][GRAPH_MAX_NAME], x[GRAPH_MAX_NAME] = "input";
    *out = NULL;
    const sordino_status status =
        check_bands(spec->bands, &spec->kinds, spec->tap_bins, spec->n_blocks, why);
    if (status != SORDINO_OK)
        return status;
    uint32_t a_band = 0;
    if (preset_begin(&b, kinds_width(&spec->kinds, spec->bands, &a_band), why) != SORDINO_OK)
        return b.status;
    arrange(&b, &spec->kinds, spec->bands, x);
    add_encoder(&b, spec, x, layers);
    memcpy(x, layers[2], sizeof x);
    for (uint32_t i = 0; i < spec->n_blocks; i++)
        add_memory_block(&b, spec, i, x);
    add_decoder(&b, spec, layers, x);
    add_band_outputs(&b, spec->bands, spec->taps, spec->tap_bins, spec->channels / 2, x);
    return preset_finish(&b, out);
}
