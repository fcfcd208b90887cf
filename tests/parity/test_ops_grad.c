/*
 * Backward of every op on random shapes. In double (KERNELS_DOUBLE) the derivatives are compared
 * with central differences of the forward pass; in float every table of kernels with the C table,
 * whose code is the same as that of the double one.
 */
#include "core/kernels/train_kernels.h"
#include "core/ops/op_grad.h"

#include "tests/support/cmocka_all.h"
#include "tests/support/net.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Of the sum of sizes of the terms: a step of 1e-5 leaves 1e-10 of curvature and 1e-10 of rounding,
 * where numbers are of size 1; small variances make curvature a thousand times larger. */
#define DIFFERENCE_STEP 1e-5
#define DIFFERENCE_TOLERANCE 1e-6
/* Of the size of a tensor's largest number: some hundred terms rounded in different orders, and
 * divided by deviations down to 0.1. */
#define TABLE_TOLERANCE 1e-4
#define STATS_TOLERANCE (sizeof(kreal) == sizeof(double) ? 1e-12 : 1e-5)

enum {
    ROUNDS = 30,
    MAX_TRIES = 1000,
    DIRECTIONS = 6,
    MAX_WINDOWS = 4,
    FEW_FRAMES = 24,
    MANY_FRAMES = 150
};

static uint64_t state;
static const kernels *table;

/* Frames of one input or result, or of their derivatives. */
typedef struct tape {
    kreal *memory;
    size_t size; /* floats */
    op_frames frames;
} tape;

typedef struct trial {
    op_node node;
    const op_grad *grad;
    size_t windows, n;
    uint32_t n_params;
    op_param params[OP_MAX_PARAMS];
    kreal *weights[OP_MAX_PARAMS], *d_weights[OP_MAX_PARAMS];
    tape in[OP_MAX_INPUTS], d_in[OP_MAX_INPUTS], out, d_out;
    void *packed, *packed_grad, *kept, *scratch;
} trial;

static uint32_t between(uint32_t low, uint32_t high)
{
    return net_random_between(&state, low, high);
}

static void *zeroed(size_t bytes)
{
    const size_t all = (bytes + 63) / 64 * 64 + 64;
    void *const p = aligned_alloc(64, all);
    assert_non_null(p);
    memset(p, 0, all);
    return p;
}

/* Away from 0, where prelu and relu have no derivative. */
static kreal draw(void)
{
    const double a = net_random(&state);
    return (kreal)(a < 0 ? a - 0.01 : a + 0.01);
}

/* [before] zero frames, n frames, [after] zero frames, and one frame that is not to be used, for
 * each window. */
static tape tape_new(const trial *t, uint32_t width, size_t before, size_t after)
{
    const size_t row = kernels_pad(width), frames = before + t->n + after + 1;
    tape p = {.size = t->windows * frames * row};
    p.memory = zeroed(p.size * sizeof(kreal));
    for (size_t w = 0; w < t->windows; w++)
        for (size_t i = 0; i < row; i++)
            p.memory[((w + 1) * frames - 1) * row + i] = (kreal)NAN;
    p.frames = (op_frames){p.memory + before * row, frames * row};
    return p;
}

static kreal *tape_at(const trial *t, const tape *p, uint32_t width, size_t i)
{
    const size_t frame = i / width, row = kernels_pad(width);
    return p->frames.base + frame / t->n * p->frames.stride + frame % t->n * row + i % width;
}

static size_t tape_count(const trial *t, uint32_t width)
{
    return t->windows * t->n * width;
}

static void tape_fill(const trial *t, const tape *p, uint32_t width)
{
    for (size_t i = 0; i < tape_count(t, width); i++)
        *tape_at(t, p, width, i) = draw();
}

