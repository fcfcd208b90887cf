/*
 * The rows of a table on an even grid of time. Rows that are missing leave empty places, which the
 * methods bridge; uneven rows take the nearest place of a finer grid; after a longer gap, or a jump
 * of the clock, the estimate begins anew. Rows come out as they went in: places that hold none are
 * dropped.
 */
#ifndef OFFLINE_TABLE_GRID_H
#define OFFLINE_TABLE_GRID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/table/table_guess.h"

typedef struct table_grid {
    double pitch;             /* s from place to place; 0: every row has the next place */
    double limit;             /* s; after a longer step the estimate begins anew */
    double drift;             /* s that the last row is after its place */
    bool is_fine;             /* the grid is finer than the rows */
    double step;              /* s between rows */
    double most_even;         /* s; up to here a step is an even one */
    uint64_t empty, restarts; /* places without a row; times begun anew */
    bool *has_row;            /* [room], a ring over the places not given yet; owned */
    size_t room, begin, end;
} table_grid;

/* `room`: places that may be on their way at once. False: out of memory. */
bool table_grid_open(table_grid *g, const table_shape *shape, size_t room);
void table_grid_close(table_grid *g);

/* The rate of the grid in Hz, or of the shape where rows are taken as they come. */
double table_grid_rate(const table_shape *shape);

/* Before a row, `step` seconds after the one before (NaN = not known): how many places stay empty;
 * with `*restart` the estimate begins anew, and none do. */
size_t table_grid_next(table_grid *g, double step, bool *restart);

/* A place is taken, by a row or by none. */
void table_grid_take(table_grid *g, bool has_row);

/* Of `n` places [n][width] that are given, in order, keeps those with rows; returns their number.
 */
size_t table_grid_pick(table_grid *g, float *places, size_t n, size_t width);

#endif
