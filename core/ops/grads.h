/* The backward sides, for op_grad.c's list, and what they share. */
#ifndef OPS_GRADS_H
#define OPS_GRADS_H

#include "core/kernels/train_kernels.h"
#include "core/ops/op_grad.h"

extern const op_grad grad_conv1d, grad_dense, grad_conv_freq, grad_conv_freq_transposed;
extern const op_grad grad_prelu, grad_relu, grad_tanh, grad_sigmoid, grad_gelu;
extern const op_grad grad_add, grad_mul, grad_concat, grad_slice, grad_scale;
extern const op_grad grad_transpose, grad_pad, grad_gru_freq;
extern const op_grad grad_batch_norm, grad_layer_norm, grad_running_norm;

/* First frame of a window; NULL when the frames are not wanted. */
static inline kreal *grad_window(const op_frames *f, size_t window)
{
    return f->base ? f->base + window * f->stride : NULL;
}

/* Bytes of `n` floats, up to where a cache line ends. */
static inline size_t grad_bytes(size_t n)
{
    return (n * sizeof(kreal) + 63) / 64 * 64;
}

/* to[i % channels] += from[i] for the columns of a frame: see channels.h. */
void grad_fold(const kreal *from, size_t width, kreal *to, size_t channels);

/* to[i] += from[i], then from is zero. */
void grad_move(kreal *from, size_t n, kreal *to);

#endif
