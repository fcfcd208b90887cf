#include "core/dsp/kalman.h"

#include "tests/support/cmocka_all.h"
#include "tests/support/failing_alloc.h"
#include "tests/support/signals.h"

#include <float.h>
#include <stdlib.h>
#include <string.h>

enum { N = 20000, SETTLED = 1000 };
static double clean[N];
static float noisy[N], out[N];

static kalman *make(uint32_t lag)
{
    kalman *k;
    assert_int_equal(kalman_new(lag, &k, NULL), SORDINO_OK);
    return k;
}

static void filter(uint32_t lag, const float *x, float *y, size_t n)
{
    kalman *k = make(lag);
    for (size_t i = 0; i < n; i++)
        y[i] = kalman_push(k, x[i]);
    kalman_free(k);
}

static double mean_square(const float *y, uint32_t lag)
{
    double sum = 0.0;
    for (size_t i = SETTLED; i + lag < N; i++)
        sum += ((double)y[i + lag] - clean[i]) * ((double)y[i + lag] - clean[i]);
    return sum / (N - SETTLED - lag);
}

/* Level a random walk of steps `q_level`, slope one of `q_slope` (variances), in noise of 1. */
static void walk(double q_level, double q_slope, uint64_t *random)
{
    double level = 0.0, slope = 0.0;
    for (size_t i = 0; i < N; i++) {
        slope += sqrt(q_slope) * test_normal(random);
        level += slope + sqrt(q_level) * test_normal(random);
        clean[i] = level;
        noisy[i] = (float)(level + test_normal(random));
    }
}

/* Mean squared error of the Kalman filter that is told the truth (Kalman 1960). */
static double optimal(double q_level, double q_slope)
{
    double level = 0.0, slope = 0.0, p00 = 10.0, p01 = 0.0, p11 = q_slope > 0.0 ? 1.0 : 0.0;
    double sum = 0.0;
    for (size_t i = 0; i < N; i++) {
        level += slope;
        const double a = p00 + 2.0 * p01 + p11 + q_level, b = p01 + p11, c = p11 + q_slope;
        const double k0 = a / (a + 1.0), k1 = b / (a + 1.0), e = (double)noisy[i] - level;
        level += k0 * e;
        slope += k1 * e;
        p00 = (1.0 - k0) * a;
        p01 = (1.0 - k0) * b;
        p11 = c - k1 * b;
        if (i >= SETTLED)
            sum += (level - clean[i]) * (level - clean[i]);
    }
    return sum / (N - SETTLED);
}

static double best_moving_average(void)
{
    double best = INFINITY;
    for (size_t width = 2; width <= 64; width *= 2) {
        double sum = 0.0, total = 0.0;
        for (size_t i = 0; i < N; i++) {
            total += (double)noisy[i] - (i >= width ? (double)noisy[i - width] : 0.0);
            if (i >= SETTLED)
                sum += pow(total / (double)width - clean[i], 2.0);
        }
        best = fmin(best, sum / (N - SETTLED));
    }
    return best;
}

static void without_being_told_it_comes_near_the_filter_that_is(void **state)
{
    (void)state;
    /* Ratio of squared errors to those of the filter that knows both variances. Very slow walks
     * cost more: some hundred samples do not tell one from another. */
    static const struct {
        double q_level, q_slope, margin;
    } cases[] = {{1e-4, 0, 1.6}, {1e-2, 0, 1.1},  {1e-1, 0, 1.1}, {1, 0, 1.1},
                 {100, 0, 1.3},  {0, 1e-6, 1.25}, {0, 1e-4, 1.1}, {0, 1e-2, 1.1}};
    uint64_t random = test_seed(1);
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        walk(cases[c].q_level, cases[c].q_slope, &random);
        filter(0, noisy, out, N);
        const double ours = mean_square(out, 0), best = optimal(cases[c].q_level, cases[c].q_slope);
        printf("level %g slope %g: %.4f, optimal %.4f, moving average %.4f\n", cases[c].q_level,
               cases[c].q_slope, ours, best, best_moving_average());
        assert_true(ours < cases[c].margin * best);
        if (cases[c].q_level < 100.0)
            assert_true(ours < 1.0 && ours < best_moving_average());
    }
}

