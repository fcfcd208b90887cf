/* Speech by espeak-ng: seconds of it made in a second, and the slowest passage. */
#include "trainer/data/espeak.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { PASSAGES = 50, SECONDS = 12, RATE = 24000 };

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

int main(void)
{
    const size_t n = (size_t)SECONDS * RATE;
    float *const x = malloc(n * sizeof *x);
    sordino_error why = {0};
    double all = 0, slowest = 0;
    if (!x || espeak_check(&why) != SORDINO_OK) {
        fprintf(stderr, "bench-espeak: %s\n", x ? why.text : "Out of memory");
        free(x);
        return EXIT_FAILURE;
    }
    for (uint64_t i = 0; i < PASSAGES; i++) {
        rng r = rng_make(1, 1, i);
        const double start = now();
        if (!espeak_draw(&r, RATE, x, n)) {
            fprintf(stderr, "bench-espeak: passage %d cannot be had\n", (int)i);
            free(x);
            return EXIT_FAILURE;
        }
        const double took = now() - start;
        all += took;
        slowest = took > slowest ? took : slowest;
    }
    printf("%d passages of %d s: %.0f times real time, slowest %.3f s\n", (int)PASSAGES,
           (int)SECONDS, PASSAGES * SECONDS / all, slowest);
    free(x);
    return EXIT_SUCCESS;
}
