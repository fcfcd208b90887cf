/* Bytes compressed as gzip does (RFC 1952), by zlib. */
#ifndef COMMON_GZ_IO_H
#define COMMON_GZ_IO_H

#include <stdbool.h>
#include <stddef.h>

#include <sordino/status.h>

#include "common/byte_io.h"

typedef struct gz_reader gz_reader;

/* Looks at the first two bytes of `in` and puts in its place an input that gives them, too, and of
 * gzip what is inside. `*out` is owned; what `in` pointed to is borrowed by it. Errors: IO, NO_MEM;
 * when read, IO also for what is damaged or cut off. */
SORDINO_NODISCARD sordino_status gz_reader_open(byte_input *in, gz_reader **out,
                                                sordino_error *why);
void gz_reader_close(gz_reader *r); /* NULL is ignored */

/* True for a name that ends in .gz. */
bool gz_is_name(const char *path);

typedef struct gz_writer gz_writer;

/* Takes bytes; false ends the writing. */
typedef bool (*gz_sink)(void *user, const void *bytes, size_t n);

/* NULL: out of memory. `user` is borrowed. */
gz_writer *gz_writer_new(gz_sink sink, void *user);
void gz_writer_free(gz_writer *w); /* NULL is ignored */

bool gz_write(gz_writer *w, const void *bytes, size_t n);

/* After the last bytes. False, as gz_write, when the sink failed. */
bool gz_finish(gz_writer *w);

#endif
