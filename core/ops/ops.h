/* The ops, for op.c's list, and what several of them do. */
#ifndef OPS_OPS_H
#define OPS_OPS_H

#include "core/ops/op.h"

enum { WIDTH_MAX = 65536, HISTORY_MAX = 1 << 20 }; /* of attributes */

extern const op op_conv1d, op_dense, op_conv_freq, op_conv_freq_transposed;
extern const op op_prelu, op_relu, op_tanh, op_sigmoid, op_gelu;
extern const op op_add, op_mul, op_concat, op_slice, op_scale;
extern const op op_batch_norm, op_layer_norm, op_running_norm;

/* For `shape`: inputs of one width, which is the result's. */
sordino_status op_same_width(op_node *node, sordino_error *why);

/* For `shape` of ops whose attribute 0 is `channels`: it must divide the width, which stays. */
sordino_status op_channels_shape(op_node *node, sordino_error *why);

/* The attribute 0, `channels`, with 0 for the whole width. */
uint32_t op_channels(const op_node *node);

/* For `shape`: the result's width and history, checked to fit their type. */
sordino_status op_set_shape(op_node *node, uint64_t width, uint64_t history, sordino_error *why);

/* A parameter of one dim. */
op_param op_vector(const char *suffix, uint32_t size);

#endif
