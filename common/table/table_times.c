#include "common/table/table_look.h"

#include "common/fail.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Steps of the time column that differ from the usual one by more are uneven. */
static const double even_step = 0.1;

/* More of them: the series is uneven throughout. */
static const double uneven_share = 0.25;

/* The steps of a column over the head's rows. */
typedef struct steps {
    size_t n, zeros, falls, odd; /* odd: not as the usual one */
    double median, mean;         /* in the column's unit */
    double whole_ticks;          /* mean from the first change of time to the last */
    double resolution, tick;     /* tick: the middle one of the steps over 0 */
    bool rises, is_even, is_clock;
    size_t first_change; /* the step, from 1, that left the first time; 0 = none did */
    long double first_tick;
} steps;

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* A cell as a time in the column's unit. */
static bool time_at(const table_look *l, size_t row, size_t column, long double *out,
                    double *resolution)
{
    const char *const text = cells_text(&l->rows, row, column);
    clock_cell clock;
    cell_number number;
    if (l->types[column] == TYPE_CLOCK) {
        if (!clock_read(text, strlen(text), l->shape->order, &clock))
            return false;
        *out = clock.seconds;
        *resolution = clock.resolution;
        return true;
    }
    if (number_read(text, strlen(text), l->shape->columns[column].format.form, &number) !=
            CELL_NUMBER ||
        !isfinite(number.value))
        return false;
    *out = number.value;
    /* More digits than a double has: nanoseconds since 1970. */
    if (number.digits > 15 && number.decimals == 0 && !number.exponent)
        *out = strtold(text + number.begin, NULL);
    *resolution = pow(10, -number.decimals);
    return true;
}

/* A step over midnight, where there is no date. */
static double over_midnight(const table_look *l, size_t column, double step, bool has_date)
{
    return l->types[column] == TYPE_CLOCK && !has_date && step < -43200 ? step + 86400 : step;
}

/* Is the date in this clock's own cells? */
static bool has_own_date(const table_look *l, size_t column)
{
    clock_cell clock;
    for (size_t r = l->shape->n_header_rows; r < l->rows.n_rows; r++) {
        const char *const text = cells_text(&l->rows, r, column);
        if (clock_read(text, strlen(text), l->shape->order, &clock))
            return clock.has_date;
    }
    return false;
}

static bool is_odd_step(double step, double usual, double resolution)
{
    /* Of a step that is no whole number of digits, one more or less is rounding. */
    const double rounding = usual >= 2.5 * resolution ? 1.01 * resolution : 0;
    return fabs(step - usual) > fmax(even_step * fabs(usual), rounding);
}

/* The first and the last of rows that share a time may not all be there. */
static void add_tick(steps *s, long double now, double moved)
{
    if (moved == 0)
        return;
    if (s->first_change == 0) {
        s->first_change = s->n;
        s->first_tick = now;
    } else {
        s->whole_ticks = (double)(now - s->first_tick) / (double)(s->n - s->first_change);
    }
}

static void find_steps(table_look *l, size_t column, steps *out)
{
    double *const step = l->values;
    long double last = 0, first = 0, now;
    bool have = false;
    *out =
        (steps){.rises = true, .resolution = INFINITY, .is_clock = l->types[column] == TYPE_CLOCK};
    const bool dated = out->is_clock && has_own_date(l, column);
    for (size_t r = l->shape->n_header_rows; r < l->rows.n_rows; r++) {
        double resolution;
        if (!time_at(l, r, column, &now, &resolution))
            continue;
        out->resolution = fmin(out->resolution, resolution);
        if (have) {
            const double moved = over_midnight(l, column, (double)(now - last), dated);
            out->zeros += moved == 0;
            out->falls += moved < 0;
            out->rises = out->rises && moved > 0;
            step[out->n++] = moved;
            add_tick(out, now, moved);
        } else {
            first = now;
        }
        have = true;
        last = now;
    }
    if (out->n == 0)
        return;
    out->mean = (double)(last - first) / (double)out->n;
    if (out->is_clock && !dated) {
        out->mean = 0;
        for (size_t i = 0; i < out->n; i++)
            out->mean += step[i] / (double)out->n;
    }
    qsort(step, out->n, sizeof *step, by_value);
    out->median = step[out->n / 2];
    size_t first_over = 0;
    while (first_over < out->n && !(step[first_over] > 0))
        first_over++;
    out->tick = first_over < out->n ? step[(first_over + out->n) / 2] : 0;
    for (size_t i = 0; i < out->n; i++)
        out->odd += is_odd_step(step[i], out->median, out->resolution);
    out->is_even = out->odd == 0;
}

