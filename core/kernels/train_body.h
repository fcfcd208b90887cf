/*
 * The training kernels, once for all instruction sets; as kernels_body.h for kernels.h. A file that
 * includes this has defined the vector shim, TRAIN_TABLE and TRAIN_NAME.
 *
 * Sums of products. A tile is R places of x by S vectors of y, all in registers, over a block of
 * frames short enough for the block's columns of y to stay in the first-level cache while all
 * places of x pass by. A block's sum is added to memory at its end, so that long sums are made of
 * short ones.
 */
#ifndef KERNELS_TRAIN_BODY_H
#define KERNELS_TRAIN_BODY_H

#include "core/kernels/kernels_math.h"
#include "core/kernels/unroll.h"

#include <stdbool.h>

enum {
    OUTER_FRAMES = 64,     /* of a block */
    DEPTHWISE_FRAMES = 32, /* here all columns of a block pass by for every tile */
    DEPTHWISE_VECS = 2,
    SUM_FRAMES = 4, /* added up before memory is touched */
    OUTER_MAX_ROWS = 6,
    OUTER_MAX_VECS = 4
};

/* `y` and `sum` are at the tile's first column, `at` and `sum` at its first place. */
SHIM void outer_tile(const size_t R, const size_t S, const train_outer *o, const kreal *x,
                     const kreal *y, size_t n, const ptrdiff_t *at, kreal *sum)
{
    vec acc[OUTER_MAX_ROWS][OUTER_MAX_VECS], b[OUTER_MAX_VECS];
    const kreal *place[OUTER_MAX_ROWS];
    UNROLL for (size_t r = 0; r < R; r++)
    {
        place[r] = x + at[r];
        UNROLL for (size_t s = 0; s < S; s++) acc[r][s] = vset(0);
    }
    const size_t x_stride = o->x_stride, y_stride = o->y_stride;
    for (size_t t = 0, i = 0; t < n; t++, i += x_stride, y += y_stride) {
        UNROLL for (size_t s = 0; s < S; s++) b[s] = vload(y + s * LANES);
        UNROLL for (size_t r = 0; r < R; r++)
        {
            const vec a = vset(place[r][i]);
            UNROLL for (size_t s = 0; s < S; s++) acc[r][s] = vfma(a, b[s], acc[r][s]);
        }
    }
    const size_t row = kernels_pad(o->width);
    UNROLL for (size_t r = 0; r < R; r++) UNROLL for (size_t s = 0; s < S; s++)
    {
        kreal *const to = sum + r * row + s * LANES;
        vstore(to, vadd(vload(to), acc[r][s]));
    }
}

typedef void (*outer_tile_fn)(const train_outer *o, const kreal *x, const kreal *y, size_t n,
                              const ptrdiff_t *at, kreal *sum);

#define OUTER_TILE(KIND, R, S)                                                                     \
    NO_INLINE void outer_##KIND##_##S(const train_outer *o, const kreal *x, const kreal *y,        \
                                      size_t n, const ptrdiff_t *at, kreal *sum)                   \
    {                                                                                              \
        outer_tile(R, S, o, x, y, n, at, sum);                                                     \
    }

OUTER_TILE(one, 1, 1)
OUTER_TILE(one, 1, 2)
OUTER_TILE(one, 1, 3)
OUTER_TILE(one, 1, 4)
OUTER_TILE(many, TILE_ROWS_P1, 1)
OUTER_TILE(many, TILE_ROWS_P1, 2)
OUTER_TILE(many, TILE_ROWS_P1, 3)
OUTER_TILE(many, TILE_ROWS_P1, 4)

static void outer(const train_outer *o)
{
    static const outer_tile_fn one[] = {outer_one_1, outer_one_2, outer_one_3, outer_one_4};
    static const outer_tile_fn many[] = {outer_many_1, outer_many_2, outer_many_3, outer_many_4};
    const size_t row = kernels_pad(o->width), vecs = row / LANES;
    const size_t panels = (vecs + TILE_VECS_P1 - 1) / TILE_VECS_P1;
    const size_t panel = (vecs + panels - 1) / panels;
    for (size_t t = 0; t < o->n; t += OUTER_FRAMES) {
        const size_t n = o->n - t < OUTER_FRAMES ? o->n - t : OUTER_FRAMES;
        const kreal *const x = o->x + t * o->x_stride, *const y = o->y + t * o->y_stride;
        for (size_t v = 0; v < vecs; v += panel) {
            const size_t s = vecs - v < panel ? vecs - v : panel, column = v * LANES;
            size_t r = 0;
            for (; r + TILE_ROWS_P1 <= o->n_at; r += TILE_ROWS_P1)
                many[s - 1](o, x, y + column, n, o->at + r, o->sum + r * row + column);
            for (; r < o->n_at; r++)
                one[s - 1](o, x, y + column, n, o->at + r, o->sum + r * row + column);
        }
    }
}

