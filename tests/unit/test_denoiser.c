#include "tests/support/cmocka_all.h"
#include "tests/support/denoisers.h"
#include "tests/support/models.h"
#include "tests/support/signals.h"

#include <sordino/sordino.h>

#include <float.h>
#include <string.h>

static const double rates[] = {8000,  11025, 16000, 22050, 32000,
                               44100, 48000, 88200, 96000, 192000};
static const size_t block_sizes[] = {1, 7, 32, 480, 544, 4096};
enum { N_RATES = sizeof rates / sizeof rates[0], N_BLOCKS = sizeof block_sizes / sizeof(size_t) };

static size_t peak_at(const float *x, size_t n)
{
    size_t best = 0;
    for (size_t i = 1; i < n; i++)
        if (fabsf(x[i]) > fabsf(x[best]))
            best = i;
    return best;
}

/* ---- latency ---- */

static void impulse_case(const kind *k, double rate, size_t block, bool enabled)
{
    sordino_config config = config_for(k, rate, 1);
    config.enabled = enabled;
    sordino_denoiser *d = make(&config, k->model);
    const size_t at = (size_t)(0.05 * rate) + 3,
                 n = at + sordino_denoiser_latency(d) + (size_t)(rate / 10);
    float *x = calloc(n, sizeof *x), *y = calloc(n, sizeof *y);
    x[at] = 1.0f;
    feed(d, x, y, n, block, NULL);
    const size_t found = peak_at(y, n);
    if (fabsf(y[found]) < 1e-4f || found != at + sordino_denoiser_latency(d))
        fail_msg("%s at %g Hz in blocks of %zu: the impulse came out after %ld, not %u", k->name,
                 rate, block, (long)found - (long)at, sordino_denoiser_latency(d));
    free(x);
    free(y);
    sordino_denoiser_free(d);
}

static void an_impulse_comes_out_at_the_reported_latency(void **state)
{
    (void)state;
    for (size_t r = 0; r < N_RATES; r++)
        for (size_t b = 0; b < N_BLOCKS; b++)
            for (size_t i = 0; i < n_kinds; i++) {
                impulse_case(&kinds[i], rates[r], block_sizes[b], true);
                impulse_case(&kinds[i], rates[r], block_sizes[b], false);
            }
}

static void latency_is_constant_across_reset_and_calls(void **state)
{
    (void)state;
    for (size_t i = 0; i < n_kinds; i++) {
        const sordino_config config = config_for(&kinds[i], 48000, 1);
        sordino_denoiser *d = make(&config, kinds[i].model);
        const uint32_t latency = sordino_denoiser_latency(d);
        float x[64] = {0}, y[64];
        feed(d, x, y, 64, 64, NULL);
        sordino_denoiser_reset(d);
        assert_int_equal(sordino_denoiser_latency(d), latency);
        if (kinds[i].spectral && kinds[i].model)
            assert_int_equal(latency, 960); /* one window of 20 ms */
        sordino_denoiser_free(d);
    }
}

static void min_latency_pads_exactly(void **state)
{
    (void)state;
    enum { N = 6000 };
    float x[N], plain[N], padded[N];
    uint64_t random = test_seed(5);
    test_voice(x, N, 16000, 0.05, &random);
    for (size_t i = 0; i < n_kinds; i++) {
        sordino_config config = config_for(&kinds[i], 16000, 1);
        run_whole(&config, kinds[i].model, x, plain, N);
        sordino_denoiser *d = make(&config, kinds[i].model);
        const uint32_t own = sordino_denoiser_latency(d);
        sordino_denoiser_free(d);
        config.min_latency = own + 777;
        d = make(&config, kinds[i].model);
        assert_int_equal(sordino_denoiser_latency(d), own + 777);
        feed(d, x, padded, N, 100, NULL);
        assert_memory_equal(padded + 777, plain, (N - 777) * sizeof(float));
        sordino_denoiser_free(d);
    }
}

/* ---- blocks ---- */

