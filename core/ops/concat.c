/*
 * concat: inputs beside each other in each frame. slice: `count` floats of a frame from `start` on.
 */
#include "core/base/error.h"
#include "core/ops/ops.h"

#include <string.h>

enum { SLICE_START, SLICE_COUNT };

static const op_attr slice_attrs[] = {
    {"start", 0, 65535, 0, true, true},
    {"count", 1, 65536, 0, true, true},
};

static sordino_status concat_shape(op_node *node, sordino_error *why)
{
    uint64_t width = 0;
    for (uint32_t i = 0; i < node->n_inputs; i++)
        width += node->in_width[i];
    if (width > UINT32_MAX)
        return error_set(why, SORDINO_BAD_MODEL, "The frame is too wide");
    node->width = (uint32_t)width;
    return SORDINO_OK;
}

static void concat_forward(const op_call *call) SORDINO_RT
{
    const op_node *const node = call->node;
    const size_t row = kernels_pad(node->width);
    for (size_t t = 0; t < call->n; t++) {
        kreal *y = call->out + t * row;
        for (uint32_t i = 0; i < node->n_inputs; i++) {
            const size_t width = node->in_width[i];
            memcpy(y, call->in[i] + t * kernels_pad(width), width * sizeof *y);
            y += width;
        }
        memset(y, 0, (row - node->width) * sizeof *y);
    }
}

const op op_concat = {
    .name = "concat",
    .min_inputs = 2,
    .max_inputs = OP_MAX_INPUTS,
    .shape = concat_shape,
    .forward = concat_forward,
};

static sordino_status slice_shape(op_node *node, sordino_error *why)
{
    const uint32_t start = op_whole(node, SLICE_START), count = op_whole(node, SLICE_COUNT);
    if (start + count > node->in_width[0])
        return error_set(why, SORDINO_BAD_MODEL, "Slice %u + %u leaves the %u floats of a frame",
                         (unsigned)start, (unsigned)count, (unsigned)node->in_width[0]);
    node->width = count;
    return SORDINO_OK;
}

static void slice_forward(const op_call *call) SORDINO_RT
{
    const op_node *const node = call->node;
    const size_t start = op_whole(node, SLICE_START);
    const size_t x_row = kernels_pad(node->in_width[0]), row = kernels_pad(node->width);
    for (size_t t = 0; t < call->n; t++) {
        kreal *const y = call->out + t * row;
        memcpy(y, call->in[0] + t * x_row + start, node->width * sizeof *y);
        memset(y + node->width, 0, (row - node->width) * sizeof *y);
    }
}

const op op_slice = {
    .name = "slice",
    .min_inputs = 1,
    .max_inputs = 1,
    .attrs = slice_attrs,
    .n_attrs = 2,
    .shape = slice_shape,
    .forward = slice_forward,
};
