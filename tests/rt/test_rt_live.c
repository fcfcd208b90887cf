/* The callback of sordino-live makes no forbidden call, whatever is set, recorded or changed. */
#include "stream/engine.h"
#include "tests/rt/forbidden.h"

#include "tests/support/cmocka_all.h"

#include <stdlib.h>

enum { CHANNELS = 2, MOST = 1024 };

static method *make_method(double window)
{
    sordino_config config;
    method *m;
    sordino_config_init(&config);
    config.channels = CHANNELS;
    config.window = window;
    assert_int_equal(method_new(&config, NULL, &m, NULL), SORDINO_OK);
    return m;
}

static void play(engine *e, const float *in, float *out, size_t n, const char *what)
{
    const char *first;
    forbidden_arm();
    engine_run(e, in, out, n);
    const size_t calls = forbidden_disarm(&first);
    if (calls > 0)
        fail_msg("%s, %zu frames: %zu forbidden calls, the first of %s", what, n, calls, first);
}

static void the_callback_makes_no_forbidden_call(void **state)
{
    static const size_t blocks[] = {1, 64, 256, 480, 1000, 1024};
    static float in[CHANNELS * MOST], out[CHANNELS * MOST];
    (void)state;
    engine *const e = engine_new(48000, CHANNELS, CHANNELS, make_method(0.032));
    capture *const raw = capture_new(CHANNELS, 4096), *const clean = capture_new(CHANNELS, 4096);
    assert_non_null(e);
    assert_non_null(raw);
    assert_non_null(clean);
    for (int i = 0; i < CHANNELS * MOST; i++)
        in[i] = (float)((i * 7919) % 1000 - 500) * 1e-3F;
    feed *const file = feed_new(CHANNELS, 4096);
    assert_non_null(file);
    for (int i = 0; i < 2; i++)
        feed_push(file, in, MOST);
    feed_end(file);
    for (int round = 0; round < 60; round++) {
        const size_t n = blocks[round % 6];
        if (round == 12)
            engine_set_captures(e, raw, clean); /* which soon are full: losing is also quick */
        if (round == 24)
            assert_true(engine_change(e, make_method(0.02)));
        if (round == 36)
            engine_set_feed(e, file); /* which soon is empty */
        engine_set_limit(e, -round);
        engine_set_delta(e, round % 2 == 0);
        engine_set_mute(e, round % 4 == 1);
        engine_set_learn(e, round % 3 == 0);
        play(e, round % 5 == 4 ? NULL : in, round % 7 == 6 ? NULL : out, n, "a block");
    }
    sordino_profile *noise;
    assert_false(engine_take_noise(e, &noise)); /* a change is not tidied up yet */
    assert_true(feed_pulled(file) == 2048);
    assert_true(feed_after(file) > 0);
    assert_true(engine_tidy(e));
    assert_true(engine_take_noise(e, &noise));
    sordino_profile_free(noise);
    assert_true(capture_lost(raw) > 0);
    engine_free(e);
    feed_free(file);
    capture_free(raw);
    capture_free(clean);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_callback_makes_no_forbidden_call),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
