#include "core/ops/op.h"

#include "core/base/error.h"
#include "core/ops/ops.h"

#include <string.h>

static const op *const table[] = {
    &op_conv1d,     &op_conv_freq,    &op_conv_freq_transposed,
    &op_dense,      &op_prelu,        &op_relu,
    &op_tanh,       &op_sigmoid,      &op_gelu,
    &op_add,        &op_mul,          &op_concat,
    &op_slice,      &op_scale,        &op_batch_norm,
    &op_layer_norm, &op_running_norm,
};

enum { N_OPS = sizeof table / sizeof table[0] };

const op *op_at(size_t i)
{
    return i < N_OPS ? table[i] : NULL;
}

const op *op_find(const char *name)
{
    for (size_t i = 0; i < N_OPS; i++)
        if (strcmp(table[i]->name, name) == 0)
            return table[i];
    return NULL;
}

uint32_t op_attr_index(const op *o, const char *name)
{
    uint32_t i = 0;
    while (i < o->n_attrs && strcmp(o->attrs[i].name, name) != 0)
        i++;
    return i;
}

sordino_status op_set_shape(op_node *node, uint64_t width, uint64_t history, sordino_error *why)
{
    if (width < 1 || width > UINT32_MAX || history > UINT32_MAX)
        return error_set(why, SORDINO_BAD_MODEL, "A frame of %llu values, %llu looked back on",
                         (unsigned long long)width, (unsigned long long)history);
    node->width = (uint32_t)width;
    node->history = (uint32_t)history;
    return SORDINO_OK;
}

sordino_status op_same_width(op_node *node, sordino_error *why)
{
    for (uint32_t i = 1; i < node->n_inputs; i++)
        if (node->in_width[i] != node->in_width[0])
            return error_set(why, SORDINO_BAD_MODEL, "Inputs of %u and %u values do not fit",
                             (unsigned)node->in_width[0], (unsigned)node->in_width[i]);
    return op_set_shape(node, node->in_width[0], 0, why);
}

uint32_t op_channels(const op_node *node)
{
    const uint32_t channels = op_whole(node, 0);
    return channels ? channels : node->in_width[0];
}

sordino_status op_channels_shape(op_node *node, sordino_error *why)
{
    if (node->in_width[0] % op_channels(node) != 0)
        return error_set(why, SORDINO_BAD_MODEL, "The %u channels do not divide %u values",
                         (unsigned)op_channels(node), (unsigned)node->in_width[0]);
    return op_set_shape(node, node->in_width[0], 0, why);
}

op_param op_vector(const char *suffix, uint32_t size)
{
    return (op_param){suffix, 1, {size}};
}
