/* What plot.c draws with: text, axes with round numbers, the colour map, lines, and the PNG file.
 */
#ifndef PLOT_PLOT_DRAW_H
#define PLOT_PLOT_DRAW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sordino/status.h>

#include <cairo.h>

/* In pixels, y downwards. */
typedef struct rect {
    double x, y, w, h;
} rect;

typedef struct colour {
    double r, g, b;
} colour;

/* Values from..to along one side of a rect; `label` may be NULL. */
typedef struct axis {
    double from, to;
    const char *label;
    bool numbers; /* false: ticks only */
} axis;

/* Round tick values: first + i * step for i < n lie within from..to. A label is
 * (value - offset) / 10^exponent, printed with `decimals`. The exponent is a multiple of 3, and not
 * 0 only for very large or small values; the offset is not 0 only when labels would need more than
 * six digits to differ. Both are then named beside the axis. */
typedef struct ticks {
    double first, step, offset;
    int n, decimals, exponent;
} ticks;

/* About `wanted` (>= 1) ticks with steps of 1, 2 or 5 times a power of ten; from < to. */
ticks ticks_between(double from, double to, int wanted);

/* Name of the unit that reads best for a span in seconds ("ms", "min"), and its length in seconds.
 */
const char *draw_time_unit(double span, double *seconds);

/* Text with its baseline at y; `align` 0 left, 0.5 centre, 1 right of x. Cut with an ellipsis to
 * `max_width` pixels when that is > 0. Bytes that are not UTF-8 are shown as "?". */
void draw_text(cairo_t *cr, double x, double y, double align, double size, bool bold,
               double max_width, const char *text);

/* Frame, ticks, numbers and labels of a panel. `grid` adds faint lines. */
void draw_axes(cairo_t *cr, rect r, axis x, axis y, bool grid);

/* The colour map from 0 (dark) to 1 (light), as 0xRRGGBB; perceptually even ("magma"). */
uint32_t draw_map_colour(double value);

/* A vertical colour bar with dB numbers at its right. */
void draw_colour_bar(cairo_t *cr, rect r, double low_db, double high_db, const char *label);

/* Writes the surface as PNG to a temporary file beside `path`, then renames it. Errors: IO, NO_MEM.
 */
SORDINO_NODISCARD sordino_status draw_save(cairo_surface_t *surface, const char *path,
                                           sordino_error *why);

#endif
