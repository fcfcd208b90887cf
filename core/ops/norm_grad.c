/*
 * Backward of scale, batch_norm, layer_norm and running_norm; and batch_norm's forward with the
 * statistics of all frames of the call (Ioffe & Szegedy 2015, "Batch normalization", alg. 1).
 *
 * Sums of squares are taken about the mean of the first frames: of m out of N, its distance to the
 * mean of all is at most sqrt(N / m) deviations, so little is lost by cancellation. Sums of
 * windows, which are float, are added up in double.
 */
#include "core/ops/channels.h"
#include "core/ops/grads.h"
#include "core/ops/ops.h"

#include <math.h>
#include <string.h>

enum { SCALE_CHANNELS };
enum { BATCH_CHANNELS, BATCH_EPS };
enum { LAYER_EPS };
enum { RUNNING_TIME, RUNNING_EPS };
enum { CENTRE_FRAMES = 128 };

/* What batch_norm keeps, [pad(width)] each and repeated over the frame. */
typedef struct batch_kept {
    kreal *mean, *variance, *inverse, *gain, *shift;
} batch_kept;

/* Scratch, [pad(width)] each, but for the totals in double, [channels] each. */
typedef struct batch_scratch {
    kreal *plain, *product, *a, *b, *c;
    double *plain_total, *product_total;
} batch_scratch;

static size_t batch_channels(const op_node *node)
{
    return channels_count(node, BATCH_CHANNELS);
}

static size_t batch_kept_bytes(const op_node *node, size_t windows, size_t n)
{
    (void)windows;
    (void)n;
    return 5 * kernels_pad(node->width) * sizeof(kreal);
}

static size_t batch_scratch_bytes(const op_node *node, size_t windows, size_t n)
{
    (void)windows;
    (void)n;
    return 5 * kernels_pad(node->width) * sizeof(kreal) + 2 * batch_channels(node) * sizeof(double);
}

static batch_kept kept_of(const op_grad_call *call)
{
    const size_t row = kernels_pad(call->node->width);
    kreal *const k = call->kept;
    return (batch_kept){k, k + row, k + 2 * row, k + 3 * row, k + 4 * row};
}

static batch_scratch scratch_of(const op_grad_call *call)
{
    const size_t row = kernels_pad(call->node->width);
    kreal *const s = call->scratch;
    double *const totals = (double *)(void *)(s + 5 * row);
    memset(s, 0, batch_scratch_bytes(call->node, call->windows, call->n));
    return (batch_scratch){s,
                           s + row,
                           s + 2 * row,
                           s + 3 * row,
                           s + 4 * row,
                           totals,
                           totals + batch_channels(call->node)};
}

/* Numbers that a channel's statistics are made of. */
static double batch_count(const op_grad_call *call)
{
    const size_t places = call->node->width / batch_channels(call->node);
    return (double)call->windows * (double)call->n * (double)places;
}

/* Adds a window's sums to the totals of their channels, and clears them. */
static void add_totals(const op_grad_call *call, const batch_scratch *s)
{
    const size_t channels = batch_channels(call->node), width = call->node->width;
    for (size_t first = 0; first < width; first += channels)
        for (size_t c = 0; c < channels; c++) {
            s->plain_total[c] += (double)s->plain[first + c];
            s->product_total[c] += (double)s->product[first + c];
        }
    memset(s->plain, 0, kernels_pad(width) * sizeof *s->plain);
    memset(s->product, 0, kernels_pad(width) * sizeof *s->product);
}

/* A mean of the first frames, over all places of a channel, to `centre` (zeroed). */
static void find_centre(const op_grad_call *call, const batch_scratch *s, kreal *centre)
{
    const size_t channels = batch_channels(call->node), width = call->node->width;
    const size_t n = call->n < CENTRE_FRAMES ? call->n : CENTRE_FRAMES;
    train_kernels_of(call->kernels)->sum(grad_window(&call->in[0], 0), n, width, s->a);
    grad_fold(s->a, width, s->b, channels);
    for (size_t i = 0; i < width; i++)
        centre[i] = s->b[i % channels] / (kreal)(n * (width / channels));
}

static void batch_forward(const op_grad_call *call)
{
    const train_kernels *const k = train_kernels_of(call->kernels);
    const size_t channels = batch_channels(call->node), width = call->node->width;
    const batch_kept kept = kept_of(call);
    const batch_scratch s = scratch_of(call);
    memset(call->kept, 0, batch_kept_bytes(call->node, call->windows, call->n));
    find_centre(call, &s, kept.mean);
    for (size_t w = 0; w < call->windows; w++) {
        k->squares(grad_window(&call->in[0], w), kept.mean, call->n, width, s.plain, s.product);
        add_totals(call, &s);
    }
    const double count = batch_count(call);
    for (size_t i = 0; i < width; i++) {
        const size_t c = i % channels;
        const double offset = s.plain_total[c] / count;
        const double variance = fmax(0, s.product_total[c] / count - offset * offset);
        const double mean = (double)kept.mean[i] + offset;
        const double inverse = 1 / sqrt(variance + call->node->attr[BATCH_EPS]);
        kept.mean[i] = (kreal)mean;
        kept.variance[i] = (kreal)variance;
        kept.inverse[i] = (kreal)inverse;
        kept.gain[i] = (kreal)((double)call->params[0][c] * inverse);
        kept.shift[i] =
            (kreal)((double)call->params[1][c] - mean * inverse * (double)call->params[0][c]);
    }
    for (size_t w = 0; w < call->windows; w++)
        call->kernels->affine(grad_window(&call->in[0], w), kept.gain, kept.shift,
                              grad_window(&call->out, w), call->n, width);
}

