/* What callers lean on besides the sound: configurations that grow, missing pointers, controls from
 * other threads, the calls for whole and interleaved buffers, versions. */
#include "tests/support/cmocka_all.h"
#include "tests/support/models.h"
#include "tests/support/signals.h"

#include <sordino/sordino.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { RATE = 16000, N = 16000 };

static sordino_config config_for(sordino_method method, uint32_t channels)
{
    sordino_config config;
    sordino_config_init(&config);
    config.method = method;
    config.rate = RATE;
    config.channels = channels;
    return config;
}

static sordino_denoiser *make(const sordino_config *config, const sordino_model *model)
{
    sordino_denoiser *d = NULL;
    sordino_error why = {SORDINO_OK, ""};
    if (sordino_denoiser_new(config, model, &d, &why) != SORDINO_OK)
        fail_msg("%s", why.text);
    return d;
}

/* ---- the configuration ---- */

static void a_configuration_that_knows_less_or_more_is_served(void **state)
{
    (void)state;
    struct {
        sordino_config config;
        unsigned char later[64]; /* fields of versions to come */
    } big;
    sordino_denoiser *d = NULL;
    sordino_error why;
    memset(&big, 0x5a, sizeof big);
    sordino_config_init_size(&big.config, sizeof big);
    assert_int_equal(big.config.size, sizeof big);
    for (size_t i = 0; i < sizeof big.later; i++)
        assert_int_equal(big.later[i], 0);
    assert_int_equal(sordino_denoiser_new(&big.config, NULL, &d, &why), SORDINO_OK);
    sordino_denoiser_free(d);
    big.later[63] = 1; /* asks for what this version does not have */
    assert_int_equal(sordino_denoiser_new(&big.config, NULL, &d, &why), SORDINO_UNSUPPORTED);
    assert_null(d);
    big.config.size = 0; /* never initialised */
    assert_int_equal(sordino_denoiser_new(&big.config, NULL, &d, &why), SORDINO_BAD_ARG);
    big.config.size = sizeof(sordino_config) - 1;
    assert_int_equal(sordino_denoiser_new(&big.config, NULL, &d, &why), SORDINO_BAD_ARG);
    memset(&big, 0x5a, sizeof big);
    sordino_config_init(&big.config);
    assert_int_equal(big.later[0], 0x5a);
    memset(&big, 0x5a, sizeof big);
    sordino_config_init_size(&big.config, 8); /* nonsense writes no further than it says */
    assert_int_equal(((unsigned char *)&big)[8], 0x5a);
}

/* ---- NULL ---- */

