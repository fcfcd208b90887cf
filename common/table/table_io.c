#include "common/table/table_io.h"

#include "common/fail.h"
#include "common/table/table_cells.h"
#include "common/table/table_head.h"
#include "common/table/fifo.h"
#include "common/table/row_clock.h"
#include "common/table/table_rows.h"
#include "common/table/text_code.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* An estimate that is written, smaller than this, would be one of a float's last few bits. */
static const float least_float = FLT_MIN;

/* The cell of a signal within its row's bytes. */
typedef struct span {
    size_t begin, end; /* of the number alone, without quotes and blanks; from the first field on */
    bool is_gap, is_absent;
    bool is_kept; /* is read, but stays as it is */
} span;

/* A row's text: what comes before its first field, and the fields. */
typedef struct kept_row {
    size_t n_loose, n_bytes;
} kept_row;

struct table {
    table_shape shape;
    table_counts counts;
    char head[TABLE_HEAD_BYTES];
    size_t head_n, head_at;
    byte_input in;
    row_reader *rows;
    size_t n_headers; /* header rows seen so far */
    row_clock clock;
    double *steps; /* [steps_room] of the rows read last */
    size_t steps_room;
    bool strict; /* a number in another form than the first rows' is an error */
    bool has_constants;
    text_code *code;    /* of UTF-16; NULL = none */
    fifo carry;         /* bytes without a signal, to go before the next row */
    fifo kept;          /* rows read and not written: a kept_row, spans [n_signals], text */
    bool loose_written; /* of the oldest row in `kept` */
    table_odd odd;
    bool row_is_odd;
    fifo line;   /* the row being written */
    span *spans; /* [n_signals] */
};

/* The head again, then the rest. */
static ptrdiff_t read_again(void *user, void *to, size_t n)
{
    table *const t = user;
    const size_t left = t->head_n - t->head_at;
    if (left == 0)
        return t->in.read(t->in.user, to, n);
    const size_t now = n < left ? n : left;
    memcpy(to, t->head + t->head_at, now);
    t->head_at += now;
    return (ptrdiff_t)now;
}

/* All that fits, and its shape. */
static sordino_status read_head(table *t, const table_wishes *wishes, sordino_error *why)
{
    const sordino_status status = byte_read_full(&t->in, t->head, sizeof t->head, &t->head_n, why);
    if (status)
        return status;
    if (t->head_n == 0)
        return fail(why, SORDINO_IO, "is empty; a table of numbers was expected");
    if (memchr(t->head, '\0', t->head_n < 4096 ? t->head_n : 4096))
        return fail(why, SORDINO_UNSUPPORTED, "is no text; a table of numbers was expected");
    t->head_at = table_mark(t->head, t->head_n);
    return table_guess(t->head + t->head_at, t->head_n - t->head_at, t->head_n < sizeof t->head,
                       wishes, &t->shape, why);
}

static sordino_status read_shape(table *t, const table_wishes *wishes, sordino_error *why)
{
    sordino_status status =
        wishes->first_row
            ? table_head_row(&t->in, wishes, t->head, sizeof t->head, &t->head_n, &t->shape, why)
            : read_head(t, wishes, why);
    if (status)
        return status;
    t->head_at = table_mark(t->head, t->head_n);
    if (!fifo_add(&t->carry, t->head, t->head_at))
        return fail_no_memory(why);
    for (size_t k = 0; k < t->shape.n_columns; k++)
        t->has_constants = t->has_constants || t->shape.columns[k].kind == COLUMN_CONSTANT;
    t->spans = calloc(t->shape.n_signals + 1, sizeof *t->spans);
    return t->spans ? SORDINO_OK : fail_no_memory(why);
}

sordino_status table_open(byte_input in, const table_wishes *wishes, table **out,
                          sordino_error *why)
{
    *out = NULL;
    table *const t = calloc(1, sizeof *t);
    if (!t)
        return fail_no_memory(why);
    t->in = in;
    t->strict = !wishes->first_row;
    sordino_status status = text_code_open(&t->in, &t->code, why);
    if (!status)
        status = read_shape(t, wishes, why);
    if (!status)
        status = row_reader_new((byte_input){read_again, t}, t->shape.delimiter, &t->rows, why);
    if (status) {
        table_close(t);
        return status;
    }
    *out = t;
    return SORDINO_OK;
}

