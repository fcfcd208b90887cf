/* Times of a table's rows, from row to row. */
#ifndef TABLE_ROW_CLOCK_H
#define TABLE_ROW_CLOCK_H

#include <stdbool.h>

#include "common/table/table_guess.h"
#include "common/table/table_rows.h"

/* All zero before the first row. */
typedef struct row_clock {
    bool is_running;
    long double last; /* s, or in the unit of the column */
} row_clock;

/* Seconds since the row before, over midnight where the time of day is all there is; NaN where they
 * are not known. `*is_uneven` becomes true when they are not the usual ones. */
double row_clock_step(row_clock *c, const table_shape *shape, const table_row *row,
                      bool *is_uneven);

#endif
