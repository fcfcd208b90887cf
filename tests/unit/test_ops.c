/*
 * Every op against its plain formula in double, on random sizes, for every kernel table; windows
 * with a random past. Compiled a second time with KERNELS_DOUBLE, where the ops themselves are
 * double.
 */
#include "core/kernels/kernels.h"
#include "core/ops/op.h"

#include "tests/support/cmocka_all.h"
#include "tests/support/net.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Absolute; values are of size 1, sums have at most some hundred terms. */
#ifdef KERNELS_DOUBLE
#define TOLERANCE 1e-12
#else
#define TOLERANCE 2e-5
#endif

enum { MAX_FRAMES = 20, N_ROUNDS = 200 };

static uint64_t random_state;
static const kernels *table;

/* One op set up on random data. */
typedef struct trial {
    op_node node;
    size_t n, past; /* frames, and frames before them */
    op_param params[OP_MAX_PARAMS];
    kreal *weights[OP_MAX_PARAMS];
    kreal *in[OP_MAX_INPUTS]; /* [past + n][pad(width)] */
    kreal *out;
    void *packed, *state;
} trial;

/* With room after it for the vectors that kernels read beyond the end. */
static void *zeroed(size_t bytes)
{
    const size_t all = (bytes + KERNELS_PAD * sizeof(kreal) + 63) / 64 * 64;
    void *const p = aligned_alloc(64, all);
    assert_non_null(p);
    memset(p, 0, all);
    return p;
}

static uint32_t between(uint32_t low, uint32_t high)
{
    return net_random_between(&random_state, low, high);
}

/* Attributes by name and value, ended by NULL. */
static void set_op(trial *t, const char *name, const char *const *names, const double *values)
{
    memset(t, 0, sizeof *t);
    t->node.op = op_find(name);
    assert_non_null(t->node.op);
    for (uint32_t i = 0; i < t->node.op->n_attrs; i++)
        t->node.attr[i] = t->node.op->attrs[i].preset;
    for (size_t i = 0; names[i]; i++) {
        const uint32_t at = op_attr_index(t->node.op, names[i]);
        assert_true(at < t->node.op->n_attrs);
        t->node.attr[at] = values[i];
    }
}

static void add_input(trial *t, uint32_t width)
{
    t->node.in_width[t->node.n_inputs++] = width;
}

static double input(const trial *t, uint32_t i, ptrdiff_t frame, size_t at)
{
    const ptrdiff_t place = frame + (ptrdiff_t)t->past;
    return place < 0 ? 0 : (double)t->in[i][(size_t)place * kernels_pad(t->node.in_width[i]) + at];
}

static void run(trial *t)
{
    sordino_error why;
    if (t->node.op->shape(&t->node, &why) != SORDINO_OK)
        fail_msg("%s: %s", t->node.op->name, why.text);
    t->n = between(1, MAX_FRAMES);
    t->past = t->node.history;
    const uint32_t n_params = t->node.op->params ? t->node.op->params(&t->node, t->params) : 0;
    for (uint32_t k = 0; k < n_params; k++) {
        const size_t size = op_param_size(&t->params[k]);
        t->weights[k] = zeroed(size * sizeof(kreal));
        for (size_t i = 0; i < size; i++)
            t->weights[k][i] = (kreal)net_random(&random_state);
        if (strcmp(t->params[k].suffix, "running_var") == 0)
            for (size_t i = 0; i < size; i++)
                t->weights[k][i] = (kreal)0.1 + t->weights[k][i] * t->weights[k][i];
    }
    for (uint32_t i = 0; i < t->node.n_inputs; i++) {
        const size_t row = kernels_pad(t->node.in_width[i]);
        t->in[i] = zeroed((t->past + t->n) * row * sizeof(kreal));
        for (size_t f = 0; f < t->past + t->n; f++)
            for (size_t c = 0; c < t->node.in_width[i]; c++)
                t->in[i][f * row + c] = (kreal)net_random(&random_state);
    }
    const op *const o = t->node.op;
    t->packed = zeroed(o->packed_bytes ? o->packed_bytes(&t->node) : 0);
    t->state = zeroed(o->state_bytes ? o->state_bytes(&t->node) : 0);
    if (o->pack)
        o->pack(&t->node, (const kreal *const *)t->weights, t->packed);
    t->out = zeroed(t->n * kernels_pad(t->node.width) * sizeof(kreal));
    memset(t->out, 0x42, t->n * kernels_pad(t->node.width) * sizeof(kreal));
    op_call call = {.node = &t->node, .kernels = table, .packed = t->packed, .state = t->state};
    call.out = t->out;
    call.n = t->n;
    for (uint32_t i = 0; i < t->node.n_inputs; i++)
        call.in[i] = t->in[i] + t->past * kernels_pad(t->node.in_width[i]);
    o->forward(&call);
}

