/* Each sort of damage: how much, where, and what it leaves alone. */
#include "trainer/mix/corruptions.h"

#include "tests/support/cmocka_all.h"
#include "tests/support/signals.h"

#include <math.h>
#include <string.h>

enum { N = 20000 };
static uint64_t seed;
static float x[N], damaged[N];

/* A walk about 100, in which no value comes twice in a row. */
static rng start(void)
{
    rng r = rng_make(seed, 1, 0);
    for (size_t i = 0; i < N; i++)
        x[i] = (float)(100 + 3 * sin(0.01 * (double)i) + rng_range(&r, -0.5, 0.5));
    memcpy(damaged, x, sizeof x);
    return rng_make(seed, 2, 0);
}

static size_t count_changed(void)
{
    size_t changed = 0;
    for (size_t i = 0; i < N; i++)
        changed += x[i] != damaged[i];
    return changed;
}

static void assert_share(double share)
{
    /* Five standard deviations. */
    assert_true(fabs((double)count_changed() / N - share) < 5 * sqrt(share * (1 - share) / N));
}

static void gaussian_noise_lies_at_its_ratio(void **state)
{
    (void)state;
    rng r = start();
    corrupt_gaussian(&r, damaged, N, 2, 6);
    double sum = 0, fourth = 0, mean = 0;
    for (size_t i = 0; i < N; i++) {
        const double d = (double)damaged[i] - (double)x[i];
        mean += d / N;
        sum += d * d / N;
        fourth += d * d * d * d / N;
    }
    assert_true(fabs(10 * log10(4 / sum) - 6) < 0.3); /* dB: six standard deviations */
    assert_true(fabs(mean) < 6 * sqrt(sum / N));
    assert_true(fabs(fourth / (sum * sum) - 3) < 6 * sqrt(24.0 / N)); /* normal */
    r = start();
    corrupt_gaussian(&r, damaged, N, 2, INFINITY);
    assert_int_equal(count_changed(), 0);
}

static void salt_and_pepper_are_rare_and_of_one_height(void **state)
{
    (void)state;
    rng r = start();
    corrupt_salt_pepper(&r, damaged, N, 100, 2, 0.05, 4);
    assert_share(0.05);
    size_t up = 0;
    for (size_t i = 0; i < N; i++) {
        if (x[i] != damaged[i])
            assert_true(damaged[i] == 108 || damaged[i] == 92);
        up += damaged[i] == 108;
    }
    assert_true(up > N / 50 && up < 3 * N / 100); /* half of a twentieth: seven deviations */
}

static void masked_samples_hold_the_last_that_was_not(void **state)
{
    (void)state;
    rng r = start();
    corrupt_masking(&r, damaged, N, 0.2);
    assert_share(0.2);
    assert_true(damaged[0] == x[0]);
    for (size_t i = 1; i < N; i++)
        assert_true(damaged[i] == x[i] || damaged[i] == damaged[i - 1]);
}

static void missing_blocks_are_few_and_no_longer_than_told(void **state)
{
    (void)state;
    size_t most = 0, all = 0;
    for (uint64_t turn = 0; turn < 50; turn++) {
        (void)start();
        rng r = rng_make(seed, 3, turn);
        corrupt_blocks(&r, damaged, N, 3, 400);
        size_t blocks = 0, lost = 0, length = 0, edges = 0;
        for (size_t i = 0; i < N; i++) {
            length = damaged[i] == x[i] ? 0 : length + 1;
            if (length == 0)
                continue;
            lost++;
            blocks += length == 1;
            most = length > most ? length : most;
            edges += damaged[i] != damaged[i - 1];
        }
        assert_in_range(edges, 0, 2); /* blocks that lie over one another */
        assert_in_range(blocks, 1, 3);
        assert_in_range(lost, 1, 1200);
        all += lost;
    }
    assert_in_range(most, 300, 1200);    /* blocks may touch */
    assert_in_range(all / 50, 450, 750); /* of 3 times 200: seven standard deviations */
}

static void a_seed_gives_the_same_damage(void **state)
{
    (void)state;
    static float first[N];
    for (int turn = 0; turn < 2; turn++) {
        rng r = start();
        corrupt_gaussian(&r, damaged, N, 2, 6);
        corrupt_salt_pepper(&r, damaged, N, 100, 2, 0.05, 4);
        corrupt_masking(&r, damaged, N, 0.2);
        corrupt_blocks(&r, damaged, N, 3, 400);
        if (turn == 0)
            memcpy(first, damaged, sizeof first);
    }
    assert_memory_equal(first, damaged, sizeof first);
}

static void signals_of_no_or_one_sample_are_no_trouble(void **state)
{
    (void)state;
    for (size_t n = 0; n < 3; n++) {
        rng r = start();
        corrupt_gaussian(&r, damaged, n, 1, 0);
        corrupt_salt_pepper(&r, damaged, n, 100, 0, 1, 1);
        corrupt_masking(&r, damaged, n, 1);
        corrupt_blocks(&r, damaged, n, 4, 10);
        corrupt_blocks(&r, damaged, n, 4, 0);
        for (size_t i = n; i < N; i++)
            assert_true(damaged[i] == x[i]);
    }
}

int main(void)
{
    seed = test_seed(7);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gaussian_noise_lies_at_its_ratio),
        cmocka_unit_test(salt_and_pepper_are_rare_and_of_one_height),
        cmocka_unit_test(masked_samples_hold_the_last_that_was_not),
        cmocka_unit_test(missing_blocks_are_few_and_no_longer_than_told),
        cmocka_unit_test(a_seed_gives_the_same_damage),
        cmocka_unit_test(signals_of_no_or_one_sample_are_no_trouble),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