/* All that is not a number of a frame: zero, but for the last frame of each window. */
static void expect_zeros(const trial *t, const tape *p, uint32_t width, const char *what)
{
    const size_t row = kernels_pad(width), frames = p->frames.stride / row;
    const size_t before = (size_t)(p->frames.base - p->memory) / row;
    for (size_t i = 0; i < p->size; i++) {
        const size_t frame = i / row % frames;
        const bool used = frame >= before && frame < before + t->n && i % row < width;
        if (frame + 1 == frames)
            assert_true(isnan(p->memory[i]));
        else if (!used && p->memory[i] != 0)
            fail_msg("%s: %s: frame %zu, place %zu of %u is %g", t->node.op->name, what, frame,
                     i % row, (unsigned)width, (double)p->memory[i]);
    }
}

static void set(op_node *node, const char *name, double value)
{
    const uint32_t at = op_attr_index(node->op, name);
    assert_true(at < node->op->n_attrs);
    node->attr[at] = value;
}

static uint32_t divisor(uint32_t of)
{
    for (;;) {
        const uint32_t d = between(1, of);
        if (of % d == 0)
            return d;
    }
}

/* Groups for `in` and `out` channels: one, as many as there are, or between. */
static void set_groups(op_node *node, uint32_t *in, uint32_t *out)
{
    const uint32_t kind = between(0, 3);
    const uint32_t groups = kind == 2 ? *in : kind == 3 ? between(2, 4) : 1;
    if (kind == 2)
        *out = *in;
    if (kind == 3) {
        *in *= groups;
        *out *= groups;
    }
    set(node, "groups", groups);
    set(node, "out", *out);
}

static void draw_conv1d(op_node *node)
{
    uint32_t in = between(1, 40), out = between(1, 70);
    set_groups(node, &in, &out);
    set(node, "kernel", between(1, 6));
    set(node, "dilation", between(1, 4));
    set(node, "bias", between(0, 1));
    node->in_width[0] = in;
}

static void draw_dense(op_node *node)
{
    set(node, "out", between(1, 150));
    set(node, "bias", between(0, 1));
    node->in_width[0] = between(1, 60);
}

static void draw_conv_freq(op_node *node)
{
    uint32_t in = between(1, 12), out = between(1, 20);
    const uint32_t freq = between(1, 9), stride = between(1, 3);
    set_groups(node, &in, &out);
    set(node, "freq", freq);
    set(node, "kernel_t", between(1, 3));
    set(node, "kernel_f", between(1, 5));
    set(node, "dilation_t", between(1, 3));
    set(node, "stride_f", stride);
    set(node, "pad_f", (double)between(0, 3) - 1);
    set(node, "bias", between(0, 1));
    if (strcmp(node->op->name, "conv_freq_transposed") == 0)
        set(node, "out_pad_f", between(0, stride - 1));
    node->in_width[0] = freq * in;
}

static void draw_width(op_node *node)
{
    node->in_width[0] = between(1, 70);
}

static void draw_channels(op_node *node)
{
    draw_width(node);
    set(node, "channels", between(0, 1) ? divisor(node->in_width[0]) : 0);
}

static void draw_batch_norm(op_node *node)
{
    draw_channels(node);
    set(node, "eps", 0.01 + fabs(net_random(&state)) / 10);
}

static void draw_layer_norm(op_node *node)
{
    draw_width(node);
    set(node, "eps", 0.01 + fabs(net_random(&state)) / 10);
}

static void draw_running_norm(op_node *node)
{
    draw_layer_norm(node);
    set(node, "time", between(1, 20));
}

static void draw_gelu(op_node *node)
{
    draw_width(node);
    set(node, "approximate", between(0, 1));
}

static void draw_equal(op_node *node)
{
    const uint32_t width = between(1, 70);
    node->n_inputs = between(2, 4);
    for (uint32_t i = 0; i < node->n_inputs; i++)
        node->in_width[i] = width;
}

static void draw_concat(op_node *node)
{
    node->n_inputs = between(2, 4);
    for (uint32_t i = 0; i < node->n_inputs; i++)
        node->in_width[i] = between(1, 40);
}

static void draw_slice(op_node *node)
{
    draw_width(node);
    const uint32_t start = between(0, node->in_width[0] - 1);
    set(node, "start", start);
    set(node, "count", between(1, node->in_width[0] - start));
}