static void release(trial *t)
{
    for (size_t i = 0; i < OP_MAX_PARAMS; i++)
        free(t->weights[i]);
    for (size_t i = 0; i < OP_MAX_INPUTS; i++)
        free(t->in[i]);
    free(t->out);
    free(t->packed);
    free(t->state);
}

static void expect(const trial *t, size_t frame, size_t at, double expected)
{
    const double y = (double)t->out[frame * kernels_pad(t->node.width) + at];
    if (!(fabs(y - expected) <= TOLERANCE * fmax(1, fabs(expected))))
        fail_msg("%s (%s): frame %zu, place %zu of %u: %.9g, expected %.9g", t->node.op->name,
                 table->name, frame, at, (unsigned)t->node.width, y, expected);
}

static void expect_zero_padding(const trial *t)
{
    const size_t row = kernels_pad(t->node.width);
    for (size_t f = 0; f < t->n; f++)
        for (size_t i = t->node.width; i < row; i++)
            if (t->out[f * row + i] != 0)
                fail_msg("%s (%s): padding at %zu is not zero", t->node.op->name, table->name, i);
}

/* Every table this CPU has. */
static void for_each_table(void (*check)(void))
{
    const kernels *tables[KERNELS_MAX_TABLES];
    const size_t n = kernels_list(tables);
    for (size_t i = 0; i < n; i++) {
        table = tables[i];
        for (size_t round = 0; round < N_ROUNDS; round++)
            check();
    }
}

static void check_conv1d(void)
{
    const bool depthwise = between(0, 3) == 0;
    const uint32_t groups = depthwise ? between(1, 70) : between(0, 2) ? 1 : between(1, 4);
    const uint32_t in = depthwise ? groups : groups * between(1, groups > 1 ? 9 : 70);
    const uint32_t out = depthwise ? groups : groups * between(1, groups > 1 ? 20 : 200);
    const uint32_t kernel = between(1, 4), dilation = between(1, 5), bias = between(0, 1);
    const char *const names[] = {"kernel", "dilation", "out", "groups", "bias", NULL};
    const double values[] = {kernel, dilation, out, groups, bias};
    trial t;
    set_op(&t, "conv1d", names, values);
    add_input(&t, in);
    run(&t);
    assert_int_equal(t.node.width, out);
    assert_int_equal(t.node.history, (kernel - 1) * dilation);
    const uint32_t in_g = in / groups, out_g = out / groups;
    for (size_t f = 0; f < t.n; f++)
        for (uint32_t o = 0; o < out; o++) {
            double sum = bias ? (double)t.weights[1][o] : 0;
            for (uint32_t i = 0; i < in_g; i++)
                for (uint32_t j = 0; j < kernel; j++)
                    sum += (double)t.weights[0][((size_t)o * in_g + i) * kernel + j] *
                           input(&t, 0, (ptrdiff_t)f - (ptrdiff_t)((kernel - 1 - j) * dilation),
                                 o / out_g * in_g + i);
            expect(&t, f, o, sum);
        }
    expect_zero_padding(&t);
    release(&t);
}

static void conv1d_is_its_formula(void **state)
{
    (void)state;
    for_each_table(check_conv1d);
}

static void check_dense(void)
{
    const uint32_t in = between(1, 90), out = between(1, 300), bias = between(0, 1);
    const char *const names[] = {"out", "bias", NULL};
    const double values[] = {out, bias};
    trial t;
    set_op(&t, "dense", names, values);
    add_input(&t, in);
    run(&t);
    for (size_t f = 0; f < t.n; f++)
        for (uint32_t o = 0; o < out; o++) {
            double sum = bias ? (double)t.weights[1][o] : 0;
            for (uint32_t i = 0; i < in; i++)
                sum += (double)t.weights[0][(size_t)o * in + i] * input(&t, 0, (ptrdiff_t)f, i);
            expect(&t, f, o, sum);
        }
    expect_zero_padding(&t);
    release(&t);
}

