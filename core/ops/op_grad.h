/*
 * The backward side of each op, for training only: not part of the installed library. Frames and
 * rows are as in op.h. A pass works on `windows` sequences at once, each of `n` frames that were
 * preceded by zeros; all of them are kept until their backward pass.
 *
 * What is passed back is added to what is already there (+=), so that a node with several users
 * collects from each.
 */
#ifndef OPS_OP_GRAD_H
#define OPS_OP_GRAD_H

#include <stdbool.h>
#include <stddef.h>

#include "core/ops/op.h"

/* One sequence of frames: first frame of window w at base + w * stride. `base` points at frame 0 of
 * window 0. For values (inputs, results) at least node->history zero frames lie before each
 * window's first frame; for derivatives at least node->history zero frames lie after each window's
 * last frame. KERNELS_PAD floats after the last frame of all can be read. */
typedef struct op_frames {
    kreal *base;
    size_t stride; /* floats from one window to the next, a multiple of KERNELS_PAD */
} op_frames;

typedef struct op_grad_call {
    const op_node *node;
    const kernels *kernels;
    const kreal *const *params; /* [n_params] as op->params lists them, PyTorch's layout */
    const void *packed;         /* op->pack of params */
    const void *packed_grad;    /* op_grad->pack of params; NULL when that is NULL */
    void *kept;                 /* kept_bytes, from forward to backward */
    void *scratch;              /* scratch_bytes, means nothing between calls */
    op_frames in[OP_MAX_INPUTS], out;
    op_frames d_in[OP_MAX_INPUTS]; /* base NULL: not wanted */
    op_frames d_out;        /* may be used as scratch once it was read: backward may change it
                               in its n frames (not in the zeros after them) */
    kreal *const *d_params; /* [n_params], +=; no padding, PyTorch's layout */
    size_t windows, n;      /* each >= 1 */
} op_grad_call;

typedef struct op_grad {
    const op *op;

    /* Parameters, in the order of op->params, that no gradient descends: they are statistics,
     * updated by `forward` (batch_norm's running mean and variance). Bit i: parameter i. */
    unsigned statistics;

    /* Each may be NULL: none. */
    size_t (*kept_bytes)(const op_node *node, size_t windows, size_t n);
    size_t (*scratch_bytes)(const op_node *node, size_t windows, size_t n);
    size_t (*packed_bytes)(const op_node *node);
    void (*pack)(const op_node *node, const kreal *const *params, void *packed);

    /* Forward where training differs from running (batch_norm: statistics of the batch); NULL: call
     * op->forward for each window. Statistics go to `batch_stats` below. */
    void (*forward)(const op_grad_call *call);

    /* Derivatives of inputs and parameters from that of the result. */
    void (*backward)(const op_grad_call *call);

    /* Writes this call's statistics, in the layout of the parameters that `statistics` marks, each
     * [size]: what running averages are made of. Called after `forward`. NULL: none. */
    void (*batch_stats)(const op_grad_call *call, kreal *const *stats);
} op_grad;

/* The backward side of an op; NULL when it has none. */
const op_grad *op_grad_find(const op *o);

#endif
