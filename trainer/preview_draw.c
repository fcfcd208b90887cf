#include "trainer/preview_draw.h"

#include "core/base/error.h"
#include "common/plot/plot.h"
#include "common/plot/plot_draw.h"
#include "common/plot/plot_spectrogram.h"
#include "common/plot/plot_store.h"

#include <math.h>
#include <stdio.h>

static sordino_status fail_memory(sordino_error *why)
{
    return error_set(why, SORDINO_NO_MEM, "%s", sordino_status_text(SORDINO_NO_MEM));
}

static cairo_t *page_open(const preview_picture *p)
{
    cairo_surface_t *const surface =
        cairo_image_surface_create(CAIRO_FORMAT_RGB24, PLOT_WIDTH, PLOT_HEIGHT);
    cairo_t *const cr = cairo_create(surface);
    cairo_surface_destroy(surface); /* `cr` holds it */
    cairo_set_source_rgb(cr, 1, 1, 1);
    cairo_paint(cr);
    cairo_set_source_rgb(cr, 0.15, 0.17, 0.20);
    draw_text(cr, 84, 34, 0, 18, true, 0, p->name);
    double x = 84, y = 34;
    cairo_get_current_point(cr, &x, &y); /* where the name ends */
    draw_text(cr, x + 16, 34, 0, 15, false, 700, p->what);
    return cr;
}

static sordino_status page_save(cairo_t *cr, const char *path, sordino_error *why)
{
    const sordino_status status = cairo_status(cr) == CAIRO_STATUS_SUCCESS
                                      ? draw_save(cairo_get_target(cr), path, why)
                                      : fail_memory(why);
    cairo_destroy(cr);
    return status;
}

/* Values low..high over the whole of `r`: a line where samples are few, else for each pixel a bar
 * from the least to the largest, joined to the one before. */
static void draw_trace(cairo_t *cr, rect r, const float *x, size_t n, double low, double high)
{
    const double scale = r.h / (high - low);
    const size_t w = (size_t)r.w;
    cell last = empty_cell;
    cairo_save(cr);
    cairo_rectangle(cr, r.x, r.y, r.w, r.h);
    cairo_clip(cr);
    cairo_set_source_rgb(cr, 0.05, 0.22, 0.42);
    cairo_set_line_width(cr, 1.4);
    cairo_set_line_join(cr, CAIRO_LINE_JOIN_ROUND);
    if (n <= 2 * w) {
        for (size_t i = 0; i < n; i++)
            cairo_line_to(cr, r.x + r.w * (double)i / fmax(1, (double)(n - 1)),
                          r.y + r.h - (x[i] - low) * scale);
        cairo_stroke(cr);
    } else {
        for (size_t at = 0; at < w; at++) {
            cell bar = empty_cell;
            for (size_t i = at * n / w; i < (at + 1) * n / w; i++)
                cell_add(&bar, x[i]);
            const cell own = bar;
            if (last.low <= last.high) {
                bar.low = fminf(bar.low, last.high);
                bar.high = fmaxf(bar.high, last.low);
            }
            const double top = r.y + r.h - (bar.high - low) * scale;
            cairo_rectangle(cr, r.x + (double)at, top - 0.5, 1, (bar.high - bar.low) * scale + 1);
            last = own;
        }
        cairo_fill(cr);
    }
    cairo_restore(cr);
}

/* The range of all passages with a margin. */
static void find_range(const preview_picture *p, double *low, double *high)
{
    cell all = empty_cell;
    for (size_t k = 0; k < p->count; k++)
        for (size_t i = 0; i < p->n; i++)
            cell_add(&all, p->passages[k][i]);
    const double span = (double)all.high - (double)all.low;
    const double margin = span > 0 ? 0.06 * span : fmax(0.1 * fabs((double)all.high), 1e-3);
    *low = all.low - margin;
    *high = all.high + margin;
}

/* A multiple of half a power of ten, so that the axis has numbers near its ends. */
static double round_up(double value)
{
    const double power = pow(10, floor(log10(value))), times = value / power;
    return power * ceil(2 * times) / 2;
}

static axis time_axis(const preview_picture *p, char *label, size_t size)
{
    const double span = (double)p->n / p->rate;
    double unit;
    snprintf(label, size, "Time (%s)", draw_time_unit(span, &unit));
    return (axis){0, span / unit, label, true};
}

sordino_status preview_draw_audio(const preview_picture *p, const char *path, sordino_error *why)
{
    static const rect bar = {1096, 262, 18, 484};
    const size_t columns = p->count > 1 ? 2 : 1;
    audio a = {0};
    if (!audio_init(&a, p->rate)) {
        audio_free(&a);
        return fail_memory(why);
    }
    audio_push(&a, p->passages[0], p->passages[columns - 1], p->n);
    audio_finish(&a);
    const double high_db = spectrogram_to_decibels(&a);
    cairo_t *const cr = page_open(p);
    char label[32];
    const axis time = time_axis(p, label, sizeof label);
    const axis hidden = {time.from, time.to, NULL, false};
    const double width = columns > 1 ? 470 : 990;
    for (size_t k = 0; k < columns; k++) {
        const rect wave = {84 + 520 * (double)k, 62, width, 170};
        const rect map = {wave.x, 262, width, 484};
        const preview_picture one = {.passages = {p->passages[k]}, .count = 1, .n = p->n};
        double low, high;
        find_range(&one, &low, &high);
        high = round_up(fmax(high, -low));
        const axis level = {-high, high, k ? NULL : "Full scale", true};
        const axis hz = {0, p->rate / 2000, k ? NULL : "Frequency (kHz)", true};
        draw_trace(cr, wave, p->passages[k], p->n, -high, high);
        draw_axes(cr, wave, hidden, level, false);
        spectrogram_draw(cr, map, &a, (int)k, high_db);
        draw_axes(cr, map, time, hz, false);
    }
    draw_colour_bar(cr, bar, high_db - spectrogram_depth_db, high_db, "dBFS");
    audio_free(&a);
    return page_save(cr, path, why);
}

sordino_status preview_draw_sensor(const preview_picture *p, const char *path, sordino_error *why)
{
    cairo_t *const cr = page_open(p);
    char label[32];
    const axis time = time_axis(p, label, sizeof label);
    const axis hidden = {time.from, time.to, NULL, false};
    const double each = 690.0 / (double)p->count;
    for (size_t k = 0; k < p->count; k++) {
        const rect r = {96, 62 + each * (double)k, 1068, each - 18};
        const preview_picture one = {.passages = {p->passages[k]}, .count = 1, .n = p->n};
        double low, high;
        find_range(&one, &low, &high);
        const axis value = {low, high, p->unit, true};
        draw_axes(cr, r, k + 1 < p->count ? hidden : time, value, true);
        draw_trace(cr, r, p->passages[k], p->n, low, high);
    }
    return page_save(cr, path, why);
}