static void dense_is_its_formula(void **state)
{
    (void)state;
    for_each_table(check_dense);
}

/* The sum over everything that adds to output frequency `of` and channel `o`, tap by tap from the
 * input's side: x[f] goes to f * stride - pad + k when transposed, else comes from there. */
static double freq_formula(const trial *t, bool transposed, uint32_t freq, uint32_t in,
                           uint32_t out, const double *v, uint32_t groups, size_t frame,
                           uint32_t of, uint32_t o)
{
    const uint32_t kt = (uint32_t)v[2], kf = (uint32_t)v[3], dilation = (uint32_t)v[4];
    const int stride = (int)v[5], pad = v[6] < 0 ? ((int)kf - 1) / 2 : (int)v[6];
    const uint32_t in_g = in / groups, out_g = out / groups, group = o / out_g;
    double sum = v[8] > 0 ? (double)t->weights[1][o] : 0;
    for (uint32_t f = 0; f < freq; f++)
        for (uint32_t k = 0; k < kf; k++) {
            const int place = transposed ? (int)f * stride - pad + (int)k - (int)of
                                         : (int)of * stride - pad + (int)k - (int)f;
            for (uint32_t j = 0; j < kt && place == 0; j++)
                for (uint32_t i = 0; i < in_g; i++) {
                    const uint32_t age = (kt - 1 - j) * dilation;
                    const size_t at =
                        transposed
                            ? (((size_t)(group * in_g + i) * out_g + o % out_g) * kt + j) * kf + k
                            : (((size_t)o * in_g + i) * kt + j) * kf + k;
                    sum +=
                        (double)t->weights[0][at] * input(t, 0, (ptrdiff_t)frame - (ptrdiff_t)age,
                                                          (size_t)f * in + group * in_g + i);
                }
        }
    return sum;
}

static void check_freq(bool transposed)
{
    const bool depthwise = between(0, 2) == 0;
    const uint32_t freq = between(1, 12);
    const uint32_t groups = depthwise ? between(1, 40) : between(1, 2);
    const uint32_t in = depthwise ? groups : groups * between(1, 10);
    const uint32_t out = depthwise ? groups : groups * between(1, 40);
    const uint32_t kt = between(1, 3), kf = between(1, freq < 5 ? freq : 5);
    const uint32_t stride = between(1, 3), bias = between(0, 1);
    const double pad = between(0, 1) ? -1 : (double)between(0, (kf - 1) / 2);
    const char *const names[] = {
        "freq",     "out",   "kernel_t", "kernel_f", "dilation_t",
        "stride_f", "pad_f", "groups",   "bias",     transposed ? "out_pad_f" : NULL,
        NULL};
    const double values[] = {freq,   out, kt,     kf,   between(1, 3),
                             stride, pad, groups, bias, between(0, stride - 1)};
    trial t;
    set_op(&t, transposed ? "conv_freq_transposed" : "conv_freq", names, values);
    add_input(&t, freq * in);
    run(&t);
    const uint32_t p = pad < 0 ? (kf - 1) / 2 : (uint32_t)pad;
    const uint32_t out_f = transposed ? (freq - 1) * stride - 2 * p + kf + (uint32_t)values[9]
                                      : (freq + 2 * p - kf) / stride + 1;
    assert_int_equal(t.node.width, out_f * out);
    assert_int_equal(t.node.history, (kt - 1) * (uint32_t)values[4]);
    for (size_t f = 0; f < t.n; f++)
        for (uint32_t of = 0; of < out_f; of++)
            for (uint32_t o = 0; o < out; o++)
                expect(&t, f, (size_t)of * out + o,
                       freq_formula(&t, transposed, freq, in, out, values, groups, f, of, o));
    expect_zero_padding(&t);
    release(&t);
}

static void check_conv_freq(void)
{
    check_freq(false);
}

static void check_conv_freq_transposed(void)
{
    check_freq(true);
}

static void conv_freq_is_its_formula(void **state)
{
    (void)state;
    for_each_table(check_conv_freq);
}