/* R taps and S vectors of columns. */
SHIM void depthwise_sums(const size_t R, const size_t S, const train_outer *o, const kreal *x,
                         const kreal *y, size_t n, const ptrdiff_t *at, kreal *sum)
{
    vec acc[4][DEPTHWISE_VECS];
    UNROLL for (size_t r = 0; r < R; r++) UNROLL for (size_t s = 0; s < S; s++) acc[r][s] = vset(0);
    for (size_t t = 0; t < n; t++, x += o->x_stride, y += o->y_stride)
        UNROLL for (size_t s = 0; s < S; s++)
        {
            const vec b = vload(y + s * LANES);
            UNROLL for (size_t r = 0; r < R; r++) acc[r][s] =
                vfma(vload(x + at[r] + s * LANES), b, acc[r][s]);
        }
    const size_t row = kernels_pad(o->width);
    UNROLL for (size_t r = 0; r < R; r++) UNROLL for (size_t s = 0; s < S; s++)
    {
        kreal *const to = sum + r * row + s * LANES;
        vstore(to, vadd(vload(to), acc[r][s]));
    }
}

#define DEPTHWISE_TILE(R, S)                                                                       \
    NO_INLINE void depthwise_##R##_##S(const train_outer *o, const kreal *x, const kreal *y,       \
                                       size_t n, const ptrdiff_t *at, kreal *sum)                  \
    {                                                                                              \
        depthwise_sums(R, S, o, x, y, n, at, sum);                                                 \
    }

DEPTHWISE_TILE(1, 1)
DEPTHWISE_TILE(2, 1)
DEPTHWISE_TILE(3, 1)
DEPTHWISE_TILE(4, 1)
DEPTHWISE_TILE(1, 2)
DEPTHWISE_TILE(2, 2)
DEPTHWISE_TILE(3, 2)
DEPTHWISE_TILE(4, 2)

static void depthwise(const train_outer *o)
{
    static const outer_tile_fn tiles[4][DEPTHWISE_VECS] = {
        {depthwise_1_1, depthwise_1_2},
        {depthwise_2_1, depthwise_2_2},
        {depthwise_3_1, depthwise_3_2},
        {depthwise_4_1, depthwise_4_2},
    };
    const size_t row = kernels_pad(o->width), vecs = row / LANES;
    for (size_t t = 0; t < o->n; t += DEPTHWISE_FRAMES) {
        const size_t n = o->n - t < DEPTHWISE_FRAMES ? o->n - t : DEPTHWISE_FRAMES;
        const kreal *const x = o->x + t * o->x_stride, *const y = o->y + t * o->y_stride;
        for (size_t r = 0; r < o->n_at; r += 4) {
            const outer_tile_fn *const tile = tiles[o->n_at - r < 4 ? o->n_at - r - 1 : 3];
            for (size_t v = 0; v < vecs; v += DEPTHWISE_VECS) {
                const size_t s = vecs - v < DEPTHWISE_VECS ? vecs - v : DEPTHWISE_VECS;
                const size_t column = v * LANES;
                tile[s - 1](o, x + column, y + column, n, o->at + r, o->sum + r * row + column);
            }
        }
    }
}

static void sum_frames(const kreal *x, size_t frames, size_t width, kreal *sum)
{
    const size_t row = kernels_pad(width);
    size_t t = 0;
    for (; t + SUM_FRAMES <= frames; t += SUM_FRAMES, x += SUM_FRAMES * row)
        for (size_t i = 0; i < row; i += LANES) {
            const vec a = vadd(vload(x + i), vload(x + row + i));
            const vec b = vadd(vload(x + 2 * row + i), vload(x + 3 * row + i));
            vstore(sum + i, vadd(vload(sum + i), vadd(a, b)));
        }
    for (; t < frames; t++, x += row)
        for (size_t i = 0; i < row; i += LANES)
            vstore(sum + i, vadd(vload(sum + i), vload(x + i)));
}

