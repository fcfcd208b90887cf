#include "common/plot/plot_spectrogram.h"

#include <math.h>
#include <string.h>

static double max_power(const float *values, size_t n)
{
    double most = 0;
    for (size_t i = 0; i < n; i++)
        most = values[i] > most ? values[i] : most;
    return most;
}

static void to_decibels(float *values, size_t n, double low_db)
{
    for (size_t i = 0; i < n; i++)
        values[i] = values[i] > 0 ? (float)fmax(10 * log10(values[i]), low_db) : (float)low_db;
}

/* `values` [n] a `stride` apart, stretched or shrunk to `size` places: the value at place `at`.
 * Between values when stretching, their mean when shrinking. */
static float resampled(const float *values, size_t stride, size_t n, size_t at, size_t size)
{
    if (n <= size) {
        const double x = fmax(0, ((double)at + 0.5) * (double)n / (double)size - 0.5);
        const size_t i = (size_t)x, j = i + 1 < n ? i + 1 : n - 1;
        const double part = x - (double)i;
        return (float)((1 - part) * values[i * stride] + part * values[j * stride]);
    }
    const size_t from = at * n / size, to = (at + 1) * n / size;
    double sum = 0;
    for (size_t i = from; i < to; i++)
        sum += values[i * stride];
    return (float)(sum / (double)(to - from));
}

double spectrogram_to_decibels(audio *a)
{
    const size_t n = a->n_columns * a->rows;
    const double most = fmax(max_power(a->columns[0], n), max_power(a->columns[1], n));
    const double high_db = most > 0 ? ceil(log10(most)) * 10 : 0;
    for (int s = 0; s < 2; s++)
        to_decibels(a->columns[s], n, high_db - spectrogram_depth_db);
    return high_db;
}

void spectrogram_draw(cairo_t *cr, rect r, const audio *a, int s, double high_db)
{
    const double low_db = high_db - spectrogram_depth_db;
    const size_t w = (size_t)r.w, h = (size_t)r.h;
    cairo_surface_t *image = cairo_image_surface_create(CAIRO_FORMAT_RGB24, (int)w, (int)h);
    unsigned char *const bytes = cairo_image_surface_get_data(image);
    const size_t stride = (size_t)cairo_image_surface_get_stride(image);
    float column[MAX_ROWS] = {0};
    cairo_surface_flush(image);
    for (size_t x = 0; bytes && x < w; x++) {
        for (size_t k = 0; k < a->rows; k++)
            column[k] = a->n_columns ? resampled(a->columns[s] + k, a->rows, a->n_columns, x, w)
                                     : (float)low_db;
        for (size_t y = 0; y < h; y++) {
            const float db = resampled(column, 1, a->rows, h - 1 - y, h);
            const uint32_t rgb = draw_map_colour((db - low_db) / spectrogram_depth_db);
            memcpy(bytes + y * stride + 4 * x, &rgb, sizeof rgb);
        }
    }
    cairo_surface_mark_dirty(image);
    cairo_set_source_surface(cr, image, r.x, r.y);
    cairo_paint(cr);
    cairo_surface_destroy(image);
}
