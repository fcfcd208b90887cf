/*
 * What a tail of numbers too small to be normal costs beside a voice: for each method the time of
 * a second of the one over that of the other, median of several runs. About 1 is well; without
 * flush-to-zero it is 10 and more.
 *
 * Usage: bench-denormals
 */
#include <sordino/sordino.h>

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { RUNS = 15, RATE = 48000, BLOCK = 480 };

static float voice[RATE], tail[RATE], out[RATE];

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void make_input(void)
{
    uint32_t random = 1;
    for (size_t i = 0; i < RATE; i++) {
        random = random * 1664525u + 1013904223u;
        const float noise = (float)random / 4294967296.0f - 0.5f;
        voice[i] = 0.2f * (float)sin(0.02 * (double)i) + 0.1f * noise;
        tail[i] = noise * FLT_MIN;
    }
}

static double seconds(sordino_denoiser *d, const float *x)
{
    const double start = now();
    for (size_t i = 0; i + BLOCK <= RATE; i += BLOCK) {
        const float *from = x + i;
        float *to = out + i;
        sordino_denoiser_process(d, &from, &to, BLOCK);
    }
    return now() - start;
}

static int measure(const char *name, sordino_method method)
{
    sordino_denoiser *d;
    sordino_config config;
    sordino_error why;
    double ratio[RUNS];

    sordino_config_init(&config);
    config.method = method;
    config.rate = RATE;
    if (sordino_denoiser_new(&config, NULL, &d, &why) != SORDINO_OK) {
        fprintf(stderr, "bench-denormals: %s: %s\n", name, why.text);
        return 1;
    }
    for (int run = 0; run < RUNS; run++) {
        seconds(d, voice); /* the noise estimate comes back from nothing, which is quick */
        const double active = seconds(d, voice);
        seconds(d, tail); /* what is left of the voice dies away */
        ratio[run] = seconds(d, tail) / active;
    }
    sordino_denoiser_free(d);
    qsort(ratio, RUNS, sizeof *ratio, compare);
    printf("%-10s %6.2f  (%.2f to %.2f)\n", name, ratio[RUNS / 2], ratio[0], ratio[RUNS - 1]);
    return 0;
}

int main(void)
{
    make_input();
    printf("time of a denormal tail over that of a voice\n");
    return measure("Wiener", SORDINO_METHOD_WIENER) + measure("Kalman", SORDINO_METHOD_KALMAN) +
           measure("predictor", SORDINO_METHOD_PREDICTOR);
}
