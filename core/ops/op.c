#include "core/ops/op.h"

#include "core/ops/ops.h"

#include <string.h>

static const op *const all[] = {
    &op_conv1d,       &op_dense,     &op_conv_freq,  &op_conv_freq_transposed,
    &op_prelu,        &op_relu,      &op_tanh,       &op_sigmoid,
    &op_gelu,         &op_add,       &op_mul,        &op_concat,
    &op_slice,        &op_scale,     &op_batch_norm, &op_layer_norm,
    &op_running_norm, &op_transpose, &op_pad,        &op_gru_freq,
};

const op *op_at(size_t i)
{
    return i < sizeof all / sizeof all[0] ? all[i] : NULL;
}

const op *op_find(const char *name)
{
    for (size_t i = 0; op_at(i); i++)
        if (strcmp(all[i]->name, name) == 0)
            return all[i];
    return NULL;
}

uint32_t op_attr_index(const op *o, const char *name)
{
    for (uint32_t i = 0; i < o->n_attrs; i++)
        if (strcmp(o->attrs[i].name, name) == 0)
            return i;
    return o->n_attrs;
}

size_t op_param_size(const op_param *p)
{
    size_t size = 1;
    for (uint32_t i = 0; i < p->n_dims; i++)
        size *= p->dims[i];
    return size;
}

size_t op_node_weights(const op_node *node)
{
    op_param params[OP_MAX_PARAMS];
    size_t n = 0;
    const uint32_t n_params = node->op->params ? node->op->params(node, params) : 0;
    for (uint32_t i = 0; i < n_params; i++)
        n += op_param_size(&params[i]);
    return n;
}
