#include "core/dsp/expint.h"

#include "tests/support/cmocka_all.h"

#include <float.h>
#include <math.h>

static const double tolerance = 1e-4; /* relative, what the header states */

/* In double, by two routes: the power series (Abramowitz & Stegun 1964, eq. 5.1.11), which loses
 * digits to cancellation as x grows, and the continued fraction (eq. 5.1.22, by Lentz's method),
 * which converges slowly near 0. */
static double by_series(double x)
{
    double sum = -0.57721566490153286061 - log(x), term = 1.0;
    for (int n = 1; n < 200; n++) {
        term *= -x / n;
        sum -= term / n;
    }
    return sum;
}

static double by_fraction(double x)
{
    double below = 0.0;
    for (int n = 20000; n >= 1; n--) /* x + 1/(1 + 1/(x + 2/(1 + 2/(x + ...)))) */
        below = n / (1.0 + n / (x + below));
    return exp(-x) / (x + below);
}

static void both_references_agree(void **state)
{
    (void)state;
    for (double x = 0.2; x < 3.0; x *= 1.1)
        assert_true(fabs(by_series(x) / by_fraction(x) - 1.0) < 1e-9);
    /* Abramowitz & Stegun, table 5.1: E1(1). */
    assert_true(fabs(by_fraction(1.0) - 0.219383934395520) < 1e-14);
}

static void e1_is_within_its_stated_error(void **state)
{
    (void)state;
    for (double x = 1e-6; x < 80.0; x *= 1.003) {
        const float at = (float)x;
        const double wanted = x < 1.0 ? by_series((double)at) : by_fraction((double)at);
        assert_true(fabs((double)expint_e1(at) - wanted) < tolerance * wanted);
    }
}

static void e1_falls_and_stays_finite_at_the_ends(void **state)
{
    (void)state;
    assert_true(expint_e1(1000.0f) == 0.0f);
    assert_true(expint_e1(FLT_MAX) == 0.0f);
    assert_true(isfinite(expint_e1(FLT_MIN)) && expint_e1(FLT_MIN) > 86.0f);
    float before = INFINITY;
    for (float x = 1e-5f; x < 90.0f; x *= 1.01f) {
        const float now = expint_e1(x);
        assert_true(now < before);
        before = now;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_references_agree),
        cmocka_unit_test(e1_is_within_its_stated_error),
        cmocka_unit_test(e1_falls_and_stays_finite_at_the_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
