/*
 * gru_freq: a gated recurrent unit over time (Cho et al. 2014, "Learning phrase representations
 * using RNN encoder-decoder"), in PyTorch's form, where r acts on the product of the state. All
 * frequencies of [T][F][C] share the weights, and each has a state of its own:
 *
 *   r = sigmoid(W_ir x + b_ir + W_hr h + b_hr)     z = sigmoid(W_iz x + b_iz + W_hz h + b_hz)
 *   q = W_hn h + b_hn                              n = tanh(W_in x + b_in + r q)
 *   h' = (1 - z) n + z h
 *
 * A frame is two products with F rows each and one pass over the gates, so what is computed does
 * not depend on how a stream is cut.
 */
#include "core/ops/gru.h"

#include "core/base/error.h"
#include "core/ops/ops.h"

#include <string.h>

enum { FREQ, HIDDEN, BIAS };
enum { WEIGHTS_MAX = 1 << 26 }; /* floats of one op, padded */

static const op_attr attrs[] = {
    {"freq", 1, 65536, 0, true, true},
    {"hidden", 1, 65536, 0, true, true},
    {"bias", 0, 1, 1, true, false},
};

typedef struct packed_gru {
    kernels_conv input, state;
} packed_gru;

gru_geometry gru_geometry_of(const op_node *node)
{
    gru_geometry g = {.freq = op_whole(node, FREQ),
                      .hidden = op_whole(node, HIDDEN),
                      .bias = node->attr[BIAS] > 0};
    g.in_c = node->in_width[0] / g.freq;
    g.pad = kernels_pad(g.hidden);
    g.gates = GRU_GATES * g.pad;
    g.kept = GRU_KEPT * g.pad;
    g.x_row = kernels_pad(node->in_width[0]);
    g.y_row = kernels_pad((size_t)g.freq * g.hidden);
    return g;
}

static sordino_status shape(op_node *node, sordino_error *why)
{
    const gru_geometry g = gru_geometry_of(node);
    if (node->in_width[0] % g.freq != 0)
        return error_set(why, SORDINO_BAD_MODEL,
                         "Input width %u is no multiple of the frequency count %u",
                         (unsigned)node->in_width[0], (unsigned)g.freq);
    const uint64_t width = (uint64_t)g.freq * g.hidden;
    if (width > UINT32_MAX || (double)g.gates * ((double)g.in_c + g.hidden) > WEIGHTS_MAX)
        return error_set(why, SORDINO_BAD_MODEL, "The recurrent layer is too big");
    node->width = (uint32_t)width;
    node->endless = true;
    return SORDINO_OK;
}

static uint32_t params(const op_node *node, op_param out[OP_MAX_PARAMS])
{
    const gru_geometry g = gru_geometry_of(node);
    const uint32_t gates = GRU_GATES * g.hidden;
    out[0] = (op_param){"weight_ih", 2, {gates, g.in_c, 0, 0}};
    out[1] = (op_param){"weight_hh", 2, {gates, g.hidden, 0, 0}};
    out[2] = (op_param){"bias_ih", 1, {gates, 0, 0, 0}};
    out[3] = (op_param){"bias_hh", 1, {gates, 0, 0, 0}};
    return g.bias ? 4 : 2;
}

static size_t align(size_t bytes)
{
    return (bytes + 63) / 64 * 64;
}

static size_t packed_bytes(const op_node *node)
{
    const gru_geometry g = gru_geometry_of(node);
    return align(sizeof(packed_gru)) + g.gates * ((size_t)g.in_c + g.hidden + 2) * sizeof(kreal);
}

/* One product's weights [GRU_GATES * hidden][in] and biases, with gates moved to their slots. */
static void pack_product(const gru_geometry *g, uint32_t in, const kreal *weight, const kreal *bias,
                         size_t (*slot)(size_t gate), kernels_conv *conv, kreal *to)
{
    const uint32_t out = (uint32_t)g->gates;
    for (size_t gate = 0; gate < GRU_GATES; gate++)
        for (size_t o = 0; o < g->hidden; o++) {
            const size_t row = gate * g->hidden + o, column = slot(gate) * g->pad + o;
            for (size_t i = 0; i < in; i++)
                to[kernels_conv_at(in, out, 1, 0, i, column)] = weight[row * in + i];
            if (bias)
                to[g->gates * in + column] = bias[row];
        }
    *conv = (kernels_conv){
        .in = in, .out = out, .n_taps = 1, .store = out, .weights = to, .bias = to + g->gates * in};
}

static void pack(const op_node *node, const kreal *const *p, void *packed)
{
    const gru_geometry g = gru_geometry_of(node);
    packed_gru *const to = packed;
    kreal *const floats = (kreal *)(void *)((unsigned char *)packed + align(sizeof *to));
    pack_product(&g, g.in_c, p[0], g.bias ? p[2] : NULL, gru_input_slot, &to->input, floats);
    pack_product(&g, g.hidden, p[1], g.bias ? p[3] : NULL, gru_state_slot, &to->state,
                 floats + g.gates * ((size_t)g.in_c + 1));
}

/* [freq][pad] of state, then [2][freq][gates] that mean nothing between frames. */
static size_t state_bytes(const op_node *node)
{
    const gru_geometry g = gru_geometry_of(node);
    return g.freq * (g.pad + 2 * g.gates) * sizeof(kreal);
}

static double macs(const op_node *node)
{
    const gru_geometry g = gru_geometry_of(node);
    return (double)g.freq * GRU_GATES * g.hidden * ((double)g.in_c + g.hidden);
}

void gru_run(const op_call *call, kreal *kept)
{
    static const kernels_tap here = {0, 0};
    static const kernels_post no_post = {NULL, NULL, NULL, NULL};
    const packed_gru *const p = call->packed;
    const gru_geometry g = gru_geometry_of(call->node);
    kreal *const state = call->state;
    kreal *const by_input = state + g.freq * g.pad, *const by_state = by_input + g.freq * g.gates;
    for (size_t t = 0; t < call->n; t++) {
        kreal *const y = call->out + t * g.y_row;
        const kernels_rows x_rows = {call->in[0] + t * g.x_row, by_input, g.freq, g.in_c, g.gates};
        const kernels_rows h_rows = {state, by_state, g.freq, g.pad, g.gates};
        call->kernels->conv(&p->input, &here, 1, &x_rows, &no_post);
        call->kernels->conv(&p->state, &here, 1, &h_rows, &no_post);
        const kernels_gru unit = {
            .by_input = by_input,
            .by_state = by_state,
            .state = state,
            .y = y,
            .kept = kept ? kept + t * g.freq * g.kept : NULL,
            .rows = g.freq,
            .hidden = g.hidden,
        };
        call->kernels->gru(&unit);
        memset(y + call->node->width, 0, (g.y_row - call->node->width) * sizeof *y);
    }
}

static void forward(const op_call *call) SORDINO_RT
{
    gru_run(call, NULL);
}

const op op_gru_freq = {
    .name = "gru_freq",
    .since_minor = 1,
    .min_inputs = 1,
    .max_inputs = 1,
    .attrs = attrs,
    .n_attrs = sizeof attrs / sizeof attrs[0],
    .shape = shape,
    .params = params,
    .packed_bytes = packed_bytes,
    .state_bytes = state_bytes,
    .pack = pack,
    .macs = macs,
    .forward = forward,
};