static void conv_freq_transposed_is_its_formula(void **state)
{
    (void)state;
    for_each_table(check_conv_freq_transposed);
}

static double gelu(double x)
{
    return x * 0.5 * erfc(-x * sqrt(0.5));
}

static double gelu_tanh(double x)
{
    return 0.5 * x * (1 + tanh(sqrt(2 / acos(-1)) * (x + 0.044715 * x * x * x)));
}

static double sigmoid(double x)
{
    return 1 / (1 + exp(-x));
}

static double relu(double x)
{
    return x > 0 ? x : 0;
}

static void check_map(const char *name, const char *attr, double (*formula)(double))
{
    const char *const names[] = {attr, NULL};
    const double values[] = {1};
    trial t;
    set_op(&t, name, names, values);
    add_input(&t, between(1, 100));
    run(&t);
    for (size_t f = 0; f < t.n; f++)
        for (size_t i = 0; i < t.node.width; i++)
            expect(&t, f, i, formula(input(&t, 0, (ptrdiff_t)f, i)));
    expect_zero_padding(&t);
    release(&t);
}

static void check_maps(void)
{
    check_map("relu", NULL, relu);
    check_map("tanh", NULL, tanh);
    check_map("sigmoid", NULL, sigmoid);
    check_map("gelu", NULL, gelu);
    check_map("gelu", "approximate", gelu_tanh);
}

static void activations_are_their_formulas(void **state)
{
    (void)state;
    for_each_table(check_maps);
}

static void check_prelu(void)
{
    const uint32_t channels = between(1, 20);
    const char *const names[] = {"channels", NULL};
    const double values[] = {channels};
    trial t;
    set_op(&t, "prelu", names, values);
    add_input(&t, channels * between(1, 6));
    run(&t);
    for (size_t f = 0; f < t.n; f++)
        for (size_t i = 0; i < t.node.width; i++) {
            const double x = input(&t, 0, (ptrdiff_t)f, i);
            expect(&t, f, i, x > 0 ? x : x * (double)t.weights[0][i % channels]);
        }
    expect_zero_padding(&t);
    release(&t);
}

static void prelu_is_its_formula(void **state)
{
    (void)state;
    for_each_table(check_prelu);
}

static void check_pair(void)
{
    const bool product = between(0, 1);
    const uint32_t n = between(2, OP_MAX_INPUTS), width = between(1, 70);
    const char *const names[] = {NULL};
    trial t;
    set_op(&t, product ? "mul" : "add", names, NULL);
    for (uint32_t i = 0; i < n; i++)
        add_input(&t, width);
    run(&t);
    for (size_t f = 0; f < t.n; f++)
        for (size_t i = 0; i < width; i++) {
            double all = input(&t, 0, (ptrdiff_t)f, i);
            for (uint32_t k = 1; k < n; k++) {
                const double x = input(&t, k, (ptrdiff_t)f, i);
                all = product ? all * x : all + x;
            }
            expect(&t, f, i, all);
        }
    expect_zero_padding(&t);
    release(&t);
}

static void sums_and_products_go_over_all_inputs(void **state)
{
    (void)state;
    for_each_table(check_pair);
}

static void check_concat(void)
{
    const uint32_t n = between(2, 5);
    const char *const names[] = {NULL};
    trial t;
    set_op(&t, "concat", names, NULL);
    for (uint32_t i = 0; i < n; i++)
        add_input(&t, between(1, 40));
    run(&t);
    for (size_t f = 0; f < t.n; f++) {
        size_t at = 0;
        for (uint32_t i = 0; i < n; i++)
            for (uint32_t c = 0; c < t.node.in_width[i]; c++)
                expect(&t, f, at++, input(&t, i, (ptrdiff_t)f, c));
        assert_int_equal(at, t.node.width);
    }
    expect_zero_padding(&t);
    release(&t);
}

static void concat_puts_inputs_beside_each_other(void **state)
{
    (void)state;
    for_each_table(check_concat);
}

static void check_slice(void)
{
    const uint32_t width = between(2, 60), start = between(0, width - 1);
    const uint32_t count = between(1, width - start);
    const char *const names[] = {"start", "count", NULL};
    const double values[] = {start, count};
    trial t;
    set_op(&t, "slice", names, values);
    add_input(&t, width);
    run(&t);
    assert_int_equal(t.node.width, count);
    for (size_t f = 0; f < t.n; f++)
        for (uint32_t c = 0; c < count; c++)
            expect(&t, f, c, input(&t, 0, (ptrdiff_t)f, start + c));
    expect_zero_padding(&t);
    release(&t);
}

