/* What net.c lays out and pass.c walks. */
#ifndef NET_NET_INTERNAL_H
#define NET_NET_INTERNAL_H

#include "core/base/arena.h"
#include "core/ops/op_grad.h"
#include "trainer/net/net.h"

typedef struct net_node {
    const op_node *op;
    const op_grad *grad;
    uint32_t n_params;
    size_t offset[OP_MAX_PARAMS]; /* in values */
    void *packed, *packed_grad;
    size_t packed_bytes, packed_grad_bytes;
} net_node;

struct net {
    const graph *graph;
    const kernels *table;
    net_node *nodes; /* [n_nodes]; the input's is empty */
    size_t n_nodes;  /* of the graph */
    net_param *params;
    size_t n_params;
    size_t size, total; /* trained; with the statistics */
    float *values;
    arena memory; /* packed weights */
};

/* Where node i's parameters lie. */
void net_node_params(const net *n, size_t i, const float *params[OP_MAX_PARAMS]);

#endif
