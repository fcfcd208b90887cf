/* conv1d: causal convolution over time of frames of channels; dense: the same with one tap. */
#include "core/ops/conv.h"
#include "core/ops/ops.h"

enum { KERNEL, DILATION, OUT, GROUPS, BIAS };
enum { DENSE_OUT, DENSE_BIAS };

static const op_attr conv1d_attrs[] = {
    {"kernel", 1, 65536, 0, true, true}, {"dilation", 1, 1048576, 1, true, false},
    {"out", 1, 65536, 0, true, true},    {"groups", 1, 65536, 1, true, false},
    {"bias", 0, 1, 1, true, false},
};

static const op_attr dense_attrs[] = {
    {"out", 1, 65536, 0, true, true},
    {"bias", 0, 1, 1, true, false},
};

conv_geometry conv1d_geometry(const op_node *n)
{
    const bool dense = n->op == &op_dense;
    return (conv_geometry){
        .in_f = 1,
        .in_c = n->in_width[0],
        .out_f = 1,
        .out_c = op_whole(n, dense ? DENSE_OUT : OUT),
        .kernel_t = dense ? 1 : op_whole(n, KERNEL),
        .dilation_t = dense ? 1 : op_whole(n, DILATION),
        .kernel_f = 1,
        .stride_f = 1,
        .groups = dense ? 1 : op_whole(n, GROUPS),
        .bias = op_whole(n, dense ? DENSE_BIAS : BIAS) != 0,
    };
}

static sordino_status shape(op_node *node, sordino_error *why)
{
    const conv_geometry g = conv1d_geometry(node);
    return conv_shape(node, &g, why);
}

static uint32_t params(const op_node *node, op_param out[OP_MAX_PARAMS])
{
    const conv_geometry g = conv1d_geometry(node);
    out[0] = (op_param){"weight", 3, {g.out_c, g.in_c / g.groups, g.kernel_t, 0}};
    if (node->op == &op_dense)
        out[0] = (op_param){"weight", 2, {g.out_c, g.in_c, 0, 0}};
    out[1] = (op_param){"bias", 1, {g.out_c, 0, 0, 0}};
    return g.bias ? 2 : 1;
}

static size_t packed_bytes(const op_node *node)
{
    const conv_geometry g = conv1d_geometry(node);
    return conv_packed_bytes(&g);
}

static void pack(const op_node *node, const kreal *const *p, void *packed)
{
    const conv_geometry g = conv1d_geometry(node);
    conv_pack(&g, p[0], p[1], packed);
}

static double macs(const op_node *node)
{
    const conv_geometry g = conv1d_geometry(node);
    return conv_macs(&g);
}

static uint32_t channels(const op_node *node)
{
    return conv1d_geometry(node).out_c;
}

static bool fold(const op_node *node, bool before, const kreal *gain, const kreal *shift,
                 uint32_t n_channels, kreal *weight, kreal *bias)
{
    const conv_geometry g = conv1d_geometry(node);
    return conv_fold(&g, before, gain, shift, n_channels, weight, bias);
}

const op op_conv1d = {
    .name = "conv1d",
    .min_inputs = 1,
    .max_inputs = 1,
    .attrs = conv1d_attrs,
    .n_attrs = sizeof conv1d_attrs / sizeof conv1d_attrs[0],
    .shape = shape,
    .params = params,
    .packed_bytes = packed_bytes,
    .pack = pack,
    .macs = macs,
    .forward = conv_forward,
    .channels = channels,
    .fold = fold,
};

const op op_dense = {
    .name = "dense",
    .min_inputs = 1,
    .max_inputs = 1,
    .attrs = dense_attrs,
    .n_attrs = sizeof dense_attrs / sizeof dense_attrs[0],
    .shape = shape,
    .params = params,
    .packed_bytes = packed_bytes,
    .pack = pack,
    .macs = macs,
    .forward = conv_forward,
    .channels = channels,
    .fold = fold,
};
