#include "common/table/table_guess.h"

#include "common/fail.h"
#include "common/table/table_look.h"

#include <ctype.h>
#include <float.h>
#include <fnmatch.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- cells */

cell_kind look_number(const table_look *l, size_t row, size_t column, double *out)
{
    cell_number number;
    const char *const text = cells_text(&l->rows, row, column);
    const cell_kind kind =
        number_read(text, strlen(text), l->shape->columns[column].format.form, &number);
    *out = number.value;
    return kind == CELL_NUMBER && !isfinite(number.value) ? CELL_GAP : kind;
}

size_t look_values(table_look *l, size_t column)
{
    size_t n = 0;
    for (size_t r = l->shape->n_header_rows; r < l->rows.n_rows; r++) {
        double x;
        if (look_number(l, r, column, &x) == CELL_NUMBER && fabs(x) <= (double)FLT_MAX &&
            !table_is_missing(l->shape, column, x))
            l->values[n++] = x;
    }
    return n;
}

/* ---- missing values */

/* What instruments and archives write where there is no value. */
static bool is_sentinel(double x)
{
    static const double values[] = {
        -9999,   -999,     -99,    -99999,  9999,          99999,       999.9, 9999.9,
        -9999.9, -999.9,   999999, -32768,  32767,         65535,       -1e30, 1e30,
        1e20,    -1e20,    9.9e37, 9.91e37, 1e37,          -8888,       -7777, -999999,
        -999.25, -9999.25, -1e32,  6999,    -2147483648.0, 2147483647.0};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        if (x == values[i])
            return true;
    return fabs(x) > 9.96e36 && fabs(x) < 9.97e36; /* netCDF */
}

bool table_is_missing(const table_shape *shape, size_t column, double value)
{
    const table_column *const c = &shape->columns[column];
    for (size_t i = 0; i < shape->n_missing; i++)
        if (value == shape->missing[i])
            return true;
    if (!is_sentinel(value) || !(c->most > c->least))
        return false;
    const double range = c->most - c->least;
    return value < c->least - 10 * range || value > c->most + 10 * range;
}

/* Without those that may stand for missing ones. */
static void find_range(table_look *l, size_t column)
{
    table_column *const c = &l->shape->columns[column];
    bool have = false;
    c->least = c->most = 0;
    for (size_t r = l->shape->n_header_rows; r < l->rows.n_rows; r++) {
        double x;
        if (look_number(l, r, column, &x) != CELL_NUMBER)
            continue;
        if (c->first_line == 0)
            c->first_line = l->rows.line[r];
        if (is_sentinel(x) || fabs(x) > (double)FLT_MAX)
            continue;
        c->least = have ? fmin(c->least, x) : x;
        c->most = have ? fmax(c->most, x) : x;
        have = true;
    }
}

static sordino_status read_missing(const char *list, table_shape *shape, sordino_error *why)
{
    for (const char *at = list; at && *at;) {
        char *end;
        const double value = strtod(at, &end);
        if (end == at || (*end != '\0' && *end != ','))
            return fail(why, SORDINO_BAD_ARG,
                        "cannot take '%.40s' for --missing; give numbers, as in -9999,-1", list);
        if (shape->n_missing == TABLE_MAX_MISSING)
            return fail(why, SORDINO_BAD_ARG, "cannot take over %d values for --missing",
                        TABLE_MAX_MISSING);
        shape->missing[shape->n_missing++] = value;
        at = *end ? end + 1 : end;
    }
    return SORDINO_OK;
}

/* ---- lists of columns */

static bool number_of(const table_look *l, const char *text, size_t *out)
{
    char *end;
    const unsigned long number = strtoul(text, &end, 10);
    *out = (size_t)number - 1;
    return isdigit((unsigned char)*text) && *end == '\0' && number >= 1 &&
           number <= l->shape->n_columns;
}

/* A pattern of the shell, in large or small letters. */
static bool matches(const char *pattern, const char *name)
{
    char small[2][2 * TABLE_NAME_BYTES];
    for (int i = 0; i < 2; i++) {
        snprintf(small[i], sizeof small[i], "%s", i == 0 ? pattern : name);
        for (char *c = small[i]; *c; c++)
            *c = (char)tolower((unsigned char)*c);
    }
    return fnmatch(small[0], small[1], 0) == 0;
}

