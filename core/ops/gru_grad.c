/*
 * Backward through time of gru_freq. Frames are taken in chunks from the last one back: first, one
 * frame after the other, the derivatives by the gates and what they hand on to the frame before;
 * then, over all rows of the chunk at once, those by weights and inputs.
 */
#include "core/ops/grads.h"
#include "core/ops/gru.h"
#include "core/ops/ops.h"

#include <string.h>

enum { CHUNK_FRAMES = 8 };

/* The products the other way round: from the state's gates to the state, from the input's gates to
 * the input. */
typedef struct packed_back {
    kernels_conv to_state, to_input;
} packed_back;

static size_t back_floats(const gru_geometry *g, size_t out)
{
    return kernels_pad(out) * (g->gates + 1); /* weights and zeros for biases */
}

static size_t packed_bytes(const op_node *node)
{
    const gru_geometry g = gru_geometry_of(node);
    return grad_bytes(sizeof(packed_back) / sizeof(kreal) + 1) +
           (back_floats(&g, g.hidden) + back_floats(&g, g.in_c)) * sizeof(kreal);
}

/* `weight` [GRU_GATES * hidden][out] as a product from gates, in their slots, to `out`. */
static void pack_back(const gru_geometry *g, uint32_t out, const kreal *weight,
                      size_t (*slot)(size_t gate), uint32_t store, kernels_conv *conv, kreal *to)
{
    const uint32_t in = (uint32_t)g->gates;
    for (size_t gate = 0; gate < GRU_GATES; gate++)
        for (size_t h = 0; h < g->hidden; h++)
            for (size_t o = 0; o < out; o++)
                to[kernels_conv_at(in, out, 1, 0, slot(gate) * g->pad + h, o)] =
                    weight[(gate * g->hidden + h) * out + o];
    *conv = (kernels_conv){.in = in,
                           .out = out,
                           .n_taps = 1,
                           .store = store,
                           .weights = to,
                           .bias = to + kernels_pad(out) * in};
}

static void pack(const op_node *node, const kreal *const *params, void *packed)
{
    const gru_geometry g = gru_geometry_of(node);
    packed_back *const to = packed;
    kreal *const floats = (kreal *)(void *)((unsigned char *)packed +
                                            grad_bytes(sizeof(packed_back) / sizeof(kreal) + 1));
    pack_back(&g, g.hidden, params[1], gru_state_slot, (uint32_t)g.pad, &to->to_state, floats);
    pack_back(&g, g.in_c, params[0], gru_input_slot, g.in_c, &to->to_input,
              floats + back_floats(&g, g.hidden));
}

static size_t kept_bytes(const op_node *node, size_t windows, size_t n)
{
    const gru_geometry g = gru_geometry_of(node);
    return windows * n * g.freq * g.kept * sizeof(kreal);
}

/* Where things lie in the scratch memory. */
typedef struct sums {
    kreal *input, *state;        /* [in_c][gates], [hidden][gates] */
    kreal *bias;                 /* [GRU_KEPT][pad] */
    kreal *carry;                /* [freq][pad] */
    kreal *d_gates;              /* [CHUNK_FRAMES][freq][GRU_KEPT][pad] */
    ptrdiff_t *at;               /* 0, 1, 2 ... */
    size_t zeroed, floats, n_at; /* zeroed: the sums, at the front */
} sums;

static sums sums_of(const gru_geometry *g, kreal *scratch)
{
    sums s = {.n_at = g->in_c > g->hidden ? g->in_c : g->hidden};
    const size_t input = g->in_c * g->gates, state = g->hidden * g->gates;
    s.zeroed = input + state + g->kept;
    s.floats = s.zeroed + g->freq * g->pad + CHUNK_FRAMES * g->freq * g->kept;
    if (scratch) {
        s.input = scratch;
        s.state = s.input + input;
        s.bias = s.state + state;
        s.carry = s.bias + g->kept;
        s.d_gates = s.carry + g->freq * g->pad;
        s.at = (ptrdiff_t *)(void *)(s.d_gates + CHUNK_FRAMES * g->freq * g->kept);
    }
    return s;
}

static size_t scratch_bytes(const op_node *node, size_t windows, size_t n)
{
    (void)windows;
    (void)n;
    const gru_geometry g = gru_geometry_of(node);
    const sums s = sums_of(&g, NULL);
    const size_t back = s.floats * sizeof(kreal) + s.n_at * sizeof(ptrdiff_t);
    const size_t state = node->op->state_bytes(node);
    return back > state ? back : state;
}

static void forward(const op_grad_call *call)
{
    const gru_geometry g = gru_geometry_of(call->node);
    for (size_t w = 0; w < call->windows; w++) {
        memset(call->scratch, 0, call->node->op->state_bytes(call->node));
        const op_call window = {
            .node = call->node,
            .kernels = call->kernels,
            .packed = call->packed,
            .state = call->scratch,
            .in = {grad_window(&call->in[0], w)},
            .out = grad_window(&call->out, w),
            .n = call->n,
        };
        gru_run(&window, (kreal *)call->kept + w * call->n * g.freq * g.kept);
    }
}

