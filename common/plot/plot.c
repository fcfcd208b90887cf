#include "common/plot/plot.h"

#include "common/plot/plot_draw.h"
#include "common/plot/plot_spectrogram.h"
#include "common/plot/plot_store.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct plot {
    plot_config config;
    char *titles[3]; /* before, after, unit; owned */
    uint64_t n_samples;
    audio audio;
    sensor sensor;
};

static sordino_status fail(sordino_error *why, sordino_status status, const char *text)
{
    if (why) {
        why->status = status;
        snprintf(why->text, sizeof why->text, "%s", text);
    }
    return status;
}

static sordino_status fail_memory(sordino_error *why)
{
    return fail(why, SORDINO_NO_MEM, sordino_status_text(SORDINO_NO_MEM));
}

static bool rate_fits(const plot_config *config)
{
    if (config->mode == PLOT_SENSOR && config->rate == 0)
        return true;
    return config->rate >= 1e-6 && config->rate <= 1e9;
}

static char *copy_text(const char *text)
{
    const size_t size = text ? strlen(text) + 1 : 1;
    char *const copy = malloc(size);
    if (copy)
        memcpy(copy, text ? text : "", size);
    return copy;
}

sordino_status plot_new(const plot_config *config, plot **out, sordino_error *why)
{
    if (!out)
        return fail(why, SORDINO_BAD_ARG, "The place for the plot is missing");
    *out = NULL;
    if (!config || !rate_fits(config))
        return fail(why, SORDINO_BAD_ARG, "A plot needs a sample rate of 1e-6 to 1e9 Hz");
    plot *p = calloc(1, sizeof *p);
    if (!p)
        return fail_memory(why);
    p->config = *config;
    p->config.before = p->titles[0] = copy_text(config->before);
    p->config.after = p->titles[1] = copy_text(config->after);
    p->config.unit = p->titles[2] = copy_text(config->unit);
    const bool ready =
        config->mode == PLOT_AUDIO ? audio_init(&p->audio, config->rate) : sensor_init(&p->sensor);
    if (!ready || !p->titles[0] || !p->titles[1] || !p->titles[2]) {
        plot_free(p);
        return fail_memory(why);
    }
    *out = p;
    return SORDINO_OK;
}

void plot_free(plot *p)
{
    if (!p)
        return;
    audio_free(&p->audio);
    sensor_free(&p->sensor);
    for (int i = 0; i < 3; i++)
        free(p->titles[i]);
    free(p);
}

void plot_push(plot *p, const float *before, const float *after, size_t n)
{
    if (p->config.mode == PLOT_AUDIO)
        audio_push(&p->audio, before, after, n);
    else
        for (size_t i = 0; i < n; i++)
            sensor_push(&p->sensor, p->n_samples + i, before[i], after[i]);
    p->n_samples += n;
}

static void draw_heading(cairo_t *cr, rect r, const char *what, const char *title)
{
    cairo_set_source_rgb(cr, 0.15, 0.17, 0.20);
    draw_text(cr, r.x, r.y - 11, 0, 15, true, 0, what);
    draw_text(cr, r.x + 62, r.y - 11, 0, 14, false, r.w - 62, title);
}

static void draw_audio(plot *p, cairo_t *cr)
{
    static const rect panels[2] = {{84, 44, 990, 328}, {84, 418, 990, 328}};
    static const rect bar = {1096, 44, 18, 702};
    audio *const a = &p->audio;
    if (p->n_samples > 0)
        audio_finish(a);
    const double high_db = spectrogram_to_decibels(a);
    double unit;
    const double span = p->n_samples ? (double)p->n_samples / p->config.rate : 1;
    char label[32];
    snprintf(label, sizeof label, "Time (%s)", draw_time_unit(span, &unit));
    for (int s = 0; s < 2; s++) {
        const axis x = {0, span / unit, s ? label : NULL, true};
        const axis y = {0, p->config.rate / 2000, "Frequency (kHz)", true};
        spectrogram_draw(cr, panels[s], a, s, high_db);
        draw_heading(cr, panels[s], s ? "After" : "Before", p->titles[s]);
        draw_axes(cr, panels[s], x, y, false);
    }
    draw_colour_bar(cr, bar, high_db - spectrogram_depth_db, high_db, "dBFS");
}

/* Where samples and values of a trace go. */
typedef struct frame {
    rect r;
    double from, to; /* samples */
    double low, high;
} frame;

static double frame_x(const frame *f, double sample)
{
    return f->r.x + (sample - f->from) / (f->to - f->from) * f->r.w;
}