/* ---- order of day and month */

/* Dates of two numbers before a year: any that is over 12 tells; else the steps that are evener. */
static sordino_status choose_order(table_look *l, size_t column, sordino_error *why)
{
    size_t day_first = 0, month_first = 0;
    steps a, b;
    for (size_t r = l->shape->n_header_rows; r < l->rows.n_rows; r++) {
        const char *const text = cells_text(&l->rows, r, column);
        clock_cell clock;
        if (!clock_read(text, strlen(text), CLOCK_DAY_FIRST, &clock))
            continue;
        day_first += clock.day_first;
        month_first += clock.month_first;
        if (day_first && month_first)
            return fail(why, SORDINO_UNSUPPORTED,
                        "line %llu, column %zu: %.30s has day and month the other way round than "
                        "a date above it; correct it, or say --time none",
                        (unsigned long long)l->rows.line[r], column + 1, text);
    }
    l->shape->order = CLOCK_DAY_FIRST;
    if (day_first || month_first) {
        l->shape->order = day_first ? CLOCK_DAY_FIRST : CLOCK_MONTH_FIRST;
        return SORDINO_OK;
    }
    find_steps(l, column, &a);
    l->shape->order = CLOCK_MONTH_FIRST;
    find_steps(l, column, &b);
    if (a.n > 0 && (a.odd < b.odd || (a.odd == b.odd && a.median <= b.median)))
        l->shape->order = CLOCK_DAY_FIRST;
    return SORDINO_OK;
}

/* ---- which column */

static bool is_usable(const steps *s)
{
    return s->n > 0 && isfinite(s->mean) && (s->median > 0 || s->mean > 0);
}

/* Better: even, then rising, then whatever goes forward at all. */
static int grade(const steps *s)
{
    if (!is_usable(s))
        return 0;
    return s->is_even ? 4 : s->rises ? 3 : s->median > 0 ? 2 : 1;
}

static bool is_first_number(const table_look *l, size_t column)
{
    for (size_t k = 0; k < column; k++)
        if (l->types[k] == TYPE_NUMBER)
            return false;
    return true;
}

/* Hours, or minutes, that begin again and again: a part of a time, not one. */
static bool is_part(const table_look *l, size_t column, const steps *s)
{
    return l->types[column] == TYPE_NUMBER && s->falls > 1 &&
           name_read(l->shape->columns[column].name, "").hint == NAME_MAYBE_TIME;
}

static bool is_candidate(const table_look *l, size_t column)
{
    const column_kind kind = l->shape->columns[column].kind;
    const name_hint hint = name_read(l->shape->columns[column].name, look_unit(l, column)).hint;
    if (l->types[column] == TYPE_CLOCK)
        return true;
    /* By its values alone a column is a time only where times stand: before all other numbers. */
    if (kind == COLUMN_CLOCK)
        return hint == NAME_TIME || hint == NAME_MAYBE_TIME || is_first_number(l, column);
    /* Without names: a first column that counts, beside others. */
    return column == 0 && l->shape->n_columns > 1 && !*l->shape->columns[0].name &&
           kind == COLUMN_COUNTER && !l->wishes->first_row;
}

static sordino_status find_time(table_look *l, sordino_error *why)
{
    table_shape *const shape = l->shape;
    int best = -1;
    for (size_t k = 0; k < shape->n_columns; k++) {
        steps s;
        if (!is_candidate(l, k))
            continue;
        if (l->types[k] == TYPE_CLOCK && choose_order(l, k, why))
            return why ? why->status : SORDINO_UNSUPPORTED;
        find_steps(l, k, &s);
        if (is_part(l, k, &s))
            continue;
        /* A first row tells no steps; its names do. */
        const int now = l->wishes->first_row ? 1 : grade(&s);
        if (now > best) {
            best = now;
            shape->time_column = k;
            shape->has_time = true;
        }
    }
    if (best == 0 && shape->columns[shape->time_column].kind != COLUMN_CLOCK)
        shape->has_time = false;
    return SORDINO_OK;
}

static sordino_status take_wished(table_look *l, size_t column, sordino_error *why)
{
    l->shape->has_time = true;
    l->shape->time_column = column;
    return l->types[column] == TYPE_CLOCK ? choose_order(l, column, why) : SORDINO_OK;
}