/* A random walk's best smoother has the error q r / root(q^2 + 4 q r) (Whittle 1963, ch. 6). */
static void a_lag_comes_near_the_best_smoother(void **state)
{
    (void)state;
    const double steps[] = {0.01, 1.0}, margins[] = {1.15, 1.05};
    uint64_t random = test_seed(2);
    for (int c = 0; c < 2; c++) {
        const double q = steps[c];
        walk(q, 0.0, &random);
        filter(0, noisy, out, N);
        double before = mean_square(out, 0);
        const uint32_t lags[] = {1, 3, 100};
        for (int i = 0; i < 3; i++) {
            filter(lags[i], noisy, out, N);
            const double now = mean_square(out, lags[i]);
            assert_true(now < before * 1.01); /* no more is to be had from the last */
            before = now;
        }
        assert_true(before < margins[c] * q / sqrt(q * q + 4.0 * q));
    }
}

static void the_noise_is_estimated(void **state)
{
    (void)state;
    const double margin = 1.25;
    uint64_t random = test_seed(3);
    const double steps[] = {1e-4, 1e-2, 1.0};
    for (int c = 0; c < 3; c++) {
        walk(steps[c], 0.0, &random);
        kalman *k = make(0);
        double mean = 0.0;
        assert_true(kalman_noise(k) == 0.0);
        for (size_t i = 0; i < N; i++) {
            kalman_push(k, noisy[i]);
            mean += kalman_noise(k) / N;
        }
        assert_true(mean < margin && mean > 1.0 / margin);
        kalman_free(k);
    }
}

static void a_noise_that_is_set_is_used_and_kept_by_reset(void **state)
{
    (void)state;
    uint64_t random = test_seed(4);
    walk(0.01, 0.0, &random);
    kalman *k = make(0);
    kalman_set_noise(k, 1.0);
    kalman_reset(k);
    assert_true(kalman_noise(k) == 1.0);
    for (size_t i = 0; i < N; i++)
        out[i] = kalman_push(k, noisy[i]);
    assert_true(kalman_noise(k) == 1.0);
    assert_true(mean_square(out, 0) < 1.1 * optimal(0.01, 0.0));
    /* Told that there is next to no noise it follows the input. */
    kalman_set_noise(k, 1e-9);
    double worst = 0.0;
    for (size_t i = 0; i < N; i++) {
        out[i] = kalman_push(k, noisy[i]);
        worst = i < SETTLED ? 0.0 : fmax(worst, fabs((double)out[i] - (double)noisy[i]));
    }
    assert_true(worst < 0.01);
    kalman_set_noise(k, -1.0);
    for (size_t i = 0; i < N; i++)
        out[i] = kalman_push(k, noisy[i]);
    assert_true(mean_square(out, 0) < 1.15 * optimal(0.01, 0.0));
    kalman_free(k);
}

static void a_noise_that_cannot_be_this_signals_lets_the_input_pass(void **state)
{
    (void)state;
    const double given[] = {0.0, 1e-320, DBL_MIN, 1e-40, 1e12, 1e76, INFINITY};
    const uint32_t lags[] = {0, 7};
    uint64_t random = test_seed(20);
    for (size_t i = 0; i < N; i++) /* a flat lead-in, then a square wave in noise */
        noisy[i] =
            512.0f +
            (i < 100 ? 0.0f : (float)(20.0 * test_normal(&random)) + (i / 300 % 2 ? 500.0f : 0.0f));
    for (size_t g = 0; g < sizeof given / sizeof given[0]; g++)
        for (size_t l = 0; l < 2; l++) {
            kalman *k = make(lags[l]);
            kalman_set_noise(k, given[g]);
            kalman_reset(k);
            for (size_t i = 0; i < N; i++)
                out[i] = kalman_push(k, noisy[i]);
            assert_memory_equal(out + lags[l], noisy, (N - lags[l]) * sizeof *out);
            assert_int_equal(kalman_doubt(k), given[g] < 1.0 ? NOISE_ZERO : NOISE_TOO_LOUD);
            kalman_free(k);
        }
}

