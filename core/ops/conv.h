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
    bool ahead; /* age(j) counts forwards: frames after the present one, for derivatives */
} conv_geometry;

/* The ops' own reading of their attributes: conv1d and dense; conv_freq and its transposed. */
conv_geometry conv1d_geometry(const op_node *node);
conv_geometry conv_freq_geometry(const op_node *node);

/* Input frequency of tap k for output frequency f; false when it falls outside. */
bool conv_source(const conv_geometry *g, uint32_t f, uint32_t k, uint32_t *source);

/* One weight for each output channel and tap: groups as many as channels. */
bool conv_is_depthwise(const conv_geometry *g);

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
