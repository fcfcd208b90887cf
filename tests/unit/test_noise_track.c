#include "core/dsp/noise_track.h"

#include "tests/support/cmocka_all.h"
#include "tests/support/failing_alloc.h"
#include "tests/support/signals.h"

#include <float.h>
#include <stdlib.h>
#include <string.h>

enum { N = 257 };
static const double hop = 0.008; /* s */

static noise_track *make(uint32_t n, double hop_s)
{
    noise_track *t;
    assert_int_equal(noise_track_new(n, hop_s, &t, NULL), SORDINO_OK);
    return t;
}

static uint32_t frames_of(double seconds, double hop_s)
{
    return (uint32_t)(seconds / hop_s);
}

/* Periodograms of white noise: exponential, of mean `level`. */
static void noise_frame(float *power, double level, uint64_t *random)
{
    for (int i = 0; i < N; i++)
        power[i] = (float)(-level * log(1.0 - test_uniform(random)));
}

static void push_noise(noise_track *t, double level, double seconds, double hop_s, uint64_t *random)
{
    float power[N];
    for (uint32_t m = 0; m < frames_of(seconds, hop_s); m++) {
        noise_frame(power, level, random);
        noise_track_push(t, power);
    }
}

/* Error of the mean over bins, dB. */
static double bias_db(const noise_track *t, double level)
{
    double sum = 0.0;
    for (int i = 0; i < N; i++)
        sum += (double)noise_track_psd(t)[i] / N;
    return 10.0 * log10(sum / level);
}

static void the_level_of_steady_noise_is_found_at_any_hop(void **state)
{
    (void)state;
    const double most = 1.5; /* dB; fixed priors take the highest noise peaks for speech */
    const double hops[] = {0.001, 0.0025, 0.008, 0.016, 0.03};
    uint64_t random = test_seed(1);
    for (int h = 0; h < 5; h++) {
        noise_track *t = make(N, hops[h]);
        push_noise(t, 3.0, 3.0 + 20.0 * hops[h], hops[h], &random);
        assert_true(fabs(bias_db(t, 3.0)) < most);
        noise_track_free(t);
    }
}

static void steps_of_the_level_are_followed_in_bounded_time(void **state)
{
    (void)state;
    const double near = 2.0;                 /* dB */
    const double up_small = 1.5, down = 1.0; /* s */
    const double up_large = 7.5;             /* s: the span of the safety net, and smoothing */
    uint64_t random = test_seed(2);
    noise_track *t = make(N, hop);
    push_noise(t, 1.0, 2.0, hop, &random);
    push_noise(t, 4.0, up_small, hop, &random); /* +6 dB */
    assert_true(fabs(bias_db(t, 4.0)) < near);
    push_noise(t, 1e-3, down, hop, &random); /* -36 dB */
    assert_true(fabs(bias_db(t, 1e-3)) < near);
    push_noise(t, 1e6, up_large, hop, &random); /* +90 dB */
    assert_true(fabs(bias_db(t, 1e6)) < near);
    noise_track_free(t);
}

static void noise_after_digital_silence_is_taken_at_once(void **state)
{
    (void)state;
    uint64_t random = test_seed(3);
    noise_track *t = make(N, hop);
    push_noise(t, 0.0, 3.0, hop, &random);
    for (int i = 0; i < N; i++)
        assert_true(noise_track_psd(t)[i] == 0.0f);
    push_noise(t, 2.0, 0.5, hop, &random);
    assert_true(fabs(bias_db(t, 2.0)) < 3.0);
    noise_track_free(t);
}

static void speech_at_the_start_is_forgotten_within_a_second(void **state)
{
    (void)state;
    uint64_t random = test_seed(4);
    noise_track *t = make(N, hop);
    push_noise(t, 1e4, 0.3, hop, &random); /* 40 dB above the noise */
    push_noise(t, 1.0, 1.0, hop, &random);
    assert_true(fabs(bias_db(t, 1.0)) < 2.0);
    noise_track_free(t);
}

