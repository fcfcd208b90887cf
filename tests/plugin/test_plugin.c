/* What the plugins play, beside the core's own denoiser. */
#include "tests/plugin/host.h"
#include "tests/support/signals.h"

#include <sordino/sordino.h>

#include "tests/support/cmocka_all.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { N = 48000 };

/* Of values near 1: the core's delay line and the plugin's change no sample, but the sum of wet and
 * removed is rounded twice. */
static const float rounding = 3e-7f;

static LilvWorld *world;
static sordino_model *speech;
static float in_samples[HOST_MAX_CHANNELS][N], out_samples[HOST_MAX_CHANNELS][N],
    expected[HOST_MAX_CHANNELS][N];
static float *in[HOST_MAX_CHANNELS], *out[HOST_MAX_CHANNELS], *want[HOST_MAX_CHANNELS];

static void make_signals(double rate)
{
    uint64_t seed = test_seed(11);
    for (int c = 0; c < HOST_MAX_CHANNELS; c++) {
        test_voice(in_samples[c], N, rate, 0.02 * (c + 1), &seed);
        in[c] = in_samples[c];
        out[c] = out_samples[c];
        want[c] = expected[c];
    }
}

static host *make(const char *name, double rate)
{
    host *h = host_new(world, name, rate, NULL);
    lilv_instance_activate(h->instance);
    return h;
}

/* The input delayed by `latency`, in `want`. */
static void delay_input(uint32_t channels, size_t latency)
{
    for (uint32_t c = 0; c < channels; c++) {
        memset(want[c], 0, latency * sizeof(float));
        memcpy(want[c] + latency, in[c], (N - latency) * sizeof(float));
    }
}

/* What the core makes of the input with the plugin's defaults, delayed to `latency`, in `want`. */
static void run_core(uint32_t channels, double rate, unsigned method, double window,
                     uint32_t latency)
{
    sordino_config config;
    sordino_denoiser *d;
    sordino_error why;
    sordino_config_init(&config);
    config.method = method == METHOD_NETWORK ? SORDINO_METHOD_NETWORK : SORDINO_METHOD_WIENER;
    config.rate = rate;
    config.channels = channels;
    config.window = window;
    config.limit = -20.0;
    config.min_latency = latency;
    assert_int_equal(sordino_denoiser_new(&config, speech, &d, &why), SORDINO_OK);
    assert_int_equal(sordino_denoiser_latency(d), latency);
    sordino_denoiser_process(d, (const float *const *)in, want, N);
    sordino_denoiser_free(d);
}

static void assert_same(uint32_t channels, size_t from, float tolerance, const char *what)
{
    for (uint32_t c = 0; c < channels; c++)
        for (size_t i = from; i < N; i++)
            if (!(fabsf(out[c][i] - want[c][i]) <= tolerance))
                fail_msg("%s: channel %u, sample %zu: %.9g, not %.9g", what, c, i,
                         (double)out[c][i], (double)want[c][i]);
}

static void the_output_is_the_cores_own(void **state)
{
    (void)state;
    static const double rates[] = {8000, 22050, 48000, 192000};
    static const double windows[N_DELAY] = {0.010, 0.020, 0.0};
    static const uint32_t blocks[] = {8192, 544, 480, 7, 1};
    unsigned turn = 0;
    for (size_t r = 0; r < sizeof rates / sizeof *rates; r++)
        for (unsigned method = 0; method < N_METHOD; method++)
            for (unsigned delay = 0; delay < N_DELAY; delay++, turn++) {
                const char *name = turn % 2 ? "stereo" : "mono";
                make_signals(rates[r]);
                host *h = make(name, rates[r]);
                h->controls[PORT_METHOD] = (float)method;
                h->controls[PORT_DELAY] = (float)delay;
                host_play(h, in, out, N, blocks[turn % 5]);
                const bool network = method == METHOD_NETWORK && delay > DELAY_LOW;
                assert_float_equal(h->controls[PORT_RUNNING],
                                   network ? RUNNING_NETWORK : RUNNING_WIENER, 0);
                run_core(h->channels, rates[r], network ? METHOD_NETWORK : METHOD_WIENER,
                         network ? 0.0 : windows[delay], (uint32_t)h->controls[PORT_LATENCY]);
                assert_same(h->channels, 0, 0.0f, name);
                host_free(h);
            }
}

