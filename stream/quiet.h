/* ALSA and JACK write to standard error on their own; this keeps it off the screen. */
#ifndef STREAM_QUIET_H
#define STREAM_QUIET_H

/* Sets handlers that drop what the libraries say, where the program has them loaded. Once. */
void quiet_libraries(void);

/* Between the two nothing that other code writes to standard error is seen: for the opening of
 * devices, where drivers speak. Not nested; one thread. */
void quiet_begin(void);
void quiet_end(void);

#endif
