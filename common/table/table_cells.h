/* The first rows of a table as cells, under one reading of its delimiter. */
#ifndef TABLE_TABLE_CELLS_H
#define TABLE_TABLE_CELLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct cells {
    char *text; /* all values, each NUL-terminated; owned */
    size_t n_text, text_room;
    size_t *value, *length; /* [n] where in `text`, and bytes; owned */
    size_t n, value_room, length_room;
    size_t *row; /* [n_rows + 1] first cell of each row; owned */
    size_t n_rows, row_room;
    uint64_t *line; /* [n_rows] on which each row begins, from 1; owned */
    size_t line_room;
} cells;

/* Reads the rows of `head` [n], and apart from them the comments (see cells_is_comment) before
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

/* True when a row whose first value this is holds no data: it begins with "#" or "%". */
bool cells_is_comment(const char *value);

#endif
