#define _XOPEN_SOURCE 700 /* nftw */
/* Models loaded while audio runs, and what sessions keep, in hosts of several kinds. */
#include "tests/plugin/services.h"
#include "tests/support/signals.h"

#include <lv2/state/state.h>
#include <sordino/sordino.h>

#include "tests/support/cmocka_all.h"

#include <ftw.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { N = 48000, BLOCK = 480 };

static const char model_uri[] = "urn:sordino:model", report_uri[] = "urn:sordino:report";

static LilvWorld *world;
static const char *golden, *own_model; /* the one that the plugins have */
static char scratch[256], first_model[512], second_model[512], broken_model[512];
static float in_samples[HOST_MAX_CHANNELS][N], out_samples[HOST_MAX_CHANNELS][N], expected[N];

static void copy_file(const char *from, const char *to, long n_bytes)
{
    FILE *a = fopen(from, "rb"), *b = fopen(to, "wb");
    assert_non_null(a);
    assert_non_null(b);
    for (int c; n_bytes-- != 0 && (c = fgetc(a)) != EOF;)
        fputc(c, b);
    fclose(a);
    assert_int_equal(fclose(b), 0);
}

static void golden_file(const char *name, const char *to, long n_bytes)
{
    char from[512];
    snprintf(from, sizeof from, "%s/%s", golden, name);
    copy_file(from, to, n_bytes);
}

static int prepare(void **state)
{
    (void)state;
    snprintf(scratch, sizeof scratch, "%s", "/tmp/sordino-session-XXXXXX");
    if (!mkdtemp(scratch))
        return 1;
    snprintf(first_model, sizeof first_model, "%s/first.safetensors", scratch);
    snprintf(second_model, sizeof second_model, "%s/second.safetensors", scratch);
    snprintf(broken_model, sizeof broken_model, "%s/broken.safetensors", scratch);
    golden_file("net-frequency.safetensors", first_model, -1);
    golden_file("stft-snr-8000-end-to-end.safetensors", second_model, -1);
    golden_file("net-frequency.safetensors", broken_model, 3000);
    setenv("XDG_DATA_HOME", scratch, 1);
    uint64_t seed = test_seed(21);
    for (int c = 0; c < HOST_MAX_CHANNELS; c++)
        test_voice(in_samples[c], N, 48000, 0.02, &seed);
    return 0;
}

static int forget(const char *path, const struct stat *info, int type, struct FTW *at)
{
    (void)info;
    (void)type;
    (void)at;
    return remove(path);
}

static int clean(void **state)
{
    (void)state;
    return nftw(scratch, forget, 8, FTW_DEPTH | FTW_PHYS);
}

/* Plays all of the input, the worker working after each block. `told` [n_told] gets the last report
 * and model that were told. */
static void play(services *s, char *report, char *model)
{
    for (size_t at = 0; at < N; at += BLOCK) {
        services_run(s, (float *[]){in_samples[0] + at, in_samples[1] + at},
                     (float *[]){out_samples[0] + at, out_samples[1] + at}, BLOCK);
        const char *said = services_told(s, report_uri), *path = services_told(s, model_uri);
        if (said && report)
            snprintf(report, 512, "%s", said);
        if (path && model)
            snprintf(model, 512, "%s", path);
        if (s->kind == WORKER_LATER)
            services_work(s);
    }
}

/* What the core makes of the input with a model, or by the Wiener filter, delayed to `latency`. */
static void run_core(const char *path, uint32_t latency)
{
    sordino_config config;
    sordino_denoiser *d;
    sordino_model *model = NULL;
    sordino_config_init(&config);
    config.limit = -20.0;
    config.window = 0.020;
    config.min_latency = latency;
    if (path) {
        assert_int_equal(sordino_model_open_path(path, &model, NULL), SORDINO_OK);
        config.method = SORDINO_METHOD_NETWORK;
    }
    assert_int_equal(sordino_denoiser_new(&config, model, &d, NULL), SORDINO_OK);
    sordino_denoiser_process(d, (const float *const[]){in_samples[0]}, (float *[]){expected}, N);
    sordino_denoiser_free(d);
    sordino_model_free(model);
}

/* A voice that was heard half a second has forgotten how it began, but for what networks remember:
 * the last quarter of a second plays what the core plays from the first sample on. Above what a
 * difference in the noise tracker's start leaves, far below what two models differ by. */
