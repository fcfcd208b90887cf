#include "trainer/run/curves.h"

#include "core/base/error.h"
#include "common/plot/plot_draw.h"
#include "trainer/run/score.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WIDTH = 900, PANEL = 220, LEFT = 80, RIGHT = 190, TOP = 40, GAP = 50, BOTTOM = 50 };

typedef struct point {
    double x, y; /* hours, value */
} point;

typedef struct curve {
    point *points; /* owned */
    size_t n, room;
} curve;

struct curves {
    curve loss, score[SCORE_COUNT];
    double level[SCORE_SUBJECTS][SCORE_COUNT]; /* of baselines; NAN: none */
};

static const colour ink = {0.10, 0.35, 0.65},
                    level_colours[] = {
                        {0.45, 0.45, 0.45}, {0.80, 0.55, 0.10}, {0.55, 0.25, 0.60},
                        {0.15, 0.55, 0.35}, {0.75, 0.20, 0.20}, {0.35, 0.50, 0.10},
                        {0.10, 0.10, 0.10},
};

static void add(curve *c, double x, double y)
{
    if (!isfinite(x) || !isfinite(y))
        return;
    if (c->n == c->room) {
        const size_t room = c->room ? 2 * c->room : 256;
        point *const more = realloc(c->points, room * sizeof *more);
        if (!more)
            return; /* a picture with a point less */
        c->points = more;
        c->room = room;
    }
    c->points[c->n++] = (point){x, y};
}

void curves_add(curves *c, const json_t *line)
{
    const json_t *const hours = json_object_get(line, "hours");
    const json_t *const loss = json_object_get(line, "loss");
    const json_t *const found = json_object_get(line, "scores");
    const json_t *const baselines = json_object_get(line, "baselines");
    if (json_is_number(hours) && json_is_number(loss))
        add(&c->loss, json_number_value(hours), json_number_value(loss));
    for (int k = 0; k < SCORE_COUNT; k++) {
        const char *const name = score_kind_name((score_kind)k);
        const json_t *const y = json_object_get(found, name);
        if (json_is_number(y) && json_is_number(hours))
            add(&c->score[k], json_number_value(hours), json_number_value(y));
        for (int i = 0; i < SCORE_SUBJECTS; i++) {
            const json_t *const level = json_object_get(
                json_object_get(baselines, score_subject_name((score_subject)i)), name);
            if (json_is_number(level))
                c->level[i][k] = json_number_value(level);
        }
    }
}

sordino_status curves_new(const char *log, curves **out, sordino_error *why)
{
    *out = NULL;
    curves *c = calloc(1, sizeof *c);
    if (!c)
        return error_set(why, SORDINO_NO_MEM, "Out of memory for the curves");
    for (int i = 0; i < SCORE_SUBJECTS; i++)
        for (int k = 0; k < SCORE_COUNT; k++)
            c->level[i][k] = NAN;
    FILE *const f = log ? fopen(log, "r") : NULL;
    char line[4096];
    while (f && fgets(line, sizeof line, f)) {
        json_t *const o = json_loads(line, 0, NULL);
        curves_add(c, o);
        json_decref(o);
    }
    if (f)
        fclose(f);
    *out = c;
    return SORDINO_OK;
}

void curves_free(curves *c)
{
    if (!c)
        return;
    free(c->loss.points);
    for (int k = 0; k < SCORE_COUNT; k++)
        free(c->score[k].points);
    free(c);
}

typedef struct range {
    double low, high;
} range;

static void widen(range *r, double y)
{
    r->low = y < r->low ? y : r->low;
    r->high = y > r->high ? y : r->high;
}

static range with_margin(range r)
{
    const double span = r.high - r.low;
    const double margin = span > 0 ? 0.08 * span : fabs(r.high) * 0.05 + 1e-3;
    return (range){r.low - margin, r.high + margin};
}

static double map_x(rect r, double last, double x)
{
    return r.x + r.w * x / last;
}

static double map_y(rect r, range y, double v)
{
    const double at = (v - y.low) / (y.high - y.low);
    return r.y + r.h * (1 - (at < 0 ? 0 : at > 1 ? 1 : at));
}

static void draw_curve(cairo_t *cr, rect r, double last, range y, const curve *c, bool dots)
{
    cairo_set_source_rgb(cr, ink.r, ink.g, ink.b);
    cairo_set_line_width(cr, 1.6);
    cairo_new_path(cr); /* a name drawn before leaves a point behind */
    for (size_t i = 0; i < c->n; i++)
        cairo_line_to(cr, map_x(r, last, c->points[i].x), map_y(r, y, c->points[i].y));
    cairo_stroke(cr);
    for (size_t i = 0; dots && i < c->n; i++) {
        cairo_arc(cr, map_x(r, last, c->points[i].x), map_y(r, y, c->points[i].y), 2.6, 0, 6.2832);
        cairo_fill(cr);
    }
}

