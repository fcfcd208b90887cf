#include "core/graph/graph.h"

#include "core/base/bytes.h"
#include "core/base/error.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Static_assert((int)GRAPH_MAX_INPUTS == (int)OP_MAX_INPUTS, "one limit");
_Static_assert((int)GRAPH_MAX_ATTRS == (int)OP_MAX_ATTRS, "one limit");
_Static_assert((uint64_t)GRAPH_MAX_NODES *GRAPH_MAX_HISTORY < UINT32_MAX, "reach fits");

enum { INPUT_NODE = 0, FIRST_CAPACITY = 16 };

/* A node and its op with all numbers filled in. */
typedef struct entry {
    graph_node node;
    op_node use;
} entry;

struct graph {
    size_t n, capacity;
    entry *entries;
};

static bool good_name(const char *name)
{
    const char *good = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-";
    const size_t length = strlen(name);
    return length > 0 && length < GRAPH_MAX_NAME && strspn(name, good) == length;
}

size_t graph_find(const graph *g, const char *name)
{
    size_t i = 0;
    while (i < g->n && strcmp(g->entries[i].node.name, name) != 0)
        i++;
    return i;
}

static bool make_room(graph *g)
{
    if (g->n < g->capacity)
        return true;
    const size_t capacity = g->capacity ? 2 * g->capacity : FIRST_CAPACITY;
    entry *entries = realloc(g->entries, capacity * sizeof *entries);
    if (!entries)
        return false;
    g->entries = entries;
    g->capacity = capacity;
    return true;
}

sordino_status graph_new(uint32_t width, graph **out, sordino_error *why)
{
    if (!out)
        return error_set(why, SORDINO_BAD_ARG, "There is nowhere to put the graph");
    *out = NULL;
    if (width < 1 || width > GRAPH_MAX_WIDTH)
        return error_set(why, SORDINO_BAD_MODEL, "The input has %u values a frame, not 1 to %d",
                         (unsigned)width, GRAPH_MAX_WIDTH);
    graph *g = calloc(1, sizeof *g);
    if (!g || !make_room(g)) {
        free(g);
        return error_set(why, SORDINO_NO_MEM, "No memory for a graph");
    }
    entry *input = &g->entries[INPUT_NODE];
    memset(input, 0, sizeof *input);
    memcpy(input->node.name, "input", sizeof "input");
    memcpy(input->node.op, "input", sizeof "input");
    input->node.width = width;
    g->n = 1;
    *out = g;
    return SORDINO_OK;
}

void graph_free(graph *g)
{
    if (!g)
        return;
    free(g->entries);
    free(g);
}

static sordino_status set_inputs(const graph *g, entry *e, const char *const *inputs, uint32_t n,
                                 sordino_error *why)
{
    if (n > GRAPH_MAX_INPUTS)
        return error_set(why, SORDINO_BAD_MODEL, "Node %s has %u inputs, more than %d",
                         e->node.name, (unsigned)n, GRAPH_MAX_INPUTS);
    for (uint32_t i = 0; i < n; i++) {
        const size_t from = inputs[i] ? graph_find(g, inputs[i]) : g->n;
        if (from == g->n)
            return error_set(why, SORDINO_BAD_MODEL,
                             "Node %s takes %.64s, which is no node before it", e->node.name,
                             inputs[i] ? inputs[i] : "nothing");
        e->node.inputs[i] = (uint32_t)from;
        e->use.in_width[i] = g->entries[from].node.width;
    }
    e->node.n_inputs = e->use.n_inputs = n;
    return SORDINO_OK;
}

/* Numbers not given, and the range of those given. */
static sordino_status fill_attrs(entry *e, sordino_error *why)
{
    const op *o = e->use.op;
    for (uint32_t i = 0; i < o->n_attrs; i++) {
        const op_attr *a = &o->attrs[i];
        double *value = &e->use.attr[i];
        if (isnan(*value) && a->required)
            return error_set(why, SORDINO_BAD_MODEL, "Node %s lacks attribute %s", e->node.name,
                             a->name);
        if (isnan(*value))
            *value = a->preset;
        *value += 0.0; /* -0 becomes 0 */
        if (!(*value >= a->min && *value <= a->max))
            return error_set(why, SORDINO_BAD_MODEL, "Node %s: %s is %g, outside %g to %g",
                             e->node.name, a->name, *value, a->min, a->max);
        if (a->whole && *value != floor(*value))
            return error_set(why, SORDINO_BAD_MODEL, "Node %s: %s is %.9g, not a whole number",
                             e->node.name, a->name, *value);
    }
    return SORDINO_OK;
}

