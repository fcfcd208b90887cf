#include "common/table/table_io.h"

#include "common/fail.h"
#include "common/table/table_cells.h"
#include "common/table/table_head.h"
#include "common/table/table_rows.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A step of the time column that differs from the usual by more is uneven. */
static const double even_step = 0.1;

/* Bytes in at one end, out at the other. */
typedef struct fifo {
    char *at;
    size_t begin, end, room;
} fifo;

/* The cell of a signal within its row's bytes. */
typedef struct span {
    size_t begin, end; /* of the number alone, without quotes and blanks; from the first field on */
    bool is_gap, is_absent;
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
    double last_time;
    fifo carry;         /* bytes without a signal, to go before the next row */
    fifo kept;          /* rows read and not written: a kept_row, spans [n_signals], text */
    bool loose_written; /* of the oldest row in `kept` */
    table_odd odd;
    bool row_is_odd;
    fifo line;   /* the row being written */
    span *spans; /* [n_signals] */
};

static bool fifo_add(fifo *f, const void *from, size_t n)
{
    if (n > f->room - f->end) {
        const size_t used = f->end - f->begin;
        if (f->begin > 0 && f->begin >= used) {
            memcpy(f->at, f->at + f->begin, used);
            f->begin = 0;
            f->end = used;
        }
        size_t room = f->room ? f->room : 4096;
        while (room - f->end < n)
            room *= 2;
        char *const at = room == f->room ? f->at : realloc(f->at, room);
        if (!at)
            return false;
        f->at = at;
        f->room = room;
    }
    if (n > 0)
        memcpy(f->at + f->end, from, n);
    f->end += n;
    return true;
}

static const char *fifo_take(fifo *f, size_t n)
{
    const char *const at = f->at + f->begin;
    f->begin += n;
    return at;
}

static void fifo_empty(fifo *f)
{
    f->begin = f->end = 0;
}

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
    if (t->head_n >= 2 && (memcmp(t->head, "\xFF\xFE", 2) == 0 ||
                           memcmp(t->head, "\xFE\xFF", 2) == 0 || t->head[1] == '\0'))
        return fail(why, SORDINO_UNSUPPORTED, "is UTF-16 or no text; save it as UTF-8");
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
    t->last_time = NAN;
    sordino_status status = read_shape(t, wishes, why);
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
    if (row->values[row->fields[0].value] == '#')
        return false;
    if (t->n_headers < t->shape.n_header_rows) {
        t->n_headers++;
        return false;
    }
    return row->n_fields > 1 || row->fields[0].value_length > 0 || t->shape.n_columns == 1;
}

static void look_at_time(table *t, const table_row *row)
{
    double time;
    bool is_gap;
    if (!t->shape.has_time || t->shape.step == 0 || t->shape.time_column >= row->n_fields)
        return;
    const table_field *const f = &row->fields[t->shape.time_column];
    if (!table_number(row->values + f->value, f->value_length, t->shape.decimal, &time, &is_gap))
        return;
    const double step = (time - t->last_time) * t->shape.time_unit;
    if (fabs(step - t->shape.step) > even_step * t->shape.step && t->counts.uneven++ == 0)
        t->counts.first_uneven = t->counts.rows + 1;
    t->last_time = time;
}

/* Where in a field's bytes its number stands. */
static span find_number(const table_row *row, const table_field *f)
{
    span s = {f->begin, f->end, false, false};
    while (s.begin < s.end && strchr(" \t", row->bytes[s.begin]) && row->bytes[s.begin])
        s.begin++;
    while (s.begin < s.end && strchr(" \t", row->bytes[s.end - 1]) && row->bytes[s.end - 1])
        s.end--;
    if (s.end - s.begin >= 2 && row->bytes[s.begin] == '"' && row->bytes[s.end - 1] == '"') {
        s.begin++;
        s.end--;
    }
    return s;
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

static float read_cell(table *t, const table_row *row, size_t signal)
{
    const size_t column = t->shape.signals[signal];
    span *const s = &t->spans[signal];
    double value;
    bool is_gap;
    if (column >= row->n_fields) {
        *s = (span){.is_gap = true, .is_absent = true};
        t->counts.gaps++;
        note_odd(t, row, column);
        return NAN;
    }
    const table_field *const f = &row->fields[column];
    *s = find_number(row, f);
    if (table_number(row->values + f->value, f->value_length, t->shape.decimal, &value, &is_gap)) {
        const float narrow = (float)(value - t->shape.offsets[signal]);
        if (isfinite(narrow))
            return narrow;
    } else if (!is_gap) {
        t->counts.texts++;
        note_odd(t, row, column);
    }
    s->is_gap = true;
    t->counts.gaps++;
    return NAN;
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

sordino_status table_read(table *t, float *to, size_t n, size_t *got, sordino_error *why)
{
    table_row row;
    for (*got = 0; *got < n;) {
        const sordino_status status = row_reader_next(t->rows, &row, why);
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
        look_at_time(t, &row);
        t->row_is_odd = false;
        for (size_t c = 0; c < t->shape.n_signals; c++)
            to[*got * t->shape.n_signals + c] = read_cell(t, &row, c);
        t->counts.odd += t->row_is_odd;
        if (!keep_row(t, &row))
            return fail_no_memory(why);
        t->counts.rows++;
        ++*got;
        if (row_reader_waits(t->rows))
            break; /* whoever waits for these rows shall have them */
    }
    return SORDINO_OK;
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

size_t table_print(float estimate, double offset, char decimal, char to[TABLE_NUMBER_MAX])
{
    const double value = (double)estimate + offset;
    int n = 0;
    /* A number that fewer digits than six would give has zeros after them, which %g leaves out. */
    for (int digits = 6; digits <= 17; digits++) {
        n = snprintf(to, TABLE_NUMBER_MAX, "%.*g", digits, value);
        if ((float)(strtod(to, NULL) - offset) == estimate)
            break;
    }
    char *const point = decimal == '.' ? NULL : strchr(to, '.');
    if (point)
        *point = decimal;
    return (size_t)n;
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
        if (s.is_absent || (s.is_gap && !fill_gaps) || !isfinite(estimates[c]))
            continue;
        const size_t length =
            table_print(estimates[c], t->shape.offsets[c], t->shape.decimal, number);
        if (!fifo_add(&t->line, bytes + at, s.begin - at) || !fifo_add(&t->line, number, length))
            return false;
        at = s.end;
    }
    return fifo_add(&t->line, bytes + at, n_bytes - at);
}

bool table_write(table *t, const float *estimates, size_t n, bool fill_gaps, table_writer write,
                 void *user)
{
    fifo_empty(&t->line);
    for (size_t i = 0; i < n; i++) {
        if (!fill_row(t, estimates + i * t->shape.n_signals, fill_gaps))
            return false;
        if (t->line.end >= TABLE_HEAD_BYTES) {
            if (!write(user, t->line.at, t->line.end))
                return false;
            fifo_empty(&t->line);
        }
    }
    if (!take_loose(t))
        return false;
    return t->line.end == 0 || write(user, t->line.at, t->line.end);
}

bool table_write_end(table *t, table_writer write, void *user)
{
    return t->carry.end == 0 || write(user, t->carry.at, t->carry.end);
}
