#include "offline/eval/report.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { CELL = 48 };

size_t report_rows(const report *r)
{
    size_t n = 0;
    for (size_t i = 0; i < r->pairs->n; i++)
        n += r->results[i].rows;
    return n;
}

report_row report_row_at(const report *r, size_t i)
{
    size_t p = 0;
    while (i >= r->results[p].rows)
        i -= r->results[p++].rows;
    const report_row row = {&r->pairs->items[p], &r->results[p], i};
    return row;
}

double report_value(const report_row *row, report_part part, figure f)
{
    const double processed = row->result->processed.values[row->channel][f];
    if (part == PART_PROCESSED)
        return processed;
    if (!row->result->noisy.values)
        return NAN;
    const double noisy = row->result->noisy.values[row->channel][f];
    return part == PART_NOISY ? noisy : processed - noisy;
}

/* The values of all rows; the caller frees them. NULL when out of memory. */
static double *column(const report *r, report_part part, figure f)
{
    const size_t rows = report_rows(r);
    double *const values = malloc((rows ? rows : 1) * sizeof *values);
    size_t n = 0;
    for (size_t p = 0; values && p < r->pairs->n; p++)
        for (size_t k = 0; k < r->results[p].rows; k++) {
            const report_row row = {&r->pairs->items[p], &r->results[p], k};
            values[n++] = report_value(&row, part, f);
        }
    return values;
}

bool report_summary(const report *r, report_part part, figure f, summary *out)
{
    double *const values = column(r, part, f);
    if (!values)
        return false;
    *out = summarise(values, report_rows(r));
    free(values);
    return true;
}

/* A table of text: the first column is aligned left, the others right. */
typedef struct grid {
    size_t rows, columns;
    char (*cells)[CELL]; /* [rows][columns] */
} grid;

static char *cell(const grid *g, size_t row, size_t c)
{
    return g->cells[row * g->columns + c];
}

/* Characters, taking the text for UTF-8. */
static size_t text_width(const char *text)
{
    size_t n = 0;
    for (; *text; text++)
        n += ((unsigned char)*text & 0xC0) != 0x80;
    return n;
}

static size_t column_width(const grid *g, size_t c)
{
    size_t width = 0;
    for (size_t row = 0; row < g->rows; row++) {
        const size_t w = text_width(cell(g, row, c));
        width = w > width ? w : width;
    }
    return width;
}

/* Blanks are printed before the next text only, so that no line ends with some. */
static void print_grid(const grid *g, FILE *to)
{
    for (size_t row = 0; row < g->rows; row++) {
        size_t blanks = 0;
        for (size_t c = 0; c < g->columns; c++) {
            const char *const text = cell(g, row, c);
            const size_t spare = column_width(g, c) - text_width(text);
            blanks += c ? 2 + spare : 0;
            if (*text) {
                fprintf(to, "%*s%s", (int)blanks, "", text);
                blanks = 0;
            }
            blanks += c ? 0 : spare;
        }
        fputc('\n', to);
    }
}

static void put_value(char *to, figure f, report_part part, double value)
{
    char format[16];
    if (isnan(value)) {
        snprintf(to, CELL, "n/a");
        return;
    }
    /* a difference shows its sign */
    snprintf(format, sizeof format, "%%%s%s", part == PART_DIFFERENCE ? "+" : "",
             figure_infos[f].format + 1);
    snprintf(to, CELL, format, value);
}

/* The pair's name, its end when too long, and the channel counted from 1 where each has a row. */
static void put_name(char to[CELL], const report_row *row)
{
    char channel[32] = "";
    const char *name = row->pair->name;
    if (row->result->rows > 1)
        snprintf(channel, sizeof channel, " [%zu]", row->channel + 1);
    const size_t room = CELL - 1 - strlen(channel), length = strlen(name);
    if (length > room) {
        name += length - (room - 3);
        while (((unsigned char)*name & 0xC0) == 0x80)
            name++;
    }
    snprintf(to, CELL, "%s%.*s%s", length > room ? "..." : "", (int)room, name, channel);
}

/* Column `c` of the grid: one figure in all rows, then its summary. */
static bool put_column(const report *r, report_part part, figure f, const grid *g, size_t c)
{
    const size_t rows = report_rows(r);
    double *const values = column(r, part, f);
    if (!values)
        return false;
    snprintf(cell(g, 0, c), CELL, "%s", figure_infos[f].title);
    snprintf(cell(g, 1, c), CELL, "%s", figure_infos[f].unit);
    for (size_t i = 0; i < rows; i++)
        put_value(cell(g, 2 + i, c), f, part, values[i]);
    if (rows > 1) {
        const summary s = summarise(values, rows);
        put_value(cell(g, 3 + rows, c), f, part, s.mean);
        put_value(cell(g, 4 + rows, c), f, PART_PROCESSED, (s.high - s.low) / 2);
        put_value(cell(g, 5 + rows, c), f, part, s.median);
    }
    free(values);
    return true;
}