static void assert_plays(const char *path, bool exact)
{
    double difference = 0.0, sum = 0.0;
    run_core(path, 960);
    for (size_t i = N - 12000; i < N; i++) {
        const double d = (double)out_samples[0][i] - (double)expected[i];
        difference += d * d;
        sum += (double)expected[i] * (double)expected[i];
        if (exact && d != 0.0)
            fail_msg("sample %zu is off by %g", i, d);
    }
    if (difference > 0.01 * sum)
        fail_msg("%s is not what plays: %g of %g", path ? path : "the Wiener filter", difference,
                 sum);
}

static void a_model_is_loaded_while_audio_runs(void **state)
{
    (void)state;
    static const worker_kind kinds[] = {WORKER_LATER, WORKER_IMMEDIATE, WORKER_THREAD};
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        char report[512] = "", model[512] = "?";
        services *s = services_new(world, "mono", 48000, kinds[k]);
        play(s, NULL, NULL);
        services_set_model(s, first_model);
        for (int i = 0; i < 200 && strcmp(model, first_model) != 0; i++) {
            play(s, report, model);
            assert_float_equal(s->host->controls[PORT_LATENCY], 960, 0);
        }
        assert_string_equal(model, first_model);
        assert_non_null(strstr(report, "Model \""));
        play(s, NULL, NULL);
        play(s, NULL, NULL);
        assert_plays(first_model, false);
        assert_int_equal(s->n_logged, 0);
        services_free(s);
    }
}

/* A sine of 200 Hz through models that come and go, kept by the limit above half of its height. No
 * step from sample to sample is above its own but for gains that move, and no period is missing. */
static void swaps_of_models_neither_click_nor_leave_a_gap(void **state)
{
    (void)state;
    enum { PERIOD = 240, TURNS = 6 };
    static float sine[N];
    const double height = 0.5, step = height * 6.283185307179586 / PERIOD;
    const char *const wishes[] = {first_model, second_model, ""};
    for (size_t i = 0; i < N; i++)
        sine[i] = (float)(height * sin(6.283185307179586 * (double)(i % PERIOD) / PERIOD));
    services *s = services_new(world, "mono", 48000, WORKER_LATER);
    s->host->controls[PORT_LIMIT] = -6.0f;
    float before = 0.0f, peak = 0.0f;
    for (size_t turn = 0; turn < TURNS; turn++) {
        char model[512] = "?";
        services_set_model(s, wishes[turn % 3]);
        for (size_t at = 0; at < N; at += BLOCK) {
            services_run(s, (float *[]){sine + at}, (float *[]){out_samples[0] + at}, BLOCK);
            const char *path = services_told(s, model_uri);
            if (path)
                snprintf(model, sizeof model, "%s", path);
            services_work(s);
        }
        assert_string_equal(model, wishes[turn % 3]);
        for (size_t i = turn ? 0 : 4800; i < N; i++) {
            const float now = out_samples[0][i];
            if (i > 4800 || turn)
                assert_true(fabs((double)now - (double)before) <= 1.5 * step);
            before = now;
            peak = fmaxf(peak, fabsf(now));
            if (i % PERIOD == PERIOD - 1) {
                assert_true((double)peak > 0.4 * height);
                peak = 0.0f;
            }
        }
    }
    services_free(s);
}

static void a_model_that_fails_leaves_the_one_before(void **state)
{
    (void)state;
    char report[512] = "", model[512] = "?";
    services *s = services_new(world, "mono", 48000, WORKER_LATER);
    services_set_model(s, first_model);
    play(s, NULL, NULL);
    const char *const bad[] = {broken_model, "/nowhere/model.safetensors"};
    for (int i = 0; i < 2; i++) {
        services_set_model(s, bad[i]);
        play(s, report, model);
        assert_non_null(strstr(report, bad[i]));
        assert_string_equal(model, first_model);
        assert_int_equal(s->n_logged, i + 1);
    }
    play(s, NULL, NULL);
    assert_plays(first_model, false);
    services_free(s);
}

static void a_full_queue_is_tried_again(void **state)
{
    (void)state;
    char model[512] = "";
    services *s = services_new(world, "mono", 48000, WORKER_LATER);
    s->full = true;
    services_set_model(s, first_model);
    play(s, NULL, model);
    assert_true(s->n_refused > 50);
    assert_string_equal(model, "");
    s->full = false;
    play(s, NULL, model);
    assert_string_equal(model, first_model);
    /* The old network waits until there is room for it to be freed. */
    s->full = true;
    services_set_model(s, second_model);
    play(s, NULL, NULL);
    s->full = false;
    play(s, NULL, model);
    play(s, NULL, model);
    assert_string_equal(model, second_model);
    services_free(s);
}

