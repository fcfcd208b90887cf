/* Causal convolution over frames. */
#include "core/base/error.h"
#include "core/ops/ops.h"

enum { KERNEL, OUT, DILATION, GROUPS, BIAS, N_ATTRS };

static const op_attr attrs[N_ATTRS] = {
    [KERNEL] = {"kernel", 1, WIDTH_MAX, 0, true, true},
    [OUT] = {"out", 1, WIDTH_MAX, 0, true, true},
    [DILATION] = {"dilation", 1, HISTORY_MAX, 1, true, false},
    [GROUPS] = {"groups", 1, WIDTH_MAX, 1, true, false},
    [BIAS] = {"bias", 0, 1, 1, true, false},
};

static sordino_status shape(op_node *node, sordino_error *why)
{
    const uint32_t in = node->in_width[0];
    const uint32_t out = op_whole(node, OUT);
    const uint32_t groups = op_whole(node, GROUPS);
    if (in % groups != 0 || out % groups != 0)
        return error_set(why, SORDINO_BAD_MODEL, "The %u groups do not divide %u and %u",
                         (unsigned)groups, (unsigned)in, (unsigned)out);
    const uint64_t history = (uint64_t)(op_whole(node, KERNEL) - 1) * op_whole(node, DILATION);
    return op_set_shape(node, out, history, why);
}

static uint32_t params(const op_node *node, op_param list[OP_MAX_PARAMS])
{
    const uint32_t out = op_whole(node, OUT);
    list[0] = (op_param){
        "weight", 3, {out, node->in_width[0] / op_whole(node, GROUPS), op_whole(node, KERNEL)}};
    list[1] = op_vector("bias", out);
    return 1 + op_whole(node, BIAS);
}

const op op_conv1d = {
    .name = "conv1d",
    .min_inputs = 1,
    .max_inputs = 1,
    .attrs = attrs,
    .n_attrs = N_ATTRS,
    .shape = shape,
    .params = params,
};
