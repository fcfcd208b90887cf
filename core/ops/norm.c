/* Gains, shifts and norms. */
#include "core/ops/ops.h"

/* The smallest eps keeps a constant input finite in single precision. */
static const op_attr channel_attrs[] = {
    {"channels", 0, WIDTH_MAX, 0, true, false},
    {"eps", 1e-12, 1.0, 1e-5, false, false}, /* not for scale */
};
static const op_attr layer_attrs[] = {{"eps", 1e-12, 1.0, 1e-5, false, false}};
static const op_attr running_attrs[] = {
    {"time", 1.0, 1e9, 0, false, true}, /* frames */
    {"eps", 1e-12, 1.0, 1e-5, false, false},
};

static sordino_status running_shape(op_node *node, sordino_error *why)
{
    node->endless = true;
    return op_same_width(node, why);
}

static uint32_t affine_params(uint32_t size, op_param list[OP_MAX_PARAMS])
{
    list[0] = op_vector("weight", size);
    list[1] = op_vector("bias", size);
    return 2;
}

static uint32_t scale_params(const op_node *node, op_param list[OP_MAX_PARAMS])
{
    return affine_params(op_channels(node), list);
}

static uint32_t batch_params(const op_node *node, op_param list[OP_MAX_PARAMS])
{
    list[2] = op_vector("running_mean", op_channels(node));
    list[3] = op_vector("running_var", op_channels(node));
    return 2 + affine_params(op_channels(node), list);
}

static uint32_t layer_params(const op_node *node, op_param list[OP_MAX_PARAMS])
{
    return affine_params(node->width, list);
}

const op op_scale = {
    .name = "scale",
    .min_inputs = 1,
    .max_inputs = 1,
    .attrs = channel_attrs,
    .n_attrs = 1,
    .shape = op_channels_shape,
    .params = scale_params,
};
const op op_batch_norm = {
    .name = "batch_norm",
    .min_inputs = 1,
    .max_inputs = 1,
    .attrs = channel_attrs,
    .n_attrs = 2,
    .shape = op_channels_shape,
    .params = batch_params,
};
const op op_layer_norm = {
    .name = "layer_norm",
    .min_inputs = 1,
    .max_inputs = 1,
    .attrs = layer_attrs,
    .n_attrs = 1,
    .shape = op_same_width,
    .params = layer_params,
};
const op op_running_norm = {
    .name = "running_norm",
    .min_inputs = 1,
    .max_inputs = 1,
    .attrs = running_attrs,
    .n_attrs = 2,
    .shape = running_shape,
};
