#include "common/table/table_look.h"

#include "common/fail.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_TYPED_ROWS = 400, SIDE_ROWS = 64, NEAR_ROWS = 8 };

static cell_type type_of(const char *text)
{
    number_evidence e = {0};
    cell_number number;
    clock_cell clock;
    const size_t n = strlen(text);
    if (number_weigh(text, n, &e))
        return TYPE_NUMBER;
    if (number_read(text, n, (number_form){'.', '\0'}, &number) == CELL_GAP)
        return TYPE_EMPTY;
    return clock_read(text, n, CLOCK_DAY_FIRST, &clock) ? TYPE_CLOCK : TYPE_TEXT;
}

/* ---- delimiter */

static size_t usual_width(const cells *c)
{
    size_t best = 0, best_count = 0;
    for (size_t i = 0; i < c->n_rows && i < 64; i++) {
        const size_t width = cells_width(c, c->n_rows - 1 - i);
        size_t count = 0;
        for (size_t j = 0; j < c->n_rows; j++)
            count += cells_width(c, j) == width;
        if (count > best_count || (count == best_count && width > best)) {
            best = width;
            best_count = count;
        }
    }
    return best;
}

/* 1 for a number, time or gap; less than nothing for a number with more behind it: "34,23 left" cut
 * at the comma is 34 and "23 left". */
static double worth_of(const char *text)
{
    if (type_of(text) != TYPE_TEXT)
        return 1;
    const char *const first = text + (*text == '-' || *text == '+');
    return *first >= '0' && *first <= '9' && strpbrk(first, ",;\t| ") ? -0.5 : 0;
}

/* How much of the head is a table of numbers and times under this reading, 0..1. */
static double score(const cells *c, size_t width)
{
    size_t fitting = 0, all = 0;
    double good = 0;
    for (size_t r = 0; r < c->n_rows; r++) {
        if (cells_width(c, r) != width)
            continue;
        fitting++;
        for (size_t k = 0; k < width; k++)
            good += worth_of(cells_text(c, r, k));
        all += width;
    }
    if (all == 0)
        return 0;
    /* One column fits any text: several are preferred. */
    return (double)fitting / (double)c->n_rows * (0.02 + fmax(0, good / (double)all)) *
           (width > 1 ? 1 : 0.6);
}

static void take_reading(table_look *l, cells *rows, cells *comments)
{
    cells_clear(&l->rows);
    cells_clear(&l->comments);
    l->rows = *rows;
    l->comments = *comments;
    memset(rows, 0, sizeof *rows);
    memset(comments, 0, sizeof *comments);
}

static bool try_delimiter(table_look *l, const char *head, size_t n, bool is_all, char delimiter,
                          double *best)
{
    cells rows, comments;
    const bool good = cells_read(head, n, is_all, delimiter, &rows, &comments);
    const size_t width = rows.n_rows ? usual_width(&rows) : 0;
    const double s = rows.n_rows ? score(&rows, width) : 0;
    if (good && s > *best + 1e-9) {
        *best = s;
        l->shape->delimiter = delimiter;
        l->shape->n_columns = width;
        take_reading(l, &rows, &comments);
    }
    cells_clear(&rows);
    cells_clear(&comments);
    return good;
}

/* A header of so many fields over rows of twice as many, all whole numbers behind: "1,5" is one. */
static bool looks_halved(const table_look *l)
{
    const cells *const c = &l->rows;
    const size_t width = l->shape->n_columns;
    if (l->shape->delimiter != ',' || width % 2 != 0 || c->n_rows < 2 ||
        cells_width(c, 0) != width / 2 || type_of(cells_text(c, 0, 0)) != TYPE_TEXT)
        return false;
    for (size_t r = 1; r < c->n_rows; r++)
        for (size_t k = 0; k < width; k++) {
            const char *const text = cells_text(c, r, k);
            const char *const digits = text + (k % 2 == 0 && *text == '-');
            if (cells_width(c, r) != width || strspn(digits, "0123456789") != strlen(digits))
                return false;
        }
    return true;
}

/* Whole, but for an exponent; such as no table has in a column of its own. */
static bool is_tail(const char *text, bool *tells)
{
    const size_t digits = strspn(text, "0123456789");
    const char *const power = text + digits;
    *tells = (digits > 1 && *text == '0') || *power != '\0';
    return digits > 0 &&
           (*power == '\0' || (strchr("eEdD", *power) && power[1] &&
                               strspn(power + 1, "+-0123456789") == strlen(power + 1)));
}

