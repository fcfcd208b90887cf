/* No call of the allocator, locks, files, text or clocks in run(), whatever the host does. */
#include "tests/plugin/services.h"
#include "tests/rt/forbidden.h"
#include "tests/rt/sealed.h"
#include "tests/support/signals.h"

#include "tests/support/cmocka_all.h"

#include <math.h>

enum { N = 16384, BLOCKS = 1500 };

static LilvWorld *world;
static const char *golden;
static float in_samples[HOST_MAX_CHANNELS][N], out_samples[HOST_MAX_CHANNELS][N];
static size_t n_calls;
static const char *first_call;

static void before(void)
{
    forbidden_arm();
}

static void after(void)
{
    const char *first;
    const size_t n = forbidden_disarm(&first);
    if (n > 0 && n_calls == 0)
        first_call = first;
    n_calls += n;
}

/* Sound, silence, noise that is not finite. */
static void make_input(uint64_t *seed)
{
    for (int c = 0; c < HOST_MAX_CHANNELS; c++) {
        test_voice(in_samples[c], N, 48000, 0.02, seed);
        for (size_t i = N / 2; i < N; i++)
            in_samples[c][i] = i < 3 * N / 4 ? 0.0f : NAN;
    }
}

static void touch(services *s, uint64_t *seed)
{
    static const enum port inputs[] = {PORT_ENABLED, PORT_METHOD, PORT_LIMIT,   PORT_MIX,
                                       PORT_LISTEN,  PORT_LEARN,  PORT_PROFILE, PORT_DELAY};
    static const char *const models[] = {"net-frequency",       "stft-snr-8000-end-to-end",
                                         "wave-100-end-to-end", "nothing",
                                         "net-bands",           "net-memory"};
    char path[1024];
    const enum port port = inputs[test_random(seed) % (sizeof inputs / sizeof *inputs)];
    const float odd[] = {0.0f, 1.0f, 2.0f, -20.0f, NAN, 1e9f};
    s->host->controls[port] = odd[test_random(seed) % 6];
    snprintf(path, sizeof path, "%s/%s.safetensors", golden, models[test_random(seed) % 5]);
    if (test_random(seed) % 8 == 0)
        services_set_model(s, test_random(seed) % 6 ? path : "");
    if (test_random(seed) % 8 == 0)
        services_get(s);
    s->full = test_random(seed) % 4 == 0;
}

static void running_makes_no_forbidden_call(void **state)
{
    (void)state;
    static const uint32_t sizes[] = {0, 1, 7, 64, 480, 544, 1024, 8192};
    static const double rates[] = {8000, 44100, 48000, 192000, 384000};
    uint64_t seed = test_seed(31);
    make_input(&seed);
    host_before = before;
    host_after = after;
    n_calls = 0;
    for (size_t r = 0; r < sizeof rates / sizeof *rates; r++) {
        services *s = services_new(world, r % 2 ? "mono" : "stereo", rates[r], WORKER_LATER);
        for (int b = 0; b < BLOCKS / 5; b++) {
            const size_t at = test_random(&seed) % (N - 8192);
            touch(s, &seed);
            services_run(s, (float *[]){in_samples[0] + at, in_samples[1] + at},
                         (float *[]){out_samples[0], out_samples[1]},
                         sizes[test_random(&seed) % (sizeof sizes / sizeof *sizes)]);
            if (test_random(&seed) % 3 == 0)
                services_work(s);
        }
        services_free(s);
    }
    host_before = host_after = NULL;
    if (n_calls > 0)
        fail_msg("%zu forbidden calls, the first of %s", n_calls, first_call);
}

/* In a child that may make no system call: a network that waits to be put in place, and every
 * control moved. */
static void play_sealed(void *arg)
{
    services *s = arg;
    static const enum port toggles[] = {PORT_ENABLED, PORT_METHOD,  PORT_LISTEN,
                                        PORT_LEARN,   PORT_PROFILE, PORT_DELAY};
    for (int b = 0; b < 400; b++) {
        s->host->controls[toggles[b / 20 % 6]] = (float)(b / 120 % 2);
        s->host->controls[PORT_LIMIT] = (float)-b;
        services_get(s);
        services_run(s, (float *[]){in_samples[0]}, (float *[]){out_samples[0]}, 512);
    }
}

static void running_makes_no_system_call(void **state)
{
    (void)state;
    char path[1024];
    uint64_t seed = test_seed(32);
    if (!sealed_supported())
        skip();
    make_input(&seed);
    services *s = services_new(world, "mono", 48000, WORKER_LATER);
    snprintf(path, sizeof path, "%s/net-frequency.safetensors", golden);
    services_run(s, (float *[]){in_samples[0]}, (float *[]){out_samples[0]}, 64);
    services_set_model(s, path);
    services_run(s, (float *[]){in_samples[0]}, (float *[]){out_samples[0]}, 64);
    services_work(s);
    sealed_result result;
    assert_true(sealed_run(play_sealed, s, &result));
    if (!result.finished)
        fail_msg("system call %d, signal %d", result.syscall_number, result.signal);
    services_free(s);
}

/* A model that is loaded within run(), as in an export, must be seen. */
static void forbidden_calls_of_the_plugin_are_seen(void **state)
{
    (void)state;
    char path[1024];
    services *s = services_new(world, "mono", 48000, WORKER_LATER);
    host_before = before;
    host_after = after;
    n_calls = 0;
    s->host->controls[PORT_FREEWHEEL] = 1.0f;
    snprintf(path, sizeof path, "%s/net-frequency.safetensors", golden);
    services_set_model(s, path);
    services_run(s, (float *[]){in_samples[0]}, (float *[]){out_samples[0]}, 64);
    host_before = host_after = NULL;
    services_free(s);
    assert_true(n_calls > 10);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(running_makes_no_forbidden_call),
        cmocka_unit_test(running_makes_no_system_call),
        cmocka_unit_test(forbidden_calls_of_the_plugin_are_seen),
    };
    if (argc != 3)
        return 2;
    golden = argv[2];
    world = host_world(argv[1]);
    const int n_failed = cmocka_run_group_tests(tests, NULL, NULL);
    lilv_world_free(world);
    return n_failed;
}
