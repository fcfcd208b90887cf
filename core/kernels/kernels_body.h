/*
 * The kernels, once for all instruction sets. A file that includes this has defined the vector shim
 * (vec, LANES, vload ...), the tile sizes, KERNELS_TABLE and KERNELS_NAME. Everything but the table
 * is static: a shared copy could carry one instruction set's code to another's CPU.
 *
 * Convolution. A tile is R rows by S vectors of outputs with P partial sums each, all in registers;
 * for each tap and input channel it loads S vectors of weights and multiplies them with R inputs.
 * What one output adds up, and in which order, is the same in every tile: bias first, then taps,
 * then channels i, into partial sum i mod P; then the partial sums in pairs.
 */
#ifndef KERNELS_KERNELS_BODY_H
#define KERNELS_KERNELS_BODY_H

#include "core/kernels/kernels_math.h"
#include "core/kernels/unroll.h"

#include <stdbool.h>

enum { TILE_MAX_ROWS = 6, TILE_MAX_VECS = 8, TILE_MAX_PARTIALS = 4 };

/* What the tiles of one call share. Columns count from the panel's first one. */
typedef struct tile_call {
    const kernels_tap *taps;
    size_t n_taps, in;
    size_t x_stride, y_stride;
    size_t width;                      /* columns of the panel */
    size_t store;                      /* columns that may be written */
    size_t used;                       /* whole vectors of columns that are written */
    const kreal *weights;              /* [tap][in][width] */
    const kreal *bias;                 /* [width] */
    const kreal *slope, *gain, *shift; /* [width] or NULL */
} tile_call;

/* `x` and `y` are at the tile's first row, `y` and `add` (or NULL) at the panel's first column. */
typedef void (*tile_fn)(const tile_call *c, const kreal *x, kreal *y, const kreal *add,
                        size_t column) SORDINO_RT;

SHIM void tile_store(const tile_call *c, vec a, kreal *y, const kreal *add, size_t column)
{
    if (c->slope)
        a = vprelu(a, vload(c->slope + column));
    if (c->gain)
        a = vfma(a, vload(c->gain + column), vload(c->shift + column));
    if (add && column < c->store)
        a = vadd(a, vload(add + column));
    if (column + LANES <= c->store)
        vstore(y + column, a);
    else if (column < c->store)
        vstore_n(y + column, a, c->store - column);
}

/* The way out of a tile for parts of vectors, and where there is a gain: through memory, to keep
 * the tiles short. */
NO_INLINE void tile_finish(const tile_call *c, const kreal *raw, size_t n_rows, size_t n_vecs,
                           kreal *y, const kreal *add, size_t column)
{
    for (size_t r = 0; r < n_rows; r++) {
        for (size_t s = 0; s < n_vecs; s++, raw += LANES)
            tile_store(c, vload(raw), y, add, column + s * LANES);
        y += c->y_stride;
        add = add ? add + c->y_stride : NULL;
    }
}

/* R, S and P are constants where this is inlined: the loops over them are unrolled, and `sum`
 * lies in registers. */