static void put_names(const report *r, report_part part, const grid *g)
{
    const size_t rows = report_rows(r), last = g->columns - 1;
    if (part == PART_PROCESSED) {
        snprintf(cell(g, 0, last), CELL, "Delay");
        snprintf(cell(g, 1, last), CELL, "samples");
    }
    for (size_t i = 0; i < rows; i++) {
        const report_row row = report_row_at(r, i);
        put_name(cell(g, 2 + i, 0), &row);
        if (part == PART_PROCESSED)
            snprintf(cell(g, 2 + i, last), CELL, "%lld", (long long)row.result->processed.delay);
    }
    if (rows > 1) {
        snprintf(cell(g, 3 + rows, 0), CELL, "mean");
        snprintf(cell(g, 4 + rows, 0), CELL, "  +/- (95 %%)");
        snprintf(cell(g, 5 + rows, 0), CELL, "median");
    }
}

/* Figures that have a value in any row. */
static bool shown_figures(const report *r, report_part part, figure shown[FIGURES], size_t *n)
{
    *n = 0;
    for (int f = 0; f < FIGURES; f++) {
        summary s;
        if (!report_summary(r, part, (figure)f, &s))
            return false;
        if (s.n)
            shown[(*n)++] = (figure)f;
    }
    return true;
}

static bool print_part(const report *r, report_part part, FILE *to)
{
    const size_t rows = report_rows(r);
    figure shown[FIGURES];
    size_t n;
    if (!shown_figures(r, part, shown, &n))
        return false;
    grid g = {2 + rows + (rows > 1 ? 4 : 0), 1 + n + (part == PART_PROCESSED), NULL};
    g.cells = calloc(g.rows * g.columns, sizeof *g.cells);
    bool done = g.cells != NULL;
    if (done)
        put_names(r, part, &g);
    for (size_t c = 0; done && c < n; c++)
        done = put_column(r, part, shown[c], &g, 1 + c);
    if (done)
        print_grid(&g, to);
    free(g.cells);
    return done;
}

static bool has_noisy(const report *r)
{
    for (size_t p = 0; p < r->pairs->n; p++)
        if (r->results[p].rows && r->results[p].noisy.values)
            return true;
    return false;
}

bool report_table(const report *r, FILE *to)
{
    if (report_rows(r) == 0)
        return true;
    if (!print_part(r, PART_PROCESSED, to))
        return false;
    if (!has_noisy(r))
        return true;
    fputs("\nChange from the noisy signal\n", to);
    return print_part(r, PART_DIFFERENCE, to);
}

static void csv_text(const char *text, FILE *to)
{
    fputc('"', to);
    for (; *text; text++) {
        if (*text == '"')
            fputc('"', to);
        fputc(*text, to);
    }
    fputc('"', to);
}

static void csv_values(const report_row *row, report_part part, FILE *to)
{
    for (int f = 0; f < FIGURES; f++) {
        const double value = report_value(row, part, (figure)f);
        fputc(',', to);
        if (!isnan(value))
            fprintf(to, "%.10g", value);
    }
}

bool report_csv(const report *r, FILE *to)
{
    static const char *const prefixes[PARTS] = {"", "noisy_", "change_"};
    const int parts = has_noisy(r) ? PARTS : 1;
    fputs("name,channel,rate,samples,delay", to);
    for (int part = 0; part < parts; part++)
        for (int f = 0; f < FIGURES; f++)
            fprintf(to, ",%s%s", prefixes[part], figure_infos[f].key);
    fputs("\n", to);
    for (size_t i = 0; i < report_rows(r); i++) {
        const report_row row = report_row_at(r, i);
        csv_text(row.pair->name, to);
        if (r->options->each_channel)
            fprintf(to, ",%zu", row.channel + 1);
        else
            fputs(",mean", to);
        fprintf(to, ",%.10g,%zu,%lld", row.result->rate, row.result->processed.n,
                (long long)row.result->processed.delay);
        for (int part = 0; part < parts; part++)
            csv_values(&row, (report_part)part, to);
        fputs("\n", to);
    }
    return true;
}
