/*
 * What training costs by the op: forward and backward over a batch of windows, for the shapes that
 * the ready-made networks are made of, in nanoseconds a frame; and for convolutions the rate of
 * multiply-adds (three for each of the forward pass: forward, inputs, weights) beside the peak that
 * the table reaches in registers in the same run. Medians over several runs.
 *
 * Usage: bench-train-ops [TABLE]
 */
#include "core/kernels/kernels.h"
#include "core/ops/op_grad.h"

#include "tests/support/net.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { RUNS = 7, SPIN_ROUNDS = 2000000, WINDOWS = 16, FRAMES = 256 };

#define RUN_SECONDS 0.03

/* An op on a batch. */
typedef struct job {
    op_node node;
    const op_grad *grad;
    op_grad_call call;
    op_param params[OP_MAX_PARAMS];
    kreal *weights[OP_MAX_PARAMS], *d_weights[OP_MAX_PARAMS];
    void *packed, *packed_grad;
} job;

typedef struct row {
    const char *name, *op;
    uint32_t in, n_inputs, out, kernel, dilation, groups, freq, kernel_f, stride_f;
} row;

static const row rows[] = {
    {"dense 96 -> 192", "dense", 96, 1, 192, 0, 0, 0, 0, 0, 0},
    {"dense 192 -> 96", "dense", 192, 1, 96, 0, 0, 0, 0, 0, 0},
    {"dense 416 -> 96", "dense", 416, 1, 96, 0, 0, 0, 0, 0, 0},
    {"dense 48 -> 48", "dense", 48, 1, 48, 0, 0, 0, 0, 0, 0},
    {"conv1d 128 -> 128, kernel 3", "conv1d", 128, 1, 128, 3, 4, 1, 0, 0, 0},
    {"conv1d 192, kernel 3, depthwise", "conv1d", 192, 1, 192, 3, 4, 192, 0, 0, 0},
    {"conv1d 1 -> 48, kernel 16", "conv1d", 1, 1, 48, 16, 1, 1, 0, 0, 0},
    {"conv_freq 32 x 16 -> 16, 2 x 3", "conv_freq", 512, 1, 16, 2, 1, 0, 32, 3, 1},
    {"conv_freq 32 x 32 -> 32, 3 x 3", "conv_freq", 1024, 1, 32, 3, 1, 0, 32, 3, 1},
    {"conv_freq 32 x 32 -> 64", "conv_freq", 1024, 1, 64, 1, 1, 0, 32, 1, 1},
    {"conv_freq 32 x 64, depthwise, 3 x 3", "conv_freq", 2048, 1, 64, 3, 1, 64, 32, 3, 1},
    {"conv_freq 128 x 4 -> 32, 3 x 8 / 4", "conv_freq", 512, 1, 32, 3, 1, 0, 128, 8, 4},
    {"transposed 32 x 32 -> 16, 1 x 8 / 4", "conv_freq_transposed", 1024, 1, 16, 1, 1, 0, 32, 8, 4},
    {"gru_freq 32 x 32 -> 32", "gru_freq", 1024, 1, 32, 0, 0, 0, 32, 0, 0},
    {"prelu 192", "prelu", 192, 1, 0, 0, 0, 0, 0, 0, 0},
    {"batch_norm 192", "batch_norm", 192, 1, 0, 0, 0, 0, 0, 0, 0},
    {"add 96", "add", 96, 2, 0, 0, 0, 0, 0, 0, 0},
    {"sigmoid 128", "sigmoid", 128, 1, 0, 0, 0, 0, 0, 0, 0},
};

/* Seconds of this thread's own work: other programs on the machine do not count. */
static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *x, size_t n)
{
    qsort(x, n, sizeof *x, compare);
    return x[n / 2];
}

/* Thousand million additions and multiplications a second, in registers. */
static double peak(const kernels *table)
{
    double runs[RUNS];
    _Alignas(64) kreal sink[KERNELS_PAD] = {0};
    for (size_t i = 0; i < RUNS; i++) {
        const double start = now();
        table->spin(sink, SPIN_ROUNDS);
        runs[i] = 2.0 * 12.0 * table->lanes * SPIN_ROUNDS / (now() - start) * 1e-9;
    }
    return median(runs, RUNS);
}

/* Never given back: the program ends soon. */
static void *zeroed(size_t bytes)
{
    void *const p = aligned_alloc(64, (bytes + 127) / 64 * 64);
    if (!p) {
        fprintf(stderr, "bench-train-ops: No memory\n");
        exit(1);
    }
    memset(p, 0, (bytes + 127) / 64 * 64);
    return p;
}

/* Zeros on both sides of every window; random numbers in between. */
static op_frames tape(uint32_t width, uint32_t history, uint64_t *random)
{
    const size_t pad = kernels_pad(width), frames = FRAMES + 2 * (size_t)history;
    kreal *const memory = zeroed(WINDOWS * frames * pad * sizeof(kreal));
    const op_frames f = {memory + history * pad, frames * pad};
    for (size_t w = 0; w < WINDOWS; w++)
        for (size_t t = 0; t < FRAMES; t++)
            net_fill(random, f.base + w * f.stride + t * pad, width);
    return f;
}

static void set(op_node *node, const char *name, uint32_t value)
{
    const uint32_t at = op_attr_index(node->op, name);
    if (at < node->op->n_attrs && value > 0)
        node->attr[at] = value;
}

