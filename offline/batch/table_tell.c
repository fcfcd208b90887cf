#include "offline/batch/table_tell.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

typedef struct line {
    char *at;
    size_t n, room;
} line;

#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
static void
add(line *l, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const int n = vsnprintf(l->at + l->n, l->room - l->n, format, arguments);
    va_end(arguments);
    if (n > 0)
        l->n = l->n + (size_t)n < l->room ? l->n + (size_t)n : l->room - 1;
}

static void add_name(line *l, const table_shape *shape, size_t column)
{
    const char *const name = shape->columns[column].name;
    if (*name)
        add(l, "%.*s", TABLE_NAME_BYTES, name);
    else
        add(l, "column %zu", column + 1);
}

/* All that is denoised, or only so many that a line holds them. */
static void add_signals(line *l, const table_shape *shape, bool all)
{
    const size_t most = all || shape->n_signals <= 8 ? shape->n_signals : 6;
    for (size_t i = 0; i < most; i++) {
        add(l, i ? ", " : "");
        add_name(l, shape, shape->signals[i]);
    }
    if (most < shape->n_signals)
        add(l, " and %zu more", shape->n_signals - most);
}

static void add_kept(line *l, const table_shape *shape, bool all)
{
    size_t n = 0;
    for (size_t k = 0; k < shape->n_columns; k++) {
        const column_kind kind = shape->columns[k].kind;
        if (kind == COLUMN_TEXT || kind == COLUMN_MEASURED || kind == COLUMN_TIME)
            continue;
        if (n++ >= 6 && !all)
            continue;
        add(l, n == 1 ? "; kept " : ", ");
        add_name(l, shape, k);
        add(l, " (%s)", column_kind_name(kind));
    }
    if (n > 6 && !all)
        add(l, " and %zu more", n - 6);
}

static void add_rate(line *l, const table_shape *shape, double said)
{
    if (said > 0) {
        add(l, "; %.6g Hz as said", said);
    } else if (shape->rate > 0) {
        add(l, "; %s%.6g Hz from ", shape->is_uneven ? "uneven, in the middle " : "", shape->rate);
        if (shape->rate_is_preamble)
            add(l, "the lines above the data");
        else
            add_name(l, shape, shape->time_column);
    } else if (shape->has_time) {
        add(l, "; ");
        add_name(l, shape, shape->time_column);
        add(l, " gives no rate, so rows are counted");
    } else {
        add(l, "; no times, so rows are counted (--rate HZ says how many a second)");
    }
}

void table_tell_taken(job *j, const table_shape *shape, const options *o)
{
    line l = {j->taken, 0, sizeof j->taken};
    add(&l, "denoises ");
    add_signals(&l, shape, o->verbose);
    add_kept(&l, shape, o->verbose);
    add_rate(&l, shape, o->rate);
}

static void tell_cells(job *j, const table_counts *c)
{
    if (c->texts > 0)
        job_note(
            j,
            "%llu cells of number columns hold words, and count as gaps (the first in line %llu)",
            (unsigned long long)c->texts, (unsigned long long)c->first_text);
    if (c->missing > 0)
        job_note(j,
                 "%llu cells hold %.9g or the like, and count as gaps; --missing names such values",
                 (unsigned long long)c->missing, c->missing_value);
    if (c->beyond > 0)
        job_note(j,
                 "%llu cells hold numbers past single precision, and stay (the first in line %llu)",
                 (unsigned long long)c->beyond, (unsigned long long)c->first_beyond);
    if (c->moved_line > 0)
        job_note(
            j,
            "column %zu was constant in the first rows, and stays; it moves from line %llu on: "
            "--columns denoises it",
            c->moved_column, (unsigned long long)c->moved_line);
}

void table_tell_findings(job *j, const table_shape *shape, const table_counts *c,
                         const table_grid *grid, double rate_said)
{
    (void)rate_said;
    tell_cells(j, c);
    if (shape->is_coarse)
        job_note(j, "several rows share a time; %.6g Hz is their mean rate", shape->rate);
    if (c->uneven > 0)
        job_note(j,
                 "%llu of %llu time steps are not %.6g s (the first before row %llu); rows were "
                 "placed by their times",
                 (unsigned long long)c->uneven, (unsigned long long)c->rows - 1, shape->step,
                 (unsigned long long)c->first_uneven);
    if (grid->restarts > 0)
        job_note(j, "%llu gaps or jumps in time, after each of which the estimate begins anew",
                 (unsigned long long)grid->restarts);
}