static void slice_takes_what_it_says(void **state)
{
    (void)state;
    for_each_table(check_slice);
}

static void check_affine(void)
{
    const bool batch = between(0, 1);
    const uint32_t channels = between(1, 20);
    const char *const names[] = {"channels", batch ? "eps" : NULL, NULL};
    const double values[] = {channels, 0.01};
    trial t;
    set_op(&t, batch ? "batch_norm" : "scale", names, values);
    add_input(&t, channels * between(1, 6));
    run(&t);
    for (size_t f = 0; f < t.n; f++)
        for (size_t i = 0; i < t.node.width; i++) {
            const size_t c = i % channels;
            double x = input(&t, 0, (ptrdiff_t)f, i);
            if (batch)
                x = (x - (double)t.weights[2][c]) / sqrt((double)t.weights[3][c] + 0.01);
            expect(&t, f, i, x * (double)t.weights[0][c] + (double)t.weights[1][c]);
        }
    expect_zero_padding(&t);
    release(&t);
}

static void scale_and_batch_norm_are_their_formulas(void **state)
{
    (void)state;
    for_each_table(check_affine);
}

static void check_layer_norm(void)
{
    const char *const names[] = {"eps", NULL};
    const double values[] = {0.001};
    trial t;
    set_op(&t, "layer_norm", names, values);
    add_input(&t, between(1, 100));
    run(&t);
    const uint32_t width = t.node.width;
    for (size_t f = 0; f < t.n; f++) {
        double mean = 0, variance = 0;
        for (uint32_t i = 0; i < width; i++)
            mean += input(&t, 0, (ptrdiff_t)f, i) / width;
        for (uint32_t i = 0; i < width; i++)
            variance += pow(input(&t, 0, (ptrdiff_t)f, i) - mean, 2) / width;
        for (uint32_t i = 0; i < width; i++)
            expect(&t, f, i,
                   (input(&t, 0, (ptrdiff_t)f, i) - mean) / sqrt(variance + 0.001) *
                           (double)t.weights[0][i] +
                       (double)t.weights[1][i]);
    }
    expect_zero_padding(&t);
    release(&t);
}

static void layer_norm_is_its_formula(void **state)
{
    (void)state;
    for_each_table(check_layer_norm);
}

static void check_running_norm(void)
{
    const double time = between(1, 8);
    const char *const names[] = {"time", "eps", NULL};
    const double values[] = {time, 0.01};
    trial t;
    set_op(&t, "running_norm", names, values);
    add_input(&t, between(1, 40));
    run(&t);
    assert_true(t.node.endless);
    for (uint32_t i = 0; i < t.node.width; i++) {
        double mean = 0, variance = 0;
        for (size_t f = 0; f < t.n; f++) {
            const double x = input(&t, 0, (ptrdiff_t)f, i), d = x - mean;
            const double a = fmax(1 / time, 1 / (double)(f + 1));
            mean += a * d;
            variance = (1 - a) * (variance + a * d * d);
            expect(&t, f, i, (x - mean) / sqrt(variance + 0.01));
        }
    }
    expect_zero_padding(&t);
    release(&t);
}

static void running_norm_is_its_formula(void **state)
{
    (void)state;
    for_each_table(check_running_norm);
}

static void check_transpose(void)
{
    const uint32_t rows = between(1, 20), columns = between(1, 20);
    const char *const names[] = {"rows", NULL};
    const double values[] = {rows};
    trial t;
    set_op(&t, "transpose", names, values);
    add_input(&t, rows * columns);
    run(&t);
    for (size_t f = 0; f < t.n; f++)
        for (uint32_t r = 0; r < rows; r++)
            for (uint32_t c = 0; c < columns; c++)
                expect(&t, f, c * rows + r, input(&t, 0, (ptrdiff_t)f, r * columns + c));
    expect_zero_padding(&t);
    release(&t);
}

static void transpose_turns_rows_into_columns(void **state)
{
    (void)state;
    for_each_table(check_transpose);
}

