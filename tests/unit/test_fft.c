#include "core/dsp/fft.h"

#include "core/dsp/stft.h"
#include "tests/support/cmocka_all.h"
#include "tests/support/failing_alloc.h"
#include "tests/support/signals.h"

#include <float.h>
#include <stdlib.h>
#include <string.h>

static const double pi = 3.14159265358979323846;

/* Of the largest bin or sample; FFTW's error grows as the root of log n from one rounding, 6e-8. */
static const double tolerance = 5e-7;

static fft *make(size_t n)
{
    fft *f;
    assert_int_equal(fft_new(n, &f, NULL), SORDINO_OK);
    return f;
}

static float *noise(uint32_t n, uint64_t *random)
{
    float *x = calloc(n, sizeof *x);
    assert_non_null(x);
    for (size_t i = 0; i < n; i++)
        x[i] = (float)test_normal(random);
    return x;
}

/* sum_i x_i exp(-2 pi i k / n), in double. */
static void plain(const float *x, size_t n, size_t k, double *re, double *im)
{
    *re = *im = 0.0;
    for (size_t i = 0; i < n; i++) {
        const double phase = 2.0 * pi * (double)(i * k % n) / (double)n;
        *re += (double)x[i] * cos(phase);
        *im -= (double)x[i] * sin(phase);
    }
}

static void forward_is_the_plain_sum_and_inverse_undoes_it(void **state)
{
    (void)state;
    static const uint32_t sizes[] = {2, 4, 6, 14, 22, 26, 320, 512, 882, 1764, 2240, 38400};
    uint64_t random = test_seed(1);
    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
        const uint32_t n = sizes[s], stride = n > 4000 ? 997 : 1;
        fft *f = make(n);
        float *x = noise(n + 1, &random), *bins = calloc(n + 3, sizeof *bins),
              *y = noise(n, &random);
        /* Off by one float: nothing may need alignment. */
        fft_forward(f, x + 1, bins + 1);
        for (size_t k = 0; k <= n / 2; k += stride) {
            double re, im;
            plain(x + 1, n, k, &re, &im);
            const double most = tolerance * 4.0 * sqrt((double)n);
            assert_true(fabs((double)bins[1 + 2 * k] - re) < most);
            assert_true(fabs((double)bins[2 + 2 * k] - im) < most);
        }
        bins[2] = bins[n + 2] = 7.0f; /* imaginary parts that cannot be */
        fft_inverse(f, bins + 1, y);
        for (size_t i = 0; i < n; i++)
            assert_true(fabs((double)y[i] - (double)x[i + 1]) < tolerance * 4.0);
        free(x);
        free(y);
        free(bins);
        fft_free(f);
    }
}

static void both_directions_keep_their_input(void **state)
{
    (void)state;
    enum { SIZE = 1260 };
    uint64_t random = test_seed(2);
    fft *f = make(SIZE);
    float *x = noise(SIZE, &random), *bins = calloc(SIZE + 2, sizeof *bins);
    float *kept_x = calloc(SIZE, sizeof *kept_x), *kept_bins = calloc(SIZE + 2, sizeof *kept_bins);
    memcpy(kept_x, x, SIZE * sizeof *x);
    fft_forward(f, x, bins);
    assert_memory_equal(x, kept_x, SIZE * sizeof *x);
    memcpy(kept_bins, bins, (SIZE + 2) * sizeof *bins);
    fft_inverse(f, bins, x);
    assert_memory_equal(bins, kept_bins, (SIZE + 2) * sizeof *bins);
    free(x);
    free(bins);
    free(kept_x);
    free(kept_bins);
    fft_free(f);
}

static int nice_by_trial(size_t n)
{
    int large = 0;
    if (n < 2 || n % 2)
        return 0;
    for (size_t p = 2; p <= 13; p++)
        while (n % p == 0) {
            large += p > 7;
            n /= p;
        }
    return n == 1 && large <= 1;
}

static void nice_sizes_are_those_of_the_definition(void **state)
{
    (void)state;
    for (size_t n = 0; n < 40000; n++)
        assert_int_equal(!!fft_nice(n), nice_by_trial(n));
}

static void the_nearest_nice_size_is_the_nearest(void **state)
{
    (void)state;
    uint64_t random = test_seed(3);
    for (int round = 0; round < 3000; round++) {
        const double wanted = round < 100 ? round * 0.5 : 3000.0 * test_uniform(&random);
        const size_t found = fft_nearest_nice(wanted);
        const double away = fabs((double)found - wanted);
        assert_true(fft_nice(found) && found >= 4);
        for (size_t n = 4; n < 3300; n++)
            if (fft_nice(n)) {
                assert_true(away <= fabs((double)n - wanted));
                if (away == fabs((double)n - wanted))
                    assert_true(found >= n); /* ties upward */
            }
    }
    assert_int_equal(fft_nearest_nice(-1.0), 4);
    assert_int_equal(fft_nearest_nice((double)NAN), 4);
    assert_int_equal(fft_nearest_nice((double)INFINITY), FFT_MAX);
}

static void sizes_that_are_not_nice_are_refused(void **state)
{
    (void)state;
    static const size_t bad[] = {0, 1, 3, 15, 34, 242, 286, 1021, SIZE_MAX - 1};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        fft *f = (fft *)&f;
        sordino_error why;
        assert_int_equal(fft_new(bad[i], &f, &why), SORDINO_BAD_ARG);
        assert_null(f);
    }
    fft_free(NULL);
}

/* Every window of a range of rates: the biggest finite input stays finite. */
static void large_and_tiny_input_stays_finite_and_in_scale(void **state)
{
    (void)state;
    enum { SIZE = 512 };
    const float scales[] = {1e33f, 0x1p100f, 0x1p-100f};
    uint64_t random = test_seed(4);
    fft *f = make(SIZE);
    float *x = noise(SIZE, &random), bins[SIZE + 2], y[SIZE], scaled[SIZE];
    for (size_t s = 0; s < 3; s++) {
        for (size_t i = 0; i < SIZE; i++)
            scaled[i] = x[i] * scales[s];
        fft_forward(f, scaled, bins);
        fft_inverse(f, bins, y);
        for (size_t i = 0; i < SIZE; i++)
            assert_true(fabs((double)y[i] / (double)scales[s] - (double)x[i]) < tolerance * 4.0);
    }
    free(x);
    fft_free(f);
}

static void no_allocation_may_fail_unnoticed(void **state)
{
    (void)state;
    size_t n = 0;
    for (int failed = 1; failed; n++) {
        fft *f;
        failing_alloc_arm(n);
        const sordino_status status = fft_new(320, &f, NULL);
        failed = failing_alloc_disarm();
        assert_int_equal(status, failed ? SORDINO_NO_MEM : SORDINO_OK);
        assert_int_equal(f == NULL, failed);
        fft_free(f);
    }
    assert_true(n > 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forward_is_the_plain_sum_and_inverse_undoes_it),
        cmocka_unit_test(both_directions_keep_their_input),
        cmocka_unit_test(nice_sizes_are_those_of_the_definition),
        cmocka_unit_test(the_nearest_nice_size_is_the_nearest),
        cmocka_unit_test(sizes_that_are_not_nice_are_refused),
        cmocka_unit_test(large_and_tiny_input_stays_finite_and_in_scale),
        cmocka_unit_test(no_allocation_may_fail_unnoticed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
