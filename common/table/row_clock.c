#include "common/table/row_clock.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* A step that differs from the usual by more is uneven. */
static const double even_step = 0.1;

static bool read_clock(const table_shape *shape, const table_row *row, size_t column,
                       long double *out)
{
    clock_cell clock;
    size_t n;
    if (column >= row->n_fields)
        return false;
    const char *const text = table_raw_field(row, column, &n);
    if (!clock_read(text, n, shape->order, &clock))
        return false;
    *out = clock.seconds;
    return true;
}

/* The row's time in seconds, from wherever it is counted. */
static bool read_time(const table_shape *shape, const table_row *row, long double *out)
{
    const size_t column = shape->time_column;
    long double date;
    cell_number number;
    size_t n;
    if (!shape->has_time || column >= row->n_fields)
        return false;
    if (shape->time_is_clock) {
        if (!read_clock(shape, row, column, out))
            return false;
        if (shape->has_date && read_clock(shape, row, shape->date_column, &date))
            *out += date;
        return true;
    }
    const char *const text = table_raw_field(row, column, &n);
    if (number_read(text, n, shape->columns[column].format.form, &number) != CELL_NUMBER)
        return false;
    *out = number.value;
    if (number.digits > 15 && number.decimals == 0 && !number.exponent) {
        char digits[TABLE_NUMBER_MAX];
        snprintf(digits, sizeof digits, "%.*s", (int)(number.end - number.begin),
                 text + number.begin);
        *out = strtold(digits, NULL);
    }
    return true;
}

static bool is_odd_step(const table_shape *shape, double step)
{
    const double rounding = shape->step >= 2.5 * shape->resolution ? 1.01 * shape->resolution : 0;
    return fabs(step - shape->step) > fmax(even_step * shape->step, rounding);
}

double row_clock_step(row_clock *c, const table_shape *shape, const table_row *row, bool *is_uneven)
{
    long double now;
    if (shape->step == 0 || !read_time(shape, row, &now))
        return NAN;
    const long double last = c->last;
    const bool is_first = !c->is_running;
    c->last = now;
    c->is_running = true;
    if (is_first)
        return NAN;
    double step = (double)(now - last) * (shape->time_is_clock ? 1 : shape->time_unit);
    if (shape->time_is_clock && !shape->is_dated && step < -43200 && step > -86400.5)
        step += 86400;
    *is_uneven = !shape->is_coarse && is_odd_step(shape, step);
    return step;
}