static void without_a_worker_the_model_stays_and_is_said_to(void **state)
{
    (void)state;
    char report[512] = "", model[512] = "?";
    services *s = services_new(world, "mono", 48000, WORKER_NONE);
    services_set_model(s, first_model);
    play(s, report, model);
    assert_non_null(strstr(report, "cannot load models"));
    assert_string_equal(model, "");
    /* In an export it is loaded at once. */
    s->host->controls[PORT_FREEWHEEL] = 1.0f;
    services_set_model(s, first_model);
    play(s, report, model);
    assert_string_equal(model, first_model);
    services_free(s);
}

static void the_newest_of_many_wishes_wins(void **state)
{
    (void)state;
    char model[512] = "";
    services *s = services_new(world, "mono", 48000, WORKER_LATER);
    services_set_model(s, second_model);
    services_set_model(s, broken_model);
    services_set_model(s, first_model);
    play(s, NULL, model);
    assert_string_equal(model, first_model);
    services_free(s);
}

static void what_is_asked_is_answered_as_far_as_it_fits(void **state)
{
    (void)state;
    services *s = services_new(world, "mono", 48000, WORKER_LATER);
    services_set_model(s, first_model);
    play(s, NULL, NULL);
    static const uint32_t sizes[] = {0, 8, 16, 40, 100, 300, 1000};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        memset(&s->notify, 0x55, sizeof s->notify);
        s->notify_size = sizes[i];
        services_get(s);
        services_run(s, (float *[]){in_samples[0]}, (float *[]){out_samples[0]}, 64);
        for (size_t b = sizeof(LV2_Atom) + sizes[i]; b < sizeof s->notify; b++)
            assert_int_equal(s->notify.bytes[b], 0x55);
        if (sizes[i] >= 1000) {
            assert_string_equal(services_told(s, model_uri), first_model);
            assert_non_null(services_told(s, report_uri));
        }
    }
    /* What did not fit is told as soon as it does. */
    s->notify_size = 40;
    services_get(s);
    services_run(s, (float *[]){in_samples[0]}, (float *[]){out_samples[0]}, 64);
    assert_null(services_told(s, model_uri));
    s->notify_size = 1000;
    services_run(s, (float *[]){in_samples[0]}, (float *[]){out_samples[0]}, 64);
    assert_string_equal(services_told(s, model_uri), first_model);
    assert_non_null(services_told(s, report_uri));
    services_free(s);
}

static void nonsense_on_the_control_port_is_ignored(void **state)
{
    (void)state;
    services *s = services_new(world, "mono", 48000, WORKER_LATER);
    uint64_t seed = test_seed(9);
    char path[6000];
    memset(path, 'x', sizeof path - 1);
    path[sizeof path - 1] = '\0';
    services_set_model(s, path);
    services_run(s, (float *[]){in_samples[0]}, (float *[]){out_samples[0]}, 64);
    assert_non_null(strstr(services_told(s, report_uri), "too long"));
    for (int i = 0; i < 2000; i++) {
        services_set_model(s, "/a");
        services_get(s);
        for (int k = 0; k < 4; k++) /* types, keys and values; sizes are the host's to keep right */
            s->control.bytes[24 + 4 * (test_random(&seed) % 24)] ^= (uint8_t)test_random(&seed);
        s->control.sequence.atom.size = 16; /* empty, and once in a while not a sequence */
        s->control.sequence.atom.type = i % 3 ? services_urid(LV2_ATOM__Sequence) : 7;
        services_run(s, (float *[]){in_samples[0]}, (float *[]){out_samples[0]}, 16);
    }
    services_free(s);
}

/* ---- sessions ---- */

static LilvState *save(services *s, const char *folder)
{
    return lilv_state_new_from_instance(s->host->plugin, s->host->instance, &services_map, folder,
                                        folder, folder, folder, NULL, NULL,
                                        LV2_STATE_IS_POD | LV2_STATE_IS_PORTABLE, NULL);
}

static void to_file(LilvState *state, const char *folder)
{
    assert_int_equal(
        lilv_state_save(world, &services_map, &services_unmap, state, NULL, folder, "state.ttl"),
        0);
}

