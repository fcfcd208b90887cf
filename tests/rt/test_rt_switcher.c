/* Denoisers that take turns make no forbidden call, whichever is heard, begun or ended. */
#include "common/learned.h"
#include "common/switcher.h"
#include "tests/rt/forbidden.h"

#include "tests/support/cmocka_all.h"

enum { CHANNELS = 2, BLOCK = 480, N_PROCESSORS = 3 };

static void turns_are_taken_without_a_forbidden_call(void **state)
{
    static const double windows[N_PROCESSORS] = {0.032, 0.020, 0.010};
    static float in[CHANNELS][BLOCK], out[CHANNELS][BLOCK];
    static switcher s;
    processor p[N_PROCESSORS];
    learned l;
    const char *first;
    int changes = 0;
    (void)state;
    switcher_init(&s, 48000, CHANNELS);
    for (int i = 0; i < N_PROCESSORS; i++) {
        sordino_config config;
        sordino_config_init(&config);
        config.channels = CHANNELS;
        config.window = windows[i];
        assert_int_equal(processor_init(&p[i], &config, NULL, 4096, NULL), SORDINO_OK);
    }
    assert_int_equal(learned_init(&l, p[0].denoiser, NULL), SORDINO_OK);
    for (int i = 0; i < CHANNELS * BLOCK; i++)
        in[i / BLOCK][i % BLOCK] = (float)((i * 7919) % 1000 - 500) * 1e-3F;
    const float *const from[] = {in[0], in[1]};
    float *const to[] = {out[0], out[1]};
    forbidden_arm();
    for (int i = 0; i < N_PROCESSORS; i++)
        switcher_add(&s, &p[i]);
    for (int block = 0; block < 400; block++) {
        processor *const next = &p[block / 50 % N_PROCESSORS];
        if (!switcher_is_moving(&s))
            switcher_to(&s, (switcher_source){next, p[0].latency - next->latency});
        p[0].kept = block % 3 == 0;
        switcher_stop_unneeded(&s);
        if (block == 200)
            switcher_reset(&s);
        else
            changes += switcher_run(&s, from, to, BLOCK);
        if (sordino_denoiser_copy_profile(p[0].denoiser, learned_place(&l)))
            learned_publish(&l);
        sordino_denoiser_set_learn(p[0].denoiser, block % 100 < 50);
    }
    for (int i = 0; i < N_PROCESSORS; i++)
        switcher_remove(&s, &p[i]);
    const size_t calls = forbidden_disarm(&first);
    if (calls > 0)
        fail_msg("%zu forbidden calls, the first of %s", calls, first);
    assert_true(changes > 4);
    assert_non_null(learned_newest(&l));
    learned_free(&l);
    for (int i = 0; i < N_PROCESSORS; i++)
        processor_free(&p[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(turns_are_taken_without_a_forbidden_call),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