/* Marks what one item names: "name", "3", "2-5" or "acc_*". */
static bool mark_item(const table_look *l, const char *item, bool *marks)
{
    const size_t n = l->shape->n_columns;
    unsigned long from, to;
    char extra;
    bool any = false;
    size_t k;
    for (k = 0; k < n && !any; k++)
        if (strcasecmp(l->shape->columns[k].name, item) == 0 && *item)
            any = marks[k] = true;
    if (any)
        return true;
    if (number_of(l, item, &k))
        return marks[k] = true;
    if (sscanf(item, "%lu-%lu%c", &from, &to, &extra) == 2 && from >= 1 && to >= from && to <= n) {
        for (k = from - 1; k < to; k++)
            marks[k] = true;
        return true;
    }
    for (k = 0; k < n && strpbrk(item, "*?["); k++)
        if (matches(item, l->shape->columns[k].name))
            any = marks[k] = true;
    return any;
}

size_t look_column(const table_look *l, const char *item)
{
    size_t found = SIZE_MAX;
    bool *const marks = calloc(l->shape->n_columns, sizeof *marks);
    if (marks && mark_item(l, item, marks))
        for (size_t k = l->shape->n_columns; k-- > 0;)
            if (marks[k])
                found = k;
    free(marks);
    return found;
}

static sordino_status mark_list(const table_look *l, const char *list, const char *option,
                                bool *marks, sordino_error *why)
{
    char *const copy = strdup(list);
    if (!copy)
        return fail_no_memory(why);
    sordino_status status = SORDINO_OK;
    char *rest = NULL;
    /* A name may itself have a comma in it. */
    if (!mark_item(l, list, marks))
        for (const char *item = strtok_r(copy, ",", &rest); !status && item;
             item = strtok_r(NULL, ",", &rest))
            if (!mark_item(l, item, marks))
                status = fail(why, SORDINO_BAD_ARG, "has no column %.80s for %s; it has %zu", item,
                              option, l->shape->n_columns);
    free(copy);
    return status;
}

/* ---- how numbers are written */

static bool read_cell(const table_look *l, size_t row, size_t column, cell_number *out)
{
    const char *const text = cells_text(&l->rows, row, column);
    return number_read(text, strlen(text), l->shape->columns[column].format.form, out) ==
           CELL_NUMBER;
}

/* Mean size of the steps of `values`. */
static double mean_step(const double *values, size_t n)
{
    double sum = 0;
    for (size_t i = 1; i < n; i++)
        sum += fabs(values[i] - values[i - 1]);
    return n > 1 ? sum / (double)(n - 1) : 0;
}

/* Whole numbers get digits behind a mark only where rounding would be half of what moves. */
static int digits_of_whole(table_look *l, size_t column)
{
    const double moved = mean_step(l->values, look_values(l, column));
    int digits = 0;
    while (digits < 3 && pow(10, -digits) > 0.5 * moved)
        digits++;
    return moved > 0 ? digits : -1;
}

static void find_format(table_look *l, size_t column)
{
    number_format *const f = &l->shape->columns[column].format;
    size_t n = 0, same = 0, powers = 0, plus = 0, positive = 0;
    int most = 0, before = 0;
    cell_number number;
    f->decimals = -1;
    for (size_t r = l->shape->n_header_rows; r < l->rows.n_rows; r++) {
        if (!read_cell(l, r, column, &number) || table_is_missing(l->shape, column, number.value))
            continue;
        n++;
        same = number.decimals > most ? 1 : same + (number.decimals == most);
        most = number.decimals > most ? number.decimals : most;
        before = number.digits > before ? number.digits : before;
        powers += number.exponent != '\0';
        plus += number.plus;
        positive += number.value > 0;
        if (number.exponent) {
            f->exponent = number.exponent;
            f->exponent_digits = number.exponent_digits;
        }
    }
    f->plus = plus > 0 && plus >= positive;
    if (l->wishes->full_digits || l->wishes->first_row || n == 0 || 10 * same < 8 * n)
        return;
    f->scientific = powers == n && before == 1;
    if (f->scientific || (powers == 0 && most > 0))
        f->decimals = most;
    else if (powers == 0)
        f->decimals = digits_of_whole(l, column);
}

/* ---- what is measured */

/* Digits behind the mark; with an exponent they say nothing. */
static int most_decimals(const table_look *l, size_t column)
{
    cell_number number;
    int most = 0;
    for (size_t r = l->shape->n_header_rows; r < l->rows.n_rows; r++)
        if (read_cell(l, r, column, &number)) {
            const int now = number.exponent ? 12 : number.decimals;
            most = now > most ? now : most;
        }
    return most;
}

static size_t first_number(const table_look *l)
{
    size_t n = 0, first = 0;
    for (size_t k = l->shape->n_columns; k-- > 0;)
        if (l->types[k] == TYPE_NUMBER) {
            first = k;
            n++;
        }
    return n > 1 ? first : SIZE_MAX;
}