static void cutting_the_stream_changes_no_bit(void **state)
{
    (void)state;
    enum { N = 20000 };
    float *x = calloc(N, sizeof *x), *whole = calloc(N, sizeof *x), *cut = calloc(N, sizeof *x);
    uint64_t random = test_seed(6);
    test_voice(x, N, 16000, 0.05, &random);
    for (size_t i = 0; i < n_kinds; i++) {
        const sordino_config config = config_for(&kinds[i], 16000, 1);
        run_whole(&config, kinds[i].model, x, whole, N);
        for (size_t b = 0; b <= N_BLOCKS; b++) {
            sordino_denoiser *d = make(&config, kinds[i].model);
            feed(d, x, cut, N, b < N_BLOCKS ? block_sizes[b] : 0, &random);
            if (memcmp(cut, whole, N * sizeof *x) != 0)
                fail_msg("%s: blocks of %zu differ from one block", kinds[i].name,
                         b < N_BLOCKS ? block_sizes[b] : 0);
            sordino_denoiser_free(d);
        }
    }
    free(x);
    free(whole);
    free(cut);
}

static void reset_gives_the_first_run_again_and_in_place_is_the_same(void **state)
{
    (void)state;
    enum { N = 9000 };
    float x[N], first[N], second[N];
    uint64_t random = test_seed(7);
    test_voice(x, N, 22050, 0.05, &random);
    for (size_t i = 0; i < n_kinds; i++) {
        const sordino_config config = config_for(&kinds[i], 22050, 1);
        sordino_denoiser *d = make(&config, kinds[i].model);
        feed(d, x, first, N, 333, NULL);
        sordino_denoiser_reset(d);
        memcpy(second, x, sizeof x);
        feed(d, second, second, N, 512, NULL);
        assert_memory_equal(second, first, sizeof first);
        sordino_denoiser_free(d);
    }
}

/* ---- output stage ---- */

static void bypass_is_the_delayed_input_exactly(void **state)
{
    (void)state;
    enum { N = 9000 };
    float x[N], y[N];
    uint64_t random = test_seed(8);
    test_voice(x, N, 48000, 0.05, &random);
    const float tiny[] = {1e-40f, -1e-40f, FLT_TRUE_MIN, -FLT_TRUE_MIN, FLT_MIN, -0.0f, 0.0f};
    for (size_t t = N / 2; t < N / 2 + 1000; t++)
        x[t] = tiny[t % 7];
    for (size_t i = 0; i < n_kinds; i++) {
        sordino_config config = config_for(&kinds[i], 48000, 1);
        for (int way = 0; way < 3; way++) { /* disabled, mix 0, limit 0 dB */
            config.enabled = way != 0;
            config.mix = way == 1 ? 0.0 : 1.0;
            config.limit = way == 2 ? 0.0 : -120.0;
            sordino_denoiser *d = make(&config, kinds[i].model);
            const uint32_t latency = sordino_denoiser_latency(d);
            feed(d, x, y, N, 100, NULL);
            assert_memory_equal(y + latency, x, (N - latency) * sizeof(float));
            sordino_denoiser_free(d);
        }
    }
}

static void wet_and_delta_add_up_to_the_delayed_input(void **state)
{
    (void)state;
    enum { N = 9000 };
    float x[N], wet[N], delta[N];
    const float rounding =
        2 * FLT_EPSILON; /* relative to the peak: one subtraction, one addition */
    uint64_t random = test_seed(9);
    test_voice(x, N, 48000, 0.05, &random);
    for (size_t i = 0; i < n_kinds; i++) {
        sordino_config config = config_for(&kinds[i], 48000, 1);
        config.limit = -18.0;
        config.mix = 0.7;
        run_whole(&config, kinds[i].model, x, wet, N);
        config.delta = true;
        sordino_denoiser *d = make(&config, kinds[i].model);
        const uint32_t latency = sordino_denoiser_latency(d);
        feed(d, x, delta, N, 4096, NULL);
        sordino_denoiser_free(d);
        for (size_t t = latency; t < N; t++)
            assert_true(fabsf(wet[t] + delta[t] - x[t - latency]) <= rounding);
    }
}

