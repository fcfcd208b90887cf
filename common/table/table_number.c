#include "common/table/table_number.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { MAX_NUMBER = 63, MAX_FLOAT_DIGITS = 9 };

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* ---- what surrounds a number */

typedef struct part {
    const char *at;
    size_t begin, end;
} part;

static size_t starts(const part *p, const char *with)
{
    const size_t n = strlen(with);
    return p->end - p->begin >= n && memcmp(p->at + p->begin, with, n) == 0 ? n : 0;
}

static size_t finishes(const part *p, const char *with)
{
    const size_t n = strlen(with);
    return p->end - p->begin >= n && memcmp(p->at + p->end - n, with, n) == 0 ? n : 0;
}

static void trim(part *p)
{
    while (p->begin < p->end && (p->at[p->begin] == ' ' || p->at[p->begin] == '\t'))
        p->begin++;
    while (p->begin < p->end && (p->at[p->end - 1] == ' ' || p->at[p->end - 1] == '\t'))
        p->end--;
}

static void unquote(part *p)
{
    trim(p);
    if (p->end - p->begin >= 3 && p->at[p->begin] == '=' && p->at[p->begin + 1] == '"')
        p->begin++;
    for (int i = 0; i < 2; i++) {
        const char quote = i == 0 ? '"' : '\'';
        if (p->end - p->begin >= 2 && p->at[p->begin] == quote && p->at[p->end - 1] == quote) {
            p->begin++;
            p->end--;
            trim(p);
        }
    }
}

/* "$5.20", "5,20 EUR" in signs, "3 %". A sign may stand before a currency: not read then. */
static void strip_marks(part *p)
{
    static const char *const marks[] = {"$", "\xe2\x82\xac", "\xc2\xa3", "\xc2\xa5"};
    size_t n = 0;
    for (size_t i = 0; n == 0 && i < sizeof marks / sizeof *marks; i++) {
        n = starts(p, marks[i]);
        p->begin += n;
        if (n == 0) {
            n = finishes(p, marks[i]);
            p->end -= n;
        }
    }
    if (n == 0)
        p->end -= finishes(p, "%");
    trim(p);
}

static bool is_gap(const part *p)
{
    static const char *const words[] = {
        "na",   "n/a",    "null",    "none",    "nil",     "-",       "--",       "?",
        ".",    "#n/a",   "#na",     "missing", "nan",     "inf",     "infinity", "nat",
        "<na>", "1.#ind", "1.#qnan", "1.#inf",  "#div/0!", "#value!", "#num!",    "1.#snan"};
    const size_t sign = p->end - p->begin > 1 && strchr("+-", p->at[p->begin]) ? 1 : 0;
    const size_t n = p->end - p->begin;
    if (n == 0)
        return true;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        const size_t length = strlen(words[i]);
        if ((n == length && strncasecmp(p->at + p->begin, words[i], n) == 0) ||
            (n - sign == length && length > 2 &&
             strncasecmp(p->at + p->begin + sign, words[i], length) == 0))
            return true;
    }
    return false;
}

/* ---- one form */

static const char *thousands_text(char thousands)
{
    static const char *const texts[] = {"\xc2\xa0", "\xe2\x80\xaf", ",", ".", "'", " "};
    static const char marks[] = {NUMBER_NBSP, NUMBER_NARROW, ',', '.', '\'', ' '};
    for (size_t i = 0; i < sizeof marks; i++)
        if (thousands == marks[i])
            return texts[i];
    return "";
}

/* Whole digits, in groups or without; appends them to `to`. Returns where they end. */
static size_t read_groups(const part *p, size_t at, const char *mark, char *to, size_t *n)
{
    const size_t first = at, mark_n = strlen(mark);
    while (at < p->end && is_digit(p->at[at]))
        to[(*n)++] = p->at[at++];
    if (mark_n == 0 || at == first || at - first > 3 || p->at[first] == '0')
        return at;
    for (;;) {
        const size_t group = at + mark_n;
        if (p->end < group + 3 || memcmp(p->at + at, mark, mark_n) != 0 ||
            !is_digit(p->at[group]) || !is_digit(p->at[group + 1]) || !is_digit(p->at[group + 2]) ||
            (group + 3 < p->end && is_digit(p->at[group + 3])))
            return at;
        memcpy(to + *n, p->at + group, 3);
        *n += 3;
        at = group + 3;
    }
}

