#include "core/dsp/wiener.h"

#include "core/dsp/noise_track.h"
#include "core/dsp/stft.h"
#include "tests/support/cmocka_all.h"
#include "tests/support/failing_alloc.h"
#include "tests/support/signals.h"

#include <float.h>
#include <stdlib.h>
#include <string.h>

enum { WIDEST = 4000 };
static const double rate = 16000.0;

static stft_geometry geometry_of(double hz)
{
    stft_geometry g;
    assert_int_equal(stft_geometry_init(hz, wiener_default_window, wiener_default_hop, &g, NULL),
                     SORDINO_OK);
    return g;
}

static wiener *make(const stft_geometry *g, sordino_gain_rule rule)
{
    wiener *w;
    assert_int_equal(wiener_new(g, rule, &w, NULL), SORDINO_OK);
    return w;
}

/* Periodograms of noise, with something louder in every other second of bursts. */
static void frame_of(float *power, uint32_t bins, int m, uint64_t *random)
{
    for (uint32_t k = 0; k < bins; k++) {
        const double level = m % 80 > 50 && k % 16 < 6 ? 100.0 : 1.0;
        power[k] = (float)(-level * log(1.0 - test_uniform(random)));
    }
}

/* E1 by its continued fraction (Abramowitz & Stegun 1964, eq. 5.1.22); by its series below 1. */
static double e1(double x)
{
    if (x < 1.0) {
        double sum = -0.57721566490153286061 - log(x), term = 1.0;
        for (int n = 1; n < 40; n++) {
            term *= -x / n;
            sum -= term / n;
        }
        return sum;
    }
    double below = 0.0;
    for (int n = 200; n >= 1; n--)
        below = n / (1.0 + n / (x + below));
    return exp(-x) / (x + below);
}

/* Gains follow Ephraim & Malah 1984, eq. 51, and 1985, eq. 20, on the tracked noise. */
static void gains_are_those_of_the_plain_formulas(void **state)
{
    (void)state;
    const double tolerance = 2e-4; /* relative: E1 is good to 1e-4 */
    const double alpha = exp(-wiener_default_hop / 0.25), floor_xi = pow(10.0, -2.5);
    const stft_geometry g = geometry_of(rate);
    for (int rule = SORDINO_GAIN_LSA; rule <= SORDINO_GAIN_WIENER; rule++) {
        wiener *w = make(&g, (sordino_gain_rule)rule);
        noise_track *t;
        double clean[WIDEST] = {0};
        float power[WIDEST], gains[WIDEST];
        uint64_t random = test_seed(1);
        assert_int_equal(noise_track_new(g.bins, g.hop / g.rate, &t, NULL), SORDINO_OK);
        for (int m = 0; m < 400; m++) {
            frame_of(power, g.bins, m, &random);
            noise_track_push(t, power);
            wiener_push(w, power, gains);
            for (uint32_t k = 0; k < g.bins; k++) {
                const double noise = (double)noise_track_psd(t)[k], p = (double)power[k];
                const double gamma = p / noise;
                const double xi = fmax(
                    alpha * clean[k] / noise + (1.0 - alpha) * fmax(gamma - 1.0, 0.0), floor_xi);
                const double share = xi / (1.0 + xi);
                double gain = share;
                if (rule == SORDINO_GAIN_LSA)
                    gain = fmin(share * exp(0.5 * e1(fmax(share * gamma, 1e-6))), 1.0);
                assert_true(fabs((double)gains[k] - gain) < tolerance * gain);
                /* From our own gain, so that rounding does not add up over frames. */
                clean[k] = (double)gains[k] * (double)gains[k] * p;
            }
        }
        noise_track_free(t);
        wiener_free(w);
    }
}

static void steady_noise_is_taken_down_and_a_loud_tone_is_kept(void **state)
{
    (void)state;
    const stft_geometry g = geometry_of(rate);
    uint64_t random = test_seed(2);
    for (int rule = SORDINO_GAIN_LSA; rule <= SORDINO_GAIN_WIENER; rule++) {
        wiener *w = make(&g, (sordino_gain_rule)rule);
        float power[WIDEST], gains[WIDEST];
        double in = 0.0, out = 0.0, tone = 1.0;
        for (int m = 0; m < 500; m++) {
            frame_of(power, g.bins, 0, &random);
            if (m >= 250)
                power[40] = 1e4f;
            wiener_push(w, power, gains);
            for (uint32_t k = 0; k < g.bins && m >= 125; k++)
                if (k != 40) {
                    in += (double)power[k];
                    out += (double)(gains[k] * gains[k] * power[k]);
                }
            if (m >= 260)
                tone = fmin(tone, (double)gains[40]);
        }
        assert_true(10.0 * log10(in / out) > 14.0);
        assert_true(tone > 0.98);
        wiener_free(w);
    }
}