static LilvState *from_file(const char *folder)
{
    char path[600];
    snprintf(path, sizeof path, "%s/state.ttl", folder);
    LilvState *state = lilv_state_new_from_file(world, &services_map, NULL, path);
    assert_non_null(state);
    return state;
}

static void restore(services *s, const LilvState *state)
{
    lilv_state_restore(state, s->host->instance, NULL, NULL, 0, s->list);
}

static void folder_below(char *to, const char *name)
{
    snprintf(to, 512, "%s/%s", scratch, name);
    mkdir(to, 0700);
}

/* A session with the first model in `folder`, in memory and on disk. */
static void make_session(const char *folder)
{
    services *s = services_new(world, "mono", 48000, WORKER_LATER);
    services_set_model(s, first_model);
    play(s, NULL, NULL);
    LilvState *state = save(s, folder);
    to_file(state, folder);
    lilv_state_free(state);
    services_free(s);
}

static void a_session_brings_its_model_back_in_either_order(void **state)
{
    (void)state;
    char folder[512];
    folder_below(folder, "session");
    make_session(folder);
    for (int late = 0; late < 2; late++) {
        char model[512] = "";
        services *s = services_new_idle(world, "mono", 48000, WORKER_LATER);
        LilvState *kept = from_file(folder);
        if (late) {
            lilv_instance_activate(s->host->instance);
            play(s, NULL, NULL);
        }
        restore(s, kept);
        if (!late)
            lilv_instance_activate(s->host->instance);
        for (int i = 0; i <= late; i++)
            play(s, NULL, model);
        assert_non_null(strstr(model, "first.safetensors"));
        assert_plays(first_model, !late);
        lilv_state_free(kept);
        services_free(s);
    }
}

static void a_model_that_moved_is_found_by_its_hash(void **state)
{
    (void)state;
    char folder[512], moved[512], from[600], model[512] = "", report[512] = "";
    folder_below(folder, "moved");
    /* Kept as a plain path: no mapping, so that the session has no copy of its own. */
    snprintf(from, sizeof from, "%s/here.safetensors", folder);
    copy_file(first_model, from, -1);
    services *s = services_new(world, "mono", 48000, WORKER_LATER);
    services_set_model(s, from);
    play(s, NULL, NULL);
    LilvState *kept =
        lilv_state_new_from_instance(s->host->plugin, s->host->instance, &services_map, NULL, NULL,
                                     NULL, NULL, NULL, NULL, LV2_STATE_IS_POD, NULL);
    services_free(s);
    remove(from);

    /* Gone: the Wiener filter runs, and the path is still what the session keeps. */
    s = services_new(world, "mono", 48000, WORKER_LATER);
    restore(s, kept);
    assert_int_equal(s->n_logged, 1);
    play(s, report, model);
    assert_string_equal(model, from);
    assert_non_null(strstr(report, "Wiener filter runs"));
    assert_float_equal(s->host->controls[PORT_RUNNING], RUNNING_WIENER, 0);
    assert_plays(NULL, true);
    LilvState *again =
        lilv_state_new_from_instance(s->host->plugin, s->host->instance, &services_map, NULL, NULL,
                                     NULL, NULL, NULL, NULL, LV2_STATE_IS_POD, NULL);
    services_free(s);
    model[0] = '\0';
    s = services_new(world, "mono", 48000, WORKER_LATER);
    restore(s, again);
    play(s, NULL, model);
    assert_string_equal(model, from);
    services_free(s);

    /* Somewhere else under another name: found. */
    folder_below(moved, "sordino");
    folder_below(moved, "sordino/models");
    snprintf(from, sizeof from, "%s/other.safetensors", moved);
    copy_file(second_model, from, -1);
    snprintf(from, sizeof from, "%s/name.safetensors", moved);
    copy_file(first_model, from, -1);
    s = services_new(world, "mono", 48000, WORKER_LATER);
    restore(s, again);
    play(s, NULL, model);
    assert_string_equal(model, from);
    assert_plays(first_model, true);
    services_free(s);
    lilv_state_free(kept);
    lilv_state_free(again);
}

static void a_session_without_a_model_has_the_plugins_own(void **state)
{
    (void)state;
    char folder[512], model[512] = "?";
    folder_below(folder, "plain");
    services *s = services_new(world, "mono", 48000, WORKER_LATER);
    LilvState *kept = save(s, folder);
    services_set_model(s, first_model);
    play(s, NULL, NULL);
    restore(s, kept);
    play(s, NULL, model);
    assert_string_equal(model, "");
    play(s, NULL, NULL);
    assert_plays(own_model, false);
    lilv_state_free(kept);
    services_free(s);
}