/* Level lines of the baselines with their names at the right, kept apart from each other and from
 * that of the curve, at the height `own`. */
static void draw_levels(cairo_t *cr, rect r, range y, const curves *c, int k, double own)
{
    double taken[SCORE_SUBJECTS] = {own};
    int n = 1;
    for (int i = 0; i < SCORE_MODEL; i++) {
        const double v = c->level[i][k];
        if (isnan(v) || v < y.low || v > y.high)
            continue;
        const colour ink_of = level_colours[i];
        const double at = map_y(r, y, v), dashes[] = {6, 4};
        cairo_set_source_rgb(cr, ink_of.r, ink_of.g, ink_of.b);
        cairo_set_dash(cr, dashes, 2, 0);
        cairo_set_line_width(cr, 1.2);
        cairo_move_to(cr, r.x, at);
        cairo_line_to(cr, r.x + r.w, at);
        cairo_stroke(cr);
        cairo_set_dash(cr, NULL, 0, 0);
        double text = at + 4;
        for (int j = 0; j < n; j++)
            if (fabs(taken[j] - text) < 13)
                text = taken[j] + 13;
        taken[n++] = text;
        char name[64];
        snprintf(name, sizeof name, "%s %.3g", score_subject_name((score_subject)i), v);
        cairo_set_source_rgb(cr, ink_of.r, ink_of.g, ink_of.b);
        draw_text(cr, r.x + r.w + 8, text, 0, 11, false, RIGHT - 16, name);
    }
}

static void draw_panel(cairo_t *cr, const curves *c, const curve *what, int k, const char *label,
                       rect r, double last, bool bottom)
{
    range y = {INFINITY, -INFINITY};
    for (size_t i = k < 0 ? what->n / 50 : 0; i < what->n; i++) /* the first steep fall aside */
        widen(&y, what->points[i].y);
    _Static_assert(sizeof level_colours / sizeof *level_colours == SCORE_MODEL, "one for each");
    for (int i = 0; k >= 0 && i < SCORE_MODEL; i++)
        if (!isnan(c->level[i][k]) && i != SCORE_ZEROS)
            widen(&y, c->level[i][k]);
    y = with_margin(y);
    cairo_set_source_rgb(cr, 0, 0, 0);
    draw_axes(cr, r, (axis){0, last, bottom ? "hours of audio" : NULL, bottom},
              (axis){y.low, y.high, label, true}, true);
    const double now = what->n > 0 ? what->points[what->n - 1].y : NAN;
    const double own = what->n > 0 ? map_y(r, y, now) + 4 : -HUGE_VAL;
    if (k >= 0)
        draw_levels(cr, r, y, c, k, own);
    draw_curve(cr, r, last, y, what, k >= 0);
    if (what->n > 0) {
        char text[48];
        snprintf(text, sizeof text, "%s %.3g", k < 0 ? "now" : "model", now);
        cairo_set_source_rgb(cr, ink.r, ink.g, ink.b);
        draw_text(cr, r.x + r.w + 8, own, 0, 11, true, RIGHT - 16, text);
    }
}

sordino_status curves_draw(const curves *c, const char *path, sordino_error *why)
{
    int panels = c->loss.n > 1;
    double last = 0;
    for (size_t i = 0; i < c->loss.n; i++)
        last = c->loss.points[i].x > last ? c->loss.points[i].x : last;
    for (int k = 0; k < SCORE_COUNT; k++)
        panels += c->score[k].n > 0;
    if (panels == 0 || last <= 0)
        return SORDINO_OK;
    const int height = TOP + panels * PANEL + (panels - 1) * GAP + BOTTOM;
    cairo_surface_t *const surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, WIDTH, height);
    cairo_t *const cr = cairo_create(surface);
    cairo_set_source_rgb(cr, 1, 1, 1);
    cairo_paint(cr);
    rect r = {LEFT, TOP, WIDTH - LEFT - RIGHT, PANEL};
    int drawn = 0;
    if (c->loss.n > 1) {
        draw_panel(cr, c, &c->loss, -1, "loss", r, last, ++drawn == panels);
        r.y += PANEL + GAP;
    }
    for (int k = 0; k < SCORE_COUNT; k++) {
        if (c->score[k].n == 0)
            continue;
        draw_panel(cr, c, &c->score[k], k, score_kind_name((score_kind)k), r, last,
                   ++drawn == panels);
        r.y += PANEL + GAP;
    }
    const sordino_status status =
        cairo_status(cr) == CAIRO_STATUS_SUCCESS
            ? draw_save(surface, path, why)
            : error_set(why, SORDINO_NO_MEM, "Out of memory for the picture");
    cairo_destroy(cr);
    cairo_surface_destroy(surface);
    return status;
}