/* R frames of one vector of columns. */
SHIM void centred_part(const size_t R, const kreal *x, const kreal *g, vec centre, size_t row,
                       kreal *plain, kreal *product)
{
    vec p = vload(plain), q = vload(product);
    UNROLL for (size_t r = 0; r < R; r++)
    {
        const vec b = vload(g + r * row);
        p = vadd(p, b);
        q = vfma(b, vsub(vload(x + r * row), centre), q);
    }
    vstore(plain, p);
    vstore(product, q);
}

static void centred(const kreal *x, const kreal *g, const kreal *centre, size_t frames,
                    size_t width, kreal *plain, kreal *product)
{
    const size_t row = kernels_pad(width);
    size_t t = 0;
    for (; t + SUM_FRAMES <= frames; t += SUM_FRAMES, x += SUM_FRAMES * row, g += SUM_FRAMES * row)
        for (size_t i = 0; i < row; i += LANES)
            centred_part(SUM_FRAMES, x + i, g + i, vload(centre + i), row, plain + i, product + i);
    for (; t < frames; t++, x += row, g += row)
        for (size_t i = 0; i < row; i += LANES)
            centred_part(1, x + i, g + i, vload(centre + i), row, plain + i, product + i);
}

SHIM void squares_part(const size_t R, const kreal *x, vec centre, size_t row, kreal *plain,
                       kreal *square)
{
    vec p = vload(plain), q = vload(square);
    UNROLL for (size_t r = 0; r < R; r++)
    {
        const vec u = vsub(vload(x + r * row), centre);
        p = vadd(p, u);
        q = vfma(u, u, q);
    }
    vstore(plain, p);
    vstore(square, q);
}

static void squares(const kreal *x, const kreal *centre, size_t frames, size_t width, kreal *plain,
                    kreal *square)
{
    const size_t row = kernels_pad(width);
    size_t t = 0;
    for (; t + SUM_FRAMES <= frames; t += SUM_FRAMES, x += SUM_FRAMES * row)
        for (size_t i = 0; i < row; i += LANES)
            squares_part(SUM_FRAMES, x + i, vload(centre + i), row, plain + i, square + i);
    for (; t < frames; t++, x += row)
        for (size_t i = 0; i < row; i += LANES)
            squares_part(1, x + i, vload(centre + i), row, plain + i, square + i);
}

static void combine(const kreal *x, const kreal *g, const kreal *centre, const kreal *a,
                    const kreal *b, const kreal *c, kreal *d, size_t frames, size_t width)
{
    const size_t row = kernels_pad(width);
    for (size_t t = 0; t < frames; t++, x += row, g += row, d += row)
        for (size_t i = 0; i < row; i += LANES) {
            const vec u = vsub(vload(x + i), vload(centre + i));
            const vec v = vfma(vload(b + i), u, vload(c + i));
            vstore(d + i, vadd(vload(d + i), vfma(vload(a + i), vload(g + i), v)));
        }
}

/* The padding stays zero as that of g is. */
#define TRAIN_MAP(NAME, DERIVATIVE)                                                                \
    static void NAME(const kreal *v, const kreal *g, kreal *d, size_t frames, size_t width)        \
    {                                                                                              \
        const size_t n = frames * kernels_pad(width);                                              \
        for (size_t i = 0; i < n; i += LANES) {                                                    \
            const vec a = vload(v + i);                                                            \
            vstore(d + i, vfma(vload(g + i), DERIVATIVE, vload(d + i)));                           \
        }                                                                                          \
    }

/* Derivatives of x Phi(x) and of its approximation; see kernels_math.h. */
SHIM vec gelu_erf_slope(vec a)
{
    const vec density = vmul(vexp(vmul(vmul(a, a), vset((kreal)-0.5))),
                             vset((kreal)0.39894228040143268)); /* 1 / sqrt(2 pi) */
    const vec phi =
        vfma(verf(vmul(a, vset((kreal)0.70710678118654752))), vset((kreal)0.5), vset((kreal)0.5));
    return vfma(a, density, phi);
}

SHIM vec gelu_tanh_slope(vec a)
{
    const vec root = vset((kreal)0.79788456080286536), cube = vset((kreal)0.044715);
    const vec square = vmul(a, a), half = vset((kreal)0.5);
    const vec th = vtanh(vmul(root, vfma(vmul(cube, square), a, a)));
    const vec inner = vmul(root, vfma(vmul(vset(3), cube), square, vset(1)));
    const vec rest = vmul(vmul(half, a), vmul(vsub(vset(1), vmul(th, th)), inner));
    return vadd(vfma(half, th, half), rest);
}

