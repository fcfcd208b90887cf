#include "common/table/table_kinds.h"

#include "common/table/table_clock.h"

#include <math.h>
#include <stdlib.h>

enum {
    FEW_ROWS = 3,    /* with fewer, values tell nothing */
    RISING_ROWS = 6, /* so many whole numbers do not rise by chance (1 in 720) */
    CLOCK_ROWS = 10, /* nor do so many of others (1 in 3 million) */
    MOST_CODES = 16, /* values that a code may have */
    ROWS_A_CODE = 3  /* rows for each of them, or they are numbers that happen to be whole */
};

/* A counter may leave out, jump or begin again in a fifth of its rows. */
static const double counting_share = 0.8;

/* How the values go on from row to row. */
typedef struct course {
    size_t n_steps, rises, falls, modal; /* modal: steps like the most frequent one */
    double usual;                        /* that step */
    size_t distinct;
    bool whole, even;
    double least, most, mean_step, step_sd;
} course;

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The longest run of sorted values that lie within `width`; its middle. */
static size_t find_mode(const double *sorted, size_t n, double width, double *middle)
{
    size_t best = 0;
    for (size_t first = 0, end = 0; first < n; first++) {
        while (end < n && sorted[end] <= sorted[first] + width)
            end++;
        if (end - first > best) {
            best = end - first;
            *middle = sorted[first + (end - first) / 2];
        }
    }
    return best;
}

static void look_at_steps(const column_sample *c, double *scratch, course *k)
{
    const double unit = pow(10, -c->decimals);
    double square = 0;
    k->n_steps = c->n - 1;
    for (size_t i = 0; i < k->n_steps; i++) {
        scratch[i] = c->values[i + 1] - c->values[i];
        k->rises += scratch[i] > 0;
        k->falls += scratch[i] < 0;
        k->mean_step += scratch[i] / (double)k->n_steps;
    }
    for (size_t i = 0; i < k->n_steps; i++)
        square += (scratch[i] - k->mean_step) * (scratch[i] - k->mean_step);
    k->step_sd = sqrt(square / (double)k->n_steps);
    qsort(scratch, k->n_steps, sizeof *scratch, by_value);
    const double median = fabs(scratch[k->n_steps / 2]);
    const double size = fabs(c->values[c->n / 2]); /* an outlier is no measure */
    /* Even steps that were rounded to the last digit differ by one of it; where a step is few such
     * digits that would be said of noise as well. */
    const double rounding = median >= 20 * unit ? 1.01 * unit : 0.01 * unit;
    const double width = fmax(rounding, 1e-9 * median) + 8e-16 * size;
    k->modal = find_mode(scratch, k->n_steps, width, &k->usual);
    k->even = k->modal == k->n_steps && k->usual != 0;
}

/* Distinct values, sorted, at the beginning of `scratch`. */
static size_t find_distinct(const column_sample *c, double *scratch)
{
    size_t n = 0;
    for (size_t i = 0; i < c->n; i++)
        scratch[i] = c->values[i];
    qsort(scratch, c->n, sizeof *scratch, by_value);
    for (size_t i = 0; i < c->n; i++)
        if (n == 0 || scratch[i] != scratch[n - 1])
            scratch[n++] = scratch[i];
    return n;
}

static void look_at_values(const column_sample *c, course *k)
{
    k->whole = true;
    k->least = k->most = c->values[0];
    for (size_t i = 0; i < c->n; i++) {
        k->whole = k->whole && c->values[i] == floor(c->values[i]);
        k->least = fmin(k->least, c->values[i]);
        k->most = fmax(k->most, c->values[i]);
    }
}

/* A quantity in coarse steps: its levels are evenly spaced, and it goes to the next ones far more
 * often than a code would that is drawn from as many. */
