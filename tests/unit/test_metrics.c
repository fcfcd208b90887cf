/* Every figure against its plain formula on noise, and at the edges of its range. */
#include "common/metrics/metrics.h"

#include "common/metrics/align.h"
#include "common/metrics/statistics.h"

#include "tests/support/cmocka_all.h"
#include "tests/support/failing_alloc.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

enum { N = 16000 };

/* Double sums of 16,000 terms in another order. */
static const double tolerance = 1e-9;
static const double pi = 3.141592653589793;

static uint32_t seed;
static double clean[N], processed[N], zeros[N];

static double uniform(void)
{
    seed = 1664525u * seed + 1013904223u;
    return (double)(seed >> 8) / 8388608.0 - 1;
}

static int make_signals(void **state)
{
    (void)state;
    const char *const text = getenv("SORDINO_TEST_SEED");
    seed = text ? (uint32_t)strtoul(text, NULL, 10) : 1;
    printf("SORDINO_TEST_SEED=%u\n", (unsigned)seed);
    for (int i = 0; i < N; i++) {
        clean[i] = sin(0.05 * i) * (1 + sin(0.001 * i)) + 0.1 * uniform();
        processed[i] = 0.7 * clean[i] + 0.2 * uniform() + 0.01;
    }
    return 0;
}

static void assert_near(double value, double expected, double within)
{
    if (!(fabs(value - expected) <= within))
        fail_msg("%.12g, expected %.12g", value, expected);
}

static void si_sdr_follows_its_formula_and_ignores_gain(void **state)
{
    (void)state;
    double xx = 0, xy = 0, target = 0, rest = 0, gained[N];
    for (int i = 0; i < N; i++) {
        xx += clean[i] * clean[i];
        xy += clean[i] * processed[i];
    }
    for (int i = 0; i < N; i++) {
        const double t = xy / xx * clean[i];
        target += t * t;
        rest += (t - processed[i]) * (t - processed[i]);
        gained[i] = -1e-200 * processed[i];
    }
    assert_near(metric_si_sdr(clean, processed, N), 10 * log10(target / rest), tolerance);
    assert_near(metric_si_sdr(clean, gained, N), 10 * log10(target / rest), tolerance);
    assert_near(metric_si_sdr(clean, clean, N), DB_LIMIT, 0);
    assert_near(metric_si_sdr(clean, zeros, N), -DB_LIMIT, 0);
    assert_true(isnan(metric_si_sdr(zeros, processed, N)));
    assert_true(isnan(metric_si_sdr(clean, processed, 0)));
    static const double one[2] = {1, 0}, other[2] = {0, 1};
    assert_near(metric_si_sdr(one, other, 2), -DB_LIMIT, 0);
}

static void snr_does_not_count_an_offset_as_signal(void **state)
{
    (void)state;
    double sum = 0, signal = 0, noise = 0, x[N], y[N];
    for (int i = 0; i < N; i++)
        sum += clean[i];
    for (int i = 0; i < N; i++) {
        signal += (clean[i] - sum / N) * (clean[i] - sum / N);
        noise += (clean[i] - processed[i]) * (clean[i] - processed[i]);
        x[i] = clean[i] + 1000;
        y[i] = processed[i] + 1000;
    }
    assert_near(metric_snr(clean, processed, N), 10 * log10(signal / noise), tolerance);
    assert_near(metric_snr(x, y, N), 10 * log10(signal / noise), tolerance);
    assert_near(metric_snr(clean, clean, N), DB_LIMIT, 0);
    assert_true(isnan(metric_snr(zeros, processed, N)));
    for (int i = 0; i < N; i++)
        x[i] = 0.1;
    assert_true(isnan(metric_snr(x, processed, N)));
}

static void rmse_and_correlation_follow_their_formulas(void **state)
{
    (void)state;
    double sum = 0, mx = 0, my = 0, xx = 0, yy = 0, xy = 0, x[N], y[N];
    for (int i = 0; i < N; i++) {
        sum += (clean[i] - processed[i]) * (clean[i] - processed[i]);
        mx += clean[i] / N;
        my += processed[i] / N;
    }
    for (int i = 0; i < N; i++) {
        xx += (clean[i] - mx) * (clean[i] - mx);
        yy += (processed[i] - my) * (processed[i] - my);
        xy += (clean[i] - mx) * (processed[i] - my);
        x[i] = 1e-170 * clean[i];
        y[i] = 1e-170 * processed[i];
    }
    assert_near(metric_rmse(clean, processed, N), sqrt(sum / N), tolerance);
    assert_near(metric_rmse(x, y, N) / 1e-170, sqrt(sum / N), tolerance);
    assert_near(metric_rmse(zeros, zeros, N), 0, 0);
    assert_true(isnan(metric_rmse(clean, processed, 0)));
    assert_near(metric_correlation(clean, processed, N), xy / sqrt(xx * yy), tolerance);
    assert_near(metric_correlation(x, y, N), xy / sqrt(xx * yy), tolerance);
    assert_near(metric_correlation(clean, clean, N), 1, tolerance);
    assert_true(isnan(metric_correlation(clean, zeros, N)));
    for (int i = 0; i < N; i++)
        y[i] = 0.1;
    assert_true(isnan(metric_correlation(clean, y, N)));
}

