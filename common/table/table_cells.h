/* The first rows of a table as cells, under one reading of its delimiter. */
#ifndef TABLE_TABLE_CELLS_H
#define TABLE_TABLE_CELLS_H

#include <stdbool.h>
#include <stddef.h>

typedef struct cells {
    char *text; /* all values, each NUL-terminated; owned */
    size_t n_text, text_room;
    size_t *value, *length; /* [n] where in `text`, and bytes; owned */
    size_t n, value_room, length_room;
    size_t *row; /* [n_rows + 1] first cell of each row; owned */
    size_t n_rows, row_room;
} cells;

/* Reads the rows of `head` [n], and apart from them the comments (rows that begin with "#") before
 * the first. Unless it `is_all` there is, the last row may be cut and is left out. Rows after one
 * that breaks a limit of table_rows.h are left out. False: memory ran out. Both are to be cleared,
 * also on failure. */
bool cells_read(const char *head, size_t n, bool is_all, char delimiter, cells *rows,
                cells *comments);
void cells_clear(cells *c);

/* Number of cells in a row. */
size_t cells_width(const cells *c, size_t row);

/* A cell's value; "" where the row has none. Borrowed. */
const char *cells_text(const cells *c, size_t row, size_t column);

/* A cell as a number: see table_number. One that is not there is a gap. */
bool cells_number(const cells *c, size_t row, size_t column, char decimal, double *number,
                  bool *is_gap);

/* Reads a cell: true and a number, or false when it holds none. `*is_gap` tells whether it then
 * stands for a missing value (empty, NaN, an infinity, NA, null ...) rather than for text. */
bool table_number(const char *value, size_t length, char decimal, double *out, bool *is_gap);

#endif