/* Sums of d_out and of d_out (x - centre), over all frames. */
static void sum_products(const op_grad_call *call, const batch_scratch *s, const kreal *centre)
{
    const train_kernels *const k = train_kernels_of(call->kernels);
    for (size_t w = 0; w < call->windows; w++) {
        k->centred(grad_window(&call->in[0], w), grad_window(&call->d_out, w), centre, call->n,
                   call->node->width, s->plain, s->product);
        add_totals(call, s);
    }
}

static void add_combined(const op_grad_call *call, const batch_scratch *s, const kreal *centre,
                         const kreal *gain)
{
    const train_kernels *const k = train_kernels_of(call->kernels);
    for (size_t w = 0; w < call->windows && call->d_in[0].base; w++)
        k->combine(grad_window(&call->in[0], w), grad_window(&call->d_out, w), centre, gain, s->b,
                   s->c, grad_window(&call->d_in[0], w), call->n, call->node->width);
}

/* With z = (x - mean) inverse and sums over all N numbers of a channel:
 *   d_x = gain (g - sum(g) / N - z sum(g z) / N),  gain = weight inverse. */
static void batch_backward(const op_grad_call *call)
{
    const size_t channels = batch_channels(call->node);
    const batch_kept kept = kept_of(call);
    const batch_scratch s = scratch_of(call);
    sum_products(call, &s, kept.mean);
    const double count = batch_count(call);
    for (size_t i = 0; i < call->node->width; i++) {
        const size_t c = i % channels;
        const double gain = (double)kept.gain[i], inverse = (double)kept.inverse[i];
        s.b[i] = (kreal)(-gain * inverse * inverse * s.product_total[c] / count);
        s.c[i] = (kreal)(-gain * s.plain_total[c] / count);
    }
    for (size_t c = 0; c < channels; c++) {
        call->d_params[0][c] += (kreal)(s.product_total[c] * (double)kept.inverse[c]);
        call->d_params[1][c] += (kreal)s.plain_total[c];
    }
    add_combined(call, &s, kept.mean, kept.gain);
}

/* Mean and unbiased variance. */
static void batch_stats(const op_grad_call *call, kreal *const *stats)
{
    const size_t channels = batch_channels(call->node);
    const batch_kept kept = kept_of(call);
    const double count = batch_count(call);
    for (size_t c = 0; c < channels; c++) {
        stats[0][c] = kept.mean[c];
        stats[1][c] = (kreal)((double)kept.variance[c] * (count > 1 ? count / (count - 1) : 1));
    }
}

/* batch_norm with nothing to centre: its scratch serves. The attribute `channels` is in the same
 * place. */
static void scale_backward(const op_grad_call *call)
{
    const size_t channels = channels_count(call->node, SCALE_CHANNELS);
    const batch_scratch s = scratch_of(call);
    sum_products(call, &s, s.a);
    for (size_t c = 0; c < channels; c++) {
        call->d_params[0][c] += (kreal)s.product_total[c];
        call->d_params[1][c] += (kreal)s.plain_total[c];
    }
    add_combined(call, &s, s.a, call->packed);
}

/* [4][pad(width)]: a window's sums, all sums */
static size_t layer_scratch(const op_node *node, size_t windows, size_t n)
{
    (void)windows;
    (void)n;
    return 4 * kernels_pad(node->width) * sizeof(kreal);
}

static void layer_backward(const op_grad_call *call)
{
    const train_kernels *const k = train_kernels_of(call->kernels);
    const size_t width = call->node->width, row = kernels_pad(width);
    kreal *const part = call->scratch, *const all = part + 2 * row;
    memset(part, 0, 4 * row * sizeof *part);
    for (size_t w = 0; w < call->windows; w++) {
        k->layer_norm(grad_window(&call->in[0], w), grad_window(&call->d_out, w), call->packed,
                      (kreal)call->node->attr[LAYER_EPS], grad_window(&call->d_in[0], w), call->n,
                      width, part, part + row);
        grad_move(part, 2 * row, all);
    }
    grad_fold(all, width, call->d_params[0], width);
    grad_fold(all + row, width, call->d_params[1], width);
}

static size_t running_scratch(const op_node *node, size_t windows, size_t n)
{
    (void)windows;
    return (2 * n + 2) * kernels_pad(node->width) * sizeof(kreal);
}

static void running_backward(const op_grad_call *call)
{
    const train_kernels *const k = train_kernels_of(call->kernels);
    for (size_t w = 0; w < call->windows && call->d_in[0].base; w++)
        k->running_norm(grad_window(&call->in[0], w), grad_window(&call->d_out, w),
                        (kreal)(1 / call->node->attr[RUNNING_TIME]),
                        (kreal)call->node->attr[RUNNING_EPS], grad_window(&call->d_in[0], w),
                        call->n, call->node->width, call->scratch);
}

const op_grad grad_scale = {
    .op = &op_scale,
    .scratch_bytes = batch_scratch_bytes,
    .backward = scale_backward,
};

const op_grad grad_batch_norm = {
    .op = &op_batch_norm,
    .statistics = 1u << 2 | 1u << 3,
    .kept_bytes = batch_kept_bytes,
    .scratch_bytes = batch_scratch_bytes,
    .forward = batch_forward,
    .backward = batch_backward,
    .batch_stats = batch_stats,
};

const op_grad grad_layer_norm = {
    .op = &op_layer_norm,
    .scratch_bytes = layer_scratch,
    .backward = layer_backward,
};

const op_grad grad_running_norm = {
    .op = &op_running_norm,
    .scratch_bytes = running_scratch,
    .backward = running_backward,
};
