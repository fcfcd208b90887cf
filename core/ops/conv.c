/*
 * The outputs of a frame are cut into runs of frequencies that use the same taps: one run inside,
 * short ones at the edges where taps fall outside, and for strided transposed convolutions a set of
 * runs for each remainder. A run is one call of a kernel. Zero padding is never stored.
 */
#include "core/ops/conv.h"

#include "core/base/error.h"

#include <string.h>

enum { WEIGHTS_MAX = 1 << 26 }; /* floats of one op, padded */

typedef struct run {
    uint32_t first, step, n; /* output frequencies first, first + step ... */
    uint32_t x;              /* input frequency that tap offsets are relative to */
    uint32_t x_step;
    uint32_t first_tap, n_taps;
} run;

/* Head of the packed bytes; the arrays follow it. */
typedef struct packed_conv {
    uint32_t n_runs, n_taps;
    uint32_t groups; /* of the dense kernel; 0: depthwise */
    uint32_t in_c, out_c;
    size_t x_row, y_row; /* floats in a padded frame */
    bool by_frames;      /* one frequency: the kernel's rows are frames */
    kernels_conv conv;   /* of the first group */
    size_t group_weights;
    run *runs;
    kernels_tap *taps;
} packed_conv;

bool conv_source(const conv_geometry *g, uint32_t f, uint32_t k, uint32_t *source)
{
    int64_t at = 0;
    if (g->transposed) {
        const int64_t up = (int64_t)f + g->pad_f - k;
        if (up < 0 || up % g->stride_f != 0)
            return false;
        at = up / g->stride_f;
    } else {
        at = (int64_t)f * g->stride_f + k - g->pad_f;
    }
    *source = (uint32_t)at;
    return at >= 0 && at < g->in_f;
}

/* True when output f + step is as f with all sources `x_step` further. */
static bool same_taps(const conv_geometry *g, uint32_t f, uint32_t step, uint32_t x_step)
{
    for (uint32_t k = 0; k < g->kernel_f; k++) {
        uint32_t a = 0, b = 0;
        const bool in_a = conv_source(g, f, k, &a), in_b = conv_source(g, f + step, k, &b);
        if (in_a != in_b || (in_a && b != a + x_step))
            return false;
    }
    return true;
}

/* Finds the runs of the frequencies from `phase` on; returns how many. `runs` and `taps` NULL: only
 * counts. */
static uint32_t find_runs(const conv_geometry *g, uint32_t phase, run *runs, kernels_tap *taps,
                          uint32_t *n_taps)
{
    const uint32_t step = g->transposed ? g->stride_f : 1;
    const uint32_t x_step = g->transposed ? 1 : g->stride_f;
    const size_t x_row = kernels_pad((size_t)g->in_f * g->in_c);
    uint32_t n_runs = 0;
    for (uint32_t f = phase; f < g->out_f; n_runs++) {
        run r = {.first = f, .step = step, .n = 1, .x_step = x_step, .first_tap = *n_taps};
        uint32_t at = 0;
        for (uint32_t k = 0; k < g->kernel_f; k++)
            if (conv_source(g, f, k, &at)) {
                r.x = at;
                break;
            }
        for (uint32_t j = 0; j < g->kernel_t; j++)
            for (uint32_t k = 0; k < g->kernel_f; k++) {
                if (!conv_source(g, f, k, &at))
                    continue;
                const ptrdiff_t age = (ptrdiff_t)(g->kernel_t - 1 - j) * g->dilation_t;
                const ptrdiff_t frames = g->ahead ? age : -age;
                if (taps)
                    taps[*n_taps] =
                        (kernels_tap){.x = ((ptrdiff_t)at - (ptrdiff_t)r.x) * (ptrdiff_t)g->in_c +
                                           frames * (ptrdiff_t)x_row,
                                      .index = j * g->kernel_f + k};
                ++*n_taps;
            }
        r.n_taps = *n_taps - r.first_tap;
        for (; f + step < g->out_f && same_taps(g, f, step, x_step); f += step)
            r.n++;
        f += step;
        if (runs)
            runs[n_runs] = r;
    }
    return n_runs;
}

static uint32_t find_all_runs(const conv_geometry *g, run *runs, kernels_tap *taps,
                              uint32_t *n_taps)
{
    uint32_t n = 0;
    *n_taps = 0;
    for (uint32_t phase = 0; phase < (g->transposed ? g->stride_f : 1) && phase < g->out_f; phase++)
        n += find_runs(g, phase, runs ? runs + n : NULL, taps, n_taps);
    return n;
}

bool conv_is_depthwise(const conv_geometry *g)
{
    return g->groups > 1 && g->groups == g->in_c && g->groups == g->out_c;
}

static size_t group_weights(const conv_geometry *g)
{
    const uint32_t taps = g->kernel_t * g->kernel_f;
    return kernels_conv_size(g->in_c / g->groups, g->out_c / g->groups, taps);
}

static size_t all_weights(const conv_geometry *g)
{
    if (conv_is_depthwise(g))
        return kernels_pad(g->out_c) * g->kernel_t * g->kernel_f;
    return group_weights(g) * g->groups;
}