static sordino_status choose_time(table_look *l, sordino_error *why)
{
    table_shape *const shape = l->shape;
    const table_wishes *const w = l->wishes;
    if (w->time ? strcasecmp(w->time, "none") == 0 : w->time_column == 0)
        return SORDINO_OK;
    if (!w->time && w->time_column < 0)
        return find_time(l, why);
    const size_t column = w->time ? look_column(l, w->time) : (size_t)w->time_column - 1;
    if (column < shape->n_columns)
        return take_wished(l, column, why);
    if (w->time)
        return fail(why, SORDINO_BAD_ARG, "has no column %.80s for --time; it has %zu", w->time,
                    shape->n_columns);
    return fail(why, SORDINO_BAD_ARG, "has no column %d for --time-column, only %zu",
                w->time_column, shape->n_columns);
}

/* ---- unit and rate */

static double choose_unit(const table_look *l, size_t column, const steps *s)
{
    const name_facts facts = name_read(l->shape->columns[column].name, look_unit(l, column));
    double value;
    if (s->is_clock)
        return 1;
    for (size_t r = l->shape->n_header_rows; r < l->rows.n_rows; r++) {
        if (look_number(l, r, column, &value) != CELL_NUMBER)
            continue;
        /* Since 1970 the size tells, unless a name does. */
        const double unit = clock_epoch_unit(value);
        return unit > 0 && facts.time_unit == 0 ? unit : facts.time_unit > 0 ? facts.time_unit : 1;
    }
    return facts.time_unit > 0 ? facts.time_unit : 1;
}

/* A date of its own column beside a time of day. */
static void find_date(table_look *l)
{
    table_shape *const shape = l->shape;
    shape->is_dated = has_own_date(l, shape->time_column);
    if (shape->is_dated)
        return;
    for (size_t k = 0; k < shape->n_columns; k++)
        if (k != shape->time_column && l->types[k] == TYPE_CLOCK && has_own_date(l, k)) {
            shape->has_date = shape->is_dated = true;
            shape->date_column = k;
            return;
        }
}

/* Counts that have no unit, and a preamble that says what one is: Rigol's, Empatica's. */
static void use_period(table_look *l, const steps *s)
{
    table_shape *const shape = l->shape;
    const name_facts facts =
        name_read(shape->columns[shape->time_column].name, look_unit(l, shape->time_column));
    const double step = s->median * shape->time_unit;
    if (facts.time_unit > 0 || s->is_clock || s->median != 1 ||
        fabs(step - l->period) <= even_step * l->period)
        return;
    shape->time_unit = l->period;
    shape->rate_is_preamble = true;
}

static void choose_rate(table_look *l)
{
    table_shape *const shape = l->shape;
    steps s;
    shape->rate = l->wishes->rate;
    if (!shape->has_time) {
        if (shape->rate == 0 && l->period > 0) {
            shape->rate = 1 / l->period;
            shape->rate_is_preamble = true;
        }
        return;
    }
    find_steps(l, shape->time_column, &s);
    shape->time_is_clock = s.is_clock;
    shape->time_unit = choose_unit(l, shape->time_column, &s);
    if (s.is_clock)
        find_date(l);
    if (l->period > 0)
        use_period(l, &s);
    shape->resolution = isfinite(s.resolution) ? s.resolution * shape->time_unit : 0;
    shape->is_coarse = s.n > 1 && 10 * s.zeros > 3 * s.n && s.mean > 0;
    const double step = shape->is_coarse ? (s.whole_ticks > 0 ? s.whole_ticks : s.mean)
                        : s.is_even      ? s.mean
                                         : s.median;
    if (s.n == 0 || !(step > 0) || !isfinite(1 / (step * shape->time_unit)))
        return;
    shape->is_uneven = !shape->is_coarse && (double)s.odd > uneven_share * (double)s.n;
    shape->step = step * shape->time_unit;
    shape->tick = s.tick * shape->time_unit;
    if (shape->rate == 0)
        shape->rate = 1 / shape->step;
}

sordino_status look_times(table_look *l, sordino_error *why)
{
    l->shape->time_unit = 1;
    const sordino_status status = choose_time(l, why);
    if (!status)
        choose_rate(l);
    if (!status && l->shape->has_time)
        l->shape->columns[l->shape->time_column].kind = COLUMN_TIME;
    return status;
}
