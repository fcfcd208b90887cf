/* What is looked at before a table's shape is known. */
#ifndef TABLE_TABLE_HEAD_H
#define TABLE_TABLE_HEAD_H

#include <stddef.h>

#include <sordino/status.h>

#include "common/byte_io.h"
#include "common/table/table_guess.h"

/* Bytes of the mark (of UTF-8) that the head begins with: 0 or 3. */
size_t table_mark(const char *head, size_t n);

/* Reads to `head` until its lines tell the shape, or `room` bytes; in whatever pieces they come the
 * shape is the same. What was read is `*n` bytes and may go on behind the row. `why` names the
 * line. Nothing at all to read is no error: `*n` is 0. Errors: those of table_guess, and IO. */
SORDINO_NODISCARD sordino_status table_head_row(const byte_input *in, const table_wishes *wishes,
                                                char *head, size_t room, size_t *n,
                                                table_shape *shape, sordino_error *why);

#endif
