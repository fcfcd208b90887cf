/*
 * What a table's first rows tell: delimiter, decimal mark, header, time column, signal columns,
 * rate. Nothing is guessed from what comes later.
 */
#ifndef TABLE_TABLE_GUESS_H
#define TABLE_TABLE_GUESS_H

#include <stdbool.h>
#include <stddef.h>

#include <sordino/status.h>

/* What the user has settled. */
typedef struct table_wishes {
    double rate;         /* Hz; 0 = from the time column */
    int time_column;     /* number from 1; 0 = there is none; -1 = look for one */
    const char *columns; /* "2", "3-5", "name", comma-separated; NULL = all with numbers */
    size_t n_signals;    /* so many columns of numbers, after one of times perhaps; 0 = all.
                            Not with `columns` */
    bool first_row;      /* look no further than the first row of numbers, so that nothing has to
                            wait for more: no column is seen to rise evenly, and no offset is
                            taken off */
} table_wishes;

typedef struct table_shape {
    char delimiter;
    char decimal;         /* '.' or ',' */
    size_t n_header_rows; /* comment rows not counted */
    size_t n_columns;
    size_t *signals; /* [n_signals] columns, from 0, rising; owned */
    double *offsets; /* [n_signals] taken off before a value becomes a float; owned */
    size_t n_signals;
    bool has_time;
    size_t time_column; /* from 0 */
    double time_unit;   /* seconds in one unit of it */
    double step;        /* s between rows; 0 = not known */
    double rate;        /* Hz; 0 = not known */
} table_shape;

/* Looks at the first `n` bytes; `is_all`: there are no more. Errors: NO_MEM; UNSUPPORTED (no table
 * of numbers); BAD_ARG (a wish that cannot be met). */
SORDINO_NODISCARD sordino_status table_guess(const char *head, size_t n, bool is_all,
                                             const table_wishes *wishes, table_shape *out,
                                             sordino_error *why);
void table_shape_clear(table_shape *shape);

#endif