static double frame_y(const frame *f, double value)
{
    return f->r.y + f->r.h - (value - f->low) / (f->high - f->low) * f->r.h;
}

/* Few cells: a line through them, broken at gaps. Cell c is centred on sample start + c * span. */
static void draw_polyline(cairo_t *cr, const frame *f, const cell *cells, size_t stride, size_t n,
                          double start, double span)
{
    bool drawing = false;
    for (size_t c = 0; c < n; c++) {
        const cell v = cells[c * stride];
        const double x = frame_x(f, start + (double)c * span);
        if (v.low > v.high) {
            drawing = false;
            continue;
        }
        if (!drawing)
            cairo_move_to(cr, x, frame_y(f, v.low));
        cairo_line_to(cr, x, frame_y(f, v.low));
        cairo_line_to(cr, x, frame_y(f, v.high));
        drawing = true;
    }
    cairo_stroke(cr);
}

/* Many cells: for each pixel a bar from the least to the largest value, touching its neighbour. */
static void draw_envelope(cairo_t *cr, const frame *f, const cell *cells, size_t stride, size_t n)
{
    const size_t w = (size_t)f->r.w;
    cell last = empty_cell;
    for (size_t x = 0; x < w; x++) {
        cell all = empty_cell;
        for (size_t c = x * n / w; c < (x + 1) * n / w; c++)
            all = cell_union(all, cells[c * stride]);
        if (all.low <= all.high) {
            cell bar = all;
            if (last.low <= last.high && last.high < bar.low)
                bar.low = last.high;
            if (last.low <= last.high && last.low > bar.high)
                bar.high = last.low;
            const double top = frame_y(f, bar.high) - 0.6, bottom = frame_y(f, bar.low) + 0.6;
            cairo_rectangle(cr, f->r.x + (double)x, top, 1, bottom - top);
        }
        last = all;
    }
    cairo_fill(cr);
}

static void draw_traces(cairo_t *cr, const frame *f, cell (*cells)[2], size_t n, double start,
                        double span)
{
    cairo_save(cr);
    cairo_rectangle(cr, f->r.x, f->r.y, f->r.w, f->r.h);
    cairo_clip(cr);
    cairo_set_line_join(cr, CAIRO_LINE_JOIN_ROUND);
    cairo_set_line_cap(cr, CAIRO_LINE_CAP_ROUND);
    cairo_set_line_width(cr, 1.5);
    for (int s = 0; s < 2; s++) {
        if (s == 0)
            cairo_set_source_rgb(cr, 0.62, 0.72, 0.82);
        else
            cairo_set_source_rgb(cr, 0.05, 0.22, 0.42);
        if ((double)n > f->r.w)
            draw_envelope(cr, f, &cells[0][s], 2, n);
        else
            draw_polyline(cr, f, &cells[0][s], 2, n, start, span);
    }
    cairo_restore(cr);
}

/* Range of the values with a margin; something sane for none, or one and the same value. */
static void set_range(frame *f, cell (*cells)[2], size_t n)
{
    cell all = empty_cell;
    for (size_t c = 0; c < n; c++)
        all = cell_union(all, cell_union(cells[c][0], cells[c][1]));
    const double low = all.low <= all.high ? all.low : 0, high = all.low <= all.high ? all.high : 0;
    /* The last term: below it floats of this size have no values between. */
    const double least = fmax(fabs(low), fabs(high)) * FLT_EPSILON;
    double margin = (high - low) * 0.05;
    if (high - low <= least)
        margin = fmax(fabs(high) * 0.1, least > 0 ? least : 1);
    f->low = low - margin;
    f->high = high + margin;
}

static void draw_sensor_axes(const plot *p, cairo_t *cr, const frame *f, bool relative)
{
    char label[96] = "Sample";
    axis x = {f->from, f->to, label, true};
    const axis y = {f->low, f->high, p->titles[2], true};
    const double rate = p->config.rate;
    if (rate > 0) {
        const double start = relative ? f->from : 0;
        double unit;
        const char *const name = draw_time_unit((f->to - start) / rate, &unit);
        const int digits = (int)fmin(6, fmax(0, ceil(log10(rate)))); /* about one sample */
        if (relative)
            snprintf(label, sizeof label, "Time after %.*f s (%s)", digits, start / rate, name);
        else
            snprintf(label, sizeof label, "Time (%s)", name);
        x.from = (f->from - start) / rate / unit;
        x.to = (f->to - start) / rate / unit;
    }
    draw_axes(cr, f->r, x, y, false);
}

