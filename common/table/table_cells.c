#include "common/table/table_cells.h"

#include "common/table/table_rows.h"

#include <stdlib.h>
#include <string.h>

void cells_clear(cells *c)
{
    free(c->text);
    free(c->value);
    free(c->length);
    free(c->row);
    free(c->line);
    memset(c, 0, sizeof *c);
}

static bool grow(void *array, size_t size, size_t need, size_t *room)
{
    void *at;
    if (need <= *room)
        return true;
    size_t more = *room ? *room : 256;
    while (more < need)
        more *= 2;
    memcpy(&at, array, sizeof at);
    at = realloc(at, more * size);
    if (!at)
        return false;
    memcpy(array, &at, sizeof at);
    *room = more;
    return true;
}

static bool add_row(cells *c, const table_row *row)
{
    const size_t n = c->n + row->n_fields;
    if (!grow(&c->value, sizeof *c->value, n, &c->value_room) ||
        !grow(&c->length, sizeof *c->length, n, &c->length_room) ||
        !grow(&c->row, sizeof *c->row, c->n_rows + 2, &c->row_room) ||
        !grow(&c->line, sizeof *c->line, c->n_rows + 1, &c->line_room))
        return false;
    c->line[c->n_rows] = row->line;
    c->row[c->n_rows] = c->n;
    for (size_t i = 0; i < row->n_fields; i++) {
        const size_t size = row->fields[i].value_length + 1;
        if (!grow(&c->text, 1, c->n_text + size, &c->text_room))
            return false;
        memcpy(c->text + c->n_text, row->values + row->fields[i].value, size);
        c->value[c->n] = c->n_text;
        c->length[c->n++] = row->fields[i].value_length;
        c->n_text += size;
    }
    c->row[++c->n_rows] = c->n;
    return true;
}

typedef struct memory {
    const char *at;
    size_t n;
} memory;

static ptrdiff_t read_memory(void *user, void *to, size_t n)
{
    memory *const m = user;
    const size_t now = n < m->n ? n : m->n;
    memcpy(to, m->at, now);
    m->at += now;
    m->n -= now;
    return (ptrdiff_t)now;
}

static sordino_status read_rows(row_reader *reader, cells *rows, cells *comments,
                                sordino_error *why)
{
    table_row row;
    for (;;) {
        const sordino_status status = row_reader_next(reader, &row, why);
        if (status || row.n_fields == 0)
            return status;
        cells *const to = cells_is_comment(row.values + row.fields[0].value) ? comments : rows;
        if ((to == rows || rows->n_rows == 0) && !add_row(to, &row))
            return SORDINO_NO_MEM;
    }
}

bool cells_read(const char *head, size_t n, bool is_all, char delimiter, cells *rows,
                cells *comments)
{
    memory m = {head, n};
    const byte_input in = {read_memory, &m};
    row_reader *reader;
    sordino_error why;
    memset(rows, 0, sizeof *rows);
    memset(comments, 0, sizeof *comments);
    if (row_reader_new(in, delimiter, &reader, &why))
        return false;
    const sordino_status status = read_rows(reader, rows, comments, &why);
    row_reader_free(reader);
    if (!is_all && rows->n_rows > 1)
        rows->n_rows--;
    return status != SORDINO_NO_MEM;
}

size_t cells_width(const cells *c, size_t row)
{
    return c->row[row + 1] - c->row[row];
}

const char *cells_text(const cells *c, size_t row, size_t column)
{
    return column < cells_width(c, row) ? c->text + c->value[c->row[row] + column] : "";
}

bool cells_is_comment(const char *value)
{
    return *value == '#' || (*value == '%' && value[1] != '\0');
}
