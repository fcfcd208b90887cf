/* What the denoiser makes of noise that it was told of, or learned. */
#include "tests/support/cmocka_all.h"
#include "tests/support/denoisers.h"
#include "tests/support/signals.h"

#include <sordino/sordino.h>

#include <float.h>
#include <string.h>

/* A profile of any density must leave either less noise or the input; a learned one too. */
static void a_noise_that_cannot_be_is_told_and_the_input_passes(void **state)
{
    (void)state;
    enum { N = 8000, SILENT = 2000 };
    const double rate = 8000;
    float x[N], y[N];
    uint64_t random = test_seed(23);
    const float densities[] = {0.0f, FLT_TRUE_MIN, FLT_MAX};
    const uint32_t told[] = {SORDINO_WARNING_NO_NOISE, SORDINO_WARNING_NO_NOISE,
                             SORDINO_WARNING_LOUD_NOISE};
    for (size_t t = 0; t < N; t++)
        x[t] = t < SILENT ? 0.0f : (float)(0.1 * test_normal(&random));
    for (size_t i = 0; i < 3; i++)
        for (size_t p = 0; p < 4; p++) { /* the fourth time it is learned from silence */
            const sordino_config config = config_for(&kinds[i], rate, 1);
            sordino_denoiser *d = make(&config, NULL);
            if (p < 3) {
                const float psd[] = {densities[p], densities[p]};
                sordino_profile *profile = NULL;
                assert_int_equal(sordino_profile_new(psd, 1, 2, rate, &profile, NULL), SORDINO_OK);
                sordino_denoiser_set_profile(d, profile);
                sordino_profile_free(profile);
            } else {
                sordino_denoiser_set_learn(d, true);
                feed(d, x, y, SILENT, 100, NULL);
                sordino_denoiser_set_learn(d, false);
                sordino_denoiser_reset(d);
            }
            feed(d, x, y, N, 100, NULL);
            assert_int_equal(sordino_denoiser_warnings(d), told[p % 3]);
            const uint32_t latency = sordino_denoiser_latency(d);
            for (size_t t = latency; t < N; t++)
                assert_true(fabsf(y[t] - x[t - latency]) < 1e-6f);
            sordino_denoiser_free(d);
        }
    assert_true(strlen(sordino_warning_text(SORDINO_WARNING_NO_NOISE)) > 0);
}

/* Red noise known at 1 kHz: at 250 Hz only what lies below 125 Hz of it can be there. */
static void a_coloured_profile_counts_up_to_the_signals_own_nyquist(void **state)
{
    (void)state;
    enum { BINS = 101 }; /* 5 Hz apart */
    float psd[BINS];
    double power = 0.0;
    for (int k = 0; k < BINS; k++)
        psd[k] = k <= 20 ? 0.01f * (float)(20 - k) : 0.0f; /* to 100 Hz */
    for (int k = 0; k < 20; k++)
        power += 5.0 * 0.5 * ((double)psd[k] + (double)psd[k + 1]);
    const double rates_used[] = {250.0, 1000.0, 100.0};
    const double shares[] = {1.0, 1.0, 0.75}; /* of a triangle, half of its length */
    sordino_profile *profile = NULL, *back = NULL;
    assert_int_equal(sordino_profile_new(psd, 1, BINS, 1000.0, &profile, NULL), SORDINO_OK);
    for (int i = 0; i < 3; i++) {
        const sordino_config config = config_for(&kinds[1], rates_used[i], 1);
        sordino_denoiser *d = make(&config, NULL);
        sordino_denoiser_set_profile(d, profile);
        assert_int_equal(sordino_denoiser_get_profile(d, &back, NULL), SORDINO_OK);
        const double flat = (double)sordino_profile_psd(back, 0)[0] * 0.5 * rates_used[i];
        assert_true(fabs(flat / (shares[i] * power) - 1.0) < 1e-5);
        sordino_profile_free(back);
        sordino_denoiser_free(d);
    }
    sordino_profile_free(profile);
}

