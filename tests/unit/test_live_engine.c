/* What runs in the callback of sordino-live: samples, changes while it sounds, recordings. */
#include "stream/engine.h"
#include "tests/support/model_bytes.h"

#include "tests/support/cmocka_all.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { N = 48000 };

static method *make_method(double window, uint32_t least_latency)
{
    sordino_config config;
    method *m;
    sordino_config_init(&config);
    config.window = window;
    config.min_latency = least_latency;
    assert_int_equal(method_new(&config, NULL, &m, NULL), SORDINO_OK);
    return m;
}

static void fill(float *x, size_t n)
{
    uint32_t draw = 1;
    for (size_t i = 0; i < n; i++) {
        draw = draw * 1664525U + 1013904223U;
        x[i] = 0.3F * sinf(0.05F * (float)i) + 1e-10F * (float)(draw >> 8);
    }
}

static void blocks_of_any_size_give_what_the_core_gives(void **state)
{
    static const size_t blocks[] = {1, 64, 256, 480, 1000, 1024, 7};
    static float in[N], out[2 * N], expected[N];
    (void)state;
    fill(in, N);
    method *const alone = make_method(0.032, 0);
    const float *const from = in;
    float *const to = expected;
    sordino_denoiser_reset(alone->processor.denoiser);
    sordino_denoiser_process(alone->processor.denoiser, &from, &to, N);
    method_free(alone);
    engine *const e = engine_new(48000, 1, 2, make_method(0.032, 0));
    assert_non_null(e);
    size_t at = 0;
    for (int i = 0; at < N; i++) {
        const size_t n = blocks[i % 7] < N - at ? blocks[i % 7] : N - at;
        engine_run(e, in + at, out + 2 * at, n);
        at += n;
    }
    for (size_t i = 0; i < N; i++) {
        assert_memory_equal(&out[2 * i], &expected[i], sizeof expected[i]);
        assert_memory_equal(&out[2 * i + 1], &expected[i], sizeof expected[i]);
    }
    engine_free(e);
}

static void a_change_while_it_sounds_neither_clicks_nor_gaps(void **state)
{
    static float in[N], out[N];
    (void)state;
    for (size_t i = 0; i < N; i++)
        in[i] = 0.5F * sinf(0.05F * (float)i);
    method *const first = make_method(0.032, 0);
    const uint32_t latency = first->processor.latency;
    engine *const e = engine_new(48000, 1, 1, first);
    assert_non_null(e);
    int told = 0;
    engine_set_mix(e, 0); /* then both give the delayed input, and so does what lies between */
    for (size_t at = 0; at < N; at += 480) {
        if (at == 9600) {
            assert_true(engine_change(e, make_method(0.02, latency)));
            assert_false(engine_change(e, NULL));
            assert_true(engine_is_changing(e));
        }
        engine_run(e, in + at, out + at, 480);
        told += engine_latency(e) != latency;
    }
    assert_int_equal(told, 0);
    assert_true(engine_tidy(e));
    assert_false(engine_tidy(e));
    assert_false(engine_is_changing(e));
    assert_int_equal(engine_method(e)->processor.latency, latency);
    /* Float rounding of the fade between two equal values. */
    const float tolerance = 1e-6F;
    for (size_t i = latency + 960; i < N; i++)
        assert_true(fabsf(out[i] - in[i - latency]) < tolerance);
    engine_free(e);
}

