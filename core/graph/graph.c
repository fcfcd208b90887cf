#include "core/graph/graph.h"

#include "core/base/error.h"
#include "core/base/fnv1a.h"
#include "core/ops/op.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct graph {
    size_t n, room;
    graph_node *nodes;
    op_node *ops;     /* [room]; the first, of the input, is unused */
    uint64_t weights; /* of all nodes */
    uint64_t past;    /* floats of past frames and of states of all nodes */
};

/* Room for one more node. */
static bool grow(graph *g)
{
    if (g->n < g->room)
        return true;
    const size_t room = g->room ? 2 * g->room : 16;
    graph_node *const nodes = realloc(g->nodes, room * sizeof *nodes);
    if (!nodes)
        return false;
    g->nodes = nodes;
    op_node *const ops = realloc(g->ops, room * sizeof *ops);
    if (!ops)
        return false;
    g->ops = ops;
    g->room = room;
    return true;
}

sordino_status graph_new(uint32_t width, graph **out, sordino_error *why)
{
    *out = NULL;
    if (width < 1 || width > GRAPH_MAX_WIDTH)
        return error_set(why, SORDINO_BAD_MODEL, "Input width %u is outside 1..%d", (unsigned)width,
                         (int)GRAPH_MAX_WIDTH);
    graph *const g = calloc(1, sizeof *g);
    if (!g || !grow(g)) {
        graph_free(g);
        return error_set(why, SORDINO_NO_MEM, "No memory for a graph");
    }
    memset(&g->nodes[0], 0, sizeof g->nodes[0]);
    memset(&g->ops[0], 0, sizeof g->ops[0]);
    strcpy(g->nodes[0].name, "input");
    strcpy(g->nodes[0].op, "input");
    g->nodes[0].width = width;
    g->n = 1;
    *out = g;
    return SORDINO_OK;
}

void graph_free(graph *g)
{
    if (g) {
        free(g->nodes);
        free(g->ops);
        free(g);
    }
}

static bool good_name(const char *name)
{
    const size_t n = strlen(name);
    return n > 0 && n < GRAPH_MAX_NAME &&
           strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-") == n;
}

size_t graph_find(const graph *g, const char *name)
{
    for (size_t i = 0; i < g->n; i++)
        if (strcmp(g->nodes[i].name, name) == 0)
            return i;
    return g->n;
}

/* Puts the given attributes into the op's order and checks each against its range. */
static sordino_status read_attrs(graph_node *node, op_node *use, const graph_attr *attrs,
                                 uint32_t n_attrs, sordino_error *why)
{
    const op *const o = use->op;
    bool given[OP_MAX_ATTRS] = {false};
    for (uint32_t i = 0; i < o->n_attrs; i++)
        use->attr[i] = o->attrs[i].preset;
    for (uint32_t k = 0; k < n_attrs; k++) {
        const uint32_t i = op_attr_index(o, attrs[k].name);
        if (i == o->n_attrs)
            return error_set(why, SORDINO_UNSUPPORTED, "Node %s: %s has no attribute %.23s",
                             node->name, o->name, attrs[k].name);
        const op_attr *const a = &o->attrs[i];
        const double v = attrs[k].value;
        if (given[i])
            return error_set(why, SORDINO_BAD_MODEL, "Node %s: attribute %s is given twice",
                             node->name, a->name);
        if (!(v >= a->min && v <= a->max) || (a->whole && v != floor(v)))
            return error_set(why, SORDINO_BAD_MODEL, "Node %s: %s is %g; expected %s in %g..%g",
                             node->name, a->name, v, a->whole ? "a whole number" : "a number",
                             a->min, a->max);
        given[i] = true;
        use->attr[i] = v + 0.0; /* never -0, which would hash differently */
    }
    node->n_attrs = o->n_attrs;
    for (uint32_t i = 0; i < o->n_attrs; i++) {
        if (o->attrs[i].required && !given[i])
            return error_set(why, SORDINO_BAD_MODEL, "Node %s: %s needs the attribute %s",
                             node->name, o->name, o->attrs[i].name);
        strcpy(node->attrs[i].name, o->attrs[i].name);
        node->attrs[i].value = use->attr[i];
    }
    return SORDINO_OK;
}

static sordino_status read_inputs(const graph *g, graph_node *node, op_node *use,
                                  const char *const *inputs, uint32_t n_inputs, sordino_error *why)
{
    if (n_inputs < use->op->min_inputs || n_inputs > use->op->max_inputs)
        return error_set(why, SORDINO_BAD_MODEL, "Node %s: %s takes %u to %u inputs, not %u",
                         node->name, use->op->name, (unsigned)use->op->min_inputs,
                         (unsigned)use->op->max_inputs, (unsigned)n_inputs);
    for (uint32_t i = 0; i < n_inputs; i++) {
        const size_t from = graph_find(g, inputs[i]);
        if (from == g->n)
            return error_set(why, SORDINO_BAD_MODEL, "Node %s: no earlier node is called %.63s",
                             node->name, inputs[i]);
        node->inputs[i] = (uint32_t)from;
        use->in_width[i] = g->nodes[from].width;
        if (g->nodes[from].reach > node->reach)
            node->reach = g->nodes[from].reach;
    }
    node->n_inputs = use->n_inputs = n_inputs;
    return SORDINO_OK;
}

