#include "core/plan/draft.h"

#include "core/base/error.h"

#include <stdlib.h>
#include <string.h>

/* One tensor by name and shape. */
static sordino_status find_param(const tensor_set *tensors, const graph_param *p, const kreal **out,
                                 sordino_error *why)
{
    const tensor *const t = tensor_set_find(tensors, p->name);
    if (!t)
        return error_set(why, SORDINO_BAD_MODEL, "Tensor %s is missing", p->name);
    if (t->n_dims != p->n_dims || memcmp(t->dims, p->dims, p->n_dims * sizeof p->dims[0]) != 0)
        return error_set(why, SORDINO_BAD_MODEL,
                         "Tensor %s has the wrong shape; expected %u dimensions, the first %u",
                         p->name, (unsigned)p->n_dims, (unsigned)p->dims[0]);
    *out = t->data;
    return SORDINO_OK;
}

/* Names a tensor that no node wants. */
static sordino_status find_stranger(const graph *g, const tensor_set *tensors, sordino_error *why)
{
    for (size_t k = 0; k < tensors->n; k++) {
        bool wanted = false;
        for (size_t i = 0; i < graph_size(g) && !wanted; i++) {
            graph_param params[OP_MAX_PARAMS];
            const size_t n = graph_params(g, i, params, OP_MAX_PARAMS);
            for (size_t j = 0; j < n; j++)
                wanted = wanted || strcmp(params[j].name, tensors->items[k].name) == 0;
        }
        if (!wanted)
            return error_set(why, SORDINO_BAD_MODEL, "Tensor %s belongs to no node",
                             tensors->items[k].name);
    }
    return SORDINO_OK;
}

static sordino_status bind(const graph *g, const tensor_set *tensors, draft *d, sordino_error *why)
{
    size_t n_bound = 0;
    for (size_t i = 0; i < d->n; i++) {
        graph_param params[OP_MAX_PARAMS];
        const size_t n = graph_params(g, i, params, OP_MAX_PARAMS);
        for (size_t k = 0; k < n; k++) {
            const sordino_status status =
                find_param(tensors, &params[k], &d->nodes[i].params[k], why);
            if (status != SORDINO_OK)
                return status;
        }
        n_bound += n;
    }
    return n_bound == tensors->n ? SORDINO_OK : find_stranger(g, tensors, why);
}

/* Node `gone` hands its result's place over to `stays`. */
static void take_out(draft *d, uint32_t gone, uint32_t stays)
{
    draft_node *const from = &d->nodes[gone], *const to = &d->nodes[stays];
    from->gone = true;
    from->same_as = stays;
    to->uses = to->uses - 1 + from->uses;
    for (size_t i = 0; i < d->n; i++)
        for (uint32_t k = 0; d->nodes[i].node && k < d->nodes[i].node->n_inputs; k++)
            if (d->nodes[i].inputs[k] == gone)
                d->nodes[i].inputs[k] = stays;
}

/* Copies of weight and bias that may be changed. */
static bool own_params(draft_node *node)
{
    if (node->weight)
        return true;
    op_param params[OP_MAX_PARAMS];
    const uint32_t n = node->node->op->params(node->node, params);
    const size_t size = op_param_size(&params[0]);
    const uint32_t channels = node->node->op->channels(node->node);
    kreal *const weight = malloc(size * sizeof *weight);
    kreal *const bias = calloc(channels, sizeof *bias);
    if (!weight || !bias) {
        free(weight);
        free(bias);
        return false;
    }
    memcpy(weight, node->params[0], size * sizeof *weight);
    if (n > 1)
        memcpy(bias, node->params[1], channels * sizeof *bias);
    node->params[0] = node->weight = weight;
    node->params[1] = node->bias = bias;
    return true;
}

/* The only node that reads node i's result, or n. */
static uint32_t only_reader(const draft *d, uint32_t i)
{
    uint32_t reader = (uint32_t)d->n;
    for (uint32_t r = 0; r < d->n && d->nodes[i].uses == 1; r++)
        for (uint32_t k = 0; d->nodes[r].node && k < d->nodes[r].node->n_inputs; k++)
            if (!d->nodes[r].gone && d->nodes[r].inputs[k] == i)
                reader = r;
    return reader;
}

/* Works affine node `a` into the weights of `into`. `period` channels of a repeat. */
static bool fold_into(draft *d, uint32_t a, uint32_t into, bool before, uint32_t period,
                      kreal *scratch, bool *no_mem)
{
    const draft_node *const affine = &d->nodes[a];
    draft_node *const conv = &d->nodes[into];
    kreal *const gain = scratch, *const shift = scratch + GRAPH_MAX_WIDTH;
    if (!affine->node->op->merged(affine->node, affine->params, period, gain, shift))
        return false;
    if (!own_params(conv)) {
        *no_mem = true;
        return false;
    }
    return conv->node->op->fold(conv->node, before, gain, shift, period, conv->weight, conv->bias);
}

static bool is_plain(const draft_node *n)
{
    return !n->slope && !n->gain && n->add == UINT32_MAX;
}

