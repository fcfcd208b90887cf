/*
 * A table of numbers as a signal: its columns are channels, its rows samples. It is read and
 * written again in one pass and bounded memory, with every byte but the signals' cells as it came:
 * time and text columns, header, comments, quotes, line ends.
 */
#ifndef TABLE_TABLE_IO_H
#define TABLE_TABLE_IO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sordino/status.h>

#include "common/byte_io.h"
#include "common/table/table_guess.h"

enum { TABLE_HEAD_BYTES = 65536 }; /* what table_guess looks at */

typedef struct table table;

/* What was found on the way. */
typedef struct table_counts {
    uint64_t rows;         /* read */
    uint64_t bytes;        /* of the input */
    uint64_t gaps;         /* signal cells without a number, those of `texts` among them */
    uint64_t texts;        /* signal cells that hold words */
    uint64_t uneven;       /* steps of the time column that are not `step` */
    uint64_t first_uneven; /* row, from 1, of the first of them */
    uint64_t odd;          /* rows with a signal's cell that holds words or is not there */
    uint64_t missing;      /* signal cells with a value that stands for a missing one */
    double missing_value;  /* the first of them */
    uint64_t beyond;       /* signal cells with a number that single precision does not hold */
    uint64_t first_beyond; /* line, from 1, of the first of them */
    uint64_t first_text;   /* line of the first cell of words */
    uint64_t moved_line;   /* where a column that was constant in the first rows is no longer; 0 */
    size_t moved_column;   /* from 1 */
} table_counts;

/* A row with less in it than the first rows had. */
typedef struct table_odd {
    uint64_t line; /* from 1; 0 = there was none */
    size_t column; /* from 1, of the first cell that is wrong */
    bool is_short; /* the row has no such cell */
    char text[32]; /* what the cell holds, or its beginning */
} table_odd;

/* Reads the head of a table, or with the wish of `first_row` no more than it takes, and finds its
 * shape. `in` is copied, what it points to is borrowed.
 * Errors: those of table_guess, and IO. */
SORDINO_NODISCARD sordino_status table_open(byte_input in, const table_wishes *wishes, table **out,
                                            sordino_error *why);
void table_close(table *t); /* NULL is ignored */

const table_shape *table_shape_of(const table *t);   /* borrowed */
const table_counts *table_counts_of(const table *t); /* borrowed */

/* Reads up to `n` rows to `to` [n][n_signals], gaps as NaN, less the offsets; `*got` is 0 only at
 * the end; a pipe gives what there is. The rows' text is kept until they are written. Errors: IO,
 * NO_MEM, UNSUPPORTED (also for a number in another form than the column's first rows have). */
SORDINO_NODISCARD sordino_status table_read(table *t, float *to, size_t n, size_t *got,
                                            sordino_error *why);

/* As table_read, in double precision and without offsets. */
SORDINO_NODISCARD sordino_status table_read_doubles(table *t, double *to, size_t n, size_t *got,
                                                    sordino_error *why);

/* For the rows of the last call: seconds since the row before, NaN where they are not known.
 * Borrowed until the next call; [got]. */
const double *table_steps(const table *t);

/* Gives the first odd row that was read since the last call. */
void table_take_odd(table *t, table_odd *out);

/* Forgets the oldest `n` rows that were read and not written. */
void table_drop(table *t, size_t n);

/* Takes bytes of the written table; false ends the writing. */
typedef bool (*table_writer)(void *user, const void *bytes, size_t n);

/* Writes the oldest `n` rows not written yet (as many must have been read), with `estimates`
 * [n][n_signals] in the signals' cells; in gaps only with `fill_gaps`. Where an estimate is not
 * finite the cell stays as it was. A number is written as the column's are (see number_format).
 * What follows these rows and needs no estimate (a line end, comments) is written with them as far
 * as it was read. False when `write` failed or memory ran out. */
bool table_write(table *t, const float *estimates, size_t n, bool fill_gaps, table_writer write,
                 void *user);

/* After the last row: what follows it, a line end as a rule. */
bool table_write_end(table *t, table_writer write, void *user);

#endif
