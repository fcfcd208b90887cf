/* STOI and ESTOI against the public Python implementation's figures in tests/golden/stoi.csv; the
 * signals are made by the formulas of tests/golden/make_stoi_golden.py. */
#include "common/metrics/stoi.h"

#include "common/metrics/resample.h"

#include "tests/support/cmocka_all.h"
#include "tests/support/failing_alloc.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* Nine decimals are stored; sines of two libraries and sums in another order differ by less. */
static const double golden_tolerance = 2e-8;
static const double pi = 3.141592653589793;

typedef struct golden {
    unsigned rate, seed;
    double seconds, noise;
    int voice;
    double stoi, estoi;
} golden;

static uint32_t next_state(uint32_t state)
{
    return 1664525u * state + 1013904223u;
}

static double uniform(uint32_t state)
{
    return (double)(state >> 8) / 8388608.0 - 1;
}

static void make_clean(const golden *g, double *x, size_t n)
{
    uint32_t state = g->seed;
    for (size_t i = 0; i < n; i++) {
        const double t = (double)i / g->rate;
        const double phase = 2 * pi * (110 + 10.0 * g->seed) * t + 8 * sin(2 * pi * 0.7 * t);
        const double beat = sin(2 * pi * 3 * t);
        const double envelope = fmax(0, beat) * fmax(0, beat), hiss = pow(fmax(0, -beat), 4);
        double voice = 0;
        for (int h = 1; h < 25; h++)
            voice += cos(h * phase + 0.3 * h * h) / sqrt(h);
        state = next_state(state);
        const double level = fmod(floor(3 * t), 3) == 2 ? 1e-4 : 0.1;
        x[i] = level * (envelope * voice + hiss * uniform(state));
    }
}

static void make_processed(const golden *g, const double *x, double *y, size_t n)
{
    uint32_t state = g->seed + 1000;
    for (size_t i = 0; i < n; i++) {
        const double t = (double)i / g->rate;
        const double base = g->voice == 1   ? tanh(8 * x[i]) / 8
                            : g->voice == 2 ? x[i] * (0.5 + 0.5 * cos(2 * pi * 5 * t))
                            : g->voice == 3 ? 0
                                            : x[i];
        state = next_state(state);
        y[i] = base + g->noise * uniform(state);
    }
}

static void check_case(const golden *g)
{
    const size_t n = (size_t)(g->rate * g->seconds);
    double *const x = malloc(n * sizeof *x), *const y = malloc(n * sizeof *y);
    double stoi, estoi;
    assert_non_null(x);
    assert_non_null(y);
    make_clean(g, x, n);
    make_processed(g, x, y, n);
    const stoi_status status = stoi_measure(x, y, n, g->rate, &stoi, &estoi);
    free(x);
    free(y);
    if (g->stoi == 1e-5) {
        assert_int_equal(status, STOI_TOO_SHORT);
        assert_true(isnan(stoi) && isnan(estoi));
        return;
    }
    assert_int_equal(status, STOI_OK);
    if (!(fabs(stoi - g->stoi) < golden_tolerance && fabs(estoi - g->estoi) < golden_tolerance))
        fail_msg("%u Hz, seed %u: %.9f / %.9f, expected %.9f / %.9f", g->rate, g->seed, stoi, estoi,
                 g->stoi, g->estoi);
}

static void figures_agree_with_the_public_implementation(void **state)
{
    (void)state;
    FILE *file = fopen(GOLDEN_STOI, "r");
    char line[256];
    int n_cases = 0;
    assert_non_null(file);
    while (fgets(line, sizeof line, file)) {
        golden g;
        if (line[0] == '#')
            continue;
        /* A test's own file: NOLINTNEXTLINE(cert-err34-c) */
        assert_int_equal(sscanf(line, "%u,%lf,%u,%lf,%d,%lf,%lf", &g.rate, &g.seconds, &g.seed,
                                &g.noise, &g.voice, &g.stoi, &g.estoi),
                         7);
        check_case(&g);
        n_cases++;
    }
    fclose(file);
    assert_int_equal(n_cases, 19);
}

static void silence_and_short_signals_have_no_figure(void **state)
{
    (void)state;
    enum { N = 16000 };
    double *const x = calloc(N, sizeof *x), *const y = calloc(N, sizeof *y);
    double stoi, estoi;
    assert_non_null(x);
    assert_non_null(y);
    assert_int_equal(stoi_measure(x, y, N, 16000, &stoi, &estoi), STOI_SILENT);
    assert_int_equal(stoi_measure(x, y, 0, 16000, &stoi, &estoi), STOI_SILENT);
    for (int i = 0; i < N; i++)
        x[i] = cos(0.3 * i) * cos(0.0007 * i);
    static const size_t lengths[] = {1, 100, 255, 256, 257, 410, 4000};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        assert_int_equal(stoi_measure(x, y, lengths[i], 16000, &stoi, &estoi), STOI_TOO_SHORT);
        assert_true(isnan(stoi) && isnan(estoi));
    }
    /* a silent estimate of something is a figure: nothing of it is understood */
    assert_int_equal(stoi_measure(x, y, N, 16000, &stoi, &estoi), STOI_OK);
    assert_true(stoi == 0 && estoi == 0);
    free(x);
    free(y);
}

static void resampling_keeps_time_level_and_length(void **state)
{
    (void)state;
    static const uint32_t rates[] = {8000, 10000, 16000, 44100, 48000, 192000};
    for (size_t r = 0; r < sizeof rates / sizeof rates[0]; r++) {
        const size_t n = rates[r] / 2 + 7;
        double *const x = malloc(n * sizeof *x);
        size_t n_out = 0;
        assert_non_null(x);
        for (size_t i = 0; i < n; i++)
            x[i] = sin(2 * pi * 700 * (double)i / rates[r]);
        double *const y = resample(x, n, rates[r], 10000, &n_out);
        assert_non_null(y);
        assert_int_equal(n_out, (n * 10000 + rates[r] - 1) / rates[r]);
        for (size_t i = 400; i + 400 < n_out; i++) /* 60 dB of rejection */
            assert_true(fabs(y[i] - sin(2 * pi * 700 * (double)i / 10000)) < 2e-3);
        free(x);
        free(y);
    }
}

static void memory_that_cannot_be_had_is_told(void **state)
{
    (void)state;
    enum { N = 16000 };
    static double x[N];
    double stoi, estoi;
    for (int i = 0; i < N; i++)
        x[i] = cos(0.3 * i) * cos(0.0007 * i);
    for (size_t n = 0;; n++) {
        failing_alloc_arm(n);
        const stoi_status status = stoi_measure(x, x, N, 16000, &stoi, &estoi);
        if (!failing_alloc_disarm()) {
            assert_int_equal(status, STOI_OK);
            assert_true(n >= 11);
            break;
        }
        assert_int_equal(status, STOI_NO_MEM);
        assert_true(isnan(stoi) && isnan(estoi));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(figures_agree_with_the_public_implementation),
        cmocka_unit_test(silence_and_short_signals_have_no_figure),
        cmocka_unit_test(memory_that_cannot_be_had_is_told),
        cmocka_unit_test(resampling_keeps_time_level_and_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