static void segmental_snr_is_limited_in_every_frame(void **state)
{
    (void)state;
    enum { L = 240, HOP = 60 }; /* 30 ms at 8 kHz */
    double sum = 0, x[N];
    int count = 0;
    for (int s = 0; s + L <= N; s += HOP, count++) {
        double signal = 0, noise = 0;
        for (int i = 0; i < L; i++) {
            const double w = 0.5 * (1 - cos(2 * pi * (i + 1) / (L + 1)));
            signal += pow(w * clean[s + i], 2);
            noise += pow(w * (clean[s + i] - processed[s + i]), 2);
        }
        sum += fmin(35, fmax(-10, 10 * log10(signal / noise)));
    }
    assert_near(metric_segmental_snr(clean, processed, N, 8000), sum / count, tolerance);
    assert_near(metric_segmental_snr(clean, clean, N, 8000), 35, 0);
    for (int i = 0; i < N; i++)
        x[i] = 100 * processed[i];
    assert_near(metric_segmental_snr(clean, x, N, 8000), -10, 0);
    assert_true(isnan(metric_segmental_snr(zeros, processed, N, 8000)));
    assert_true(isnan(metric_segmental_snr(clean, processed, L - 1, 8000)));
    assert_true(isnan(metric_segmental_snr(clean, processed, N, 5)));
    /* digital silence in the middle changes nothing but the frames it touches */
    for (int i = 0; i < N; i++)
        x[i] = i < N / 2 ? clean[i] : 0;
    assert_near(metric_segmental_snr(x, x, N, 8000), 35, 0);
}

static void log_spectral_distance_measures_a_gain_in_decibels(void **state)
{
    (void)state;
    double x[N], y[N];
    for (int i = 0; i < N; i++) {
        x[i] = uniform();
        y[i] = 0.5 * x[i];
    }
    /* Noise stays over the floor of -50 dB but for a few bins in a million. */
    assert_near(metric_log_spectral_distance(x, y, N, 16000), 20 * log10(2), 0.01);
    assert_near(metric_log_spectral_distance(y, x, N, 16000), 20 * log10(2), 0.01);
    assert_near(metric_log_spectral_distance(x, x, N, 16000), 0, 0);
    const double silent = metric_log_spectral_distance(x, zeros, N, 16000);
    assert_true(silent > 30 && silent < 50);
    assert_true(isnan(metric_log_spectral_distance(zeros, x, N, 16000)));
    assert_true(isnan(metric_log_spectral_distance(x, y, 511, 16000)));
    assert_true(isnan(metric_log_spectral_distance(x, y, N, 5)));
}

static double plain_distance_frame(const double *x, const double *y, double least)
{
    enum { L = 128, BINS = L / 2 + 1 };
    double sum = 0;
    for (int k = 0; k <= L / 2; k++) {
        double re[2] = {0, 0}, im[2] = {0, 0};
        for (int i = 0; i < L; i++) {
            const double w = 0.5 * (1 - cos(2 * pi * i / L)), a = 2 * pi * k * i / L;
            re[0] += w * x[i] * cos(a);
            im[0] += w * x[i] * sin(a);
            re[1] += w * y[i] * cos(a);
            im[1] += w * y[i] * sin(a);
        }
        sum +=
            pow(20 * log10(fmax(hypot(re[0], im[0]), least) / fmax(hypot(re[1], im[1]), least)), 2);
    }
    return sqrt(sum / BINS);
}

static void log_spectral_distance_follows_its_formula(void **state)
{
    (void)state;
    /* One frame of 32 ms at 4 kHz; a pure tone of whole periods is the largest bin, L / 4. */
    double x[128], y[128];
    for (int i = 0; i < 128; i++) {
        x[i] = sin(2 * pi * 10 * i / 128);
        y[i] = x[i] + 0.01 * processed[i];
    }
    const double least = 32 * pow(10, -2.5);
    assert_near(metric_log_spectral_distance(x, y, 128, 4000), plain_distance_frame(x, y, least),
                1e-6);
}

static void the_delay_is_found_in_both_directions(void **state)
{
    (void)state;
    static const int64_t delays[] = {0, 1, -1, 480, -480, 3999, -4000};
    double *const y = calloc(2 * N, sizeof *y), *const x = malloc(2 * N * sizeof *x);
    assert_non_null(y);
    assert_non_null(x);
    for (int i = 0; i < 2 * N; i++)
        x[i] = 1000 + uniform(); /* a sensor's offset must not hide the delay */
    for (size_t k = 0; k < sizeof delays / sizeof delays[0]; k++) {
        for (int64_t i = 0; i < 2 * N; i++) {
            const int64_t from = i - delays[k];
            y[i] =
                1000 + 0.3 * uniform() + (from >= 0 && from < 2 * N ? 0.1 * (x[from] - 1000) : 0);
        }
        int64_t delay = 7;
        assert_true(align_delay(x, 2 * N, y, 2 * N, 1, 4000, &delay));
        assert_int_equal(delay, delays[k]);
        /* two channels of which only the second is shifted evenly; other lengths */
        assert_true(align_delay(x, N, y, N, 2, 4000, &delay));
        assert_int_equal(delay, delays[k]);
        assert_true(align_delay(x, 2 * N, y, 2 * N - 5000, 1, 4000, &delay));
        assert_int_equal(delay, delays[k]);
    }
    free(x);
    free(y);
}

