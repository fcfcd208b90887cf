#include "common/plot/plot_draw.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const double label_size = 13, number_size = 12, tick_length = 5;
static const colour ink = {0.15, 0.17, 0.20}, faint = {0.88, 0.89, 0.91};

static void set_colour(cairo_t *cr, colour c)
{
    cairo_set_source_rgb(cr, c.r, c.g, c.b);
}

ticks ticks_between(double from, double to, int wanted)
{
    const double raw = (to - from) / wanted;
    const double power = pow(10, floor(log10(raw)));
    const double lead = raw / power;
    ticks t;
    t.step = power * (lead <= 1.000001 ? 1 : lead <= 2.000001 ? 2 : lead <= 5.000001 ? 5 : 10);
    t.first = ceil(from / t.step - 1e-6) * t.step;
    t.n = (int)floor((to - t.first) / t.step + 1e-6) + 1;
    const double largest = fmax(fabs(from), fabs(to));
    t.offset = largest > 1e6 * t.step ? t.first : 0;
    const double shown = t.offset != 0 ? to - t.first : largest;
    t.exponent = 3 * (int)floor(log10(shown) / 3);
    if (t.exponent > -6 && t.exponent < 6)
        t.exponent = 0;
    const int decimals = -(int)floor(log10(t.step / pow(10, t.exponent)) + 1e-6);
    t.decimals = decimals < 0 ? 0 : decimals > 12 ? 12 : decimals;
    return t;
}

const char *draw_time_unit(double span, double *seconds)
{
    static const struct {
        double up_to, seconds;
        const char *name;
    } units[] = {{1e-3, 1e-6, "µs"},
                 {1, 1e-3, "ms"},
                 {600, 1, "s"},
                 {36000, 60, "min"},
                 {INFINITY, 3600, "h"}};
    size_t i = 0;
    while (span >= units[i].up_to && units[i].up_to < INFINITY)
        i++;
    *seconds = units[i].seconds;
    return units[i].name;
}

/* Length of the UTF-8 sequence at `s`, or 0 when it is not one. */
static size_t utf8_length(const unsigned char *s)
{
    if (s[0] < 0x80)
        return 1;
    const size_t n = s[0] >= 0xC2 && s[0] <= 0xDF   ? 2
                     : s[0] >= 0xE0 && s[0] <= 0xEF ? 3
                     : s[0] >= 0xF0 && s[0] <= 0xF4 ? 4
                                                    : 0;
    for (size_t i = 1; i < n; i++)
        if ((s[i] & 0xC0) != 0x80)
            return 0;
    if ((s[0] == 0xE0 && s[1] < 0xA0) || (s[0] == 0xED && s[1] > 0x9F) ||
        (s[0] == 0xF0 && s[1] < 0x90) || (s[0] == 0xF4 && s[1] > 0x8F))
        return 0;
    return n;
}

/* Copies as much of `text` as fits, as valid UTF-8 without control characters. */
static void clean_text(const char *text, char *out, size_t size)
{
    const unsigned char *s = (const unsigned char *)text;
    size_t used = 0;
    while (*s) {
        const size_t n = utf8_length(s);
        if (used + (n ? n : 1) >= size)
            break;
        if (n == 0 || *s < 0x20 || *s == 0x7F) {
            out[used++] = '?';
            s++;
            continue;
        }
        memcpy(out + used, s, n);
        used += n;
        s += n;
    }
    out[used] = '\0';
}

static double text_width(cairo_t *cr, const char *text)
{
    cairo_text_extents_t e;
    cairo_text_extents(cr, text, &e);
    return e.x_advance;
}

/* Drops characters from the end until the text and an ellipsis fit. */
static void shorten(cairo_t *cr, char *text, size_t size, double max_width)
{
    static const char dots[] = "…";
    size_t length = strlen(text);
    if (text_width(cr, text) <= max_width)
        return;
    while (length > 0) {
        do
            length--;
        while (length > 0 && ((unsigned char)text[length] & 0xC0) == 0x80);
        if (length + sizeof dots > size)
            continue;
        memcpy(text + length, dots, sizeof dots);
        if (text_width(cr, text) <= max_width)
            return;
    }
}

