/* scale, batch_norm (with fixed statistics), layer_norm, running_norm. */
#include "core/ops/channels.h"
#include "core/ops/ops.h"

#include <math.h>
#include <string.h>

enum { SCALE_CHANNELS };
enum { BATCH_CHANNELS, BATCH_EPS };
enum { LAYER_EPS };
enum { RUNNING_TIME, RUNNING_EPS };

static const op_attr scale_attrs[] = {{"channels", 0, 65536, 0, true, false}};

static const op_attr batch_attrs[] = {
    {"channels", 0, 65536, 0, true, false},
    {"eps", 1e-12, 1, 1e-5, false, false},
};

static const op_attr layer_attrs[] = {{"eps", 1e-12, 1, 1e-5, false, false}};

static const op_attr running_attrs[] = {
    {"time", 1, 1e9, 0, false, true}, /* frames; rate 1 / time */
    {"eps", 1e-12, 1, 1e-5, false, false},
};

static bool is_batch(const op_node *node)
{
    return node->op == &op_batch_norm;
}

static uint32_t affine_channels(const op_node *node)
{
    return channels_count(node, is_batch(node) ? BATCH_CHANNELS : SCALE_CHANNELS);
}

static sordino_status affine_shape(op_node *node, sordino_error *why)
{
    return channels_shape(node, affine_channels(node), why);
}

static uint32_t affine_params(const op_node *node, op_param out[OP_MAX_PARAMS])
{
    static const char *const names[] = {"weight", "bias", "running_mean", "running_var"};
    const uint32_t n = is_batch(node) ? 4 : 2;
    for (uint32_t i = 0; i < n; i++)
        out[i] = (op_param){names[i], 1, {affine_channels(node), 0, 0, 0}};
    return n;
}

/* Gain and shift of channel c. A variance below 0 (a damaged file) counts as 0. */
static void affine_of(const op_node *node, const kreal *const *params, uint32_t c, kreal *gain,
                      kreal *shift)
{
    *gain = params[0][c];
    *shift = params[1][c];
    if (is_batch(node)) {
        const double variance = params[3][c] > 0 ? (double)params[3][c] : 0;
        const double g = (double)params[0][c] / sqrt(variance + node->attr[BATCH_EPS]);
        *gain = (kreal)g;
        *shift = (kreal)((double)params[1][c] - (double)params[2][c] * g);
    }
}

/* [2][pad(width)]: gain, shift */
static size_t affine_bytes(const op_node *node)
{
    return 2 * kernels_pad(node->width) * sizeof(kreal);
}

static void affine_pack(const op_node *node, const kreal *const *params, void *packed)
{
    kreal *const gain = packed, *const shift = gain + kernels_pad(node->width);
    for (uint32_t i = 0; i < node->width; i++)
        affine_of(node, params, i % affine_channels(node), &gain[i], &shift[i]);
}

static void affine_forward(const op_call *call) SORDINO_RT
{
    const kreal *const gain = call->packed;
    call->kernels->affine(call->in[0], gain, gain + kernels_pad(call->node->width), call->out,
                          call->n, call->node->width);
}

static bool affine_merged(const op_node *node, const kreal *const *params, uint32_t channels,
                          kreal *gain, kreal *shift)
{
    if (channels % affine_channels(node) != 0)
        return false;
    for (uint32_t c = 0; c < channels; c++)
        affine_of(node, params, c % affine_channels(node), &gain[c], &shift[c]);
    return true;
}

const op op_scale = {
    .name = "scale",
    .min_inputs = 1,
    .max_inputs = 1,
    .attrs = scale_attrs,
    .n_attrs = 1,
    .in_place = true,
    .merge = OP_MERGE_AFFINE,
    .shape = affine_shape,
    .params = affine_params,
    .packed_bytes = affine_bytes,
    .pack = affine_pack,
    .forward = affine_forward,
    .merged = affine_merged,
};

const op op_batch_norm = {
    .name = "batch_norm",
    .min_inputs = 1,
    .max_inputs = 1,
    .attrs = batch_attrs,
    .n_attrs = 2,
    .in_place = true,
    .merge = OP_MERGE_AFFINE,
    .shape = affine_shape,
    .params = affine_params,
    .packed_bytes = affine_bytes,
    .pack = affine_pack,
    .forward = affine_forward,
    .merged = affine_merged,
};

static sordino_status layer_shape(op_node *node, sordino_error *why)
{
    return channels_shape(node, node->in_width[0], why);
}

static uint32_t layer_params(const op_node *node, op_param out[OP_MAX_PARAMS])
{
    out[0] = (op_param){"weight", 1, {node->width, 0, 0, 0}};
    out[1] = (op_param){"bias", 1, {node->width, 0, 0, 0}};
    return 2;
}

static void layer_pack(const op_node *node, const kreal *const *params, void *packed)
{
    kreal *const gain = packed;
    memcpy(gain, params[0], node->width * sizeof *gain);
    memcpy(gain + kernels_pad(node->width), params[1], node->width * sizeof *gain);
}

static void layer_forward(const op_call *call) SORDINO_RT
{
    const kreal *const gain = call->packed;
    call->kernels->layer_norm(call->in[0], gain, gain + kernels_pad(call->node->width),
                              (kreal)call->node->attr[LAYER_EPS], call->out, call->n,
                              call->node->width);
}

const op op_layer_norm = {
    .name = "layer_norm",
    .min_inputs = 1,
    .max_inputs = 1,
    .attrs = layer_attrs,
    .n_attrs = 1,
    .in_place = true,
    .shape = layer_shape,
    .params = layer_params,
    .packed_bytes = affine_bytes,
    .pack = layer_pack,
    .forward = layer_forward,
};

static sordino_status running_shape(op_node *node, sordino_error *why)
{
    node->endless = true;
    return channels_shape(node, node->in_width[0], why);
}

/* [2][pad(width)] and a count */
static size_t running_bytes(const op_node *node)
{
    return affine_bytes(node) + sizeof(uint32_t);
}

static void running_forward(const op_call *call) SORDINO_RT
{
    const size_t row = kernels_pad(call->node->width);
    kreal *const mean = call->state;
    const kernels_running state = {mean, mean + row, (uint32_t *)(void *)(mean + 2 * row)};
    call->kernels->running_norm(call->in[0], &state, (kreal)(1 / call->node->attr[RUNNING_TIME]),
                                (kreal)call->node->attr[RUNNING_EPS], call->out, call->n,
                                call->node->width);
}

const op op_running_norm = {
    .name = "running_norm",
    .min_inputs = 1,
    .max_inputs = 1,
    .attrs = running_attrs,
    .n_attrs = 2,
    .in_place = true,
    .shape = running_shape,
    .state_bytes = running_bytes,
    .forward = running_forward,
};