static void blocks_of_any_size_give_the_same(void **state)
{
    (void)state;
    static const uint32_t sizes[] = {0, 1, 7, 544, 480, 8192, 3, 0, 64, 1024};
    make_signals(48000);
    host *h = make("stereo", 48000);
    size_t at = 0;
    for (size_t i = 0; at < N; i++) {
        uint32_t n = sizes[i % (sizeof sizes / sizeof *sizes)];
        n = N - at < n ? (uint32_t)(N - at) : n;
        host_run(h, (float *[]){in[0] + at, in[1] + at}, (float *[]){out[0] + at, out[1] + at}, n);
        at += n;
    }
    run_core(2, 48000, METHOD_NETWORK, 0.0, (uint32_t)h->controls[PORT_LATENCY]);
    assert_same(2, 0, 0.0f, "changing blocks");
    host_free(h);
}

static void buffers_may_be_shared_in_any_way(void **state)
{
    (void)state;
    for (int crossed = 0; crossed < 2; crossed++) {
        make_signals(48000);
        host *h = make("stereo", 48000);
        run_core(2, 48000, METHOD_NETWORK, 0.0, 960);
        host_play(h, in, (float *[]){in[crossed], in[1 - crossed]}, N, 512);
        memcpy(out[0], in[crossed], sizeof in_samples[0]);
        memcpy(out[1], in[1 - crossed], sizeof in_samples[0]);
        assert_same(2, 0, 0.0f, crossed ? "crossed" : "in place");
        host_free(h);
    }
}

static void bypass_is_the_delayed_input_through_every_switch(void **state)
{
    (void)state;
    make_signals(48000);
    host *h = make("stereo", 48000);
    h->controls[PORT_ENABLED] = 0.0f;
    uint64_t seed = test_seed(5);
    for (size_t at = 0; at < N; at += 480) {
        h->controls[PORT_METHOD] = (float)(test_random(&seed) % N_METHOD);
        h->controls[PORT_LEARN] = (float)(test_random(&seed) % 2);
        h->controls[PORT_LIMIT] = -(float)(test_random(&seed) % 120);
        host_run(h, (float *[]){in[0] + at, in[1] + at}, (float *[]){out[0] + at, out[1] + at},
                 480);
        assert_float_equal(h->controls[PORT_LATENCY], 960.0f, 0.0f);
    }
    delay_input(2, 960);
    assert_same(2, 0, 0.0f, "bypassed");
    host_free(h);
}

static void output_and_removed_noise_sum_to_the_delayed_input(void **state)
{
    (void)state;
    static float removed[N];
    for (unsigned method = 0; method < N_METHOD; method++) {
        make_signals(48000);
        host *a = make("mono", 48000), *b = make("mono", 48000);
        a->controls[PORT_METHOD] = b->controls[PORT_METHOD] = (float)method;
        b->controls[PORT_LISTEN] = LISTEN_REMOVED;
        host_play(a, in, out, N, 300);
        host_play(b, in, (float *[]){removed}, N, 512);
        for (size_t i = 0; i < N; i++)
            out[0][i] += removed[i];
        delay_input(1, (size_t)a->controls[PORT_LATENCY]);
        assert_same(1, 0, rounding, "output and removed noise");
        host_free(a);
        host_free(b);
    }
}

static void activation_starts_from_silence_every_time(void **state)
{
    (void)state;
    make_signals(48000);
    host *h = make("mono", 48000);
    for (int i = 0; i < 3; i++) {
        lilv_instance_activate(h->instance);
        host_play(h, in, out, N, 544);
        run_core(1, 48000, METHOD_NETWORK, 0.0, 960);
        assert_same(1, 0, 0.0f, "activated again");
        lilv_instance_deactivate(h->instance);
    }
    host_free(h);
}