TRAIN_MAP(times, a)
TRAIN_MAP(grad_tanh, vsub(vset(1), vmul(a, a)))
TRAIN_MAP(grad_sigmoid, vmul(a, vsub(vset(1), a)))
TRAIN_MAP(grad_relu, vpositive(a, vset(1), vset(0)))
TRAIN_MAP(grad_gelu_erf, gelu_erf_slope(a))
TRAIN_MAP(grad_gelu_tanh, gelu_tanh_slope(a))

SHIM void prelu_part(const size_t R, const kreal *x, const kreal *g, vec slope, kreal *d,
                     size_t row, kreal *d_slope)
{
    vec sum = vload(d_slope);
    UNROLL for (size_t r = 0; r < R; r++)
    {
        const vec a = vload(x + r * row), b = vload(g + r * row);
        sum = vfma(b, vmin(a, vset(0)), sum);
        if (d) {
            const vec through = vpositive(a, b, vmul(b, slope));
            vstore(d + r * row, vadd(vload(d + r * row), through));
        }
    }
    vstore(d_slope, sum);
}

static void grad_prelu(const kreal *x, const kreal *g, const kreal *slope, kreal *d, size_t frames,
                       size_t width, kreal *d_slope)
{
    const size_t row = kernels_pad(width);
    size_t t = 0;
    for (; t + SUM_FRAMES <= frames; t += SUM_FRAMES, x += SUM_FRAMES * row, g += SUM_FRAMES * row)
        for (size_t i = 0; i < row; i += LANES)
            prelu_part(SUM_FRAMES, x + i, g + i, vload(slope + i), d ? d + t * row + i : NULL, row,
                       d_slope + i);
    for (; t < frames; t++, x += row, g += row)
        for (size_t i = 0; i < row; i += LANES)
            prelu_part(1, x + i, g + i, vload(slope + i), d ? d + t * row + i : NULL, row,
                       d_slope + i);
}

/* Mean and 1 / deviation of a frame, as kernels_body.h has them. */
SHIM void frame_statistics(const kreal *x, kreal eps, size_t width, vec *mean, vec *inverse)
{
    const size_t row = kernels_pad(width);
    vec sum = vset(0), squared = vset(0);
    for (size_t i = 0; i < row; i += LANES)
        sum = vadd(sum, vload(x + i));
    *mean = vset(vsum(sum) / (kreal)width);
    for (size_t i = 0; i < row; i += LANES) {
        vec u = vsub(vload(x + i), *mean);
        if (i + LANES > width)
            u = vkeep(u, width > i ? width - i : 0);
        squared = vfma(u, u, squared);
    }
    *inverse = vdiv(vset(1), vsqrt(vset(vsum(squared) / (kreal)width + eps)));
}

/* With z = (x - mean) / deviation and h = g gain: d += (h - mean(h) - z mean(h z)) / deviation. */
static void grad_layer_norm(const kreal *x, const kreal *g, const kreal *gain, kreal eps, kreal *d,
                            size_t frames, size_t width, kreal *d_gain, kreal *d_shift)
{
    const size_t row = kernels_pad(width);
    for (size_t t = 0; t < frames; t++, x += row, g += row) {
        vec mean, inverse, plain = vset(0), product = vset(0);
        frame_statistics(x, eps, width, &mean, &inverse);
        for (size_t i = 0; i < row; i += LANES) {
            const vec b = vload(g + i), z = vmul(vsub(vload(x + i), mean), inverse);
            const vec h = vmul(b, vload(gain + i));
            plain = vadd(plain, h);
            product = vfma(h, z, product);
            vstore(d_gain + i, vfma(b, z, vload(d_gain + i)));
            vstore(d_shift + i, vadd(vload(d_shift + i), b));
        }
        if (!d)
            continue;
        const vec mean_h = vset(vsum(plain) / (kreal)width);
        const vec mean_hz = vset(vsum(product) / (kreal)width);
        kreal *const to = d + t * row;
        for (size_t i = 0; i < row; i += LANES) {
            const vec z = vmul(vsub(vload(x + i), mean), inverse);
            const vec h = vmul(vload(g + i), vload(gain + i));
            vec through = vmul(vsub(vsub(h, mean_h), vmul(z, mean_hz)), inverse);
            if (i + LANES > width)
                through = vkeep(through, width > i ? width - i : 0);
            vstore(to + i, vadd(vload(to + i), through));
        }
    }
}

