/*
 * The one convolution behind conv1d, dense, conv_freq and conv_freq_transposed: causal in time,
 * strided and padded in frequency. In time alone, frequency has size 1.
 *
 *   y[t][f'][o] = bias[o] + sum over j, k, i of x[t - age(j)][f(f', k)][i] w(o, i, j, k)
 *
 * age(j) = (kernel_t - 1 - j) dilation_t, as PyTorch's convolutions after padding at the left. (In
 * its transposed ones tap 0 is the present: turn the time taps of such weights round.)
 */
#ifndef OPS_CONV_H
#define OPS_CONV_H

#include "core/ops/op.h"

typedef struct conv_geometry {
    uint32_t in_f, in_c, out_f, out_c;
    uint32_t kernel_t, dilation_t;
    uint32_t kernel_f, stride_f, pad_f;
    uint32_t groups;
    bool transposed, bias;
} conv_geometry;

/* Each op's own reading of its attributes. */
typedef conv_geometry (*conv_geometry_fn)(const op_node *node);

/* Checks widths, groups and sizes, and fills node->width and history. */
sordino_status conv_shape(op_node *node, const conv_geometry *g, sordino_error *why);

size_t conv_packed_bytes(const conv_geometry *g);
double conv_macs(const conv_geometry *g);
void conv_pack(const conv_geometry *g, const kreal *weight, const kreal *bias, void *packed);
void conv_forward(const op_call *call) SORDINO_RT;

/* op.fold for weights in PyTorch's layout. */
bool conv_fold(const conv_geometry *g, bool before, const kreal *gain, const kreal *shift,
               uint32_t channels, kreal *weight, kreal *bias);

#endif
