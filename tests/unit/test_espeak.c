/* Speech by espeak-ng: what it says, that a seed is a passage, and that passages are not alike. */
#include "trainer/data/espeak.h"

#include "tests/support/cmocka_all.h"
#include "tests/support/signals.h"
#include "tests/support/spectrum.h"
#include "trainer/data/espeak_text.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { RATE = 16000, N = 4 * RATE };

static uint64_t seed;

/* The passage of number `index`; to be freed. */
static float *draw(uint64_t index, double rate, size_t n)
{
    rng r = rng_make(seed, 1, index);
    float *const x = malloc(n * sizeof *x);
    assert_non_null(x);
    assert_true(espeak_draw(&r, rate, x, n));
    return x;
}

static void a_passage_depends_on_its_seed_alone(void **state)
{
    (void)state;
    float *const first = draw(0, RATE, N), *const other = draw(1, RATE, N);
    float *const again = draw(0, RATE, N);
    assert_memory_equal(first, again, N * sizeof *first);
    assert_memory_not_equal(first, other, N * sizeof *first);
    free(again);
    free(other);
    free(first);
}

typedef struct hand {
    uint64_t index;
    bool good;
    float x[RATE];
} hand;

static void *draw_there(void *at)
{
    hand *const h = at;
    rng r = rng_make(seed, 1, h->index);
    h->good = espeak_draw(&r, RATE, h->x, RATE);
    return NULL;
}

static void threads_that_draw_at_once_get_what_one_gets(void **state)
{
    (void)state;
    enum { HANDS = 3 };
    static hand hands[HANDS];
    pthread_t threads[HANDS];
    for (uint64_t i = 0; i < HANDS; i++) {
        hands[i].index = i;
        assert_int_equal(pthread_create(&threads[i], NULL, draw_there, &hands[i]), 0);
    }
    for (int i = 0; i < HANDS; i++)
        pthread_join(threads[i], NULL);
    for (uint64_t i = 0; i < HANDS; i++) {
        float *const alone = draw(i, RATE, RATE);
        assert_true(hands[i].good);
        assert_memory_equal(hands[i].x, alone, sizeof hands[i].x);
        free(alone);
    }
}

/* Of full scale: far above rounding to 16 bits, and never at the stops. */
static void passages_are_loud_enough_and_do_not_clip(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 6; i++) {
        float *const x = draw(i, RATE, N);
        double sum = 0, peak = 0;
        size_t silent = 0;
        for (size_t k = 0; k < N; k++) {
            assert_true(isfinite(x[k]));
            sum += (double)x[k] * (double)x[k];
            peak = fmax(peak, fabs((double)x[k]));
            silent += fabsf(x[k]) < 1e-4f;
        }
        const double level = 10 * log10(sum / N);
        if (!(level > -50 && level < -6 && peak < 0.99))
            fail_msg("passage %d: %.1f dB, peak %.3f", (int)i, level, peak);
        assert_true(silent < 3 * N / 4); /* pauses are at most 1 s each */
        free(x);
    }
}

enum { SIZE = 1024 };

/* The frequency below which half of the energy lies. */
static double middle_hz(const float *x)
{
    double power[SIZE / 2 + 1], all = 0, sum = 0;
    size_t k = 0;
    assert_true(spectrum(x, N, SIZE, power));
    for (size_t i = 0; i <= SIZE / 2; i++)
        all += power[i];
    while (sum < all / 2)
        sum += power[k++];
    return (double)k * RATE / SIZE;
}

static void speakers_differ(void **state)
{
    (void)state;
    enum { PASSAGES = 8 };
    float *x[PASSAGES];
    double least = INFINITY, most = 0;
    for (uint64_t i = 0; i < PASSAGES; i++) {
        x[i] = draw(10 + i, RATE, N);
        for (uint64_t k = 0; k < i; k++)
            assert_memory_not_equal(x[i], x[k], N * sizeof *x[i]);
        const double hz = middle_hz(x[i]);
        least = fmin(least, hz);
        most = fmax(most, hz);
    }
    assert_true(most > 1.3 * least); /* high and low voices, whispers: no one timbre */
    for (int i = 0; i < PASSAGES; i++)
        free(x[i]);
}