static void a_learned_profile_can_be_kept_and_used_again(void **state)
{
    (void)state;
    enum { N = 32000 };
    float *x = calloc(N, sizeof *x), *y = calloc(N, sizeof *x), *z = calloc(N, sizeof *x);
    uint64_t random = test_seed(17);
    for (size_t i = 0; i < N; i++)
        x[i] = (float)(0.05 * test_normal(&random));
    const sordino_config config = config_for(&kinds[0], 16000, 1);
    sordino_denoiser *d = make(&config, NULL);
    sordino_profile *profile = NULL, *again = NULL;
    sordino_error why;
    assert_int_equal(sordino_denoiser_get_profile(d, &profile, &why), SORDINO_NOT_FOUND);
    assert_null(profile);
    sordino_denoiser_set_learn(d, true);
    feed(d, x, y, N, 500, NULL);
    sordino_denoiser_set_learn(d, false);
    assert_int_equal(sordino_denoiser_get_profile(d, &profile, &why), SORDINO_OK);
    /* White noise of variance s^2 has the one-sided density s^2 / (rate / 2). */
    double mean = 0.0;
    for (uint32_t k = 0; k < sordino_profile_bins(profile); k++)
        mean += (double)sordino_profile_psd(profile, 0)[k] / sordino_profile_bins(profile);
    assert_true(fabs(mean / (0.05 * 0.05 / 8000.0) - 1.0) < 0.1);
    sordino_denoiser_reset(d);
    feed(d, x, y, N, 500, NULL);
    sordino_denoiser_free(d);

    void *bytes = NULL;
    size_t size = 0;
    assert_int_equal(sordino_profile_save_bytes(profile, &bytes, &size, &why), SORDINO_OK);
    assert_int_equal(sordino_profile_open_bytes(bytes, size, &again, &why), SORDINO_OK);
    d = make(&config, NULL);
    sordino_denoiser_set_profile(d, again);
    feed(d, x, z, N, 500, NULL);
    for (size_t i = 0; i < N; i++)
        assert_true(fabsf(y[i] - z[i]) < 1e-5f);
    assert_true(energy(y + N / 2, N / 2) < 0.1 * energy(x + N / 2, N / 2));
    sordino_denoiser_free(d);
    sordino_profile_free_bytes(bytes);
    sordino_profile_free(profile);
    sordino_profile_free(again);
    free(x);
    free(y);
    free(z);
}

static void a_profile_can_be_copied_while_audio_runs(void **state)
{
    (void)state;
    enum { N = 16000 };
    float *x = calloc(N, sizeof *x), *y = calloc(N, sizeof *x);
    uint64_t random = test_seed(18);
    for (size_t i = 0; i < N; i++)
        x[i] = (float)(0.05 * test_normal(&random));
    const sordino_config config = config_for(&kinds[0], 16000, 1);
    const sordino_config other_config = config_for(&kinds[0], 8000, 1);
    sordino_denoiser *d = make(&config, NULL), *other = make(&other_config, NULL);
    sordino_profile *copy = NULL, *profile = NULL;
    sordino_error why;
    assert_int_equal(sordino_denoiser_blank_profile(d, &copy, &why), SORDINO_OK);
    assert_false(sordino_denoiser_copy_profile(d, copy));
    sordino_denoiser_set_learn(d, true);
    feed(d, x, y, N, 500, NULL);
    sordino_denoiser_set_learn(d, false);
    assert_true(sordino_denoiser_copy_profile(d, copy));
    assert_int_equal(sordino_denoiser_get_profile(d, &profile, &why), SORDINO_OK);
    const uint32_t bins = sordino_profile_bins(profile);
    assert_int_equal(sordino_profile_bins(copy), bins);
    assert_memory_equal(sordino_profile_psd(copy, 0), sordino_profile_psd(profile, 0),
                        bins * sizeof(float));
    assert_false(sordino_denoiser_copy_profile(d, NULL));
    sordino_denoiser_set_profile(other, profile);
    assert_false(sordino_denoiser_copy_profile(other, copy));
    sordino_denoiser_free(d);
    sordino_denoiser_free(other);
    sordino_profile_free(copy);
    sordino_profile_free(profile);
    free(x);
    free(y);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_noise_that_cannot_be_is_told_and_the_input_passes),
        cmocka_unit_test(a_coloured_profile_counts_up_to_the_signals_own_nyquist),
        cmocka_unit_test(a_learned_profile_can_be_kept_and_used_again),
        cmocka_unit_test(a_profile_can_be_copied_while_audio_runs),
    };
    return cmocka_run_group_tests(tests, open_kinds, free_kinds);
}
