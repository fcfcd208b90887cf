/* Copies of recordings are found, whatever was done to them, and other recordings are not. */
#include "trainer/data/copies.h"

#include "tests/support/cmocka_all.h"
#include "trainer/data/rate.h"
#include "trainer/signals/signal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { RATE = 16000, SECONDS = 6, N = RATE * SECONDS };

static float *make(const char *kind, uint64_t seed)
{
    float *const x = malloc(N * sizeof *x);
    rng r = rng_make(seed, 1, 1);
    assert_non_null(x);
    assert_true(signal_find(kind)->make(&r, RATE, x, N));
    return x;
}

static copies_found add(copies *c, const float *x, size_t n, double rate)
{
    copies_found found;
    assert_true(copies_add(c, x, n, rate, &found));
    return found;
}

static const char *const kinds[] = {"speech", "fan", "hiss", "crackle", "babble", "coloured"};
enum { KINDS = sizeof kinds / sizeof *kinds };

static void the_same_samples_are_the_same(void **state)
{
    copies *const c = copies_new();
    float *const x = make("fan", 1), *const y = make("fan", 2);
    assert_false(add(c, x, N, RATE).same);
    assert_false(add(c, y, N, RATE).same);
    const copies_found found = add(c, y, N, RATE);
    assert_true(found.same);
    assert_int_equal(found.of, 1);
    assert_true(add(c, x, 40, 250).same == false); /* a sensor's, too short for a fingerprint */
    assert_true(add(c, x, 40, 250).same);
    free(x);
    free(y);
    copies_free(c);
}

static void near_copies_are_found(void **state)
{
    for (size_t k = 0; k < KINDS; k++) {
        float *const x = make(kinds[k], 3), *const louder = malloc(N * sizeof *louder);
        copies *const c = copies_new();
        size_t n = 0;
        rng r = rng_make(9, 9, 9);
        assert_false(add(c, x, N, RATE).near);
        for (size_t i = 0; i < N; i++) /* half as loud, rounded to 10 bits */
            louder[i] = (float)lrint(0.5 * (double)x[i] * 512 + rng_range(&r, -0.5, 0.5)) / 512;
        assert_true(add(c, louder, N, RATE).near);
        assert_true(add(c, x + 11003, N - 11003, RATE).near); /* cut at the front */
        float *const y = rate_convert(x, N, RATE, 22050, &n);
        assert_non_null(y);
        assert_true(add(c, y, n, 22050).near); /* resampled */
        free(y);
        free(x);
        free(louder);
        copies_free(c);
    }
}

static void others_are_not(void **state)
{
    copies *const c = copies_new();
    for (size_t k = 0; k < KINDS; k++)
        for (uint64_t s = 0; s < 4; s++) {
            float *const x = make(kinds[k], 100 + 10 * k + s);
            const copies_found found = add(c, x, N, RATE);
            if (found.near || found.same)
                fail_msg("%s %d is taken for number %zu", kinds[k], (int)s, found.of);
            free(x);
        }
    float silence[RATE] = {0};
    assert_false(add(c, silence, RATE, RATE).near);
    assert_false(add(c, silence, RATE - 1, RATE).near);
    copies_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_samples_are_the_same),
        cmocka_unit_test(near_copies_are_found),
        cmocka_unit_test(others_are_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