static void draw_transpose(op_node *node)
{
    draw_width(node);
    set(node, "rows", divisor(node->in_width[0]));
}

static void draw_pad(op_node *node)
{
    draw_width(node);
    set(node, "before", between(0, 20));
    set(node, "after", between(0, 20));
}

static void draw_gru_freq(op_node *node)
{
    const uint32_t freq = between(1, 7);
    set(node, "freq", freq);
    set(node, "hidden", between(0, 1) ? between(1, 20) : 16);
    set(node, "bias", between(0, 1));
    node->in_width[0] = freq * between(1, 12);
}

typedef struct op_case {
    const char *name;
    void (*draw)(op_node *node);
} op_case;

static const op_case cases[] = {
    {"conv1d", draw_conv1d},
    {"dense", draw_dense},
    {"conv_freq", draw_conv_freq},
    {"conv_freq_transposed", draw_conv_freq},
    {"prelu", draw_channels},
    {"relu", draw_width},
    {"tanh", draw_width},
    {"sigmoid", draw_width},
    {"gelu", draw_gelu},
    {"add", draw_equal},
    {"mul", draw_equal},
    {"concat", draw_concat},
    {"slice", draw_slice},
    {"scale", draw_channels},
    {"batch_norm", draw_batch_norm},
    {"layer_norm", draw_layer_norm},
    {"running_norm", draw_running_norm},
    {"transpose", draw_transpose},
    {"pad", draw_pad},
    {"gru_freq", draw_gru_freq},
};

enum { N_CASES = sizeof cases / sizeof cases[0] };

/* A node that its op accepts. */
static op_node draw_node(const op_case *c)
{
    const op *const o = op_find(c->name);
    assert_non_null(o);
    for (size_t i = 0; i < MAX_TRIES; i++) {
        sordino_error why;
        op_node node = {.op = o, .n_inputs = 1};
        for (uint32_t k = 0; k < o->n_attrs; k++)
            node.attr[k] = o->attrs[k].preset;
        c->draw(&node);
        if (o->shape(&node, &why) == SORDINO_OK)
            return node;
    }
    fail_msg("%s: no shape was accepted", c->name);
    return (op_node){.op = o};
}

static void draw_weights(trial *t)
{
    const op *const o = t->node.op;
    t->n_params = o->params ? o->params(&t->node, t->params) : 0;
    for (uint32_t k = 0; k < t->n_params; k++) {
        const size_t size = op_param_size(&t->params[k]);
        t->weights[k] = zeroed(size * sizeof(kreal));
        t->d_weights[k] = zeroed(size * sizeof(kreal));
        for (size_t i = 0; i < size; i++)
            t->weights[k][i] = draw();
    }
}

static void trial_new(trial *t, const op_case *c)
{
    memset(t, 0, sizeof *t);
    t->node = draw_node(c);
    t->grad = op_grad_find(t->node.op);
    assert_non_null(t->grad);
    t->windows = between(1, MAX_WINDOWS);
    /* Often short, sometimes longer than what the kernels take at once. */
    t->n = between(1, between(0, 4) ? FEW_FRAMES : MANY_FRAMES);
    draw_weights(t);
    for (uint32_t i = 0; i < t->node.n_inputs; i++) {
        t->in[i] = tape_new(t, t->node.in_width[i], t->node.history, 0);
        t->d_in[i] = tape_new(t, t->node.in_width[i], 0, 2);
        tape_fill(t, &t->in[i], t->node.in_width[i]);
    }
    t->out = tape_new(t, t->node.width, 3, 0);
    t->d_out = tape_new(t, t->node.width, 0, t->node.history);
    tape_fill(t, &t->d_out, t->node.width);
    const op *const o = t->node.op;
    const op_grad *const g = t->grad;
    t->packed = zeroed(o->packed_bytes ? o->packed_bytes(&t->node) : 0);
    t->packed_grad = zeroed(g->packed_bytes ? g->packed_bytes(&t->node) : 0);
    t->kept = zeroed(g->kept_bytes ? g->kept_bytes(&t->node, t->windows, t->n) : 0);
    t->scratch = zeroed(g->scratch_bytes ? g->scratch_bytes(&t->node, t->windows, t->n) : 0);
}

