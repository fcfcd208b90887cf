/*
 * Backward of the convolutions. The derivative of the input is the convolution the other way round:
 * inputs and outputs change places, a strided one becomes a transposed one and back, and time taps
 * look ahead instead of back. PyTorch's layouts of the weights are such that the same numbers serve
 * both. The derivative of a weight is a sum over frames and frequencies of products of an input and
 * a derivative: for each frequency tap one call of a kernel for all frequencies of a frame, which
 * lie side by side, or for one frequency of many frames where there are few frequencies.
 */
#include "core/ops/conv.h"
#include "core/ops/grads.h"
#include "core/ops/ops.h"

#include <string.h>

/* With few frequencies: frames that pass by for all of them, so that they stay in the cache. */
enum { FREQ_FRAMES = 32, FEW_FREQS = 8 };

static conv_geometry geometry(const op_node *node)
{
    if (node->op == &op_conv1d || node->op == &op_dense)
        return conv1d_geometry(node);
    return conv_freq_geometry(node);
}

static conv_geometry turned(const conv_geometry *g)
{
    conv_geometry t = *g;
    t.in_f = g->out_f;
    t.in_c = g->out_c;
    t.out_f = g->in_f;
    t.out_c = g->in_c;
    t.transposed = !g->transposed;
    t.ahead = true;
    return t;
}

static size_t packed_bytes(const op_node *node)
{
    const conv_geometry g = geometry(node), t = turned(&g);
    return conv_packed_bytes(&t);
}

static void pack(const op_node *node, const kreal *const *params, void *packed)
{
    const conv_geometry g = geometry(node), t = turned(&g);
    conv_pack(&t, params[0], NULL, packed);
}

/* How the weights' derivative is made, and where in the scratch memory. */
typedef struct sums {
    conv_geometry g;
    bool depthwise;
    size_t in, out;      /* of a group; 1 and all channels when depthwise */
    size_t groups;       /* calls of a kernel for each tap */
    size_t n_at;         /* places of x: time taps by input channels */
    size_t columns;      /* pad(out) */
    size_t n_sum;        /* floats of sums: [frequency tap][n_at][columns] for each group */
    size_t x_row, y_row; /* floats of a frame */
    kreal *sum, *bias;   /* [groups][n_sum]; [y_row] */
    ptrdiff_t *at;       /* [n_at] */
} sums;

static sums sums_of(const op_node *node, void *scratch)
{
    const conv_geometry g = geometry(node);
    const bool depthwise = conv_is_depthwise(&g);
    sums s = {.g = g, .depthwise = depthwise, .groups = depthwise ? 1 : g.groups};
    s.in = depthwise ? 1 : g.in_c / g.groups;
    s.out = depthwise ? g.out_c : g.out_c / g.groups;
    s.n_at = g.kernel_t * s.in;
    s.columns = kernels_pad(s.out);
    s.n_sum = g.kernel_f * s.n_at * s.columns;
    s.x_row = kernels_pad(node->in_width[0]);
    s.y_row = kernels_pad(node->width);
    s.sum = scratch;
    if (scratch) {
        s.bias = s.sum + s.groups * s.n_sum;
        s.at = (ptrdiff_t *)(void *)(s.bias + s.y_row);
    }
    return s;
}

static size_t scratch_bytes(const op_node *node, size_t windows, size_t n)
{
    (void)windows;
    (void)n;
    const sums s = sums_of(node, NULL);
    return grad_bytes(s.groups * s.n_sum + s.y_row) + s.n_at * sizeof(ptrdiff_t);
}

/* Rows of x and y that one frequency tap multiplies. */
typedef struct products {
    const kreal *x, *y;
    size_t n, x_stride, y_stride;
} products;

static void add_products(const train_kernels *k, const sums *s, const products *p, uint32_t tap_f)
{
    for (size_t group = 0; group < s->groups; group++) {
        const train_outer o = {
            .x = p->x + group * s->in,
            .y = p->y + group * s->out,
            .n = p->n,
            .x_stride = p->x_stride,
            .y_stride = p->y_stride,
            .at = s->at,
            .n_at = s->n_at,
            .width = s->out,
            .sum = s->sum + group * s->n_sum + tap_f * s->n_at * s->columns,
        };
        (s->depthwise ? k->depthwise : k->outer)(&o);
    }
}

/* All frequencies of a frame: those that have a tap lie at even steps. */
static void add_frequencies(const train_kernels *k, const sums *s, const kreal *x, const kreal *y,
                            size_t n)
{
    const conv_geometry *const g = &s->g;
    const size_t step = g->transposed ? g->stride_f : 1, x_step = g->transposed ? 1 : g->stride_f;
    for (uint32_t tap_f = 0; tap_f < g->kernel_f; tap_f++) {
        uint32_t first = 0, source = 0, unused = 0;
        while (first < g->out_f && !conv_source(g, first, tap_f, &source))
            first++;
        size_t count = 0;
        while (first + count * step < g->out_f &&
               conv_source(g, (uint32_t)(first + count * step), tap_f, &unused))
            count++;
        for (size_t t = 0; t < n && count > 0; t++) {
            const products p = {x + t * s->x_row + (size_t)source * g->in_c,
                                y + t * s->y_row + (size_t)first * g->out_c, count,
                                x_step * g->in_c, step * g->out_c};
            add_products(k, s, &p, tap_f);
        }
    }
}

