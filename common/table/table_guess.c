#include "common/table/table_guess.h"

#include "common/fail.h"
#include "common/table/table_cells.h"

#include <ctype.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { MAX_HEADER_ROWS = 16 };

/* Steps of the time column that differ from the usual one by more are uneven. */
static const double even_step = 0.1;

/* ---- delimiter and decimal mark */

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

/* How much of the head is a table of numbers under this reading, 0..1. */
static double score(const cells *c, char decimal, size_t width)
{
    size_t fitting = 0, numbers = 0, all = 0;
    for (size_t r = 0; r < c->n_rows; r++) {
        if (cells_width(c, r) != width)
            continue;
        fitting++;
        for (size_t k = 0; k < width; k++) {
            double number;
            bool is_gap;
            numbers += cells_number(c, r, k, decimal, &number, &is_gap) || is_gap;
            all++;
        }
    }
    if (all == 0)
        return 0;
    /* One column fits any text: several are preferred. */
    return (double)fitting / (double)c->n_rows * (0.02 + (double)numbers / (double)all) *
           (width > 1 ? 1 : 0.6);
}

/* What is looked at, and what is found. */
typedef struct guess {
    cells rows, comments;
    const table_wishes *wishes;
    table_shape *shape;
} guess;

static void take_reading(guess *g, cells *rows, cells *comments)
{
    cells_clear(&g->rows);
    cells_clear(&g->comments);
    g->rows = *rows;
    g->comments = *comments;
    memset(rows, 0, sizeof *rows);
    memset(comments, 0, sizeof *comments);
}

static bool choose_delimiter(guess *g, const char *head, size_t n, bool is_all)
{
    static const struct {
        char delimiter, decimal;
    } readings[] = {{',', '.'},  {';', '.'}, {'\t', '.'}, {' ', '.'},
                    {'\t', ','}, {';', ','}, {' ', ','}};
    double best = -1;
    bool good = true;
    for (size_t i = 0; good && i < sizeof readings / sizeof *readings; i++) {
        cells rows, comments;
        good = cells_read(head, n, is_all, readings[i].delimiter, &rows, &comments);
        const size_t width = rows.n_rows ? usual_width(&rows) : 0;
        const double s = rows.n_rows ? score(&rows, readings[i].decimal, width) : 0;
        if (s > best + 1e-9) {
            best = s;
            g->shape->delimiter = readings[i].delimiter;
            g->shape->decimal = readings[i].decimal;
            g->shape->n_columns = width;
            take_reading(g, &rows, &comments);
        }
        cells_clear(&rows);
        cells_clear(&comments);
    }
    return good;
}

/* ---- header and columns */

static bool number_at(const guess *g, size_t row, size_t column, double *number, bool *is_gap)
{
    return cells_number(&g->rows, row, column, g->shape->decimal, number, is_gap);
}

/* True when most of a column's filled cells are numbers; the first rows may be a header. */
static bool is_number_column(const guess *g, size_t column)
{
    const size_t first = g->rows.n_rows > 3 ? 1 : 0;
    size_t numbers = 0, texts = 0;
    for (size_t r = first; r < g->rows.n_rows; r++) {
        double number;
        bool is_gap;
        if (number_at(g, r, column, &number, &is_gap))
            numbers++;
        else if (!is_gap)
            texts++;
    }
    return first ? numbers > texts : numbers > 0 && numbers + 1 >= texts;
}

static bool is_header_row(const guess *g, const bool *is_number, size_t row)
{
    const size_t width = cells_width(&g->rows, row);
    for (size_t k = 0; k < width && k < g->shape->n_columns; k++) {
        double number;
        bool is_gap;
        if (is_number[k] && !number_at(g, row, k, &number, &is_gap) && !is_gap)
            return true;
    }
    return width < g->shape->n_columns;
}

