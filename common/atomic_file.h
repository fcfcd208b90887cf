/*
 * A file being written, seen under its name only once it is whole. What is written goes to
 * `.NAME.sordino-XXXXXX` in the same folder, which takes the place of NAME when it is committed and
 * is removed when it is not, also when the process is ended by a signal. Standard output ("-") and
 * what is not an ordinary file (a device, a named pipe) is written directly.
 * One output belongs to one thread at a time; different outputs may live in different threads.
 */
#ifndef COMMON_ATOMIC_FILE_H
#define COMMON_ATOMIC_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sordino/status.h>

typedef struct output output;

/* From here on SIGINT, SIGTERM and SIGHUP remove what is unfinished before they end the process,
 * and a broken pipe is an error of writing. Called once, before any output is opened. */
void output_catch_signals(void);

/* Opens `path`; with `force` an existing file may be replaced. `*out` is owned by the caller, NULL
 * on failure. Errors: NO_MEM, IO. */
SORDINO_NODISCARD sordino_status output_open(const char *path, bool force, output **out,
                                             sordino_error *why);

/* True for a pipe, a socket or a terminal: no going back to what was written. */
bool output_is_stream(const output *o);

/* Writes `size` bytes at the place in the file; false, and remembered, when that fails. */
bool output_write(output *o, const void *bytes, size_t size);

/* Brings what was written on its way now; for a stream that someone may be waiting at. */
void output_flush(output *o);

/* Moves the place in the file, and tells it. False, or -1, as above. */
bool output_seek(output *o, int64_t place);
int64_t output_place(const output *o);
int64_t output_size(const output *o);

/* Reads back from the place in the file (audio libraries do so to bring a header up to date);
 * returns the bytes read. */
size_t output_read_back(output *o, void *bytes, size_t size);

/* Why writing failed, as a message; OK when it did not. */
sordino_status output_check(const output *o, sordino_error *why);

/* Makes the file appear under its name. The output is released either way. Errors: IO. */
SORDINO_NODISCARD sordino_status output_commit(output *o, sordino_error *why);

/* Removes what was written, and releases the output. NULL is ignored. */
void output_abandon(output *o);

#endif
