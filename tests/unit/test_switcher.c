/* Denoisers that take turns while sound runs: what is heard before, during and after a change. */
#include "common/learned.h"
#include "common/switcher.h"
#include "tests/support/failing_alloc.h"

#include "tests/support/cmocka_all.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { N = 96000, RATE = 48000, CHANNELS = 2, MOST = 8000 };

static float input[CHANNELS][N];

static void fill_input(void)
{
    uint32_t draw = 1;
    for (int c = 0; c < CHANNELS; c++)
        for (int i = 0; i < N; i++) {
            draw = draw * 1664525U + 1013904223U;
            input[c][i] = 0.3F * sinf((0.05F + 0.01F * (float)c) * (float)i) +
                          0.1F * ((float)(draw >> 8) * 0x1p-23F - 1.0F);
        }
}

static sordino_config config_of(double window)
{
    sordino_config config;
    sordino_config_init(&config);
    config.rate = RATE;
    config.channels = CHANNELS;
    config.window = window;
    return config;
}

static void make(processor *p, double window, bool enabled)
{
    sordino_config config = config_of(window);
    config.enabled = enabled;
    assert_int_equal(processor_init(p, &config, NULL, MOST, NULL), SORDINO_OK);
}

/* What a denoiser of that window makes of the input from `from` on, `pad` samples later still. */
static void alone(double window, size_t from, uint32_t pad, float *const *out)
{
    sordino_denoiser *d;
    const sordino_config config = config_of(window);
    const float *in[CHANNELS];
    float *to[CHANNELS];
    assert_int_equal(sordino_denoiser_new(&config, NULL, &d, NULL), SORDINO_OK);
    for (int c = 0; c < CHANNELS; c++) {
        memset(out[c], 0, (from + pad) * sizeof(float));
        in[c] = input[c] + from;
        to[c] = out[c] + from + pad;
    }
    sordino_denoiser_process(d, in, to, N - from - pad);
    sordino_denoiser_free(d);
}

/* Plays [from, to) in blocks of n. */
static bool play(switcher *s, float *const *out, size_t from, size_t to, size_t n)
{
    bool done = false;
    for (size_t at = from; at < to; at += n) {
        const float *in_at[CHANNELS];
        float *out_at[CHANNELS];
        for (int c = 0; c < CHANNELS; c++) {
            in_at[c] = input[c] + at;
            out_at[c] = out[c] + at;
        }
        done = switcher_run(s, in_at, out_at, to - at < n ? to - at : n) || done;
    }
    return done;
}

static float heard_at[CHANNELS][N], before_at[CHANNELS][N], after_at[CHANNELS][N];
static float *const heard[] = {heard_at[0], heard_at[1]};
static float *const before[] = {before_at[0], before_at[1]};
static float *const after[] = {after_at[0], after_at[1]};

static void a_change_waits_fades_and_is_through(void **state)
{
    enum { AT = 12000, PAD = 576 };
    (void)state;
    switcher s;
    processor a, b;
    switcher_init(&s, RATE, CHANNELS);
    make(&a, 0.032, true);
    make(&b, 0.020, true);
    const uint32_t fade = switcher_fade_samples(RATE);
    const size_t begins = AT + b.latency + PAD + switcher_warm_samples(RATE), ends = begins + fade;
    assert_int_equal(a.latency, b.latency + PAD);
    switcher_add(&s, &a);
    switcher_add(&s, &b);
    switcher_to(&s, (switcher_source){&a, 0});
    assert_false(switcher_is_moving(&s)); /* the first is heard at once */
    assert_false(play(&s, heard, 0, AT, 480));
    switcher_to(&s, (switcher_source){&b, PAD});
    assert_true(switcher_is_moving(&s) && switcher_needs(&s, &a) && switcher_needs(&s, &b));
    assert_ptr_equal(switcher_last(&s).processor, &b);
    assert_false(play(&s, heard, AT, ends - 1, 480));
    assert_true(play(&s, heard, ends - 1, ends, 480));
    assert_false(switcher_is_moving(&s) || switcher_needs(&s, &a) || a.running);
    assert_false(play(&s, heard, ends, N, 480));
    alone(0.032, 0, 0, before);
    alone(0.020, AT, PAD, after);
    for (int c = 0; c < CHANNELS; c++) {
        assert_memory_equal(heard[c], before[c], begins * sizeof(float));
        assert_memory_equal(heard[c] + ends, after[c] + ends, (N - ends) * sizeof(float));
        for (size_t i = begins; i < ends; i++) {
            const float part = (float)(i - begins + 1) / (float)fade;
            const float expected = before[c][i] + part * (after[c][i] - before[c][i]);
            assert_memory_equal(&heard[c][i], &expected, sizeof expected);
        }
    }
    processor_free(&a);
    processor_free(&b);
}