static bool is_coarse(const column_sample *c, const double *levels, size_t n, bool whole)
{
    double least = INFINITY, most = 0;
    size_t near = 0, changes = 0;
    for (size_t i = 1; i < n; i++) {
        least = fmin(least, levels[i] - levels[i - 1]);
        most = fmax(most, levels[i] - levels[i - 1]);
    }
    if (most > 1.5 * least || (whole && levels[0] >= -1 && levels[0] <= 9))
        return false; /* codes begin at -1, 0 or 1, or leave values out */
    for (size_t i = 1; i < c->n; i++) {
        const double step = fabs(c->values[i] - c->values[i - 1]);
        near += step <= 1.5 * least;
        changes += step > 0;
    }
    const double levels_n = (double)n, steps = (double)(c->n - 1);
    const double by_chance = (3 * levels_n - 2) / (levels_n * levels_n);
    return (double)near / steps >= fmin(by_chance + 0.15, 0.97) && (double)changes / steps >= 0.2;
}

static bool is_code(const column_sample *c, const course *k, const double *levels)
{
    const size_t n = k->distinct;
    if (c->name.hint == NAME_CODE)
        return k->whole;
    if (c->name.hint == NAME_MEASURE || n > MOST_CODES || c->n < ROWS_A_CODE * n ||
        (!k->whole && n > 4))
        return false;
    return !is_coarse(c, levels, n, k->whole);
}

/* Never falls, or in whole numbers never rises either. */
static bool goes_one_way(const column_sample *c, const course *k)
{
    if (c->name.hint == NAME_MEASURE)
        return false;
    if (k->whole)
        return c->n >= RISING_ROWS && (k->falls == 0 || k->rises == 0);
    return k->falls == 0 && c->n >= CLOCK_ROWS &&
           (c->is_first || (k->rises == k->n_steps && k->step_sd <= 2 * k->mean_step));
}

static bool counts(const course *k)
{
    return k->even || (k->n_steps >= 4 && k->usual != 0 &&
                       (double)k->modal >= counting_share * (double)k->n_steps);
}

static column_kind by_name(const column_sample *c, const course *k)
{
    const bool rises =
        (double)k->rises >= counting_share * (double)k->n_steps || (k->falls == 0 && k->rises > 0);
    switch (c->name.hint) {
    case NAME_TIME:
        return COLUMN_CLOCK;
    case NAME_MAYBE_TIME:
        return rises || k->falls == 0 ? COLUMN_CLOCK : COLUMN_MEASURED;
    case NAME_COUNT:
        return k->whole ? COLUMN_COUNTER : COLUMN_MEASURED;
    case NAME_MAYBE_COUNT:
        return rises && k->whole ? COLUMN_COUNTER : COLUMN_MEASURED;
    default:
        return COLUMN_MEASURED;
    }
}

column_kind column_kind_of(const column_sample *c, double *scratch)
{
    course k = {0};
    if (c->n == 0)
        return COLUMN_TEXT;
    look_at_values(c, &k);
    if (c->n > 1)
        look_at_steps(c, scratch, &k);
    const column_kind named = by_name(c, &k);
    if (named != COLUMN_MEASURED)
        return named;
    if (c->n < FEW_ROWS) {
        const bool first_counts = c->is_first && c->n > 1 && k.whole && k.usual == 1;
        return first_counts                           ? COLUMN_COUNTER
               : c->name.hint == NAME_CODE && k.whole ? COLUMN_CODE
                                                      : COLUMN_MEASURED;
    }
    if (k.least == k.most)
        return COLUMN_CONSTANT;
    if (counts(&k))
        return COLUMN_COUNTER;
    if (goes_one_way(c, &k))
        return clock_epoch_unit(k.least) > 0 || !k.whole ? COLUMN_CLOCK : COLUMN_COUNTER;
    k.distinct = find_distinct(c, scratch);
    if (k.distinct == 2 && c->n >= 6 && c->name.hint != NAME_MEASURE)
        return COLUMN_FLAG;
    return is_code(c, &k, scratch) ? COLUMN_CODE : COLUMN_MEASURED;
}

const char *column_kind_name(column_kind kind)
{
    static const char *const names[] = {"no numbers", "measured", "time", "clock", "counter",
                                        "constant",   "flag",     "code", "kept"};
    return names[kind];
}