/* An exponent at `at`, if one is there. */
static size_t read_exponent(const part *p, size_t at, char *to, size_t *n, cell_number *out)
{
    if (at >= p->end || !strchr("eEdD", p->at[at]))
        return at;
    size_t digits = at + 1;
    if (digits < p->end && (p->at[digits] == '+' || p->at[digits] == '-'))
        digits++;
    size_t end = digits;
    while (end < p->end && is_digit(p->at[end]))
        end++;
    if (end == digits)
        return at;
    out->exponent = p->at[at];
    out->exponent_digits = (int)(end - digits);
    to[(*n)++] = 'e';
    memcpy(to + *n, p->at + at + 1, end - at - 1);
    *n += end - at - 1;
    return end;
}

/* The part as a number and nothing else. */
static bool read_form(const part *p, number_form form, cell_number *out)
{
    char text[2 * MAX_NUMBER + 4];
    size_t at = p->begin, n = 0;
    *out = (cell_number){.begin = p->begin, .end = p->end};
    if (p->end - p->begin > MAX_NUMBER)
        return false;
    if (at < p->end && (p->at[at] == '-' || p->at[at] == '+')) {
        out->plus = p->at[at] == '+';
        text[n++] = p->at[at++];
    }
    size_t end = read_groups(p, at, thousands_text(form.thousands), text, &n);
    out->digits = (int)(n - (at - p->begin));
    bool any = end > at;
    at = end;
    if (at < p->end && p->at[at] == form.decimal) {
        text[n++] = '.';
        for (at++; at < p->end && is_digit(p->at[at]); out->decimals++)
            text[n++] = p->at[at++];
        /* "5." is a number; "5," is one with a delimiter behind it. */
        if (form.decimal == ',' && out->decimals == 0)
            return false;
        any = any || out->decimals > 0;
    }
    if (any)
        at = read_exponent(p, at, text, &n, out);
    text[n] = '\0';
    if (!any || at != p->end)
        return false;
    out->value = strtod(text, NULL);
    return true;
}

cell_kind number_read(const char *text, size_t n, number_form form, cell_number *out)
{
    part p = {text, 0, n};
    unquote(&p);
    *out = (cell_number){.value = (double)NAN, .begin = p.begin, .end = p.end};
    if (is_gap(&p))
        return CELL_GAP;
    part bare = p;
    strip_marks(&bare);
    if (bare.begin < bare.end && read_form(&bare, form, out))
        return CELL_NUMBER;
    *out = (cell_number){.value = (double)NAN, .begin = p.begin, .end = p.end};
    return CELL_TEXT;
}

/* ---- which form */

/* One mark alone: decimal, or between groups? */
static void weigh_mark(const part *p, char mark, size_t *decimal, size_t *three)
{
    const char *const at = memchr(p->at + p->begin, mark, p->end - p->begin);
    const size_t sign = strchr("+-", p->at[p->begin]) ? 1 : 0;
    const size_t before = (size_t)(at - p->at) - p->begin - sign;
    size_t after = 0;
    for (const char *c = at + 1; c < p->at + p->end && is_digit(*c); c++)
        after++;
    const bool ends = at + 1 + after == p->at + p->end;
    const bool group =
        after == 3 && ends && before >= 1 && before <= 3 && at[-1 * (ptrdiff_t)before] != '0';
    ++*(group ? three : decimal);
}

bool number_weigh(const char *text, size_t n, number_evidence *e)
{
    static const char others[] = {' ', '\'', NUMBER_NBSP, NUMBER_NARROW};
    cell_number number;
    part p = {text, 0, n};
    unquote(&p);
    if (is_gap(&p))
        return false;
    strip_marks(&p);
    if (p.begin >= p.end)
        return false;
    const bool has_point = memchr(p.at + p.begin, '.', p.end - p.begin) != NULL;
    const bool has_comma = memchr(p.at + p.begin, ',', p.end - p.begin) != NULL;
    if (read_form(&p, (number_form){'.', '\0'}, &number)) {
        if (has_point)
            weigh_mark(&p, '.', &e->point, &e->point_three);
        e->plain += !has_point;
        e->large += !has_point && number.digits > 3;
        return true;
    }
    if (read_form(&p, (number_form){',', '\0'}, &number)) {
        weigh_mark(&p, ',', &e->comma, &e->comma_three);
        return true;
    }
    if (read_form(&p, (number_form){'.', ','}, &number)) {
        ++*(has_point ? &e->point : &e->comma_groups);
        e->comma_groups += has_point;
        return true;
    }
    if (read_form(&p, (number_form){',', '.'}, &number)) {
        ++*(has_comma ? &e->comma : &e->point_groups);
        e->point_groups += has_comma;
        return true;
    }
    for (size_t i = 0; i < sizeof others; i++)
        for (int k = 0; k < 2; k++)
            if (read_form(&p, (number_form){k ? ',' : '.', others[i]}, &number)) {
                e->other = others[i];
                e->other_groups++;
                e->point += has_point;
                e->comma += has_comma;
                return true;
            }
    return false;
}