void draw_text(cairo_t *cr, double x, double y, double align, double size, bool bold,
               double max_width, const char *text)
{
    char clean[512];
    clean_text(text, clean, sizeof clean);
    cairo_select_font_face(cr, "sans-serif", CAIRO_FONT_SLANT_NORMAL,
                           bold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL);
    cairo_set_font_size(cr, size);
    if (max_width > 0)
        shorten(cr, clean, sizeof clean, max_width);
    cairo_move_to(cr, floor(x - align * text_width(cr, clean)), floor(y));
    cairo_show_text(cr, clean);
}

static void draw_line(cairo_t *cr, double x0, double y0, double x1, double y1)
{
    /* Half a pixel in: a line one pixel wide then covers exactly one row. */
    cairo_move_to(cr, floor(x0) + 0.5, floor(y0) + 0.5);
    cairo_line_to(cr, floor(x1) + 0.5, floor(y1) + 0.5);
    cairo_stroke(cr);
}

/* The label of tick `i`. */
static void tick_text(const ticks *t, int i, char *out, size_t size)
{
    const double value = t->first + i * t->step - t->offset;
    const bool zero = fabs(value) < 1e-9 * t->step; /* no "-0" */
    snprintf(out, size, "%.*f", t->decimals, zero ? 0 : value / pow(10, t->exponent));
}

static void axis_label(const axis *a, const ticks *t, char *out, size_t size)
{
    char scale[16] = "", offset[40] = "";
    if (t->exponent)
        snprintf(scale, sizeof scale, "  × 1e%d", t->exponent);
    if (t->offset != 0)
        snprintf(offset, sizeof offset, "  %c %.15g", t->offset < 0 ? '-' : '+', fabs(t->offset));
    snprintf(out, size, "%s%s%s", a->label ? a->label : "", scale, offset);
}

static void draw_x_axis(cairo_t *cr, rect r, axis a, bool grid)
{
    const ticks t = ticks_between(a.from, a.to, 10);
    char text[300];
    for (int i = 0; i < t.n; i++) {
        const double value = t.first + i * t.step;
        const double x = r.x + (value - a.from) / (a.to - a.from) * r.w;
        if (grid) {
            set_colour(cr, faint);
            draw_line(cr, x, r.y, x, r.y + r.h);
        }
        set_colour(cr, ink);
        draw_line(cr, x, r.y + r.h, x, r.y + r.h + tick_length);
        tick_text(&t, i, text, sizeof text);
        if (a.numbers)
            draw_text(cr, x, r.y + r.h + 19, 0.5, number_size, false, 0, text);
    }
    axis_label(&a, &t, text, sizeof text);
    draw_text(cr, r.x + r.w / 2, r.y + r.h + 39, 0.5, label_size, false, r.w, text);
}

static void draw_y_axis(cairo_t *cr, rect r, axis a, bool grid)
{
    const ticks t = ticks_between(a.from, a.to, (int)fmax(2, r.h / 45));
    char text[300];
    double widest = 0;
    for (int i = 0; i < t.n; i++) {
        const double value = t.first + i * t.step;
        const double y = r.y + r.h - (value - a.from) / (a.to - a.from) * r.h;
        if (grid) {
            set_colour(cr, faint);
            draw_line(cr, r.x, y, r.x + r.w, y);
        }
        set_colour(cr, ink);
        draw_line(cr, r.x - tick_length, y, r.x, y);
        tick_text(&t, i, text, sizeof text);
        if (a.numbers)
            draw_text(cr, r.x - 9, y + 4, 1, number_size, false, 0, text);
        widest = fmax(widest, text_width(cr, text));
    }
    axis_label(&a, &t, text, sizeof text);
    cairo_save(cr);
    cairo_translate(cr, fmax(14, r.x - 26 - widest), r.y + r.h / 2);
    cairo_rotate(cr, -acos(0));
    draw_text(cr, 0, 0, 0.5, label_size, false, r.h, text);
    cairo_restore(cr);
}

void draw_axes(cairo_t *cr, rect r, axis x, axis y, bool grid)
{
    cairo_set_line_width(cr, 1);
    draw_x_axis(cr, r, x, grid);
    draw_y_axis(cr, r, y, grid);
    set_colour(cr, ink);
    cairo_rectangle(cr, floor(r.x) + 0.5, floor(r.y) + 0.5, floor(r.w), floor(r.h));
    cairo_stroke(cr);
}

