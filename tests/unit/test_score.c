/* Scores of a model and its rivals: which error is told, and when a model loses. */
#include "trainer/run/score.h"

#include "tests/support/cmocka_all.h"
#include "trainer/run/design.h"
#include "trainer/run/settings.h"
#include "trainer/run/sources.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct bench {
    settings settings;
    sources *sources;
    workers *workers;
    scoring *scoring;
} bench;

static void open_bench(bench *b, const char *seed, const char *rates)
{
    sordino_error why = {0};
    *b = (bench){0};
    settings_init(&b->settings);
    assert_int_equal(settings_set(&b->settings, "signal", "tones", &why), SORDINO_OK);
    assert_int_equal(settings_set(&b->settings, "noise", "hiss", &why), SORDINO_OK);
    assert_int_equal(settings_set(&b->settings, "seed", seed, &why), SORDINO_OK);
    assert_int_equal(settings_set(&b->settings, "validation-items", "12", &why), SORDINO_OK);
    assert_int_equal(design_rates(rates, &b->settings.mix, &why), SORDINO_OK);
    assert_int_equal(sources_open(&b->settings, NULL, &b->sources, &why), SORDINO_OK);
    b->workers = workers_new(3);
    assert_non_null(b->workers);
    assert_int_equal(scoring_new(&b->settings, b->sources, b->workers, &b->scoring, &why),
                     SORDINO_OK);
}

static void close_bench(bench *b)
{
    scoring_free(b->scoring);
    sources_free(b->sources);
    workers_free(b->workers);
    settings_free(&b->settings);
}

/* Whichever mixture has the rate that is not served, and whichever thread comes to it. */
static void the_error_of_any_mixture_is_told(void **state)
{
    static const char *const seeds[] = {"1", "2", "3", "4", "5", "6"};
    for (size_t i = 0; i < sizeof seeds / sizeof *seeds; i++) {
        bench b;
        scores found;
        sordino_error why = {0};
        open_bench(&b, seeds[i], "16000:1,200000:1");
        const sordino_status status = scoring_run(b.scoring, SCORE_WIENER, NULL, &found, &why);
        assert_int_not_equal(status, SORDINO_OK);
        assert_int_not_equal(status, SORDINO_NO_MEM);
        assert_int_equal(why.status, status);
        assert_non_null(strstr(why.text, "200000"));
        close_bench(&b);
    }
}

static void a_subject_is_level_with_itself(void **state)
{
    bench b;
    scores noisy;
    open_bench(&b, "1", "16000");
    const sordino_status status = scoring_run(b.scoring, SCORE_NOISY, NULL, &noisy, NULL);
    assert_int_equal(status, SORDINO_OK);
    const score_difference none = scoring_compare(b.scoring, SCORE_NOISY);
    assert_true(isnan(none.mean[SCORE_SI_SDR])); /* there is no model yet */
    close_bench(&b);
}

static score_difference difference(double si_sdr, double half, double estoi, double half_estoi)
{
    return (score_difference){.mean = {si_sdr, estoi, NAN, NAN},
                              .half = {half, half_estoi, NAN, NAN}};
}

static void losing_is_worse_beyond_the_interval_and_better_nowhere(void **state)
{
    static const struct {
        double si_sdr, half, estoi, half_estoi;
        bool loses, harms;
    } cases[] = {
        {1, 0.5, 0.1, 0.01, false, false},       /* better on both */
        {-0.07, 0.3, 0.111, 0.02, false, false}, /* a hair behind in one, far ahead in the other */
        {-2, 0.5, 0.05, 0.01, false, true},      /* worse and better: harm to the untouched input */
        {-2, 0.5, 0.005, 0.01, true, true},      /* worse, and better nowhere */
        {-0.2, 0.5, -0.02, 0.01, true, true},
        {-0.2, 0.5, 0.001, 0.01, true, true}, /* level: the mean decides */
        {0.2, 0.5, 0.001, 0.01, false, false},
        {0, 0, 0, 0, true, true}, /* the same */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const score_difference d =
            difference(cases[i].si_sdr, cases[i].half, cases[i].estoi, cases[i].half_estoi);
        score_kind kind;
        assert_int_equal(scores_lose(&d, false, &kind), cases[i].loses);
        assert_int_equal(scores_lose(&d, true, &kind), cases[i].harms);
    }
    const score_difference sensor = {.mean = {NAN, NAN, 1, -0.01}, .half = {NAN, NAN, 0.2, 0.05}};
    score_kind kind;
    assert_false(scores_lose(&sensor, false, &kind));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_error_of_any_mixture_is_told),
        cmocka_unit_test(a_subject_is_level_with_itself),
        cmocka_unit_test(losing_is_worse_beyond_the_interval_and_better_nowhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