/* "" when nothing names it. */
static const char *column_name(const guess *g, size_t column)
{
    /* Of several header rows the first full one names; the next may give units. */
    for (size_t r = 0; r < g->shape->n_header_rows; r++)
        if (cells_width(&g->rows, r) == g->shape->n_columns)
            return cells_text(&g->rows, r, column);
    /* Or the last full comment: "# t,x", or, between spaces, "#", "t", "x". */
    for (size_t r = g->comments.n_rows; r-- > 0 && g->shape->n_header_rows == 0;) {
        const size_t width = cells_width(&g->comments, r);
        const bool apart = strcmp(cells_text(&g->comments, r, 0), "#") == 0;
        if (width != g->shape->n_columns + apart)
            continue;
        const char *name = cells_text(&g->comments, r, column + apart);
        return column + apart == 0 ? name + strspn(name, "# \t") : name;
    }
    return "";
}

static bool is_word(const char *word, const char *const *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(word, list[i]) == 0)
            return true;
    return false;
}

/* "time (ms)", "t_us", "Time/s": the word, and its unit in seconds. */
static bool is_time_name(const char *name, double *unit)
{
    static const char *const words[] = {"t",        "time", "times", "timestamp", "timestamps",
                                        "seconds",  "sec",  "secs",  "elapsed",   "zeit",
                                        "datetime", "date", "ms",    "millis",    "msec"};
    static const struct {
        const char *name;
        double seconds;
    } units[] = {{"ms", 1e-3},        {"msec", 1e-3},  {"millis", 1e-3}, {"us", 1e-6},
                 {"\xc2\xb5s", 1e-6}, {"ns", 1e-9},    {"min", 60},      {"minutes", 60},
                 {"h", 3600},         {"hours", 3600}, {"d", 86400},     {"days", 86400}};
    char text[64];
    char *rest = NULL;
    snprintf(text, sizeof text, "%s", name);
    for (char *p = text; *p; p++)
        *p = (char)(strchr("()[]_/ .:", *p) ? ' ' : tolower((unsigned char)*p));
    const char *word = strtok_r(text, " ", &rest);
    if (!word || !is_word(word, words, sizeof words / sizeof *words))
        return false;
    for (*unit = 1; word; word = strtok_r(NULL, " ", &rest))
        for (size_t i = 0; i < sizeof units / sizeof *units; i++)
            if (strcmp(word, units[i].name) == 0)
                *unit = units[i].seconds;
    return true;
}

/* The steps of a column over the head's rows. */
typedef struct steps {
    size_t n;
    double median, mean;
    bool rises, is_even;
} steps;

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static bool find_steps(const guess *g, size_t column, steps *out)
{
    *out = (steps){.rises = true};
    double *const step = malloc((g->rows.n_rows + 1) * sizeof *step);
    if (!step)
        return false;
    double last = NAN, first = NAN;
    for (size_t r = g->shape->n_header_rows; r < g->rows.n_rows; r++) {
        double t;
        bool is_gap;
        if (!number_at(g, r, column, &t, &is_gap))
            continue;
        if (isfinite(last)) {
            step[out->n++] = t - last;
            out->rises = out->rises && t > last;
        } else {
            first = t;
        }
        last = t;
    }
    if (out->n > 0) {
        qsort(step, out->n, sizeof *step, by_value);
        out->median = step[out->n / 2];
        out->mean = (last - first) / (double)out->n;
        const double most = even_step * fabs(out->median);
        out->is_even = step[0] >= out->median - most && step[out->n - 1] <= out->median + most;
    }
    free(step);
    return true;
}

