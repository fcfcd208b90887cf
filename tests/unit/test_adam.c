#include "trainer/adam.h"

#include "tests/support/cmocka_all.h"
#include "tests/support/failing_alloc.h"
#include "tests/support/signals.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { N = 37, STEPS = 50 }; /* N: no whole number of vectors */

/* Of weights near 1 after STEPS updates in single precision, absolute. */
static const double drift_tolerance = 5e-6;

/* The algorithm as it is written, in double. */
typedef struct plain {
    double w[N], m[N], v[N], mean[N];
    int t;
} plain;

static double plain_update(plain *p, const adam_spec *spec, const bool *decays, const double *g,
                           double rate)
{
    double norm = 0;
    for (int i = 0; i < N; i++)
        norm += g[i] * g[i];
    norm = sqrt(norm);
    const double scale = spec->clip > 0 && norm > spec->clip ? spec->clip / norm : 1;
    if (p->t++ == 0)
        memcpy(p->mean, p->w, sizeof p->mean);
    const double ema = fmin(spec->ema, (1.0 + p->t) / (10.0 + p->t));
    for (int i = 0; i < N; i++) {
        p->m[i] = 0.9 * p->m[i] + 0.1 * scale * g[i];
        p->v[i] = 0.99 * p->v[i] + 0.01 * scale * scale * g[i] * g[i];
        const double m = p->m[i] / (1 - pow(0.9, p->t)), v = p->v[i] / (1 - pow(0.99, p->t));
        p->w[i] -= rate * (m / (sqrt(v) + 1e-8) + (decays[i] ? spec->decay * p->w[i] : 0));
        p->mean[i] = ema * p->mean[i] + (1 - ema) * p->w[i];
    }
    return norm;
}

static adam *make(const adam_spec *spec)
{
    bool decays[N];
    adam *a;
    for (int i = 0; i < N; i++)
        decays[i] = i % 3 != 0;
    assert_int_equal(adam_new(spec, N, decays, &a, NULL), SORDINO_OK);
    return a;
}

static void draw(float *x, double size, uint64_t *state)
{
    for (int i = 0; i < N; i++)
        x[i] = (float)(size * test_normal(state));
}

static void updates_follow_the_algorithm(void **context)
{
    const adam_spec spec = {.decay = 0.1, .clip = 5, .ema = 0.999};
    bool decays[N];
    float w[N], g[N];
    plain p = {.t = 0};
    uint64_t state = test_seed(1);
    adam *const a = make(&spec);
    draw(w, 1, &state);
    for (int i = 0; i < N; i++) {
        decays[i] = i % 3 != 0;
        p.w[i] = (double)w[i];
    }
    for (int step = 0; step < STEPS; step++) {
        double exact[N], norm, rate = 1e-2 / (1 + step % 7);
        draw(g, step % 4 == 0 ? 3 : 0.3, &state); /* of length 18: clipped; and 1.8 */
        for (int i = 0; i < N; i++)
            exact[i] = (double)g[i];
        assert_true(adam_update(a, w, g, rate, &norm));
        const double expected = plain_update(&p, &spec, decays, exact, rate);
        assert_true(fabs(norm - expected) < 1e-9 * expected);
        assert_true((norm > spec.clip) == (step % 4 == 0));
        for (int i = 0; i < N; i++) {
            assert_true(fabs((double)w[i] - p.w[i]) < drift_tolerance);
            assert_true(fabs((double)adam_where(a)->average[i] - p.mean[i]) < drift_tolerance);
        }
    }
    assert_true(adam_where(a)->updates == STEPS);
    adam_free(a);
}

/* With its bias corrected the first step is as long as the rate, whatever the gradient's size. */
static void the_first_step_is_of_the_rate(void **context)
{
    static const double sizes[] = {1e-3, 1, 1e6};
    for (int k = 0; k < 3; k++) {
        adam *const a = make(&(adam_spec){.decay = 0.5, .clip = 0, .ema = 0.999});
        float w[N], g[N];
        double norm;
        for (int i = 0; i < N; i++) {
            w[i] = 2;
            g[i] = (float)(i % 2 ? sizes[k] : -sizes[k]);
        }
        assert_true(adam_update(a, w, g, 0.125, &norm));
        for (int i = 0; i < N; i++) {
            const double decay = i % 3 ? 0.5 * 0.125 * 2 : 0;
            const double expected = 2 - (i % 2 ? 0.125 : -0.125) - decay;
            assert_true(fabs((double)w[i] - expected) < 1e-5);
            /* The average remembers min(.999, 2/11) of what it was. */
            const double mean = 2 * 2.0 / 11 + expected * 9.0 / 11;
            assert_true(fabs((double)adam_where(a)->average[i] - mean) < 1e-5);
        }
        adam_free(a);
    }
}

static void long_gradients_are_clipped(void **context)
{
    adam *const a = make(&(adam_spec){.clip = 2});
    float w[N] = {0}, g[N] = {0};
    double norm;
    g[3] = 6e20f;
    g[36] = -8e20f; /* squares beyond single precision */
    assert_true(adam_update(a, w, g, 0.1, &norm));
    assert_true(fabs(norm - 1e21) < 1e15);
    assert_true(fabs((double)g[3] - 1.2) < 1e-6 && fabs((double)g[36] + 1.6) < 1e-6);
    for (int i = 0; i < N; i++)
        assert_true(isfinite(w[i]) && (w[i] != 0) == (i == 3 || i == 36));
    g[3] = 0.6f; /* short ones are not */
    g[36] = 0.8f;
    assert_true(adam_update(a, w, g, 0.1, &norm));
    assert_true(g[3] == 0.6f && g[36] == 0.8f && fabs(norm - 1) < 1e-6);
    adam_free(a);
}