static void trial_free(trial *t)
{
    for (size_t i = 0; i < OP_MAX_PARAMS; i++) {
        free(t->weights[i]);
        free(t->d_weights[i]);
    }
    for (size_t i = 0; i < OP_MAX_INPUTS; i++) {
        free(t->in[i].memory);
        free(t->d_in[i].memory);
    }
    free(t->out.memory);
    free(t->d_out.memory);
    free(t->packed);
    free(t->packed_grad);
    free(t->kept);
    free(t->scratch);
}

static op_grad_call call_of(const trial *t)
{
    op_grad_call call = {
        .node = &t->node,
        .kernels = table,
        .params = (const kreal *const *)t->weights,
        .packed = t->packed,
        .packed_grad = t->grad->pack ? t->packed_grad : NULL,
        .kept = t->kept,
        .scratch = t->scratch,
        .out = t->out.frames,
        .d_out = t->d_out.frames,
        .d_params = t->d_weights,
        .windows = t->windows,
        .n = t->n,
    };
    for (uint32_t i = 0; i < t->node.n_inputs; i++) {
        call.in[i] = t->in[i].frames;
        call.d_in[i] = t->d_in[i].frames;
    }
    return call;
}

static void run_op(const trial *t)
{
    const op *const o = t->node.op;
    for (size_t w = 0; w < t->windows; w++) {
        void *const memory = zeroed(o->state_bytes ? o->state_bytes(&t->node) : 0);
        op_call call = {.node = &t->node, .kernels = table, .packed = t->packed, .n = t->n};
        call.state = memory;
        call.out = t->out.frames.base + w * t->out.frames.stride;
        for (uint32_t i = 0; i < t->node.n_inputs; i++)
            call.in[i] = t->in[i].frames.base + w * t->in[i].frames.stride;
        o->forward(&call);
        free(memory);
    }
}

static void forward(const trial *t)
{
    const op *const o = t->node.op;
    if (o->pack)
        o->pack(&t->node, (const kreal *const *)t->weights, t->packed);
    if (t->grad->pack)
        t->grad->pack(&t->node, (const kreal *const *)t->weights, t->packed_grad);
    const op_grad_call call = call_of(t);
    if (t->grad->forward)
        t->grad->forward(&call);
    else
        run_op(t);
}

/* Runs backward on a copy of d_out, which it may change. */
static void backward(const trial *t, uint32_t wanted)
{
    kreal *const copy = zeroed(t->d_out.size * sizeof(kreal));
    memcpy(copy, t->d_out.memory, t->d_out.size * sizeof(kreal));
    op_grad_call call = call_of(t);
    for (uint32_t i = 0; i < t->node.n_inputs; i++)
        if (!(wanted >> i & 1u))
            call.d_in[i].base = NULL;
    t->grad->backward(&call);
    expect_zeros(t, &t->d_out, t->node.width, "derivative of the result");
    memcpy(t->d_out.memory, copy, t->d_out.size * sizeof(kreal));
    free(copy);
}

static void clear(const trial *t)
{
    for (uint32_t k = 0; k < t->n_params; k++)
        memset(t->d_weights[k], 0, op_param_size(&t->params[k]) * sizeof(kreal));
    for (uint32_t i = 0; i < t->node.n_inputs; i++)
        for (size_t j = 0; j < tape_count(t, t->node.in_width[i]); j++)
            *tape_at(t, &t->d_in[i], t->node.in_width[i], j) = 0;
}

/* One of the node's tensors, numbers in order: inputs, then parameters. */
typedef struct view {
    const trial *t;
    uint32_t index;
    size_t size;
} view;

static view view_of(const trial *t, uint32_t index)
{
    const bool input = index < t->node.n_inputs;
    return (view){t, index,
                  input ? tape_count(t, t->node.in_width[index])
                        : op_param_size(&t->params[index - t->node.n_inputs])};
}

