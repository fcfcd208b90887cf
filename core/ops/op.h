/*
 * What an op is. Each op is a file of this folder: its attributes, the shape of its result, its
 * parameters in PyTorch's layout, how they are packed, and `forward`. Nothing here knows graphs,
 * names of nodes, or streams: a caller hands in windows of frames.
 *
 * Frames are padded to kernels_pad(width) floats (see core/kernels/kernels.h). A
 * frame-and-frequency tensor [T][F][C] has frames of F * C floats, channels innermost.
 */
#ifndef OPS_OP_H
#define OPS_OP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sordino/status.h>

#include "core/kernels/kernels.h"

enum { OP_MAX_ATTRS = 12, OP_MAX_INPUTS = 8, OP_MAX_PARAMS = 8, OP_MAX_DIMS = 4 };

/* One numeric attribute. A missing one that is not required takes `preset`. */
typedef struct op_attr {
    const char *name;
    double min, max, preset;
    bool whole;    /* only whole numbers */
    bool required; /* must be given; `preset` means nothing */
} op_attr;

struct op;

/* One use of an op: given op, attributes and inputs, `shape` fills the rest. Plain data. */
typedef struct op_node {
    const struct op *op;
    double attr[OP_MAX_ATTRS]; /* in the order of the op's table */
    uint32_t n_inputs;
    uint32_t in_width[OP_MAX_INPUTS]; /* floats in a frame, >= 1 */
    /* From `shape`: */
    uint32_t width;   /* floats in a frame of the result, >= 1 */
    uint32_t history; /* past input frames needed */
    bool endless;     /* remembers all of the past */
} op_node;

/* A parameter tensor: "<node>.<suffix>" in files. */
typedef struct op_param {
    const char *suffix;
    uint32_t n_dims;
    uint32_t dims[OP_MAX_DIMS];
} op_param;

/* One call of `forward`. `in[i]` points at the first of `n` frames; `history` frames before it are
 * valid too. `out` may be in[0] itself when the op is `in_place`, and must not overlap otherwise.
 * Rows of kernels_pad(width) floats, 64-byte aligned. */
typedef struct op_call {
    const op_node *node;
    const struct kernels *kernels;
    const void *packed;       /* from `pack` */
    void *state;              /* state_bytes, zero at the start of a stream */
    const kernels_post *post; /* what follows at once; only for ops with `channels` */
    const kreal *in[OP_MAX_INPUTS];
    kreal *out;
    size_t n; /* >= 1 */
} op_call;

typedef void (*op_forward_fn)(const op_call *call) SORDINO_RT;

/* How an op's result may be merged into the op before it (kernels_post). */
typedef enum op_merge {
    OP_MERGE_NONE,
    OP_MERGE_SLOPE,  /* prelu, relu */
    OP_MERGE_AFFINE, /* scale, batch_norm */
    OP_MERGE_ADD     /* add of two */
} op_merge;

typedef struct op {
    const char *name;
    uint32_t since_minor; /* version 1.x of the model file that first had it */
    uint32_t min_inputs, max_inputs;
    const op_attr *attrs;
    uint32_t n_attrs;
    bool in_place; /* result may overwrite the first input */
    op_merge merge;

    /* Checks attributes and widths against each other and fills in the result; attributes and input
     * count are within their own ranges already. Errors: BAD_MODEL. */
    sordino_status (*shape)(op_node *node, sordino_error *why);

    /* Parameters, at most OP_MAX_PARAMS, in the order `pack` takes them; NULL: none. */
    uint32_t (*params)(const op_node *node, op_param out[OP_MAX_PARAMS]);

    /* Bytes of packed parameters and of state; NULL: none. */
    size_t (*packed_bytes)(const op_node *node);
    size_t (*state_bytes)(const op_node *node);

    /* Fills `packed` (zeroed, 64-byte aligned, stays where it is) from the parameters. */
    void (*pack)(const op_node *node, const kreal *const *params, void *packed);

    /* Multiply-adds a frame; NULL: not worth counting. */
    double (*macs)(const op_node *node);

    op_forward_fn forward;

    /* Channels of a result on which kernels_post may act: the width must be a multiple. NULL: this
     * op merges nothing. */
    uint32_t (*channels)(const op_node *node);

    /* For OP_MERGE_SLOPE: slope into a, for OP_MERGE_AFFINE: gain into a and shift into b;
     * [channels] each. False when the op does not repeat every `channels` floats. */
    bool (*merged)(const op_node *node, const kreal *const *params, uint32_t channels, kreal *a,
                   kreal *b);

    /* Works y = gain x + shift, [channels], into the parameters: of the op's input (before) or its
     * result (after). weight is changed in place; `bias` [result channels] is added to. False when
     * that would not give the same function. NULL: never. */
    bool (*fold)(const op_node *node, bool before, const kreal *gain, const kreal *shift,
                 uint32_t channels, kreal *weight, kreal *bias);
} op;

/* Finds an op by name; NULL when unknown. */
const op *op_find(const char *name);

/* All ops; op_at(i) is NULL from the end on. */
const op *op_at(size_t i);

/* The place of an attribute in the op's table; n_attrs when unknown. */
uint32_t op_attr_index(const op *o, const char *name);

/* The value of an attribute that is a whole number. */
static inline uint32_t op_whole(const op_node *node, uint32_t index)
{
    return (uint32_t)node->attr[index];
}

/* Numbers of a parameter. */
size_t op_param_size(const op_param *p);

/* op_param_size over all of a node's parameters. */
size_t op_node_weights(const op_node *node);

#endif
