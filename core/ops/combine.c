/* Frames put together and taken apart. */
#include "core/base/error.h"
#include "core/ops/ops.h"

enum { START, COUNT, N_ATTRS };

static const op_attr slice_attrs[N_ATTRS] = {
    [START] = {"start", 0, WIDTH_MAX, 0, true, true},
    [COUNT] = {"count", 1, WIDTH_MAX, 0, true, true},
};

static sordino_status concat_shape(op_node *node, sordino_error *why)
{
    uint64_t width = 0;
    for (uint32_t i = 0; i < node->n_inputs; i++)
        width += node->in_width[i];
    return op_set_shape(node, width, 0, why);
}

static sordino_status slice_shape(op_node *node, sordino_error *why)
{
    const uint32_t start = op_whole(node, START);
    const uint32_t count = op_whole(node, COUNT);
    if (start + count > node->in_width[0])
        return error_set(why, SORDINO_BAD_MODEL, "Values %u to %u are not among %u",
                         (unsigned)start, (unsigned)(start + count - 1),
                         (unsigned)node->in_width[0]);
    return op_set_shape(node, count, 0, why);
}

const op op_add = {
    .name = "add",
    .min_inputs = 2,
    .max_inputs = OP_MAX_INPUTS,
    .shape = op_same_width,
};
const op op_mul = {
    .name = "mul",
    .min_inputs = 2,
    .max_inputs = OP_MAX_INPUTS,
    .shape = op_same_width,
};
const op op_concat = {
    .name = "concat",
    .min_inputs = 2,
    .max_inputs = OP_MAX_INPUTS,
    .shape = concat_shape,
};
const op op_slice = {
    .name = "slice",
    .min_inputs = 1,
    .max_inputs = 1,
    .attrs = slice_attrs,
    .n_attrs = N_ATTRS,
    .shape = slice_shape,
};