uint32_t draw_map_colour(double value)
{
    /* Ten even steps of matplotlib's "magma" (Smith & van der Walt 2015, CC0); between them linear,
     * within 2/255 of the full table's lightness. */
    static const uint8_t stops[][3] = {
        {0, 0, 4},      {24, 15, 61},  {68, 15, 118},   {114, 31, 129},  {158, 47, 127},
        {205, 64, 113}, {241, 96, 93}, {253, 150, 104}, {254, 202, 141}, {252, 253, 191}};
    const int last = (int)(sizeof stops / sizeof stops[0]) - 1;
    const double at = (value > 0 ? value < 1 ? value : 1 : 0) * last;
    const int i = at >= last ? last - 1 : (int)at;
    uint32_t rgb = 0;
    for (int c = 0; c < 3; c++) {
        const double v = stops[i][c] + (at - i) * (stops[i + 1][c] - stops[i][c]);
        rgb = rgb << 8 | (uint32_t)lround(v);
    }
    return rgb;
}

void draw_colour_bar(cairo_t *cr, rect r, double low_db, double high_db, const char *label)
{
    for (int y = 0; y < r.h; y++) {
        const uint32_t rgb = draw_map_colour(1 - (y + 0.5) / r.h);
        cairo_set_source_rgb(cr, (rgb >> 16) / 255.0, (rgb >> 8 & 255) / 255.0,
                             (rgb & 255) / 255.0);
        cairo_rectangle(cr, r.x, r.y + y, r.w, 1);
        cairo_fill(cr);
    }
    const ticks t = ticks_between(low_db, high_db, 9);
    char text[64];
    set_colour(cr, ink);
    cairo_set_line_width(cr, 1);
    for (int i = 0; i < t.n; i++) {
        const double value = t.first + i * t.step;
        const double y = r.y + r.h - (value - low_db) / (high_db - low_db) * r.h;
        draw_line(cr, r.x + r.w, y, r.x + r.w + tick_length, y);
        tick_text(&t, i, text, sizeof text);
        draw_text(cr, r.x + r.w + 9, y + 4, 0, number_size, false, 0, text);
    }
    cairo_rectangle(cr, floor(r.x) + 0.5, floor(r.y) + 0.5, floor(r.w), floor(r.h));
    cairo_stroke(cr);
    draw_text(cr, r.x + r.w / 2, r.y - 10, 0.5, number_size, false, 0, label);
}

static sordino_status fail(sordino_error *why, sordino_status status, const char *text)
{
    if (why) {
        why->status = status;
        snprintf(why->text, sizeof why->text, "%s", text);
    }
    return status;
}

static sordino_status fail_io(sordino_error *why, const char *what, int code)
{
    char text[256];
    snprintf(text, sizeof text, "%s: %s", what, strerror(code));
    return fail(why, SORDINO_IO, text);
}

static cairo_status_t write_bytes(void *closure, const unsigned char *data, unsigned int length)
{
    return fwrite(data, 1, length, closure) == length ? CAIRO_STATUS_SUCCESS
                                                      : CAIRO_STATUS_WRITE_ERROR;
}

static sordino_status write_png(cairo_surface_t *surface, const char *temporary, sordino_error *why)
{
    const int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL, 0666);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "wb");
    if (!file) {
        const int code = errno;
        if (fd >= 0)
            close(fd);
        return fail_io(why, "The picture cannot be created", code);
    }
    errno = 0;
    const cairo_status_t drawn = cairo_surface_write_to_png_stream(surface, write_bytes, file);
    const int code = errno;
    const bool closed = fclose(file) == 0;
    if (drawn == CAIRO_STATUS_NO_MEMORY)
        return fail(why, SORDINO_NO_MEM, sordino_status_text(SORDINO_NO_MEM));
    if (drawn != CAIRO_STATUS_SUCCESS || !closed)
        return fail_io(why, "The picture cannot be written", code ? code : errno);
    return SORDINO_OK;
}

sordino_status draw_save(cairo_surface_t *surface, const char *path, sordino_error *why)
{
    const size_t size = strlen(path) + 32;
    char *temporary = malloc(size);
    if (!temporary)
        return fail(why, SORDINO_NO_MEM, sordino_status_text(SORDINO_NO_MEM));
    snprintf(temporary, size, "%s.tmp.%ld", path, (long)getpid());
    (void)unlink(temporary); /* left by a process of this number that was killed */
    sordino_status status = write_png(surface, temporary, why);
    if (status == SORDINO_OK && rename(temporary, path) != 0)
        status = fail_io(why, "The picture cannot be moved to its place", errno);
    if (status != SORDINO_OK)
        (void)unlink(temporary);
    free(temporary);
    return status;
}