/* A sine of 200 Hz: no step from sample to sample is above 2 pi 200 / 48000 of its height. */
static void automation_does_not_click(void **state)
{
    (void)state;
    static const struct {
        enum port port;
        float low, high;
    } moves[] = {
        {PORT_ENABLED, 0, 1}, {PORT_METHOD, 0, 1}, {PORT_LIMIT, -40, 0}, {PORT_MIX, 0, 1},
        {PORT_LISTEN, 0, 1},  {PORT_LEARN, 0, 1},  {PORT_DELAY, 1, 2},   {PORT_PROFILE, 0, 1},
    };
    const double height = 0.5, step = height * 6.283185307179586 * 200.0 / 48000.0;
    make_signals(48000);
    for (size_t i = 0; i < N; i++)
        in[0][i] = (float)(height * sin(6.283185307179586 * 200.0 * (double)i / 48000.0));
    for (size_t m = 0; m < sizeof moves / sizeof *moves; m++) {
        host *h = make("mono", 48000);
        for (size_t at = 0; at < N; at += 480) {
            h->controls[moves[m].port] = at / 12000 % 2 ? moves[m].high : moves[m].low;
            host_run(h, (float *[]){in[0] + at}, (float *[]){out[0] + at}, 480);
        }
        /* Gains that fall or rise add to the signal's own steps, by far less than a click would:
         * a jump of the whole height is 38 of them. */
        for (size_t i = 4801; i < N; i++)
            if (fabs((double)out[0][i] - (double)out[0][i - 1]) > 1.5 * step)
                fail_msg("port %d: a step of %g at %zu, not %g", (int)moves[m].port,
                         fabs((double)out[0][i] - (double)out[0][i - 1]), i, step);
        host_free(h);
    }
}

static float energy(const float *x, size_t n)
{
    double sum = 0.0;
    for (size_t i = 0; i < n; i++)
        sum += (double)x[i] * (double)x[i];
    return (float)sum;
}

static void assert_finite(void)
{
    for (size_t i = 0; i < N; i++)
        assert_true(isfinite(out[0][i]));
}

static void strange_input_is_got_over_within_a_second(void **state)
{
    (void)state;
    enum { STRANGE = 10, KINDS = 4 }; /* s of it */
    for (unsigned method = 0; method < N_METHOD; method++)
        for (int kind = 0; kind < KINDS; kind++) {
            make_signals(48000);
            host *h = make("mono", 48000);
            h->controls[PORT_METHOD] = (float)method;
            for (size_t i = 0; i < N; i++) {
                const float odd[KINDS] = {0.0f, i / 100 % 2 ? 1.0f : -1.0f, NAN, FLT_MIN / 8};
                want[0][i] = odd[kind];
            }
            for (int s = 0; s < STRANGE; s++) {
                host_play(h, want, out, N, 480);
                assert_finite();
            }
            host_play(h, in, out, N, 480);
            assert_finite();
            host_play(h, in, out, N, 480);
            assert_finite();
            /* A second later it plays what it would have played, within 3 dB. */
            host *fresh = make("mono", 48000);
            fresh->controls[PORT_METHOD] = (float)method;
            host_play(fresh, in, want, N, 480);
            host_play(fresh, in, want, N, 480);
            const float ratio = energy(out[0], N) / energy(want[0], N);
            assert_true(ratio > 0.5f && ratio < 2.0f);
            host_free(fresh);
            host_free(h);
        }
}