static void find_kinds(table_look *l)
{
    const size_t first = first_number(l);
    for (size_t k = 0; k < l->shape->n_columns; k++) {
        table_column *const c = &l->shape->columns[k];
        if (l->types[k] == TYPE_CLOCK)
            c->kind = COLUMN_CLOCK;
        if (l->types[k] != TYPE_NUMBER || c->kind == COLUMN_KEPT)
            continue;
        find_range(l, k);
        const size_t n = look_values(l, k);
        const column_sample sample = {.values = l->values,
                                      .n = n,
                                      .decimals = most_decimals(l, k),
                                      .is_first = k == first,
                                      .name = name_read(c->name, look_unit(l, k))};
        c->kind = n > 0 ? column_kind_of(&sample, l->scratch) : COLUMN_MEASURED;
    }
}

/* Whether the values look like states: whole numbers that begin at -1, 0 or 1. */
static bool are_small_codes(table_look *l, size_t column)
{
    const size_t n = look_values(l, column);
    double least = INFINITY;
    bool whole = true;
    for (size_t i = 0; i < n; i++) {
        least = fmin(least, l->values[i]);
        whole = whole && l->values[i] == floor(l->values[i]);
    }
    return whole && least >= -1 && least <= 1;
}

/* A table is denoised for the sake of something in it. Where a single column of few values is all
 * that could be meant, such as a converter's coarse steps about 512, it is taken as measured.
 * Beside a clock or other columns small whole numbers stay what they are: states. */
static void reconsider_only_column(table_look *l)
{
    const table_shape *const shape = l->shape;
    size_t only = SIZE_MAX, n = 0;
    for (size_t k = 0; k < shape->n_columns; k++) {
        const column_kind kind = shape->columns[k].kind;
        if (kind == COLUMN_MEASURED || kind == COLUMN_KEPT)
            return;
        if (kind == COLUMN_FLAG || kind == COLUMN_CODE) {
            only = k;
            n++;
        }
    }
    if (n != 1 || name_read(shape->columns[only].name, look_unit(l, only)).hint == NAME_CODE)
        return;
    if (shape->n_columns == 1 || !are_small_codes(l, only))
        shape->columns[only].kind = COLUMN_MEASURED;
}

/* A float keeps 24 bits. Where a column stands so far from zero, beside how far it moves in its
 * first rows, that fewer than some 14 of them would be left for the movement, the first value is
 * taken off; elsewhere 0. */
static double find_offset(table_look *l, size_t column)
{
    if (l->wishes->first_row)
        return 0;
    const size_t n = look_values(l, column);
    if (n == 0)
        return 0;
    const double first = l->values[0];
    double least = first, most = first;
    for (size_t i = 1; i < n; i++) {
        least = fmin(least, l->values[i]);
        most = fmax(most, l->values[i]);
    }
    return fabs(first) > 1000 * (most - least) ? first : 0;
}

/* "frame (counter), state (code)": what numbers there are, none of them measured. */
static void list_kinds(const table_look *l, char *to, size_t room)
{
    size_t n = 0;
    to[0] = '\0';
    for (size_t k = 0; k < l->shape->n_columns && n + 1 < room; k++) {
        const table_column *const c = &l->shape->columns[k];
        char number[32];
        if (l->types[k] != TYPE_NUMBER)
            continue;
        snprintf(number, sizeof number, "column %zu", k + 1);
        const int more = snprintf(to + n, room - n, "%s%.24s is a %s", n ? ", " : "",
                                  *c->name ? c->name : number, column_kind_name(c->kind));
        n += more > 0 ? (size_t)more : 0;
    }
}

static sordino_status keep_signals(table_look *l, const bool *wanted, sordino_error *why)
{
    table_shape *const shape = l->shape;
    char kinds[160];
    shape->signals = calloc(shape->n_columns, sizeof *shape->signals);
    shape->offsets = calloc(shape->n_columns, sizeof *shape->offsets);
    if (!shape->signals || !shape->offsets)
        return fail_no_memory(why);
    for (size_t k = 0; k < shape->n_columns; k++) {
        if (!wanted[k])
            continue;
        shape->columns[k].kind = COLUMN_MEASURED;
        find_range(l, k);
        find_format(l, k);
        shape->signals[shape->n_signals] = k;
        shape->offsets[shape->n_signals++] = find_offset(l, k);
    }
    if (shape->n_signals > 0)
        return SORDINO_OK;
    list_kinds(l, kinds, sizeof kinds);
    if (*kinds)
        return fail(why, SORDINO_UNSUPPORTED,
                    "has no column that is measured (%.140s); name some with --columns", kinds);
    return fail(why, SORDINO_UNSUPPORTED,
                "has no column of numbers in its first rows; name some with --columns");
}