SHIM void tile(const size_t R, const size_t S, const size_t P, const tile_call *c, const kreal *x,
               kreal *y, const kreal *add, size_t column)
{
    vec sum[TILE_MAX_PARTIALS][TILE_MAX_ROWS][TILE_MAX_VECS], w[TILE_MAX_VECS];
    UNROLL for (size_t s = 0; s < S; s++) UNROLL for (size_t r = 0; r < R; r++)
    {
        sum[0][r][s] = vload(c->bias + column + s * LANES);
        UNROLL for (size_t p = 1; p < P; p++) sum[p][r][s] = vset(0);
    }
    const size_t width = c->width, in = c->in, stride = c->x_stride;
    for (size_t t = 0; t < c->n_taps; t++) {
        const kreal *wt = c->weights + c->taps[t].index * in * width + column;
        const kreal *xt = x + c->taps[t].x;
        for (size_t i = P; i <= in; i += P, xt += P)
            UNROLL for (size_t p = 0; p < P; p++, wt += width)
            {
                UNROLL for (size_t s = 0; s < S; s++) w[s] = vload(wt + s * LANES);
                UNROLL for (size_t r = 0; r < R; r++) UNROLL for (size_t s = 0; s < S; s++)
                    sum[p][r][s] = vfma(vset(xt[r * stride + p]), w[s], sum[p][r][s]);
            }
        UNROLL for (size_t p = 0; p + 1 < P; p++) if (p < in % P)
        {
            UNROLL for (size_t s = 0; s < S; s++) w[s] = vload(wt + p * width + s * LANES);
            UNROLL for (size_t r = 0; r < R; r++) UNROLL for (size_t s = 0; s < S; s++)
                sum[p][r][s] = vfma(vset(xt[r * stride + p]), w[s], sum[p][r][s]);
        }
    }
    UNROLL for (size_t r = 0; r < R; r++) UNROLL for (size_t s = 0; s < S; s++)
    {
        if (P == 2)
            sum[0][r][s] = vadd(sum[0][r][s], sum[1][r][s]);
        if (P == 4)
            sum[0][r][s] = vadd(vadd(sum[0][r][s], sum[1][r][s]), vadd(sum[2][r][s], sum[3][r][s]));
    }
    if (!c->gain && column + S * LANES <= c->store) {
        if (c->slope)
            UNROLL for (size_t s = 0; s < S; s++)
            {
                w[s] = vload(c->slope + column + s * LANES);
                UNROLL for (size_t r = 0; r < R; r++) sum[0][r][s] = vprelu(sum[0][r][s], w[s]);
            }
        if (add)
            UNROLL for (size_t r = 0; r < R; r++) UNROLL for (size_t s = 0; s < S; s++)
                sum[0][r][s] =
                    vadd(sum[0][r][s], vload(add + r * c->y_stride + column + s * LANES));
        UNROLL for (size_t r = 0; r < R; r++) UNROLL for (size_t s = 0; s < S; s++)
            vstore(y + r * c->y_stride + column + s * LANES, sum[0][r][s]);
    } else {
        kreal raw[TILE_MAX_ROWS * TILE_MAX_VECS * LANES];
        UNROLL for (size_t r = 0; r < R; r++) UNROLL for (size_t s = 0; s < S; s++)
            vstore(raw + (r * S + s) * LANES, sum[0][r][s]);
        tile_finish(c, raw, R, S, y, add, column);
    }
}

#define TILE(KIND, R, S, P)                                                                        \
    NO_INLINE void tile_##KIND##_##S##_##P(const tile_call *c, const kreal *x, kreal *y,           \
                                           const kreal *add, size_t column) SORDINO_RT             \
    {                                                                                              \
        tile(R, S, P, c, x, y, add, column);                                                       \
    }

TILE(one, 1, 1, 1)
TILE(one, 1, 2, 1)
TILE(one, 1, 3, 1)
TILE(one, 1, 4, 1)
TILE(one, 1, 5, 1)
TILE(one, 1, 6, 1)
TILE(one, 1, 7, 1)
TILE(one, 1, 8, 1)
TILE(one, 1, 1, 2)
TILE(one, 1, 2, 2)
TILE(one, 1, 3, 2)
TILE(one, 1, 4, 2)
TILE(one, 1, 1, 4)
TILE(one, 1, 2, 4)
TILE(one, 1, 3, 4)
TILE(one, 1, 4, 4)
TILE(many, TILE_ROWS_P1, 1, 1)
TILE(many, TILE_ROWS_P1, 2, 1)
TILE(many, TILE_ROWS_P1, 3, 1)
TILE(many, TILE_ROWS_P1, 4, 1)
TILE(many, TILE_ROWS_P2, 1, 2)
TILE(many, TILE_ROWS_P2, 2, 2)
TILE(many, TILE_ROWS_P2, 3, 2)
TILE(many, TILE_ROWS_P2, 4, 2)
TILE(many, TILE_ROWS_P4, 1, 4)
TILE(many, TILE_ROWS_P4, 2, 4)

/* How to cut a panel with P partial sums into tiles. */
typedef struct tile_kind {
    size_t rows, max_vecs;
    tile_fn fn[TILE_MAX_VECS]; /* by vectors - 1 */
} tile_kind;

/* By P / 2. */
static const tile_kind one_row[3] = {
    {1,
     ONE_P1,
     {tile_one_1_1, tile_one_2_1, tile_one_3_1, tile_one_4_1, tile_one_5_1, tile_one_6_1,
      tile_one_7_1, tile_one_8_1}},
    {1, ONE_P2, {tile_one_1_2, tile_one_2_2, tile_one_3_2, tile_one_4_2}},
    {1, ONE_P4, {tile_one_1_4, tile_one_2_4, tile_one_3_4, tile_one_4_4}},
};
static const tile_kind many_rows[3] = {
    {TILE_ROWS_P1, TILE_VECS_P1, {tile_many_1_1, tile_many_2_1, tile_many_3_1, tile_many_4_1}},
    {TILE_ROWS_P2, TILE_VECS_P2, {tile_many_1_2, tile_many_2_2, tile_many_3_2, tile_many_4_2}},
    {TILE_ROWS_P4, TILE_VECS_P4, {tile_many_1_4, tile_many_2_4}},
};