static void the_limit_bounds_what_is_taken_away(void **state)
{
    (void)state;
    enum { N = 96000 };
    const double slack_db = 0.2; /* the floor adds to what little the filter itself leaves */
    float *x = calloc(N, sizeof *x), *y = calloc(N, sizeof *y);
    uint64_t random = test_seed(10);
    for (size_t i = 0; i < N; i++)
        x[i] = (float)(0.1 * test_normal(&random));
    sordino_config config = config_for(&kinds[0], 48000, 1);
    double last = 1e9;
    for (double limit = -6.0; limit >= -18.0; limit -= 6.0) {
        config.limit = limit;
        run_whole(&config, NULL, x, y, N);
        const double db = 10.0 * log10(energy(y + N / 2, N / 2) / energy(x + N / 2, N / 2));
        assert_true(db >= limit - slack_db);
        assert_true(db < last);
        last = db;
    }
    free(x);
    free(y);
}

static void controls_glide_alike_in_any_blocks_and_without_a_step(void **state)
{
    (void)state;
    enum { N = 48000 };
    float *x = calloc(N, sizeof *x), *a = calloc(N, sizeof *x), *b = calloc(N, sizeof *x);
    uint64_t random = test_seed(11);
    for (size_t i = 0; i < N; i++)
        x[i] = (float)(0.25 * sin(0.02 * (double)i));
    float slope = 0.0f; /* the signal's own greatest step, with the fade's share on top */
    for (size_t i = 1; i < N; i++)
        slope = fmaxf(slope, fabsf(x[i] - x[i - 1]));
    const float fade = 2.0f * 0.25f / (0.020f * 48000.0f);
    for (int way = 0; way < 4; way++) {
        float *out[2] = {a, b};
        for (int run = 0; run < 2; run++) {
            const sordino_config config = config_for(&kinds[0], 48000, 1);
            sordino_denoiser *d = make(&config, NULL);
            for (int part = 0; part < 16; part++) {
                const bool on = part % 2 == 1;
                if (way == 0)
                    sordino_denoiser_set_enabled(d, !on);
                else if (way == 1)
                    sordino_denoiser_set_mix(d, on ? 0.0 : 1.0);
                else if (way == 2)
                    sordino_denoiser_set_delta(d, on);
                else
                    sordino_denoiser_set_limit(d, on ? 0.0 : -120.0);
                feed(d, x + part * 3000, out[run] + part * 3000, 3000, run == 0 ? 3000 : 0,
                     &random);
            }
            sordino_denoiser_free(d);
        }
        assert_memory_equal(a, b, N * sizeof *a);
        for (size_t i = 12000; i < N; i++)
            if (fabsf(a[i] - a[i - 1]) > 1.5f * slope + fade)
                fail_msg("way %d: a step of %g at %zu", way, (double)fabsf(a[i] - a[i - 1]), i);
    }
    free(x);
    free(a);
    free(b);
}

static void setters_clamp_to_the_stated_ranges(void **state)
{
    (void)state;
    enum { N = 8000 };
    float x[N], at_end[N], beyond[N];
    uint64_t random = test_seed(12);
    test_voice(x, N, 8000, 0.1, &random);
    const double ends[4][3] = {{1, -120, -500}, {1, 0, 30}, {2, 0, -3}, {2, 1, 7}};
    for (int i = 0; i < 4; i++)
        for (int run = 0; run < 2; run++) {
            const sordino_config config = config_for(&kinds[0], 8000, 1);
            sordino_denoiser *d = make(&config, NULL);
            if (ends[i][0] == 1)
                sordino_denoiser_set_limit(d, ends[i][1 + run]);
            else
                sordino_denoiser_set_mix(d, ends[i][1 + run]);
            sordino_denoiser_set_limit(d, NAN);
            sordino_denoiser_set_mix(d, NAN);
            feed(d, x, run == 0 ? at_end : beyond, N, 256, NULL);
            sordino_denoiser_free(d);
            if (run == 1)
                assert_memory_equal(at_end, beyond, sizeof beyond);
        }
}

/* ---- hostile input ---- */

