/* A matrix for every frame. */
#include "core/ops/ops.h"

enum { OUT, BIAS, N_ATTRS };

static const op_attr attrs[N_ATTRS] = {
    [OUT] = {"out", 1, WIDTH_MAX, 0, true, true},
    [BIAS] = {"bias", 0, 1, 1, true, false},
};

static sordino_status shape(op_node *node, sordino_error *why)
{
    return op_set_shape(node, op_whole(node, OUT), 0, why);
}

static uint32_t params(const op_node *node, op_param list[OP_MAX_PARAMS])
{
    list[0] = (op_param){"weight", 2, {op_whole(node, OUT), node->in_width[0]}};
    list[1] = op_vector("bias", op_whole(node, OUT));
    return 1 + op_whole(node, BIAS);
}

const op op_dense = {
    .name = "dense",
    .min_inputs = 1,
    .max_inputs = 1,
    .attrs = attrs,
    .n_attrs = N_ATTRS,
    .shape = shape,
    .params = params,
};
