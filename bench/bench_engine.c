/*
 * What the network engine costs: one frame of temporal convolutional networks, a WaveNet-like stack
 * by the sample, the ready-made networks; for every kernel table, beside the peak of multiply-adds
 * that the table reaches in registers in the same run. Medians over several runs.
 *
 * Usage: bench-engine [TABLE]
 */
#include "core/base/fpenv.h"
#include "trainer/net/presets.h"
#include "core/kernels/kernels.h"
#include "core/plan/plan.h"

#include "tests/support/net.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { RUNS = 9, SPIN_ROUNDS = 2000000 };

#define RUN_SECONDS 0.05

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

static void stop(const char *name, const sordino_error *why)
{
    fprintf(stderr, "bench-engine: %s: %s\n", name, why->text);
    exit(1);
}

/* Seconds a frame in calls of `chunk`. */
static double time_plan(const plan *p, size_t chunk)
{
    sordino_error why = {SORDINO_NO_MEM, "No memory"};
    plan_state *s = NULL;
    const size_t in_width = plan_input_width(p), out_width = plan_output_width(p);
    const size_t n = 512;
    float *const in = malloc(n * in_width * sizeof *in), *const out =
                                                             malloc(n * out_width * sizeof *out);
    if (!in || !out || plan_state_new(p, chunk, &s, &why) != SORDINO_OK)
        stop("stream", &why);
    uint64_t random = 1;
    net_fill(&random, in, n * in_width);
    double runs[RUNS];
    for (size_t i = 0; i < RUNS; i++) {
        size_t frames = 0;
        const double start = now();
        do {
            for (size_t t = 0; t + chunk <= n; t += chunk, frames += chunk)
                plan_run(s, in + t * in_width, out + t * out_width, chunk);
        } while (now() - start < RUN_SECONDS);
        runs[i] = (now() - start) / (double)frames;
    }
    plan_state_free(s);
    free(in);
    free(out);
    return median(runs, RUNS);
}

static void show(const kernels *table, double table_peak, const char *name, graph *g)
{
    static const size_t chunks[] = {1, 8, 64};
    sordino_error why;
    uint64_t random = 7;
    plan *p = NULL;
    tensor_set *const weights = net_random_weights(g, &random);
    if (!weights || plan_new(g, weights, table, &p, &why) != SORDINO_OK)
        stop(name, &why);
    printf("  %-34s %9.0f %8.2f", name, plan_macs(p), (double)plan_packed_bytes(p) / 1e6);
    double best = 1;
    for (size_t i = 0; i < sizeof chunks / sizeof chunks[0]; i++) {
        const double seconds = time_plan(p, chunks[i]);
        best = seconds < best ? seconds : best;
        printf(" %9.3f", seconds * 1e6);
    }
    printf(" %7.1f %5.0f %%\n", 2e-9 * plan_macs(p) / best,
           100 * 2e-9 * plan_macs(p) / best / table_peak);
    plan_free(p);
    tensor_set_free(weights);
    graph_free(g);
}

static graph *checked(sordino_status status, graph *g, const sordino_error *why)
{
    if (status != SORDINO_OK)
        stop("graph", why);
    return g;
}

static void bench(const kernels *table)
{
    sordino_error why;
    graph *g = NULL;
    const double top = peak(table);
    printf("\nkernels %s: peak %.0f GFLOP/s\n", table->name, top);
    printf("  %-34s %9s %8s %9s %9s %9s %7s %7s\n", "microseconds a frame, in calls of", "MAC",
           "MB", "1", "8", "64", "GFLOP/s", "of peak");
    sordino_status status = preset_plain_graph(128, 3, 8, 8, false, &g, &why);
    show(table, top, "TCN 8 x 128, kernel 3, full", checked(status, g, &why));
    status = preset_plain_graph(128, 3, 8, 8, true, &g, &why);
    show(table, top, "TCN 8 x 128, kernel 3, separable", checked(status, g, &why));
    status = preset_wavenet_graph(16, 3, 10, false, &g, &why);
    show(table, top, "WaveNet 10 x 16, kernel 3", checked(status, g, &why));
    status = preset_wavenet_graph(16, 3, 10, true, &g, &why);
    show(table, top, "WaveNet 10 x 16, gated", checked(status, g, &why));
    const preset_tcn s = preset_speech_s(), l = preset_speech_l(), sensor = preset_sensor();
    const preset_bands x = preset_speech_x();
    const preset_memory gru = preset_speech_gru();
    status = preset_tcn_graph(&s, &g, &why);
    show(table, top, "speech S", checked(status, g, &why));
    status = preset_tcn_graph(&l, &g, &why);
    show(table, top, "speech L", checked(status, g, &why));
    status = preset_bands_graph(&x, &g, &why);
    show(table, top, "speech X", checked(status, g, &why));
    status = preset_memory_graph(&gru, &g, &why);
    show(table, top, "speech GRU", checked(status, g, &why));
    status = preset_tcn_graph(&sensor, &g, &why);
    show(table, top, "sensor", checked(status, g, &why));
}

int main(int argc, char **argv)
{
    const kernels *tables[KERNELS_MAX_TABLES];
    const size_t n = kernels_list(tables);
    const fpenv_saved saved = fpenv_enter();
    for (size_t i = 0; i < n; i++)
        if (argc < 2 || strcmp(argv[1], tables[i]->name) == 0)
            bench(tables[i]);
    fpenv_leave(saved);
    return 0;
}