static void check_pad(void)
{
    const uint32_t before = between(0, 30), after = between(0, 30), width = between(1, 70);
    const char *const names[] = {"before", "after", NULL};
    const double values[] = {before, after};
    trial t;
    set_op(&t, "pad", names, values);
    add_input(&t, width);
    run(&t);
    assert_int_equal(t.node.width, before + width + after);
    for (size_t f = 0; f < t.n; f++)
        for (uint32_t i = 0; i < t.node.width; i++)
            expect(&t, f, i,
                   i >= before && i < before + width ? input(&t, 0, (ptrdiff_t)f, i - before) : 0);
    expect_zero_padding(&t);
    release(&t);
}

static void pad_puts_zeros_around_a_frame(void **state)
{
    (void)state;
    for_each_table(check_pad);
}

/* What the input x [in], of frame and frequency, and the state h [hidden] give for gate row `row`,
 * each with its bias. */
static double gate_input(const trial *t, size_t frame, uint32_t f, uint32_t in, size_t row)
{
    double sum = t->weights[2] ? (double)t->weights[2][row] : 0;
    for (uint32_t i = 0; i < in; i++)
        sum +=
            (double)t->weights[0][row * in + i] * input(t, 0, (ptrdiff_t)frame, (size_t)f * in + i);
    return sum;
}

static double gate_state(const trial *t, const double *h, uint32_t hidden, size_t row)
{
    double sum = t->weights[3] ? (double)t->weights[3][row] : 0;
    for (uint32_t i = 0; i < hidden; i++)
        sum += (double)t->weights[1][row * hidden + i] * h[i];
    return sum;
}

static void check_gru_freq(void)
{
    const uint32_t freq = between(1, 10), in = between(1, 24), bias = between(0, 1);
    const uint32_t hidden = between(0, 2) ? between(1, 40) : 16 * between(1, 2);
    const char *const names[] = {"freq", "hidden", "bias", NULL};
    const double values[] = {freq, hidden, bias};
    double h[40] = {0}, next[40];
    trial t;
    set_op(&t, "gru_freq", names, values);
    add_input(&t, freq * in);
    run(&t);
    assert_int_equal(t.node.width, freq * hidden);
    assert_true(t.node.endless);
    for (uint32_t f = 0; f < freq; f++) {
        memset(h, 0, sizeof h);
        for (size_t frame = 0; frame < t.n; frame++) {
            for (uint32_t o = 0; o < hidden; o++) {
                const size_t z_row = hidden + o, n_row = 2 * (size_t)hidden + o;
                const double r =
                    sigmoid(gate_input(&t, frame, f, in, o) + gate_state(&t, h, hidden, o));
                const double z =
                    sigmoid(gate_input(&t, frame, f, in, z_row) + gate_state(&t, h, hidden, z_row));
                const double n = tanh(gate_input(&t, frame, f, in, n_row) +
                                      r * gate_state(&t, h, hidden, n_row));
                next[o] = (1 - z) * n + z * h[o];
                expect(&t, frame, (size_t)f * hidden + o, next[o]);
            }
            memcpy(h, next, sizeof h);
        }
    }
    expect_zero_padding(&t);
    release(&t);
}

static void gru_freq_is_its_formula(void **state)
{
    (void)state;
    for_each_table(check_gru_freq);
}

int main(void)
{
    random_state = net_seed();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(conv1d_is_its_formula),
        cmocka_unit_test(dense_is_its_formula),
        cmocka_unit_test(conv_freq_is_its_formula),
        cmocka_unit_test(conv_freq_transposed_is_its_formula),
        cmocka_unit_test(activations_are_their_formulas),
        cmocka_unit_test(prelu_is_its_formula),
        cmocka_unit_test(sums_and_products_go_over_all_inputs),
        cmocka_unit_test(concat_puts_inputs_beside_each_other),
        cmocka_unit_test(slice_takes_what_it_says),
        cmocka_unit_test(scale_and_batch_norm_are_their_formulas),
        cmocka_unit_test(layer_norm_is_its_formula),
        cmocka_unit_test(running_norm_is_its_formula),
        cmocka_unit_test(transpose_turns_rows_into_columns),
        cmocka_unit_test(pad_puts_zeros_around_a_frame),
        cmocka_unit_test(gru_freq_is_its_formula),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
