#include "core/dsp/stft.h"

#include "core/dsp/fft.h"
#include "tests/support/cmocka_all.h"
#include "tests/support/failing_alloc.h"
#include "tests/support/signals.h"

#include <float.h>
#include <stdlib.h>
#include <string.h>

static const double pi = 3.14159265358979323846;
static const double rates[] = {8000.0,  11025.0, 12000.0, 12345.6,  16000.0, 22050.0,
                               24000.0, 32000.0, 37800.0, 44056.0,  44100.0, 47952.0,
                               48000.0, 88200.0, 96000.0, 176400.0, 192000.0};
enum { RATES = sizeof rates / sizeof rates[0] };

/* Window and hop in seconds: whole ratios and others. */
static const double shapes[][2] = {{0.02, 0.01},   {0.032, 0.008}, {0.01, 0.0025}, {0.002, 0.001},
                                   {0.2, 0.025},   {0.03, 0.01},   {0.021, 0.003}, {0.025, 0.005},
                                   {0.02, 0.0077}, {0.05, 0.0201}, {0.01, 0.0013}};
enum { SHAPES = sizeof shapes / sizeof shapes[0] };

/* Absolute, for input of about 1: a few roundings of single precision. */
static const double tolerance = 1e-6;

static stft_geometry geometry_of(double rate, double window_s, double hop_s)
{
    stft_geometry g;
    assert_int_equal(stft_geometry_init(rate, window_s, hop_s, &g, NULL), SORDINO_OK);
    return g;
}

static stft *make(const stft_geometry *g)
{
    stft *s;
    assert_int_equal(stft_new(g, &s, NULL), SORDINO_OK);
    return s;
}

static void windows_are_nice_and_whole_ratios_stay_whole(void **state)
{
    (void)state;
    const double furthest = 0.06; /* nice sizes of short windows lie this far apart */
    for (int r = 0; r < RATES; r++)
        for (int s = 0; s < SHAPES; s++) {
            const double ratio = shapes[s][0] / shapes[s][1], whole = floor(ratio + 0.5);
            const stft_geometry g = geometry_of(rates[r], shapes[s][0], shapes[s][1]);
            assert_true(g.rate == rates[r]);
            assert_true(fft_nice(g.window));
            assert_int_equal(g.bins, g.window / 2 + 1);
            assert_in_range(g.hop, 1, g.window / 2);
            if (fabs(ratio - whole) < 1e-6)
                assert_int_equal(g.window, g.hop * (uint32_t)whole);
            const double wanted = shapes[s][0] * rates[r];
            const double away = fabs((double)g.window - wanted);
            assert_true(away <= 2.0 * whole || away < furthest * wanted);
        }
    /* What people have: these are exact. */
    assert_int_equal(geometry_of(44100.0, 0.02, 0.01).window, 882);
    assert_int_equal(geometry_of(48000.0, 0.02, 0.01).window, 960);
    assert_int_equal(geometry_of(16000.0, 0.032, 0.008).hop, 128);
}

static void refused(double rate, double window_s, double hop_s)
{
    stft_geometry g;
    assert_int_equal(stft_geometry_init(rate, window_s, hop_s, &g, NULL), SORDINO_BAD_ARG);
}

static void shapes_out_of_range_are_refused(void **state)
{
    (void)state;
    refused(7999.0, 0.02, 0.01);
    refused(192001.0, 0.02, 0.01);
    refused((double)NAN, 0.02, 0.01);
    refused(48000.0, 0.0019, 0.00095);
    refused(48000.0, 0.201, 0.1);
    refused(48000.0, 0.02, 0.0101);
    refused(48000.0, 0.02, 0.0024);
    refused(48000.0, 0.02, 0.0);
    refused(48000.0, (double)NAN, 0.01);
    refused(48000.0, 0.02, (double)NAN);
}

static void the_spectrum_is_that_of_the_windowed_input(void **state)
{
    (void)state;
    const stft_geometry g = geometry_of(16000.0, 0.01, 0.0025);
    uint64_t random = test_seed(1);
    float hops[6][40], bins[2 * 81];
    assert_int_equal(g.window, 160);
    assert_int_equal(g.hop, 40);
    stft *s = make(&g);
    for (int m = 0; m < 6; m++) {
        for (int i = 0; i < 40; i++)
            hops[m][i] = (float)test_normal(&random);
        stft_analyse(s, hops[m], bins);
    }
    for (int k = 0; k <= 80; k++) {
        double re = 0.0, im = 0.0;
        for (int i = 0; i < 160; i++) {
            const double x = (double)hops[2 + i / 40][i % 40] * sin(pi * i / 160.0);
            re += x * cos(2.0 * pi * k * i / 160.0);
            im -= x * sin(2.0 * pi * k * i / 160.0);
        }
        assert_true(fabs(re - (double)bins[2 * k]) < 20.0 * tolerance);
        assert_true(fabs(im - (double)bins[2 * k + 1]) < 20.0 * tolerance);
    }
    stft_free(s);
}

