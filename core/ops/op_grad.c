#include "core/ops/op_grad.h"

#include "core/ops/grads.h"

static const op_grad *const all[] = {
    &grad_conv1d,       &grad_dense,     &grad_conv_freq,  &grad_conv_freq_transposed,
    &grad_prelu,        &grad_relu,      &grad_tanh,       &grad_sigmoid,
    &grad_gelu,         &grad_add,       &grad_mul,        &grad_concat,
    &grad_slice,        &grad_scale,     &grad_batch_norm, &grad_layer_norm,
    &grad_running_norm, &grad_transpose, &grad_pad,        &grad_gru_freq,
};

const op_grad *op_grad_find(const op *o)
{
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        if (all[i]->op == o)
            return all[i];
    return NULL;
}

void grad_fold(const kreal *from, size_t width, kreal *to, size_t channels)
{
    for (size_t first = 0; first < width; first += channels)
        for (size_t c = 0; c < channels; c++)
            to[c] += from[first + c];
}

void grad_move(kreal *from, size_t n, kreal *to)
{
    for (size_t i = 0; i < n; i++) {
        to[i] += from[i];
        from[i] = 0;
    }
}
