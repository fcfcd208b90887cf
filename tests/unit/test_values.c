/* Numbers as people write them: what a reader takes is what it stores, and all else is refused. */
#include "common/values.h"

#include "tests/support/cmocka_all.h"

#include <math.h>
#include <stdio.h>

static const char *const not_numbers[] = {
    "",         " ",    "x",     " 1",  "1 ",  "1x",   "0x10",  "0x1p3", "1e",    "1e+",
    "e3",       ".",    "-",     "+",   "--1", "+-1",  "1.2.3", "1,5",   "inf",   "nan",
    "INFINITY", "1e3x", "1_000", "\t1", "1\n", "1e 3", "1 e3",  "0b11",  "1e1.5", "1-2",
};
enum { N_NOT_NUMBERS = sizeof not_numbers / sizeof *not_numbers };

static void what_is_no_number_is_refused_by_every_reader(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_NOT_NUMBERS; i++) {
        double x = 77;
        uint64_t w = 77;
        size_t n = 77;
        assert_false(value_number(not_numbers[i], -1e300, 1e300, &x));
        assert_false(value_integer(not_numbers[i], -1e15, 1e15, &x));
        assert_false(value_whole(not_numbers[i], 0, UINT64_MAX, &w));
        assert_false(value_count(not_numbers[i], 0, SIZE_MAX, &n));
        assert_true(x == 77 && w == 77 && n == 77);
    }
}

static void numbers_are_the_nearest_doubles(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        double value;
    } cases[] = {
        {"0", 0},           {"-0", -0.0}, {"1", 1},      {"+1", 1},          {"-1.5", -1.5},
        {".5", 0.5},        {"5.", 5},    {"1e3", 1000}, {"1E3", 1000},      {"1e+3", 1000},
        {"12.5e-2", 0.125}, {"007", 7},   {"0.1", 0.1},  {"1e-300", 1e-300}, {"0e999999999999", 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        double x = 77;
        assert_true(value_number(cases[i].text, -1e6, 1e6, &x));
        assert_true(x == cases[i].value && !signbit(x) == !signbit(cases[i].value));
    }
}

static void numbers_that_a_double_cannot_hold_are_refused(void **state)
{
    (void)state;
    double x = 77;
    assert_false(value_number("1e400", -INFINITY, INFINITY, &x));
    assert_false(value_number("-1e400", -INFINITY, INFINITY, &x));
    assert_false(value_number("1e-400", 0, 1, &x));
    assert_false(value_number("1e99999999999999999999", 0, INFINITY, &x));
    assert_true(x == 77);
}

static void bounds_belong_to_the_range(void **state)
{
    (void)state;
    double x;
    uint64_t w;
    assert_true(value_number("0.002", 0.002, 0.2, &x) && value_number("0.2", 0.002, 0.2, &x));
    assert_false(value_number("0.0019999", 0.002, 0.2, &x));
    assert_false(value_number("0.2000001", 0.002, 0.2, &x));
    assert_true(value_whole("3", 3, 9, &w) && value_whole("9", 3, 9, &w));
    assert_false(value_whole("2", 3, 9, &w) || value_whole("10", 3, 9, &w));
    assert_true(value_integer("-1", -1, 8, &x) && x == -1);
    assert_false(value_integer("-2", -1, 8, &x) || value_integer("9", -1, 8, &x));
}

static void whole_numbers_are_exact_to_the_last_bit(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint64_t value;
    } cases[] = {{"0", 0},
                 {"-0", 0},
                 {"1e3", 1000},
                 {"1.5e3", 1500},
                 {"1.0", 1},
                 {"1000e-3", 1},
                 {"0.001e3", 1},
                 {"00012", 12},
                 {"9007199254740993", UINT64_C(9007199254740993)},
                 {"18446744073709551615", UINT64_MAX},
                 {"1844674407370955161.5e1", UINT64_MAX},
                 {"0.000e-999999", 0},
                 {"0e99999999999999999999", 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint64_t w = 77;
        assert_true(value_whole(cases[i].text, 0, UINT64_MAX, &w));
        assert_true(w == cases[i].value);
    }
}

static void what_is_not_whole_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {"1.5",
                                        "0.5",
                                        "1e-3",
                                        "15e-1",
                                        "1.00000000000000000001",
                                        "-1",
                                        "18446744073709551616",
                                        "1e20",
                                        "1e-99999999999",
                                        "99999999999999999999999999"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        uint64_t w = 77;
        double x = 77;
        assert_false(value_whole(texts[i], 0, UINT64_MAX, &w));
        if (texts[i][0] != '-')
            assert_false(value_integer(texts[i], 0, 9e15, &x));
        assert_true(w == 77 && x == 77);
    }
}

/* Every whole number of two bytes, written in four ways, comes back. */
static void every_way_to_write_a_number_gives_it(void **state)
{
    (void)state;
    static const char *const ways[] = {"%u", "%u.000", "%ue0", "+%u000e-3"};
    for (unsigned v = 0; v < 65536; v += 7) {
        for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
            char text[32];
            uint64_t w;
            double x;
            snprintf(text, sizeof text, ways[i], v);
            assert_true(value_whole(text, 0, 65535, &w) && w == v);
            assert_true(value_integer(text, 0, 65535, &x) && x == v);
            assert_true(value_number(text, 0, 65535, &x) && x == v);
        }
    }
}

static void lists_are_read_item_by_item(void **state)
{
    (void)state;
    const char *at = "16000:3,48000";
    double x;
    uint64_t w;
    assert_non_null(at = value_number_part(at, ":,", 1, 1e9, &x));
    assert_true(x == 16000 && *at == ':');
    assert_non_null(at = value_number_part(at + 1, ",", 0, 1e9, &x));
    assert_true(x == 3 && *at == ',');
    assert_non_null(at = value_whole_part(at + 1, ",", 0, 1000000, &w));
    assert_true(w == 48000 && *at == '\0');
    assert_null(value_number_part("16k,8", ",", 0, 1e9, &x));
    assert_null(value_number_part(",8", ",", 0, 1e9, &x));
    assert_null(value_whole_part("1.5,8", ",", 0, 9, &w));
}

static void times_are_seconds_or_have_colons(void **state)
{
    (void)state;
    double s;
    const char *const end = value_time_part("0.5-2", "-", &s);
    assert_true(end && *end == '-' && s == 0.5);
    assert_true(value_time_part("1:02.5", "", &s) && s == 62.5);
    assert_true(value_time_part("1:00:01", "", &s) && s == 3601);
    assert_true(value_time_part("90", "", &s) && s == 90);
    static const char *const wrong[] = {
        "",        "x",   "-1",   "+1", "1:", ":1",   "1:60", "1.5:00",
        "1:2:3:4", "1e3", "0x10", " 1", "1s", "1:-2", "."};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_null(value_time_part(wrong[i], "", &s));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_no_number_is_refused_by_every_reader),
        cmocka_unit_test(numbers_are_the_nearest_doubles),
        cmocka_unit_test(numbers_that_a_double_cannot_hold_are_refused),
        cmocka_unit_test(bounds_belong_to_the_range),
        cmocka_unit_test(whole_numbers_are_exact_to_the_last_bit),
        cmocka_unit_test(what_is_not_whole_is_refused),
        cmocka_unit_test(every_way_to_write_a_number_gives_it),
        cmocka_unit_test(lists_are_read_item_by_item),
        cmocka_unit_test(times_are_seconds_or_have_colons),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