/* However blocks fall, and where outputs are the inputs in another order. */
static void a_change_sounds_alike_in_blocks_of_any_size(void **state)
{
    static const size_t blocks[] = {1, 64, 1000, 4096};
    static float reference[N], in_place[CHANNELS][N];
    (void)state;
    for (size_t k = 0; k <= sizeof blocks / sizeof *blocks; k++) {
        switcher s;
        processor a, b;
        const bool last = k == sizeof blocks / sizeof *blocks;
        switcher_init(&s, RATE, CHANNELS);
        make(&a, 0.032, true);
        make(&b, 0.020, true);
        switcher_add(&s, &a);
        switcher_add(&s, &b);
        switcher_to(&s, (switcher_source){&a, 0});
        (void)play(&s, heard, 0, 6000, 480);
        switcher_to(&s, (switcher_source){&b, 576});
        if (!last) {
            (void)play(&s, heard, 6000, N, blocks[k]);
        } else {
            memcpy(in_place, input, sizeof in_place);
            const float *const in[] = {in_place[0] + 6000, in_place[1] + 6000};
            float *const out[] = {in_place[1] + 6000, in_place[0] + 6000};
            (void)switcher_run(&s, in, out, N - 6000);
            memcpy(heard[1] + 6000, out[1], (N - 6000) * sizeof(float));
        }
        if (k == 0)
            memcpy(reference, heard[1], sizeof reference);
        assert_memory_equal(heard[1], reference, sizeof reference);
        processor_free(&a);
        processor_free(&b);
    }
}

static void bypassed_on_both_sides_a_change_is_not_there(void **state)
{
    (void)state;
    switcher s;
    processor a, b;
    switcher_init(&s, RATE, CHANNELS);
    make(&a, 0.032, false);
    make(&b, 0.020, false);
    switcher_add(&s, &a);
    switcher_add(&s, &b);
    switcher_to(&s, (switcher_source){&a, 0});
    (void)play(&s, heard, 0, 6000, 480);
    switcher_to(&s, (switcher_source){&b, a.latency - b.latency});
    assert_true(play(&s, heard, 6000, N, 480));
    for (int c = 0; c < CHANNELS; c++)
        assert_memory_equal(heard[c] + a.latency, input[c], (N - a.latency) * sizeof(float));
    processor_free(&a);
    processor_free(&b);
}

static void what_runs_already_is_waited_for_less(void **state)
{
    (void)state;
    switcher s;
    processor a, b;
    switcher_init(&s, RATE, CHANNELS);
    make(&a, 0.032, true);
    make(&b, 0.020, true);
    switcher_add(&s, &a);
    switcher_add(&s, &b);
    b.kept = true;
    processor_start(&b);
    switcher_to(&s, (switcher_source){&a, 0});
    (void)play(&s, heard, 0, 3000, 480);
    switcher_stop_unneeded(&s);
    assert_true(b.running); /* it learns */
    switcher_to(&s, (switcher_source){&b, 0});
    assert_int_equal(s.wait, b.latency + switcher_warm_samples(RATE) - 3000);
    assert_int_equal(s.fade, switcher_fade_samples(RATE));
    switcher_reset(&s);
    assert_false(a.running || b.running || switcher_is_moving(&s) || switcher_needs(&s, &a));
    switcher_remove(&s, &b);
    assert_ptr_equal(s.list, &a);
    assert_null(a.next);
    processor_free(&a);
    processor_free(&b);
}