void table_close(table *t)
{
    if (!t)
        return;
    row_reader_free(t->rows);
    table_shape_clear(&t->shape);
    free(t->carry.at);
    free(t->kept.at);
    free(t->line.at);
    free(t->spans);
    free(t->steps);
    text_code_close(t->code);
    free(t);
}

const table_shape *table_shape_of(const table *t)
{
    return &t->shape;
}

const table_counts *table_counts_of(const table *t)
{
    return &t->counts;
}

/* ---- reading */

/* A row without samples: comment, header, or blank in a table of several columns. */
static bool is_data(table *t, const table_row *row)
{
    if (cells_is_comment(row->values + row->fields[0].value))
        return false;
    if (t->n_headers < t->shape.n_header_rows) {
        t->n_headers++;
        return false;
    }
    return row->n_fields > 1 || row->fields[0].value_length > 0 || t->shape.n_columns == 1;
}

/* Seconds since the row before; NaN where they are not known. */
static double step_to(table *t, const table_row *row)
{
    bool is_uneven = false;
    const double step = row_clock_step(&t->clock, &t->shape, row, &is_uneven);
    if (is_uneven && t->counts.uneven++ == 0)
        t->counts.first_uneven = t->counts.rows + 1;
    return step;
}

static bool keep_step(table *t, size_t i, double step)
{
    if (i >= t->steps_room) {
        const size_t room = t->steps_room ? 2 * t->steps_room : 256;
        double *const steps = realloc(t->steps, room * sizeof *steps);
        if (!steps)
            return false;
        t->steps = steps;
        t->steps_room = room;
    }
    t->steps[i] = step;
    return true;
}

const double *table_steps(const table *t)
{
    return t->steps;
}

static void note_odd(table *t, const table_row *row, size_t column)
{
    t->row_is_odd = true;
    if (t->odd.line > 0)
        return;
    t->odd = (table_odd){.line = row->line, .column = column + 1, .is_short = true};
    if (column >= row->n_fields)
        return;
    t->odd.is_short = false;
    snprintf(t->odd.text, sizeof t->odd.text, "%s", row->values + row->fields[column].value);
}

void table_take_odd(table *t, table_odd *out)
{
    *out = t->odd;
    t->odd.line = 0;
}

/* A cell that is no number: words, or a number in another form. */
static sordino_status read_words(table *t, const table_row *row, size_t column, sordino_error *why)
{
    number_evidence evidence = {0};
    size_t n;
    const char *const text = table_raw_field(row, column, &n);
    if (t->strict && number_weigh(text, n, &evidence))
        return fail(why, SORDINO_UNSUPPORTED,
                    "line %llu, column %zu: %.*s is not written as the numbers above it are; "
                    "correct it, or say --decimal",
                    (unsigned long long)row->line, column + 1, n > 30 ? 30 : (int)n, text);
    if (t->counts.texts++ == 0)
        t->counts.first_text = row->line;
    note_odd(t, row, column);
    return SORDINO_OK;
}

/* True when a number is one that is denoised. */
static bool take_value(table *t, const table_row *row, size_t signal, double value)
{
    const float narrow = (float)(value - t->shape.offsets[signal]);
    span *const s = &t->spans[signal];
    if (table_is_missing(&t->shape, t->shape.signals[signal], value)) {
        if (t->counts.missing++ == 0)
            t->counts.missing_value = value;
        return false;
    }
    s->is_kept = value != 0 && value != t->shape.offsets[signal] && fabsf(narrow) < least_float;
    if ((s->is_kept || !isfinite(narrow)) && t->counts.beyond++ == 0)
        t->counts.first_beyond = row->line;
    return isfinite(narrow);
}

