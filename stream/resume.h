/*
 * Going on in a new process. PortAudio waits for ten minutes in a JACK client whose server was
 * killed, and cannot be used again in that process: the program then starts anew in its own place,
 * with its settings, the noise it learned, and its place in the file it plays.
 */
#ifndef STREAM_RESUME_H
#define STREAM_RESUME_H

#include <stdbool.h>
#include <stdint.h>

#include <sordino/sordino.h>

typedef struct resume {
    double limit, left; /* dB; s to run, 0 = no end */
    bool enabled, delta, muted, push_to_talk;
    unsigned n_files;               /* recordings begun so far, of each kind */
    uint64_t losses, xruns, played; /* played: frames of a file */
    sordino_profile *noise;         /* owned by the reader; NULL = none was learned */
} resume;

/* Reads what resume_exec passed on; false when `text` is NULL or something else. */
bool resume_read(const char *text, resume *out);

/* Goes on with the arguments the process was started with, and this model. Does not return but when
 * it cannot be done; errno then tells why. */
void resume_exec(const resume *r, char **argv, const char *model);

#endif
