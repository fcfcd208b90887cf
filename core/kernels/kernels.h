/*
 * The inner loops of the network ops, one table for each instruction set. All tables take the same
 * memory layouts, so packed weights and streams do not depend on the table.
 *
 * A row is the floats of one frame, or of one frequency of one frame. Frames are padded to a
 * multiple of KERNELS_PAD floats and aligned to 64 bytes; the padding is zero and is kept zero.
 * Every kernel adds up in an order fixed by the shape alone, never by the number of rows in a call:
 * a stream cut differently gives the same bits. Tables differ from one another by rounding.
 *
 * With KERNELS_DOUBLE defined everything is double and only the C table exists: for checking
 * derivatives by finite differences.
 */
#ifndef KERNELS_KERNELS_H
#define KERNELS_KERNELS_H

#include <stddef.h>
#include <stdint.h>

#include <sordino/attributes.h>

#ifdef KERNELS_DOUBLE
typedef double kreal;
#else
typedef float kreal;
#endif

enum {
    KERNELS_PAD = 16,      /* floats; also the width of a weight slot */
    KERNELS_PANEL_MAX = 8, /* slots in a panel of weights */
    KERNELS_MAX_TABLES = 4
};

/* Floats of a frame with its padding. */
static inline size_t kernels_pad(size_t width)
{
    return (width + KERNELS_PAD - 1) / KERNELS_PAD * KERNELS_PAD;
}

/* One tap of a convolution. */
typedef struct kernels_tap {
    ptrdiff_t x;    /* floats from the row's place in the input to the tap's first channel */
    uint32_t index; /* which weights */
} kernels_tap;

/* What is done to a result y before it is stored, in this order; each may be NULL.
 *   y = max(y, 0) + slope min(y, 0);   y = gain y + shift;   y = y + add
 * slope, gain, shift: [pad(out)] (gain and shift come together); add: laid out as the output. */
typedef struct kernels_post {
    const kreal *slope, *gain, *shift, *add;
} kernels_post;

/* Weights of a dense convolution: [panel][tap][in][panel's slots][KERNELS_PAD], where `out`,
 * padded, is cut into panels by kernels_panel. Written by kernels_conv_pack. */
typedef struct kernels_conv {
    uint32_t in, out;     /* channels summed for each tap; channels made */
    uint32_t n_taps;      /* in the weights (a call may use fewer) */
    uint32_t store;       /* floats written to a row: pad(out), or out where a neighbour follows */
    const kreal *weights; /* aligned to 64 bytes */
    const kreal *bias;    /* [pad(out)] */
} kernels_conv;

/* Where rows lie: [rows] at `x_stride` and `y_stride` floats. */
typedef struct kernels_rows {
    const kreal *x;
    kreal *y;
    size_t n, x_stride, y_stride;
} kernels_rows;

/* y[r][o] = post(bias[o] + sum over taps and channels of x[r * x_stride + tap.x + i] w[tap][i][o]).
 * Partial sums over channels i modulo 1, 2 or 4 (kernels_partials) are added up last. */
typedef void (*kernels_conv_fn)(const kernels_conv *c, const kernels_tap *taps, uint32_t n_taps,
                                const kernels_rows *rows, const kernels_post *post) SORDINO_RT;

/* The same with one input channel for each output channel; weights [tap][pad(out)]. Reads up to
 * KERNELS_PAD - 1 floats beyond the last channel. */
typedef void (*kernels_depthwise_fn)(const kernels_conv *c, const kernels_tap *taps,
                                     uint32_t n_taps, const kernels_rows *rows,
                                     const kernels_post *post) SORDINO_RT;

/* Whole padded frames, one after the other; `x` and `y` may be the same. */
typedef void (*kernels_map_fn)(const kreal *x, kreal *y, size_t frames, size_t width) SORDINO_RT;
typedef void (*kernels_pair_fn)(const kreal *a, const kreal *b, kreal *y, size_t frames,
                                size_t width) SORDINO_RT;
/* y = gain x + shift; gain, shift [pad(width)]. */
typedef void (*kernels_affine_fn)(const kreal *x, const kreal *gain, const kreal *shift, kreal *y,
                                  size_t frames, size_t width) SORDINO_RT;
/* y = (x - mean) / sqrt(variance + eps) gain + shift over the frame (biased variance). */
typedef void (*kernels_layer_norm_fn)(const kreal *x, const kreal *gain, const kreal *shift,
                                      kreal eps, kreal *y, size_t frames, size_t width) SORDINO_RT;

/* The state of kernels_running_norm, [pad(width)] each, zero at first; `count` frames seen. */
typedef struct kernels_running {
    kreal *mean, *variance;
    uint32_t *count;
} kernels_running;

/* For each channel, with d = x - mean and rate a_t = max(rate, 1 / t) for frame t = 1, 2, ...:
 *   mean += a_t d;  variance = (1 - a_t) (variance + a_t d^2);  y = (x - mean) / sqrt(variance +
 * eps) (West 1979, with forgetting). */