/* Errors that fell to nothing on a plateau must not hold it up when the signal moves again. */
static void a_signal_that_stood_still_is_followed_when_it_moves(void **state)
{
    (void)state;
    const double givens[] = {-1.0, 400.0};
    uint64_t random = test_seed(21);
    for (size_t i = 0; i < N; i++)
        noisy[i] = (float)(i < 1000    ? 512.0 + 20.0 * test_normal(&random)
                           : i < 15000 ? 512.0
                                       : 700.0 + 2.0 * test_normal(&random));
    for (int g = 0; g < 2; g++) {
        kalman *k = make(0);
        kalman_set_noise(k, givens[g]);
        for (size_t i = 0; i < N; i++)
            out[i] = kalman_push(k, noisy[i]);
        for (size_t i = 15030; i < N; i++)
            assert_true(fabs((double)out[i] - 700.0) < 10.0);
        kalman_free(k);
    }
}

static void clean_signals_pass_unharmed_at_the_stated_lag(void **state)
{
    (void)state;
    const uint32_t lags[] = {0, 1, 20, 300};
    for (int l = 0; l < 4; l++) {
        const uint32_t lag = lags[l];
        for (size_t i = 0; i < N; i++)
            noisy[i] = 3.7f; /* constant */
        filter(lag, noisy, out, N);
        for (size_t i = 0; i < N; i++)
            assert_true(out[i] == (i < lag ? 0.0f : 3.7f));
        for (size_t i = 0; i < N; i++)
            noisy[i] = i < N / 2 ? -1.0f : 5.0f; /* step */
        filter(lag, noisy, out, N);
        for (size_t i = lag; i < N; i++)
            if (i - lag < N / 2 - 8 || i - lag > N / 2 + 8 || (lag == 0 && i <= N / 2))
                assert_true(fabs((double)out[i] - (double)noisy[i - lag]) < 0.12); /* 2 % */
        for (size_t i = 0; i < N; i++)
            noisy[i] = (float)(0.01 * (double)i); /* ramp */
        filter(lag, noisy, out, N);
        for (size_t i = SETTLED; i < N; i++)
            assert_true(fabs((double)out[i] - (double)noisy[i - lag]) < 1e-3);
        for (size_t i = 0; i < N; i++)
            noisy[i] = (float)sin(0.05 * (double)i); /* sine */
        filter(lag, noisy, out, N);
        for (size_t i = SETTLED; i < N; i++)
            assert_true(fabs((double)out[i] - (double)noisy[i - lag]) < 0.01);
    }
}

static void gaps_are_bridged_and_what_comes_before_the_first_is_0(void **state)
{
    (void)state;
    uint64_t random = test_seed(5);
    const uint32_t lag = 10;
    walk(1e-3, 0.0, &random);
    for (size_t i = 0; i < N; i++)
        if (i < 50 || i % 200 < 10)
            noisy[i] = i % 3 == 0 ? NAN : i % 3 == 1 ? INFINITY : -INFINITY;
    filter(0, noisy, out, N);
    for (size_t i = 0; i < N; i++)
        assert_true(isfinite(out[i]) && (i >= 50 || out[i] == 0.0f));
    assert_true(mean_square(out, 0) < 0.06); /* 0.031 without gaps */
    filter(lag, noisy, out, N);
    for (size_t i = 0; i < N; i++)
        assert_true(isfinite(out[i]) && (i >= 50 + lag || out[i] == 0.0f));
    assert_true(mean_square(out, lag) < 0.04);
}

