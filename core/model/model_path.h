/* Whole files in and out; the only part of the model code that touches a file system. */
#ifndef MODEL_MODEL_PATH_H
#define MODEL_MODEL_PATH_H

#include <stddef.h>

#include <sordino/status.h>

/* Reads a regular file of at most `max` bytes; never waits on a pipe or a device. `*out_bytes` is
 * released with free(). Errors: NO_MEM; BAD_ARG (path NULL or empty); NOT_FOUND; IO (cannot be
 * read, no regular file); BAD_MODEL (longer than `max`). */
SORDINO_NODISCARD sordino_status model_read_path(const char *path, size_t max, void **out_bytes,
                                                 size_t *out_size, sordino_error *why);

/* Writes bytes to a temporary file beside `path`, syncs and renames: at every moment `path` is
 * either the old file or the new one, whole. Nothing is left behind on failure.
 * Errors: IO, NO_MEM, BAD_ARG. */
SORDINO_NODISCARD sordino_status model_write_path(const char *path, const void *bytes, size_t size,
                                                  sordino_error *why);

#endif