static void the_delay_of_silence_short_and_broken_signals_is_sane(void **state)
{
    (void)state;
    int64_t delay = 7;
    assert_true(align_delay(zeros, N, processed, N, 1, 4000, &delay));
    assert_int_equal(delay, 0);
    assert_true(align_delay(clean, 1, processed, 1, 1, 24000, &delay));
    assert_int_equal(delay, 0);
    assert_true(align_delay(clean, N, clean, N, 1, 0, &delay));
    assert_int_equal(delay, 0);
    double broken[N];
    for (int i = 0; i < N; i++)
        broken[i] = i % 1000 == 3 ? NAN : i >= 20 ? clean[i - 20] : INFINITY;
    assert_true(align_delay(clean, N, broken, N, 1, 4000, &delay));
    assert_int_equal(delay, 20);
    /* A periodic signal fits at every period alike; the nearest is taken. */
    double tone[N];
    for (int i = 0; i < N; i++)
        tone[i] = i < N / 4 || i >= N / 4 * 3 ? 0 : sin(2 * pi * i / 50);
    double endless[N];
    for (int i = 0; i < N; i++)
        endless[i] = sin(2 * pi * i / 50);
    assert_true(align_delay(tone, N, endless, N, 1, 3950, &delay));
    assert_int_equal(delay, 0);
}

static void summaries_leave_out_what_is_undefined(void **state)
{
    (void)state;
    double values[] = {3, NAN, 1, 2, 10};
    const summary s = summarise(values, 5);
    assert_int_equal(s.n, 4);
    assert_near(s.mean, 4, tolerance);
    assert_near(s.median, 2.5, tolerance);
    /* s = 4.0825, t(0.975, 3) = 3.1824 */
    assert_near(s.low, 4 - 3.182446 * 4.082483 / 2, 1e-4);
    assert_near(s.high, 4 + 3.182446 * 4.082483 / 2, 1e-4);
    double single = 3, undefined = NAN;
    const summary one = summarise(&single, 1), none = summarise(&undefined, 1);
    assert_near(one.mean, 3, 0);
    assert_near(one.median, 3, 0);
    assert_true(isnan(one.low) && isnan(one.high));
    assert_int_equal(none.n, 0);
    assert_true(isnan(none.mean) && isnan(none.median) && isnan(none.low));
}

static void student_quantiles_agree_with_tables(void **state)
{
    (void)state;
    static const struct {
        size_t freedom;
        double t;
    } table[] = {{1, 12.7062},  {2, 4.30265},  {5, 2.57058},   {9, 2.26216},     {10, 2.22814},
                 {20, 2.08596}, {30, 2.04227}, {100, 1.98397}, {100000, 1.95999}};
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        assert_near(student_975(table[i].freedom), table[i].t, 1e-3); /* a tenth of a per cent */
}

static void measures_without_memory_are_undefined(void **state)
{
    (void)state;
    int64_t delay;
    size_t n = 0;
    for (bool failed = true; failed; n++) {
        failing_alloc_arm(n);
        const double value = metric_log_spectral_distance(clean, processed, N, 16000);
        failed = failing_alloc_disarm();
        assert_int_equal(isnan(value) != 0, failed);
    }
    assert_true(n > 3);
    failing_alloc_arm(0);
    const double segmental = metric_segmental_snr(clean, processed, N, 16000);
    assert_true(failing_alloc_disarm() && isnan(segmental));
    failing_alloc_arm(0);
    const bool found = align_delay(clean, N, processed, N, 1, 100, &delay);
    assert_true(failing_alloc_disarm() && !found);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(si_sdr_follows_its_formula_and_ignores_gain),
        cmocka_unit_test(snr_does_not_count_an_offset_as_signal),
        cmocka_unit_test(rmse_and_correlation_follow_their_formulas),
        cmocka_unit_test(segmental_snr_is_limited_in_every_frame),
        cmocka_unit_test(log_spectral_distance_measures_a_gain_in_decibels),
        cmocka_unit_test(log_spectral_distance_follows_its_formula),
        cmocka_unit_test(the_delay_is_found_in_both_directions),
        cmocka_unit_test(the_delay_of_silence_short_and_broken_signals_is_sane),
        cmocka_unit_test(measures_without_memory_are_undefined),
        cmocka_unit_test(summaries_leave_out_what_is_undefined),
        cmocka_unit_test(student_quantiles_agree_with_tables),
    };
    return cmocka_run_group_tests(tests, make_signals, NULL);
}