/* The liveliest passage as cells of one sample: the one kept while streaming, or, where every
 * sample still has its cell, an eighth of the trace. Returns its length, 0 for a trace too short.
 */
static size_t find_passage(const plot *p, cell (*out)[2], double *start)
{
    const sensor *const s = &p->sensor;
    if (s->samples_per_cell > 1) {
        for (size_t i = 0; i < PASSAGE; i++)
            for (int k = 0; k < 2; k++) {
                out[i][k] = empty_cell;
                cell_add(&out[i][k], s->best[k][i]);
            }
        *start = (double)s->best_start;
        return PASSAGE;
    }
    const size_t n = s->n_cells, wanted = n / 8;
    const size_t length = wanted < 40 ? 40 : wanted < PASSAGE ? wanted : PASSAGE;
    double best = -1;
    if (n < 3 * length)
        return 0;
    for (size_t from = 0; from + length <= n; from += length / 4) {
        cell all = empty_cell;
        for (size_t i = from + length / 4; i < from + length - length / 4; i++)
            all = cell_union(all, s->cells[i][1]);
        const double range = all.low <= all.high ? (double)all.high - (double)all.low : -0.5;
        if (range <= best)
            continue;
        best = range;
        *start = (double)from;
        memcpy(out, s->cells + from, length * sizeof *out);
    }
    return length;
}

static void draw_legend(const plot *p, cairo_t *cr, rect r)
{
    static const rect swatch = {0, 16, 26, 5};
    const char *const names[2] = {"Before", "After"};
    for (int s = 0; s < 2; s++) {
        const double x = r.x + s * r.w / 2;
        if (s == 0)
            cairo_set_source_rgb(cr, 0.62, 0.72, 0.82);
        else
            cairo_set_source_rgb(cr, 0.05, 0.22, 0.42);
        cairo_rectangle(cr, x, r.y - swatch.y, swatch.w, swatch.h);
        cairo_fill(cr);
        const rect text = {x + 36, r.y, r.w / 2 - 50, 0};
        draw_heading(cr, text, names[s], p->titles[s]);
    }
}

static void draw_sensor(plot *p, cairo_t *cr)
{
    static const rect whole = {96, 44, 1068, 702}, upper = {96, 44, 1068, 400},
                      lower = {96, 536, 1068, 210};
    sensor *const s = &p->sensor;
    cell passage[PASSAGE][2];
    double start = 0;
    const size_t length = find_passage(p, passage, &start);
    const size_t n = s->n_cells + (s->samples_in_cell > 0);
    const double last = p->n_samples > 1 ? (double)(p->n_samples - 1) : 1;
    frame f = {length ? upper : whole, 0, last, 0, 1};
    set_range(&f, s->cells, n);
    if (length) {
        frame zoom = {lower, start, start + (double)length - 1, 0, 1};
        const double x0 = frame_x(&f, zoom.from), x1 = frame_x(&f, zoom.to);
        cairo_set_source_rgb(cr, 1, 0.97, 0.86);
        cairo_rectangle(cr, floor(x0), f.r.y, ceil(fmax(3, x1 - x0)), f.r.h);
        cairo_rectangle(cr, lower.x, lower.y, lower.w, lower.h);
        cairo_fill(cr);
        set_range(&zoom, passage, length);
        draw_traces(cr, &zoom, passage, length, start, 1);
        draw_sensor_axes(p, cr, &zoom, true);
        cairo_set_source_rgb(cr, 0.15, 0.17, 0.20);
        draw_text(cr, lower.x, lower.y - 11, 0, 14, true, 0, "The shaded passage");
    }
    draw_traces(cr, &f, s->cells, n, ((double)s->samples_per_cell - 1) / 2,
                (double)s->samples_per_cell);
    draw_sensor_axes(p, cr, &f, false);
    draw_legend(p, cr, f.r);
}

sordino_status plot_finish(plot *p, const char *path, sordino_error *why)
{
    cairo_surface_t *surface =
        cairo_image_surface_create(CAIRO_FORMAT_RGB24, PLOT_WIDTH, PLOT_HEIGHT);
    cairo_t *cr = cairo_create(surface);
    cairo_set_source_rgb(cr, 1, 1, 1);
    cairo_paint(cr);
    if (p->config.mode == PLOT_AUDIO)
        draw_audio(p, cr);
    else
        draw_sensor(p, cr);
    const cairo_status_t drawn = cairo_status(cr);
    cairo_destroy(cr);
    const sordino_status status =
        drawn == CAIRO_STATUS_SUCCESS ? draw_save(surface, path, why) : fail_memory(why);
    cairo_surface_destroy(surface);
    return status;
}
