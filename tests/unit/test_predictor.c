#include "core/dsp/predictor.h"

#include "tests/support/cmocka_all.h"
#include "tests/support/failing_alloc.h"
#include "tests/support/signals.h"

#include <float.h>
#include <stdlib.h>
#include <string.h>

enum { N = 20000, SETTLED = N / 2, TAPS = 32 };
static double clean[N];
static float noisy[N], out[N];

static predictor *make(uint32_t taps)
{
    predictor *p;
    assert_int_equal(predictor_new(taps, &p, NULL), SORDINO_OK);
    return p;
}

static void filter(uint32_t taps, const float *x, float *y)
{
    predictor *p = make(taps);
    for (size_t i = 0; i < N; i++)
        y[i] = predictor_push(p, x[i]);
    predictor_free(p);
}

static void add_noise(double level, uint64_t *random)
{
    for (size_t i = 0; i < N; i++)
        noisy[i] = (float)(clean[i] + level * test_normal(random));
}

static double error_db(const float *y)
{
    double sum = 0.0;
    for (size_t i = SETTLED; i < N; i++)
        sum += pow((double)y[i] - clean[i], 2.0) / (N - SETTLED);
    return 10.0 * log10(sum);
}

/* dB by which the error falls below the noise. */
static double improvement(uint32_t taps)
{
    filter(taps, noisy, out);
    return error_db(noisy) - error_db(out);
}

static double best_moving_average(void)
{
    static float y[N];
    double best = 0.0;
    for (size_t width = 2; width <= 64; width *= 2) {
        double total = 0.0;
        for (size_t i = 0; i < N; i++) {
            total += (double)noisy[i] - (i >= width ? (double)noisy[i - width] : 0.0);
            y[i] = (float)(total / (double)width);
        }
        best = fmax(best, error_db(noisy) - error_db(y));
    }
    return best;
}

static void heart_beats(void)
{
    for (size_t i = 0; i < N; i++) {
        const double t = fmod((double)i / 300.0, 1.0); /* Gaussian P, R, S and T waves */
        clean[i] = 0.10 * exp(-0.5 * pow((t - 0.35) / 0.025, 2.0)) +
                   1.00 * exp(-0.5 * pow((t - 0.50) / 0.010, 2.0)) -
                   0.20 * exp(-0.5 * pow((t - 0.53) / 0.012, 2.0)) +
                   0.25 * exp(-0.5 * pow((t - 0.75) / 0.040, 2.0));
    }
}

static void tones_and_beats_come_out_of_broadband_noise(void **state)
{
    (void)state;
    uint64_t random = test_seed(1);
    const double steps[] = {0.05, 0.5, 1.7}; /* radians a sample */
    const double least[] = {8.0, 10.0, 10.0};
    for (int c = 0; c < 3; c++) {
        for (size_t i = 0; i < N; i++)
            clean[i] = 5.0 + sin(steps[c] * (double)i);
        add_noise(0.3, &random);
        const double ours = improvement(TAPS);
        printf("tone of %g: %.1f dB, moving average %.1f dB\n", steps[c], ours,
               best_moving_average());
        assert_true(ours > least[c] && ours > best_moving_average());
    }
    heart_beats();
    add_noise(0.1, &random);
    const double ours = improvement(TAPS);
    printf("heart beats: %.1f dB, moving average %.1f dB\n", ours, best_moving_average());
    assert_true(ours > 3.0 && ours > best_moving_average());
}

static void more_taps_find_a_tone_more_finely(void **state)
{
    (void)state;
    uint64_t random = test_seed(2);
    for (size_t i = 0; i < N; i++)
        clean[i] = sin(0.5 * (double)i);
    add_noise(0.3, &random);
    double before = 0.0;
    for (uint32_t taps = 8; taps <= 128; taps *= 4) {
        const double now = improvement(taps);
        assert_true(now > before);
        before = now;
    }
}

static void predictable_signals_pass(void **state)
{
    (void)state;
    for (size_t i = 0; i < N; i++) {
        clean[i] = -7.25;
        noisy[i] = -7.25f;
    }
    filter(TAPS, noisy, out);
    for (size_t i = 0; i < N; i++)
        assert_true(out[i] == -7.25f);
    for (size_t i = 0; i < N; i++) {
        clean[i] = sin(0.3 * (double)i);
        noisy[i] = (float)clean[i];
    }
    filter(TAPS, noisy, out);
    assert_true(error_db(out) < -30.0);
}

/* What comes by surprise is followed at once, not smoothed away. */
static void a_step_out_of_the_noise_is_followed(void **state)
{
    (void)state;
    uint64_t random = test_seed(3);
    for (size_t i = 0; i < N; i++)
        clean[i] = i < N - 100 ? 0.0 : 20.0;
    add_noise(0.1, &random);
    filter(TAPS, noisy, out);
    for (size_t i = N - 98; i < N; i++)
        assert_true(fabs((double)out[i] - 20.0) < 4.0);
}

static void a_step_after_a_flat_start_is_followed(void **state)
{
    (void)state;
    enum { FLAT = 100, END = 2000 };
    uint64_t random = test_seed(9);
    for (size_t i = 0; i < N; i++)
        noisy[i] = i < FLAT ? 512.0f : 600.0f;
    filter(TAPS, noisy, out);
    for (size_t i = 0; i < N; i++)
        assert_true(fabsf(out[i] - noisy[i]) < 1.0f);
    for (size_t i = FLAT; i < N; i++)
        noisy[i] += (float)(4.0 * test_normal(&random));
    filter(TAPS, noisy, out);
    double sum = 0.0;
    for (size_t i = FLAT; i < END; i++)
        sum += pow((double)out[i] - 600.0, 2.0) / (END - FLAT);
    assert_true(sqrt(sum) < 3.0); /* and noise is still taken down */
}

