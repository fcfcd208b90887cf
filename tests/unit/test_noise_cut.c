/* Noise out of a recording: the passage asked for, the one that is found, and what is said of it.
 */
#include "trainer/data/noise_cut.h"

#include "tests/support/cmocka_all.h"
#include "tests/support/signals.h"
#include "trainer/data/wav_write.h"
#include "trainer/signals/signal.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { RATE = 16000, SECONDS = 16, N = SECONDS * RATE };

static uint64_t seed;
static char folder[] = "/tmp/sordino-cut-XXXXXX", path[64];
static float x[N];

/* From..to in seconds of hiss, or of a voice above it. */
static void put_hiss(double from, double to, double level)
{
    uint64_t state = seed + (uint64_t)(from * 1000);
    for (size_t i = (size_t)(from * RATE); i < (size_t)(to * RATE); i++)
        x[i] = (float)(level * test_normal(&state));
}

static void put_voice(double from, double to)
{
    const signal_kind *const speech = signal_find("speech");
    const size_t start = (size_t)(from * RATE), n = (size_t)((to - from) * RATE);
    static float voice[N];
    rng r = rng_make(seed, 1, start);
    assert_non_null(speech);
    assert_true(speech->make(&r, RATE, voice, n));
    double power = 0;
    for (size_t i = 0; i < n; i++)
        power += (double)voice[i] * (double)voice[i] / (double)n;
    for (size_t i = 0; i < n; i++)
        x[start + i] += (float)(0.1 / sqrt(power)) * voice[i];
}

static void save(void)
{
    assert_int_equal(wav_write(path, x, N, RATE, NULL), SORDINO_OK);
}

/* ---- the passage as written ---- */

static void times_are_read_as_people_write_them(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        double start, end;
    } good[] = {{"0-5", 0, 5},
                {"1.5-2.25", 1.5, 2.25},
                {"1:02.5-2:00", 62.5, 120},
                {"59-1:00", 59, 60},
                {"1:00:00-1:00:01.5", 3600, 3601.5},
                {".5-75", 0.5, 75}};
    static const char *const bad[] = {
        "",      "5",     "-",        "5-",         "-5",           "a-b",
        "5-3",   "5-5",   "1:60-200", "1.5:00-100", "1-2-3",        "1 - 2",
        "0-inf", "0-nan", "0-1e3",    "0-1.2.3",    "1:2:3:4-9999", "0-0x10",
        "auto"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        double start = -1, end = -1;
        assert_int_equal(noise_cut_parse(good[i].text, &start, &end, NULL), SORDINO_OK);
        assert_true(fabs(start - good[i].start) < 1e-9 && fabs(end - good[i].end) < 1e-9);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        double start, end;
        sordino_error why = {0};
        if (noise_cut_parse(bad[i], &start, &end, &why) != SORDINO_BAD_ARG)
            fail_msg("'%s' is taken", bad[i]);
        assert_true(strlen(why.text) > 20);
    }
}

/* ---- the passage of a file ---- */

/* Opens; what was noted, to be freed. */
static char *open_cut(const char *passage, double held_out, sordino_status expected, library **l,
                      sordino_error *why)
{
    char *text = NULL;
    size_t size;
    FILE *const notes = open_memstream(&text, &size);
    assert_non_null(notes);
    const sordino_status status = noise_cut_open(path, passage, held_out, notes, l, why);
    fclose(notes);
    assert_int_equal(status, expected);
    return text;
}

static void what_is_cut_is_the_passage(void **state)
{
    (void)state;
    library *l;
    put_hiss(0, SECONDS, 0.01);
    save();
    free(open_cut("2.5-7.5", 0, SORDINO_OK, &l, NULL));
    assert_int_equal(library_count(l), 1);
    assert_int_equal(library_at(l, 0).n, 5 * RATE);
    float *y;
    size_t n;
    assert_int_equal(library_read(l, 0, RATE, &y, &n, NULL), SORDINO_OK);
    for (size_t i = 0; i < n; i++) /* 16 bits over the peak, and less the mean */
        assert_true(fabsf(y[i] - x[5 * RATE / 2 + i]) < 1e-3f);
    free(y);
    library_free(l);
    free(open_cut("2.5-7.5", 0.1, SORDINO_OK, &l, NULL));
    assert_int_equal(library_count(l), 2); /* the last fifth is held out */
    assert_int_equal(library_at(l, 0).n, 4 * RATE);
    assert_true(!library_at(l, 0).held_out && library_at(l, 1).held_out);
    library_free(l);
}

static void noise_alone_is_not_warned_of(void **state)
{
    (void)state;
    library *l;
    put_hiss(0, SECONDS, 0.01);
    save();
    char *const notes = open_cut("1-9", 0, SORDINO_OK, &l, NULL);
    assert_string_equal(notes, "");
    free(notes);
    library_free(l);
}

static void a_voice_in_the_passage_is_warned_of(void **state)
{
    (void)state;
    library *l;
    put_hiss(0, SECONDS, 0.003);
    put_voice(6, 14);
    save();
    char *notes = open_cut("6-14", 0, SORDINO_OK, &l, NULL);
    if (!strstr(notes, "seems to hold a voice"))
        fail_msg("'%s'", notes);
    assert_non_null(strstr(notes, path));
    free(notes);
    library_free(l);
    notes = open_cut("0-5.5", 0, SORDINO_OK, &l, NULL);
    assert_string_equal(notes, "");
    free(notes);
    library_free(l);
}