static void functions_with_a_status_refuse_null(void **state)
{
    (void)state;
    const sordino_config config = config_for(SORDINO_METHOD_WIENER, 1);
    const sordino_config network = config_for(SORDINO_METHOD_NETWORK, 1);
    sordino_denoiser *d = NULL;
    sordino_profile *p = NULL;
    sordino_model *m = NULL;
    uint32_t latency = 7;
    void *bytes = NULL;
    size_t size = 0;
    float x[1] = {0.0f};
    assert_int_equal(sordino_denoiser_new(NULL, NULL, &d, NULL), SORDINO_BAD_ARG);
    assert_int_equal(sordino_denoiser_new(&config, NULL, NULL, NULL), SORDINO_BAD_ARG);
    assert_int_equal(sordino_denoiser_new(&network, NULL, &d, NULL), SORDINO_BAD_ARG);
    assert_int_equal(sordino_denoiser_latency_for(NULL, NULL, &latency, NULL), SORDINO_BAD_ARG);
    assert_int_equal(latency, 0);
    assert_int_equal(sordino_denoiser_latency_for(&config, NULL, NULL, NULL), SORDINO_BAD_ARG);
    assert_int_equal(sordino_denoise(NULL, NULL, NULL, x, x, 1, NULL), SORDINO_BAD_ARG);
    assert_int_equal(sordino_denoise(&config, NULL, NULL, NULL, x, 1, NULL), SORDINO_BAD_ARG);
    assert_int_equal(sordino_denoise(&config, NULL, NULL, x, NULL, 1, NULL), SORDINO_BAD_ARG);
    assert_int_equal(sordino_denoise(&config, NULL, NULL, NULL, NULL, 0, NULL), SORDINO_OK);
    assert_int_equal(sordino_denoiser_get_profile(NULL, &p, NULL), SORDINO_BAD_ARG);
    assert_int_equal(sordino_denoiser_blank_profile(NULL, &p, NULL), SORDINO_BAD_ARG);
    d = make(&config, NULL);
    assert_int_equal(sordino_denoiser_get_profile(d, NULL, NULL), SORDINO_BAD_ARG);
    assert_int_equal(sordino_denoiser_blank_profile(d, NULL, NULL), SORDINO_BAD_ARG);
    sordino_denoiser_free(d);
    assert_int_equal(sordino_model_open_bytes(NULL, 1, &m, NULL), SORDINO_BAD_ARG);
    assert_int_equal(sordino_model_open_bytes(x, 4, NULL, NULL), SORDINO_BAD_ARG);
    assert_int_equal(sordino_model_open_path(NULL, &m, NULL), SORDINO_BAD_ARG);
    assert_int_equal(sordino_model_open_path("x", NULL, NULL), SORDINO_BAD_ARG);
    assert_int_equal(sordino_model_open_builtin(NULL, &m, NULL), SORDINO_BAD_ARG);
    assert_int_equal(sordino_model_open_builtin("x", NULL, NULL), SORDINO_BAD_ARG);
    assert_int_equal(sordino_profile_new(NULL, 1, 2, 1.0, &p, NULL), SORDINO_BAD_ARG);
    assert_int_equal(sordino_profile_new(x, 1, 2, 1.0, NULL, NULL), SORDINO_BAD_ARG);
    assert_int_equal(sordino_profile_save_bytes(NULL, &bytes, &size, NULL), SORDINO_BAD_ARG);
    assert_int_equal(sordino_profile_save_path(NULL, "x", NULL), SORDINO_BAD_ARG);
    assert_int_equal(sordino_profile_open_bytes(NULL, 1, &p, NULL), SORDINO_BAD_ARG);
    assert_int_equal(sordino_profile_open_bytes(x, 4, NULL, NULL), SORDINO_BAD_ARG);
    assert_int_equal(sordino_profile_open_path(NULL, &p, NULL), SORDINO_BAD_ARG);
    assert_int_equal(sordino_profile_open_path("x", NULL, NULL), SORDINO_BAD_ARG);
    assert_null(p);
    assert_null(m);
}

static void other_functions_do_nothing_with_null(void **state)
{
    (void)state;
    const sordino_config config = config_for(SORDINO_METHOD_WIENER, 1);
    sordino_denoiser *const d = make(&config, NULL);
    sordino_meters meters = {1.0f, 2.0f, 3.0f};
    float x[4] = {1.0f, 2.0f, 3.0f, 4.0f};
    float *const planes[1] = {x};
    sordino_config_init_size(NULL, 100);
    sordino_denoiser_free(NULL);
    sordino_denoiser_reset(NULL);
    sordino_denoiser_process(NULL, (const float *const *)planes, planes, 4);
    sordino_denoiser_process(d, NULL, planes, 4);
    sordino_denoiser_process(d, (const float *const *)planes, NULL, 4);
    sordino_denoiser_process_interleaved(NULL, x, x, 4);
    sordino_denoiser_process_interleaved(d, NULL, x, 4);
    sordino_denoiser_process_interleaved(d, x, NULL, 4);
    assert_true(x[0] == 1.0f && x[3] == 4.0f);
    assert_int_equal(sordino_denoiser_latency(NULL), 0);
    sordino_denoiser_set_limit(NULL, -6.0);
    sordino_denoiser_set_mix(NULL, 0.5);
    sordino_denoiser_set_delta(NULL, true);
    sordino_denoiser_set_enabled(NULL, true);
    sordino_denoiser_set_learn(NULL, true);
    sordino_denoiser_set_profile(NULL, NULL);
    sordino_denoiser_set_profile(d, NULL);
    assert_false(sordino_denoiser_copy_profile(NULL, NULL));
    assert_false(sordino_denoiser_copy_profile(d, NULL));
    assert_int_equal(sordino_denoiser_warnings(NULL), 0);
    sordino_denoiser_read_meters(NULL, &meters);
    assert_true(meters.input_db == 0.0f && meters.output_db == 0.0f);
    sordino_denoiser_read_meters(d, NULL);
    sordino_model_free(NULL);
    assert_string_equal(sordino_model_name(NULL), "");
    assert_string_equal(sordino_model_licence(NULL), "");
    assert_string_equal(sordino_model_hash(NULL), "");
    assert_null(sordino_model_metadata(NULL, "x"));
    assert_int_equal(sordino_model_parameters(NULL), 0);
    assert_false(sordino_model_is_stft(NULL));
    assert_true(sordino_model_rate(NULL) == 0.0);
    assert_int_equal(sordino_model_latency(NULL, 48000.0), 0);
    sordino_profile_free(NULL);
    sordino_profile_free_bytes(NULL);
    assert_int_equal(sordino_profile_channels(NULL), 0);
    assert_int_equal(sordino_profile_bins(NULL), 0);
    assert_true(sordino_profile_rate(NULL) == 0.0);
    assert_null(sordino_profile_psd(NULL, 0));
    sordino_denoiser_free(d);
}