/* Tries to fold affine node `a` into the convolution before it, else into the one after. */
static void fold_affine(draft *d, uint32_t a, kreal *scratch, bool *no_mem)
{
    const uint32_t source = d->nodes[a].inputs[0], reader = only_reader(d, a);
    const draft_node *const from = &d->nodes[source];
    if (from->node && from->node->op->fold && from->uses == 1 && is_plain(from)) {
        const uint32_t channels = from->node->op->channels(from->node);
        if (fold_into(d, a, source, false, channels, scratch, no_mem)) {
            take_out(d, a, source);
            return;
        }
    }
    if (reader < d->n && d->nodes[reader].node->op->fold) {
        op_param params[OP_MAX_PARAMS];
        d->nodes[a].node->op->params(d->nodes[a].node, params);
        if (fold_into(d, a, reader, true, d->nodes[a].node->width, scratch, no_mem) ||
            fold_into(d, a, reader, true, params[0].dims[0], scratch, no_mem))
            take_out(d, a, source);
    }
}

static sordino_status fold_all(draft *d, sordino_error *why)
{
    bool no_mem = false;
    kreal *const scratch = malloc(2 * (size_t)GRAPH_MAX_WIDTH * sizeof *scratch);
    if (!scratch)
        return error_set(why, SORDINO_NO_MEM, "No memory to fold weights");
    for (uint32_t i = 1; i < d->n && !no_mem; i++)
        if (d->nodes[i].node->op->merge == OP_MERGE_AFFINE)
            fold_affine(d, i, scratch, &no_mem);
    free(scratch);
    return no_mem ? error_set(why, SORDINO_NO_MEM, "No memory to fold weights") : SORDINO_OK;
}

/* Merges an activation or scale into the convolution before it. */
static void merge_channels(draft *d, uint32_t i, bool *no_mem)
{
    const draft_node *const node = &d->nodes[i];
    draft_node *const conv = &d->nodes[node->inputs[0]];
    const bool slope = node->node->op->merge == OP_MERGE_SLOPE;
    if (!conv->node || !conv->node->op->channels || conv->uses != 1 || conv->gain ||
        conv->add != UINT32_MAX || (slope && conv->slope))
        return;
    /* Kernels read whole vectors, from any group on. */
    const uint32_t channels = conv->node->op->channels(conv->node);
    const size_t room = kernels_pad(channels) + KERNELS_PAD;
    kreal *const a = calloc(room, sizeof *a), *const b = slope ? NULL : calloc(room, sizeof *b);
    if (!a || (!slope && !b)) {
        *no_mem = true;
    } else if (node->node->op->merged(node->node, node->params, channels, a, b)) {
        if (slope)
            conv->slope = a;
        else
            conv->gain = a;
        conv->shift = b;
        take_out(d, i, node->inputs[0]);
        return;
    }
    free(a);
    free(b);
}

/* Merges a sum of two into whichever convolution comes after the other summand. */
static void merge_add(draft *d, uint32_t i)
{
    const draft_node *const node = &d->nodes[i];
    if (node->node->n_inputs != 2)
        return;
    for (uint32_t k = 0; k < 2; k++) {
        draft_node *const conv = &d->nodes[node->inputs[k]];
        const uint32_t other = node->inputs[1 - k];
        if (!conv->node || !conv->node->op->channels || conv->uses != 1 ||
            conv->add != UINT32_MAX || other >= node->inputs[k])
            continue;
        conv->add = other;
        take_out(d, i, node->inputs[k]);
        return;
    }
}

static sordino_status merge_all(draft *d, sordino_error *why)
{
    bool no_mem = false;
    for (uint32_t i = 1; i < d->n && !no_mem; i++) {
        if (d->nodes[i].gone)
            continue;
        const op_merge merge = d->nodes[i].node->op->merge;
        if (merge == OP_MERGE_SLOPE || merge == OP_MERGE_AFFINE)
            merge_channels(d, i, &no_mem);
        else if (merge == OP_MERGE_ADD)
            merge_add(d, i);
    }
    return no_mem ? error_set(why, SORDINO_NO_MEM, "No memory to merge nodes") : SORDINO_OK;
}

sordino_status draft_new(const graph *g, const tensor_set *tensors, bool merge, draft *out,
                         sordino_error *why)
{
    out->n = graph_size(g);
    out->nodes = calloc(out->n, sizeof *out->nodes);
    if (!out->nodes)
        return error_set(why, SORDINO_NO_MEM, "No memory for a plan");
    for (size_t i = 0; i < out->n; i++) {
        draft_node *const node = &out->nodes[i];
        node->node = graph_op_node(g, i);
        node->name = graph_at(g, i)->name;
        node->same_as = (uint32_t)i;
        node->add = UINT32_MAX;
        for (uint32_t k = 0; k < graph_at(g, i)->n_inputs; k++) {
            node->inputs[k] = graph_at(g, i)->inputs[k];
            out->nodes[node->inputs[k]].uses++;
        }
    }
    out->nodes[out->n - 1].uses++;
    sordino_status status = bind(g, tensors, out, why);
    if (status == SORDINO_OK && merge)
        status = fold_all(out, why);
    if (status == SORDINO_OK && merge)
        status = merge_all(out, why);
    if (status != SORDINO_OK)
        draft_free(out);
    return status;
}

void draft_free(draft *d)
{
    for (size_t i = 0; d->nodes && i < d->n; i++) {
        draft_node *const node = &d->nodes[i];
        free(node->weight);
        free(node->bias);
        free(node->slope);
        free(node->gain);
        free(node->shift);
    }
    free(d->nodes);
    d->nodes = NULL;
}