static void muted_it_gives_silence_and_then_what_the_core_gives(void **state)
{
    enum { MUTED = 4800, HEARD = 9600, GLIDE = 490 };
    static float in[N], out[N], expected[N], kept[2 * N];
    (void)state;
    fill(in, N);
    method *const alone = make_method(0.032, 0);
    const float *const from = in;
    float *const to = expected;
    sordino_denoiser_reset(alone->processor.denoiser);
    sordino_denoiser_process(alone->processor.denoiser, &from, &to, N);
    method_free(alone);
    engine *const e = engine_new(48000, 1, 1, make_method(0.032, 0));
    capture *const clean = capture_new(1, N);
    assert_non_null(e);
    assert_non_null(clean);
    engine_set_captures(e, NULL, clean);
    for (size_t at = 0; at < N; at += 480) {
        engine_set_mute(e, at >= MUTED && at < HEARD);
        engine_run(e, in + at, out + at, 480);
    }
    assert_memory_equal(out, expected, MUTED * sizeof *out);
    for (size_t i = MUTED; i < HEARD; i++) {
        const bool glides = i < MUTED + GLIDE;
        assert_true(fabsf(out[i]) <= (glides ? fabsf(expected[i]) : 0));
    }
    assert_memory_equal(out + HEARD + GLIDE, expected + HEARD + GLIDE,
                        (N - HEARD - GLIDE) * sizeof *out);
    assert_int_equal(capture_pull(clean, kept, N), N);
    assert_memory_equal(kept, out, sizeof out); /* what goes out is recorded as it goes */
    engine_free(e);
    capture_free(clean);
}

static void a_file_stands_in_for_the_input_to_its_end(void **state)
{
    enum { FILE_FRAMES = 1000, BLOCK = 64, ROOM = 512 };
    static float in[FILE_FRAMES], got[2 * FILE_FRAMES], device[BLOCK];
    (void)state;
    fill(in, FILE_FRAMES);
    for (int i = 0; i < BLOCK; i++)
        device[i] = 1; /* not to be heard */
    engine *const e = engine_new(48000, 1, 1, make_method(0.032, 0));
    feed *const f = feed_new(1, ROOM);
    capture *const raw = capture_new(1, 2 * FILE_FRAMES);
    assert_non_null(e);
    assert_non_null(f);
    assert_non_null(raw);
    engine_set_feed(e, f);
    engine_set_captures(e, raw, NULL);
    float out[BLOCK];
    engine_run(e, device, out, BLOCK); /* nothing is there yet */
    assert_int_equal(feed_late(f), BLOCK);
    for (size_t at = 0, done = 0; done < 18; done++) {
        size_t n = feed_room(f) < FILE_FRAMES - at ? feed_room(f) : FILE_FRAMES - at;
        feed_push(f, in + at, n);
        at += n;
        if (at == FILE_FRAMES)
            feed_end(f);
        engine_run(e, device, out, BLOCK);
    }
    assert_int_equal(feed_pulled(f), FILE_FRAMES);
    assert_int_equal(feed_late(f), BLOCK);
    assert_int_equal(feed_after(f), 18 * BLOCK - FILE_FRAMES);
    assert_int_equal(capture_pull(raw, got, 2 * FILE_FRAMES), 19 * BLOCK);
    for (int i = 0; i < 19 * BLOCK; i++) {
        const int at = i - BLOCK;
        const float expected = at >= 0 && at < FILE_FRAMES ? in[at] : 0;
        assert_memory_equal(&got[i], &expected, sizeof expected);
    }
    engine_free(e);
    feed_free(f);
    capture_free(raw);
}

