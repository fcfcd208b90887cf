/* Files that the frames of a capture are written to, by a thread of their own: a disk that is slow,
 * or full, never holds up the sound. */
#ifndef STREAM_RECORD_H
#define STREAM_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include <sordino/status.h>

#include "stream/capture.h"

typedef struct record record;

/* How a file comes to be: under its name from the start, so that what was recorded can be read
 * whatever happens; or under its name once it is whole. */
typedef enum record_kind { RECORD_AT_ONCE, RECORD_WHOLE } record_kind;

/* Starts a file of floats where its format, which is taken from the extension, has them, else of 24
 * or 16 bits; and the thread. Without `force` an existing file is left alone; one that cannot be
 * recorded to is neither made nor emptied.
 * Errors: IO, UNSUPPORTED, NO_MEM. */
SORDINO_NODISCARD sordino_status record_open(const char *path, record_kind kind, bool force,
                                             double rate, uint32_t channels, record **out,
                                             sordino_error *why);

/* What the audio thread pushes to. Borrowed. */
capture *record_capture(record *r);

/* Frames written so far. Any thread. */
uint64_t record_written(const record *r);

/* True when writing has failed: the rest is dropped and counted as lost. */
bool record_failed(const record *r);

/* Before a record is closed while its capture is not idle, because the audio thread hangs: the
 * capture is then never freed, as that thread may write to it whenever it goes on. */
void record_leave_capture(record *r);

/* Releases a record that came to nothing. Its file goes with it where it was made here. The capture
 * must be idle; NULL is ignored. */
void record_discard(record *r);

/* Writes what still waits and closes the file; the capture must be idle. Released either way; NULL
 * is OK. Errors: IO. */
SORDINO_NODISCARD sordino_status record_close(record *r, sordino_error *why);

#endif
