/*
 * The ops a graph is made of: what each is called, which numbers it takes, what it makes of the
 * widths it is given and which parameters it needs. One entry of a table each.
 *
 * A frame is a row of floats; with frequencies it is [F][C], flattened. All ops are causal and have
 * time stride 1. Parameters have PyTorch's layouts. Inputs before the first frame are zero.
 *
 *   conv1d                y[o] = bias[o] + sum w[o][i][j] x[t - (kernel - 1 - j) dilation][i]
 *                         weight [out][in / groups][kernel], bias [out]
 *   conv_freq             the same in time, with taps and padding in frequency:
 *                         y[f][o] = bias[o] + sum w[o][i][j][k] x[t - (kernel_t - 1 - j)
 * dilation_t] [f stride_f - pad_f + k][i] weight [out][in / groups][kernel_t][kernel_f], bias
 * [out]; floor((F + 2 pad_f - kernel_f) / stride_f) + 1 frequencies conv_freq_transposed  y[f
 * stride_f - pad_f + k][o] += w[i][o][j][k] x[t - ...][f][i], with the same order of taps in time
 * as conv_freq (tap kernel_t - 1 is the present; in a ConvTranspose2d tap 0 is, so weights from
 * there are turned round) weight [in][out / groups][kernel_t][kernel_f], bias [out]; (F - 1)
 * stride_f - 2 pad_f + kernel_f + out_pad_f frequencies dense                 weight [out][in],
 * bias [out] prelu                 max(x, 0) + w min(x, 0), value i of a frame with w[i % channels]
 *   relu, tanh, sigmoid
 *   gelu                  x Phi(x), or with approximate = 1 its usual approximation by tanh
 *   add, mul, concat      of 2 to 8 inputs
 *   slice                 values start to start + count - 1 of a frame
 *   scale                 w[i % channels] x + bias[i % channels]
 *   batch_norm            (x - running_mean) / sqrt(running_var + eps) w + bias, all [i % channels]
 *   layer_norm            over the frame; w, bias [width]
 *   running_norm          (x - mean) / sqrt(variance + eps), both running, for every value alone:
 *                         a_t = max(1 / time, 1 / t) for t = 1, 2, ...; d = x - mean;
 *                         mean += a_t d; variance = (1 - a_t) (variance + a_t d^2)
 */
#ifndef OPS_OP_H
#define OPS_OP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sordino/status.h>

enum { OP_MAX_ATTRS = 12, OP_MAX_INPUTS = 8, OP_MAX_PARAMS = 8, OP_MAX_DIMS = 4 };

/* One numeric attribute. One that is not given and not required takes `preset`. */
typedef struct op_attr {
    const char *name;
    double min, max, preset;
    bool whole;    /* only whole numbers */
    bool required; /* must be given; `preset` means nothing */
} op_attr;

struct op;

/* One use of an op: given op, attributes and inputs, `shape` fills the rest. Plain data. */
typedef struct op_node {
    const struct op *op;
    double attr[OP_MAX_ATTRS]; /* in the order of the op's table */
    uint32_t n_inputs;
    uint32_t in_width[OP_MAX_INPUTS]; /* floats in a frame, >= 1 */
    /* From `shape`: */
    uint32_t width;   /* floats in a frame of the result, >= 1 */
    uint32_t history; /* past input frames needed */
    bool endless;     /* remembers all of the past */
} op_node;

/* A parameter tensor: "<node>.<suffix>" in files. */
typedef struct op_param {
    const char *suffix; /* static storage */
    uint32_t n_dims;
    uint32_t dims[OP_MAX_DIMS]; /* all >= 1 up to n_dims; then 0 */
} op_param;

typedef struct op {
    const char *name;
    uint32_t min_inputs, max_inputs;
    const op_attr *attrs;
    uint32_t n_attrs;

    /* Checks attributes and widths against each other and fills in the result; attributes and input
     * count are within their own ranges already. Errors: BAD_MODEL. */
    sordino_status (*shape)(op_node *node, sordino_error *why);

    /* Parameters, at most OP_MAX_PARAMS; NULL: none. Only after `shape`. */
    uint32_t (*params)(const op_node *node, op_param out[OP_MAX_PARAMS]);
} op;

/* Finds an op by name; NULL when unknown. */
const op *op_find(const char *name);

/* All ops; op_at(i) is NULL from the end on. */
const op *op_at(size_t i);

/* The place of an attribute in the op's table; n_attrs when unknown. */
uint32_t op_attr_index(const op *o, const char *name);

/* The value of an attribute that is a whole number. */
static inline uint32_t op_whole(const op_node *node, uint32_t index)
{
    return (uint32_t)node->attr[index];
}

#endif
