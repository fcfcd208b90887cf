/* Functions of each value alone. */
#include "core/ops/ops.h"

static const op_attr prelu_attrs[] = {{"channels", 0, WIDTH_MAX, 0, true, false}};
static const op_attr gelu_attrs[] = {{"approximate", 0, 1, 0, true, false}}; /* 0: erf; 1: tanh */

static uint32_t prelu_params(const op_node *node, op_param list[OP_MAX_PARAMS])
{
    list[0] = op_vector("weight", op_channels(node));
    return 1;
}

const op op_prelu = {
    .name = "prelu",
    .min_inputs = 1,
    .max_inputs = 1,
    .attrs = prelu_attrs,
    .n_attrs = 1,
    .shape = op_channels_shape,
    .params = prelu_params,
};
const op op_relu = {
    .name = "relu",
    .min_inputs = 1,
    .max_inputs = 1,
    .shape = op_same_width,
};
const op op_tanh = {
    .name = "tanh",
    .min_inputs = 1,
    .max_inputs = 1,
    .shape = op_same_width,
};
const op op_sigmoid = {
    .name = "sigmoid",
    .min_inputs = 1,
    .max_inputs = 1,
    .shape = op_same_width,
};
const op op_gelu = {
    .name = "gelu",
    .min_inputs = 1,
    .max_inputs = 1,
    .attrs = gelu_attrs,
    .n_attrs = 1,
    .shape = op_same_width,
};