/* Nothing of the start may come out louder than it went in, and after 0.1 s steady noise is down.
 */
static void the_start_of_a_stream_is_no_blast(void **state)
{
    (void)state;
    const stft_geometry g = geometry_of(rate);
    uint64_t random = test_seed(3);
    wiener *w = make(&g, SORDINO_GAIN_LSA);
    stft *s;
    float hop[WIDEST], bins[2 * WIDEST], power[WIDEST], gains[WIDEST];
    double in = 0.0, out = 0.0;
    assert_int_equal(stft_new(&g, &s, NULL), SORDINO_OK);
    for (int m = 0; m < 50; m++) {
        for (uint32_t i = 0; i < g.hop; i++) {
            hop[i] = (float)(0.1 * test_normal(&random));
            in += m < 38 ? (double)(hop[i] * hop[i]) : 0.0;
        }
        stft_analyse(s, hop, bins);
        for (uint32_t k = 0; k < g.bins; k++)
            power[k] = bins[2 * k] * bins[2 * k] + bins[2 * k + 1] * bins[2 * k + 1];
        wiener_push(w, power, gains);
        for (uint32_t k = 0; k < g.bins; k++) {
            bins[2 * k] *= gains[k];
            bins[2 * k + 1] *= gains[k];
        }
        stft_synthesise(s, bins, hop);
        for (uint32_t i = 0; i < g.hop && m < 38; i++)
            out += (double)(hop[i] * hop[i]);
    }
    assert_true(10.0 * log10(out / in) < -6.0); /* over the first 0.3 s */
    stft_free(s);
    wiener_free(w);
}

static void gains_do_not_depend_on_the_level(void **state)
{
    (void)state;
    const stft_geometry g = geometry_of(rate);
    const float scale = 0x1p-60f; /* rounds nothing */
    uint64_t random = test_seed(4);
    wiener *a = make(&g, SORDINO_GAIN_LSA), *b = make(&g, SORDINO_GAIN_LSA);
    float power[WIDEST], scaled[WIDEST], gains[WIDEST], again[WIDEST];
    for (int m = 0; m < 300; m++) {
        frame_of(power, g.bins, m, &random);
        for (uint32_t k = 0; k < g.bins; k++)
            scaled[k] = power[k] * scale;
        wiener_push(a, power, gains);
        wiener_push(b, scaled, again);
        assert_memory_equal(gains, again, g.bins * sizeof *gains);
    }
    wiener_free(a);
    wiener_free(b);
}

static void any_power_gives_gains_within_0_and_1_and_is_got_over(void **state)
{
    (void)state;
    const float powers[] = {0.0f, FLT_TRUE_MIN, 1e-38f, 1e-20f, 1.0f, 1e20f, FLT_MAX, INFINITY};
    const stft_geometry g = geometry_of(rate);
    uint64_t random = test_seed(5);
    for (int rule = SORDINO_GAIN_LSA; rule <= SORDINO_GAIN_WIENER; rule++) {
        wiener *w = make(&g, (sordino_gain_rule)rule);
        float power[WIDEST], gains[WIDEST], psd[WIDEST];
        for (int m = 0; m < 2000; m++) {
            for (uint32_t k = 0; k < g.bins; k++)
                power[k] = powers[test_random(&random) % 8];
            wiener_push(w, power, gains);
            for (uint32_t k = 0; k < g.bins; k++)
                assert_true(gains[k] >= 0.0f && gains[k] <= 1.0f);
            if (m % 100 == 50)
                wiener_set_learn(w, m % 200 == 50);
        }
        wiener_set_learn(w, true);
        wiener_push(w, power, gains);
        wiener_set_learn(w, false);
        assert_true(wiener_get_profile(w, psd));
        for (uint32_t k = 0; k < g.bins; k++)
            assert_true(isfinite(psd[k]) && psd[k] >= 0.0f);
        /* Ordinary noise afterwards is taken down again. */
        wiener_set_profile(w, NULL, 0, 0.0);
        double in = 0.0, out = 0.0;
        for (int m = 0; m < 1300; m++) { /* falls 8.7 dB in 72 ms, from 360 */
            frame_of(power, g.bins, 0, &random);
            wiener_push(w, power, gains);
            for (uint32_t k = 0; k < g.bins && m > 1100; k++) {
                in += (double)power[k];
                out += (double)(gains[k] * gains[k] * power[k]);
            }
        }
        assert_true(10.0 * log10(in / out) > 10.0);
        wiener_free(w);
    }
}