/* Shape, and the limits of the node and of the whole graph. */
static sordino_status measure(graph *g, graph_node *node, op_node *use, sordino_error *why)
{
    sordino_error inner = {SORDINO_OK, ""};
    const sordino_status status = use->op->shape(use, &inner);
    if (status != SORDINO_OK)
        return error_set(why, status, "Node %s: %.170s", node->name, inner.text);
    if (use->width < 1 || use->width > GRAPH_MAX_WIDTH)
        return error_set(why, SORDINO_BAD_MODEL, "Node %s: width %u is over the limit %d",
                         node->name, (unsigned)use->width, (int)GRAPH_MAX_WIDTH);
    if (use->history > GRAPH_MAX_HISTORY)
        return error_set(why, SORDINO_BAD_MODEL, "Node %s: history %u is over the limit %d",
                         node->name, (unsigned)use->history, (int)GRAPH_MAX_HISTORY);
    const uint64_t weights = g->weights + op_node_weights(use);
    const uint64_t state = use->op->state_bytes ? use->op->state_bytes(use) / sizeof(kreal) : 0;
    const uint64_t past = g->past + (uint64_t)use->history * kernels_pad(use->in_width[0]) + state;
    if (weights > GRAPH_MAX_WEIGHTS || past > GRAPH_MAX_PAST)
        return error_set(why, SORDINO_BAD_MODEL, "Node %s: the graph's %s are over the limit %d",
                         node->name, weights > GRAPH_MAX_WEIGHTS ? "weights" : "past frames",
                         weights > GRAPH_MAX_WEIGHTS ? (int)GRAPH_MAX_WEIGHTS
                                                     : (int)GRAPH_MAX_PAST);
    g->weights = weights;
    g->past = past;
    node->width = use->width;
    node->history = use->history;
    const uint64_t reach = (uint64_t)node->reach + use->history;
    node->reach = use->endless || reach > UINT32_MAX ? UINT32_MAX : (uint32_t)reach;
    return SORDINO_OK;
}

sordino_status graph_add(graph *g, const char *name, const char *op_name, const char *const *inputs,
                         uint32_t n_inputs, const graph_attr *attrs, uint32_t n_attrs,
                         sordino_error *why)
{
    graph_node node = {.width = 0};
    op_node use = {.op = op_find(op_name)};
    if (!good_name(name) || graph_find(g, name) < g->n)
        return error_set(why, SORDINO_BAD_MODEL, "Node name '%.63s' is taken or not allowed", name);
    if (!use.op)
        return error_set(why, SORDINO_UNSUPPORTED, "Node %s: no op is called %.23s", name, op_name);
    if (g->n >= GRAPH_MAX_NODES)
        return error_set(why, SORDINO_BAD_MODEL, "Node %s: more than %d nodes", name,
                         (int)GRAPH_MAX_NODES);
    strcpy(node.name, name);
    strcpy(node.op, use.op->name);
    sordino_status status = read_attrs(&node, &use, attrs, n_attrs, why);
    if (status == SORDINO_OK)
        status = read_inputs(g, &node, &use, inputs, n_inputs, why);
    if (status != SORDINO_OK)
        return status;
    if (!grow(g))
        return error_set(why, SORDINO_NO_MEM, "No memory for node %s", name);
    status = measure(g, &node, &use, why);
    if (status != SORDINO_OK)
        return status;
    g->nodes[g->n] = node;
    g->ops[g->n] = use;
    g->n++;
    return SORDINO_OK;
}

size_t graph_size(const graph *g)
{
    return g->n;
}

const graph_node *graph_at(const graph *g, size_t i)
{
    return i < g->n ? &g->nodes[i] : NULL;
}

const graph_node *graph_output(const graph *g)
{
    return &g->nodes[g->n - 1];
}

const op_node *graph_op_node(const graph *g, size_t i)
{
    return i == 0 ? NULL : &g->ops[i];
}

uint32_t graph_since_minor(const graph *g)
{
    uint32_t minor = 0;
    for (size_t i = 1; i < g->n; i++)
        if (minor < g->ops[i].op->since_minor)
            minor = g->ops[i].op->since_minor;
    return minor;
}

/* Numbers go in with their low byte first, on any machine. */
static void hash_number(uint64_t *hash, uint64_t v, size_t n)
{
    for (size_t i = 0; i < n; i++)
        *hash = fnv1a_push(*hash, (v >> (8 * i)) & 0xff);
}

uint64_t graph_hash(const graph *g)
{
    uint64_t hash = fnv1a_start;
    for (size_t i = 0; i < g->n; i++) {
        const graph_node *const node = &g->nodes[i];
        hash = fnv1a(hash, node->name, strlen(node->name) + 1);
        hash = fnv1a(hash, node->op, strlen(node->op) + 1);
        hash_number(&hash, node->width, 4);
        hash_number(&hash, node->n_inputs, 4);
        for (uint32_t k = 0; k < node->n_inputs; k++)
            hash_number(&hash, node->inputs[k], 4);
        for (uint32_t k = 0; k < node->n_attrs; k++) {
            uint64_t bits = 0;
            memcpy(&bits, &node->attrs[k].value, sizeof bits);
            hash = fnv1a(hash, node->attrs[k].name, strlen(node->attrs[k].name) + 1);
            hash_number(&hash, bits, 8);
        }
    }
    return hash;
}

size_t graph_params(const graph *g, size_t i, graph_param *out, size_t max)
{
    op_param params[OP_MAX_PARAMS];
    if (i == 0 || !g->ops[i].op->params)
        return 0;
    const size_t n = g->ops[i].op->params(&g->ops[i], params);
    for (size_t k = 0; k < n && k < max; k++) {
        snprintf(out[k].name, sizeof out[k].name, "%.63s.%.24s", g->nodes[i].name,
                 params[k].suffix);
        out[k].n_dims = params[k].n_dims;
        memcpy(out[k].dims, params[k].dims, sizeof out[k].dims);
    }
    return n;
}
