#include "common/table/table_rows.h"

#include "common/fail.h"

#include <csv.h>

#include <stdlib.h>
#include <string.h>

const char *table_raw_field(const table_row *row, size_t field, size_t *n)
{
    const table_field *const f = &row->fields[field];
    *n = f->end - f->begin;
    return row->bytes + f->begin;
}

/* A growing array of bytes. */
typedef struct text {
    char *at;
    size_t n, room;
} text;

struct row_reader {
    byte_input in;
    struct csv_parser csv;
    char delimiter;
    char chunk[16384];
    size_t chunk_n, chunk_at;
    bool at_end, row_done, out_of_memory, too_many;
    bool pending_end; /* `row_end` ended the row before and belongs to the next */
    text bytes, values;
    size_t field_begin; /* where in `bytes` the present field began */
    bool in_field;      /* a byte of the present row was seen */
    table_field *fields;
    size_t n_fields, fields_room;
    size_t n_rows;
    uint64_t n_lines, row_line; /* ends of lines seen so far; the line on which the row began */
    char row_end, last;
};

static bool text_add(text *t, const char *from, size_t n)
{
    if (n > t->room - t->n) {
        size_t room = t->room ? t->room : 4096;
        while (room - t->n < n)
            room *= 2;
        char *const at = realloc(t->at, room);
        if (!at)
            return false;
        t->at = at;
        t->room = room;
    }
    if (n)
        memcpy(t->at + t->n, from, n);
    t->n += n;
    return true;
}

/* libcsv has a field; the byte that ended it is not in `bytes` yet. */
static void on_field(void *value, size_t n, void *user)
{
    row_reader *const r = user;
    if (r->n_fields == TABLE_MAX_COLUMNS) {
        r->too_many = true;
        return;
    }
    if (r->n_fields == r->fields_room) {
        const size_t room = r->fields_room ? 2 * r->fields_room : 64;
        table_field *const fields = realloc(r->fields, room * sizeof *fields);
        if (!fields) {
            r->out_of_memory = true;
            return;
        }
        r->fields = fields;
        r->fields_room = room;
    }
    r->fields[r->n_fields++] = (table_field){r->field_begin, r->bytes.n, r->values.n, n};
    if (!text_add(&r->values, value, n) || !text_add(&r->values, "", 1))
        r->out_of_memory = true;
}

static void on_row(int c, void *user)
{
    (void)c;
    row_reader *const r = user;
    r->row_done = true;
}

sordino_status row_reader_new(byte_input in, char delimiter, row_reader **out, sordino_error *why)
{
    *out = NULL;
    row_reader *const r = calloc(1, sizeof *r);
    if (!r)
        return fail_no_memory(why);
    r->in = in;
    r->delimiter = delimiter;
    if (csv_init(&r->csv, 0) != 0) {
        free(r);
        return fail_no_memory(why);
    }
    csv_set_delim(&r->csv, (unsigned char)delimiter);
    *out = r;
    return SORDINO_OK;
}

void row_reader_free(row_reader *r)
{
    if (!r)
        return;
    csv_free(&r->csv);
    free(r->bytes.at);
    free(r->values.at);
    free(r->fields);
    free(r);
}

static sordino_status fail_row(const row_reader *r, sordino_error *why)
{
    const unsigned long row = (unsigned long)r->n_rows + 1;
    if (r->out_of_memory)
        return fail_no_memory(why);
    if (r->too_many)
        return fail(why, SORDINO_UNSUPPORTED,
                    "has more than %d columns in row %lu; was another delimiter meant?",
                    TABLE_MAX_COLUMNS, row);
    return fail(why, SORDINO_UNSUPPORTED,
                "has over 1 MiB in row %lu; is a closing quote missing, or is it no text?", row);
}

static bool is_line_end(char c)
{
    return c == '\n' || c == '\r';
}

