/* Reads a sound file by libsndfile; the only user of it in the trainer besides the WAV writer. */
#ifndef DATA_SOUND_READ_H
#define DATA_SOUND_READ_H

#include <stddef.h>

#include <sordino/status.h>

typedef struct sound {
    float *samples; /* [channels][n], owned; finite */
    size_t channels, n;
    double rate;       /* Hz */
    int cut;           /* not 0: the file ends before its header says */
    size_t not_finite; /* samples that were no numbers, 0 now */
    double all;        /* s that the file lasts; more than n / rate where passages were read */
} sound;

/* Errors: IO (cannot be opened, no sound, damaged), NO_MEM. */
SORDINO_NODISCARD sordino_status sound_read(const char *path, sound *out, sordino_error *why);

/* The same of at most `longest` s, for files that may last for hours: of a longer one, passages
 * that are spread over all of it, each faded in and out, one behind the other. Memory follows
 * `longest`.
 */
SORDINO_NODISCARD sordino_status sound_read_some(const char *path, double longest, sound *out,
                                                 sordino_error *why);

/* The rate alone, in Hz, without reading any sample; 0 when the file holds no sound. */
double sound_rate(const char *path);

void sound_free(sound *s);

#endif