static void learned_noise_is_part_of_the_session(void **state)
{
    (void)state;
    char folder[512];
    static float first[N];
    folder_below(folder, "noise");
    services *s = services_new(world, "mono", 48000, WORKER_LATER);
    s->host->controls[PORT_LEARN] = 1.0f;
    play(s, NULL, NULL);
    s->host->controls[PORT_LEARN] = 0.0f;
    s->host->controls[PORT_METHOD] = METHOD_WIENER;
    play(s, NULL, NULL);
    play(s, NULL, NULL);
    memcpy(first, out_samples[0], sizeof first);
    LilvState *kept = save(s, folder);
    to_file(kept, folder);
    lilv_state_free(kept);
    services_free(s);
    kept = from_file(folder);
    for (int late = 0; late < 2; late++) {
        s = services_new(world, "mono", 48000, WORKER_LATER);
        s->host->controls[PORT_METHOD] = METHOD_WIENER;
        if (late)
            play(s, NULL, NULL);
        restore(s, kept);
        play(s, NULL, NULL);
        play(s, NULL, NULL);
        LilvState *again = save(s, folder);
        double difference = 0.0, sum = 0.0;
        for (size_t i = N / 2; i < N; i++) {
            difference += pow((double)out_samples[0][i] - (double)first[i], 2.0);
            sum += (double)first[i] * (double)first[i];
        }
        assert_true(difference < 1e-6 * sum);
        lilv_state_free(again);
        services_free(s);
    }
    lilv_state_free(kept);
}

static LV2_State_Status count(LV2_State_Handle handle, uint32_t key, const void *value, size_t size,
                              uint32_t type, uint32_t flags)
{
    (void)key;
    (void)value;
    (void)size;
    (void)type;
    (void)flags;
    ++*(size_t *)handle;
    return LV2_STATE_SUCCESS;
}

/* How many things an instance keeps. */
static size_t n_kept(services *s)
{
    const LV2_State_Interface *state =
        lilv_instance_get_extension_data(s->host->instance, LV2_STATE__interface);
    size_t n = 0;
    state->save(lilv_instance_get_handle(s->host->instance), count, &n, 0, NULL);
    return n;
}

static void a_session_takes_the_place_of_all_that_was(void **state)
{
    (void)state;
    char folder[512], model[512] = "?";
    folder_below(folder, "empty");
    services *s = services_new(world, "mono", 48000, WORKER_LATER);
    LilvState *empty = save(s, folder);
    assert_int_equal(n_kept(s), 0);
    s->host->controls[PORT_LEARN] = 1.0f;
    services_set_model(s, first_model);
    play(s, NULL, NULL);
    s->host->controls[PORT_LEARN] = 0.0f;
    services_set_model(s, second_model);
    services_run(s, (float *[]){in_samples[0]}, (float *[]){out_samples[0]}, BLOCK);
    /* The second model is on its way when the session comes. */
    restore(s, empty);
    services_work(s);
    play(s, NULL, model);
    assert_string_equal(model, "");
    assert_int_equal(n_kept(s), 0);
    lilv_state_free(empty);
    services_free(s);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_model_is_loaded_while_audio_runs),
        cmocka_unit_test(swaps_of_models_neither_click_nor_leave_a_gap),
        cmocka_unit_test(a_model_that_fails_leaves_the_one_before),
        cmocka_unit_test(a_full_queue_is_tried_again),
        cmocka_unit_test(without_a_worker_the_model_stays_and_is_said_to),
        cmocka_unit_test(the_newest_of_many_wishes_wins),
        cmocka_unit_test(what_is_asked_is_answered_as_far_as_it_fits),
        cmocka_unit_test(nonsense_on_the_control_port_is_ignored),
        cmocka_unit_test(a_session_brings_its_model_back_in_either_order),
        cmocka_unit_test(a_model_that_moved_is_found_by_its_hash),
        cmocka_unit_test(a_session_without_a_model_has_the_plugins_own),
        cmocka_unit_test(learned_noise_is_part_of_the_session),
        cmocka_unit_test(a_session_takes_the_place_of_all_that_was),
    };
    if (argc != 4)
        return 2;
    golden = argv[2];
    own_model = argv[3];
    world = host_world(argv[1]);
    const int n_failed = cmocka_run_group_tests(tests, prepare, clean);
    lilv_world_free(world);
    return n_failed;
}
