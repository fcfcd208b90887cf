/* FFTW allocates while running some plans (large primes, buffered ones). The sizes we let through
 * must not: every window of the rates in use, and every other nice size up to the largest. */
#include "core/dsp/fft.h"
#include "core/dsp/stft.h"

#include "tests/rt/forbidden.h"
#include "tests/support/cmocka_all.h"

#include <stdbool.h>
#include <stdlib.h>

enum { LARGEST = 38500 };
static bool tried[LARGEST];

static void run_both_ways(size_t n)
{
    if (tried[n])
        return;
    tried[n] = true;
    fft *f;
    assert_int_equal(fft_new(n, &f, NULL), SORDINO_OK);
    float *x = calloc(n, sizeof *x), *bins = calloc(n + 2, sizeof *bins);
    assert_true(x && bins);
    const char *first = NULL;
    forbidden_arm();
    fft_forward(f, x, bins);
    fft_inverse(f, bins, x);
    const size_t calls = forbidden_disarm(&first);
    if (calls > 0)
        fail_msg("size %zu: %zu calls, the first of %s", n, calls, first);
    free(x);
    free(bins);
    fft_free(f);
}

static void the_windows_of_every_rate_run_without_allocating(void **state)
{
    (void)state;
    static const double rates[] = {8000.0,  11025.0, 12000.0, 12345.6, 16000.0,  22050.0,
                                   24000.0, 32000.0, 37800.0, 44056.0, 44100.0,  47952.0,
                                   48000.0, 88200.0, 96000.0, 98765.4, 176400.0, 192000.0};
    for (size_t r = 0; r < sizeof rates / sizeof rates[0]; r++)
        for (int ms = 2; ms <= 200; ms++)
            for (int ratio = 2; ratio <= 8; ratio++) {
                stft_geometry g;
                assert_int_equal(
                    stft_geometry_init(rates[r], ms * 1e-3, ms * 1e-3 / ratio, &g, NULL),
                    SORDINO_OK);
                run_both_ways(g.window);
            }
}

static void so_does_every_other_nice_size(void **state)
{
    (void)state;
    for (size_t n = 2; n < LARGEST; n++)
        if (fft_nice(n))
            run_both_ways(n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_windows_of_every_rate_run_without_allocating),
        cmocka_unit_test(so_does_every_other_nice_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