/* Runs `n` samples through and back; out[i] is what leaves when sample i comes in. */
static void run(const stft_geometry *g, const float *x, float *out, size_t n)
{
    stft *s = make(g);
    float *bins = calloc(2 * g->bins, sizeof *bins), *next = calloc(g->hop, sizeof *next);
    assert_true(bins && next);
    for (size_t i = 0; i + g->hop <= n; i += g->hop) {
        memcpy(out + i, next, g->hop * sizeof *out);
        stft_analyse(s, x + i, bins);
        stft_synthesise(s, bins, next);
    }
    free(bins);
    free(next);
    stft_free(s);
}

static void untouched_frames_give_the_input_back_one_window_later(void **state)
{
    (void)state;
    uint64_t random = test_seed(2);
    for (int r = 0; r < RATES; r++)
        for (int s = 0; s < SHAPES; s++) {
            const stft_geometry g = geometry_of(rates[r], shapes[s][0], shapes[s][1]);
            const size_t n = (size_t)g.window * 2 + (size_t)g.hop * 3, whole = n / g.hop * g.hop;
            const uint32_t delay = stft_delay(&g);
            float *x = calloc(n, sizeof *x), *y = calloc(n, sizeof *y);
            assert_true(x && y);
            assert_int_equal(delay, g.window);
            for (size_t i = 0; i < n; i++)
                x[i] = (float)(2.0 * test_uniform(&random) - 1.0);
            run(&g, x, y, n);
            for (size_t i = 0; i < whole; i++) {
                const double wanted = i < delay ? 0.0 : (double)x[i - delay];
                assert_true(fabs((double)y[i] - wanted) < tolerance);
            }
            free(x);
            free(y);
        }
}

static void an_impulse_comes_out_once_after_the_stated_delay(void **state)
{
    (void)state;
    const stft_geometry g = geometry_of(48000.0, 0.02, 0.0077);
    const size_t n = (size_t)g.hop * 20, at = 777;
    float *x = calloc(n, sizeof *x), *y = calloc(n, sizeof *y);
    x[at] = 1.0f;
    run(&g, x, y, n);
    for (size_t i = 0; i < n; i++)
        assert_true(fabs((double)y[i] - (i == at + stft_delay(&g))) < tolerance);
    free(x);
    free(y);
}

static void the_largest_input_stays_finite_and_reset_forgets_it(void **state)
{
    (void)state;
    for (int s = 0; s < SHAPES; s++) {
        const stft_geometry g = geometry_of(192000.0, shapes[s][0], shapes[s][1]);
        float *bins = calloc(2 * g.bins, sizeof *bins), *hop = calloc(g.hop, sizeof *hop);
        float *again = calloc(2 * g.bins, sizeof *again);
        stft *t = make(&g), *fresh = make(&g);
        uint64_t random = test_seed(3);
        for (int m = 0; m < 12; m++) {
            for (uint32_t i = 0; i < g.hop; i++)
                hop[i] = test_random(&random) % 2 || m < 6 ? FLT_MAX : -FLT_MAX;
            stft_analyse(t, hop, bins);
            stft_synthesise(t, bins, hop);
            for (uint32_t k = 0; k < 2 * g.bins; k++)
                assert_true(isfinite(bins[k]));
            for (uint32_t i = 0; i < g.hop; i++)
                assert_true(isfinite(hop[i]));
        }
        stft_reset(t);
        for (int m = 0; m < 3; m++) {
            for (uint32_t i = 0; i < g.hop; i++)
                hop[i] = (float)test_normal(&random);
            stft_analyse(t, hop, bins);
            stft_analyse(fresh, hop, again);
            assert_memory_equal(bins, again, 2 * g.bins * sizeof *bins);
            float *a = calloc(2 * (size_t)g.hop, sizeof *a);
            stft_synthesise(t, bins, a);
            stft_synthesise(fresh, bins, a + g.hop);
            assert_memory_equal(a, a + g.hop, g.hop * sizeof *a);
            free(a);
        }
        free(bins);
        free(again);
        free(hop);
        stft_free(t);
        stft_free(fresh);
    }
}

static void no_allocation_may_fail_unnoticed(void **state)
{
    (void)state;
    const stft_geometry g = geometry_of(16000.0, 0.02, 0.01);
    size_t n = 0;
    for (int failed = 1; failed; n++) {
        stft *s;
        failing_alloc_arm(n);
        const sordino_status status = stft_new(&g, &s, NULL);
        failed = failing_alloc_disarm();
        assert_int_equal(status, failed ? SORDINO_NO_MEM : SORDINO_OK);
        assert_int_equal(s == NULL, failed);
        stft_free(s);
    }
    assert_true(n > 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(windows_are_nice_and_whole_ratios_stay_whole),
        cmocka_unit_test(shapes_out_of_range_are_refused),
        cmocka_unit_test(the_spectrum_is_that_of_the_windowed_input),
        cmocka_unit_test(untouched_frames_give_the_input_back_one_window_later),
        cmocka_unit_test(an_impulse_comes_out_once_after_the_stated_delay),
        cmocka_unit_test(the_largest_input_stays_finite_and_reset_forgets_it),
        cmocka_unit_test(no_allocation_may_fail_unnoticed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