/* Floats of bias: each group's part is padded. */
static size_t bias_size(const conv_geometry *g)
{
    if (conv_is_depthwise(g))
        return kernels_pad(g->out_c);
    return kernels_pad(g->out_c / g->groups) * g->groups;
}

sordino_status conv_shape(op_node *node, const conv_geometry *g, sordino_error *why)
{
    if ((uint64_t)g->in_f * g->in_c != node->in_width[0])
        return error_set(why, SORDINO_BAD_MODEL,
                         "Input width %u is no multiple of the frequency count %u",
                         (unsigned)node->in_width[0], (unsigned)g->in_f);
    if (g->in_c % g->groups != 0 || g->out_c % g->groups != 0)
        return error_set(why, SORDINO_BAD_MODEL, "%u groups do not divide %u and %u channels",
                         (unsigned)g->groups, (unsigned)g->in_c, (unsigned)g->out_c);
    if (g->out_f == 0)
        return error_set(why, SORDINO_BAD_MODEL, "The kernel is wider than %u padded frequencies",
                         (unsigned)g->in_f);
    const uint64_t width = (uint64_t)g->out_f * g->out_c;
    const uint64_t history = (uint64_t)(g->kernel_t - 1) * g->dilation_t;
    const double weights = (double)g->kernel_t * g->kernel_f * (g->in_c / g->groups) *
                           (double)kernels_pad(g->out_c / g->groups) * g->groups;
    const double taps = (double)g->kernel_t * g->kernel_f * g->out_f;
    if (width > UINT32_MAX || history > UINT32_MAX || weights > WEIGHTS_MAX || taps > WEIGHTS_MAX)
        return error_set(why, SORDINO_BAD_MODEL, "The convolution is too big");
    node->width = (uint32_t)width;
    node->history = (uint32_t)history;
    return SORDINO_OK;
}

static size_t align(size_t bytes)
{
    return (bytes + 63) / 64 * 64;
}

size_t conv_packed_bytes(const conv_geometry *g)
{
    uint32_t n_taps = 0;
    const uint32_t n_runs = find_all_runs(g, NULL, NULL, &n_taps);
    return align(sizeof(packed_conv)) + align(n_runs * sizeof(run)) +
           align(n_taps * sizeof(kernels_tap)) +
           align((all_weights(g) + bias_size(g)) * sizeof(kreal));
}

/* Weights in the layouts of core/kernels, from PyTorch's [out][in / groups][time][frequency] or,
 * transposed, [in][out / groups][time][frequency]. */
static void pack_weights(const conv_geometry *g, const kreal *w, kreal *to)
{
    const uint32_t taps = g->kernel_t * g->kernel_f;
    const uint32_t in = g->in_c / g->groups, out = g->out_c / g->groups;
    if (conv_is_depthwise(g)) {
        for (uint32_t t = 0; t < taps; t++)
            for (uint32_t o = 0; o < g->out_c; o++)
                to[t * kernels_pad(g->out_c) + o] = w[(size_t)o * taps + t];
        return;
    }
    const size_t o_stride = g->transposed ? taps : (size_t)in * taps;
    const size_t i_stride = g->transposed ? (size_t)out * taps : taps;
    for (uint32_t group = 0; group < g->groups; group++)
        kernels_conv_pack(in, out, taps, w + (size_t)group * in * out * taps, o_stride, i_stride, 1,
                          to + group * group_weights(g));
}

void conv_pack(const conv_geometry *g, const kreal *weight, const kreal *bias, void *packed)
{
    packed_conv *const p = packed;
    unsigned char *at = (unsigned char *)packed + align(sizeof *p);
    uint32_t n_taps = 0;
    const uint32_t n_runs = find_all_runs(g, NULL, NULL, &n_taps);
    p->n_runs = n_runs;
    p->n_taps = n_taps;
    p->runs = (run *)(void *)at;
    at += align(n_runs * sizeof(run));
    p->taps = (kernels_tap *)(void *)at;
    at += align(n_taps * sizeof(kernels_tap));
    find_all_runs(g, p->runs, p->taps, &n_taps);
    p->groups = conv_is_depthwise(g) ? 0 : g->groups;
    p->in_c = g->in_c;
    p->out_c = g->out_c;
    p->x_row = kernels_pad((size_t)g->in_f * g->in_c);
    p->y_row = kernels_pad((size_t)g->out_f * g->out_c);
    p->by_frames = g->in_f == 1 && g->out_f == 1;
    p->group_weights = group_weights(g);
    kreal *const weights = (kreal *)(void *)at, *const biases = weights + all_weights(g);
    pack_weights(g, weight, weights);
    const uint32_t out = conv_is_depthwise(g) ? g->out_c : g->out_c / g->groups;
    for (uint32_t o = 0; bias && o < g->out_c; o++)
        biases[o / out * kernels_pad(out) + o % out] = bias[o];
    const bool alone = p->by_frames && (g->groups == 1 || conv_is_depthwise(g));
    p->conv = (kernels_conv){
        .in = conv_is_depthwise(g) ? g->in_c : g->in_c / g->groups,
        .out = out,
        .n_taps = g->kernel_t * g->kernel_f,
        .store = alone ? (uint32_t)kernels_pad(out) : out,
        .weights = weights,
        .bias = biases,
    };
}