/* The number of a signal's cell; NaN for a gap. */
static sordino_status read_cell(table *t, const table_row *row, size_t signal, double *out,
                                sordino_error *why)
{
    const size_t column = t->shape.signals[signal];
    span *const s = &t->spans[signal];
    cell_number number;
    size_t n;
    *out = (double)NAN;
    if (column >= row->n_fields) {
        *s = (span){.is_gap = true, .is_absent = true};
        t->counts.gaps++;
        note_odd(t, row, column);
        return SORDINO_OK;
    }
    const char *const text = table_raw_field(row, column, &n);
    const cell_kind kind =
        memchr(text, '\0', n) ? CELL_TEXT
                              : number_read(text, n, t->shape.columns[column].format.form, &number);
    const size_t begin = row->fields[column].begin;
    *s = (span){.begin = begin + (kind == CELL_TEXT ? 0 : number.begin),
                .end = begin + (kind == CELL_TEXT ? n : number.end)};
    if (kind == CELL_NUMBER && take_value(t, row, signal, number.value)) {
        *out = number.value;
        return SORDINO_OK;
    }
    s->is_gap = true;
    t->counts.gaps++;
    return kind == CELL_TEXT ? read_words(t, row, column, why) : SORDINO_OK;
}

/* Does a column move that did not in the first rows, and so was left alone? */
static void look_at_constants(table *t, const table_row *row)
{
    cell_number number;
    size_t n;
    if (!t->has_constants || t->counts.moved_line > 0)
        return;
    for (size_t k = 0; k < t->shape.n_columns && k < row->n_fields; k++) {
        const table_column *const c = &t->shape.columns[k];
        if (c->kind != COLUMN_CONSTANT)
            continue;
        const char *const text = table_raw_field(row, k, &n);
        if (number_read(text, n, c->format.form, &number) != CELL_NUMBER ||
            number.value == c->least)
            continue;
        t->counts.moved_line = row->line;
        t->counts.moved_column = k + 1;
        return;
    }
}

/* Keeps a row's text, with all that came before it. */
static bool keep_row(table *t, const table_row *row)
{
    const size_t loose = row->fields[0].begin;
    const kept_row k = {t->carry.end + loose, row->n_bytes - loose};
    for (size_t c = 0; c < t->shape.n_signals; c++) {
        t->spans[c].begin -= t->spans[c].is_absent ? 0 : loose;
        t->spans[c].end -= t->spans[c].is_absent ? 0 : loose;
    }
    if (!fifo_add(&t->kept, &k, sizeof k) ||
        !fifo_add(&t->kept, t->spans, t->shape.n_signals * sizeof *t->spans) ||
        !fifo_add(&t->kept, t->carry.at, t->carry.end) ||
        !fifo_add(&t->kept, row->bytes, row->n_bytes))
        return false;
    fifo_empty(&t->carry);
    return true;
}

/* One row of data: `to` or `wide` [n_signals], the other NULL. */
static sordino_status take_data(table *t, const table_row *row, size_t i, float *to, double *wide,
                                sordino_error *why)
{
    const size_t n = t->shape.n_signals;
    if (!keep_step(t, i, step_to(t, row)))
        return fail_no_memory(why);
    t->row_is_odd = false;
    for (size_t c = 0; c < n; c++) {
        double value;
        const sordino_status status = read_cell(t, row, c, &value, why);
        if (status)
            return status;
        if (wide)
            wide[i * n + c] = value;
        if (to)
            to[i * n + c] = t->spans[c].is_gap ? NAN : (float)(value - t->shape.offsets[c]);
    }
    t->counts.odd += t->row_is_odd;
    look_at_constants(t, row);
    return keep_row(t, row) ? SORDINO_OK : fail_no_memory(why);
}

static sordino_status read_rows(table *t, float *to, double *wide, size_t n, size_t *got,
                                sordino_error *why)
{
    table_row row;
    for (*got = 0; *got < n;) {
        sordino_status status = row_reader_next(t->rows, &row, why);
        if (status)
            return status;
        t->counts.bytes += row.n_bytes;
        if (row.n_fields == 0 || !is_data(t, &row)) {
            if (!fifo_add(&t->carry, row.bytes, row.n_bytes))
                return fail_no_memory(why);
            if (row.n_fields == 0)
                return SORDINO_OK;
            continue;
        }
        status = take_data(t, &row, *got, to, wide, why);
        if (status)
            return status;
        t->counts.rows++;
        ++*got;
        if (row_reader_waits(t->rows))
            break; /* whoever waits for these rows shall have them */
    }
    return SORDINO_OK;
}