/* "1,05", "1,5e3" in rows of two: a whole number begins with no zero and has no exponent. */
static bool looks_split(const table_look *l)
{
    const cells *const c = &l->rows;
    if (l->shape->delimiter != ',' || l->shape->n_columns != 2 || c->n_rows < 2 ||
        l->wishes->delimiter)
        return false;
    size_t zeros = 0;
    for (size_t r = 0; r < c->n_rows; r++) {
        bool tells;
        if (cells_width(c, r) != 2 || !is_tail(cells_text(c, r, 1), &tells))
            return false;
        const char *const whole = cells_text(c, r, 0) + (*cells_text(c, r, 0) == '-');
        if (strspn(whole, "0123456789") != strlen(whole))
            return false;
        zeros += tells;
    }
    return zeros > 0;
}

static sordino_status check_halves(table_look *l, const char *head, size_t n, bool is_all,
                                   sordino_error *why)
{
    double best = -1;
    const bool halved = looks_halved(l);
    if (!halved && !looks_split(l))
        return SORDINO_OK;
    if (halved && l->shape->n_columns > 2)
        return fail(why, SORDINO_UNSUPPORTED,
                    "line %llu: has %zu fields under %zu names, so a comma may part numbers or be "
                    "in them; say --delimiter , or write one of them otherwise",
                    (unsigned long long)l->rows.line[1], l->shape->n_columns,
                    l->shape->n_columns / 2);
    if (!halved)
        return fail(why, SORDINO_UNSUPPORTED,
                    "line %llu, column 1: a comma may part two numbers or be the decimal mark of "
                    "one; say --delimiter , or --delimiter ;",
                    (unsigned long long)l->rows.line[0]);
    return try_delimiter(l, head, n, is_all, ';', &best) ? SORDINO_OK : fail_no_memory(why);
}

sordino_status look_delimiter(table_look *l, const char *head, size_t n, bool is_all,
                              sordino_error *why)
{
    static const char marks[] = {',', ';', '\t', '|', ' '};
    double best = -1;
    bool good = true;
    if (l->wishes->delimiter)
        return try_delimiter(l, head, n, is_all, l->wishes->delimiter, &best) ? SORDINO_OK
                                                                              : fail_no_memory(why);
    for (size_t i = 0; good && i < sizeof marks; i++)
        good = try_delimiter(l, head, n, is_all, marks[i], &best);
    if (!good)
        return fail_no_memory(why);
    /* Looking at one row alone, there is no second to see it by. */
    return l->wishes->first_row || l->wishes->decimal == '.'
               ? SORDINO_OK
               : check_halves(l, head, n, is_all, why);
}

/* ---- types */

static cell_type usual_type(const table_look *l, size_t column, size_t first, size_t *filled,
                            size_t *last_filled)
{
    size_t count[4] = {0};
    for (size_t r = first; r < l->rows.n_rows; r++) {
        const cell_type type = type_of(cells_text(&l->rows, r, column));
        count[type]++;
        if (type != TYPE_EMPTY)
            *last_filled = r;
    }
    const size_t numbers = count[TYPE_NUMBER], clocks = count[TYPE_CLOCK], texts = count[TYPE_TEXT];
    *filled = numbers + clocks + texts;
    if (*filled == 0)
        return TYPE_EMPTY;
    if (texts > numbers + clocks)
        return TYPE_TEXT;
    return clocks > numbers ? TYPE_CLOCK : TYPE_NUMBER;
}

sordino_status look_types(table_look *l, sordino_error *why)
{
    const size_t n = l->rows.n_rows;
    l->types = calloc(l->shape->n_columns, sizeof *l->types);
    l->values = calloc(n, sizeof *l->values);
    l->scratch = calloc(n, sizeof *l->scratch);
    if (!l->types || !l->values || !l->scratch)
        return fail_no_memory(why);
    size_t last = n <= 8 ? (n + 1) / 2 : n / 4;
    if (l->wishes->first_row)
        last = 1;
    for (size_t k = 0; k < l->shape->n_columns; k++) {
        size_t filled = 0, last_filled = 0;
        l->types[k] = usual_type(l, k, n - last, &filled, &last_filled);
        if (l->types[k] != TYPE_EMPTY)
            continue;
        /* Filled in the first rows alone: a preamble that stands beside the data. */
        l->types[k] = usual_type(l, k, 0, &filled, &last_filled);
        if (last_filled < SIDE_ROWS && 2 * last_filled < n && filled < SIDE_ROWS && n > 16)
            l->types[k] = TYPE_EMPTY;
    }
    return SORDINO_OK;
}

