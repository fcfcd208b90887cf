/*
 * conv_freq: convolution over time (causal) and frequency (padded with zeros) of [T][F][C], the
 * same weights for all frequencies; PyTorch's conv2d on [B][C][T][F]. conv_freq_transposed: its
 * mirror, which spreads frequencies by stride_f; PyTorch's conv_transpose2d with the last frames
 * cut off.
 */
#include "core/base/error.h"
#include "core/ops/conv.h"
#include "core/ops/ops.h"

/* PAD_OUT only for the transposed one. */
enum { FREQ, OUT, KERNEL_T, KERNEL_F, DILATION_T, STRIDE_F, PAD_F, GROUPS, BIAS, PAD_OUT };

/* pad_f -1: (kernel_f - 1) / 2. */
#define COMMON_ATTRS                                                                               \
    {"freq", 1, 65536, 0, true, true}, {"out", 1, 65536, 0, true, true},                           \
        {"kernel_t", 1, 256, 1, true, false}, {"kernel_f", 1, 64, 1, true, false},                 \
        {"dilation_t", 1, 1048576, 1, true, false}, {"stride_f", 1, 16, 1, true, false},           \
        {"pad_f", -1, 63, -1, true, false}, {"groups", 1, 65536, 1, true, false},                  \
    {                                                                                              \
        "bias", 0, 1, 1, true, false                                                               \
    }

static const op_attr forward_attrs[] = {COMMON_ATTRS};
static const op_attr transposed_attrs[] = {COMMON_ATTRS, {"out_pad_f", 0, 15, 0, true, false}};

conv_geometry conv_freq_geometry(const op_node *n)
{
    const uint32_t in_f = op_whole(n, FREQ), kernel_f = op_whole(n, KERNEL_F);
    const uint32_t stride = op_whole(n, STRIDE_F);
    const uint32_t pad = n->attr[PAD_F] < 0 ? (kernel_f - 1) / 2 : op_whole(n, PAD_F);
    const bool transposed = n->op == &op_conv_freq_transposed;
    int64_t out_f = 0;
    if (transposed)
        out_f = (int64_t)(in_f - 1) * stride - 2 * (int64_t)pad + kernel_f + op_whole(n, PAD_OUT);
    else if (in_f + 2 * pad >= kernel_f)
        out_f = (in_f + 2 * pad - kernel_f) / stride + 1;
    return (conv_geometry){
        .in_f = in_f,
        .in_c = n->in_width[0] / in_f,
        .out_f = out_f > 0 ? (uint32_t)out_f : 0,
        .out_c = op_whole(n, OUT),
        .kernel_t = op_whole(n, KERNEL_T),
        .dilation_t = op_whole(n, DILATION_T),
        .kernel_f = kernel_f,
        .stride_f = stride,
        .pad_f = pad,
        .groups = op_whole(n, GROUPS),
        .transposed = transposed,
        .bias = op_whole(n, BIAS) != 0,
    };
}

static sordino_status shape(op_node *node, sordino_error *why)
{
    const conv_geometry g = conv_freq_geometry(node);
    if (g.pad_f >= g.kernel_f)
        return error_set(why, SORDINO_BAD_MODEL, "Padding %u is not below the kernel's %u",
                         (unsigned)g.pad_f, (unsigned)g.kernel_f);
    if (g.transposed && op_whole(node, PAD_OUT) >= g.stride_f)
        return error_set(why, SORDINO_BAD_MODEL, "Output padding %u is not below the stride %u",
                         (unsigned)op_whole(node, PAD_OUT), (unsigned)g.stride_f);
    return conv_shape(node, &g, why);
}

static uint32_t params(const op_node *node, op_param out[OP_MAX_PARAMS])
{
    const conv_geometry g = conv_freq_geometry(node);
    const uint32_t first = g.transposed ? g.in_c : g.out_c;
    const uint32_t second = (g.transposed ? g.out_c : g.in_c) / g.groups;
    out[0] = (op_param){"weight", 4, {first, second, g.kernel_t, g.kernel_f}};
    out[1] = (op_param){"bias", 1, {g.out_c, 0, 0, 0}};
    return g.bias ? 2 : 1;
}

static size_t packed_bytes(const op_node *node)
{
    const conv_geometry g = conv_freq_geometry(node);
    return conv_packed_bytes(&g);
}

static void pack(const op_node *node, const kreal *const *p, void *packed)
{
    const conv_geometry g = conv_freq_geometry(node);
    conv_pack(&g, p[0], p[1], packed);
}

static double macs(const op_node *node)
{
    const conv_geometry g = conv_freq_geometry(node);
    return conv_macs(&g);
}

static uint32_t channels(const op_node *node)
{
    return op_whole(node, OUT);
}

static bool fold(const op_node *node, bool before, const kreal *gain, const kreal *shift,
                 uint32_t n_channels, kreal *weight, kreal *bias)
{
    const conv_geometry g = conv_freq_geometry(node);
    return conv_fold(&g, before, gain, shift, n_channels, weight, bias);
}

const op op_conv_freq = {
    .name = "conv_freq",
    .min_inputs = 1,
    .max_inputs = 1,
    .attrs = forward_attrs,
    .n_attrs = sizeof forward_attrs / sizeof forward_attrs[0],
    .shape = shape,
    .params = params,
    .packed_bytes = packed_bytes,
    .pack = pack,
    .macs = macs,
    .forward = conv_forward,
    .channels = channels,
    .fold = fold,
};

const op op_conv_freq_transposed = {
    .name = "conv_freq_transposed",
    .min_inputs = 1,
    .max_inputs = 1,
    .attrs = transposed_attrs,
    .n_attrs = sizeof transposed_attrs / sizeof transposed_attrs[0],
    .shape = shape,
    .params = params,
    .packed_bytes = packed_bytes,
    .pack = pack,
    .macs = macs,
    .forward = conv_forward,
    .channels = channels,
    .fold = fold,
};
