/* The network's parameters: one flat vector, and packed for the kernels. */
#include "trainer/net/net.h"

#include "core/base/arena.h"
#include "core/base/error.h"
#include "core/ops/op.h"
#include "core/ops/ops.h"
#include "trainer/net/net_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MIN_MATRIX = 16 }; /* rows and columns of what is a matrix rather than a few rows */

static void mark_inner(net *n);

/* Offsets: first everything trained, then the statistics. */
static sordino_status list_params(net *n, sordino_error *why)
{
    const size_t count = n->n_nodes = graph_size(n->graph);
    size_t n_params = 0;
    for (size_t i = 1; i < count; i++)
        n_params += graph_params(n->graph, i, NULL, 0);
    n->params = calloc(n_params + 1, sizeof *n->params);
    n->nodes = calloc(count, sizeof *n->nodes);
    if (!n->params || !n->nodes)
        return error_set(why, SORDINO_NO_MEM, "Out of memory for a network of %zu nodes", count);
    for (unsigned pass = 0; pass < 2; pass++) /* trained, statistics */
        for (size_t i = 1; i < count; i++) {
            net_node *const node = &n->nodes[i];
            graph_param shapes[OP_MAX_PARAMS];
            node->op = graph_op_node(n->graph, i);
            node->grad = op_grad_find(node->op->op);
            if (!node->grad)
                return error_set(why, SORDINO_UNSUPPORTED, "Op '%s' of node '%s' cannot be trained",
                                 node->op->op->name, graph_at(n->graph, i)->name);
            node->n_params = (uint32_t)graph_params(n->graph, i, shapes, OP_MAX_PARAMS);
            for (uint32_t k = 0; k < node->n_params; k++) {
                if ((node->grad->statistics >> k & 1) != pass)
                    continue;
                net_param *const p = &n->params[n->n_params++];
                *p = (net_param){.shape = shapes[k],
                                 .node = (uint32_t)i,
                                 .offset = n->total,
                                 .size = 1,
                                 .decays = shapes[k].n_dims > 1};
                for (uint32_t d = 0; d < shapes[k].n_dims; d++)
                    p->size *= shapes[k].dims[d];
                node->offset[k] = p->offset;
                n->total += p->size;
                if (pass == 0)
                    n->size = n->total;
            }
        }
    return SORDINO_OK;
}

static void lay_out_packed(net *n, arena *a)
{
    for (size_t i = 1; i < n->n_nodes; i++) {
        net_node *const node = &n->nodes[i];
        const op *const o = node->op->op;
        node->packed = o->packed_bytes ? arena_take(a, o->packed_bytes(node->op), 1) : NULL;
        node->packed_bytes = o->packed_bytes ? o->packed_bytes(node->op) : 0;
        node->packed_grad =
            node->grad->packed_bytes ? arena_take(a, node->grad->packed_bytes(node->op), 1) : NULL;
        node->packed_grad_bytes = node->grad->packed_bytes ? node->grad->packed_bytes(node->op) : 0;
    }
}

static sordino_status net_build(net *n, sordino_error *why)
{
    const sordino_status status = list_params(n, why);
    if (status != SORDINO_OK)
        return status;
    n->values = calloc(n->total + 1, sizeof *n->values);
    lay_out_packed(n, &n->memory);
    if (!n->values || !arena_alloc(&n->memory))
        return error_set(why, SORDINO_NO_MEM, "Out of memory for %zu weights", n->total);
    lay_out_packed(n, &n->memory);
    return SORDINO_OK;
}

sordino_status net_new(const graph *g, const kernels *table, net **out, sordino_error *why)
{
    *out = NULL;
    net *n = calloc(1, sizeof *n);
    if (!n)
        return error_set(why, SORDINO_NO_MEM, "Out of memory for the network");
    n->graph = g;
    n->table = table ? table : kernels_pick();
    const sordino_status status = net_build(n, why);
    if (status != SORDINO_OK) {
        net_free(n);
        return status;
    }
    mark_inner(n);
    *out = n;
    return SORDINO_OK;
}

