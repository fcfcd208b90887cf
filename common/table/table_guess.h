/*
 * What a table's first rows tell: delimiter, how numbers are written, preamble and header, the
 * times and their rate, and which columns are measured. Nothing is guessed from what comes later,
 * and what can be read in two ways is refused, not chosen.
 */
#ifndef TABLE_TABLE_GUESS_H
#define TABLE_TABLE_GUESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sordino/status.h>

#include "common/table/table_clock.h"
#include "common/table/table_kinds.h"
#include "common/table/table_number.h"

enum { TABLE_MAX_MISSING = 16, TABLE_NAME_BYTES = 48 };

/* What the user has settled. A list is of numbers from 1 ("2", "3-5"), names, and patterns of names
 * ("acc_*"), separated by commas. */
typedef struct table_wishes {
    double rate;         /* Hz; 0 = from the times */
    int time_column;     /* number from 1; 0 = there is none; -1 = look for one */
    const char *time;    /* the same by number, name or pattern; NULL = as time_column says */
    const char *columns; /* list of what is denoised; NULL = what is measured; "all" = every column
                            of numbers but the times */
    const char *keep;    /* list of what stays as it is; NULL = none */
    const char *missing; /* values that stand for missing ones, as "-9999,-1"; NULL = none */
    size_t n_signals;    /* so many columns of numbers, after one of times perhaps; 0 = what is
                            measured. Not with `columns` */
    char delimiter;      /* '\0' = look for it */
    char decimal;        /* '.' or ','; '\0' = look for it */
    bool full_digits;    /* as many digits as single precision needs, whatever the column has */
    bool first_row;      /* look no further than the first row of numbers, so that nothing has to
                            wait for more: no column is seen to rise evenly, and no offset is
                            taken off */
    bool all_numbers;    /* every column of numbers is a signal but the times */
} table_wishes;

typedef struct table_column {
    column_kind kind;
    number_format format;
    char name[TABLE_NAME_BYTES]; /* its beginning; "" = none */
    double least, most;          /* of the first rows, without what stands for missing values */
    uint64_t first_line;         /* the first row with a number */
} table_column;

typedef struct table_shape {
    char delimiter;
    size_t n_header_rows; /* comment rows not counted; a preamble's are */
    size_t n_columns;
    table_column *columns; /* [n_columns]; owned */
    size_t *signals;       /* [n_signals] columns, from 0, rising; owned */
    double *offsets;       /* [n_signals] taken off before a value becomes a float; owned */
    size_t n_signals;
    bool has_time;
    size_t time_column; /* from 0 */
    bool time_is_clock; /* holds dates or times of day, not numbers */
    clock_order order;  /* of such dates */
    bool is_dated;      /* the date is known, from its cells or the next */
    bool has_date;      /* the date is in a column of its own */
    size_t date_column;
    double time_unit;                  /* seconds in one unit of times that are numbers */
    double resolution;                 /* s, one unit of the times' last digit; 0 = not known */
    double step;                       /* s between rows; 0 = not known */
    double tick;                       /* s, with is_coarse: between rows whose times differ */
    bool is_uneven;                    /* steps differ throughout, not here and there */
    bool is_coarse;                    /* several rows share a time: only jumps can be seen */
    bool rate_is_preamble;             /* the rate is from a line above the data */
    double rate;                       /* Hz; 0 = not known */
    double missing[TABLE_MAX_MISSING]; /* the wished ones */
    size_t n_missing;
} table_shape;

/* Looks at the first `n` bytes; `is_all`: there are no more. Errors: NO_MEM; UNSUPPORTED (no table
 * of numbers, none that is measured, or it can be read in two ways); BAD_ARG (a wish that cannot be
 * met). */
SORDINO_NODISCARD sordino_status table_guess(const char *head, size_t n, bool is_all,
                                             const table_wishes *wishes, table_shape *out,
                                             sordino_error *why);
void table_shape_clear(table_shape *shape);

/* True when a number of this column stands for a missing value: it was named as such, or it is one
 * that instruments write for it (-9999, 1e30 ...) and lies far outside the first rows' values. */
bool table_is_missing(const table_shape *shape, size_t column, double value);

#endif
