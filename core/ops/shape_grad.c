/* Backward of add, mul, concat, slice, transpose and pad. */
#include "core/ops/grads.h"
#include "core/ops/ops.h"

#include <string.h>

/* Frames multiplied at once where there are more than two inputs. */
enum { MUL_FRAMES = 8 };
enum { SLICE_START };
enum { TRANSPOSE_ROWS };
enum { PAD_BEFORE };

static void add_backward(const op_grad_call *call)
{
    for (uint32_t i = 0; i < call->node->n_inputs; i++)
        for (size_t w = 0; w < call->windows && call->d_in[i].base; w++) {
            kreal *const d = grad_window(&call->d_in[i], w);
            call->kernels->add(d, grad_window(&call->d_out, w), d, call->n, call->node->width);
        }
}

static size_t mul_scratch(const op_node *node, size_t windows, size_t n)
{
    (void)windows;
    (void)n;
    return node->n_inputs > 2 ? MUL_FRAMES * kernels_pad(node->width) * sizeof(kreal) : 0;
}

/* The product of all inputs but `but`, of `n` frames from frame `t` of window `w` on. */
static const kreal *others(const op_grad_call *call, uint32_t but, size_t w, size_t t, size_t n)
{
    const size_t width = call->node->width, row = kernels_pad(width);
    const kreal *product = NULL;
    for (uint32_t i = 0; i < call->node->n_inputs; i++) {
        if (i == but)
            continue;
        const kreal *const x = grad_window(&call->in[i], w) + t * row;
        if (product)
            call->kernels->mul(product, x, call->scratch, n, width);
        product = product ? call->scratch : x;
    }
    return product;
}

static void mul_backward(const op_grad_call *call)
{
    const train_kernels *const k = train_kernels_of(call->kernels);
    const size_t width = call->node->width, row = kernels_pad(width);
    const size_t block = call->node->n_inputs > 2 ? MUL_FRAMES : call->n;
    for (size_t w = 0; w < call->windows; w++)
        for (size_t t = 0; t < call->n; t += block) {
            const size_t n = call->n - t < block ? call->n - t : block;
            for (uint32_t i = 0; i < call->node->n_inputs; i++)
                if (call->d_in[i].base)
                    k->times(others(call, i, w, t, n), grad_window(&call->d_out, w) + t * row,
                             grad_window(&call->d_in[i], w) + t * row, n, width);
        }
}

/* Adds `count` floats of each frame. */
static void add_columns(const kreal *from, size_t from_row, kreal *to, size_t to_row, size_t count,
                        size_t n)
{
    for (size_t t = 0; t < n; t++, from += from_row, to += to_row)
        for (size_t i = 0; i < count; i++)
            to[i] += from[i];
}

static void concat_backward(const op_grad_call *call)
{
    const op_node *const node = call->node;
    size_t first = 0;
    for (uint32_t i = 0; i < node->n_inputs; i++) {
        const size_t width = node->in_width[i];
        for (size_t w = 0; w < call->windows && call->d_in[i].base; w++)
            add_columns(grad_window(&call->d_out, w) + first, kernels_pad(node->width),
                        grad_window(&call->d_in[i], w), kernels_pad(width), width, call->n);
        first += width;
    }
}

static void slice_backward(const op_grad_call *call)
{
    const op_node *const node = call->node;
    for (size_t w = 0; w < call->windows && call->d_in[0].base; w++)
        add_columns(grad_window(&call->d_out, w), kernels_pad(node->width),
                    grad_window(&call->d_in[0], w) + op_whole(node, SLICE_START),
                    kernels_pad(node->in_width[0]), node->width, call->n);
}

static void transpose_backward(const op_grad_call *call)
{
    const size_t width = call->node->width, row = kernels_pad(width);
    const size_t rows = op_whole(call->node, TRANSPOSE_ROWS), columns = width / rows;
    for (size_t w = 0; w < call->windows && call->d_in[0].base; w++) {
        const kreal *const from = grad_window(&call->d_out, w);
        kreal *const to = grad_window(&call->d_in[0], w);
        for (size_t t = 0; t < call->n; t++)
            for (size_t r = 0; r < rows; r++)
                for (size_t c = 0; c < columns; c++)
                    to[t * row + r * columns + c] += from[t * row + c * rows + r];
    }
}

static void pad_backward(const op_grad_call *call)
{
    const op_node *const node = call->node;
    for (size_t w = 0; w < call->windows && call->d_in[0].base; w++)
        add_columns(grad_window(&call->d_out, w) + op_whole(node, PAD_BEFORE),
                    kernels_pad(node->width), grad_window(&call->d_in[0], w),
                    kernels_pad(node->in_width[0]), node->in_width[0], call->n);
}

const op_grad grad_add = {.op = &op_add, .backward = add_backward};
const op_grad grad_mul = {
    .op = &op_mul,
    .scratch_bytes = mul_scratch,
    .backward = mul_backward,
};
const op_grad grad_concat = {.op = &op_concat, .backward = concat_backward};
const op_grad grad_slice = {.op = &op_slice, .backward = slice_backward};
const op_grad grad_transpose = {.op = &op_transpose, .backward = transpose_backward};
const op_grad grad_pad = {.op = &op_pad, .backward = pad_backward};
