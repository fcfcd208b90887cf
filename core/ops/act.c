/* Activations: prelu, relu, tanh, sigmoid, gelu. */
#include "core/ops/channels.h"
#include "core/ops/ops.h"

static sordino_status shape_same(op_node *node, sordino_error *why)
{
    (void)why;
    node->width = node->in_width[0];
    return SORDINO_OK;
}

/* prelu: max(x, 0) + weight min(x, 0); weight [channels]. */

enum { PRELU_CHANNELS };

static const op_attr prelu_attrs[] = {{"channels", 0, 65536, 0, true, false}};

static sordino_status prelu_shape(op_node *node, sordino_error *why)
{
    return channels_shape(node, channels_count(node, PRELU_CHANNELS), why);
}

static uint32_t prelu_params(const op_node *node, op_param out[OP_MAX_PARAMS])
{
    out[0] = (op_param){"weight", 1, {channels_count(node, PRELU_CHANNELS), 0, 0, 0}};
    return 1;
}

static size_t prelu_bytes(const op_node *node)
{
    return kernels_pad(node->width) * sizeof(kreal);
}

static void prelu_pack(const op_node *node, const kreal *const *params, void *packed)
{
    channels_repeat(params[0], channels_count(node, PRELU_CHANNELS), packed, node->width);
}

static void prelu_forward(const op_call *call) SORDINO_RT
{
    call->kernels->prelu(call->in[0], call->packed, call->out, call->n, call->node->width);
}

static bool prelu_merged(const op_node *node, const kreal *const *params, uint32_t channels,
                         kreal *slope, kreal *unused)
{
    (void)unused;
    return channels_match(params[0], channels_count(node, PRELU_CHANNELS), slope, channels);
}

const op op_prelu = {
    .name = "prelu",
    .min_inputs = 1,
    .max_inputs = 1,
    .attrs = prelu_attrs,
    .n_attrs = 1,
    .in_place = true,
    .merge = OP_MERGE_SLOPE,
    .shape = prelu_shape,
    .params = prelu_params,
    .packed_bytes = prelu_bytes,
    .pack = prelu_pack,
    .forward = prelu_forward,
    .merged = prelu_merged,
};

static void relu_forward(const op_call *call) SORDINO_RT
{
    call->kernels->relu(call->in[0], call->out, call->n, call->node->width);
}

static bool relu_merged(const op_node *node, const kreal *const *params, uint32_t channels,
                        kreal *slope, kreal *unused)
{
    (void)node;
    (void)params;
    (void)unused;
    for (uint32_t c = 0; c < channels; c++)
        slope[c] = 0;
    return true;
}

const op op_relu = {
    .name = "relu",
    .min_inputs = 1,
    .max_inputs = 1,
    .in_place = true,
    .merge = OP_MERGE_SLOPE,
    .shape = shape_same,
    .forward = relu_forward,
    .merged = relu_merged,
};

static void tanh_forward(const op_call *call) SORDINO_RT
{
    call->kernels->tanh(call->in[0], call->out, call->n, call->node->width);
}

const op op_tanh = {
    .name = "tanh",
    .min_inputs = 1,
    .max_inputs = 1,
    .in_place = true,
    .shape = shape_same,
    .forward = tanh_forward,
};

static void sigmoid_forward(const op_call *call) SORDINO_RT
{
    call->kernels->sigmoid(call->in[0], call->out, call->n, call->node->width);
}

const op op_sigmoid = {
    .name = "sigmoid",
    .min_inputs = 1,
    .max_inputs = 1,
    .in_place = true,
    .shape = shape_same,
    .forward = sigmoid_forward,
};

/* gelu: x Phi(x); with approximate = 1 its approximation by tanh. */

enum { GELU_TANH };

static const op_attr gelu_attrs[] = {{"approximate", 0, 1, 0, true, false}};

static void gelu_forward(const op_call *call) SORDINO_RT
{
    if (call->node->attr[GELU_TANH] > 0)
        call->kernels->gelu_tanh(call->in[0], call->out, call->n, call->node->width);
    else
        call->kernels->gelu_erf(call->in[0], call->out, call->n, call->node->width);
}

const op op_gelu = {
    .name = "gelu",
    .min_inputs = 1,
    .max_inputs = 1,
    .attrs = gelu_attrs,
    .n_attrs = 1,
    .in_place = true,
    .shape = shape_same,
    .forward = gelu_forward,
};
