/* The ops, for op.c's list. */
#ifndef OPS_OPS_H
#define OPS_OPS_H

#include "core/ops/op.h"

extern const op op_conv1d, op_dense, op_conv_freq, op_conv_freq_transposed;
extern const op op_prelu, op_relu, op_tanh, op_sigmoid, op_gelu;
extern const op op_add, op_mul, op_concat, op_slice, op_scale;
extern const op op_transpose, op_pad, op_gru_freq;
extern const op op_batch_norm, op_layer_norm, op_running_norm;

#endif