SHIM kreal running_rate(size_t t, kreal rate)
{
    const kreal first = (kreal)1 / (kreal)(t + 1);
    return first > rate ? first : rate;
}

/* Forward once more, keeping d = x - mean before the frame and the variance after it; then back. */
static void grad_running_norm(const kreal *x, const kreal *g, kreal rate, kreal eps, kreal *d,
                              size_t frames, size_t width, kreal *scratch)
{
    const size_t row = kernels_pad(width);
    kreal *const step = scratch, *const variance = step + frames * row;
    kreal *const d_mean = variance + frames * row, *const d_variance = d_mean + row;
    for (size_t i = 0; i < row; i += LANES) {
        vec mean = vset(0), var = vset(0);
        for (size_t t = 0; t < frames; t++) {
            const vec a = vset(running_rate(t, rate)), u = vsub(vload(x + t * row + i), mean);
            mean = vfma(a, u, mean);
            var = vmul(vsub(vset(1), a), vfma(vmul(a, u), u, var));
            vstore(step + t * row + i, u);
            vstore(variance + t * row + i, var);
        }
        vstore(d_mean + i, vset(0));
        vstore(d_variance + i, vset(0));
    }
    for (size_t t = frames; t-- > 0;) {
        const vec a = vset(running_rate(t, rate)), keep = vsub(vset(1), a);
        for (size_t i = 0; i < row; i += LANES) {
            const vec u = vload(step + t * row + i);
            const vec v = vadd(vload(variance + t * row + i), vset(eps));
            const vec through = vdiv(vload(g + t * row + i), vsqrt(v));
            const vec to_mean = vsub(vload(d_mean + i), through);
            const vec half = vmul(vmul(through, vmul(keep, u)), vset((kreal)-0.5));
            const vec to_variance = vmul(keep, vadd(vload(d_variance + i), vdiv(half, v)));
            const vec to_step = vfma(vmul(vmul(vset(2), a), u), to_variance, vmul(a, to_mean));
            vstore(d_variance + i, to_variance);
            vstore(d_mean + i, vsub(to_mean, to_step));
            kreal *const to = d + t * row + i;
            vstore(to, vadd(vload(to), vadd(through, to_step)));
        }
    }
}

/* With d = d_y + carry: through n it is d (1 - z), through z d (h - n), past both d z. */
static void grad_gru(const train_gru *g)
{
    const size_t pad = kernels_pad(g->hidden);
    const kreal *kept = g->kept, *past = g->past, *d_y = g->d_y;
    kreal *carry = g->carry, *to = g->d_gates;
    const vec one = vset(1);
    for (size_t f = 0; f < g->rows; f++, kept += 4 * pad, to += 4 * pad, carry += pad) {
        for (size_t i = 0; i < pad; i += LANES) {
            const size_t left = g->hidden > i ? g->hidden - i : 0;
            const vec r = vload(kept + i), z = vload(kept + pad + i);
            const vec n = vload(kept + 2 * pad + i), q = vload(kept + 3 * pad + i);
            vec d = vload(d_y + i), h = past ? vload(past + i) : vset(0);
            if (left < LANES) {
                d = vkeep(d, left);
                h = vkeep(h, left);
            }
            d = vadd(d, vload(carry + i));
            const vec d_n = vmul(vmul(d, vsub(one, z)), vsub(one, vmul(n, n)));
            const vec d_r = vmul(vmul(d_n, q), vmul(r, vsub(one, r)));
            const vec d_z = vmul(vmul(d, vsub(h, n)), vmul(z, vsub(one, z)));
            vstore(to + i, d_n);
            vstore(to + pad + i, d_r);
            vstore(to + 2 * pad + i, d_z);
            vstore(to + 3 * pad + i, vmul(d_n, r));
            vstore(carry + i, vmul(d, z));
        }
        d_y += g->hidden;
        past = past ? past + g->hidden : NULL;
    }
}

const train_kernels TRAIN_TABLE = {
    .name = TRAIN_NAME,
    .outer = outer,
    .depthwise = depthwise,
    .sum = sum_frames,
    .squares = squares,
    .centred = centred,
    .combine = combine,
    .times = times,
    .tanh = grad_tanh,
    .sigmoid = grad_sigmoid,
    .relu = grad_relu,
    .gelu_erf = grad_gelu_erf,
    .gelu_tanh = grad_gelu_tanh,
    .prelu = grad_prelu,
    .layer_norm = grad_layer_norm,
    .running_norm = grad_running_norm,
    .gru = grad_gru,
};

#endif