/* ---- header */

static bool is_data_row(const table_look *l, size_t row)
{
    const size_t width = cells_width(&l->rows, row), n = l->shape->n_columns;
    size_t filled = n;
    while (filled > 1 && l->types[filled - 1] == TYPE_EMPTY)
        filled--;
    if (width < filled)
        return false;
    for (size_t k = 0; k < n; k++) {
        const cell_type type = type_of(cells_text(&l->rows, row, k));
        const bool is_number = l->types[k] == TYPE_NUMBER;
        if ((is_number || l->types[k] == TYPE_CLOCK) && type != TYPE_EMPTY && type != l->types[k])
            return false;
    }
    return true;
}

/* Several words, some where numbers would be, and no number: a row of names as a rule. */
static bool is_wordy(const table_look *l, size_t row)
{
    size_t words = 0;
    for (size_t k = 0; k < l->shape->n_columns; k++) {
        const cell_type type = type_of(cells_text(&l->rows, row, k));
        if (l->types[k] == TYPE_NUMBER && type == TYPE_NUMBER)
            return false;
        words += type == TYPE_TEXT;
    }
    return words > 1 && !is_data_row(l, row);
}

/* Nothing in columns that are empty further down. */
static bool is_strict_row(const table_look *l, size_t row)
{
    for (size_t k = 0; k < l->shape->n_columns; k++)
        if (l->types[k] == TYPE_EMPTY && type_of(cells_text(&l->rows, row, k)) != TYPE_EMPTY)
            return false;
    return is_data_row(l, row);
}

/* Behind the last row of names that comes before the data has settled. */
static size_t find_names_end(const table_look *l)
{
    size_t end = 0, strict = 0;
    for (size_t r = 0; r < l->rows.n_rows && strict < NEAR_ROWS; r++) {
        strict = is_strict_row(l, r) ? strict + 1 : 0;
        if (is_wordy(l, r))
            end = r + 1;
    }
    return end < l->rows.n_rows ? end : 0;
}

/* Rows that begin as the data does, and so do most of those after. */
static bool data_begins(const table_look *l, size_t row)
{
    size_t seen = 0, good = 0;
    if (!is_data_row(l, row) || (row + 1 < l->rows.n_rows && is_wordy(l, row + 1)))
        return false;
    for (size_t r = row + 1; r < l->rows.n_rows && seen < NEAR_ROWS; r++, seen++)
        good += is_data_row(l, r);
    return 4 * good >= 3 * seen || good + 1 >= seen;
}

/* Empatica's: the time of the start, then the rate, over the same columns as the data. */
static size_t start_rows(table_look *l, size_t first)
{
    const size_t width = l->shape->n_columns;
    double start, rate, value, other;
    if (first + 3 > l->rows.n_rows || look_number(l, first, 0, &start) != CELL_NUMBER ||
        look_number(l, first + 1, 0, &rate) != CELL_NUMBER || clock_epoch_unit(start) <= 0)
        return 0;
    bool same = rate > 0.01 && rate < 1e6;
    for (size_t k = 0; k < width; k++) {
        if (look_number(l, first, k, &other) != CELL_NUMBER || other != start)
            return 0;
        same = same && look_number(l, first + 1, k, &other) == CELL_NUMBER && other == rate;
        for (size_t r = first + 2; r < l->rows.n_rows; r++)
            if (look_number(l, r, k, &value) == CELL_NUMBER && value > 1e-3 * start)
                return 0;
    }
    if (look_number(l, first + 1, 0, &value) == CELL_NUMBER && value > 1e-3 * start)
        return 0;
    if (same)
        l->period = 1 / rate;
    return same ? 2 : 1;
}

void look_header(table_look *l)
{
    const size_t n = l->rows.n_rows;
    size_t first = find_names_end(l);
    while (first < n && !data_begins(l, first))
        first++;
    if (first == n) /* no rows that agree: the first that is like data at all */
        for (first = 0; first < n && !is_data_row(l, first);)
            first++;
    l->shape->n_header_rows = first;
}

/* ---- forms of numbers */

