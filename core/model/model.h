/*
 * The inside of an opened model, for the denoiser, the trainer and the tests; and the two ways
 * between a model and its bytes. models/FORMAT.md is the format's manual.
 */
#ifndef MODEL_MODEL_H
#define MODEL_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sordino/model.h>

#include "core/dsp/bands.h"
#include "core/dsp/features.h"
#include "core/graph/graph.h"
#include "core/graph/tensors.h"
#include "core/model/builtin.h"
#include "core/model/model_path.h"
#include "core/model/safetensors.h"
#include "core/plan/plan.h"

/* A trained filter tap is well below 1; this only tames a network gone wrong. */
enum { MODEL_TAP_LIMIT = 8 };

typedef enum front_kind { FRONT_STFT, FRONT_WAVE } front_kind;

/* The front end a network was trained for: everything outside the graph, in seconds and hertz. */
typedef struct front_spec {
    front_kind kind;

    /* FRONT_STFT. The graph's input is the features in order; its output is n_bands gains (any
     * value; clamped to 0..1) then, when taps > 0, [tap_bins][taps] complex pairs, each part
     * clamped to +-MODEL_TAP_LIMIT. The estimate is
     *   Y_k(t) = g_k (X_k(t) + sum_{j < taps} c_kj X_k(t - j))   for bins k < tap_bins,
     *   Y_k(t) = g_k X_k(t)                                      above. */
    double window, hop;        /* s */
    uint32_t n_bands;          /* 1..BANDS_MAX */
    double band_hz[BANDS_MAX]; /* centres, rising */
    uint32_t n_features;       /* 1..FEATURES_MAX */
    feature_spec features[FEATURES_MAX];
    double level_rise, level_fall; /* s, > 0 */
    uint32_t taps;                 /* 0..8 */
    uint32_t tap_bins;             /* 1..4096 when taps > 0 */

    /* FRONT_WAVE. The graph's input is `hop_samples` scaled samples, its output as many. */
    double rate;          /* Hz it was trained at; 0 = any */
    uint32_t hop_samples; /* 1..65536; 1 = per sample */
    uint32_t lag_samples; /* 0..65536: output sample t estimates input t - lag */
    double scale_time;    /* s (samples when rate is 0) of the causal running scale, > 0 */
    bool predicts_noise;  /* true: estimate = input - output; false: estimate = output */
} front_spec;

/* Immutable once opened. */
struct sordino_model {
    front_spec front;
    graph *graph;        /* owned */
    tensor_set *tensors; /* owned; a built-in model's weights are not, and must not be written */
    plan *plan;          /* owned; for the best kernel table of this CPU */
    size_t n_metadata;
    metadata_entry *metadata; /* every string of __metadata__, sorted by key */
    char hash[17];
};

/* Parses bytes without compiling a plan (plan == NULL): for the writer's tests and the trainer.
 * sordino_model_open_bytes is this plus plan_new. Errors as there. */
SORDINO_NODISCARD sordino_status model_parse(const void *bytes, size_t size, sordino_model **out,
                                             sordino_error *why);

/* The same for a model that is part of the library: its weights stay where they are, and what
 * embed.py has worked out or compared is not done again. Errors: NO_MEM, BAD_MODEL. */
SORDINO_NODISCARD sordino_status model_parse_builtin(const builtin_model *builtin,
                                                     sordino_model **out, sordino_error *why);

/* Compiles the plan of a model that was parsed; frees it where that fails. Errors: NO_MEM. */
SORDINO_NODISCARD sordino_status model_compile(sordino_model **model, sordino_error *why);

/* Writes a model as bytes: format version, graph, front end and CRC are made from the fields; of
 * `metadata` all other keys are kept. Parsing and serialising again gives identical bytes.
 * `*out_bytes` is released with free(). Errors: NO_MEM, BAD_ARG. */
SORDINO_NODISCARD sordino_status model_serialise(const front_spec *front, const graph *g,
                                                 const tensor_set *tensors,
                                                 const metadata_entry *metadata, size_t n_metadata,
                                                 void **out_bytes, size_t *out_size,
                                                 sordino_error *why);

#endif
