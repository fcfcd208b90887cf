/* Backward of the activations. */
#include "core/ops/channels.h"
#include "core/ops/grads.h"
#include "core/ops/ops.h"

#include <string.h>

enum { PRELU_CHANNELS };
enum { GELU_TANH };

/* Of one window: `v` is the input or the result, as the kernel wants it. */
static void run_map(const op_grad_call *call, train_map_fn map, const op_frames *v)
{
    if (!call->d_in[0].base)
        return;
    for (size_t w = 0; w < call->windows; w++)
        map(grad_window(v, w), grad_window(&call->d_out, w), grad_window(&call->d_in[0], w),
            call->n, call->node->width);
}

static void relu_backward(const op_grad_call *call)
{
    run_map(call, train_kernels_of(call->kernels)->relu, &call->in[0]);
}

static void tanh_backward(const op_grad_call *call)
{
    run_map(call, train_kernels_of(call->kernels)->tanh, &call->out);
}

static void sigmoid_backward(const op_grad_call *call)
{
    run_map(call, train_kernels_of(call->kernels)->sigmoid, &call->out);
}

static void gelu_backward(const op_grad_call *call)
{
    const train_kernels *const k = train_kernels_of(call->kernels);
    run_map(call, call->node->attr[GELU_TANH] > 0 ? k->gelu_tanh : k->gelu_erf, &call->in[0]);
}

/* [2][pad(width)]: a window's sums, all sums */
static size_t prelu_scratch(const op_node *node, size_t windows, size_t n)
{
    (void)windows;
    (void)n;
    return 2 * kernels_pad(node->width) * sizeof(kreal);
}

static void prelu_backward(const op_grad_call *call)
{
    const train_kernels *const k = train_kernels_of(call->kernels);
    const size_t width = call->node->width, row = kernels_pad(width);
    kreal *const part = call->scratch, *const all = part + row;
    memset(part, 0, 2 * row * sizeof *part);
    for (size_t w = 0; w < call->windows; w++) {
        k->prelu(grad_window(&call->in[0], w), grad_window(&call->d_out, w), call->packed,
                 grad_window(&call->d_in[0], w), call->n, width, part);
        grad_move(part, row, all);
    }
    grad_fold(all, width, call->d_params[0], channels_count(call->node, PRELU_CHANNELS));
}

const op_grad grad_relu = {.op = &op_relu, .backward = relu_backward};
const op_grad grad_tanh = {.op = &op_tanh, .backward = tanh_backward};
const op_grad grad_sigmoid = {.op = &op_sigmoid, .backward = sigmoid_backward};
const op_grad grad_gelu = {.op = &op_gelu, .backward = gelu_backward};
const op_grad grad_prelu = {
    .op = &op_prelu,
    .scratch_bytes = prelu_scratch,
    .backward = prelu_backward,
};
