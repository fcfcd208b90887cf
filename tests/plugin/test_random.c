/*
 * Everything at once: two instances in two threads, each with a worker of its own, at random rates,
 * block sizes, controls and models, while a third thread saves their sessions. For the sanitizers.
 * SORDINO_TEST_SECONDS of audio for each, 10 unless told.
 */
#include "tests/plugin/services.h"
#include "tests/support/signals.h"

#include <lv2/state/state.h>

#include "tests/support/cmocka_all.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { N = 16384, MOST = 8192, PLAYERS = 2 };

static LilvWorld *world;
static const char *golden;
static pthread_mutex_t lilv_lock = PTHREAD_MUTEX_INITIALIZER; /* worlds are for one thread */

typedef struct player {
    uint64_t seed;
    double seconds;
    services *now; /* under lilv_lock, which whoever saves or replaces it holds */
    char wrong[256];
    bool done;
    float in[HOST_MAX_CHANNELS][N], out[HOST_MAX_CHANNELS][MOST];
} player;

static player players[PLAYERS];

static void touch(services *s, uint64_t *seed)
{
    static const enum port inputs[] = {PORT_ENABLED, PORT_METHOD, PORT_LIMIT,   PORT_MIX,
                                       PORT_LISTEN,  PORT_LEARN,  PORT_PROFILE, PORT_DELAY};
    static const char *const models[] = {"net-frequency",       "stft-snr-8000-end-to-end",
                                         "wave-100-end-to-end", "nothing",
                                         "net-bands",           "net-memory"};
    char path[1024];
    const enum port port = inputs[test_random(seed) % (sizeof inputs / sizeof *inputs)];
    const float odd[] = {0.0f, 1.0f, 2.0f, -20.0f, NAN, -1e9f};
    s->host->controls[port] = odd[test_random(seed) % 6];
    snprintf(path, sizeof path, "%s/%s.safetensors", golden, models[test_random(seed) % 5]);
    if (test_random(seed) % 20 == 0)
        services_set_model(s, path);
    if (test_random(seed) % 20 == 0)
        services_get(s);
}

/* A while with one instance at one rate. False when something is wrong. */
static bool play_instance(player *p)
{
    static const double rates[] = {8000, 22050, 44100, 48000, 96000, 192000};
    const double rate = rates[test_random(&p->seed) % 6];
    pthread_mutex_lock(&lilv_lock);
    services *s =
        services_new(world, test_random(&p->seed) % 2 ? "mono" : "stereo", rate, WORKER_THREAD);
    p->now = s;
    pthread_mutex_unlock(&lilv_lock);
    double left = 2.0 * rate;
    while (left > 0.0 && !p->wrong[0]) {
        const uint32_t n = (uint32_t)(test_random(&p->seed) % (test_random(&p->seed) % MOST + 1));
        const size_t at = test_random(&p->seed) % (N - MOST);
        touch(s, &p->seed);
        services_run(s, (float *[]){p->in[0] + at, p->in[1] + at},
                     (float *[]){p->out[0], p->out[1]}, n);
        for (uint32_t c = 0; c < s->host->channels; c++)
            for (uint32_t i = 0; i < n; i++)
                if (!isfinite(p->out[c][i]))
                    snprintf(p->wrong, sizeof p->wrong, "a sample is %g", (double)p->out[c][i]);
        left -= n;
    }
    pthread_mutex_lock(&lilv_lock);
    p->now = NULL;
    services_free(s);
    pthread_mutex_unlock(&lilv_lock);
    p->seconds -= 2.0;
    return p->wrong[0] == '\0';
}

static void *play(void *arg)
{
    player *p = arg;
    while (p->seconds > 0.0 && play_instance(p))
        continue;
    pthread_mutex_lock(&lilv_lock);
    p->done = true;
    pthread_mutex_unlock(&lilv_lock);
    return NULL;
}

/* Saves each session now and then; true when all have played to their end. */
static bool save_all(void)
{
    bool done = true;
    pthread_mutex_lock(&lilv_lock);
    for (int i = 0; i < PLAYERS; i++) {
        done = done && players[i].done;
        if (players[i].now)
            lilv_state_free(lilv_state_new_from_instance(
                players[i].now->host->plugin, players[i].now->host->instance, &services_map, NULL,
                NULL, NULL, NULL, NULL, NULL, LV2_STATE_IS_POD, NULL));
    }
    pthread_mutex_unlock(&lilv_lock);
    return done;
}

static void anything_goes_in_two_threads(void **state)
{
    (void)state;
    const char *seconds = getenv("SORDINO_TEST_SECONDS");
    pthread_t threads[PLAYERS];
    uint64_t seed = test_seed(41);
    for (int i = 0; i < PLAYERS; i++) {
        player *p = &players[i];
        *p = (player){.seed = seed + (uint64_t)i, .seconds = seconds ? atof(seconds) : 10.0};
        for (int c = 0; c < HOST_MAX_CHANNELS; c++) {
            test_voice(p->in[c], N, 48000, 0.02, &p->seed);
            for (size_t k = N / 2; k < N / 2 + 100; k++)
                p->in[c][k] = NAN;
        }
        assert_int_equal(pthread_create(&threads[i], NULL, play, p), 0);
    }
    while (!save_all())
        nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
    for (int i = 0; i < PLAYERS; i++) {
        pthread_join(threads[i], NULL);
        assert_string_equal(players[i].wrong, "");
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(anything_goes_in_two_threads)};
    if (argc != 3)
        return 2;
    golden = argv[2];
    world = host_world(argv[1]);
    const int n_failed = cmocka_run_group_tests(tests, NULL, NULL);
    lilv_world_free(world);
    return n_failed;
}