void net_free(net *n)
{
    if (!n)
        return;
    arena_free(&n->memory);
    free(n->params);
    free(n->nodes);
    free(n->values);
    free(n);
}

const graph *net_graph(const net *n)
{
    return n->graph;
}

const kernels *net_table(const net *n)
{
    return n->table;
}

size_t net_size(const net *n)
{
    return n->size;
}

size_t net_statistics(const net *n)
{
    return n->total - n->size;
}

float *net_values(net *n)
{
    return n->values;
}

size_t net_param_count(const net *n)
{
    return n->n_params;
}

net_param net_param_at(const net *n, size_t i)
{
    return n->params[i];
}

/* Whether node i's result is an input of an op of that kind; with `ends`, looks through concat. */
static bool feeds(const graph *g, uint32_t i, const op *kind)
{
    for (size_t k = i + 1; k < graph_size(g); k++) {
        const graph_node *const user = graph_at(g, k);
        for (uint32_t j = 0; j < user->n_inputs; j++)
            if (user->inputs[j] == i && graph_op_node(g, k)->op == kind)
                return true;
    }
    return false;
}

static bool makes_output(const graph *g, uint32_t i)
{
    const size_t last = graph_size(g) - 1;
    if (i == last)
        return true;
    for (size_t k = i + 1; k <= last; k++) {
        const op *const o = graph_op_node(g, k)->op;
        const graph_node *const user = graph_at(g, k);
        for (uint32_t j = 0; j < user->n_inputs; j++)
            if (user->inputs[j] == i && (o == &op_concat || o == &op_sigmoid) &&
                makes_output(g, (uint32_t)k))
                return true;
    }
    return false;
}

static uint32_t count_sums(const graph *g)
{
    uint32_t n = 0;
    for (size_t k = 1; k < graph_size(g); k++)
        n += graph_op_node(g, k)->op == &op_add;
    return n;
}

/* Inputs that one result of a weight tensor adds up: all but the first dimension, which counts the
 * results (PyTorch's layout; the transposed convolution has inputs first, outputs second). */
static double fan_in(const op *o, const graph_param *p)
{
    double n = 1;
    for (uint32_t d = 0; d < p->n_dims; d++)
        if (d != (o == &op_conv_freq_transposed ? 1 : 0))
            n *= p->dims[d];
    return n;
}

/* Marks the matrices of inner layers. */
static void mark_inner(net *n)
{
    for (size_t i = 0; i < n->n_params; i++) {
        net_param *const p = &n->params[i];
        const graph_node *const node = graph_at(n->graph, p->node);
        bool reads_input = false;
        for (uint32_t k = 0; k < node->n_inputs; k++)
            reads_input |= node->inputs[k] == 0;
        const size_t columns = p->size / p->shape.dims[0];
        p->inner = p->decays && p->shape.dims[0] >= MIN_MATRIX && columns >= MIN_MATRIX &&
                   !reads_input && !makes_output(n->graph, p->node);
    }
}

/* Gates' weights with variance 1 / fan-in. The bias of z is the logarithm of 1 to `longest` frames,
 * by which states then remember for that long (Tallec & Ollivier 2018, "Can recurrent neural
 * networks warp time?", eq. 16). */
static void init_gates(const net_param *p, rng *r, float *v)
{
    const double longest = 50;
    const size_t gate = p->size / 3;
    if (p->shape.n_dims > 1) {
        for (size_t i = 0; i < p->size; i++)
            v[i] = (float)(rng_normal(r) / sqrt((double)p->shape.dims[1]));
        return;
    }
    memset(v, 0, p->size * sizeof *v);
    if (strcmp(strrchr(p->shape.name, '.'), ".bias_ih") == 0)
        for (size_t i = gate; i < 2 * gate; i++)
            v[i] = (float)log(1 + (longest - 1) * rng_unit(r));
}