double conv_macs(const conv_geometry *g)
{
    double taps = 0;
    for (uint32_t f = 0; f < g->out_f; f++)
        for (uint32_t k = 0; k < g->kernel_f; k++) {
            uint32_t source = 0;
            taps += conv_source(g, f, k, &source) ? g->kernel_t : 0;
        }
    return taps * g->out_c * (g->in_c / g->groups);
}

static void forward_run(const op_call *call, const packed_conv *p, const run *r,
                        const kernels_rows *rows, const kernels_post *post) SORDINO_RT
{
    const kernels_tap *const taps = p->taps + r->first_tap;
    if (p->groups == 0) {
        call->kernels->depthwise(&p->conv, taps, r->n_taps, rows, post);
        return;
    }
    if (p->groups == 1) {
        call->kernels->conv(&p->conv, taps, r->n_taps, rows, post);
        return;
    }
    const size_t in = p->conv.in, out = p->conv.out;
    for (size_t group = 0; group < p->groups; group++) {
        kernels_conv conv = p->conv;
        kernels_rows part = *rows;
        kernels_post then = *post;
        conv.weights += group * p->group_weights;
        conv.bias += group * kernels_pad(out);
        part.x += group * in;
        part.y += group * out;
        then.slope = then.slope ? then.slope + group * out : NULL;
        then.gain = then.gain ? then.gain + group * out : NULL;
        then.shift = then.shift ? then.shift + group * out : NULL;
        then.add = then.add ? then.add + group * out : NULL;
        call->kernels->conv(&conv, taps, r->n_taps, &part, &then);
    }
}

void conv_forward(const op_call *call)
{
    static const kernels_post no_post = {NULL, NULL, NULL, NULL};
    const packed_conv *const p = call->packed;
    const kernels_post *const post = call->post ? call->post : &no_post;
    if (p->by_frames) {
        const kernels_rows rows = {call->in[0], call->out, call->n, p->x_row, p->y_row};
        forward_run(call, p, &p->runs[0], &rows, post);
        if (p->conv.store < p->y_row && p->groups > 1)
            for (size_t t = 0; t < call->n; t++)
                for (size_t i = call->node->width; i < p->y_row; i++)
                    call->out[t * p->y_row + i] = 0;
        return;
    }
    for (size_t t = 0; t < call->n; t++) {
        const kreal *const x = call->in[0] + t * p->x_row;
        kreal *const y = call->out + t * p->y_row;
        for (uint32_t i = 0; i < p->n_runs; i++) {
            const run *const r = &p->runs[i];
            const size_t place = (size_t)r->first * p->out_c;
            const kernels_rows rows = {x + (size_t)r->x * p->in_c, y + place, r->n,
                                       (size_t)r->x_step * p->in_c, (size_t)r->step * p->out_c};
            kernels_post then = *post;
            if (then.add)
                then.add += t * p->y_row + place;
            forward_run(call, p, r, &rows, &then);
        }
        for (size_t i = call->node->width; i < p->y_row; i++)
            y[i] = 0;
    }
}

/* Weight index of output o, input i (of its group) and tap. */
static size_t weight_at(const conv_geometry *g, uint32_t o, uint32_t i, uint32_t tap)
{
    const uint32_t taps = g->kernel_t * g->kernel_f;
    const uint32_t in = g->in_c / g->groups, out = g->out_c / g->groups;
    if (g->transposed)
        return ((size_t)(o / out * in + i) * out + o % out) * taps + tap;
    return ((size_t)o * in + i) * taps + tap;
}

bool conv_fold(const conv_geometry *g, bool before, const kreal *gain, const kreal *shift,
               uint32_t channels, kreal *weight, kreal *bias)
{
    const uint32_t taps = g->kernel_t * g->kernel_f;
    const uint32_t in = g->in_c / g->groups, out = g->out_c / g->groups;
    if (channels != (before ? g->in_c : g->out_c))
        return false;
    /* The zeros before the start and outside the frequencies are not shifted: with more than one
     * tap a shift of the input would reach them. */
    if (before && (taps > 1 || g->pad_f > 0 || g->out_f != g->in_f))
        return false;
    for (uint32_t o = 0; o < g->out_c; o++) {
        const uint32_t first_in = o / out * in;
        kreal sum = before ? bias[o] : bias[o] * gain[o] + shift[o];
        for (uint32_t i = 0; i < in; i++)
            for (uint32_t tap = 0; tap < taps; tap++) {
                kreal *const w = &weight[weight_at(g, o, i, tap)];
                if (before)
                    sum += *w * shift[first_in + i];
                *w *= before ? gain[first_in + i] : gain[o];
            }
        bias[o] = sum;
    }
    return true;
}