typedef void (*kernels_running_norm_fn)(const kreal *x, const kernels_running *state, kreal rate,
                                        kreal eps, kreal *y, size_t frames,
                                        size_t width) SORDINO_RT;

/* One frame of a gated recurrent unit, after the two products. Each gate is padded to
 * pad = kernels_pad(hidden), with zeros. */
typedef struct kernels_gru {
    const kreal *by_input; /* [rows][3][pad]: of n, r, z */
    const kreal *by_state; /* [rows][3][pad]: of r, z, q */
    kreal *state;          /* [rows][pad], in and out; padding stays zero */
    kreal *y;              /* [rows][hidden], the new state */
    kreal *kept;           /* [rows][4][pad], r, z, n, q; NULL: not wanted */
    size_t rows, hidden;
} kernels_gru;

/* With i of by_input and s of by_state: r = sigmoid(i_r + s_r), z = sigmoid(i_z + s_z),
 * n = tanh(i_n + r s_q), state = n + z (state - n). */
typedef void (*kernels_gru_fn)(const kernels_gru *g) SORDINO_RT;

typedef struct kernels {
    const char *name; /* "c", "avx2", "avx512", "neon" */
    uint32_t lanes;   /* floats in a vector */
    kernels_conv_fn conv;
    kernels_depthwise_fn depthwise;
    kernels_pair_fn
        prelu; /* y = max(a, 0) + b min(a, 0); b [pad(width)], the same for all frames */
    kernels_map_fn relu;
    kernels_map_fn tanh;      /* |error| < 4e-7 */
    kernels_map_fn sigmoid;   /* relative error < 4e-7 down to -80, where it holds on */
    kernels_map_fn gelu_erf;  /* x Phi(x), |error| < 1e-6 max(1, |x|) */
    kernels_map_fn gelu_tanh; /* its usual approximation by tanh, |error| < 1e-6 max(1, |x|) */
    kernels_pair_fn add, mul; /* a, b [frames][pad(width)] */
    kernels_affine_fn affine;
    kernels_layer_norm_fn layer_norm;
    kernels_running_norm_fn running_norm;
    kernels_gru_fn gru;
    /* For benchmarks: `rounds` times 12 independent vector multiply-adds in registers. `sink`
     * [KERNELS_PAD] is read and written. */
    void (*spin)(kreal *sink, size_t rounds) SORDINO_RT;
} kernels;

/* The table for this CPU, or the one that SORDINO_KERNELS names if the CPU can run it. The
 * environment is read by the first call: make it before audio starts. Any thread. */
const kernels *kernels_pick(void);

/* What SORDINO_KERNELS asks for when there is no such table or this CPU cannot run it; else NULL.
 */
const char *kernels_refused(void);

/* A table by name; NULL when unknown or when this CPU cannot run it. */
const kernels *kernels_by_name(const char *name);

/* Every table this CPU can run, best first; returns how many (<= KERNELS_MAX_TABLES). */
size_t kernels_list(const kernels *out[KERNELS_MAX_TABLES]);

/* Slots in every panel of `out` channels but the last, which may have fewer. */
static inline uint32_t kernels_panel(uint32_t out)
{
    const uint32_t slots = (uint32_t)(kernels_pad(out) / KERNELS_PAD);
    if (slots <= KERNELS_PANEL_MAX)
        return slots; /* and no division */
    const uint32_t panels = (slots + KERNELS_PANEL_MAX - 1) / KERNELS_PANEL_MAX;
    return (slots + panels - 1) / panels;
}

/* Partial sums for a convolution to `out` channels: enough independent additions to hide their
 * latency with a single row. Not for the tables to choose: the order of adding would change. */
static inline uint32_t kernels_partials(uint32_t out)
{
    const uint32_t panel = kernels_panel(out);
    return panel == 1 ? 4 : panel <= 4 ? 2 : 1;
}

/* Floats of packed weights. */
static inline size_t kernels_conv_size(uint32_t in, uint32_t out, uint32_t n_taps)
{
    return kernels_pad(out) * in * n_taps;
}

/* Where the weight of a tap, an input and an output lies in packed weights. */
static inline size_t kernels_conv_at(uint32_t in, uint32_t out, uint32_t n_taps, size_t tap,
                                     size_t i, size_t o)
{
    const size_t padded = kernels_pad(out), panel = (size_t)kernels_panel(out) * KERNELS_PAD;
    const size_t first = o / panel * panel;
    const size_t width = padded - first < panel ? padded - first : panel;
    return first * in * n_taps + (tap * in + i) * width + o - first;
}

/* Copies weight(tap, i, o) = w[o * o_stride + i * i_stride + tap * tap_stride] into `packed`
 * (kernels_conv_size floats, zeroed). */
void kernels_conv_pack(uint32_t in, uint32_t out, uint32_t n_taps, const kreal *w, size_t o_stride,
                       size_t i_stride, size_t tap_stride, kreal *packed);

extern const kernels kernels_c;
#ifndef KERNELS_DOUBLE
extern const kernels kernels_avx2, kernels_avx512, kernels_neon; /* where they are built */
#endif

#endif
