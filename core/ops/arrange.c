/*
 * transpose: a frame [rows][C] as [C][rows]. pad: zeros before and after a frame. Together with
 * slice and concat they bring features that lie one kind after the other into [F][C].
 */
#include "core/base/error.h"
#include "core/ops/ops.h"

#include <string.h>

enum { TRANSPOSE_ROWS };
enum { PAD_BEFORE, PAD_AFTER };

static const op_attr transpose_attrs[] = {{"rows", 1, 65536, 0, true, true}};

static const op_attr pad_attrs[] = {
    {"before", 0, 65535, 0, true, false},
    {"after", 0, 65535, 0, true, false},
};

static sordino_status transpose_shape(op_node *node, sordino_error *why)
{
    const uint32_t rows = op_whole(node, TRANSPOSE_ROWS);
    if (node->in_width[0] % rows != 0)
        return error_set(why, SORDINO_BAD_MODEL, "Input width %u is no multiple of %u rows",
                         (unsigned)node->in_width[0], (unsigned)rows);
    node->width = node->in_width[0];
    return SORDINO_OK;
}

static void transpose_forward(const op_call *call) SORDINO_RT
{
    const size_t width = call->node->width, row = kernels_pad(width);
    const size_t rows = op_whole(call->node, TRANSPOSE_ROWS), columns = width / rows;
    for (size_t t = 0; t < call->n; t++) {
        const kreal *x = call->in[0] + t * row;
        kreal *const y = call->out + t * row;
        for (size_t r = 0; r < rows; r++)
            for (size_t c = 0; c < columns; c++)
                y[c * rows + r] = *x++;
        memset(y + width, 0, (row - width) * sizeof *y);
    }
}

const op op_transpose = {
    .name = "transpose",
    .since_minor = 1,
    .min_inputs = 1,
    .max_inputs = 1,
    .attrs = transpose_attrs,
    .n_attrs = 1,
    .shape = transpose_shape,
    .forward = transpose_forward,
};

static sordino_status pad_shape(op_node *node, sordino_error *why)
{
    const uint64_t width =
        (uint64_t)node->in_width[0] + op_whole(node, PAD_BEFORE) + op_whole(node, PAD_AFTER);
    if (width > UINT32_MAX)
        return error_set(why, SORDINO_BAD_MODEL, "The frame is too wide");
    node->width = (uint32_t)width;
    return SORDINO_OK;
}

static void pad_forward(const op_call *call) SORDINO_RT
{
    const op_node *const node = call->node;
    const size_t before = op_whole(node, PAD_BEFORE), count = node->in_width[0];
    const size_t x_row = kernels_pad(count), row = kernels_pad(node->width);
    for (size_t t = 0; t < call->n; t++) {
        kreal *const y = call->out + t * row;
        memset(y, 0, before * sizeof *y);
        memcpy(y + before, call->in[0] + t * x_row, count * sizeof *y);
        memset(y + before + count, 0, (row - before - count) * sizeof *y);
    }
}

const op op_pad = {
    .name = "pad",
    .since_minor = 1,
    .min_inputs = 1,
    .max_inputs = 1,
    .attrs = pad_attrs,
    .n_attrs = 2,
    .shape = pad_shape,
    .forward = pad_forward,
};
