#include "core/dsp/bands.h"

#include "tests/support/cmocka_all.h"
#include "tests/support/failing_alloc.h"
#include "tests/support/signals.h"

#include <stdlib.h>

enum { WIDEST = 40000 };
static const double tolerance = 2e-5; /* relative: sums of up to some thousand floats */

static stft_geometry geometry_of(double rate, double window_s)
{
    stft_geometry g;
    assert_int_equal(stft_geometry_init(rate, window_s, window_s / 2.0, &g, NULL), SORDINO_OK);
    return g;
}

static bands *make(const double *hz, uint32_t n, const stft_geometry *g)
{
    bands *b;
    assert_int_equal(bands_new(hz, n, g, &b, NULL), SORDINO_OK);
    return b;
}

/* The triangle of band b at `at` Hz, from the definition, with `n` bands present. */
static double triangle(const double *hz, uint32_t n, uint32_t b, double at)
{
    if (at <= hz[b])
        return b == 0 ? 1.0 : fmax(0.0, (at - hz[b - 1]) / (hz[b] - hz[b - 1]));
    return b + 1 == n ? 1.0 : fmax(0.0, (hz[b + 1] - at) / (hz[b + 1] - hz[b]));
}

/* Some wide bands, some narrower than a bin, some above Nyquist at low rates. */
static const double centres[] = {0.0,    50.0,    100.0,   102.0,   104.0,  200.0,
                                 400.0,  800.0,   1500.0,  2500.0,  4000.0, 5500.0,
                                 8000.0, 11000.0, 16000.0, 20000.0, 30000.0};
enum { N = sizeof centres / sizeof centres[0] };

static double bin_power(const float *x, uint32_t k)
{
    return (double)x[2 * k] * (double)x[2 * k] + (double)x[2 * k + 1] * (double)x[2 * k + 1];
}

/* sum_k w_bk |X_k|^2 / sum_k w_bk, or the power interpolated at the centre. */
static double plain(const stft_geometry *g, uint32_t present, uint32_t b, const float *x)
{
    const double bin_hz = g->rate / g->window;
    double sum = 0.0, weights = 0.0;
    for (uint32_t k = 0; k < g->bins; k++) {
        const double w = triangle(centres, present, b, k * bin_hz);
        sum += w * bin_power(x, k);
        weights += w;
    }
    if (weights > 1e-3)
        return sum / weights;
    const double at = fmin(centres[b] / bin_hz, g->bins - 1.0);
    const uint32_t low = (uint32_t)at;
    const double part = at - low;
    return (1.0 - part) * bin_power(x, low) + (part > 0.0 ? part * bin_power(x, low + 1) : 0.0);
}

static const double rates[] = {8000.0, 11025.0, 16000.0, 44100.0, 48000.0, 192000.0};
enum { RATES = sizeof rates / sizeof rates[0] };

static void band_powers_are_those_of_the_plain_formula(void **state)
{
    (void)state;
    uint64_t random = test_seed(1);
    static float x[WIDEST];
    for (int r = 0; r < RATES; r++)
        for (int w = 0; w < 2; w++) {
            const stft_geometry g = geometry_of(rates[r], w ? 0.2 : 0.02);
            bands *b = make(centres, N, &g);
            const uint32_t present = bands_present(b);
            float power[N];
            for (uint32_t k = 0; k < 2 * g.bins; k++)
                x[k] = (float)test_normal(&random);
            assert_int_equal(bands_count(b), N);
            for (uint32_t i = 0; i < N; i++)
                assert_int_equal(i < present, centres[i] <= 0.5 * rates[r]);
            bands_power(b, x, power);
            for (uint32_t i = 0; i < N; i++) {
                const double wanted = i < present ? plain(&g, present, i, x) : 0.0;
                assert_true(fabs((double)power[i] - wanted) <= tolerance * wanted);
            }
            bands_free(b);
        }
}

static void spread_gains_are_those_of_the_triangles(void **state)
{
    (void)state;
    uint64_t random = test_seed(2);
    static float bin_gains[WIDEST];
    for (int r = 0; r < RATES; r++) {
        const stft_geometry g = geometry_of(rates[r], 0.032);
        bands *b = make(centres, N, &g);
        float gains[N];
        for (uint32_t i = 0; i < N; i++)
            gains[i] = (float)test_uniform(&random);
        bands_spread(b, gains, bin_gains);
        for (uint32_t k = 0; k < g.bins; k++) {
            double wanted = 0.0;
            for (uint32_t i = 0; i < bands_present(b); i++)
                wanted += triangle(centres, bands_present(b), i, k * g.rate / g.window) *
                          (double)gains[i];
            assert_true(fabs((double)bin_gains[k] - wanted) < 1e-5);
        }
        bands_free(b);
    }
}