/* One byte to libcsv: then what it reports is known to end at that byte. */
static bool feed(row_reader *r, char c)
{
    if (!r->in_field && is_line_end(c))
        return text_add(&r->bytes, &c, 1) || (r->out_of_memory = true, false);
    if (!r->in_field) {
        r->in_field = true;
        r->field_begin = r->bytes.n;
        r->row_line = r->n_lines + 1;
    }
    /* Of a run of spaces only the first separates, and those before the first field do not. */
    const bool after_space =
        r->bytes.n == r->field_begin || (r->bytes.n > 0 && r->bytes.at[r->bytes.n - 1] == ' ');
    const bool is_filler = r->delimiter == ' ' && c == ' ' && after_space && r->csv.quoted == 0;
    const size_t fields_before = r->n_fields;
    if (!is_filler && csv_parse(&r->csv, &c, 1, on_field, on_row, r) != 1)
        r->out_of_memory = true;
    if (r->row_done) {
        r->pending_end = true;
        r->row_end = c;
        return !r->out_of_memory;
    }
    if (!text_add(&r->bytes, &c, 1))
        r->out_of_memory = true;
    if (r->n_fields != fields_before)
        r->field_begin = r->bytes.n;
    return !r->out_of_memory && !r->too_many && r->bytes.n <= TABLE_ROW_MAX_BYTES;
}

/* CR LF is one end of a line. */
static void count_line(row_reader *r, char c)
{
    r->n_lines += c == '\r' || (c == '\n' && r->last != '\r');
    r->last = c;
}

static void begin_row(row_reader *r)
{
    r->bytes.n = r->values.n = r->n_fields = 0;
    r->in_field = r->row_done = false;
    if (r->pending_end) {
        r->pending_end = false;
        r->bytes.at[r->bytes.n++] = r->row_end; /* there is room: the row before had bytes */
    }
}

/* One byte, unless the input has ended. */
static sordino_status next_byte(row_reader *r, char *out, sordino_error *why)
{
    if (r->chunk_at == r->chunk_n && !r->at_end) {
        const sordino_status status =
            byte_read(&r->in, r->chunk, sizeof r->chunk, &r->chunk_n, why);
        if (status)
            return status;
        r->chunk_at = 0;
        r->at_end = r->chunk_n == 0;
    }
    if (!r->at_end)
        *out = r->chunk[r->chunk_at++];
    return SORDINO_OK;
}

/* Spaces before the line's end separate nothing either. */
static void drop_last_blank(row_reader *r)
{
    if (r->n_fields < 2)
        return;
    const table_field *const last = &r->fields[r->n_fields - 1];
    size_t at = last->begin;
    while (at < last->end && r->bytes.at[at] == ' ')
        at++;
    if (at == last->end)
        r->n_fields--;
}

sordino_status row_reader_next(row_reader *r, table_row *out, sordino_error *why)
{
    char c = '\0';
    begin_row(r);
    while (!r->row_done) {
        const sordino_status status = next_byte(r, &c, why);
        if (status)
            return status;
        if (r->at_end) {
            if (csv_fini(&r->csv, on_field, on_row, r) != 0)
                r->out_of_memory = true;
            r->row_done = true;
        } else {
            if (!feed(r, c))
                return fail_row(r, why);
            count_line(r, c);
        }
    }
    if (r->out_of_memory || r->too_many)
        return fail_row(r, why);
    if (r->delimiter == ' ')
        drop_last_blank(r);
    r->n_rows++;
    *out = (table_row){r->bytes.at ? r->bytes.at : "",
                       r->values.at ? r->values.at : "",
                       r->bytes.n,
                       r->fields,
                       r->n_fields,
                       r->row_line};
    return SORDINO_OK;
}

bool row_reader_waits(const row_reader *r)
{
    size_t at = r->chunk_at;
    if (r->at_end)
        return false;
    while (at < r->chunk_n && is_line_end(r->chunk[at]))
        at++;
    const size_t left = r->chunk_n - at;
    return !memchr(r->chunk + at, '\n', left) && !memchr(r->chunk + at, '\r', left);
}

size_t row_reader_take_ends(row_reader *r, char *to, size_t n)
{
    size_t taken = 0;
    if (r->pending_end && n > 0) {
        r->pending_end = false;
        to[taken++] = r->row_end;
    }
    while (taken < n && !r->pending_end && r->chunk_at < r->chunk_n &&
           is_line_end(r->chunk[r->chunk_at])) {
        to[taken] = r->chunk[r->chunk_at++];
        count_line(r, to[taken++]);
    }
    return taken;
}
