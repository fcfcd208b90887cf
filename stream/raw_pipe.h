/* Standard input and output of a stream that may be stopped by a signal. One for each process. */
#ifndef STREAM_RAW_PIPE_H
#define STREAM_RAW_PIPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sordino/status.h>

#include "common/byte_io.h"

enum { RAW_PIPE_BYTES = 65536 };

typedef struct raw_pipe {
    uint64_t n_in; /* bytes read */
    char last;     /* of them */
    bool stopped;  /* by a signal: the input ends here */
    bool lost;     /* the reader of the output went away */
    int error;     /* errno of writing; 0 while all is well */
    size_t n_out;  /* bytes in `out` */
    char out[RAW_PIPE_BYTES];
} raw_pipe;

/* From here on SIGINT, SIGTERM and SIGHUP end the input once, where they are not ignored. Errors:
 * IO. */
SORDINO_NODISCARD sordino_status raw_pipe_open(raw_pipe *p, sordino_error *why);
void raw_pipe_close(raw_pipe *p);

/* Standard input until a signal, or until nobody reads the output; borrows `p`. */
byte_input raw_pipe_input(raw_pipe *p);

/* Keeps bytes to be written, or writes them; false, and remembered, when that failed. */
bool raw_pipe_write(raw_pipe *p, const void *bytes, size_t n);
bool raw_pipe_flush(raw_pipe *p);

/* Why the output ended; OK while it has not. */
sordino_status raw_pipe_check(const raw_pipe *p, sordino_error *why);

#endif