/* Of as many columns as were said, or one more: then the first is taken for times. */
static sordino_status count_wished(const table_look *l, bool *wanted, sordino_error *why)
{
    const size_t said = l->wishes->n_signals;
    const size_t columns = l->shape->n_columns;
    size_t n = 0, numbers = 0, first = SIZE_MAX;
    for (size_t k = 0; k < columns; k++)
        n += wanted[k];
    if (said == 0 || n == said)
        return SORDINO_OK;
    for (size_t k = 0; k < columns; k++) {
        wanted[k] = l->types[k] == TYPE_NUMBER && l->shape->columns[k].kind != COLUMN_KEPT &&
                    !(l->shape->has_time && k == l->shape->time_column);
        numbers += wanted[k];
        if (wanted[k] && first == SIZE_MAX)
            first = k;
    }
    if (numbers == said)
        return SORDINO_OK;
    if (numbers != said + 1 || l->shape->has_time)
        return fail(why, SORDINO_BAD_ARG, "has %zu columns of numbers, and --channels says %zu",
                    numbers, said);
    wanted[first] = false;
    return SORDINO_OK;
}

/* Wished columns are denoised whatever they look like, unless they are kept. */
static sordino_status choose_wanted(table_look *l, bool *wanted, sordino_error *why)
{
    const table_wishes *const w = l->wishes;
    const bool all = w->all_numbers || (w->columns && strcasecmp(w->columns, "all") == 0 &&
                                        look_column(l, w->columns) == SIZE_MAX);
    if (w->columns && !all)
        return mark_list(l, w->columns, "--columns", wanted, why);
    for (size_t k = 0; k < l->shape->n_columns; k++) {
        const column_kind kind = l->shape->columns[k].kind;
        wanted[k] =
            kind == COLUMN_MEASURED || (all && l->types[k] == TYPE_NUMBER && kind != COLUMN_TIME &&
                                        kind != COLUMN_CLOCK && kind != COLUMN_KEPT);
    }
    return count_wished(l, wanted, why);
}

static sordino_status mark_kept(table_look *l, bool *marks, sordino_error *why)
{
    const sordino_status status =
        l->wishes->keep ? mark_list(l, l->wishes->keep, "--keep", marks, why) : SORDINO_OK;
    for (size_t k = 0; !status && k < l->shape->n_columns; k++)
        if (marks[k])
            l->shape->columns[k].kind = COLUMN_KEPT;
    return status;
}

/* `marks` is [2][n_columns], all false. */
static sordino_status choose_columns(table_look *l, bool *marks, sordino_error *why)
{
    bool *const kept = marks, *const wanted = marks + l->shape->n_columns;
    sordino_status status = look_types(l, why);
    if (status)
        return status;
    look_header(l);
    look_preamble(l);
    status = mark_kept(l, kept, why);
    if (!status)
        status = look_forms(l, why);
    if (status)
        return status;
    find_kinds(l);
    reconsider_only_column(l);
    status = look_times(l, why);
    if (!status)
        status = choose_wanted(l, wanted, why);
    for (size_t k = 0; !status && k < l->shape->n_columns; k++)
        wanted[k] = wanted[k] && !kept[k];
    return status ? status : keep_signals(l, wanted, why);
}

static void look_clear(table_look *l)
{
    cells_clear(&l->rows);
    cells_clear(&l->comments);
    free(l->types);
    free(l->values);
    free(l->scratch);
}

sordino_status table_guess(const char *head, size_t n, bool is_all, const table_wishes *wishes,
                           table_shape *out, sordino_error *why)
{
    table_look l = {.wishes = wishes, .shape = out};
    memset(out, 0, sizeof *out);
    bool *marks = NULL;
    sordino_status status = read_missing(wishes->missing, out, why);
    if (!status)
        status = look_delimiter(&l, head, n, is_all, why);
    if (!status && (l.rows.n_rows == 0 || out->n_columns == 0))
        status = fail(why, SORDINO_UNSUPPORTED, "has no rows of numbers in its beginning");
    if (!status) {
        marks = calloc(2 * out->n_columns, sizeof *marks);
        out->columns = calloc(out->n_columns, sizeof *out->columns);
        status = marks && out->columns ? choose_columns(&l, marks, why) : fail_no_memory(why);
    }
    free(marks);
    look_clear(&l);
    if (status)
        table_shape_clear(out);
    return status;
}

void table_shape_clear(table_shape *shape)
{
    free(shape->columns);
    free(shape->signals);
    free(shape->offsets);
    shape->columns = NULL;
    shape->signals = NULL;
    shape->offsets = NULL;
    shape->n_signals = 0;
}