static kreal *view_derivative(const view *v, size_t i)
{
    const trial *const t = v->t;
    if (v->index < t->node.n_inputs)
        return tape_at(t, &t->d_in[v->index], t->node.in_width[v->index], i);
    return &t->d_weights[v->index - t->node.n_inputs][i];
}

static uint32_t n_views(const trial *t)
{
    return t->node.n_inputs + t->n_params;
}

/* All derivatives in one array; the caller frees it. */
static kreal *collect(const trial *t, size_t *n)
{
    *n = 0;
    for (uint32_t k = 0; k < n_views(t); k++)
        *n += view_of(t, k).size;
    kreal *const all = zeroed(*n * sizeof *all), *to = all;
    for (uint32_t k = 0; k < n_views(t); k++) {
        const view v = view_of(t, k);
        for (size_t i = 0; i < v.size; i++)
            *to++ = *view_derivative(&v, i);
    }
    return all;
}

#ifdef KERNELS_DOUBLE

static kreal *view_value(const view *v, size_t i)
{
    const trial *const t = v->t;
    if (v->index < t->node.n_inputs)
        return tape_at(t, &t->in[v->index], t->node.in_width[v->index], i);
    return &t->weights[v->index - t->node.n_inputs][i];
}

/* Sum of d_out times the result: what the derivatives are those of. */
static double objective(const trial *t)
{
    double sum = 0;
    forward(t);
    for (size_t i = 0; i < tape_count(t, t->node.width); i++)
        sum += *tape_at(t, &t->d_out, t->node.width, i) * *tape_at(t, &t->out, t->node.width, i);
    return sum;
}

/* Along one direction: all numbers of the tensor, or a single one. */
static void check_direction(const view *v, bool single)
{
    kreal *const along = zeroed(v->size * sizeof *along);
    kreal *const saved = zeroed(v->size * sizeof *saved);
    const size_t one = between(0, (uint32_t)v->size - 1);
    double expected = 0, terms = 0, side[2];
    for (size_t i = 0; i < v->size; i++) {
        saved[i] = *view_value(v, i);
        along[i] = single ? i == one : net_random(&state);
        expected += along[i] * *view_derivative(v, i);
        terms += fabs(along[i] * *view_derivative(v, i));
    }
    for (int s = 0; s < 2; s++) {
        for (size_t i = 0; i < v->size; i++)
            *view_value(v, i) = saved[i] + (s ? -1 : 1) * DIFFERENCE_STEP * along[i];
        side[s] = objective(v->t);
    }
    for (size_t i = 0; i < v->size; i++)
        *view_value(v, i) = saved[i];
    const double difference = (side[0] - side[1]) / (2 * DIFFERENCE_STEP);
    if (!(fabs(difference - expected) <= DIFFERENCE_TOLERANCE * (terms + 1e-2)))
        fail_msg("%s, tensor %u (%s): derivative %.12g, by differences %.12g", v->t->node.op->name,
                 (unsigned)v->index, single ? "one number" : "all", expected, difference);
    free(along);
    free(saved);
}

static void derivatives_are_those_of_the_forward_pass(void **unused)
{
    (void)unused;
    for (size_t c = 0; c < N_CASES; c++)
        for (size_t round = 0; round < ROUNDS; round++) {
            trial t;
            trial_new(&t, &cases[c]);
            forward(&t);
            backward(&t, UINT32_MAX);
            for (uint32_t k = 0; k < n_views(&t); k++) {
                const view v = view_of(&t, k);
                if (k >= t.node.n_inputs && t.grad->statistics >> (k - t.node.n_inputs) & 1u)
                    continue;
                for (size_t i = 0; i < DIRECTIONS; i++)
                    check_direction(&v, i % 2 != 0);
            }
            trial_free(&t);
        }
}

#else