static void any_rate_and_length_is_served(void **state)
{
    (void)state;
    static const double rates[] = {8000, 22050, 48000, 192000};
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
        const size_t n = (size_t)rates[i];
        float *const x = draw(3, rates[i], n);
        double power[SIZE / 2 + 1];
        assert_true(spectrum(x, n, SIZE, power));
        const double low = band_power(power, SIZE, rates[i], 100, 3000);
        assert_true(low > 0);
        if (rates[i] > 20000) /* hissing sounds keep their place */
            assert_true(band_power(power, SIZE, rates[i], 6000, 10000) > 1e-6 * low);
        if (rates[i] > 24000) /* its own Nyquist frequency is 11025 Hz */
            assert_true(band_power(power, SIZE, rates[i], 11600, rates[i] / 2) < 1e-5 * low);
        free(x);
    }
    free(draw(4, 44100, 1));
    free(draw(4, 8000, 7));
}

/* ---- the text ---- */

/* Bytes of the character at `s`, 0 when it is no UTF-8. */
static size_t character(const unsigned char *s)
{
    const size_t n = s[0] < 0x80 ? 1 : s[0] >> 5 == 6 ? 2 : s[0] >> 4 == 14 ? 3 : 0;
    for (size_t i = 1; i < n; i++)
        if (s[i] >> 6 != 2)
            return 0;
    return n;
}

static bool ends_with(const char *s, const char *end)
{
    const size_t n = strlen(s), m = strlen(end);
    return n > m && strcmp(s + n - m, end) == 0;
}

static void sentences_are_whole_characters_and_end(void **state)
{
    (void)state;
    static const char *const stops[] = {".", "?", "!", ";", "。", "？", "।", "؟"};
    char text[ESPEAK_TEXT_MAX];
    for (size_t k = 0; k < espeak_text_languages(); k++) {
        rng r = rng_make(seed, 2, k);
        size_t longest = 0;
        for (int i = 0; i < 300; i++) {
            bool ended = false;
            memset(text, 'x', sizeof text);
            espeak_text_sentence(&r, k, text);
            const size_t n = strnlen(text, sizeof text);
            assert_true(n < sizeof text);
            longest = n > longest ? n : longest;
            for (size_t at = 0; at < n;) {
                const size_t step = character((const unsigned char *)text + at);
                if (step == 0)
                    fail_msg("%s: '%s' is no UTF-8", espeak_text_language(k), text);
                at += step;
            }
            for (size_t s = 0; s < sizeof stops / sizeof *stops; s++)
                ended = ended || ends_with(text, stops[s]);
            if (!ended)
                fail_msg("%s: '%s' has no end", espeak_text_language(k), text);
        }
        assert_true(longest > 20);
    }
}

static void sentences_follow_the_seed_and_differ(void **state)
{
    (void)state;
    enum { COUNT = 20 };
    char text[COUNT][ESPEAK_TEXT_MAX], again[ESPEAK_TEXT_MAX];
    assert_in_range(espeak_text_languages(), 20, 100);
    for (size_t k = 0; k < espeak_text_languages(); k++) {
        rng r = rng_make(seed, 3, k), same = r;
        int equal = 0;
        for (int i = 0; i < COUNT; i++) {
            espeak_text_sentence(&r, k, text[i]);
            espeak_text_sentence(&same, k, again);
            assert_string_equal(text[i], again);
            for (int j = 0; j < i; j++)
                equal += strcmp(text[i], text[j]) == 0;
        }
        assert_true(equal <= 2); /* of 190 pairs: a word alone may come twice */
        for (size_t j = 0; j < k; j++)
            assert_string_not_equal(espeak_text_language(j), espeak_text_language(k));
    }
}

int main(void)
{
    seed = test_seed(20261121);
    sordino_error why = {0};
    if (espeak_check(&why) != SORDINO_OK) {
        print_error("%s\n", why.text);
        return 1;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_passage_depends_on_its_seed_alone),
        cmocka_unit_test(threads_that_draw_at_once_get_what_one_gets),
        cmocka_unit_test(passages_are_loud_enough_and_do_not_clip),
        cmocka_unit_test(speakers_differ),
        cmocka_unit_test(any_rate_and_length_is_served),
        cmocka_unit_test(sentences_are_whole_characters_and_end),
        cmocka_unit_test(sentences_follow_the_seed_and_differ),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
