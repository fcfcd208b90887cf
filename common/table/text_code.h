/* Text in UTF-16 as UTF-8, and back again byte for byte, by iconv. */
#ifndef TABLE_TEXT_CODE_H
#define TABLE_TEXT_CODE_H

#include <stdbool.h>
#include <stddef.h>

#include <sordino/status.h>

#include "common/byte_io.h"

typedef struct text_code text_code;

/* Looks at the first bytes of `in` and puts in its place an input that gives them, too; of UTF-16
 * (by its mark, or where every other of the first bytes is zero) as UTF-8. `*out` is owned; what
 * `in` pointed to is borrowed by it. Errors: IO, NO_MEM; when read, IO for what is no UTF-16. */
SORDINO_NODISCARD sordino_status text_code_open(byte_input *in, text_code **out,
                                                sordino_error *why);
void text_code_close(text_code *c); /* NULL is ignored */

/* Makes of UTF-8 what the input was in; `*bytes` is then borrowed until the next call. False when
 * memory ran out. */
bool text_code_encode(text_code *c, const char **bytes, size_t *n);

#endif
