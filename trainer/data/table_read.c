#include "trainer/data/table_read.h"

#include "common/byte_io.h"
#include "common/table/table_io.h"
#include "core/base/error.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { CHUNK = 4096, LOWEST_RATE = 1 };
static const double even = 1e-4; /* of a rate that is a whole number but for rounded times */

bool table_is_named(const char *path)
{
    static const char *const endings[] = {".csv", ".tsv", ".txt"};
    const size_t n = strlen(path);
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
        if (n > 4 && strcasecmp(path + n - 4, endings[i]) == 0)
            return true;
    return false;
}

/* Text with the table's own sentence behind its name. */
static sordino_status named(const char *path, sordino_status status, const sordino_error *inner,
                            sordino_error *why)
{
    return status == SORDINO_OK ? status : error_set(why, status, "%s: %s", path, inner->text);
}

static sordino_status open_table(const char *path, int *fd, table **t, sordino_error *why)
{
    const table_wishes wishes = {.time_column = -1};
    sordino_error inner = {0};
    *t = NULL;
    sordino_status status = byte_open(path, fd, &inner);
    if (status == SORDINO_OK)
        status = table_open(byte_input_fd(fd), &wishes, t, &inner);
    return named(path, status, &inner, why);
}

static double rate_of(const table *t)
{
    const double rate = table_shape_of(t)->rate, whole = round(rate);
    return whole > 0 && fabs(rate - whole) < even * whole ? whole : rate;
}

double table_rate(const char *path)
{
    int fd = -1;
    table *t;
    const double rate = open_table(path, &fd, &t, NULL) == SORDINO_OK ? rate_of(t) : 0;
    table_close(t);
    byte_close(fd);
    return rate;
}

/* All rows [n][channels], for the caller to free. */
static sordino_status read_rows(table *t, size_t channels, float **all, size_t *n,
                                sordino_error *why)
{
    size_t room = 0, got = 1;
    sordino_status status = SORDINO_OK;
    *all = NULL;
    *n = 0;
    while (got > 0) {
        if (*n + CHUNK > room) {
            room = 2 * room + CHUNK;
            float *const more = realloc(*all, room * channels * sizeof *more);
            if (!more)
                return error_set(why, SORDINO_NO_MEM, "Out of memory for the table");
            *all = more;
        }
        status = table_read(t, *all + *n * channels, CHUNK, &got, why);
        if (status != SORDINO_OK)
            return status;
        table_drop(t, got);
        *n += got;
    }
    return status;
}

/* Rows into channels, gaps filled, all scaled by one factor. */
static bool take_columns(const float *all, sound *s)
{
    double peak = 0;
    s->samples = calloc(s->n * s->channels + 1, sizeof *s->samples);
    for (size_t c = 0; s->samples && c < s->channels; c++) {
        float *const to = s->samples + c * s->n;
        double mean = 0;
        size_t count = 0;
        for (size_t i = 0; i < s->n; i++) {
            const float x = all[i * s->channels + c];
            if (isfinite(x)) {
                mean += (double)x;
                count++;
            }
        }
        mean = count > 0 ? mean / (double)count : 0;
        s->not_finite += s->n - count;
        float last = 0;
        for (size_t i = 0; i < s->n; i++) {
            const float x = all[i * s->channels + c];
            to[i] = last = isfinite(x) ? (float)((double)x - mean) : last;
            peak = fmax(peak, fabs((double)to[i]));
        }
    }
    const double gain = peak > 0 ? 0.5 / peak : 1;
    for (size_t i = 0; s->samples && i < s->n * s->channels; i++)
        s->samples[i] = (float)(gain * (double)s->samples[i]);
    return s->samples != NULL;
}

static sordino_status fill(table *t, const char *path, double rate, sound *out, sordino_error *why)
{
    float *all = NULL;
    sordino_error inner = {0};
    out->channels = table_shape_of(t)->n_signals;
    out->rate = rate_of(t) > 0 ? rate_of(t) : rate;
    if (!(out->rate > 0))
        return error_set(why, SORDINO_BAD_ARG, "%s has no times; say its rate by --rates", path);
    if (out->rate < LOWEST_RATE)
        return error_set(why, SORDINO_BAD_ARG,
                         "%s is at %g Hz; recordings are trained with from %d Hz on", path,
                         out->rate, (int)LOWEST_RATE);
    sordino_status status =
        named(path, read_rows(t, out->channels, &all, &out->n, &inner), &inner, why);
    if (status == SORDINO_OK && out->n == 0)
        status = error_set(why, SORDINO_IO, "%s has no rows", path);
    if (status == SORDINO_OK && !take_columns(all, out))
        status = error_set(why, SORDINO_NO_MEM, "Out of memory for %s", path);
    out->all = (double)out->n / out->rate;
    free(all);
    return status;
}

sordino_status table_read_sound(const char *path, double rate, sound *out, sordino_error *why)
{
    int fd = -1;
    table *t;
    *out = (sound){0};
    sordino_status status = open_table(path, &fd, &t, why);
    if (status == SORDINO_OK)
        status = fill(t, path, rate, out, why);
    table_close(t);
    byte_close(fd);
    if (status != SORDINO_OK)
        sound_free(out);
    return status;
}