static void init_param(net *n, const net_param *p, rng *r)
{
    const op *const o = n->nodes[p->node].op->op;
    float *const v = n->values + p->offset;
    const char *const suffix = strrchr(p->shape.name, '.') + 1;
    if (o == &op_gru_freq) {
        init_gates(p, r, v);
        return;
    }
    if (p->shape.n_dims > 1) {
        double scale = sqrt(2 / fan_in(o, &p->shape));
        if (feeds(n->graph, p->node, &op_add))
            scale /= sqrt((double)count_sums(n->graph));
        if (makes_output(n->graph, p->node))
            scale /= 10;
        for (size_t i = 0; i < p->size; i++)
            v[i] = (float)(scale * rng_normal(r));
        return;
    }
    const bool one =
        strcmp(suffix, "running_var") == 0 || (strcmp(suffix, "weight") == 0 && o != &op_prelu);
    for (size_t i = 0; i < p->size; i++)
        v[i] = one ? 1.0f : o == &op_prelu ? 0.25f : 0.0f;
}

void net_init(net *n, rng *r)
{
    for (size_t i = 0; i < n->n_params; i++)
        init_param(n, &n->params[i], r);
}

static const tensor *find_same(const tensor_set *set, const net_param *p)
{
    const tensor *const t = tensor_set_find(set, p->shape.name);
    const bool same = t && t->n_dims == p->shape.n_dims &&
                      memcmp(t->dims, p->shape.dims, t->n_dims * sizeof *t->dims) == 0;
    return same ? t : NULL;
}

sordino_status net_load(net *n, const tensor_set *set, sordino_error *why)
{
    for (size_t i = 0; i < n->n_params; i++) {
        const net_param *const p = &n->params[i];
        const tensor *const t = find_same(set, p);
        if (!t)
            return error_set(why, SORDINO_BAD_MODEL,
                             "Tensor '%s' is missing or has another shape than this network's",
                             p->shape.name);
        memcpy(n->values + p->offset, t->data, p->size * sizeof *t->data);
    }
    return SORDINO_OK;
}

sordino_status net_grow(net *n, const tensor_set *set, rng *r, sordino_error *why)
{
    size_t used = 0;
    for (size_t i = 0; i < n->n_params; i++) {
        const net_param *const p = &n->params[i];
        const tensor *const t = find_same(set, p);
        init_param(n, p, r);
        if (t)
            memcpy(n->values + p->offset, t->data, p->size * sizeof *t->data);
        else if (p->shape.n_dims > 1 && feeds(n->graph, p->node, &op_add))
            memset(n->values + p->offset, 0, p->size * sizeof *n->values);
        used += t != NULL;
    }
    if (used < set->n)
        return error_set(why, SORDINO_BAD_MODEL,
                         "The network lacks %zu of the model's %zu tensors, or has them in another "
                         "shape",
                         set->n - used, set->n);
    return SORDINO_OK;
}

sordino_status net_tensors(const net *n, const float *values, tensor_set **out, sordino_error *why)
{
    *out = NULL;
    tensor_set *set = tensor_set_new();
    if (!set)
        return error_set(why, SORDINO_NO_MEM, "Out of memory for the weights");
    for (size_t i = 0; i < n->n_params; i++) {
        const net_param *const p = &n->params[i];
        const sordino_status status =
            tensor_set_add(set, p->shape.name, p->shape.n_dims, p->shape.dims,
                           (values ? values : n->values) + p->offset, why);
        if (status != SORDINO_OK) {
            tensor_set_free(set);
            return status;
        }
    }
    *out = set;
    return SORDINO_OK;
}

void net_node_params(const net *n, size_t i, const float *params[OP_MAX_PARAMS])
{
    for (uint32_t k = 0; k < n->nodes[i].n_params; k++)
        params[k] = n->values + n->nodes[i].offset[k];
}

void net_pack(net *n)
{
    for (size_t i = 1; i < n->n_nodes; i++) {
        const net_node *const node = &n->nodes[i];
        const float *params[OP_MAX_PARAMS];
        net_node_params(n, i, params);
        if (node->op->op->pack) {
            memset(node->packed, 0, node->packed_bytes);
            node->op->op->pack(node->op, params, node->packed);
        }
        if (node->grad->pack) {
            memset(node->packed_grad, 0, node->packed_grad_bytes);
            node->grad->pack(node->op, params, node->packed_grad);
        }
    }
}