static void gaps_are_filled_by_the_prediction(void **state)
{
    (void)state;
    for (size_t i = 0; i < N; i++) {
        clean[i] = sin(0.3 * (double)i);
        noisy[i] = (float)clean[i];
        if (i < 20 || (i > SETTLED && i % 500 < 8))
            noisy[i] = i % 3 == 0 ? NAN : i % 3 == 1 ? INFINITY : -INFINITY;
    }
    filter(TAPS, noisy, out);
    for (size_t i = 0; i < N; i++)
        assert_true(isfinite(out[i]) && (i >= 20 || out[i] == 0.0f));
    assert_true(error_db(out) < -25.0);
}

static void a_gain_on_the_input_is_a_gain_on_the_output(void **state)
{
    (void)state;
    static float scaled[N], again[N];
    const float exact[] = {0x1p-40f, 0x1p60f}, rounded[] = {1e-6f, 1e6f};
    uint64_t random = test_seed(4);
    heart_beats();
    add_noise(0.1, &random);
    filter(TAPS, noisy, out);
    for (int g = 0; g < 2; g++) {
        for (size_t i = 0; i < N; i++)
            scaled[i] = noisy[i] * exact[g];
        filter(TAPS, scaled, again);
        for (size_t i = 0; i < N; i++)
            assert_true(again[i] == out[i] * exact[g]);
        for (size_t i = 0; i < N; i++)
            scaled[i] = noisy[i] * rounded[g];
        filter(TAPS, scaled, again);
        for (size_t i = 0; i < N; i++) /* the input is rounded to 6e-8 of its size, 1 */
            assert_true(fabs((double)again[i] / (double)rounded[g] - (double)out[i]) < 1e-5);
    }
}

/* Whatever came before, the filter must be of use again a while after. */
static void any_input_gives_finite_output_and_is_got_over(void **state)
{
    (void)state;
    const float values[] = {FLT_MAX, -FLT_MAX, FLT_TRUE_MIN, 0.0f, 1.0f, -1e-30f, 1e30f, NAN};
    const uint32_t taps[] = {1, 2, 7, 32, 1024};
    uint64_t random = test_seed(5);
    for (size_t i = 0; i < N; i++)
        clean[i] = sin(0.5 * (double)i);
    add_noise(0.3, &random);
    for (int t = 0; t < 5; t++) {
        predictor *p = make(taps[t]);
        const size_t wild = taps[t] > 100 ? 3000 : 30000;
        for (size_t i = 0; i < wild; i++) {
            /* Long runs, too: the tiniest input right after the largest. */
            const size_t kind = i < wild / 2 ? test_random(&random) % 8 : i / (taps[t] + 3) % 7;
            assert_true(isfinite(predictor_push(p, values[kind])));
        }
        for (size_t i = 0; i < 4 * N; i++) /* the memory of 1024 taps is some 100000 samples */
            out[i % N] = predictor_push(p, noisy[i % N]);
        printf("%u taps after wild input: %.1f dB\n", taps[t], error_db(out));
        /* The tone itself has -3 dB. 1024 taps need longer, their weights being bounded is all. */
        assert_true(error_db(out) < (taps[t] > 100 ? 8.0 : -4.0));
        predictor_free(p);
    }
}

static void reset_gives_the_state_after_new(void **state)
{
    (void)state;
    static float again[N];
    uint64_t random = test_seed(6);
    heart_beats();
    add_noise(0.1, &random);
    predictor *p = make(TAPS);
    for (size_t i = 0; i < N; i++)
        predictor_push(p, 100.0f * noisy[i]);
    predictor_reset(p);
    for (size_t i = 0; i < N; i++)
        out[i] = predictor_push(p, noisy[i]);
    predictor_free(p);
    filter(TAPS, noisy, again);
    assert_memory_equal(out, again, sizeof out);
}

static void bad_arguments_and_failing_memory_are_told(void **state)
{
    (void)state;
    predictor *p = (predictor *)&p;
    assert_int_equal(predictor_new(0, &p, NULL), SORDINO_BAD_ARG);
    assert_null(p);
    assert_int_equal(predictor_new(1025, &p, NULL), SORDINO_BAD_ARG);
    size_t n = 0;
    for (int failed = 1; failed; n++) {
        failing_alloc_arm(n);
        const sordino_status status = predictor_new(5, &p, NULL);
        failed = failing_alloc_disarm();
        assert_int_equal(status, failed ? SORDINO_NO_MEM : SORDINO_OK);
        assert_int_equal(p == NULL, failed);
        predictor_free(p);
    }
    assert_true(n > 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tones_and_beats_come_out_of_broadband_noise),
        cmocka_unit_test(more_taps_find_a_tone_more_finely),
        cmocka_unit_test(predictable_signals_pass),
        cmocka_unit_test(a_step_out_of_the_noise_is_followed),
        cmocka_unit_test(a_step_after_a_flat_start_is_followed),
        cmocka_unit_test(gaps_are_filled_by_the_prediction),
        cmocka_unit_test(a_gain_on_the_input_is_a_gain_on_the_output),
        cmocka_unit_test(any_input_gives_finite_output_and_is_got_over),
        cmocka_unit_test(reset_gives_the_state_after_new),
        cmocka_unit_test(bad_arguments_and_failing_memory_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
