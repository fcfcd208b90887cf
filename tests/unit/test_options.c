/* A command line read by a table: where values go, what is refused, and what is said about it. */
#include "common/options.h"

#include "tests/support/cmocka_all.h"

#include <string.h>

typedef struct settings {
    double level, taps;
    uint64_t seed;
    uint32_t count;
    int task, rule;
    bool loud, plain, noted;
    const char *text;
    char read[64];
} settings;

static sordino_status read_word(void *all, void *field, const option_row *row, const char *text,
                                sordino_error *why)
{
    if (strcmp(text, "bad") == 0)
        return option_wrong(why, text, "anything else");
    strncpy(field, text, 63);
    return SORDINO_OK;
}

static const char *version(void)
{
    return "1";
}

#define AT(field) offsetof(settings, field)
static const option_row rows[] = {
    {.group = "First",
     .name = "level",
     .value = "DB",
     .letter = 'l',
     .kind = OPTION_NUMBER,
     .at = AT(level),
     .low = -20,
     .high = 20,
     .unit = "decibels",
     .help = "a level"},
    {.name = "taps",
     .value = "N",
     .kind = OPTION_INTEGER,
     .at = AT(taps),
     .low = -1,
     .high = 8,
     .help = "taps"},
    {.name = "seed",
     .value = "N",
     .kind = OPTION_WHOLE,
     .at = AT(seed),
     .bytes = 8,
     .most = UINT64_MAX,
     .help = "a seed"},
    {.name = "count",
     .value = "N",
     .kind = OPTION_WHOLE,
     .at = AT(count),
     .bytes = 4,
     .low = 2,
     .most = 300,
     .help = "a count"},
    {.name = "list", .kind = OPTION_SET, .at = AT(task), .set = 3, .help = "a task"},
    {.name = "list-all", .kind = OPTION_SET, .at = AT(task), .set = 4, .help = "another"},
    {.name = "rule",
     .value = "RULE",
     .kind = OPTION_CHOICE,
     .at = AT(rule),
     .given = 1 + AT(noted),
     .choices = "lsa wiener",
     .help = "a rule"},
    {.name = "loud", .letter = 'L', .kind = OPTION_ON, .at = AT(loud), .help = "louder"},
    {.name = "no-plain", .kind = OPTION_OFF, .at = AT(plain), .help = "not plain"},
    {.name = "text", .value = "TEXT", .kind = OPTION_TEXT, .at = AT(text), .help = "a text"},
    {.name = "word",
     .value = "WORD",
     .kind = OPTION_READ,
     .at = AT(read),
     .read = read_word,
     .help = "a word"},
    {.name = "pair",
     .value = "A B",
     .kind = OPTION_PAIR,
     .at = AT(read),
     .read = read_word,
     .help = "two words"},
    {.name = "secret", .kind = OPTION_ON, .at = AT(loud)},
    {.name = "help", .letter = 'h', .kind = OPTION_HELP, .help = "help"},
};
static const option_table table = {.program = "tool",
                                   .version = version,
                                   .intro = "Usage\n",
                                   .end = "End\n",
                                   .rows = rows,
                                   .n_rows = sizeof rows / sizeof *rows};

enum { MOST = 12 };

/* Reads these words, up to NULL. */
static option_result read_words(const char *const *words, settings *s, int *n_left,
                                sordino_error *why)
{
    char *argv[MOST + 2] = {(char *)(uintptr_t) "tool"};
    int argc = 1, first = 0;
    while (*words)
        argv[argc++] = (char *)(uintptr_t)*words++; /* getopt writes to the list alone */
    *s = (settings){.plain = true};
    *why = (sordino_error){0};
    const option_result result = option_read(&table, argc, argv, s, &first, why);
    *n_left = argc - first;
    return result;
}

#define READ(...) read_words((const char *const[MOST + 1]){__VA_ARGS__, NULL}, &s, &n_left, &why)

static void values_go_where_the_table_says(void **state)
{
    settings s;
    sordino_error why;
    int n_left;
    (void)state;
    assert_int_equal(READ("--level", "-3.5", "a", "--seed=18446744073709551615", "--count", "3e2",
                          "--taps=-1", "b"),
                     OPTION_GO);
    assert_true(s.level == -3.5 && s.seed == UINT64_MAX && s.count == 300 && s.taps == -1);
    assert_int_equal(n_left, 2);
    assert_int_equal(READ("-Ll2", "--rule", "wiener", "--no-plain", "--text", "t", "--list"),
                     OPTION_GO);
    assert_true(s.loud && s.level == 2 && s.rule == 1 && s.noted && !s.plain && s.task == 3);
    assert_string_equal(s.text, "t");
    assert_int_equal(READ("--pair", "a file", "0-2", "--word", "w"), OPTION_GO);
    assert_string_equal(s.read, "w");
    assert_int_equal(READ("--pair", "a", "0-2"), OPTION_GO);
    assert_string_equal(s.read, "a 0-2");
    assert_int_equal(READ("--pair", "a file", "0-2"), OPTION_GO);
    assert_string_equal(s.read, "a file 0-2");
    assert_int_equal(READ("--pair", "a 0-2", "--loud"), OPTION_GO);
    assert_string_equal(s.read, "a 0-2");
    assert_int_equal(READ("--lou", "--lev", "1"), OPTION_GO);
    assert_true(s.loud && s.level == 1);
    assert_int_equal(READ("--", "--loud"), OPTION_GO);
    assert_true(!s.loud && n_left == 1);
}