/* Rows from..to of a panel, in tiles of `kind`; the columns in even parts. */
static void run_tiles(const tile_kind *kind, const tile_call *c, const kernels_rows *rows,
                      const kreal *add, size_t first, size_t from, size_t to)
{
    const size_t vecs = c->used / LANES;
    if (vecs <= kind->max_vecs) { /* no division: it would cost as much as a small tile */
        for (size_t r = from; r < to; r += kind->rows)
            kind->fn[vecs - 1](c, rows->x + r * c->x_stride, rows->y + r * c->y_stride + first,
                               add ? add + r * c->y_stride + first : NULL, 0);
        return;
    }
    const size_t parts = (vecs + kind->max_vecs - 1) / kind->max_vecs;
    for (size_t part = 0, done = 0; part < parts; part++) {
        const size_t n = (vecs - done) / (parts - part);
        for (size_t r = from; r < to; r += kind->rows)
            kind->fn[n - 1](c, rows->x + r * c->x_stride, rows->y + r * c->y_stride + first,
                            add ? add + r * c->y_stride + first : NULL, done * LANES);
        done += n;
    }
}

static void conv(const kernels_conv *c, const kernels_tap *taps, uint32_t n_taps,
                 const kernels_rows *rows, const kernels_post *post) SORDINO_RT
{
    const size_t padded = kernels_pad(c->out), kind = kernels_partials(c->out) / 2;
    const size_t panel = (size_t)kernels_panel(c->out) * KERNELS_PAD;
    const size_t tile_rows = many_rows[kind].rows;
    const size_t whole = rows->n < tile_rows ? 0 : rows->n / tile_rows * tile_rows;
    for (size_t first = 0; first < padded; first += panel) {
        const size_t width = padded - first < panel ? padded - first : panel;
        const size_t store = c->store - first, written = (store + LANES - 1) / LANES * LANES;
        const tile_call call = {
            .taps = taps,
            .n_taps = n_taps,
            .in = c->in,
            .x_stride = rows->x_stride,
            .y_stride = rows->y_stride,
            .width = width,
            .store = store,
            .used = written < width ? written : width,
            .weights = c->weights + first * c->in * c->n_taps,
            .bias = c->bias + first,
            .slope = post->slope ? post->slope + first : NULL,
            .gain = post->gain ? post->gain + first : NULL,
            .shift = post->gain ? post->shift + first : NULL,
        };
        if (whole > 0)
            run_tiles(&many_rows[kind], &call, rows, post->add, first, 0, whole);
        if (whole < rows->n)
            run_tiles(&one_row[kind], &call, rows, post->add, first, whole, rows->n);
    }
}

/* R rows and S vectors of a depthwise convolution. */
SHIM void depthwise_tile(const size_t R, const size_t S, const tile_call *c, const kreal *x,
                         kreal *y, const kreal *add, size_t column)
{
    vec sum[4][4], w[4];
    UNROLL for (size_t s = 0; s < S; s++) UNROLL for (size_t r = 0; r < R; r++) sum[r][s] =
        vload(c->bias + column + s * LANES);
    for (size_t t = 0; t < c->n_taps; t++) {
        const kreal *const wt = c->weights + c->taps[t].index * c->width + column;
        const kreal *const xt = x + c->taps[t].x + column;
        UNROLL for (size_t s = 0; s < S; s++) w[s] = vload(wt + s * LANES);
        UNROLL for (size_t r = 0; r < R; r++) UNROLL for (size_t s = 0; s < S; s++) sum[r][s] =
            vfma(vload(xt + r * c->x_stride + s * LANES), w[s], sum[r][s]);
    }
    UNROLL for (size_t r = 0; r < R; r++) UNROLL for (size_t s = 0; s < S; s++) tile_store(
        c, sum[r][s], y + r * c->y_stride, add ? add + r * c->y_stride : NULL, column + s * LANES);
}