/* The first cell that is read so, for a message. */
static sordino_status fail_form(const table_look *l, size_t column, number_verdict verdict,
                                char decimal, sordino_error *why)
{
    for (size_t r = l->shape->n_header_rows; r < l->rows.n_rows; r++) {
        number_evidence e = {0};
        const char *const text = cells_text(&l->rows, r, column);
        const bool found = number_weigh(text, strlen(text), &e) &&
                           (verdict == NUMBER_UNCLEAR ? e.comma_three > 0
                            : decimal == ','          ? e.point > 0 || e.comma_groups > 0
                                                      : e.comma > 0 || e.point_groups > 0);
        const unsigned long long line = (unsigned long long)l->rows.line[r];
        if (found && verdict == NUMBER_UNCLEAR)
            return fail(why, SORDINO_UNSUPPORTED,
                        "line %llu, column %zu: %.30s may have a decimal comma or thousands; say "
                        "--decimal , or --decimal .",
                        line, column + 1, text);
        if (found)
            return fail(why, SORDINO_UNSUPPORTED,
                        "line %llu, column %zu: %.30s has another decimal mark than most of the "
                        "column; correct it, or leave the column out by --keep %zu",
                        line, column + 1, text, column + 1);
    }
    return fail(why, SORDINO_UNSUPPORTED, "column %zu mixes decimal marks; correct it", column + 1);
}

static number_verdict weigh_column(const table_look *l, size_t column, number_evidence *e,
                                   number_form *form)
{
    for (size_t r = l->shape->n_header_rows; r < l->rows.n_rows; r++) {
        const char *const text = cells_text(&l->rows, r, column);
        (void)number_weigh(text, strlen(text), e);
    }
    return number_decide(e, form);
}

/* A column that says nothing by itself follows the others. */
static void follow(number_form *form, number_verdict *verdict, const number_evidence *e,
                   const table_look *l, bool comma, bool point)
{
    const bool is_three = e->comma_three > 0 && e->comma == 0 && e->point == 0;
    const bool is_point_three = e->point_three > 0 && e->point == 0 && e->comma == 0;
    if (*verdict == NUMBER_UNCLEAR && is_three && point && !comma) {
        *form = (number_form){'.', ','};
        *verdict = NUMBER_CLEAR;
    } else if (*verdict == NUMBER_UNCLEAR && (l->shape->delimiter == ';' || (comma && !point))) {
        *form = (number_form){',', '\0'}; /* where commas are no delimiters they are decimal */
        *verdict = NUMBER_CLEAR;
    } else if (is_point_three && e->point_groups == 0 && comma && !point) {
        *form = (number_form){',', '.'};
    } else if (e->point + e->point_three + e->comma + e->comma_three == 0 && comma && !point) {
        form->decimal = ','; /* whole numbers so far */
    }
}

static void force_decimal(const table_wishes *w, number_form *form, number_verdict *verdict,
                          const number_evidence *e)
{
    if (!w->decimal)
        return;
    form->decimal = w->decimal;
    *verdict = NUMBER_CLEAR;
    if (form->thousands == w->decimal)
        form->thousands = '\0';
    if (w->decimal == '.' && e->comma + e->comma_three + e->comma_groups > 0)
        form->thousands = ',';
    if (w->decimal == ',' && e->point + e->point_three + e->point_groups > 0)
        form->thousands = '.';
}

sordino_status look_forms(table_look *l, sordino_error *why)
{
    const size_t n = l->shape->n_columns;
    number_evidence *const e = calloc(n, sizeof *e);
    bool comma = false, point = false;
    sordino_status status = SORDINO_OK;
    if (!e)
        return fail_no_memory(why);
    for (size_t k = 0; !status && k < n; k++) {
        number_form form;
        if (l->types[k] == TYPE_NUMBER && weigh_column(l, k, &e[k], &form) == NUMBER_CLEAR) {
            comma = comma || e[k].comma > 0;
            point = point || e[k].point > 0;
        }
    }
    for (size_t k = 0; !status && k < n; k++) {
        number_form *const form = &l->shape->columns[k].format.form;
        number_verdict verdict = number_decide(&e[k], form);
        follow(form, &verdict, &e[k], l, comma, point);
        force_decimal(l->wishes, form, &verdict, &e[k]);
        l->shape->columns[k].format.decimals = -1;
        if (l->types[k] == TYPE_NUMBER && verdict != NUMBER_CLEAR &&
            l->shape->columns[k].kind != COLUMN_KEPT)
            status = fail_form(l, k, verdict, form->decimal, why);
    }
    free(e);
    if (!status)
        l->shape->n_header_rows += start_rows(l, l->shape->n_header_rows);
    return status;
}