static void any_input_gives_finite_output_and_it_recovers_in_a_second(void **state)
{
    (void)state;
    const double rate = 16000;
    enum { N = 16000 };
    float *x = calloc(3 * N, sizeof *x), *y = calloc(3 * N, sizeof *x);
    const float values[] = {NAN, INFINITY, -INFINITY, FLT_MAX, -FLT_MAX, FLT_MIN / 4, 1e15f};
    uint64_t random = test_seed(13);
    for (size_t i = 0; i < n_kinds; i++)
        for (size_t v = 0; v < sizeof values / sizeof values[0]; v++) {
            test_voice(x, 3 * N, rate, 0.02, &random);
            for (size_t t = N; t < N + N / 8; t++)
                x[t] = t % 2 == 0 || isnan(values[v]) ? values[v] : -values[v];
            const sordino_config config = config_for(&kinds[i], rate, 1);
            sordino_denoiser *d = make(&config, kinds[i].model);
            feed(d, x, y, 3 * N, 160, NULL);
            sordino_denoiser_free(d);
            for (size_t t = 0; t < 3 * N; t++)
                if (!isfinite(y[t]))
                    fail_msg("%s: %g in gives %g out", kinds[i].name, (double)values[v],
                             (double)y[t]);
            /* A per-sample method's scale follows the signal's: after a burst of 1e15 it is slow to
             * come back, and may be. Gaps and tiny samples must leave no trace. */
            if (!kinds[i].spectral && fabsf(values[v]) > 1.0f && isfinite(values[v]))
                continue;
            const double before = energy(x + 2 * N + N / 4, N / 2);
            const double after = energy(y + 2 * N + N / 4, N / 2);
            if (!(after > 1e-3 * before && after < 1e3 * before))
                fail_msg("%s: after %g the level is %g for %g", kinds[i].name, (double)values[v],
                         after, before);
        }
    free(x);
    free(y);
}

static void a_network_that_overflows_lets_the_input_pass(void **state)
{
    (void)state;
    enum { N = 8000 };
    const float tolerance = 1e-5f; /* of the overlap-add */
    float x[N], y[N];
    uint64_t random = test_seed(22);
    test_voice(x, N, 8000, 0.1, &random);
    sordino_model *const broken[] = {test_model_bands(1, 5e37), test_model_wave(1, 3, 4, 5e37),
                                     test_model_wave(16, 5, 3, 5e37)};
    for (size_t i = 0; i < 3; i++) {
        const kind k = {"broken network", SORDINO_METHOD_NETWORK, 0, broken[i], i == 0};
        const sordino_config config = config_for(&k, 8000, 1);
        sordino_denoiser *d = make(&config, broken[i]);
        assert_int_equal(sordino_denoiser_warnings(d), 0);
        feed(d, x, y, N, 100, NULL);
        assert_int_equal(sordino_denoiser_warnings(d), SORDINO_WARNING_NETWORK);
        const uint32_t latency = sordino_denoiser_latency(d);
        for (size_t t = latency; t < N; t++)
            assert_true(fabsf(y[t] - x[t - latency]) <= (i == 0 ? tolerance : 0.0f));
        sordino_denoiser_reset(d);
        assert_int_equal(sordino_denoiser_warnings(d), 0);
        sordino_denoiser_free(d);
        sordino_model_free(broken[i]);
    }
}

static void a_sample_network_follows_gain_and_nothing_else(void **state)
{
    (void)state;
    enum { N = 4000 };
    const float tolerance = 1e-4f; /* relative to the peak; scaling is rounded to 24 bits */
    float x[N], y[N], big[N], small[N], z[N];
    uint64_t random = test_seed(14);
    test_voice(x, N, 1000, 0.1, &random);
    for (size_t t = 0; t < N; t++) {
        big[t] = 1e6f * x[t];
        small[t] = 1e-6f * x[t];
    }
    for (size_t i = 0; i < n_kinds; i++) {
        if (kinds[i].spectral)
            continue;
        const sordino_config config = config_for(&kinds[i], 1000, 1);
        run_whole(&config, kinds[i].model, x, y, N);
        run_whole(&config, kinds[i].model, big, z, N);
        for (size_t t = 0; t < N; t++)
            if (fabsf(z[t] - 1e6f * y[t]) > 1e6f * tolerance)
                fail_msg("%s: %g for %g", kinds[i].name, (double)z[t], (double)y[t]);
        run_whole(&config, kinds[i].model, small, z, N);
        for (size_t t = 0; t < N; t++)
            if (fabsf(z[t] - 1e-6f * y[t]) > 1e-6f * tolerance)
                fail_msg("%s: %g for %g", kinds[i].name, (double)z[t], (double)y[t]);
    }
}

/* ---- channels ---- */