static void learned_noise_is_told_while_it_sounds(void **state)
{
    static float in[N], out[N];
    sordino_profile *p;
    (void)state;
    fill(in, N);
    engine *const e = engine_new(48000, 1, 1, make_method(0.032, 0));
    assert_non_null(e);
    assert_false(engine_take_noise(e, &p)); /* nothing was asked for */
    engine_set_learn(e, true);
    engine_set_learn(e, false); /* before the callback ever ran */
    assert_false(engine_take_noise(e, &p));
    engine_run(e, in, out, 64);
    assert_true(engine_take_noise(e, &p));
    assert_null(p); /* nothing was learned */
    assert_false(engine_take_noise(e, &p));
    engine_set_learn(e, true);
    engine_run(e, in, out, N);
    assert_false(engine_take_noise(e, &p)); /* it goes on */
    engine_set_learn(e, false);
    assert_false(engine_take_noise(e, &p));
    engine_run(e, in, out, 64);
    assert_true(engine_take_noise(e, &p));
    assert_non_null(p);
    sordino_profile *kept;
    assert_int_equal(engine_profile(e, &kept, NULL), SORDINO_OK);
    assert_int_equal(sordino_profile_bins(kept), sordino_profile_bins(p));
    assert_memory_equal(sordino_profile_psd(p, 0), sordino_profile_psd(kept, 0),
                        sordino_profile_bins(p) * sizeof(float));
    sordino_profile_free(kept);
    engine_set_learn(e, true); /* too short to learn anything: what was known is used on */
    engine_run(e, in, out, 1);
    engine_set_learn(e, false);
    engine_run(e, in, out, 1);
    sordino_profile *none;
    assert_true(engine_take_noise(e, &none));
    assert_null(none);
    engine_set_learn(e, true); /* at rest it need not be ended first */
    engine_run(e, in, out, 4800);
    assert_int_equal(engine_profile(e, &kept, NULL), SORDINO_OK);
    assert_memory_not_equal(sordino_profile_psd(p, 0), sordino_profile_psd(kept, 0),
                            sordino_profile_bins(p) * sizeof(float));
    sordino_profile_free(p);
    sordino_profile_free(kept);
    engine_free(e);
}

static void a_network_that_cannot_keep_up_is_refused(void **state)
{
    sordino_config config;
    sordino_error why;
    method *m;
    (void)state;
    file f = slow_file();
    sordino_config_init(&config);
    config.method = SORDINO_METHOD_NETWORK;
    config.rate = 192000;
    assert_int_equal(method_new(&config, opened(&f), &m, &why), SORDINO_UNSUPPORTED);
    assert_null(m);
    assert_non_null(strstr(why.text, "s of a core for each second of sound at 192000 Hz"));
    free(f.bytes);
    f = dense_file(); /* one that is hardly there, at a rate of its own */
    config.rate = 5.5;
    assert_int_equal(method_new(&config, opened(&f), &m, &why), SORDINO_OK);
    method_free(m);
    free(f.bytes);
}

static void what_a_recording_loses_is_counted_and_stays_a_gap(void **state)
{
    enum { ROOM = 128, BLOCK = 64 };
    float in[BLOCK];
    static float got[4096];
    size_t n, all = 0;
    (void)state;
    capture *const t = capture_new(1, ROOM);
    assert_non_null(t);
    const float *const planes[] = {in};
    for (int round = 1; round <= 20; round++) {
        for (int i = 0; i < BLOCK; i++)
            in[i] = (float)round;
        capture_push(t, planes, BLOCK);
        if (round == 12 || round == 20) /* a disk that sleeps in between */
            while ((n = capture_pull(t, got + all, 50)) > 0)
                all += n;
    }
    const uint64_t waiting = capture_pushed(t) - all;
    assert_true(capture_lost(t) > 0);
    assert_int_equal(capture_pushed(t), 20 * BLOCK);
    assert_true(waiting <= capture_lost(t)); /* those lost after the last that went in */
    size_t silent = 0;
    for (size_t i = 0; i < all; i++) {
        if (got[i] == 0)
            silent++;
        else
            assert_true(got[i] == (float)(i / BLOCK + 1)); /* each at its own time */
    }
    assert_int_equal(silent + waiting, capture_lost(t));
    capture_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_of_any_size_give_what_the_core_gives),
        cmocka_unit_test(a_change_while_it_sounds_neither_clicks_nor_gaps),
        cmocka_unit_test(muted_it_gives_silence_and_then_what_the_core_gives),
        cmocka_unit_test(a_file_stands_in_for_the_input_to_its_end),
        cmocka_unit_test(learned_noise_is_told_while_it_sounds),
        cmocka_unit_test(a_network_that_cannot_keep_up_is_refused),
        cmocka_unit_test(what_a_recording_loses_is_counted_and_stays_a_gap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