static sordino_status choose_time(guess *g, const bool *is_number, sordino_error *why)
{
    table_shape *const shape = g->shape;
    steps s;
    shape->time_unit = 1;
    if (g->wishes->time_column == 0)
        return SORDINO_OK;
    if (g->wishes->time_column > 0) {
        shape->time_column = (size_t)g->wishes->time_column - 1;
        shape->has_time = shape->time_column < shape->n_columns;
        if (!shape->has_time)
            return fail(why, SORDINO_BAD_ARG, "has no column %d for --time-column, only %zu",
                        g->wishes->time_column, shape->n_columns);
        (void)is_time_name(column_name(g, shape->time_column), &shape->time_unit);
        return SORDINO_OK;
    }
    for (size_t k = 0; k < shape->n_columns; k++)
        if (is_time_name(column_name(g, k), &shape->time_unit)) {
            shape->has_time = true;
            shape->time_column = k;
            return SORDINO_OK;
        }
    /* Without names: a first column that counts evenly, beside others. */
    if (*column_name(g, 0) || shape->n_columns < 2 || !is_number[0])
        return SORDINO_OK;
    if (!find_steps(g, 0, &s))
        return fail_no_memory(why);
    shape->has_time = s.n >= 2 && s.rises && s.is_even;
    shape->time_column = 0;
    return SORDINO_OK;
}

static sordino_status choose_rate(guess *g, sordino_error *why)
{
    table_shape *const shape = g->shape;
    steps s;
    shape->rate = g->wishes->rate;
    if (!shape->has_time)
        return SORDINO_OK;
    if (!find_steps(g, shape->time_column, &s))
        return fail_no_memory(why);
    if (s.n == 0 || !(s.median > 0) || !isfinite(1 / (s.median * shape->time_unit)))
        return SORDINO_OK;
    shape->step = (s.is_even ? s.mean : s.median) * shape->time_unit;
    if (shape->rate == 0)
        shape->rate = 1 / shape->step;
    return SORDINO_OK;
}

/* ---- signal columns */

/* A column by name, or by number from 1; SIZE_MAX when there is none. */
static size_t find_column(const guess *g, const char *text)
{
    for (size_t k = 0; k < g->shape->n_columns; k++)
        if (strcasecmp(column_name(g, k), text) == 0)
            return k;
    char *end;
    const unsigned long number = strtoul(text, &end, 10);
    const bool fits = isdigit((unsigned char)*text) && *end == '\0' && number >= 1 &&
                      number <= g->shape->n_columns;
    return fits ? (size_t)number - 1 : SIZE_MAX;
}

/* Marks what one item of --columns names: "name", "3" or "2-5". */
static bool mark_columns(const guess *g, const char *item, bool *wanted)
{
    size_t first = find_column(g, item), last = first;
    if (first == SIZE_MAX) {
        unsigned long from, to;
        char extra;
        if (sscanf(item, "%lu-%lu%c", &from, &to, &extra) != 2 || from < 1 || to < from ||
            to > g->shape->n_columns)
            return false;
        first = from - 1;
        last = to - 1;
    }
    for (size_t k = first; k <= last; k++)
        wanted[k] = true;
    return true;
}

static sordino_status mark_wished(const guess *g, bool *wanted, sordino_error *why)
{
    char *const copy = strdup(g->wishes->columns);
    if (!copy)
        return fail_no_memory(why);
    sordino_status status = SORDINO_OK;
    char *rest = NULL;
    for (const char *item = strtok_r(copy, ",", &rest); !status && item;
         item = strtok_r(NULL, ",", &rest))
        if (!mark_columns(g, item, wanted))
            status = fail(why, SORDINO_BAD_ARG, "has no column %.80s for --columns; it has %zu",
                          item, g->shape->n_columns);
    free(copy);
    return status;
}

/* A float keeps 24 bits. Where a column stands so far from zero, beside how far it moves in its
 * first rows, that fewer than some 14 of them would be left for the movement, the first value is
 * taken off; elsewhere 0. */
static double find_offset(const guess *g, size_t column)
{
    double first = 0, least = 0, most = 0;
    bool have = false;
    if (g->wishes->first_row)
        return 0;
    for (size_t r = g->shape->n_header_rows; r < g->rows.n_rows; r++) {
        double x;
        bool is_gap;
        if (!number_at(g, r, column, &x, &is_gap))
            continue;
        if (!have)
            first = least = most = x;
        have = true;
        least = fmin(least, x);
        most = fmax(most, x);
    }
    return fabs(first) > 1000 * (most - least) ? first : 0;
}