static void linked_channels_share_one_gain(void **state)
{
    (void)state;
    enum { N = 16000 };
    const float tolerance = 1e-5f;
    float *x = calloc(2 * N, sizeof *x), *y = calloc(2 * N, sizeof *x);
    uint64_t random = test_seed(15);
    test_voice(x, N, 16000, 0.05, &random);
    for (size_t t = 0; t < N; t++)
        x[N + t] = -0.25f * x[t];
    sordino_config config = config_for(&kinds[0], 16000, 2);
    sordino_denoiser *d = make(&config, NULL);
    sordino_denoiser_process(d, (const float *const[]){x, x + N}, (float *const[]){y, y + N}, N);
    sordino_denoiser_free(d);
    for (size_t t = 0; t < N; t++)
        assert_true(fabsf(y[N + t] + 0.25f * y[t]) < tolerance);
    assert_true(energy(y, N) > 0.0);
    free(x);
    free(y);
}

static void unlinked_channels_are_as_if_alone(void **state)
{
    (void)state;
    enum { N = 12000, CHANNELS = 6 };
    float *x = calloc(CHANNELS * N, sizeof *x), *y = calloc(CHANNELS * N, sizeof *x);
    float *alone = calloc(N, sizeof *x);
    uint64_t random = test_seed(16);
    const float *in[CHANNELS];
    float *out[CHANNELS];
    for (size_t c = 0; c < CHANNELS; c++) {
        test_voice(x + c * N, N, 16000, 0.02 * (double)c, &random);
        in[c] = x + c * N;
        out[c] = y + c * N;
    }
    for (size_t i = 0; i < n_kinds; i++) {
        sordino_config config = config_for(&kinds[i], 16000, CHANNELS);
        config.link_channels = false;
        sordino_denoiser *d = make(&config, kinds[i].model);
        sordino_denoiser_process(d, in, out, N);
        sordino_denoiser_free(d);
        config.channels = 1;
        for (size_t c = 0; c < CHANNELS; c++) {
            run_whole(&config, kinds[i].model, x + c * N, alone, N);
            assert_memory_equal(alone, y + c * N, N * sizeof *alone);
        }
    }
    free(x);
    free(y);
    free(alone);
}

static void the_latency_of_a_configuration_is_known_beforehand(void **state)
{
    (void)state;
    static const double windows[][2] = {{0.0, 0.0}, {0.010, 0.005}, {0.02, 0.0}, {0.064, 0.032}};
    for (size_t i = 0; i < n_kinds; i++)
        for (size_t r = 0; r < N_RATES; r++)
            for (size_t w = 0; w < sizeof windows / sizeof *windows; w++) {
                sordino_config config = config_for(&kinds[i], rates[r], 1);
                uint32_t latency = 0;
                config.window = windows[w][0];
                config.hop = windows[w][1];
                config.min_latency = w == 3 ? 3000 : 0;
                sordino_denoiser *d = make(&config, kinds[i].model);
                assert_int_equal(
                    sordino_denoiser_latency_for(&config, kinds[i].model, &latency, NULL),
                    SORDINO_OK);
                assert_int_equal(latency, sordino_denoiser_latency(d));
                sordino_denoiser_free(d);
            }
    uint32_t latency = 7;
    const sordino_config slow = config_for(&kinds[0], 100, 1);
    assert_int_equal(sordino_denoiser_latency_for(&slow, NULL, &latency, NULL), SORDINO_BAD_ARG);
    assert_int_equal(latency, 0);
}

/* ---- refusals ---- */

static void refuse(sordino_config config, const sordino_model *model, sordino_status status,
                   const char *word)
{
    sordino_denoiser *d = (sordino_denoiser *)(uintptr_t)1;
    sordino_error why = {SORDINO_OK, ""};
    assert_int_equal(sordino_denoiser_new(&config, model, &d, &why), status);
    assert_null(d);
    assert_int_equal(why.status, status);
    if (!strstr(why.text, word))
        fail_msg("\"%s\" does not say \"%s\"", why.text, word);
    assert_int_equal(sordino_denoiser_new(&config, model, &d, NULL), status);
}