static void a_gain_on_the_input_is_a_gain_on_the_output(void **state)
{
    (void)state;
    static float scaled[N], again[N];
    const float exact[] = {0x1p-40f, 0x1p60f}, rounded[] = {1e-6f, 1e6f};
    uint64_t random = test_seed(6);
    walk(0.01, 1e-7, &random);
    for (uint32_t lag = 0; lag <= 30; lag += 30) {
        filter(lag, noisy, out, N);
        for (int g = 0; g < 2; g++) {
            for (size_t i = 0; i < N; i++)
                scaled[i] = noisy[i] * exact[g];
            filter(lag, scaled, again, N);
            for (size_t i = 0; i < N; i++)
                assert_true(again[i] == out[i] * exact[g]);
            for (size_t i = 0; i < N; i++)
                scaled[i] = noisy[i] * rounded[g];
            filter(lag, scaled, again, N);
            for (size_t i = 0; i < N; i++) /* the input is rounded to 6e-8 of its size, 10 */
                assert_true(fabs((double)again[i] / (double)rounded[g] - (double)out[i]) < 1e-4);
        }
    }
}

static void any_input_gives_finite_output_and_reset_forgets_it(void **state)
{
    (void)state;
    static float again[N];
    const float values[] = {FLT_MAX, -FLT_MAX, FLT_TRUE_MIN, 0.0f, 1.0f, -1e-30f, 1e30f, NAN};
    uint64_t random = test_seed(7);
    for (uint32_t lag = 0; lag <= 40; lag += 20) {
        kalman *k = make(lag);
        for (size_t i = 0; i < N; i++) {
            const size_t kinds = i < N / 2 ? 2 : 8;
            assert_true(isfinite(kalman_push(k, values[test_random(&random) % kinds])));
            assert_true(isfinite(kalman_noise(k)));
        }
        walk(0.01, 0.0, &random);
        kalman_reset(k);
        for (size_t i = 0; i < N; i++)
            out[i] = kalman_push(k, noisy[i]);
        kalman_free(k);
        filter(lag, noisy, again, N);
        assert_memory_equal(out, again, sizeof out);
    }
}

static void the_longest_lag_is_served_and_longer_ones_refused(void **state)
{
    (void)state;
    kalman *k = (kalman *)&k;
    assert_int_equal(kalman_new(KALMAN_MAX_LAG + 1, &k, NULL), SORDINO_BAD_ARG);
    assert_null(k);
    uint64_t random = test_seed(8);
    walk(1e-4, 0.0, &random);
    filter(KALMAN_MAX_LAG, noisy, out, N);
    assert_true(mean_square(out, KALMAN_MAX_LAG) < 0.01);
}

static void no_allocation_may_fail_unnoticed(void **state)
{
    (void)state;
    size_t n = 0;
    for (int failed = 1; failed; n++) {
        kalman *k;
        failing_alloc_arm(n);
        const sordino_status status = kalman_new(5, &k, NULL);
        failed = failing_alloc_disarm();
        assert_int_equal(status, failed ? SORDINO_NO_MEM : SORDINO_OK);
        assert_int_equal(k == NULL, failed);
        kalman_free(k);
    }
    assert_true(n > 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_being_told_it_comes_near_the_filter_that_is),
        cmocka_unit_test(a_lag_comes_near_the_best_smoother),
        cmocka_unit_test(the_noise_is_estimated),
        cmocka_unit_test(a_noise_that_is_set_is_used_and_kept_by_reset),
        cmocka_unit_test(a_noise_that_cannot_be_this_signals_lets_the_input_pass),
        cmocka_unit_test(a_signal_that_stood_still_is_followed_when_it_moves),
        cmocka_unit_test(clean_signals_pass_unharmed_at_the_stated_lag),
        cmocka_unit_test(gaps_are_bridged_and_what_comes_before_the_first_is_0),
        cmocka_unit_test(a_gain_on_the_input_is_a_gain_on_the_output),
        cmocka_unit_test(any_input_gives_finite_output_and_reset_forgets_it),
        cmocka_unit_test(the_longest_lag_is_served_and_longer_ones_refused),
        cmocka_unit_test(no_allocation_may_fail_unnoticed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
