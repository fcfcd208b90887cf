/*
 * What a step of training costs: forward, backward and the optimiser's update of a whole network by
 * the trainer's own code, on one thread; 16 windows of 400 frames, mean squared error. As in the
 * trainer, windows go through one by one, with batch norm in lanes of two, each a batch of its
 * own for the statistics. Frames a second of this program's processor time, and the
 * rate of multiply-adds beside the peak that the kernels reach in registers in the same run.
 *
 * bench/train_beside_torch.py runs it in turns with PyTorch: the graph goes to standard output as a
 * line of JSON, then each line read from standard input is answered by a measurement:
 * "FRAMES/S GFLOP/S PEAK-GFLOP/S".
 *
 * Usage: bench-train full|separable|speech-s|speech-x|speech-gru [SECONDS]
 */
#include "core/base/fpenv.h"
#include "trainer/net/presets.h"
#include "core/kernels/kernels.h"
#include "core/model/graph_text.h"
#include "core/model/json_text.h"
#include "core/ops/op.h"
#include "trainer/adam.h"
#include "trainer/net/net.h"
#include "trainer/random.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { WINDOWS = 16, FRAMES = 400, LANES = 8, SPIN_ROUNDS = 4000000 };

typedef struct job {
    graph *graph;
    net *net;
    net_pass *pass;
    adam *adam;
    float *grads, *target;
    float *input;   /* [WINDOWS][FRAMES][in_row] */
    size_t windows; /* of a pass */
    size_t row, in_row;
    uint32_t width;
} job;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void check(sordino_status status, const sordino_error *why)
{
    if (status == SORDINO_OK)
        return;
    fprintf(stderr, "bench-train: %s\n", why->text);
    exit(1);
}

static float *floats(size_t n)
{
    float *const x = calloc(n, sizeof *x);
    if (!x) {
        fprintf(stderr, "bench-train: No memory\n");
        exit(1);
    }
    return x;
}

static void make_graph(job *j, const char *name)
{
    sordino_error why = {0};
    const preset_tcn s = preset_speech_s();
    preset_bands x = preset_speech_x();
    preset_memory gru = preset_speech_gru();
    x.norm = gru.norm = false; /* as the shipped models are trained */
    if (strcmp(name, "speech-s") == 0)
        check(preset_tcn_graph(&s, &j->graph, &why), &why);
    else if (strcmp(name, "speech-x") == 0)
        check(preset_bands_graph(&x, &j->graph, &why), &why);
    else if (strcmp(name, "speech-gru") == 0)
        check(preset_memory_graph(&gru, &j->graph, &why), &why);
    else
        check(preset_plain_graph(128, 3, 8, 8, strcmp(name, "separable") == 0, &j->graph, &why),
              &why);
}

static void make_job(job *j, const char *name)
{
    sordino_error why = {0};
    rng r = rng_make(1, 0, 0);
    make_graph(j, name);
    check(net_new(j->graph, NULL, &j->net, &why), &why);
    net_init(j->net, &r);
    j->windows = net_statistics(j->net) > 0 ? WINDOWS / LANES : 1;
    check(net_pass_new(j->net, j->windows, FRAMES, &j->pass, &why), &why);
    const size_t n = net_size(j->net);
    bool *const decays = calloc(n, sizeof *decays);
    const adam_spec spec = {.decay = 0.01, .clip = 1, .ema = 0.999};
    if (!decays) {
        fprintf(stderr, "bench-train: No memory\n");
        exit(1);
    }
    check(adam_new(&spec, n, decays, &j->adam, &why), &why);
    free(decays);
    j->grads = floats(n);
    j->width = graph_output(j->graph)->width;
    j->row = kernels_pad(j->width);
    j->target = floats(FRAMES * j->row);
    const uint32_t in = graph_at(j->graph, 0)->width;
    j->in_row = kernels_pad(in);
    j->input = floats(WINDOWS * FRAMES * j->in_row);
    for (size_t t = 0; t < (size_t)WINDOWS * FRAMES; t++)
        for (uint32_t k = 0; k < in; k++)
            j->input[t * j->in_row + k] = (float)rng_normal(&r);
    for (size_t t = 0; t < FRAMES; t++)
        for (uint32_t k = 0; k < j->width; k++)
            j->target[t * j->row + k] = (float)rng_normal(&r);
}

/* Windows `first` ... of a batch through a pass. */
static double pass(job *j, size_t first)
{
    const float scale = 2.0f / (float)(WINDOWS * FRAMES * j->width);
    const size_t in = FRAMES * j->in_row;
    double loss = 0;
    net_pass_begin(j->pass, FRAMES);
    for (size_t w = 0; w < j->windows; w++)
        memcpy(net_pass_input(j->pass, w), j->input + (first + w) * in, in * sizeof *j->input);
    net_pass_forward(j->pass);
    for (size_t w = 0; w < j->windows; w++) {
        const float *const y = net_pass_output(j->pass, w);
        float *const d = net_pass_d_output(j->pass, w);
        float sum = 0;
        for (size_t k = 0; k < FRAMES * j->row; k++) {
            const float e = y[k] - j->target[k];
            d[k] = scale * e;
            sum += e * e;
        }
        loss += (double)sum;
    }
    net_pass_backward(j->pass, j->grads);
    return loss;
}

static double step(job *j)
{
    double norm, loss = 0;
    memset(j->grads, 0, net_size(j->net) * sizeof *j->grads);
    net_pack(j->net);
    for (size_t w = 0; w < WINDOWS; w += j->windows)
        loss += pass(j, w);
    if (!adam_update(j->adam, net_values(j->net), j->grads, 1e-3, &norm)) {
        fprintf(stderr, "bench-train: The gradient is not finite\n");
        exit(1);
    }
    return loss / (WINDOWS * FRAMES * (double)j->width);
}

/* Of a step, a frame: forward, by weights and, but for the first layers, by inputs. */
static double flops(const graph *g)
{
    double sum = 0;
    for (size_t i = 1; i < graph_size(g); i++) {
        const op_node *const node = graph_op_node(g, i);
        if (node->op->macs)
            sum += 2 * node->op->macs(node) * (graph_at(g, i)->inputs[0] == 0 ? 2 : 3);
    }
    return sum;
}

static double peak(void)
{
    _Alignas(64) kreal sink[KERNELS_PAD] = {0};
    const kernels *const table = kernels_pick();
    const double start = now();
    table->spin(sink, SPIN_ROUNDS);
    return 2.0 * 12.0 * table->lanes * SPIN_ROUNDS / (now() - start) * 1e-9;
}

int main(int argc, char **argv)
{
    static job j;
    char line[16];
    json_text text = {0};
    const double seconds = argc > 2 ? atof(argv[2]) : 1;
    if (argc < 2) {
        fprintf(stderr,
                "Usage: bench-train full|separable|speech-s|speech-x|speech-gru [SECONDS]\n");
        return 2;
    }
    make_job(&j, argv[1]);
    graph_text_write(&text, j.graph);
    printf("%.*s\n", (int)text.n, text.text);
    fflush(stdout);
    const fpenv_saved saved = fpenv_enter();
    (void)step(&j);
    while (fgets(line, sizeof line, stdin)) {
        size_t frames = 0;
        const double top = peak(), start = now();
        do {
            (void)step(&j);
            frames += (size_t)WINDOWS * FRAMES;
        } while (now() - start < seconds);
        const double rate = (double)frames / (now() - start);
        printf("%.0f %.2f %.2f\n", rate, rate * flops(j.graph) * 1e-9, top);
        fflush(stdout);
    }
    fpenv_leave(saved);
    return 0;
}