number_verdict number_decide(const number_evidence *e, number_form *form)
{
    const bool comma = e->comma > 0 || e->point_groups > 0;
    const bool point = e->point > 0 || e->comma_groups > 0;
    *form = (number_form){'.', e->other_groups ? e->other : '\0'};
    if (comma && point) {
        form->decimal = e->comma > e->point ? ',' : '.';
        return NUMBER_MIXED;
    }
    if (comma) {
        form->decimal = ',';
        if (e->point_groups || e->point_three)
            form->thousands = '.';
        return NUMBER_CLEAR;
    }
    if (point) {
        if (e->comma_groups || e->comma_three)
            form->thousands = ',';
        return NUMBER_CLEAR;
    }
    if (e->comma_three == 0)
        return NUMBER_CLEAR; /* "1.234" is what most programs write */
    form->decimal = ',';
    /* 1234 beside 1,234: the comma parts no thousands. */
    return e->large > 0 && e->point_three == 0 ? NUMBER_CLEAR : NUMBER_UNCLEAR;
}

/* ---- writing */

/* As few digits as give the same float. */
static int shortest(float estimate, double offset, char to[TABLE_NUMBER_MAX])
{
    const double value = (double)estimate + offset;
    int digits = 6;
    /* A number that fewer digits than six would give has zeros after them, which %g leaves out. */
    for (; digits <= 17; digits++) {
        snprintf(to, TABLE_NUMBER_MAX, "%.*g", digits, value);
        if ((float)(strtod(to, NULL) - offset) == estimate)
            break;
    }
    return digits;
}

/* Digits in front of the point, and of a number below one none. */
static int whole_digits(double value)
{
    const double size = fabs(value);
    return size >= 1 ? (int)floor(log10(size)) + 1 : 0;
}

static void print_fixed(double value, int decimals, char to[TABLE_NUMBER_MAX])
{
    snprintf(to, TABLE_NUMBER_MAX, "%.*f", decimals, value);
    if (to[0] == '-' && strspn(to + 1, "0.") == strlen(to + 1))
        memmove(to, to + 1, strlen(to)); /* no minus before zero */
}

/* An exponent as the column has it. */
static void dress_exponent(const number_format *f, char to[TABLE_NUMBER_MAX])
{
    char copy[TABLE_NUMBER_MAX];
    char *const e = strchr(to, 'e');
    if (!e)
        return;
    const int power = atoi(e + 1);
    *e = '\0';
    snprintf(copy, sizeof copy, "%s", to);
    snprintf(to, TABLE_NUMBER_MAX, "%.40s%c%c%0*d", copy, f->exponent ? f->exponent : 'e',
             power < 0 ? '-' : '+',
             f->exponent_digits > 2 && f->exponent_digits < 6 ? f->exponent_digits : 2, abs(power));
}

/* Puts marks between groups of three, and the decimal mark. */
static void dress_marks(const number_format *f, char to[TABLE_NUMBER_MAX])
{
    const char *const mark = thousands_text(f->form.thousands);
    const size_t mark_n = strlen(mark);
    char *const point = strchr(to, '.');
    if (point)
        *point = f->form.decimal;
    if (mark_n == 0 || strpbrk(to, "eEdD"))
        return;
    const size_t first = to[0] == '-';
    size_t at = first;
    while (is_digit(to[at]))
        at++;
    for (; at > first + 3; at -= 3) {
        const size_t n = strlen(to);
        if (n + mark_n + 1 > TABLE_NUMBER_MAX)
            return;
        memmove(to + at - 3 + mark_n, to + at - 3, n - at + 4);
        memcpy(to + at - 3, mark, mark_n);
    }
}

size_t number_print(float estimate, double offset, const number_format *f,
                    char to[TABLE_NUMBER_MAX])
{
    const double value = (double)estimate + offset;
    const int digits = shortest(estimate, offset, to);
    const int whole = whole_digits(value);
    /* Digits behind those that a float has would be chance. */
    const int most = offset == 0 ? MAX_FLOAT_DIGITS : 17;
    if (f->scientific && f->decimals >= 0 && f->decimals < most)
        snprintf(to, TABLE_NUMBER_MAX, "%.*e", f->decimals, value);
    else if (!f->scientific && f->decimals >= 0 && whole + f->decimals <= most)
        print_fixed(value, f->decimals, to);
    else if (f->form.thousands && fabs(value) < 1e15)
        print_fixed(value, digits > whole ? digits - whole : 0, to);
    dress_exponent(f, to);
    dress_marks(f, to);
    if (f->plus && to[0] != '-') {
        memmove(to + 1, to, strlen(to) < TABLE_NUMBER_MAX - 1 ? strlen(to) + 1 : 0);
        to[0] = '+';
    }
    return strlen(to);
}