/* Frames first .. first + n - 1 of a window, the last one first. */
static void gates_backward(const op_grad_call *call, const gru_geometry *g, const sums *s, size_t w,
                           size_t first, size_t n)
{
    static const kernels_tap here = {0, 0};
    const packed_back *const back = call->packed_grad;
    const train_kernels *const k = train_kernels_of(call->kernels);
    const kreal *const kept = (const kreal *)call->kept + w * call->n * g->freq * g->kept;
    const kreal *const y = grad_window(&call->out, w), *const d_y = grad_window(&call->d_out, w);
    for (size_t t = first + n; t-- > first;) {
        kreal *const d_gates = s->d_gates + (t - first) * g->freq * g->kept;
        const train_gru unit = {
            .kept = kept + t * g->freq * g->kept,
            .past = t > 0 ? y + (t - 1) * g->y_row : NULL,
            .d_y = d_y + t * g->y_row,
            .carry = s->carry,
            .d_gates = d_gates,
            .rows = g->freq,
            .hidden = g->hidden,
        };
        k->gru(&unit);
        const kernels_rows rows = {d_gates + g->pad, s->carry, g->freq, g->kept, g->pad};
        const kernels_post add = {.add = s->carry};
        call->kernels->conv(&back->to_state, &here, 1, &rows, &add);
    }
}

/* Calls `outer` for all rows of some frames, as one run where no padding lies between frames. */
static void add_outer(const train_kernels *k, const gru_geometry *g, train_outer o, size_t frames,
                      size_t channels, size_t frame_row)
{
    const bool whole = frame_row == g->freq * channels;
    const size_t runs = whole ? 1 : frames;
    o.x_stride = channels;
    o.y_stride = g->kept;
    o.n_at = channels;
    o.width = g->gates;
    o.n = whole ? frames * g->freq : g->freq;
    for (size_t i = 0; i < runs && frames > 0; i++, o.x += frame_row, o.y += g->freq * g->kept)
        k->outer(&o);
}

static void chunk_backward(const op_grad_call *call, const gru_geometry *g, const sums *s, size_t w,
                           size_t first, size_t n)
{
    static const kernels_tap here = {0, 0};
    const packed_back *const back = call->packed_grad;
    const train_kernels *const k = train_kernels_of(call->kernels);
    const kreal *const x = grad_window(&call->in[0], w) + first * g->x_row;
    const kreal *const y = grad_window(&call->out, w);
    const size_t skip = first == 0; /* the state before frame 0 is zero */
    const train_outer by_input = {.x = x, .y = s->d_gates, .at = s->at, .sum = s->input};
    const train_outer by_state = {.x = y + (first + skip - 1) * g->y_row,
                                  .y = s->d_gates + skip * g->freq * g->kept + g->pad,
                                  .at = s->at,
                                  .sum = s->state};
    add_outer(k, g, by_input, n, g->in_c, g->x_row);
    add_outer(k, g, by_state, n - skip, g->hidden, g->y_row);
    if (g->bias)
        k->sum(s->d_gates, n * g->freq, g->kept, s->bias);
    kreal *const d_in = grad_window(&call->d_in[0], w);
    if (!d_in)
        return;
    const bool whole = g->x_row == g->freq * g->in_c;
    for (size_t t = 0; t < (whole ? 1 : n); t++) {
        kreal *const d = d_in + (first + t) * g->x_row;
        const kernels_rows rows = {s->d_gates + t * g->freq * g->kept, d,
                                   whole ? n * g->freq : g->freq, g->kept, g->in_c};
        const kernels_post add = {.add = d};
        call->kernels->conv(&back->to_input, &here, 1, &rows, &add);
    }
}

/* From sums [in][gates in slots] to [GRU_GATES * hidden][in]. */
static void scatter(const gru_geometry *g, const kreal *sum, size_t in, size_t (*slot)(size_t gate),
                    kreal *d_weight)
{
    for (size_t gate = 0; gate < GRU_GATES; gate++)
        for (size_t h = 0; h < g->hidden; h++, d_weight += in)
            for (size_t i = 0; i < in; i++)
                d_weight[i] += sum[i * g->gates + slot(gate) * g->pad + h];
}

static void scatter_bias(const gru_geometry *g, const kreal *sum, size_t (*slot)(size_t gate),
                         kreal *d_bias)
{
    for (size_t gate = 0; gate < GRU_GATES; gate++)
        for (size_t h = 0; h < g->hidden; h++)
            *d_bias++ += sum[slot(gate) * g->pad + h];
}

static void backward(const op_grad_call *call)
{
    const gru_geometry g = gru_geometry_of(call->node);
    const sums s = sums_of(&g, call->scratch);
    memset(call->scratch, 0, s.zeroed * sizeof(kreal));
    for (size_t i = 0; i < s.n_at; i++)
        s.at[i] = (ptrdiff_t)i;
    for (size_t w = 0; w < call->windows; w++) {
        memset(s.carry, 0, g.freq * g.pad * sizeof *s.carry);
        for (size_t end = call->n; end > 0;) {
            const size_t first = (end - 1) / CHUNK_FRAMES * CHUNK_FRAMES;
            gates_backward(call, &g, &s, w, first, end - first);
            chunk_backward(call, &g, &s, w, first, end - first);
            end = first;
        }
    }
    scatter(&g, s.input, g.in_c, gru_input_slot, call->d_params[0]);
    scatter(&g, s.state, g.hidden, gru_state_slot, call->d_params[1]);
    if (g.bias) {
        scatter_bias(&g, s.bias, gru_input_slot, call->d_params[2]);
        scatter_bias(&g, s.bias + g.pad, gru_state_slot, call->d_params[3]);
    }
}

const op_grad grad_gru_freq = {
    .op = &op_gru_freq,
    .kept_bytes = kept_bytes,
    .scratch_bytes = scratch_bytes,
    .packed_bytes = packed_bytes,
    .pack = pack,
    .forward = forward,
    .backward = backward,
};