static sordino_status set_attrs(entry *e, const graph_attr *attrs, uint32_t n, sordino_error *why)
{
    const op *o = e->use.op;
    for (uint32_t i = 0; i < o->n_attrs; i++)
        e->use.attr[i] = NAN;
    if (n > GRAPH_MAX_ATTRS)
        return error_set(why, SORDINO_BAD_MODEL, "Node %s has %u attributes, more than %d",
                         e->node.name, (unsigned)n, GRAPH_MAX_ATTRS);
    for (uint32_t i = 0; i < n; i++) {
        if (!memchr(attrs[i].name, 0, sizeof attrs[i].name))
            return error_set(why, SORDINO_UNSUPPORTED, "Node %s: an attribute's name is too long",
                             e->node.name);
        const uint32_t at = op_attr_index(o, attrs[i].name);
        if (at == o->n_attrs)
            return error_set(why, SORDINO_UNSUPPORTED, "Node %s: %s has no attribute %s",
                             e->node.name, o->name, attrs[i].name);
        if (!isnan(e->use.attr[at]))
            return error_set(why, SORDINO_BAD_MODEL, "Node %s: %s is given twice", e->node.name,
                             attrs[i].name);
        if (!isfinite(attrs[i].value))
            return error_set(why, SORDINO_BAD_MODEL, "Node %s: %s is not a finite number",
                             e->node.name, attrs[i].name);
        e->use.attr[at] = attrs[i].value;
        e->node.attrs[i] = attrs[i];
    }
    e->node.n_attrs = n;
    return fill_attrs(e, why);
}

/* Parameters above 1 GiB are refused before anyone thinks of memory for them. */
static sordino_status check_params(const entry *e, sordino_error *why)
{
    const uint64_t most = (UINT64_C(1) << 30) / sizeof(float);
    op_param params[OP_MAX_PARAMS];
    const uint32_t n = e->use.op->params ? e->use.op->params(&e->use, params) : 0;
    for (uint32_t i = 0; i < n; i++) {
        uint64_t size = 1;
        for (uint32_t d = 0; d < params[i].n_dims; d++) {
            if (size > most / params[i].dims[d])
                return error_set(why, SORDINO_BAD_MODEL, "Node %s: its %s is larger than 1 GiB",
                                 e->node.name, params[i].suffix);
            size *= params[i].dims[d];
        }
    }
    return SORDINO_OK;
}

/* Asks the op; its sentence is told with the node's name before it. */
static sordino_status set_shape(entry *e, sordino_error *why)
{
    const op *o = e->use.op;
    if (e->use.n_inputs < o->min_inputs || e->use.n_inputs > o->max_inputs)
        return error_set(why, SORDINO_BAD_MODEL, "Node %s: %s takes %u to %u inputs, not %u",
                         e->node.name, o->name, (unsigned)o->min_inputs, (unsigned)o->max_inputs,
                         (unsigned)e->use.n_inputs);
    sordino_error inner;
    const sordino_status status = o->shape(&e->use, &inner);
    if (status != SORDINO_OK)
        return error_set(why, status, "Node %s (%s): %.120s", e->node.name, o->name, inner.text);
    if (e->use.width < 1 || e->use.width > GRAPH_MAX_WIDTH)
        return error_set(why, SORDINO_BAD_MODEL, "Node %s has %u values a frame, not 1 to %d",
                         e->node.name, (unsigned)e->use.width, GRAPH_MAX_WIDTH);
    if (e->use.history > GRAPH_MAX_HISTORY)
        return error_set(why, SORDINO_BAD_MODEL, "Node %s looks back %u frames, more than %d",
                         e->node.name, (unsigned)e->use.history, GRAPH_MAX_HISTORY);
    e->node.width = e->use.width;
    e->node.history = e->use.history;
    return check_params(e, why);
}

/* How far back in the graph's input the node looks. */
static uint32_t reach_of(const graph *g, const entry *e)
{
    uint32_t reach = 0;
    for (uint32_t i = 0; i < e->node.n_inputs; i++) {
        const uint32_t r = g->entries[e->node.inputs[i]].node.reach;
        reach = r > reach ? r : reach;
    }
    return reach == UINT32_MAX || e->use.endless ? UINT32_MAX : reach + e->node.history;
}

