/*
 * Rows of delimited text (RFC 4180 and its relatives: any delimiter, runs of spaces, CRLF), by
 * libcsv. Every byte is kept as it came, so that a table can be written again with only some of its
 * cells changed.
 */
#ifndef TABLE_TABLE_ROWS_H
#define TABLE_TABLE_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sordino/status.h>

#include "common/byte_io.h"

enum { TABLE_ROW_MAX_BYTES = 1 << 20, TABLE_MAX_COLUMNS = 16384 };

typedef struct table_field {
    size_t begin, end;   /* the field's bytes in `bytes` */
    size_t value;        /* its value in `values`: unquoted, outer blanks off, NUL-terminated */
    size_t value_length; /* bytes before that NUL (others may be among them) */
} table_field;

/* One row. `bytes` is all that came since the row before: first, up to the first field, the line
 * end of that row and blank lines; then the fields and the delimiters between them. Borrowed until
 * the next call. */
typedef struct table_row {
    const char *bytes, *values;
    size_t n_bytes;
    const table_field *fields;
    size_t n_fields;
    uint64_t line; /* from 1, on which the fields begin */
} table_row;

/* A field as it stands, with its quotes; `n` bytes. It must be there. */
const char *table_raw_field(const table_row *row, size_t field, size_t *n);

typedef struct row_reader row_reader;

/* `in` is copied; what it points to is borrowed. Errors: NO_MEM. */
SORDINO_NODISCARD sordino_status row_reader_new(byte_input in, char delimiter, row_reader **out,
                                                sordino_error *why);
void row_reader_free(row_reader *r);

/* Gives the next row; at the end one without fields, whose bytes end the table. Errors: IO, NO_MEM,
 * UNSUPPORTED (a row over the limits above). */
SORDINO_NODISCARD sordino_status row_reader_next(row_reader *r, table_row *out, sordino_error *why);

/* True when the next row may have to wait for the input. */
bool row_reader_waits(const row_reader *r);

/* Takes up to `n` line ends that follow the last row and were read already, so that they can be
 * written before the next row is there; it comes without them. Returns their number. */
size_t row_reader_take_ends(row_reader *r, char *to, size_t n);

#endif