static sordino_status keep_signals(guess *g, const bool *wanted, sordino_error *why)
{
    table_shape *const shape = g->shape;
    shape->signals = calloc(shape->n_columns, sizeof *shape->signals);
    shape->offsets = calloc(shape->n_columns, sizeof *shape->offsets);
    if (!shape->signals || !shape->offsets)
        return fail_no_memory(why);
    for (size_t k = 0; k < shape->n_columns; k++) {
        if (!wanted[k])
            continue;
        shape->signals[shape->n_signals] = k;
        shape->offsets[shape->n_signals++] = find_offset(g, k);
    }
    if (shape->n_signals == 0)
        return fail(why, SORDINO_UNSUPPORTED,
                    "has no column of numbers in its first rows; name some with --columns");
    return SORDINO_OK;
}

/* Of as many columns as were said, or one more: then the first is taken for times. */
static sordino_status count_wished(const guess *g, bool *wanted, sordino_error *why)
{
    const size_t said = g->wishes->n_signals;
    size_t n = 0, first = SIZE_MAX;
    for (size_t k = 0; k < g->shape->n_columns; k++) {
        n += wanted[k];
        if (wanted[k] && first == SIZE_MAX)
            first = k;
    }
    if (said == 0 || n == said)
        return SORDINO_OK;
    if (n != said + 1 || g->shape->has_time)
        return fail(why, SORDINO_BAD_ARG, "has %zu columns of numbers, and --channels says %zu", n,
                    said);
    wanted[first] = false;
    return SORDINO_OK;
}

/* `marks` is [2][n_columns], all false. */
static sordino_status choose_columns(guess *g, bool *marks, sordino_error *why)
{
    table_shape *const shape = g->shape;
    bool *const is_number = marks, *const wanted = marks + shape->n_columns;
    for (size_t k = 0; k < shape->n_columns; k++)
        is_number[k] = is_number_column(g, k);
    while (shape->n_header_rows < g->rows.n_rows && shape->n_header_rows < MAX_HEADER_ROWS &&
           is_header_row(g, is_number, shape->n_header_rows))
        shape->n_header_rows++;
    sordino_status status = choose_time(g, is_number, why);
    if (!status)
        status = choose_rate(g, why);
    if (status)
        return status;
    for (size_t k = 0; k < shape->n_columns && !g->wishes->columns; k++)
        wanted[k] = is_number[k] && !(shape->has_time && k == shape->time_column);
    status = g->wishes->columns ? mark_wished(g, wanted, why) : count_wished(g, wanted, why);
    return status ? status : keep_signals(g, wanted, why);
}

sordino_status table_guess(const char *head, size_t n, bool is_all, const table_wishes *wishes,
                           table_shape *out, sordino_error *why)
{
    guess g = {.wishes = wishes, .shape = out};
    memset(out, 0, sizeof *out);
    bool *marks = NULL;
    sordino_status status = SORDINO_OK;
    if (!choose_delimiter(&g, head, n, is_all))
        status = fail_no_memory(why);
    else if (g.rows.n_rows == 0 || out->n_columns == 0)
        status = fail(why, SORDINO_UNSUPPORTED, "has no rows of numbers in its beginning");
    if (!status) {
        marks = calloc(2 * out->n_columns, sizeof *marks);
        status = marks ? choose_columns(&g, marks, why) : fail_no_memory(why);
    }
    free(marks);
    cells_clear(&g.rows);
    cells_clear(&g.comments);
    if (status)
        table_shape_clear(out);
    return status;
}

void table_shape_clear(table_shape *shape)
{
    free(shape->signals);
    free(shape->offsets);
    shape->signals = NULL;
    shape->offsets = NULL;
    shape->n_signals = 0;
}