sordino_status table_read(table *t, float *to, size_t n, size_t *got, sordino_error *why)
{
    return read_rows(t, to, NULL, n, got, why);
}

sordino_status table_read_doubles(table *t, double *to, size_t n, size_t *got, sordino_error *why)
{
    return read_rows(t, NULL, to, n, got, why);
}

/* ---- writing */

/* Text of the oldest row from its first field on, whose cells are then in `spans`; before it, in
 * `line`, what comes before that field unless it was written. False when memory ran out. */
static bool take_row(table *t, const char **bytes, size_t *n_bytes)
{
    const size_t size = t->shape.n_signals * sizeof *t->spans;
    kept_row k;
    memcpy(&k, fifo_take(&t->kept, sizeof k), sizeof k);
    memcpy(t->spans, fifo_take(&t->kept, size), size);
    const char *const loose = fifo_take(&t->kept, k.n_loose);
    *bytes = fifo_take(&t->kept, k.n_bytes);
    *n_bytes = k.n_bytes;
    const bool good = t->loose_written || fifo_add(&t->line, loose, k.n_loose);
    t->loose_written = false;
    return good;
}

/* What comes before the next row's first field needs no estimate, nor does what follows the last
 * row that was read. */
static bool take_loose(table *t)
{
    char ends[16];
    kept_row k;
    if (t->kept.begin < t->kept.end) {
        const char *const row = t->kept.at + t->kept.begin;
        memcpy(&k, row, sizeof k);
        const char *const loose = row + sizeof k + t->shape.n_signals * sizeof *t->spans;
        const bool good = t->loose_written || fifo_add(&t->line, loose, k.n_loose);
        t->loose_written = true;
        return good;
    }
    const size_t n = row_reader_take_ends(t->rows, ends, sizeof ends);
    t->counts.bytes += n;
    const bool good = fifo_add(&t->line, t->carry.at, t->carry.end) && fifo_add(&t->line, ends, n);
    fifo_empty(&t->carry);
    return good;
}

void table_drop(table *t, size_t n)
{
    const char *bytes;
    size_t n_bytes;
    for (size_t i = 0; i < n; i++) {
        (void)take_row(t, &bytes, &n_bytes);
        fifo_empty(&t->line);
    }
}

/* One row with its estimates, in `line`. */
static bool fill_row(table *t, const float *estimates, bool fill_gaps)
{
    const size_t n = t->shape.n_signals;
    char number[TABLE_NUMBER_MAX];
    const char *bytes;
    size_t n_bytes, at = 0;
    if (!take_row(t, &bytes, &n_bytes))
        return false;
    for (size_t c = 0; c < n; c++) {
        const span s = t->spans[c];
        if (s.is_absent || s.is_kept || (s.is_gap && !fill_gaps) || !isfinite(estimates[c]))
            continue;
        const number_format *const format = &t->shape.columns[t->shape.signals[c]].format;
        const size_t length = number_print(estimates[c], t->shape.offsets[c], format, number);
        if (!fifo_add(&t->line, bytes + at, s.begin - at) || !fifo_add(&t->line, number, length))
            return false;
        at = s.end;
    }
    return fifo_add(&t->line, bytes + at, n_bytes - at);
}

/* What is in `line`, as the file is coded. */
static bool write_line(table *t, table_writer write, void *user)
{
    const char *bytes = t->line.at;
    size_t n = t->line.end;
    if (t->code && !text_code_encode(t->code, &bytes, &n))
        return false;
    fifo_empty(&t->line);
    return n == 0 || write(user, bytes, n);
}

bool table_write(table *t, const float *estimates, size_t n, bool fill_gaps, table_writer write,
                 void *user)
{
    fifo_empty(&t->line);
    for (size_t i = 0; i < n; i++) {
        if (!fill_row(t, estimates + i * t->shape.n_signals, fill_gaps))
            return false;
        if (t->line.end >= TABLE_HEAD_BYTES && !write_line(t, write, user))
            return false;
    }
    if (!take_loose(t))
        return false;
    return write_line(t, write, user);
}

bool table_write_end(table *t, table_writer write, void *user)
{
    fifo_empty(&t->line);
    return fifo_add(&t->line, t->carry.at, t->carry.end) && write_line(t, write, user);
}