static sordino_status set_names(const graph *g, entry *e, const char *name, const char *op_name,
                                sordino_error *why)
{
    if (!good_name(name))
        return error_set(why, SORDINO_BAD_MODEL,
                         "A node's name must have 1 to %d letters, digits or any of _.-",
                         GRAPH_MAX_NAME - 1);
    if (graph_find(g, name) < g->n)
        return error_set(why, SORDINO_BAD_MODEL, "There are two nodes of the name %s", name);
    if (g->n == GRAPH_MAX_NODES)
        return error_set(why, SORDINO_BAD_MODEL, "There are more than %d nodes", GRAPH_MAX_NODES);
    e->use.op = op_find(op_name);
    if (!e->use.op)
        return error_set(why, SORDINO_UNSUPPORTED, "Node %s: there is no op %.32s", name, op_name);
    snprintf(e->node.name, sizeof e->node.name, "%s", name);
    snprintf(e->node.op, sizeof e->node.op, "%s", op_name);
    return SORDINO_OK;
}

sordino_status graph_add(graph *g, const char *name, const char *op_name, const char *const *inputs,
                         uint32_t n_inputs, const graph_attr *attrs, uint32_t n_attrs,
                         sordino_error *why)
{
    if (!g || !name || !op_name || (!inputs && n_inputs > 0) || (!attrs && n_attrs > 0))
        return error_set(why, SORDINO_BAD_ARG, "A node needs a graph, a name, an op and inputs");
    entry e = {0};
    sordino_status status = set_names(g, &e, name, op_name, why);
    if (status == SORDINO_OK)
        status = set_inputs(g, &e, inputs, n_inputs, why);
    if (status == SORDINO_OK)
        status = set_attrs(&e, attrs, n_attrs, why);
    if (status == SORDINO_OK)
        status = set_shape(&e, why);
    if (status != SORDINO_OK)
        return status;
    e.node.reach = reach_of(g, &e);
    if (!make_room(g))
        return error_set(why, SORDINO_NO_MEM, "No memory for node %s", name);
    g->entries[g->n++] = e;
    return SORDINO_OK;
}

size_t graph_size(const graph *g)
{
    return g->n;
}

const graph_node *graph_at(const graph *g, size_t i)
{
    return i < g->n ? &g->entries[i].node : NULL;
}

const graph_node *graph_output(const graph *g)
{
    return &g->entries[g->n - 1].node;
}

const op_node *graph_op_node(const graph *g, size_t i)
{
    return i > INPUT_NODE && i < g->n ? &g->entries[i].use : NULL;
}

size_t graph_params(const graph *g, size_t i, graph_param *out, size_t max)
{
    const op_node *c = graph_op_node(g, i);
    if (!c || !c->op->params)
        return 0;
    op_param params[OP_MAX_PARAMS];
    const uint32_t n = c->op->params(c, params);
    for (uint32_t k = 0; k < n && k < max; k++) {
        graph_param *p = &out[k];
        memset(p, 0, sizeof *p);
        snprintf(p->name, sizeof p->name, "%s.%s", g->entries[i].node.name, params[k].suffix);
        p->n_dims = params[k].n_dims;
        memcpy(p->dims, params[k].dims, sizeof p->dims);
    }
    return n;
}

/* Fowler, Noll and Vo (1991), the variant that multiplies last, 64 bits. */
static uint64_t fnv(uint64_t hash, const void *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        hash = (hash ^ ((const unsigned char *)bytes)[i]) * UINT64_C(0x100000001b3);
    return hash;
}

static uint64_t fnv_number(uint64_t hash, uint64_t number)
{
    unsigned char bytes[8];
    store_le64(bytes, number);
    return fnv(hash, bytes, sizeof bytes);
}

uint64_t graph_hash(const graph *g)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    hash = fnv_number(hash, g->entries[INPUT_NODE].node.width);
    for (size_t i = INPUT_NODE + 1; i < g->n; i++) {
        const graph_node *node = &g->entries[i].node;
        const op_node *c = &g->entries[i].use;
        hash = fnv(hash, node->name, strlen(node->name) + 1);
        hash = fnv(hash, node->op, strlen(node->op) + 1);
        hash = fnv_number(hash, node->n_inputs);
        for (uint32_t k = 0; k < node->n_inputs; k++)
            hash = fnv_number(hash, node->inputs[k]);
        for (uint32_t k = 0; k < c->op->n_attrs; k++) {
            uint64_t bits;
            memcpy(&bits, &c->attr[k], sizeof bits);
            hash = fnv_number(hash, bits);
        }
    }
    return hash;
}