static void refuses(const char *const *words, const char *text)
{
    settings s;
    sordino_error why;
    int n_left;
    assert_int_equal(read_words(words, &s, &n_left, &why), OPTION_WRONG);
    assert_string_equal(why.text, text);
}

static void what_is_wrong_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *words[3], *text;
    } cases[] = {
        {{"--level", "x"}, "--level: 'x' is not served; give decibels from -20 to 20"},
        {{"--level", "21"}, "--level: '21' is not served; give decibels from -20 to 20"},
        {{"-l", "0x1"}, "--level: '0x1' is not served; give decibels from -20 to 20"},
        {{"--count", "1"}, "--count: '1' is not served; give a whole number from 2 to 300"},
        {{"--count", "2.5"}, "--count: '2.5' is not served; give a whole number from 2 to 300"},
        {{"--count", "4294967298"},
         "--count: '4294967298' is not served; give a whole number from 2 to 300"},
        {{"--taps", "-1.5"}, "--taps: '-1.5' is not served; give a whole number from -1 to 8"},
        {{"--rule", "ls"}, "--rule: 'ls' is not served; give lsa or wiener"},
        {{"--rule", ""}, "--rule: '' is not served; give lsa or wiener"},
        {{"--word", "bad"}, "--word: 'bad' is not served; give anything else"},
        {{"--level"}, "--level: needs a value; give DB"},
        {{"-l"}, "-l: needs a value; give DB"},
        {{"--pair", "a"}, "--pair: needs two values; give A B"},
        {{"--loud=1"}, "--loud: takes no value; leave =1 out"},
        {{"--lvel", "1"}, "--lvel: is no option; did you mean --level?"},
        {{"--cuont=1"}, "--cuont: is no option; did you mean --count?"},
        {{"--lis-t"}, "--lis-t: is no option; did you mean --list?"},
        {{"--nothing-like-it"}, "--nothing-like-it: is no option; try 'tool --help'"},
        {{"--li"}, "--li: fits 2 options; write --list, --list-all"},
        {{"--l"}, "--l: fits 4 options; write --level, --list ..."},
        {{"-Z"}, "-Z: is no option; try 'tool --help'"},
        {{"-Lx"}, "-x: is no option; try 'tool --help'"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        refuses(cases[i].words, cases[i].text);
}

static void names_longer_than_a_message_are_cut(void **state)
{
    char name[2000] = "--";
    settings s;
    sordino_error why;
    int n_left;
    (void)state;
    memset(name + 2, 'x', sizeof name - 3);
    assert_int_equal(READ(name), OPTION_WRONG);
    name[300] = '=';
    assert_int_equal(READ(name), OPTION_WRONG);
    assert_int_equal(READ("--level", name), OPTION_WRONG);
    assert_true(strlen(why.text) < sizeof why.text);
}

static void recipes_use_the_same_table(void **state)
{
    settings s = {.plain = true};
    sordino_error why;
    (void)state;
    assert_int_equal(option_set(&table, "seed", "1e3", &s, &why), SORDINO_OK);
    assert_true(s.seed == 1000);
    assert_int_equal(option_set(&table, "loud", NULL, &s, &why), SORDINO_OK);
    assert_int_equal(option_set(&table, "no-plain", "yes", &s, &why), SORDINO_OK);
    assert_true(s.loud && !s.plain);
    assert_int_equal(option_set(&table, "loud", "no", &s, &why), SORDINO_OK);
    assert_int_equal(option_set(&table, "no-plain", "no", &s, &why), SORDINO_OK);
    assert_true(!s.loud && s.plain);
    assert_int_equal(option_set(&table, "pair", "a file 0-2", &s, &why), SORDINO_OK);
    assert_string_equal(s.read, "a file 0-2");
    static const struct {
        const char *name, *text, *says;
    } cases[] = {{"seed", "0x10",
                  "seed: '0x10' is not served; give a whole number from 0 to 18446744073709551615"},
                 {"loud", "maybe", "loud: 'maybe' is not served; give yes or no"},
                 {"list", "no", "list: 'no' is not served; give nothing or yes"},
                 {"level", "", "level: needs a value; give DB"},
                 {"level", NULL, "level: needs a value; give DB"},
                 {"lvel", "1", "lvel: is no setting; did you mean level?"},
                 {"nothing-like-it", "1", "nothing-like-it: is no setting; see --help"},
                 {"help", NULL, "help: is no setting; see --help"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(option_set(&table, cases[i].name, cases[i].text, &s, &why),
                         SORDINO_BAD_ARG);
        assert_string_equal(why.text, cases[i].says);
    }
    assert_true(s.seed == 1000 && s.level == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_go_where_the_table_says),
        cmocka_unit_test(what_is_wrong_is_named),
        cmocka_unit_test(names_longer_than_a_message_are_cut),
        cmocka_unit_test(recipes_use_the_same_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