static void tables_agree(void **unused)
{
    const kernels *tables[KERNELS_MAX_TABLES];
    const size_t n_tables = kernels_list(tables);
    (void)unused;
    for (size_t c = 0; c < N_CASES; c++)
        for (size_t round = 0; round < ROUNDS; round++) {
            trial t;
            size_t n = 0;
            trial_new(&t, &cases[c]);
            table = kernels_by_name("c");
            forward(&t);
            backward(&t, UINT32_MAX);
            kreal *const expected = collect(&t, &n);
            for (size_t k = 0; k < n_tables; k++) {
                table = tables[k];
                assert_string_equal(train_kernels_of(table)->name, table->name);
                clear(&t);
                forward(&t);
                backward(&t, UINT32_MAX);
                kreal *const got = collect(&t, &n);
                for (uint32_t at = 0, first = 0; at < n_views(&t); at++) {
                    const view v = view_of(&t, at);
                    float largest = 1e-3f, worst = 0;
                    for (size_t i = first; i < first + v.size; i++) {
                        largest = fmaxf(largest, fabsf(expected[i]));
                        worst = fmaxf(worst, fabsf(got[i] - expected[i]));
                        assert_true(isfinite(got[i]));
                    }
                    if (!(worst <= (float)TABLE_TOLERANCE * largest))
                        fail_msg("%s, %s, tensor %u: %g apart, numbers up to %g", table->name,
                                 t.node.op->name, (unsigned)at, (double)worst, (double)largest);
                    first += (uint32_t)v.size;
                }
                free(got);
            }
            free(expected);
            trial_free(&t);
        }
    table = kernels_pick();
}

#endif

static void every_op_is_tested(void **unused)
{
    (void)unused;
    for (size_t i = 0; op_at(i); i++) {
        bool found = false;
        for (size_t c = 0; c < N_CASES; c++)
            found = found || strcmp(cases[c].name, op_at(i)->name) == 0;
        if (!found || !op_grad_find(op_at(i)))
            fail_msg("%s has no backward side or no case here", op_at(i)->name);
        assert_ptr_equal(op_grad_find(op_at(i))->op, op_at(i));
    }
    const op unknown = {.name = "unknown"};
    assert_null(op_grad_find(&unknown));
}

static void the_same_call_gives_the_same_bits(void **unused)
{
    (void)unused;
    for (size_t c = 0; c < N_CASES; c++)
        for (size_t round = 0; round < ROUNDS; round++) {
            trial t;
            size_t n = 0;
            trial_new(&t, &cases[c]);
            forward(&t);
            backward(&t, UINT32_MAX);
            kreal *const first = collect(&t, &n);
            clear(&t);
            if (t.grad->scratch_bytes)
                memset(t.scratch, 0x42, t.grad->scratch_bytes(&t.node, t.windows, t.n));
            if (t.grad->kept_bytes)
                memset(t.kept, 0x42, t.grad->kept_bytes(&t.node, t.windows, t.n));
            forward(&t);
            backward(&t, UINT32_MAX);
            kreal *const second = collect(&t, &n);
            if (memcmp(first, second, n * sizeof *first) != 0)
                fail_msg("%s: not the same bits", t.node.op->name);
            free(first);
            free(second);
            trial_free(&t);
        }
}

static void derivatives_are_added_to_what_is_there(void **unused)
{
    (void)unused;
    for (size_t c = 0; c < N_CASES; c++)
        for (size_t round = 0; round < ROUNDS; round++) {
            trial t;
            size_t n = 0;
            trial_new(&t, &cases[c]);
            forward(&t);
            backward(&t, UINT32_MAX);
            kreal *const once = collect(&t, &n);
            backward(&t, UINT32_MAX);
            kreal *const twice = collect(&t, &n);
            double largest = 1e-3;
            for (size_t i = 0; i < n; i++)
                largest = fmax(largest, fabs((double)once[i]));
            for (size_t i = 0; i < n; i++)
                if (!(fabs((double)(twice[i] - 2 * once[i])) <= TABLE_TOLERANCE * largest))
                    fail_msg("%s: %g, then %g", t.node.op->name, (double)once[i], (double)twice[i]);
            for (uint32_t i = 0; i < t.node.n_inputs; i++)
                expect_zeros(&t, &t.d_in[i], t.node.in_width[i], "derivative of an input");
            free(once);
            free(twice);
            trial_free(&t);
        }
}

