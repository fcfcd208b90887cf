/*
 * The inner loops of the backward passes, one table for each instruction set, beside that of
 * kernels.h and with its layouts: frames of kernels_pad(width) floats whose padding is zero and
 * stays zero. For training only: not part of the installed library.
 *
 * Sums over frames are added to what is there (+=) and so are derivatives of inputs. Every sum is
 * made in an order fixed by the shapes alone. Derivatives `d` that may be NULL are not wanted.
 */
#ifndef KERNELS_TRAIN_KERNELS_H
#define KERNELS_TRAIN_KERNELS_H

#include "core/kernels/kernels.h"

/* What a sum of products over frames runs over: frames of x at `x_stride`, of y at `y_stride`. */
typedef struct train_outer {
    const kreal *x, *y;
    size_t n, x_stride, y_stride; /* frames >= 1; floats */
    const ptrdiff_t *at;          /* [n_at]: floats from the frame's place in x */
    size_t n_at;                  /* >= 1 */
    size_t width;                 /* columns of y */
    kreal *sum;                   /* [n_at][pad(width)] */
} train_outer;

/* sum[r][o] += sum over t of x[t * x_stride + at[r]] y[t * y_stride + o] for o < pad(width): up to
 * KERNELS_PAD - 1 floats beyond the last column are read. */
typedef void (*train_outer_fn)(const train_outer *o);
/* sum[r][o] += sum over t of x[t * x_stride + at[r] + o] y[t * y_stride + o]; reads as above. */
typedef void (*train_depthwise_fn)(const train_outer *o);

/* sum[o] += sum over frames of x; [pad(width)]. */
typedef void (*train_sum_fn)(const kreal *x, size_t frames, size_t width, kreal *sum);
/* With u = x - centre [pad(width)]: plain += sum of u, square += sum of u^2. */
typedef void (*train_squares_fn)(const kreal *x, const kreal *centre, size_t frames, size_t width,
                                 kreal *plain, kreal *square);
/* With u = x - centre [pad(width)]: plain += sum of g, product += sum of g u. */
typedef void (*train_centred_fn)(const kreal *x, const kreal *g, const kreal *centre, size_t frames,
                                 size_t width, kreal *plain, kreal *product);
/* d += a g + b (x - centre) + c; a, b, c, centre [pad(width)]. */
typedef void (*train_combine_fn)(const kreal *x, const kreal *g, const kreal *centre,
                                 const kreal *a, const kreal *b, const kreal *c, kreal *d,
                                 size_t frames, size_t width);
/* d += g f'(.), where `v` is x, or y = f(x) where the table says so. */
typedef void (*train_map_fn)(const kreal *v, const kreal *g, kreal *d, size_t frames, size_t width);
/* d += g where x > 0, slope g elsewhere; d_slope += sum of g min(x, 0); [pad(width)]. */
typedef void (*train_prelu_fn)(const kreal *x, const kreal *g, const kreal *slope, kreal *d,
                               size_t frames, size_t width, kreal *d_slope);
/* Backward of kernels_layer_norm; d_gain, d_shift [pad(width)]. */
typedef void (*train_layer_norm_fn)(const kreal *x, const kreal *g, const kreal *gain, kreal eps,
                                    kreal *d, size_t frames, size_t width, kreal *d_gain,
                                    kreal *d_shift);
/* Backward of kernels_running_norm over a whole sequence that starts with a zero state. `scratch`
 * [(2 * frames + 2) * pad(width)]. */
typedef void (*train_running_norm_fn)(const kreal *x, const kreal *g, kreal rate, kreal eps,
                                      kreal *d, size_t frames, size_t width, kreal *scratch);

/* One frame of a gated recurrent unit backwards (kernels_gru). */
typedef struct train_gru {
    const kreal *kept; /* [rows][4][pad]: r, z, n, q */
    const kreal *past; /* [rows][hidden]: the state before the frame; NULL: zeros */
    const kreal *d_y;  /* [rows][hidden] */
    kreal *carry;      /* [rows][pad]; in: the derivative by the frame's state from later frames;
                          out: what of the sum goes past the gates to the state before */
    kreal *d_gates;    /* [rows][4][pad]: by the sums within n, r, z, and by q */
    size_t rows, hidden;
} train_gru;

/* Reads up to KERNELS_PAD - 1 floats beyond the last column of past and d_y. */
typedef void (*train_gru_fn)(const train_gru *g);

typedef struct train_kernels {
    const char *name; /* as the table of kernels.h it goes with */
    train_outer_fn outer;
    train_depthwise_fn depthwise;
    train_sum_fn sum;
    train_squares_fn squares;
    train_centred_fn centred;
    train_combine_fn combine;
    train_map_fn times;         /* d += g v */
    train_map_fn tanh, sigmoid; /* v = y */
    train_map_fn relu, gelu_erf, gelu_tanh;
    train_prelu_fn prelu;
    train_layer_norm_fn layer_norm;
    train_running_norm_fn running_norm;
    train_gru_fn gru;
} train_kernels;

/* The table that goes with one of kernels.h. */
const train_kernels *train_kernels_of(const kernels *k);

extern const train_kernels train_kernels_c;
#ifndef KERNELS_DOUBLE
extern const train_kernels train_kernels_avx2, train_kernels_avx512, train_kernels_neon;
#endif

#endif