/* Syllables 20 dB above the noise, half of the time. */
static void speech_does_not_raise_the_estimate(void **state)
{
    (void)state;
    const double most = 3.0; /* dB */
    uint64_t random = test_seed(5);
    noise_track *t = make(N, hop);
    double worst = 0.0;
    push_noise(t, 1.0, 1.0, hop, &random);
    for (int syllable = 0; syllable < 20; syllable++) {
        push_noise(t, 100.0, 0.2, hop, &random);
        worst = fmax(worst, bias_db(t, 1.0));
        push_noise(t, 1.0, 0.2, hop, &random);
    }
    assert_true(worst < most);
    noise_track_free(t);
}

static void a_gain_on_the_input_is_a_gain_on_the_estimate(void **state)
{
    (void)state;
    const float gain = 0x1p-40f; /* rounds nothing */
    uint64_t random = test_seed(6);
    noise_track *a = make(N, hop), *b = make(N, hop);
    float power[N], scaled[N];
    for (int m = 0; m < 500; m++) {
        noise_frame(power, m % 90 < 30 ? 50.0 : 1.0, &random);
        for (int i = 0; i < N; i++)
            scaled[i] = power[i] * gain;
        noise_track_push(a, power);
        noise_track_push(b, scaled);
        for (int i = 0; i < N; i++)
            assert_true(noise_track_psd(b)[i] == noise_track_psd(a)[i] * gain);
    }
    noise_track_free(a);
    noise_track_free(b);
}

static void extreme_powers_keep_the_estimate_finite(void **state)
{
    (void)state;
    const float powers[] = {0.0f, FLT_TRUE_MIN, FLT_MIN, 1e-30f, 1.0f, 1e30f, FLT_MAX};
    uint64_t random = test_seed(7);
    noise_track *t = make(N, hop);
    float power[N];
    float seen[N] = {0};
    for (int m = 0; m < 5000; m++) {
        for (int i = 0; i < N; i++)
            power[i] = powers[(test_random(&random) >> (m % 50 == 0 ? 20 : 40)) % 7];
        noise_track_push(t, power);
        for (int i = 0; i < N; i++) {
            seen[i] = fmaxf(seen[i], power[i]);
            assert_true(isfinite(noise_track_psd(t)[i]) && noise_track_psd(t)[i] >= 0.0f);
            assert_true(noise_track_psd(t)[i] <= seen[i]);
        }
    }
    noise_track_free(t);
}

static void reset_gives_the_state_after_new(void **state)
{
    (void)state;
    uint64_t random = test_seed(8);
    noise_track *a = make(N, hop), *b = make(N, hop);
    float power[N];
    push_noise(a, 7.0, 3.0, hop, &random);
    noise_track_reset(a);
    for (int m = 0; m < 1500; m++) {
        noise_frame(power, 1.0, &random);
        noise_track_push(a, power);
        noise_track_push(b, power);
        assert_memory_equal(noise_track_psd(a), noise_track_psd(b), sizeof power);
    }
    noise_track_free(a);
    noise_track_free(b);
}

static void bad_arguments_and_failing_memory_are_told(void **state)
{
    (void)state;
    noise_track *t;
    assert_int_equal(noise_track_new(0, hop, &t, NULL), SORDINO_BAD_ARG);
    assert_int_equal(noise_track_new(5, 0.0, &t, NULL), SORDINO_BAD_ARG);
    assert_int_equal(noise_track_new(5, (double)NAN, &t, NULL), SORDINO_BAD_ARG);
    assert_null(t);
    size_t n = 0;
    for (int failed = 1; failed; n++) {
        failing_alloc_arm(n);
        const sordino_status status = noise_track_new(N, hop, &t, NULL);
        failed = failing_alloc_disarm();
        assert_int_equal(status, failed ? SORDINO_NO_MEM : SORDINO_OK);
        assert_int_equal(t == NULL, failed);
        noise_track_free(t);
    }
    assert_true(n > 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_level_of_steady_noise_is_found_at_any_hop),
        cmocka_unit_test(steps_of_the_level_are_followed_in_bounded_time),
        cmocka_unit_test(noise_after_digital_silence_is_taken_at_once),
        cmocka_unit_test(speech_at_the_start_is_forgotten_within_a_second),
        cmocka_unit_test(speech_does_not_raise_the_estimate),
        cmocka_unit_test(a_gain_on_the_input_is_a_gain_on_the_estimate),
        cmocka_unit_test(extreme_powers_keep_the_estimate_finite),
        cmocka_unit_test(reset_gives_the_state_after_new),
        cmocka_unit_test(bad_arguments_and_failing_memory_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