/* White noise of variance v has the one-sided density 2 v / rate. */
static void a_learned_profile_is_in_power_per_hertz(void **state)
{
    (void)state;
    const double variance = 0.04, seconds = 8.0;
    uint64_t random = test_seed(6);
    const double rates[] = {8000.0, 44100.0};
    for (int r = 0; r < 2; r++) {
        const stft_geometry g = geometry_of(rates[r]);
        wiener *w = make(&g, SORDINO_GAIN_LSA);
        stft *s;
        float hop[WIDEST], bins[2 * WIDEST], power[WIDEST], gains[WIDEST], psd[WIDEST];
        assert_int_equal(stft_new(&g, &s, NULL), SORDINO_OK);
        assert_false(wiener_get_profile(w, psd));
        wiener_set_learn(w, true);
        wiener_set_learn(w, false); /* no frame: nothing learned */
        assert_false(wiener_get_profile(w, psd));
        for (int m = 0; m < seconds * g.rate / g.hop; m++) {
            for (uint32_t i = 0; i < g.hop; i++)
                hop[i] = (float)(sqrt(variance) * test_normal(&random));
            stft_analyse(s, hop, bins);
            for (uint32_t k = 0; k < g.bins; k++)
                power[k] = bins[2 * k] * bins[2 * k] + bins[2 * k + 1] * bins[2 * k + 1];
            if (m == 10)
                wiener_set_learn(w, true);
            wiener_push(w, power, gains);
        }
        wiener_set_learn(w, false);
        assert_true(wiener_get_profile(w, psd));
        double mean = 0.0;
        for (uint32_t k = 1; k + 1 < g.bins; k++) {
            mean += (double)psd[k] / (g.bins - 2);
            assert_true(fabs(10.0 * log10((double)psd[k] * g.rate / (2.0 * variance))) < 2.0);
        }
        assert_true(fabs(10.0 * log10(mean * g.rate / (2.0 * variance))) < 0.1);
        stft_free(s);
        wiener_free(w);
    }
}

static void a_profile_is_interpolated_on_hertz_and_survives_reset(void **state)
{
    (void)state;
    const double theirs = 10000.0;
    const float psd[] = {1e-6f, 3e-6f, 2e-6f, 0.0f, 5e-6f, 4e-6f}; /* 0, 1, .. 5 kHz */
    const stft_geometry g = geometry_of(rate);
    wiener *w = make(&g, SORDINO_GAIN_WIENER);
    float own[WIDEST], power[WIDEST], gains[WIDEST];
    wiener_set_profile(w, psd, 6, theirs);
    wiener_reset(w);
    assert_true(wiener_get_profile(w, own));
    for (uint32_t k = 0; k < g.bins; k++) {
        const double khz = fmin(k * g.rate / g.window / 1000.0, 5.0);
        const int low = khz < 5.0 ? (int)khz : 4;
        const double wanted =
            (double)psd[low] + (khz - low) * ((double)psd[low + 1] - (double)psd[low]);
        assert_true(fabs((double)own[k] - wanted) < 1e-5 * 5e-6);
        power[k] = 1.0f; /* loud enough for the profile to be believed */
    }
    wiener_push(w, power, gains);
    for (uint32_t k = 0; k < g.bins; k++)
        power[k] = 1e-9f; /* far below the profile, but where it is 0 */
    for (int m = 0; m < 60; m++)
        wiener_push(w, power, gains);
    assert_true(gains[10] < 0.1f);
    assert_true(gains[96] == 1.0f); /* 3 kHz: no noise there */
    wiener_set_profile(w, NULL, 0, 0.0);
    assert_false(wiener_get_profile(w, own));
    wiener_free(w);
}

static void a_noise_that_cannot_be_this_signals_takes_nothing_away(void **state)
{
    (void)state;
    const float densities[] = {0.0f, FLT_TRUE_MIN, 1e-36f, 1.0f, 1e20f, FLT_MAX};
    const noise_doubt doubts[] = {NOISE_ZERO,     NOISE_ZERO,     NOISE_ZERO,
                                  NOISE_TOO_LOUD, NOISE_TOO_LOUD, NOISE_TOO_LOUD};
    const stft_geometry g = geometry_of(rate);
    uint64_t random = test_seed(8);
    for (int rule = SORDINO_GAIN_LSA; rule <= SORDINO_GAIN_WIENER; rule++)
        for (int i = 0; i < 6; i++) {
            wiener *w = make(&g, (sordino_gain_rule)rule);
            const float psd[2] = {densities[i], densities[i]};
            float power[WIDEST], gains[WIDEST];
            wiener_set_profile(w, psd, 2, rate);
            for (int m = 0; m < 100; m++) {
                frame_of(power, g.bins, m, &random);
                wiener_push(w, power, gains);
                for (uint32_t k = 0; k < g.bins; k++)
                    assert_true(gains[k] == 1.0f);
            }
            assert_int_equal(wiener_doubt(w), doubts[i]);
            wiener_set_profile(w, NULL, 0, 0.0);
            wiener_push(w, power, gains);
            assert_int_equal(wiener_doubt(w), NOISE_FITS);
            wiener_free(w);
        }
}

