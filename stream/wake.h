/* Signals as bytes in a pipe of the process's own, which a loop waits at (Bernstein, "the self-pipe
 * trick"). */
#ifndef STREAM_WAKE_H
#define STREAM_WAKE_H

#include <stdbool.h>

/* From here on SIGINT, SIGTERM and SIGHUP are only told of, and SIGPIPE is an error of writing.
 * False, with errno set. */
bool wake_catch_signals(void);

/* To be polled for reading; and the next signal that came, or 0. */
int wake_descriptor(void);
int wake_next(void);

/* Seconds on a clock that only goes forward. */
double wake_now(void);

#endif