static void make_node(job *j, const row *r)
{
    sordino_error why;
    j->node.op = op_find(r->op);
    for (uint32_t i = 0; i < j->node.op->n_attrs; i++)
        j->node.attr[i] = j->node.op->attrs[i].preset;
    set(&j->node, "out", r->out);
    set(&j->node, "kernel", r->kernel);
    set(&j->node, "dilation", r->dilation);
    set(&j->node, "groups", r->groups);
    set(&j->node, "freq", r->freq);
    set(&j->node, "kernel_t", r->kernel);
    set(&j->node, "dilation_t", r->dilation);
    set(&j->node, "kernel_f", r->kernel_f);
    set(&j->node, "stride_f", r->stride_f);
    set(&j->node, "hidden", r->out);
    j->node.n_inputs = r->n_inputs;
    for (uint32_t i = 0; i < r->n_inputs; i++)
        j->node.in_width[i] = r->in;
    if (j->node.op->shape(&j->node, &why) != SORDINO_OK) {
        fprintf(stderr, "bench-train-ops: %s: %s\n", r->name, why.text);
        exit(1);
    }
    j->grad = op_grad_find(j->node.op);
}

static void make_job(job *j, const row *r, const kernels *table)
{
    uint64_t random = 1;
    memset(j, 0, sizeof *j);
    make_node(j, r);
    const op *const o = j->node.op;
    const op_grad *const g = j->grad;
    const uint32_t n_params = o->params ? o->params(&j->node, j->params) : 0;
    for (uint32_t i = 0; i < n_params; i++) {
        const size_t size = op_param_size(&j->params[i]);
        j->weights[i] = zeroed(size * sizeof(kreal));
        j->d_weights[i] = zeroed(size * sizeof(kreal));
        net_fill(&random, j->weights[i], size);
    }
    j->packed = zeroed(o->packed_bytes ? o->packed_bytes(&j->node) : 0);
    j->packed_grad = zeroed(g->packed_bytes ? g->packed_bytes(&j->node) : 0);
    if (o->pack)
        o->pack(&j->node, (const kreal *const *)j->weights, j->packed);
    if (g->pack)
        g->pack(&j->node, (const kreal *const *)j->weights, j->packed_grad);
    j->call = (op_grad_call){
        .node = &j->node,
        .kernels = table,
        .params = (const kreal *const *)j->weights,
        .packed = j->packed,
        .packed_grad = j->packed_grad,
        .kept = zeroed(g->kept_bytes ? g->kept_bytes(&j->node, WINDOWS, FRAMES) : 0),
        .scratch = zeroed(g->scratch_bytes ? g->scratch_bytes(&j->node, WINDOWS, FRAMES) : 0),
        .out = tape(j->node.width, 0, &random),
        .d_out = tape(j->node.width, j->node.history, &random),
        .d_params = j->d_weights,
        .windows = WINDOWS,
        .n = FRAMES,
    };
    for (uint32_t i = 0; i < r->n_inputs; i++) {
        j->call.in[i] = tape(r->in, j->node.history, &random);
        j->call.d_in[i] = tape(r->in, 0, &random);
    }
}

static void forward(const job *j)
{
    const op_grad_call *const c = &j->call;
    if (j->grad->forward) {
        j->grad->forward(c);
        return;
    }
    for (size_t w = 0; w < WINDOWS; w++) {
        op_call call = {.node = &j->node, .kernels = c->kernels, .packed = j->packed, .n = FRAMES};
        call.out = c->out.base + w * c->out.stride;
        for (uint32_t i = 0; i < j->node.n_inputs; i++)
            call.in[i] = c->in[i].base + w * c->in[i].stride;
        j->node.op->forward(&call);
    }
}

static void backward(const job *j)
{
    j->grad->backward(&j->call);
}

/* Seconds a frame. */
static double time_of(const job *j, void (*run)(const job *j))
{
    double runs[RUNS];
    for (size_t i = 0; i < RUNS; i++) {
        size_t frames = 0;
        const double start = now();
        do {
            run(j);
            frames += (size_t)WINDOWS * FRAMES;
        } while (now() - start < RUN_SECONDS);
        runs[i] = (now() - start) / (double)frames;
    }
    return median(runs, RUNS);
}

static void show(const row *r, const kernels *table, double table_peak)
{
    job *const j = zeroed(sizeof *j);
    make_job(j, r, table);
    const double there = time_of(j, forward), back = time_of(j, backward);
    printf("  %-32s %9.1f %9.1f", r->name, there * 1e9, back * 1e9);
    if (j->node.op->macs) {
        const double flops = 2 * j->node.op->macs(&j->node);
        const double rates[] = {flops / there * 1e-9, 2 * flops / back * 1e-9,
                                3 * flops / (there + back) * 1e-9};
        for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++)
            printf(" %6.1f (%2.0f %%)", rates[i], 100 * rates[i] / table_peak);
    }
    printf("\n");
}

int main(int argc, char **argv)
{
    const kernels *tables[KERNELS_MAX_TABLES];
    const size_t n = kernels_list(tables);
    for (size_t i = 0; i < n; i++) {
        if (argc > 1 && strcmp(argv[1], tables[i]->name) != 0)
            continue;
        const double table_peak = peak(tables[i]);
        printf("%s: peak %.1f GFLOP/s; %d windows of %d frames\n", tables[i]->name, table_peak,
               (int)WINDOWS, (int)FRAMES);
        printf("  %-32s %9s %9s %13s %13s %13s\n", "op", "ns there", "ns back", "GFLOP/s there",
               "back", "both");
        for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++)
            show(&rows[k], tables[i], table_peak);
    }
    return 0;
}