static void add_frames(const train_kernels *k, const sums *s, const kreal *x, const kreal *y,
                       size_t n)
{
    const conv_geometry *const g = &s->g;
    if (g->out_f >= FEW_FREQS) {
        add_frequencies(k, s, x, y, n);
        return;
    }
    const size_t block = g->in_f == 1 && g->out_f == 1 ? n : FREQ_FRAMES;
    for (size_t t = 0; t < n; t += block) {
        const size_t frames = n - t < block ? n - t : block;
        for (uint32_t f = 0; f < g->out_f; f++)
            for (uint32_t tap_f = 0; tap_f < g->kernel_f; tap_f++) {
                uint32_t source = 0;
                if (!conv_source(g, f, tap_f, &source))
                    continue;
                const products p = {x + t * s->x_row + (size_t)source * g->in_c,
                                    y + t * s->y_row + (size_t)f * g->out_c, frames, s->x_row,
                                    s->y_row};
                add_products(k, s, &p, tap_f);
            }
    }
}

/* One tap's [in][columns] to its places, a few outputs at a time: what is written for one input
 * lies in the same cache lines for the next. */
static void scatter_tap(const sums *s, const kreal *from, kreal *to, size_t i_stride,
                        size_t o_stride)
{
    enum { SOME = 16 };
    for (size_t first = 0; first < s->out; first += SOME) {
        const size_t end = s->out - first < SOME ? s->out : first + SOME;
        for (size_t i = 0; i < s->in; i++)
            for (size_t o = first; o < end; o++)
                to[i * i_stride + o * o_stride] += from[i * s->columns + o];
    }
}

/* Adds the sums to the weights' derivative: [out][in][taps], or transposed [in][out][taps]. */
static void scatter(const sums *s, kreal *d_weight)
{
    const conv_geometry *const g = &s->g;
    const size_t taps = (size_t)g->kernel_t * g->kernel_f;
    const size_t o_stride = g->transposed && !s->depthwise ? taps : s->in * taps;
    const size_t i_stride = g->transposed ? s->out * taps : taps;
    for (size_t group = 0; group < s->groups; group++) {
        kreal *const to = d_weight + group * s->in * s->out * taps;
        const kreal *from = s->sum + group * s->n_sum;
        for (size_t k = 0; k < g->kernel_f; k++)
            for (size_t j = 0; j < g->kernel_t; j++, from += s->in * s->columns)
                scatter_tap(s, from, to + j * g->kernel_f + k, i_stride, o_stride);
    }
}

static void weights_backward(const op_grad_call *call)
{
    const train_kernels *const k = train_kernels_of(call->kernels);
    const sums s = sums_of(call->node, call->scratch);
    memset(s.sum, 0, (s.groups * s.n_sum + s.y_row) * sizeof *s.sum);
    for (size_t j = 0; j < s.g.kernel_t; j++)
        for (size_t i = 0; i < s.in; i++)
            s.at[j * s.in + i] =
                (ptrdiff_t)i - (ptrdiff_t)((s.g.kernel_t - 1 - j) * s.g.dilation_t * s.x_row);
    for (size_t w = 0; w < call->windows; w++) {
        const kreal *const y = grad_window(&call->d_out, w);
        add_frames(k, &s, grad_window(&call->in[0], w), y, call->n);
        if (s.g.bias)
            k->sum(y, call->n, call->node->width, s.bias);
    }
    scatter(&s, call->d_params[0]);
    if (s.g.bias)
        grad_fold(s.bias, call->node->width, call->d_params[1], s.g.out_c);
}

static void backward(const op_grad_call *call)
{
    weights_backward(call);
    if (!call->d_in[0].base)
        return;
    const op_node way_back = {.op = call->node->op, .width = call->node->in_width[0]};
    for (size_t w = 0; w < call->windows; w++) {
        kreal *const d = grad_window(&call->d_in[0], w);
        const kernels_post add = {.add = d};
        const op_call turn = {
            .node = &way_back,
            .kernels = call->kernels,
            .packed = call->packed_grad,
            .post = &add,
            .in = {grad_window(&call->d_out, w)},
            .out = d,
            .n = call->n,
        };
        conv_forward(&turn);
    }
}

#define CONV_GRAD(NAME)                                                                            \
    const op_grad grad_##NAME = {                                                                  \
        .op = &op_##NAME,                                                                          \
        .scratch_bytes = scratch_bytes,                                                            \
        .packed_bytes = packed_bytes,                                                              \
        .pack = pack,                                                                              \
        .backward = backward,                                                                      \
    }

CONV_GRAD(conv1d);
CONV_GRAD(dense);
CONV_GRAD(conv_freq);
CONV_GRAD(conv_freq_transposed);
