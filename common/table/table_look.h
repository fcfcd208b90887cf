/* What the parts of table_guess share: the first rows, and what is known of them so far. */
#ifndef TABLE_TABLE_LOOK_H
#define TABLE_TABLE_LOOK_H

#include "common/table/table_cells.h"
#include "common/table/table_guess.h"

/* What most cells of a column are. */
typedef enum cell_type { TYPE_EMPTY, TYPE_NUMBER, TYPE_CLOCK, TYPE_TEXT } cell_type;

typedef struct table_look {
    cells rows, comments;
    const table_wishes *wishes;
    table_shape *shape;
    cell_type *types; /* [n_columns] */
    double *values;   /* [rows.n_rows] room for a column's numbers */
    double *scratch;  /* [rows.n_rows] */
    size_t names_row; /* of the header; SIZE_MAX = none */
    size_t units_row; /* SIZE_MAX = none */
    double period;    /* s between rows, from the preamble; 0 = not said */
} table_look;

/* table_dialect.c: delimiter and columns' types, header rows, forms of numbers. */
SORDINO_NODISCARD sordino_status look_delimiter(table_look *l, const char *head, size_t n,
                                                bool is_all, sordino_error *why);
SORDINO_NODISCARD sordino_status look_types(table_look *l, sordino_error *why);
void look_header(table_look *l);
SORDINO_NODISCARD sordino_status look_forms(table_look *l, sordino_error *why);

/* table_preamble.c: names, units, and a rate above the data. */
void look_preamble(table_look *l);
const char *look_name(const table_look *l, size_t column); /* "" = none; borrowed */
const char *look_unit(const table_look *l, size_t column);

/* table_times.c: which column tells the time, and the rate. */
SORDINO_NODISCARD sordino_status look_times(table_look *l, sordino_error *why);

/* A cell of the data, and its kind. */
cell_kind look_number(const table_look *l, size_t row, size_t column, double *out);

/* The numbers of a column, in `values`; missing ones are left out. Returns how many. */
size_t look_values(table_look *l, size_t column);

/* A column by one item of a list, or SIZE_MAX. */
size_t look_column(const table_look *l, const char *item);

#endif