static void an_input_may_be_left_out(void **unused)
{
    (void)unused;
    for (size_t c = 0; c < N_CASES; c++)
        for (size_t round = 0; round < ROUNDS; round++) {
            trial t;
            size_t n = 0;
            trial_new(&t, &cases[c]);
            forward(&t);
            backward(&t, UINT32_MAX);
            kreal *const all = collect(&t, &n), *expected = all;
            clear(&t);
            const uint32_t wanted = between(0, (1u << t.node.n_inputs) - 1);
            backward(&t, wanted);
            for (uint32_t k = 0; k < n_views(&t); k++) {
                const view v = view_of(&t, k);
                const bool left_out = k < t.node.n_inputs && !(wanted >> k & 1u);
                for (size_t i = 0; i < v.size; i++)
                    if (*view_derivative(&v, i) != (left_out ? 0 : expected[i]))
                        fail_msg("%s, tensor %u: not what it is with all inputs", t.node.op->name,
                                 (unsigned)k);
                expected += v.size;
            }
            free(all);
            trial_free(&t);
        }
}

static void expect_near(double a, double b)
{
    if (!(fabs(a - b) <= STATS_TOLERANCE * fmax(1, fabs(b))))
        fail_msg("%.12g, expected %.12g", a, b);
}

/* Values far from 0 beside their deviation: cancellation would show. */
static void batch_norm_uses_the_statistics_of_all_frames(void **unused)
{
    const op_case c = {"batch_norm", draw_batch_norm};
    (void)unused;
    for (size_t round = 0; round < ROUNDS; round++) {
        trial t;
        trial_new(&t, &c);
        const uint32_t width = t.node.width, channels = t.params[0].dims[0];
        const size_t total = tape_count(&t, width);
        for (size_t i = 0; i < total; i++)
            *tape_at(&t, &t.in[0], width, i) += (kreal)(i % channels);
        forward(&t);
        expect_zeros(&t, &t.out, width, "result");
        kreal *const means = zeroed(channels * sizeof(kreal));
        kreal *const variances = zeroed(channels * sizeof(kreal));
        const op_grad_call call = call_of(&t);
        t.grad->batch_stats(&call, (kreal *const[]){means, variances});
        for (uint32_t k = 0; k < channels; k++) {
            double sum = 0, squares = 0;
            const double count = (double)total / channels;
            for (size_t i = k; i < total; i += channels)
                sum += (double)*tape_at(&t, &t.in[0], width, i);
            for (size_t i = k; i < total; i += channels)
                squares += pow((double)*tape_at(&t, &t.in[0], width, i) - sum / count, 2);
            expect_near((double)means[k], sum / count);
            expect_near((double)variances[k], squares / fmax(1, count - 1));
            const double eps = t.node.attr[op_attr_index(t.node.op, "eps")];
            const double deviation = sqrt(squares / count + eps);
            const double x = (double)*tape_at(&t, &t.in[0], width, k);
            const double z = (x - sum / count) / deviation;
            const double y = z * (double)t.weights[0][k] + (double)t.weights[1][k];
            /* An error of the mean counts deviations. */
            if (!(fabs((double)*tape_at(&t, &t.out, width, k) - y) <=
                  STATS_TOLERANCE * (2 + fabs(x)) / deviation))
                fail_msg("%.12g, expected %.12g", (double)*tape_at(&t, &t.out, width, k), y);
        }
        free(means);
        free(variances);
        trial_free(&t);
    }
}

int main(void)
{
    state = net_seed();
    table = kernels_pick();
    const struct CMUnitTest tests[] = {
#ifdef KERNELS_DOUBLE
        cmocka_unit_test(derivatives_are_those_of_the_forward_pass),
#else
        cmocka_unit_test(tables_agree),
#endif
        cmocka_unit_test(every_op_is_tested),
        cmocka_unit_test(the_same_call_gives_the_same_bits),
        cmocka_unit_test(derivatives_are_added_to_what_is_there),
        cmocka_unit_test(an_input_may_be_left_out),
        cmocka_unit_test(batch_norm_uses_the_statistics_of_all_frames),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