static void only_the_newest_noise_is_handed_over(void **state)
{
    (void)state;
    processor p;
    learned l;
    make(&p, 0.032, true);
    assert_int_equal(learned_init(&l, p.denoiser, NULL), SORDINO_OK);
    assert_null(learned_newest(&l));
    for (int round = 0; round < 5; round++) {
        sordino_profile *const place = learned_place(&l), *newest = NULL;
        for (int i = 0; i < 2; i++) {
            newest = learned_place(&l);
            learned_publish(&l);
            assert_ptr_not_equal(learned_place(&l), newest);
        }
        assert_ptr_not_equal(place, newest);
        assert_ptr_equal(learned_newest(&l), newest);
        assert_ptr_equal(learned_newest(&l), newest); /* until there is another */
        assert_ptr_not_equal(learned_place(&l), newest);
    }
    learned_clear(&l);
    assert_null(learned_newest(&l));
    learned_free(&l);
    processor_free(&p);
}

static void noise_of_which_nothing_was_heard_leaves_what_was_known(void **state)
{
    (void)state;
    processor p;
    learned l;
    make(&p, 0.032, true);
    assert_int_equal(learned_init(&l, p.denoiser, NULL), SORDINO_OK);
    processor_start(&p);
    sordino_denoiser_set_learn(p.denoiser, true);
    assert_false(learned_end(p.denoiser, learned_place(&l)));
    assert_false(learned_end(p.denoiser, NULL));
    sordino_denoiser_set_learn(p.denoiser, true);
    const float *const in[] = {input[0], input[1]};
    for (size_t at = 0; at < 48000; at += PROCESSOR_CHUNK)
        processor_run(&p, in, at, PROCESSOR_CHUNK);
    assert_true(learned_end(p.denoiser, learned_place(&l)));
    assert_false(learned_has_news(&l));
    learned_publish(&l);
    assert_true(learned_has_news(&l));
    const sordino_profile *const known = learned_newest(&l);
    assert_false(learned_has_news(&l));
    sordino_denoiser_set_learn(p.denoiser, true);
    assert_false(learned_end(p.denoiser, learned_place(&l)));
    sordino_profile *const used = learned_place(&l);
    assert_true(sordino_denoiser_copy_profile(p.denoiser, used));
    assert_memory_equal(sordino_profile_psd(used, 0), sordino_profile_psd(known, 0),
                        sordino_profile_bins(known) * sizeof(float));
    learned_free(&l);
    processor_free(&p);
}

static void a_processor_is_made_whole_or_not_at_all(void **state)
{
    enum { MOST_ALLOCATIONS = 5000 };
    const sordino_config config = config_of(0.032);
    (void)state;
    size_t n;
    for (n = 0; n < MOST_ALLOCATIONS; n++) {
        processor p;
        failing_alloc_arm(n);
        const sordino_status status = processor_init(&p, &config, NULL, MOST, NULL);
        const bool failed = failing_alloc_disarm();
        assert_int_equal(status, failed ? SORDINO_NO_MEM : SORDINO_OK);
        assert_int_equal(p.denoiser == NULL, failed);
        processor_free(&p);
        if (!failed)
            break;
    }
    assert_true(n > 5 && n < MOST_ALLOCATIONS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_change_waits_fades_and_is_through),
        cmocka_unit_test(a_change_sounds_alike_in_blocks_of_any_size),
        cmocka_unit_test(bypassed_on_both_sides_a_change_is_not_there),
        cmocka_unit_test(what_runs_already_is_waited_for_less),
        cmocka_unit_test(only_the_newest_noise_is_handed_over),
        cmocka_unit_test(noise_of_which_nothing_was_heard_leaves_what_was_known),
        cmocka_unit_test(a_processor_is_made_whole_or_not_at_all),
    };
    fill_input();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