static void noise_that_comes_and_goes_is_warned_of(void **state)
{
    (void)state;
    library *l;
    for (int i = 0; i < SECONDS; i++)
        put_hiss(i, i + 1, i % 2 ? 0.1 : 0.001);
    save();
    char *const notes = open_cut("0-12", 0, SORDINO_OK, &l, NULL);
    assert_non_null(strstr(notes, "dB apart"));
    free(notes);
    library_free(l);
}

static void a_short_passage_is_warned_of_and_a_shorter_one_refused(void **state)
{
    (void)state;
    library *l;
    sordino_error why = {0};
    put_hiss(0, SECONDS, 0.01);
    save();
    char *notes = open_cut("1-2", 0, SORDINO_OK, &l, NULL);
    assert_non_null(strstr(notes, "little"));
    free(notes);
    library_free(l);
    free(open_cut("1-1.4", 0, SORDINO_BAD_ARG, &l, &why));
    assert_null(l);
    assert_non_null(strstr(why.text, "shorter"));
}

static void what_cannot_be_cut_is_refused(void **state)
{
    (void)state;
    library *l;
    sordino_error why = {0};
    put_hiss(0, SECONDS, 0.01);
    memset(x + 4 * RATE, 0, 4 * RATE * sizeof *x);
    save();
    free(open_cut("12-17", 0, SORDINO_BAD_ARG, &l, &why)); /* after the end */
    assert_non_null(strstr(why.text, "16 s"));
    free(open_cut("3-2", 0, SORDINO_BAD_ARG, &l, NULL));
    free(open_cut("5-7", 0, SORDINO_BAD_ARG, &l, &why));
    assert_non_null(strstr(why.text, "silent"));
    assert_null(l);
    memset(x, 0, sizeof x);
    save();
    free(open_cut("1-9", 0, SORDINO_BAD_ARG, &l, &why));
    assert_non_null(strstr(why.text, "silent"));
    free(open_cut("auto", 0, SORDINO_BAD_ARG, &l, NULL));
    FILE *const f = fopen(path, "wb");
    assert_non_null(f);
    fputs("no sound at all", f);
    fclose(f);
    free(open_cut("1-9", 0, SORDINO_IO, &l, &why));
    assert_non_null(strstr(why.text, path));
    unlink(path);
    free(open_cut("1-9", 0, SORDINO_IO, &l, NULL));
    assert_null(l);
}

/* ---- the passage that is found ---- */

static void the_quietest_steady_passage_is_found(void **state)
{
    (void)state;
    size_t start, end;
    put_hiss(0, SECONDS, 0.003);
    put_voice(0, 5);
    put_voice(10, SECONDS);
    assert_int_equal(noise_cut_find(x, N, RATE, &start, &end, NULL), SORDINO_OK);
    const double from = (double)start / RATE, to = (double)end / RATE;
    if (!(from > 4 && to < 10.6 && to - from >= NOISE_CUT_SHORT))
        fail_msg("%.2f-%.2f", from, to);
    library *l;
    save();
    char *const notes = open_cut("auto", 0, SORDINO_OK, &l, NULL);
    assert_non_null(strstr(notes, "quietest steady"));
    assert_int_equal(library_at(l, 0).n, end - start);
    free(notes);
    library_free(l);
}

static void a_short_gap_is_taken_when_it_is_much_quieter(void **state)
{
    (void)state;
    size_t start, end;
    put_hiss(0, SECONDS, 0.1);
    put_hiss(8, 9, 0.003);
    assert_int_equal(noise_cut_find(x, N, RATE, &start, &end, NULL), SORDINO_OK);
    assert_true(start >= 7.9 * RATE && end <= 9.1 * RATE && end - start >= RATE / 2);
}

static void digital_silence_is_no_noise(void **state)
{
    (void)state;
    size_t start, end;
    sordino_error why = {0};
    put_hiss(0, SECONDS, 0.01);
    memset(x + 4 * RATE, 0, 5 * RATE * sizeof *x);
    assert_int_equal(noise_cut_find(x, N, RATE, &start, &end, NULL), SORDINO_OK);
    assert_true(end <= 4.1 * RATE || start >= 8.9 * RATE);
    memset(x, 0, sizeof x);
    assert_int_equal(noise_cut_find(x, N, RATE, &start, &end, &why), SORDINO_BAD_ARG);
    assert_true(strlen(why.text) > 20);
    put_hiss(0, SECONDS, 0.01);
    assert_int_equal(noise_cut_find(x, RATE / 4, RATE, &start, &end, &why), SORDINO_BAD_ARG);
    assert_int_equal(noise_cut_find(x, 0, RATE, &start, &end, &why), SORDINO_BAD_ARG);
    assert_int_equal(noise_cut_find(x, RATE, RATE, &start, &end, NULL), SORDINO_OK);
    assert_true(end <= RATE && end - start >= RATE / 2);
}

static int make_folder(void **state)
{
    (void)state;
    const bool good = mkdtemp(folder) != NULL;
    snprintf(path, sizeof path, "%s/room.wav", folder);
    return good ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(folder);
}

int main(void)
{
    seed = test_seed(20261121);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_are_read_as_people_write_them),
        cmocka_unit_test(what_is_cut_is_the_passage),
        cmocka_unit_test(noise_alone_is_not_warned_of),
        cmocka_unit_test(a_voice_in_the_passage_is_warned_of),
        cmocka_unit_test(noise_that_comes_and_goes_is_warned_of),
        cmocka_unit_test(a_short_passage_is_warned_of_and_a_shorter_one_refused),
        cmocka_unit_test(what_cannot_be_cut_is_refused),
        cmocka_unit_test(the_quietest_steady_passage_is_found),
        cmocka_unit_test(a_short_gap_is_taken_when_it_is_much_quieter),
        cmocka_unit_test(digital_silence_is_no_noise),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
