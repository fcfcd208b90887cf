/*
 * Forward and backward over whole sequences. Every node keeps its result of all windows until the
 * backward pass; the zero frames before each window are the past. Derivatives live only from the
 * backward step of a node's last user to its own, and share buffers in the meantime, which keeps
 * them in the cache.
 */
#include "trainer/net/net.h"

#include "core/base/error.h"
#include "core/ops/op.h"
#include "trainer/net/net_internal.h"

#include <stdlib.h>
#include <string.h>

#define NO_SLOT SIZE_MAX

typedef struct pass_value {
    size_t row, before; /* floats of a frame; zero frames before each window */
    size_t after;       /* zero frames after each window of the derivative */
    float *base;        /* frame 0 of window 0 */
    size_t slot;        /* of the derivative; NO_SLOT: not wanted */
    void *kept;
} pass_value;

struct net_pass {
    const net *net;
    size_t windows, max_frames, frames;
    size_t n_nodes;
    pass_value *values; /* [n_nodes] */
    size_t n_slots;
    size_t *slot_floats;
    float **slots;
    float *d_output;   /* [windows][max_frames][row]: kept apart, the caller fills it in */
    float *statistics; /* [net_statistics] of this pass */
    void *scratch;
    arena memory;
};

/* Buffers are laid out for `max_frames`, whatever the frames of a pass. */
static size_t value_stride(const net_pass *p, size_t i)
{
    return (p->values[i].before + p->max_frames) * p->values[i].row;
}

static size_t slot_stride(const net_pass *p, size_t i)
{
    return (p->max_frames + p->values[i].after) * p->values[i].row;
}

static void shape_values(net_pass *p)
{
    const graph *const g = p->net->graph;
    for (size_t i = 0; i < p->n_nodes; i++) {
        const graph_node *const node = graph_at(g, i);
        p->values[i].row = kernels_pad(node->width);
        p->values[i].after = i > 0 ? p->net->nodes[i].op->history : 0;
        p->values[i].slot = NO_SLOT;
        for (uint32_t k = 0; k < node->n_inputs; k++) {
            pass_value *const in = &p->values[node->inputs[k]];
            if (in->before < p->net->nodes[i].op->history)
                in->before = p->net->nodes[i].op->history;
        }
    }
}

/* A free slot for node i, as `taken` [n_nodes] tells. */
static size_t take_slot(net_pass *p, bool *taken, size_t i)
{
    size_t s = 0;
    while (s < p->n_slots && taken[s])
        s++;
    if (s == p->n_slots)
        p->slot_floats[p->n_slots++] = 0;
    taken[s] = true;
    const size_t floats = p->windows * slot_stride(p, i);
    if (p->slot_floats[s] < floats)
        p->slot_floats[s] = floats;
    return s;
}

/* Whether the derivative by node i is wanted: it has parameters, or something before it has. */
static bool wanted(const net_pass *p, size_t i)
{
    return i > 0 && (p->net->nodes[i].n_params > 0 || p->values[i].slot != NO_SLOT);
}

static void assign_slots(net_pass *p, bool *taken)
{
    const graph *const g = p->net->graph;
    /* Forward: who leads back to a parameter (any slot number marks it for now). */
    for (size_t i = 1; i < p->n_nodes; i++) {
        const graph_node *const node = graph_at(g, i);
        bool trained = p->net->nodes[i].n_params > 0;
        for (uint32_t k = 0; k < node->n_inputs; k++)
            trained = trained || p->values[node->inputs[k]].slot != NO_SLOT;
        p->values[i].slot = trained ? NO_SLOT - 1 : NO_SLOT;
    }
    for (size_t i = p->n_nodes; i-- > 1;) {
        if (p->values[i].slot == NO_SLOT)
            continue;
        if (i == p->n_nodes - 1)
            p->values[i].slot = take_slot(p, taken, i);
        const graph_node *const node = graph_at(g, i);
        for (uint32_t k = 0; k < node->n_inputs; k++) {
            pass_value *const in = &p->values[node->inputs[k]];
            if (in->slot == NO_SLOT - 1)
                in->slot = take_slot(p, taken, node->inputs[k]);
        }
        if (p->values[i].slot < NO_SLOT - 1)
            taken[p->values[i].slot] = false;
    }
}