static void depthwise(const kernels_conv *c, const kernels_tap *taps, uint32_t n_taps,
                      const kernels_rows *rows, const kernels_post *post) SORDINO_RT
{
    const tile_call call = {
        .taps = taps,
        .n_taps = n_taps,
        .x_stride = rows->x_stride,
        .y_stride = rows->y_stride,
        .width = kernels_pad(c->out),
        .store = c->store,
        .weights = c->weights,
        .bias = c->bias,
        .slope = post->slope,
        .gain = post->gain,
        .shift = post->shift,
    };
    const size_t width = call.width;
    size_t r = 0;
    for (; r + 4 <= rows->n; r += 4) {
        const kreal *const x = rows->x + r * call.x_stride;
        kreal *const y = rows->y + r * call.y_stride;
        const kreal *const add = post->add ? post->add + r * call.y_stride : NULL;
        for (size_t o = 0; o < width; o += LANES)
            depthwise_tile(4, 1, &call, x, y, add, o);
    }
    for (; r < rows->n; r++) {
        const kreal *const x = rows->x + r * call.x_stride;
        kreal *const y = rows->y + r * call.y_stride;
        const kreal *const add = post->add ? post->add + r * call.y_stride : NULL;
        size_t o = 0;
        for (; o + 4 * LANES <= width; o += 4 * LANES)
            depthwise_tile(1, 4, &call, x, y, add, o);
        for (; o < width; o += LANES)
            depthwise_tile(1, 1, &call, x, y, add, o);
    }
}

/* Maps with f(0) = 0 keep the padding at zero by themselves. */
#define MAP(NAME, EXPRESSION)                                                                      \
    static void NAME(const kreal *x, kreal *y, size_t frames, size_t width) SORDINO_RT             \
    {                                                                                              \
        const size_t n = frames * kernels_pad(width);                                              \
        for (size_t i = 0; i < n; i += LANES) {                                                    \
            const vec a = vload(x + i);                                                            \
            vstore(y + i, EXPRESSION);                                                             \
        }                                                                                          \
    }

MAP(map_relu, vmax(a, vset(0)))
MAP(map_tanh, vtanh(a))
MAP(map_gelu_erf, vgelu_erf(a))
MAP(map_gelu_tanh, vgelu_tanh(a))

#define PAIR(NAME, EXPRESSION)                                                                     \
    static void NAME(const kreal *x0, const kreal *x1, kreal *y, size_t frames, size_t width)      \
        SORDINO_RT                                                                                 \
    {                                                                                              \
        const size_t n = frames * kernels_pad(width);                                              \
        for (size_t i = 0; i < n; i += LANES) {                                                    \
            const vec a = vload(x0 + i), b = vload(x1 + i);                                        \
            vstore(y + i, EXPRESSION);                                                             \
        }                                                                                          \
    }

PAIR(pair_add, vadd(a, b))
PAIR(pair_mul, vmul(a, b))

/* Stores the part of a vector at column i that lies within `width`, and zeros for the rest. */
SHIM void store_kept(kreal *y, vec a, size_t i, size_t width)
{
    vstore(y + i, i + LANES <= width ? a : vkeep(a, width > i ? width - i : 0));
}

static void map_sigmoid(const kreal *x, kreal *y, size_t frames, size_t width) SORDINO_RT
{
    const size_t row = kernels_pad(width);
    for (size_t t = 0; t < frames; t++, x += row, y += row)
        for (size_t i = 0; i < row; i += LANES)
            store_kept(y, vsigmoid(vload(x + i)), i, width);
}

static void prelu(const kreal *x, const kreal *slope, kreal *y, size_t frames,
                  size_t width) SORDINO_RT
{
    const size_t row = kernels_pad(width);
    for (size_t t = 0; t < frames; t++, x += row, y += row)
        for (size_t i = 0; i < row; i += LANES)
            vstore(y + i, vprelu(vload(x + i), vload(slope + i)));
}

static void affine(const kreal *x, const kreal *gain, const kreal *shift, kreal *y, size_t frames,
                   size_t width) SORDINO_RT
{
    const size_t row = kernels_pad(width);
    for (size_t t = 0; t < frames; t++, x += row, y += row)
        for (size_t i = 0; i < row; i += LANES)
            vstore(y + i, vfma(vload(x + i), vload(gain + i), vload(shift + i)));
}