static void a_loud_noise_is_used_once_it_is_heard(void **state)
{
    (void)state;
    const stft_geometry g = geometry_of(rate);
    wiener *w = make(&g, SORDINO_GAIN_WIENER);
    float power[WIDEST], gains[WIDEST];
    wiener_set_learn(w, true);
    for (uint32_t k = 0; k < g.bins; k++)
        power[k] = 1.0f;
    wiener_push(w, power, gains);
    wiener_set_learn(w, false);
    wiener_reset(w);
    for (uint32_t k = 0; k < g.bins; k++)
        power[k] = 1e-4f;
    wiener_push(w, power, gains);
    assert_true(gains[9] == 1.0f && wiener_doubt(w) == NOISE_TOO_LOUD);
    for (uint32_t k = 0; k < g.bins; k++)
        power[k] = 1.0f;
    for (int m = 0; m < 60; m++)
        wiener_push(w, power, gains);
    assert_true(gains[9] < 0.1f && wiener_doubt(w) == NOISE_FITS);
    wiener_free(w);
}

/* Given its own profile back, a filter works as the one that learned it. */
static void a_profile_that_was_got_can_be_set(void **state)
{
    (void)state;
    const stft_geometry g = geometry_of(rate);
    uint64_t random = test_seed(7);
    wiener *a = make(&g, SORDINO_GAIN_LSA), *b = make(&g, SORDINO_GAIN_LSA);
    float power[WIDEST], gains[WIDEST], again[WIDEST], psd[WIDEST];
    wiener_set_learn(a, true);
    for (int m = 0; m < 100; m++) {
        frame_of(power, g.bins, 0, &random);
        wiener_push(a, power, gains);
        wiener_push(b, power, gains);
    }
    wiener_set_learn(a, false);
    assert_true(wiener_get_profile(a, psd));
    wiener_set_profile(b, psd, g.bins, g.rate);
    wiener_reset(a);
    wiener_reset(b);
    for (int m = 0; m < 100; m++) {
        frame_of(power, g.bins, m, &random);
        wiener_push(a, power, gains);
        wiener_push(b, power, again);
        for (uint32_t k = 0; k < g.bins; k++)
            assert_true(fabs((double)gains[k] - (double)again[k]) < 1e-4);
    }
    wiener_free(a);
    wiener_free(b);
}

static void reset_gives_the_state_after_new(void **state)
{
    (void)state;
    const stft_geometry g = geometry_of(rate);
    uint64_t random = test_seed(8);
    wiener *a = make(&g, SORDINO_GAIN_LSA), *b = make(&g, SORDINO_GAIN_LSA);
    float power[WIDEST], gains[WIDEST], again[WIDEST];
    for (int m = 0; m < 300; m++) {
        frame_of(power, g.bins, m, &random);
        wiener_push(a, power, gains);
    }
    wiener_reset(a);
    for (int m = 0; m < 300; m++) {
        frame_of(power, g.bins, m, &random);
        wiener_push(a, power, gains);
        wiener_push(b, power, again);
        assert_memory_equal(gains, again, g.bins * sizeof *gains);
    }
    wiener_free(a);
    wiener_free(b);
}

static void no_allocation_may_fail_unnoticed(void **state)
{
    (void)state;
    const stft_geometry g = geometry_of(rate);
    size_t n = 0;
    for (int failed = 1; failed; n++) {
        wiener *w;
        failing_alloc_arm(n);
        const sordino_status status = wiener_new(&g, SORDINO_GAIN_LSA, &w, NULL);
        failed = failing_alloc_disarm();
        assert_int_equal(status, failed ? SORDINO_NO_MEM : SORDINO_OK);
        assert_int_equal(w == NULL, failed);
        wiener_free(w);
    }
    assert_true(n > 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gains_are_those_of_the_plain_formulas),
        cmocka_unit_test(steady_noise_is_taken_down_and_a_loud_tone_is_kept),
        cmocka_unit_test(the_start_of_a_stream_is_no_blast),
        cmocka_unit_test(gains_do_not_depend_on_the_level),
        cmocka_unit_test(any_power_gives_gains_within_0_and_1_and_is_got_over),
        cmocka_unit_test(a_learned_profile_is_in_power_per_hertz),
        cmocka_unit_test(a_profile_is_interpolated_on_hertz_and_survives_reset),
        cmocka_unit_test(a_noise_that_cannot_be_this_signals_takes_nothing_away),
        cmocka_unit_test(a_loud_noise_is_used_once_it_is_heard),
        cmocka_unit_test(a_profile_that_was_got_can_be_set),
        cmocka_unit_test(reset_gives_the_state_after_new),
        cmocka_unit_test(no_allocation_may_fail_unnoticed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