static void lay_out(net_pass *p, arena *a)
{
    size_t scratch = 0;
    for (size_t i = 0; i < p->n_nodes; i++) {
        pass_value *const v = &p->values[i];
        float *const block = arena_take(a, p->windows * value_stride(p, i), sizeof *block);
        v->base = block ? block + v->before * v->row : NULL;
        if (i == 0)
            continue;
        const net_node *const node = &p->net->nodes[i];
        const op_grad *const g = node->grad;
        v->kept = g->kept_bytes
                      ? arena_take(a, g->kept_bytes(node->op, p->windows, p->max_frames), 1)
                      : NULL;
        const size_t bytes =
            g->scratch_bytes ? g->scratch_bytes(node->op, p->windows, p->max_frames) : 0;
        scratch = scratch < bytes ? bytes : scratch;
        const size_t state = node->op->op->state_bytes ? node->op->op->state_bytes(node->op) : 0;
        scratch = scratch < state ? state : scratch;
    }
    p->scratch = arena_take(a, scratch, 1);
    p->statistics = arena_take(a, net_statistics(p->net), sizeof *p->statistics);
    for (size_t s = 0; s < p->n_slots; s++)
        p->slots[s] = arena_take(a, p->slot_floats[s], sizeof **p->slots);
    p->d_output = arena_take(a, p->windows * p->max_frames * p->values[p->n_nodes - 1].row,
                             sizeof *p->d_output);
}

static sordino_status pass_build(net_pass *p, sordino_error *why)
{
    p->values = calloc(p->n_nodes, sizeof *p->values);
    p->slot_floats = calloc(p->n_nodes, sizeof *p->slot_floats);
    p->slots = calloc(p->n_nodes, sizeof *p->slots);
    bool *taken = calloc(p->n_nodes, sizeof *taken);
    if (p->values && p->slot_floats && p->slots && taken) {
        shape_values(p);
        assign_slots(p, taken);
        lay_out(p, &p->memory);
        if (arena_alloc(&p->memory)) {
            lay_out(p, &p->memory);
            free(taken);
            return SORDINO_OK;
        }
    }
    free(taken);
    return error_set(why, SORDINO_NO_MEM,
                     "Out of memory for training on %zu sequences of %zu frames at a time",
                     p->windows, p->max_frames);
}

sordino_status net_pass_new(const net *n, size_t windows, size_t max_frames, net_pass **out,
                            sordino_error *why)
{
    *out = NULL;
    if (windows < 1 || max_frames < 1)
        return error_set(why, SORDINO_BAD_ARG, "A pass needs a sequence and a frame");
    net_pass *p = calloc(1, sizeof *p);
    if (!p)
        return error_set(why, SORDINO_NO_MEM, "Out of memory for training");
    p->net = n;
    p->windows = windows;
    p->frames = p->max_frames = max_frames;
    p->n_nodes = n->n_nodes;
    const sordino_status status = pass_build(p, why);
    if (status != SORDINO_OK) {
        net_pass_free(p);
        return status;
    }
    *out = p;
    return SORDINO_OK;
}

void net_pass_free(net_pass *p)
{
    if (!p)
        return;
    arena_free(&p->memory);
    free(p->values);
    free(p->slot_floats);
    free(p->slots);
    free(p);
}

void net_pass_begin(net_pass *p, size_t frames)
{
    p->frames = frames < 1 ? 1 : frames > p->max_frames ? p->max_frames : frames;
}

float *net_pass_input(net_pass *p, size_t window)
{
    return p->values[0].base + window * value_stride(p, 0);
}

const float *net_pass_output(const net_pass *p, size_t window)
{
    return p->values[p->n_nodes - 1].base + window * value_stride(p, p->n_nodes - 1);
}

float *net_pass_d_output(net_pass *p, size_t window)
{
    return p->d_output + window * p->max_frames * p->values[p->n_nodes - 1].row;
}

/* A call of node i with what both directions share. */
static op_grad_call make_call(const net_pass *p, size_t i, const float **params)
{
    const net_node *const node = &p->net->nodes[i];
    const graph_node *const at = graph_at(p->net->graph, i);
    net_node_params(p->net, i, params);
    op_grad_call call = {
        .node = node->op,
        .kernels = p->net->table,
        .params = params,
        .packed = node->packed,
        .packed_grad = node->packed_grad,
        .kept = p->values[i].kept,
        .scratch = p->scratch,
        .out = {p->values[i].base, value_stride(p, i)},
        .windows = p->windows,
        .n = p->frames,
    };
    for (uint32_t k = 0; k < at->n_inputs; k++)
        call.in[k] = (op_frames){p->values[at->inputs[k]].base, value_stride(p, at->inputs[k])};
    return call;
}

