/*
 * A network as data: nodes in order, each naming an op, its inputs (earlier nodes) and numeric
 * attributes. The graph knows no sample rate and no weights. Time has stride 1 everywhere; a
 * tensor is frame-major [T][C], a frame-and-frequency tensor [T][F][C] flattened to [T][F*C].
 * Node 0 is the input; the last node is the output.
 */
#ifndef GRAPH_GRAPH_H
#define GRAPH_GRAPH_H

#include <stddef.h>
#include <stdint.h>

#include <sordino/status.h>

enum {
    GRAPH_MAX_NODES = 1024,
    GRAPH_MAX_INPUTS = 8,
    GRAPH_MAX_ATTRS = 12,
    GRAPH_MAX_NAME = 64,
    GRAPH_MAX_OP_NAME = 24,
    GRAPH_MAX_WIDTH = 65536,     /* floats in one frame of any node */
    GRAPH_MAX_HISTORY = 1 << 20, /* past frames any node may keep */
    GRAPH_MAX_WEIGHTS = 1 << 26, /* floats of parameters, all nodes */
    GRAPH_MAX_PAST = 1 << 25     /* floats of past frames and states of a stream, all nodes */
};

typedef struct graph_attr {
    char name[GRAPH_MAX_OP_NAME];
    double value; /* whole numbers where the op says so; checked exactly */
} graph_attr;

typedef struct graph_node {
    char name[GRAPH_MAX_NAME]; /* unique; [A-Za-z0-9_.-]+ */
    char op[GRAPH_MAX_OP_NAME];
    uint32_t n_inputs;
    uint32_t inputs[GRAPH_MAX_INPUTS]; /* indices of earlier nodes */
    uint32_t n_attrs;
    graph_attr attrs[GRAPH_MAX_ATTRS]; /* all the op has, in its order, presets filled in */
    /* Filled by graph_add from the op's `shape`: */
    uint32_t width;   /* floats in a frame of the result */
    uint32_t history; /* past input frames the op itself needs */
    uint32_t reach;   /* past frames of the graph's input it depends on (receptive field - 1);
                         UINT32_MAX for an op with endless memory (running_norm, gru_freq) */
} graph_node;

typedef struct graph graph;

/* A graph with only its input node ("input", `width` floats a frame, 1..GRAPH_MAX_WIDTH). */
SORDINO_NODISCARD sordino_status graph_new(uint32_t width, graph **out, sordino_error *why);
void graph_free(graph *g);

/* Appends a node; inputs are named. Checks op, attributes, shapes and limits at once.
 * Errors: NO_MEM; BAD_MODEL (bad shape, unknown input, limit); UNSUPPORTED (unknown op or attr). */
SORDINO_NODISCARD sordino_status graph_add(graph *g, const char *name, const char *op_name,
                                           const char *const *inputs, uint32_t n_inputs,
                                           const graph_attr *attrs, uint32_t n_attrs,
                                           sordino_error *why);

size_t graph_size(const graph *g);                    /* nodes, the input included */
const graph_node *graph_at(const graph *g, size_t i); /* borrowed; NULL beyond the last */
const graph_node *graph_output(const graph *g);       /* the last node */
/* Node i as its op sees it (core/ops/op.h); NULL for the input. Borrowed. */
const struct op_node *graph_op_node(const graph *g, size_t i);
uint64_t graph_hash(const graph *g); /* FNV-1a over every node */

/* The oldest version 1.x of the model file that has all ops of the graph: x. */
uint32_t graph_since_minor(const graph *g);

/* The index of a node by name; graph_size when there is none. */
size_t graph_find(const graph *g, const char *name);

/* A parameter tensor a node needs. */
typedef struct graph_param {
    char name[96]; /* "<node>.<suffix>", as in the tensor set */
    uint32_t n_dims;
    uint32_t dims[4];
} graph_param;

/* Writes up to `max` parameters of node `i` into `out`; returns how many the node has (<= 8). */
size_t graph_params(const graph *g, size_t i, graph_param *out, size_t max);

#endif
