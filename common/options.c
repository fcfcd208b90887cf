#include "common/options.h"
#include "common/fail.h"
#include "common/options_internal.h"
#include "common/values.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_CODE = 256, MAX_ROWS = 192 };

/* ---- values ---- */

sordino_status option_wrong(sordino_error *why, const char *text, const char *expected)
{
    return fail(why, SORDINO_BAD_ARG, "'%s' is not served; give %s", text, expected);
}

/* What a wrong value is answered with. */
static const char *expected_of(const option_row *r, char *room, size_t size)
{
    if (r->expected)
        return r->expected;
    if (r->kind == OPTION_NUMBER)
        snprintf(room, size, "%s from %.10g to %.10g", r->unit ? r->unit : "a number", r->low,
                 r->high);
    else if (r->kind == OPTION_INTEGER)
        snprintf(room, size, "a whole number from %.15g to %.15g", r->low, r->high);
    else if (r->kind == OPTION_WHOLE)
        snprintf(room, size, "a whole number from %.15g to %" PRIu64, r->low, r->most);
    else if (r->kind == OPTION_CHOICE)
        option_list_choices(r->choices, room, size);
    else
        snprintf(room, size, "%s", r->value);
    return room;
}

static bool read_whole(const option_row *r, void *field, const char *text)
{
    uint64_t v;
    if (!value_whole(text, (uint64_t)r->low, r->most, &v))
        return false;
    if (r->bytes == sizeof(uint32_t))
        *(uint32_t *)field = (uint32_t)v;
    else
        *(uint64_t *)field = v;
    return true;
}

static bool read_choice(const option_row *r, int *field, const char *text)
{
    const size_t n = strlen(text);
    int place = 0;
    for (const char *c = r->choices; n > 0 && *c; place++) {
        const size_t word = strcspn(c, " ");
        if (word == n && strncmp(c, text, n) == 0) {
            *field = place;
            return true;
        }
        c += word + (c[word] == ' ');
    }
    return false;
}

sordino_status option_store(const option_row *r, const char *text, void *field, sordino_error *why)
{
    bool good = true;
    switch (r->kind) {
    case OPTION_ON:
    case OPTION_OFF:
        *(bool *)field = r->kind == OPTION_ON;
        break;
    case OPTION_SET:
        *(int *)field = r->set;
        break;
    case OPTION_TEXT:
        *(const char **)field = text;
        break;
    case OPTION_NUMBER:
        good = value_number(text, r->low, r->high, field);
        break;
    case OPTION_INTEGER:
        good = value_integer(text, r->low, r->high, field);
        break;
    case OPTION_WHOLE:
        good = read_whole(r, field, text);
        break;
    case OPTION_CHOICE:
        good = read_choice(r, field, text);
        break;
    case OPTION_READ:
    case OPTION_PAIR:
    case OPTION_HELP:
    case OPTION_VERSION:
        break;
    }
    char room[128];
    return good ? SORDINO_OK : option_wrong(why, text, expected_of(r, room, sizeof room));
}

/* A value into its field; `text` is NULL for a flag. */
static sordino_status apply(const option_row *r, const char *text, void *all, sordino_error *why)
{
    void *const field = (char *)all + r->at;
    if (r->given > 0)
        *(bool *)((char *)all + (r->given - 1)) = true;
    if (r->kind == OPTION_READ || r->kind == OPTION_PAIR)
        return r->read(all, field, r, text, why);
    return option_store(r, text, field, why);
}

/* ---- recipes ---- */

const option_row *option_find(const option_table *t, const char *name)
{
    for (size_t i = 0; i < t->n_rows; i++)
        if (strcmp(t->rows[i].name, name) == 0)
            return &t->rows[i];
    return NULL;
}

/* A flag with yes or no behind it. */
static sordino_status set_flag(const option_row *r, const char *text, void *all, sordino_error *why)
{
    const bool no = text && strcmp(text, "no") == 0;
    const bool is_switch = r->kind == OPTION_ON || r->kind == OPTION_OFF;
    if (no && is_switch) {
        *(bool *)((char *)all + r->at) = r->kind == OPTION_OFF;
        return SORDINO_OK;
    }
    if (text && *text && strcmp(text, "yes") != 0)
        return option_wrong(why, text, is_switch ? "yes or no" : "nothing or yes");
    return apply(r, NULL, all, why);
}

sordino_status option_set(const option_table *t, const char *name, const char *text, void *all,
                          sordino_error *why)
{
    const option_row *const r = option_find(t, name);
    sordino_error inner = {0};
    sordino_status status;
    if (!r || r->kind == OPTION_HELP || r->kind == OPTION_VERSION) {
        const char *const near = option_nearest(t->rows, t->n_rows, name);
        return near ? fail(why, SORDINO_BAD_ARG, "%s: is no setting; did you mean %s?", name, near)
                    : fail(why, SORDINO_BAD_ARG, "%s: is no setting; see --help", name);
    }
    if (!r->value)
        status = set_flag(r, text, all, &inner);
    else if (!text || !*text)
        status = fail(&inner, SORDINO_BAD_ARG, "needs a value; give %s", r->value);
    else
        status = apply(r, text, all, &inner);
    return status ? fail(why, status, "%s: %s", name, inner.text) : SORDINO_OK;
}

/* ---- command lines ---- */