/* The engine's own forward, a window at a time. */
static void forward_window(const net_pass *p, size_t i, const op_grad_call *all, size_t window)
{
    static const kernels_post nothing = {NULL, NULL, NULL, NULL};
    const op *const o = all->node->op;
    if (o->state_bytes)
        memset(p->scratch, 0, o->state_bytes(all->node));
    op_call call = {
        .node = all->node,
        .kernels = all->kernels,
        .packed = all->packed,
        .state = p->scratch,
        .post = &nothing,
        .out = all->out.base + window * all->out.stride,
        .n = all->n,
    };
    for (uint32_t k = 0; k < all->node->n_inputs; k++)
        call.in[k] = all->in[k].base + window * all->in[k].stride;
    o->forward(&call);
}

void net_pass_forward(net_pass *p)
{
    for (size_t i = 1; i < p->n_nodes; i++) {
        const float *params[OP_MAX_PARAMS];
        const op_grad_call call = make_call(p, i, params);
        if (p->net->nodes[i].grad->forward)
            p->net->nodes[i].grad->forward(&call);
        else
            for (size_t w = 0; w < p->windows; w++)
                forward_window(p, i, &call, w);
    }
}

void net_pass_add_statistics(const net_pass *p, float *sums)
{
    for (size_t i = 1; i < p->n_nodes; i++) {
        const net_node *const node = &p->net->nodes[i];
        if (!node->grad->batch_stats)
            continue;
        const float *params[OP_MAX_PARAMS];
        const op_grad_call call = make_call(p, i, params);
        float *stats[OP_MAX_PARAMS] = {NULL};
        for (uint32_t k = 0, marked = 0; k < node->n_params; k++)
            if (node->grad->statistics >> k & 1)
                stats[marked++] = p->statistics + (node->offset[k] - p->net->size);
        node->grad->batch_stats(&call, stats);
    }
    for (size_t k = 0; k < net_statistics(p->net); k++)
        sums[k] += p->statistics[k];
}

static void zero_slot(const net_pass *p, size_t i)
{
    memset(p->slots[p->values[i].slot], 0, p->windows * slot_stride(p, i) * sizeof **p->slots);
}

/* The derivative by the output, from where the caller put it. */
static void take_d_output(net_pass *p)
{
    const size_t last = p->n_nodes - 1, row = p->values[last].row;
    zero_slot(p, last);
    for (size_t w = 0; w < p->windows; w++)
        memcpy(p->slots[p->values[last].slot] + w * slot_stride(p, last),
               p->d_output + w * p->max_frames * row, p->frames * row * sizeof *p->d_output);
}

void net_pass_backward(net_pass *p, float *grads)
{
    const graph *const g = p->net->graph;
    const size_t last = p->n_nodes - 1;
    if (!wanted(p, last))
        return;
    bool started[GRAPH_MAX_NODES] = {false};
    take_d_output(p);
    started[last] = true;
    for (size_t i = last; i >= 1; i--) {
        const net_node *const node = &p->net->nodes[i];
        const graph_node *const at = graph_at(g, i);
        if (p->values[i].slot == NO_SLOT || !started[i])
            continue;
        const float *params[OP_MAX_PARAMS];
        float *d_params[OP_MAX_PARAMS] = {NULL};
        op_grad_call call = make_call(p, i, params);
        call.d_out = (op_frames){p->slots[p->values[i].slot], slot_stride(p, i)};
        for (uint32_t k = 0; k < node->n_params; k++)
            if (!(node->grad->statistics >> k & 1))
                d_params[k] = grads + node->offset[k];
        call.d_params = d_params;
        for (uint32_t k = 0; k < at->n_inputs; k++) {
            const uint32_t from = at->inputs[k];
            if (p->values[from].slot == NO_SLOT)
                continue;
            if (!started[from])
                zero_slot(p, from);
            started[from] = true;
            call.d_in[k] = (op_frames){p->slots[p->values[from].slot], slot_stride(p, from)};
        }
        node->grad->backward(&call);
    }
}

size_t net_pass_bytes(const net_pass *p)
{
    return p->memory.used;
}