static void fields_out_of_range_are_refused(void **state)
{
    (void)state;
    sordino_config c;
#define REFUSE(field, value, word)                                                                 \
    do {                                                                                           \
        sordino_config_init(&c);                                                                   \
        c.field = (value);                                                                         \
        refuse(c, NULL, SORDINO_BAD_ARG, word);                                                    \
    } while (0)
    REFUSE(method, (sordino_method)9, "method");
    REFUSE(method, SORDINO_METHOD_NETWORK, "model");
    REFUSE(gain_rule, (sordino_gain_rule)5, "gain rule");
    REFUSE(rate, 7999.0, "7999 Hz");
    REFUSE(rate, 192001.0, "192001 Hz");
    REFUSE(rate, (double)NAN, "Hz");
    REFUSE(channels, 0, "channels");
    REFUSE(channels, 65, "65 channels");
    REFUSE(window, 0.001, "window");
    REFUSE(window, 0.3, "window");
    REFUSE(hop, -1.0, "hop");
    REFUSE(lag, 4097, "lag");
    REFUSE(min_latency, 1048577, "latency");
    REFUSE(limit, 1.0, "limit");
    REFUSE(limit, (double)NAN, "limit");
    REFUSE(mix, 1.01, "mix");
#undef REFUSE
    sordino_config_init(&c);
    c.method = SORDINO_METHOD_KALMAN;
    c.rate = 0.0;
    refuse(c, NULL, SORDINO_BAD_ARG, "rate");
    c.rate = (double)INFINITY;
    refuse(c, NULL, SORDINO_BAD_ARG, "rate");
    c.rate = 0.1; /* a slow sensor is served */
    sordino_denoiser_free(make(&c, NULL));
    sordino_denoiser_free(NULL);
}

static void meters_tell_levels_and_reduction(void **state)
{
    (void)state;
    enum { N = 48000 };
    float *x = calloc(N, sizeof *x), *y = calloc(N, sizeof *x);
    sordino_meters meters;
    uint64_t random = test_seed(18);
    for (size_t i = 0; i < N; i++)
        x[i] = (float)(0.1 * test_normal(&random));
    sordino_config config = config_for(&kinds[0], 16000, 1);
    sordino_denoiser *d = make(&config, NULL);
    sordino_denoiser_read_meters(d, &meters);
    assert_true(meters.input_db == -200.0f && meters.reduction_db == 0.0f);
    feed(d, x, y, N / 2, 64, NULL);
    sordino_denoiser_read_meters(d, &meters);
    feed(d, x + N / 2, y + N / 2, N / 2, 64, NULL);
    sordino_denoiser_read_meters(d, &meters);
    const double out_db = 10.0 * log10(energy(y + N / 2, N / 2) / (N / 2));
    assert_true(fabs((double)meters.input_db + 20.0) < 0.2);
    assert_true(fabs((double)meters.output_db - out_db) < 0.01);
    assert_true(meters.reduction_db > 6.0f);
    sordino_denoiser_free(d);
    free(x);
    free(y);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_impulse_comes_out_at_the_reported_latency),
        cmocka_unit_test(latency_is_constant_across_reset_and_calls),
        cmocka_unit_test(min_latency_pads_exactly),
        cmocka_unit_test(cutting_the_stream_changes_no_bit),
        cmocka_unit_test(reset_gives_the_first_run_again_and_in_place_is_the_same),
        cmocka_unit_test(bypass_is_the_delayed_input_exactly),
        cmocka_unit_test(wet_and_delta_add_up_to_the_delayed_input),
        cmocka_unit_test(the_limit_bounds_what_is_taken_away),
        cmocka_unit_test(controls_glide_alike_in_any_blocks_and_without_a_step),
        cmocka_unit_test(setters_clamp_to_the_stated_ranges),
        cmocka_unit_test(any_input_gives_finite_output_and_it_recovers_in_a_second),
        cmocka_unit_test(a_network_that_overflows_lets_the_input_pass),
        cmocka_unit_test(a_sample_network_follows_gain_and_nothing_else),
        cmocka_unit_test(linked_channels_share_one_gain),
        cmocka_unit_test(unlinked_channels_are_as_if_alone),
        cmocka_unit_test(the_latency_of_a_configuration_is_known_beforehand),
        cmocka_unit_test(fields_out_of_range_are_refused),
        cmocka_unit_test(meters_tell_levels_and_reduction),
    };
    return cmocka_run_group_tests(tests, open_kinds, free_kinds);
}