/* ---- controls from other threads ---- */

static atomic_bool stop;

static void *turn_knobs(void *denoiser)
{
    sordino_denoiser *const d = denoiser;
    for (unsigned i = 0; !atomic_load(&stop); i++) {
        sordino_denoiser_set_limit(d, -(double)(i % 40));
        sordino_denoiser_set_mix(d, (i % 5) * 0.25);
        sordino_denoiser_set_delta(d, i % 2 == 0);
        sordino_denoiser_set_enabled(d, i % 3 == 0);
        (void)sordino_denoiser_latency(d);
    }
    sordino_denoiser_set_enabled(d, false);
    sordino_denoiser_set_delta(d, false);
    return NULL;
}

static void controls_may_be_set_while_another_thread_processes(void **state)
{
    (void)state;
    const sordino_config config = config_for(SORDINO_METHOD_WIENER, 1);
    sordino_denoiser *const d = make(&config, NULL);
    const uint32_t latency = sordino_denoiser_latency(d);
    float *const x = calloc(N, sizeof *x), *const y = calloc(N, sizeof *y);
    uint64_t random = test_seed(1);
    pthread_t other;
    test_voice(x, N, RATE, 0.05, &random);
    atomic_store(&stop, false);
    assert_int_equal(pthread_create(&other, NULL, turn_knobs, d), 0);
    for (size_t at = 0; at < N; at += 100) {
        sordino_denoiser_process_interleaved(d, x + at, y + at, 100);
        for (size_t i = at; i < at + 100; i++)
            assert_true(fabsf(y[i]) < 10.0f);
    }
    atomic_store(&stop, true);
    assert_int_equal(pthread_join(other, NULL), 0);
    /* What was set last holds, once it has glided there. */
    sordino_denoiser_process_interleaved(d, x, y, N);
    for (size_t i = RATE / 40 + latency; i < N; i++)
        assert_true(y[i] == x[i - latency]);
    sordino_denoiser_free(d);
    free(x);
    free(y);
}

/* ---- whole and interleaved buffers ---- */

static void interleaved_is_the_same_as_apart(void **state)
{
    (void)state;
    enum { CHANNELS = 3 };
    float *const x = calloc(CHANNELS * N, sizeof *x), *const planes =
                                                          calloc(CHANNELS * N, sizeof *x);
    float *const mixed = calloc(CHANNELS * N, sizeof *x);
    const sordino_config config = config_for(SORDINO_METHOD_WIENER, CHANNELS);
    sordino_denoiser *const a = make(&config, NULL), *const b = make(&config, NULL);
    uint64_t random = test_seed(2);
    for (size_t c = 0; c < CHANNELS; c++)
        test_voice(x + c * N, N, RATE, 0.05, &random);
    for (size_t c = 0; c < CHANNELS; c++)
        for (size_t i = 0; i < N; i++)
            mixed[i * CHANNELS + c] = x[c * N + i];
    const float *const in[] = {x, x + N, x + 2 * N};
    float *const out[] = {planes, planes + N, planes + 2 * N};
    sordino_denoiser_process(a, in, out, N);
    for (size_t at = 0; at < N;) {
        const size_t step = 1 + (size_t)(test_random(&random) % 3000);
        const size_t n = step < N - at ? step : N - at;
        sordino_denoiser_process_interleaved(b, mixed + at * CHANNELS, mixed + at * CHANNELS, n);
        at += n;
    }
    for (size_t c = 0; c < CHANNELS; c++)
        for (size_t i = 0; i < N; i++)
            assert_true(mixed[i * CHANNELS + c] == planes[c * N + i]);
    sordino_denoiser_free(a);
    sordino_denoiser_free(b);
    free(x);
    free(planes);
    free(mixed);
}

