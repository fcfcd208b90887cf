/* Numbers too small to be normal: never worked on, so that a tail costs what a voice costs, and the
 * caller's floating-point settings are given back. Nothing here is timed; bench/denormals is. */
#include "core/base/fpenv.h"

#include "tests/support/cmocka_all.h"
#include "tests/support/models.h"
#include "tests/support/signals.h"

#include <sordino/sordino.h>

#include <float.h>
#include <math.h>
#include <string.h>

enum { N_SAMPLES = 24000, BLOCK = 480 };

typedef struct way {
    const char *name;
    sordino_method method;
    const sordino_model *model;
} way;

/* True when the processor works on subnormal numbers, as a host's own code may want. */
static bool subnormals_live(void)
{
    volatile float least = FLT_MIN;
    volatile float half = least / 2;
    return half > 0 && half * 2 == least;
}

static void play(const way *v, const float *in, float *out)
{
    sordino_denoiser *d = NULL;
    sordino_config config;
    sordino_config_init(&config);
    config.method = v->method;
    assert_int_equal(sordino_denoiser_new(&config, v->model, &d, NULL), SORDINO_OK);
    for (size_t i = 0; i < N_SAMPLES; i += BLOCK) {
        const float *from = in + i;
        float *to = out + i;
        sordino_denoiser_process(d, &from, &to, BLOCK);
    }
    sordino_denoiser_free(d);
}

/* A voice that dies away to nothing: e-fold every 120 samples, subnormal from about 0.25 s on. */
static void make_tail(float *x)
{
    uint64_t seed = test_seed(11);
    for (size_t i = 0; i < N_SAMPLES; i++)
        x[i] = (float)(test_normal(&seed) * exp(-(double)i / 120.0));
}

static void each_way(void (*check)(const way *v))
{
    sordino_model *by_bands = test_model_bands(3, 0.1), *by_samples = test_model_wave(1, 0, 4, 0.1);
    const way ways[] = {
        {"Wiener", SORDINO_METHOD_WIENER, NULL},
        {"Kalman", SORDINO_METHOD_KALMAN, NULL},
        {"predictor", SORDINO_METHOD_PREDICTOR, NULL},
        {"band network", SORDINO_METHOD_NETWORK, by_bands},
        {"waveform network", SORDINO_METHOD_NETWORK, by_samples},
    };
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
        check(&ways[i]);
    sordino_model_free(by_bands);
    sordino_model_free(by_samples);
}

static float tail[N_SAMPLES], bare[N_SAMPLES], guarded[N_SAMPLES];

static void check_restored(const way *v)
{
    assert_true(subnormals_live());
    play(v, tail, bare);
    if (!subnormals_live())
        fail_msg("%s: subnormal numbers are dead after processing", v->name);

    const fpenv_saved saved = fpenv_enter();
    const bool dead = !subnormals_live();
    play(v, tail, guarded);
    const bool still_dead = !subnormals_live();
    fpenv_leave(saved);
    if (dead && !still_dead)
        fail_msg("%s: subnormal numbers are alive after processing", v->name);
}

static void the_callers_setting_is_given_back(void **state)
{
    (void)state;
    make_tail(tail);
    each_way(check_restored);
}

/* Were subnormal numbers worked on inside, the tail would differ from one played while the whole
 * program has them off. */
static void check_same(const way *v)
{
    play(v, tail, bare);
    const fpenv_saved saved = fpenv_enter();
    play(v, tail, guarded);
    fpenv_leave(saved);
    for (size_t i = 0; i < N_SAMPLES; i++) {
        if (memcmp(&bare[i], &guarded[i], sizeof *bare) != 0)
            fail_msg("%s: sample %zu is %a, and %a without subnormal numbers", v->name, i,
                     (double)bare[i], (double)guarded[i]);
        if (fpclassify(bare[i]) == FP_SUBNORMAL)
            fail_msg("%s: sample %zu is subnormal", v->name, i);
    }
}

static void a_tail_never_works_on_subnormal_numbers(void **state)
{
    (void)state;
    const fpenv_saved saved = fpenv_enter();
    const bool dead = !subnormals_live();
    fpenv_leave(saved);
    if (!dead) {
        print_message("this processor has no flush-to-zero here\n");
        skip();
    }
    make_tail(tail);
    each_way(check_same);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_callers_setting_is_given_back),
        cmocka_unit_test(a_tail_never_works_on_subnormal_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