static void list_for_getopt(const option_table *t, struct option *list, char *letters)
{
    size_t n = 0;
    *letters++ = ':'; /* a value that is missing is told apart */
    for (size_t i = 0; i < t->n_rows && n + 1 < MAX_ROWS; i++) {
        const option_row *const r = &t->rows[i];
        list[n++] = (struct option){r->name, r->value ? required_argument : no_argument, NULL,
                                    FIRST_CODE + (int)i};
        if (r->letter) {
            *letters++ = r->letter;
            if (r->value)
                *letters++ = ':';
        }
    }
    list[n] = (struct option){NULL, 0, NULL, 0};
    *letters = '\0';
}

static const option_row *row_of(const option_table *t, int code)
{
    if (code >= FIRST_CODE)
        return &t->rows[code - FIRST_CODE];
    for (size_t i = 0; i < t->n_rows; i++)
        if (code != 0 && t->rows[i].letter == code)
            return &t->rows[i];
    return NULL;
}

/* What getopt could not make sense of: `code` is '?' or ':'. */
static void complain(const option_table *t, int code, char **argv, sordino_error *why)
{
    const char *const argument = argv[optind - 1];
    const char *const command = t->command ? t->command : t->program;
    const char letter[3] = {'-', (char)optopt, '\0'};
    const bool is_long = strncmp(argument, "--", 2) == 0 && (optopt == 0 || optopt >= FIRST_CODE);
    const char *const said = is_long ? argument : letter;
    const int n = (int)strcspn(said, "=") > 100 ? 100 : (int)strcspn(said, "=");
    if (code == ':') {
        fail(why, SORDINO_BAD_ARG, "%.*s: needs a value; give %s", n, said,
             row_of(t, optopt)->value);
        return;
    }
    if (is_long && optopt >= FIRST_CODE) {
        fail(why, SORDINO_BAD_ARG, "%.*s: takes no value; leave %.40s out", n, said, said + n);
        return;
    }
    char near[128];
    if (is_long && option_describe_near(t, said + 2, (size_t)n - 2, near, sizeof near))
        fail(why, SORDINO_BAD_ARG, "%.*s: %s", n, said, near);
    else
        fail(why, SORDINO_BAD_ARG, "%.*s: is no option; try '%s --help'", n, said, command);
}

/* The two words of a pair, which a recipe has in one text. */
static sordino_status read_pair(const option_row *r, int argc, char **argv, void *all,
                                sordino_error *why)
{
    const char *const first = optarg;
    if (strchr(first, ' ') && (optind >= argc || argv[optind][0] == '-'))
        return apply(r, first, all, why);
    if (optind >= argc)
        return fail(why, SORDINO_BAD_ARG, "needs two values; give %s", r->value);
    const char *const second = argv[optind++];
    const size_t size = strlen(first) + strlen(second) + 2;
    char *const both = malloc(size);
    if (!both)
        return fail_no_memory(why);
    snprintf(both, size, "%s %s", first, second);
    const sordino_status status = apply(r, both, all, why);
    free(both);
    return status;
}

static sordino_status read_second(const option_row *r, int argc, char **argv, void *all,
                                  sordino_error *why)
{
    if (optind >= argc)
        return fail(why, SORDINO_BAD_ARG, "needs two values; give %s", r->value);
    *(const char **)((char *)all + (r->second - 1)) = argv[optind++];
    return SORDINO_OK;
}

/* One option as getopt found it. */
static option_result take(const option_table *t, int code, int argc, char **argv, void *all,
                          sordino_error *why)
{
    const option_row *const r = row_of(t, code);
    sordino_error inner = {0};
    if (r->kind == OPTION_HELP)
        option_print_help(t, stdout);
    if (r->kind == OPTION_VERSION)
        printf("%s %s\n", t->program, t->version());
    if (r->kind == OPTION_HELP || r->kind == OPTION_VERSION)
        return OPTION_DONE;
    sordino_status status = r->kind == OPTION_PAIR
                                ? read_pair(r, argc, argv, all, &inner)
                                : apply(r, r->value ? optarg : NULL, all, &inner);
    if (!status && r->second > 0)
        status = read_second(r, argc, argv, all, &inner);
    if (!status)
        return OPTION_GO;
    fail(why, status, "--%s: %s", r->name, inner.text);
    return OPTION_WRONG;
}

option_result option_read(const option_table *t, int argc, char **argv, void *all, int *first,
                          sordino_error *why)
{
    struct option list[MAX_ROWS];
    char letters[3 * MAX_ROWS];
    option_result result = OPTION_GO;
    int code;
    list_for_getopt(t, list, letters);
    if (argc > 1 && strcmp(argv[argc - 1], "--print-options") == 0) {
        option_print_table(t, stdout);
        return OPTION_DONE;
    }
    opterr = 0;
    optind = 0; /* getopt begins anew */
    while (result == OPTION_GO && (code = getopt_long(argc, argv, letters, list, NULL)) != -1) {
        if (code != '?' && code != ':') {
            result = take(t, code, argc, argv, all, why);
            continue;
        }
        complain(t, code, argv, why);
        result = OPTION_WRONG;
    }
    *first = optind;
    return result;
}

option_result option_read_or_tell(const option_table *t, int argc, char **argv, void *all,
                                  int *first)
{
    sordino_error why = {0};
    const option_result result = option_read(t, argc, argv, all, first, &why);
    if (result == OPTION_WRONG)
        fprintf(stderr, "%s: %s\n", t->program, why.text);
    return result;
}
