/*
 * concat: inputs beside each other in each frame; with freq > 1, beside each other in each of
 * `freq` equal parts of a frame ([F][C1], [F][C2] to [F][C1 + C2]). slice: `count` floats from
 * `start` on, in each of `freq` parts.
 */
#include "core/base/error.h"
#include "core/ops/ops.h"

#include <string.h>

enum { CONCAT_FREQ };
enum { SLICE_START, SLICE_COUNT, SLICE_FREQ };

static const op_attr concat_attrs[] = {{"freq", 1, 65536, 1, true, false}};

static const op_attr slice_attrs[] = {
    {"start", 0, 65535, 0, true, true},
    {"count", 1, 65536, 0, true, true},
    {"freq", 1, 65536, 1, true, false},
};

static sordino_status concat_shape(op_node *node, sordino_error *why)
{
    const uint32_t freq = op_whole(node, CONCAT_FREQ);
    uint64_t width = 0;
    for (uint32_t i = 0; i < node->n_inputs; i++) {
        if (node->in_width[i] % freq != 0)
            return error_set(why, SORDINO_BAD_MODEL, "Width %u is no multiple of %u frequencies",
                             (unsigned)node->in_width[i], (unsigned)freq);
        width += node->in_width[i];
    }
    if (width > UINT32_MAX)
        return error_set(why, SORDINO_BAD_MODEL, "The frame is too wide");
    node->width = (uint32_t)width;
    return SORDINO_OK;
}

static void concat_forward(const op_call *call) SORDINO_RT
{
    const op_node *const node = call->node;
    const size_t freq = op_whole(node, CONCAT_FREQ), row = kernels_pad(node->width);
    for (size_t t = 0; t < call->n; t++) {
        kreal *y = call->out + t * row;
        for (size_t f = 0; f < freq; f++)
            for (uint32_t i = 0; i < node->n_inputs; i++) {
                const size_t part = node->in_width[i] / freq;
                const kreal *const x = call->in[i] + t * kernels_pad(node->in_width[i]);
                memcpy(y, x + f * part, part * sizeof *y);
                y += part;
            }
        memset(y, 0, (row - node->width) * sizeof *y);
    }
}

const op op_concat = {
    .name = "concat",
    .min_inputs = 1,
    .max_inputs = OP_MAX_INPUTS,
    .attrs = concat_attrs,
    .n_attrs = 1,
    .shape = concat_shape,
    .forward = concat_forward,
};

static sordino_status slice_shape(op_node *node, sordino_error *why)
{
    const uint32_t start = op_whole(node, SLICE_START), count = op_whole(node, SLICE_COUNT);
    const uint32_t freq = op_whole(node, SLICE_FREQ), width = node->in_width[0];
    if (width % freq != 0 || start + count > width / freq)
        return error_set(why, SORDINO_BAD_MODEL, "Slice %u + %u leaves %u / %u floats",
                         (unsigned)start, (unsigned)count, (unsigned)width, (unsigned)freq);
    node->width = count * freq;
    return SORDINO_OK;
}

static void slice_forward(const op_call *call) SORDINO_RT
{
    const op_node *const node = call->node;
    const size_t start = op_whole(node, SLICE_START), count = op_whole(node, SLICE_COUNT);
    const size_t freq = op_whole(node, SLICE_FREQ), part = node->in_width[0] / freq;
    const size_t x_row = kernels_pad(node->in_width[0]), row = kernels_pad(node->width);
    for (size_t t = 0; t < call->n; t++) {
        const kreal *const x = call->in[0] + t * x_row + start;
        kreal *const y = call->out + t * row;
        for (size_t f = 0; f < freq; f++)
            memcpy(y + f * count, x + f * part, count * sizeof *y);
        memset(y + node->width, 0, (row - node->width) * sizeof *y);
    }
}

const op op_slice = {
    .name = "slice",
    .min_inputs = 1,
    .max_inputs = 1,
    .attrs = slice_attrs,
    .n_attrs = 3,
    .shape = slice_shape,
    .forward = slice_forward,
};