static void gradients_without_a_length_are_refused(void **context)
{
    static const float bad[] = {NAN, INFINITY, -INFINITY};
    uint64_t state = test_seed(2);
    adam *const a = make(&(adam_spec){.decay = 0.1, .clip = 1, .ema = 0.999});
    adam_state *const s = adam_where(a);
    float w[N], g[N], kept[4][N];
    double norm;
    draw(w, 1, &state);
    draw(g, 1, &state);
    assert_true(adam_update(a, w, g, 0.1, &norm));
    float *const all[] = {w, s->first, s->second, s->average};
    for (int k = 0; k < 4; k++)
        memcpy(kept[k], all[k], sizeof kept[k]);
    for (int place = 0; place < N; place += 12)
        for (int b = 0; b < 3; b++) {
            draw(g, 1, &state);
            g[place] = bad[b];
            assert_false(adam_update(a, w, g, 0.1, &norm));
            assert_false(isfinite(norm));
            assert_true(s->updates == 1);
            for (int k = 0; k < 4; k++)
                assert_memory_equal(kept[k], all[k], sizeof kept[k]);
        }
    adam_free(a);
}

/* What adam_where gives is all of the state, and the same numbers give the same bits. */
static void an_optimiser_goes_on_from_what_was_kept(void **context)
{
    const adam_spec spec = {.decay = 0.1, .clip = 3, .ema = 0.999};
    uint64_t state = test_seed(3);
    adam *const a = make(&spec), *const b = make(&spec);
    adam_state *const from = adam_where(a), *const to = adam_where(b);
    float w[N], copy[N], g[N], same[N];
    double norm, again;
    draw(w, 1, &state);
    for (int step = 0; step < 10; step++) {
        draw(g, 1, &state);
        assert_true(adam_update(a, w, g, 0.01, &norm));
    }
    memcpy(copy, w, sizeof copy);
    memcpy(to->first, from->first, sizeof w);
    memcpy(to->second, from->second, sizeof w);
    memcpy(to->average, from->average, sizeof w);
    to->updates = from->updates;
    for (int step = 0; step < 10; step++) {
        draw(g, 1, &state);
        memcpy(same, g, sizeof same);
        assert_true(adam_update(a, w, g, 0.01, &norm));
        assert_true(adam_update(b, copy, same, 0.01, &again));
        assert_true(norm == again);
        assert_memory_equal(w, copy, sizeof w);
        assert_memory_equal(from->average, to->average, sizeof w);
    }
    adam_free(a);
    adam_free(b);
}

static void assert_rate(const adam_schedule *s, double step, double progress, double expected)
{
    const double rate = adam_rate(s, step, progress);
    if (!(fabs(rate - expected) < 1e-12))
        fail_msg("step %g, progress %g: %.12g instead of %.12g", step, progress, rate, expected);
}

static void the_rate_rises_stays_and_falls(void **context)
{
    const adam_schedule s = {.rate = 0.5, .warm_up = 10, .cool_down = 0.4};
    assert_rate(&s, 0, 0, 0.05);
    assert_rate(&s, 4, 0.001, 0.25);
    assert_rate(&s, 9, 0.01, 0.5);
    assert_rate(&s, 10, 0.01, 0.5);
    assert_rate(&s, 100, 0.6, 0.5);
    assert_rate(&s, 100, 0.8, 0.5 * (1 + 0.01) / 2);
    assert_rate(&s, 100, 1, 0.005);
    assert_rate(&s, 100, 1.5, 0.005); /* a run that takes a little longer */
    for (double p = 0.6; p < 1; p += 0.01)
        assert_true(adam_rate(&s, 100, p + 0.01) < adam_rate(&s, 100, p));
    const adam_schedule flat = {.rate = 0.5};
    assert_rate(&flat, 0, 0, 0.5);
    assert_rate(&flat, 100, 1, 0.5);
}

static void failing_allocations_are_reported(void **context)
{
    const bool decays[3] = {true, false, true};
    for (size_t n = 0;; n++) {
        adam *a = (adam *)1;
        failing_alloc_arm(n);
        const sordino_status status = adam_new(&(adam_spec){0}, 3, decays, &a, NULL);
        if (!failing_alloc_disarm()) {
            assert_int_equal(status, SORDINO_OK);
            adam_free(a);
            break;
        }
        assert_int_equal(status, SORDINO_NO_MEM);
        assert_null(a);
    }
    adam_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(updates_follow_the_algorithm),
        cmocka_unit_test(the_first_step_is_of_the_rate),
        cmocka_unit_test(long_gradients_are_clipped),
        cmocka_unit_test(gradients_without_a_length_are_refused),
        cmocka_unit_test(an_optimiser_goes_on_from_what_was_kept),
        cmocka_unit_test(the_rate_rises_stays_and_falls),
        cmocka_unit_test(failing_allocations_are_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
