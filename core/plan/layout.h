/* What plan.c lays out and run.c walks. */
#ifndef PLAN_LAYOUT_H
#define PLAN_LAYOUT_H

#include "core/base/arena.h"
#include "core/ops/op.h"
#include "core/plan/plan.h"

enum {
    PLAN_BLOCK = 48,            /* most frames run through all steps together */
    PLAN_BLOCK_FLOATS = 1 << 14 /* fewer where the widest frame would take more than this */
};

#define PLAN_NONE UINT32_MAX /* no slot, no value */

/* The result of a step, or the input. With a history it lies in a ring of its own; else in a slot
 * that it shares with values of other times. */
typedef struct plan_value {
    uint32_t width, row; /* floats in a frame, without and with padding */
    uint32_t history;    /* past frames that some step reads */
    uint32_t slot;       /* PLAN_NONE with a history */
} plan_value;

typedef struct plan_step {
    char name[GRAPH_MAX_NAME];
    op_node node;
    uint32_t inputs[OP_MAX_INPUTS]; /* values */
    uint32_t out;                   /* value */
    uint32_t add;                   /* value that post adds, or PLAN_NONE */
    kernels_post post;              /* without `add` */
    const void *packed;
    size_t state_bytes;
} plan_step;

struct plan {
    arena memory; /* everything below, and the packed weights */
    const kernels *table;
    size_t n_steps, n_values, n_slots;
    plan_step *steps;
    plan_value *values;  /* the first is the input */
    uint32_t *slot_rows; /* floats of a frame in each slot */
    uint32_t output;     /* value */
    uint32_t block;      /* frames */
    size_t weights, packed_bytes;
    double macs;
};

/* A ring holds every frame below `history` twice, so that the past and the present always lie in
 * one piece. Frame positions p count 0..length-1 and start over. The present begins at p, or at p +
 * length when p < history; the buffer has 2 * length frames, length = history + block. */
typedef struct plan_ring {
    kreal *base;
    size_t row, history, length, at;
} plan_ring;

struct plan_state {
    arena memory;
    const plan *plan;
    size_t block;
    kreal **current;       /* [values]: where a block's first frame lies */
    plan_ring *rings;      /* [values]; base NULL without history */
    op_call *calls;        /* [steps], but for what changes with the block */
    kernels_post *posts;   /* [steps] */
    unsigned char *zeroed; /* all of the past: rings, slots, op states */
    size_t zeroed_bytes;
};

/* As plan_new; with `merge` false every node stays a step of its own, for comparison. */
SORDINO_NODISCARD sordino_status plan_new_merging(const graph *g, const tensor_set *weights,
                                                  const kernels *table, bool merge, plan **out,
                                                  sordino_error *why);

#endif