static void equal_gains_and_flat_spectra_pass_unchanged(void **state)
{
    (void)state;
    static float x[WIDEST], bin_gains[WIDEST];
    const stft_geometry g = geometry_of(48000.0, 0.02);
    bands *b = make(centres, N, &g);
    float gains[N], power[N];
    for (uint32_t i = 0; i < N; i++)
        gains[i] = 0.3f;
    for (uint32_t k = 0; k < g.bins; k++) {
        x[2 * k] = 0.6f;
        x[2 * k + 1] = -0.8f;
    }
    bands_spread(b, gains, bin_gains);
    bands_power(b, x, power);
    for (uint32_t k = 0; k < g.bins; k++)
        assert_true(fabs((double)bin_gains[k] - 0.3) < 1e-6);
    for (uint32_t i = 0; i < bands_present(b); i++)
        assert_true(fabs((double)power[i] - 1.0) < tolerance);
    bands_free(b);
}

static void the_largest_spectrum_gives_finite_powers(void **state)
{
    (void)state;
    static float x[WIDEST];
    const stft_geometry g = geometry_of(192000.0, 0.2);
    bands *b = make(centres, N, &g);
    float power[N];
    for (uint32_t k = 0; k < 2 * g.bins; k++)
        x[k] = k % 3 ? 1e37f : 1e17f;
    bands_power(b, x, power);
    for (uint32_t i = 0; i < N; i++)
        assert_true(power[i] > 0.0f && power[i] <= 1.001e33f);
    bands_free(b);
}

static void one_band_holds_everywhere_even_above_nyquist(void **state)
{
    (void)state;
    const double high = 50000.0;
    const stft_geometry g = geometry_of(8000.0, 0.02);
    bands *b = make(&high, 1, &g);
    static float bin_gains[WIDEST];
    float x[2 * 81] = {0}, power;
    assert_int_equal(bands_present(b), 1);
    x[0] = 9.0f; /* one bin of 81 */
    bands_power(b, x, &power);
    assert_true(fabs((double)power - 1.0) < tolerance);
    bands_spread(b, (const float[]){0.5f}, bin_gains);
    assert_true(bin_gains[0] == 0.5f && bin_gains[g.bins - 1] == 0.5f);
    bands_free(b);
}

static void refused(const double *hz, uint32_t n)
{
    const stft_geometry g = geometry_of(48000.0, 0.02);
    bands *b = (bands *)&b;
    assert_int_equal(bands_new(hz, n, &g, &b, NULL), SORDINO_BAD_ARG);
    assert_null(b);
}

static void centres_out_of_order_or_range_are_refused(void **state)
{
    (void)state;
    static double many[BANDS_MAX + 1];
    for (int i = 0; i <= BANDS_MAX; i++)
        many[i] = i;
    refused(many, 0);
    refused(many, BANDS_MAX + 1);
    refused((const double[]){-1.0, 5.0}, 2);
    refused((const double[]){5.0, 5.0}, 2);
    refused((const double[]){5.0, (double)NAN}, 2);
    refused((const double[]){5.0, (double)INFINITY}, 2);
    bands_free(NULL);
}

static void no_allocation_may_fail_unnoticed(void **state)
{
    (void)state;
    const stft_geometry g = geometry_of(16000.0, 0.02);
    size_t n = 0;
    for (int failed = 1; failed; n++) {
        bands *b;
        failing_alloc_arm(n);
        const sordino_status status = bands_new(centres, N, &g, &b, NULL);
        failed = failing_alloc_disarm();
        assert_int_equal(status, failed ? SORDINO_NO_MEM : SORDINO_OK);
        assert_int_equal(b == NULL, failed);
        bands_free(b);
    }
    assert_true(n > 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(band_powers_are_those_of_the_plain_formula),
        cmocka_unit_test(spread_gains_are_those_of_the_triangles),
        cmocka_unit_test(equal_gains_and_flat_spectra_pass_unchanged),
        cmocka_unit_test(the_largest_spectrum_gives_finite_powers),
        cmocka_unit_test(one_band_holds_everywhere_even_above_nyquist),
        cmocka_unit_test(centres_out_of_order_or_range_are_refused),
        cmocka_unit_test(no_allocation_may_fail_unnoticed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