static void a_whole_recording_lines_up(void **state)
{
    (void)state;
    sordino_model *const delay = test_model_wave(1, 7, 4, 0.0);
    sordino_model *const open = test_model_open_gains();
    const struct {
        sordino_method method;
        const sordino_model *model;
        uint32_t lag;
    } ways[] = {{SORDINO_METHOD_WIENER, NULL, 0},
                {SORDINO_METHOD_KALMAN, NULL, 50},
                {SORDINO_METHOD_PREDICTOR, NULL, 0},
                {SORDINO_METHOD_NETWORK, delay, 0},
                {SORDINO_METHOD_NETWORK, open, 0}};
    const size_t lengths[] = {0, 1, 100, 4096, N};
    float *const x = calloc(2 * N, sizeof *x), *const y = calloc(2 * N + 2, sizeof *y);
    uint64_t random = test_seed(3);
    test_voice(x, 2 * N, RATE, 0.05, &random);
    for (size_t w = 0; w < sizeof ways / sizeof ways[0]; w++)
        for (size_t l = 0; l < sizeof lengths / sizeof lengths[0]; l++) {
            const size_t n = lengths[l];
            sordino_config config = config_for(ways[w].method, 2);
            config.lag = ways[w].lag;
            config.enabled = false; /* the delayed input: with the latency taken out, the input */
            memcpy(y, x, 2 * N * sizeof *y);
            y[2 * n] = 77.0f;
            assert_int_equal(sordino_denoise(&config, ways[w].model, NULL, y, y, n, NULL),
                             SORDINO_OK);
            assert_memory_equal(y, x, 2 * n * sizeof *y);
            assert_true(y[2 * n] == 77.0f);
        }
    sordino_config config = config_for(SORDINO_METHOD_WIENER, 2);
    config.rate = 1.0;
    assert_int_equal(sordino_denoise(&config, NULL, NULL, x, y, 10, NULL), SORDINO_BAD_ARG);
    sordino_model_free(delay);
    sordino_model_free(open);
    free(x);
    free(y);
}

static void a_whole_recording_can_be_given_its_noise(void **state)
{
    (void)state;
    const sordino_config config = config_for(SORDINO_METHOD_KALMAN, 1);
    const float loud[] = {1.0f, 1.0f}, none[] = {0.0f, 0.0f};
    float x[400], y[400];
    uint64_t random = test_seed(4);
    sordino_profile *p = NULL;
    for (size_t i = 0; i < 400; i++)
        x[i] = (float)test_normal(&random);
    assert_int_equal(sordino_profile_new(none, 1, 2, RATE, &p, NULL), SORDINO_OK);
    assert_int_equal(sordino_denoise(&config, NULL, p, x, y, 400, NULL), SORDINO_OK);
    assert_memory_equal(x, y, sizeof x); /* no noise: nothing is taken away */
    sordino_profile_free(p);
    const float white[] = {2.0f / RATE * loud[0], 2.0f / RATE * loud[1]};
    assert_int_equal(sordino_profile_new(white, 1, 2, RATE, &p, NULL), SORDINO_OK);
    assert_int_equal(sordino_denoise(&config, NULL, p, x, y, 400, NULL), SORDINO_OK);
    double in = 0.0, out = 0.0;
    for (size_t i = 200; i < 400; i++) {
        in += (double)x[i] * (double)x[i];
        out += (double)y[i] * (double)y[i];
    }
    assert_true(out < 0.1 * in);
    sordino_profile_free(p);
}

static void versions_are_those_of_the_header(void **state)
{
    (void)state;
    char text[32];
    snprintf(text, sizeof text, "%d.%d.%d", SORDINO_VERSION_MAJOR, SORDINO_VERSION_MINOR,
             SORDINO_VERSION_PATCH);
    assert_string_equal(sordino_version(), text);
    assert_int_equal(sordino_version_number(), SORDINO_VERSION_NUMBER);
    assert_true(SORDINO_VERSION_NUMBER >= SORDINO_VERSION_OF(0, 1, 0));
    assert_true(SORDINO_VERSION_OF(1, 0, 0) > SORDINO_VERSION_OF(0, 999, 999));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_configuration_that_knows_less_or_more_is_served),
        cmocka_unit_test(functions_with_a_status_refuse_null),
        cmocka_unit_test(other_functions_do_nothing_with_null),
        cmocka_unit_test(controls_may_be_set_while_another_thread_processes),
        cmocka_unit_test(interleaved_is_the_same_as_apart),
        cmocka_unit_test(a_whole_recording_lines_up),
        cmocka_unit_test(a_whole_recording_can_be_given_its_noise),
        cmocka_unit_test(versions_are_those_of_the_header),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
