/*
 * What a denoiser costs: speed against real time in large blocks, the longest call at small blocks,
 * memory and time to make one. Prints a table; medians over several runs.
 *
 * Usage: bench-denoiser [SECONDS [MODEL]]
 */
#include <sordino/sordino.h>

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <malloc.h>

enum { RUNS = 5, BLOCK = 4096, SMALL = 32 };

typedef struct row {
    const char *name;
    sordino_method method;
    double rate;
} row;

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

/* Harmonics that come and go, on noise: neither silence nor steady. */
static void make_input(float *x, size_t n, double rate)
{
    uint32_t random = 1;
    for (size_t i = 0; i < n; i++) {
        const double t = (double)i / rate;
        random = random * 1664525u + 1013904223u;
        const double noise = (double)random / 4294967296.0 - 0.5;
        double voice = 0.0;
        for (int h = 1; h <= 8; h++)
            voice += sin(6.283185307179586 * 150.0 * h * t) / h;
        x[i] = (float)(0.2 * fmax(0.0, sin(9.0 * t)) * voice + 0.05 * noise);
    }
}

static sordino_denoiser *make(const row *r, const sordino_model *model)
{
    sordino_config config;
    sordino_config_init(&config);
    config.method = r->method;
    config.rate = r->rate;
    sordino_denoiser *d = NULL;
    sordino_error why;
    if (sordino_denoiser_new(&config, model, &d, &why) != SORDINO_OK) {
        fprintf(stderr, "bench-denoiser: %s: %s\n", r->name, why.text);
        exit(1);
    }
    return d;
}

/* Seconds for all of x in blocks; the longest call after the first second goes to `worst`. */
static double run(sordino_denoiser *d, const float *x, float *y, size_t n, size_t block,
                  double rate, double *worst)
{
    const double start = now();
    double before = start;
    *worst = 0.0;
    for (size_t at = 0; at + block <= n; at += block) {
        const float *in[1] = {x + at};
        float *out[1] = {y + at};
        sordino_denoiser_process(d, in, out, block);
        if (block <= SMALL) {
            const double after = now();
            if ((double)at > rate && after - before > *worst)
                *worst = after - before;
            before = after;
        }
    }
    return now() - start;
}

static void bench_row(const row *r, const sordino_model *model, double seconds)
{
    const size_t n = (size_t)(seconds * r->rate);
    float *x = calloc(n, sizeof *x), *y = calloc(n, sizeof *y);
    if (!x || !y)
        exit(1);
    make_input(x, n, r->rate);
    double speed[RUNS], worst[RUNS], setup[RUNS], ignored;
    double bytes = 0.0;
    for (int i = 0; i < RUNS; i++) {
        const struct mallinfo2 held = mallinfo2();
        const double start = now();
        sordino_denoiser *d = make(r, model);
        setup[i] = now() - start;
        const struct mallinfo2 holds = mallinfo2();
        bytes = (double)(holds.uordblks + holds.hblkhd) - (double)(held.uordblks + held.hblkhd);
        speed[i] = seconds / run(d, x, y, n, BLOCK, r->rate, &ignored);
        sordino_denoiser_reset(d);
        run(d, x, y, n, SMALL, r->rate, &worst[i]);
        sordino_denoiser_free(d);
    }
    printf("%-10s %7.0f %10.0f %12.6f %13.1f %9.2f %11.2f\n", r->name, r->rate, median(speed, RUNS),
           1.0 / median(speed, RUNS), 100.0 * median(worst, RUNS) / (SMALL / r->rate),
           bytes / 1048576.0, 1e3 * median(setup, RUNS));
    free(x);
    free(y);
}

int main(int argc, char **argv)
{
    const double seconds = argc > 1 ? atof(argv[1]) : 20.0;
    sordino_model *model = NULL;
    sordino_error why;
    if (argc > 2 && sordino_model_open_path(argv[2], &model, &why) != SORDINO_OK) {
        fprintf(stderr, "bench-denoiser: %s: %s\n", argv[2], why.text);
        return 1;
    }
    if (!(seconds >= 2.0 && seconds <= 3600.0)) {
        fprintf(stderr, "bench-denoiser: SECONDS is %s; it must be within 2..3600\n", argv[1]);
        return 2;
    }
    printf("one channel, %g s, medians of %d runs\n", seconds, RUNS);
    printf("%-10s %7s %10s %12s %13s %9s %11s\n", "method", "rate", "x realtime", "CPU s per s",
           "worst @32, %", "MiB", "set-up ms");
    const row rows[] = {
        {"wiener", SORDINO_METHOD_WIENER, 16000},       {"wiener", SORDINO_METHOD_WIENER, 48000},
        {"wiener", SORDINO_METHOD_WIENER, 192000},      {"kalman", SORDINO_METHOD_KALMAN, 48000},
        {"predictor", SORDINO_METHOD_PREDICTOR, 48000},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        bench_row(&rows[i], NULL, seconds);
    if (model) {
        const row network = {"network", SORDINO_METHOD_NETWORK,
                             sordino_model_rate(model) > 0.0 ? sordino_model_rate(model) : 48000};
        bench_row(&network, model, seconds);
    }
    sordino_model_free(model);
    return 0;
}
