#include "core/dsp/running_scale.h"

#include "tests/support/cmocka_all.h"
#include "tests/support/signals.h"

#include <string.h>

enum { N = 5000 };

/* Weights 1/n up to the time constant, then 1/time: the plain sums, in double. */
static void plain(const float *x, size_t n, double time, double *mean, double *variance)
{
    double m = 0.0, second = 0.0;
    for (size_t i = 0; i < n; i++) {
        const double w = 1.0 / fmin((double)(i + 1), time);
        m = (1.0 - w) * m + w * (double)x[i];
        second = (1.0 - w) * second + w * (double)x[i] * (double)x[i];
    }
    *mean = m;
    *variance = second - m * m;
}

static void mean_and_scale_are_those_of_the_plain_sums(void **state)
{
    (void)state;
    const double tolerance = 1e-9; /* relative; the plain sums lose digits to cancellation */
    float x[N];
    uint64_t random = test_seed(1);
    for (size_t i = 0; i < N; i++)
        x[i] = (float)(3.0 + test_normal(&random));
    const double times[] = {1.0, 7.5, 300.0, 1e6};
    for (size_t t = 0; t < 4; t++)
        for (size_t n = 1; n < N; n = 3 * n + 1) {
            running_scale s = {0};
            double mean, variance;
            running_scale_push(&s, x, n / 2, times[t]);
            running_scale_push(&s, x + n / 2, n - n / 2, times[t]);
            plain(x, n, times[t], &mean, &variance);
            assert_true(fabs(s.mean - mean) < tolerance * 3.0);
            assert_true(fabs(s.variance - fmax(variance, 0.0)) < tolerance * 10.0);
            assert_true(fabs(running_scale_get(&s) - sqrt(s.variance)) < tolerance);
        }
}

static void a_constant_has_no_scale_and_a_gain_is_followed_exactly(void **state)
{
    (void)state;
    float x[N], y[N];
    uint64_t random = test_seed(2);
    running_scale s = {0}, a = {0}, b = {0};
    for (size_t i = 0; i < N; i++) {
        x[i] = 300.1f;
    }
    running_scale_push(&s, x, N, 100.0);
    assert_true(running_scale_get(&s) == 0.0);
    assert_true((float)s.mean == 300.1f);
    for (size_t i = 0; i < N; i++) {
        x[i] = (float)test_normal(&random);
        y[i] = 0x1p-20f * x[i]; /* a power of two rounds nothing */
    }
    running_scale_push(&a, x, N, 100.0);
    running_scale_push(&b, y, N, 100.0);
    assert_true(running_scale_get(&b) == 0x1p-20 * running_scale_get(&a));
}

/* A centred sample is never larger than the root of the time constant times the scale, so the
 * input of a network is bounded whatever comes. */
static void scaled_samples_are_bounded(void **state)
{
    (void)state;
    const double time = 100.0;
    uint64_t random = test_seed(3);
    running_scale s = {0};
    for (size_t i = 0; i < 100000; i++) {
        const float x = (float)pow(10.0, 20.0 * test_uniform(&random) - 10.0);
        running_scale_push(&s, &x, 1, time);
        assert_true(fabs((double)x - s.mean) <= sqrt(time) * running_scale_get(&s) * 1.000001);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mean_and_scale_are_those_of_the_plain_sums),
        cmocka_unit_test(a_constant_has_no_scale_and_a_gain_is_followed_exactly),
        cmocka_unit_test(scaled_samples_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
