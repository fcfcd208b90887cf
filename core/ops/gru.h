/* What gru_freq's two sides share. */
#ifndef OPS_GRU_H
#define OPS_GRU_H

#include "core/ops/op.h"

/* Packed gates are padded each for itself. Those of the input stand as n, r, z and those of the
 * state as r, z, q, so that the derivatives by both are runs of n, r, z, q. */
enum { GRU_GATES = 3, GRU_KEPT = 4 };

typedef struct gru_geometry {
    uint32_t freq, in_c, hidden;
    bool bias;
    size_t pad;   /* floats of a gate: kernels_pad(hidden) */
    size_t gates; /* GRU_GATES * pad */
    size_t kept;  /* GRU_KEPT * pad */
    size_t x_row, y_row;
} gru_geometry;

gru_geometry gru_geometry_of(const op_node *node);

/* The slot of PyTorch's gate 0..2 (r, z, n) among the input's gates, and among the state's. */
static inline size_t gru_input_slot(size_t gate)
{
    return (gate + 1) % GRU_GATES;
}
static inline size_t gru_state_slot(size_t gate)
{
    return gate;
}

/* Forward. `kept` [n][freq][GRU_KEPT][pad] takes r, z, n and q of every frame; NULL: not wanted. */
void gru_run(const op_call *call, kreal *kept) SORDINO_RT;

#endif