static void layer_norm(const kreal *x, const kreal *gain, const kreal *shift, kreal eps, kreal *y,
                       size_t frames, size_t width) SORDINO_RT
{
    const size_t row = kernels_pad(width);
    for (size_t t = 0; t < frames; t++, x += row, y += row) {
        vec sum = vset(0), squares = vset(0);
        for (size_t i = 0; i < row; i += LANES)
            sum = vadd(sum, vload(x + i));
        const vec mean = vset(vsum(sum) / (kreal)width);
        for (size_t i = 0; i < row; i += LANES) {
            vec d = vsub(vload(x + i), mean);
            if (i + LANES > width)
                d = vkeep(d, width > i ? width - i : 0);
            squares = vfma(d, d, squares);
        }
        const vec deviation = vsqrt(vset(vsum(squares) / (kreal)width + eps));
        for (size_t i = 0; i < row; i += LANES) {
            const vec z = vdiv(vsub(vload(x + i), mean), deviation);
            vstore(y + i, vfma(z, vload(gain + i), vload(shift + i)));
        }
    }
}

static void running_norm(const kreal *x, const kernels_running *state, kreal rate, kreal eps,
                         kreal *y, size_t frames, size_t width) SORDINO_RT
{
    const size_t row = kernels_pad(width);
    const vec floor = vset(eps), one = vset(1);
    for (size_t t = 0; t < frames; t++, x += row, y += row) {
        if (*state->count < UINT32_MAX)
            ++*state->count;
        const kreal first = (kreal)1 / (kreal)*state->count;
        const vec a = vset(first > rate ? first : rate), keep = vsub(one, a);
        for (size_t i = 0; i < row; i += LANES) {
            const vec xi = vload(x + i), d = vsub(xi, vload(state->mean + i));
            const vec mean = vfma(a, d, vload(state->mean + i));
            const vec variance = vmul(keep, vfma(vmul(a, d), d, vload(state->variance + i)));
            vstore(state->mean + i, mean);
            vstore(state->variance + i, variance);
            vstore(y + i, vdiv(vsub(xi, mean), vsqrt(vadd(variance, floor))));
        }
    }
}

static void gru(const kernels_gru *g) SORDINO_RT
{
    const size_t pad = kernels_pad(g->hidden);
    const kreal *in = g->by_input, *past = g->by_state;
    kreal *state = g->state, *y = g->y, *kept = g->kept;
    for (size_t f = 0; f < g->rows; f++, in += 3 * pad, past += 3 * pad, state += pad) {
        for (size_t i = 0; i < pad; i += LANES) {
            const vec r = vsigmoid(vadd(vload(in + pad + i), vload(past + i)));
            const vec z = vsigmoid(vadd(vload(in + 2 * pad + i), vload(past + pad + i)));
            const vec q = vload(past + 2 * pad + i);
            const vec n = vtanh(vfma(r, q, vload(in + i)));
            const vec h = vfma(z, vsub(vload(state + i), n), n);
            vstore(state + i, h);
            if (i + LANES <= g->hidden)
                vstore(y + i, h);
            else if (i < g->hidden)
                vstore_n(y + i, h, g->hidden - i);
            if (kept) {
                vstore(kept + i, r);
                vstore(kept + pad + i, z);
                vstore(kept + 2 * pad + i, n);
                vstore(kept + 3 * pad + i, q);
            }
        }
        y += g->hidden;
        kept = kept ? kept + 4 * pad : NULL;
    }
}

static void spin(kreal *sink, size_t rounds) SORDINO_RT
{
    vec sum[16];
    const vec a = vset((kreal)0.5), b = vset((kreal)0.25);
    UNROLL for (size_t k = 0; k < 12; k++) sum[k] = vset((kreal)k);
    for (size_t i = 0; i < rounds; i++)
        UNROLL for (size_t k = 0; k < 12; k++) sum[k] = vfma(sum[k], a, b);
    vec all = sum[0];
    for (size_t k = 1; k < 12; k++)
        all = vadd(all, sum[k]);
    vstore(sink, vadd(vload(sink), all));
}

const kernels KERNELS_TABLE = {
    .name = KERNELS_NAME,
    .lanes = LANES,
    .conv = conv,
    .depthwise = depthwise,
    .prelu = prelu,
    .relu = map_relu,
    .tanh = map_tanh,
    .sigmoid = map_sigmoid,
    .gelu_erf = map_gelu_erf,
    .gelu_tanh = map_gelu_tanh,
    .add = pair_add,
    .mul = pair_mul,
    .affine = affine,
    .layer_norm = layer_norm,
    .running_norm = running_norm,
    .gru = gru,
    .spin = spin,
};

#endif
