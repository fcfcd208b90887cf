/*
 * Ready-made networks, with their sizes as parameters; for the trainer, tests and benchmarks.
 * Nothing else knows any of them: they are graphs like those in model files.
 */
#ifndef NET_PRESETS_H
#define NET_PRESETS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/graph/graph.h"

enum { PRESET_MAX_BLOCKS = 64 };

/* A stack of residual blocks, each [1x1 to `hidden`, prelu, norm; depthwise over time, prelu, norm;
 * 1x1 to `channels`; sum], after a first convolution of the input; then `gains` sigmoid outputs and
 * `linear` plain ones beside them. After Luo & Mesgarani 2019, "Conv-TasNet". */
typedef struct preset_tcn {
    uint32_t input;        /* floats a frame */
    uint32_t first_kernel; /* taps of the first convolution; 1 looks at one frame */
    uint32_t channels, hidden;
    uint32_t kernel; /* taps of the depthwise convolutions */
    uint32_t n_blocks;
    uint32_t dilations[PRESET_MAX_BLOCKS];
    bool norm; /* batch_norm after the activations */
    uint32_t gains, linear;
} preset_tcn;

preset_tcn preset_speech_s(void); /* 416 in, 128 gains + 80 x 3 complex taps out, 0.4 M weights */
preset_tcn preset_speech_l(void); /* the same with 1.0 M weights */
preset_tcn preset_sensor(void);   /* a sample in, a sample out, 53 k weights */

/* Errors: NO_MEM; BAD_MODEL (a size is 0 or over a limit of graphs). */
SORDINO_NODISCARD sordino_status preset_tcn_graph(const preset_tcn *spec, graph **out,
                                                  sordino_error *why);

/* Kinds of features as the front end puts them, one after the other: each one number for each band,
 * or, where `pairs` is not 0, a pair for each of so many of the lowest bands. */
typedef struct preset_features {
    uint32_t n, pairs[GRAPH_MAX_INPUTS];
} preset_features;

/* Convolutions shared over frequency: an encoder that halves the bands twice, residual blocks
 * [1x1, prelu, norm; depthwise over time x frequency, prelu, norm; 1x1; sum] with mixers across the
 * whole band between them, and a mirrored decoder with sums to the encoder's results. */
typedef struct preset_bands {
    uint32_t bands;    /* a multiple of 4 */
    uint32_t features; /* of each band; input frame [bands][features]; 0: as `kinds` has them */
    preset_features kinds;
    uint32_t channels; /* even; half as many in the outer layers */
    uint32_t hidden;
    uint32_t mixer;  /* channels a mixer takes along */
    uint32_t kernel; /* taps over time, of encoder and blocks */
    uint32_t n_blocks;
    uint32_t dilations[PRESET_MAX_BLOCKS];
    bool norm;               /* batch_norm after the activations of blocks */
    uint32_t taps, tap_bins; /* [tap_bins][taps] complex outputs after the gains; may be 0 */
} preset_bands;

preset_bands preset_speech_x(void); /* 416 in, 128 gains + 80 x 3 complex taps out */

SORDINO_NODISCARD sordino_status preset_bands_graph(const preset_bands *spec, graph **out,
                                                    sordino_error *why);

/* Convolutions over time and frequency with recurrent layers between them, all shared over
 * frequency: an encoder [kernel 8 to a quarter of the bands, then two of kernel 3 over frequency,
 * all of `kernel` over time, prelu after each]; blocks [gru over time, 1x1; sum] [1x1 to `mixer`,
 * prelu, dense across all bands, 1x1; sum]; a mirrored decoder of kernel 1 over time with sums to
 * the encoder's results. Of the kind of FSPEN (Yang et al. 2024) and FastEnhancer (Ahn et al.
 * 2025). */
typedef struct preset_memory {
    uint32_t bands; /* a multiple of 4 */
    preset_features kinds;
    uint32_t channels; /* even; half as many in the outermost layer */
    uint32_t hidden;   /* of the recurrent layers, a band */
    uint32_t mixer;    /* channels a mixer takes along */
    uint32_t kernel;   /* taps over time of the encoder */
    uint32_t n_blocks;
    bool norm; /* batch_norm after the activations of encoder and decoder */
    uint32_t taps, tap_bins;
} preset_memory;

preset_memory preset_speech_gru(void); /* 416 in, 128 gains + 80 x 3 complex taps out */

/* Errors: NO_MEM; BAD_MODEL (a size is 0 or over a limit of graphs). */
SORDINO_NODISCARD sordino_status preset_memory_graph(const preset_memory *spec, graph **out,
                                                     sordino_error *why);

/* `layers` times [causal convolution over time, prelu; sum], dilation 1, 2, 4 ... repeating after
 * `cycle`; separable: depthwise, prelu, 1x1, prelu instead. Input and output of `channels`. */
SORDINO_NODISCARD sordino_status preset_plain_graph(uint32_t channels, uint32_t kernel,
                                                    uint32_t layers, uint32_t cycle, bool separable,
                                                    graph **out, sordino_error *why);

/* One sample in, one out, between them `layers` dilated 1, 2, 4 ... of `channels`: plain, each is
 * [convolution, tanh]; gated, each is [convolution to twice the channels, tanh of one half times
 * sigmoid of the other, 1x1; sum] (van den Oord et al. 2016, "WaveNet", without skips). */
SORDINO_NODISCARD sordino_status preset_wavenet_graph(uint32_t channels, uint32_t kernel,
                                                      uint32_t layers, bool gated, graph **out,
                                                      sordino_error *why);

#endif
