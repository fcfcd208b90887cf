#include "offline/batch/table_grid.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Places between two rows of an uneven series: a row is at most an eighth of a step from its own.
 */
static const double fineness = 4.0;

/* Steps that are bridged. Beyond, what came before says little about what follows. */
static const double longest_bridge = 8.0;

/* Where steps differ by themselves, long ones belong to the series. */
static const double longest_uneven_bridge = 20.0;

/* So far rows that come too fast may lie behind their time. */
static const double most_late = 64.0;

double table_grid_rate(const table_shape *shape)
{
    return shape->is_uneven && shape->step > 0 ? fineness * shape->rate : shape->rate;
}

bool table_grid_open(table_grid *g, const table_shape *shape, size_t room)
{
    *g = (table_grid){.room = room, .step = shape->step};
    g->has_row = calloc(room, sizeof *g->has_row);
    if (!shape->has_time || !(shape->step > 0))
        return g->has_row != NULL;
    g->is_fine = shape->is_uneven;
    g->pitch = shape->is_uneven ? shape->step / fineness : shape->step;
    g->limit = (shape->is_uneven ? longest_uneven_bridge : longest_bridge) * shape->step;
    g->most_even = fmax(1.5 * shape->step, shape->step + 1.01 * shape->resolution);
    if (shape->is_coarse) {
        /* Only the clock's own ticks are seen. */
        g->limit = longest_bridge * fmax(shape->step, shape->tick);
        g->pitch = 0;
    }
    return g->has_row != NULL;
}

void table_grid_close(table_grid *g)
{
    free(g->has_row);
    g->has_row = NULL;
}

size_t table_grid_next(table_grid *g, double step, bool *restart)
{
    *restart = false;
    if (isnan(step) || g->limit == 0)
        return 0;
    if (step > g->limit || step < -0.5 * g->step) {
        *restart = true;
        g->drift = 0;
        g->restarts++;
        return 0;
    }
    if (g->pitch == 0 || (!g->is_fine && step < g->most_even))
        return 0;
    const double places = round((g->drift + step) / g->pitch);
    const size_t empty = places > 1 ? (size_t)places - 1 : 0;
    g->drift += step - (double)(empty + 1) * g->pitch;
    if (!g->is_fine || g->drift < -most_late * g->pitch)
        g->drift = 0;
    g->empty += empty;
    return empty;
}

void table_grid_take(table_grid *g, bool has_row)
{
    g->has_row[g->end] = has_row;
    g->end = g->end + 1 < g->room ? g->end + 1 : 0;
}

size_t table_grid_pick(table_grid *g, float *places, size_t n, size_t width)
{
    size_t rows = 0;
    for (size_t i = 0; i < n; i++) {
        const bool has_row = g->has_row[g->begin];
        g->begin = g->begin + 1 < g->room ? g->begin + 1 : 0;
        if (has_row && rows < i)
            memcpy(places + rows * width, places + i * width, width * sizeof *places);
        rows += has_row;
    }
    return rows;
}
