/*
 * Between graph and plan: the nodes with their parameters, after those that can be worked into a
 * neighbour have been taken out. Batch norm and scale are folded into the weights of the
 * convolution before or after; activations, scales and sums that follow a convolution become its
 * kernels_post.
 */
#ifndef PLAN_DRAFT_H
#define PLAN_DRAFT_H

#include "core/graph/graph.h"
#include "core/graph/tensors.h"
#include "core/ops/op.h"

typedef struct draft_node {
    const op_node *node;            /* borrowed from the graph; NULL for the input */
    const char *name;               /* borrowed from the graph */
    uint32_t inputs[OP_MAX_INPUTS]; /* nodes that are not gone */
    uint32_t uses;                  /* by other nodes, and as output */
    uint32_t same_as; /* where the result is found when this node is gone; else itself */
    bool gone;
    const kreal *params[OP_MAX_PARAMS]; /* borrowed from the tensors or owned below */
    kreal *weight, *bias;               /* folded copies */
    kreal *slope, *gain, *shift;        /* [channels] of what follows, or NULL */
    uint32_t add;                       /* node whose result is added last; UINT32_MAX: none */
} draft_node;

typedef struct draft {
    size_t n;
    draft_node *nodes;
} draft;

/* Checks tensors against the graph. Errors: NO_MEM, BAD_MODEL. Graph and tensors are borrowed. */
sordino_status draft_new(const graph *g, const tensor_set *tensors, bool merge, draft *out,
                         sordino_error *why);
void draft_free(draft *d);

#endif