static void learned_noise_is_used_and_can_be_put_aside(void **state)
{
    (void)state;
    static float noise[N];
    uint64_t seed = test_seed(3);
    make_signals(48000);
    for (size_t i = 0; i < N; i++)
        noise[i] = (float)(0.05 * test_normal(&seed));
    host *h = make("mono", 48000), *fresh = make("mono", 48000);
    h->controls[PORT_METHOD] = fresh->controls[PORT_METHOD] = METHOD_WIENER;
    h->controls[PORT_LEARN] = 1.0f;
    host_play(h, (float *[]){noise}, out, N, 480);
    h->controls[PORT_LEARN] = 0.0f;
    host_play(h, (float *[]){noise}, out, N, 480);
    host_play(fresh, (float *[]){noise}, want, N, 480);
    host_play(fresh, (float *[]){noise}, want, N, 480);
    const float learned = energy(out[0], N), followed = energy(want[0], N);
    assert_true(learned < 0.05f * energy(noise, N));
    /* A louder noise is not what was learned; without what was learned it is followed. */
    for (size_t i = 0; i < N; i++)
        noise[i] *= 4.0f;
    host_play(h, (float *[]){noise}, out, N, 480);
    host_play(h, (float *[]){noise}, out, N, 480);
    const float stuck = energy(out[0], N);
    h->controls[PORT_PROFILE] = 0.0f;
    for (int i = 0; i < 4; i++)
        host_play(h, (float *[]){noise}, out, N, 480);
    assert_true(energy(out[0], N) < 0.3f * stuck);
    assert_true(followed > 0.0f);
    host_free(h);
    host_free(fresh);
}

static void meters_show_levels(void **state)
{
    (void)state;
    make_signals(48000);
    for (size_t i = 0; i < N; i++)
        in[0][i] = i % 2 ? 0.1f : -0.1f;
    host *h = make("mono", 48000);
    h->controls[PORT_ENABLED] = 0.0f;
    host_play(h, in, out, N, 64);
    assert_float_equal(h->controls[PORT_INPUT_LEVEL], -20.0f, 0.01f);
    assert_float_equal(h->controls[PORT_OUTPUT_LEVEL], -20.0f, 0.01f);
    assert_float_equal(h->controls[PORT_REDUCTION], 0.0f, 0.01f);
    host_free(h);
}

static void rates_that_are_not_served_are_passed_through(void **state)
{
    (void)state;
    make_signals(48000);
    host *h = make("stereo", 384000);
    host_play(h, in, out, N, 480);
    assert_float_equal(h->controls[PORT_LATENCY], 0.0f, 0.0f);
    assert_float_equal(h->controls[PORT_RUNNING], RUNNING_NOTHING, 0.0f);
    delay_input(2, 0);
    assert_same(2, 0, 0.0f, "passed through");
    host_free(h);
}

static void a_hundred_instances_live_at_once(void **state)
{
    (void)state;
    host *many[100];
    make_signals(48000);
    for (int i = 0; i < 100; i++)
        many[i] = make(i % 2 ? "stereo" : "mono", 48000);
    for (int i = 0; i < 100; i++)
        host_play(many[i], in, out, 960, 480);
    for (int i = 0; i < 100; i++)
        host_free(many[i]);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_output_is_the_cores_own),
        cmocka_unit_test(blocks_of_any_size_give_the_same),
        cmocka_unit_test(buffers_may_be_shared_in_any_way),
        cmocka_unit_test(bypass_is_the_delayed_input_through_every_switch),
        cmocka_unit_test(output_and_removed_noise_sum_to_the_delayed_input),
        cmocka_unit_test(activation_starts_from_silence_every_time),
        cmocka_unit_test(automation_does_not_click),
        cmocka_unit_test(strange_input_is_got_over_within_a_second),
        cmocka_unit_test(learned_noise_is_used_and_can_be_put_aside),
        cmocka_unit_test(meters_show_levels),
        cmocka_unit_test(rates_that_are_not_served_are_passed_through),
        cmocka_unit_test(a_hundred_instances_live_at_once),
    };
    /* The bundle, the golden files, and the model that the plugins have. */
    if (argc != 4 || sordino_model_open_path(argv[3], &speech, NULL) != SORDINO_OK)
        return 2;
    world = host_world(argv[1]);
    const int n_failed = cmocka_run_group_tests(tests, NULL, NULL);
    lilv_world_free(world);
    sordino_model_free(speech);
    return n_failed;
}
