/*
 * Where samples come from and where they go, whatever the file's format: frames of floats,
 * interleaved. Implemented by wav_io.c (files, by libsndfile), wav_stream.c (pipes) and raw_io.c.
 * One source or sink belongs to one thread at a time.
 */
#ifndef SOUND_SIGNAL_IO_H
#define SOUND_SIGNAL_IO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sordino/status.h>

#include "common/atomic_file.h"

typedef struct source source;
typedef struct sink sink;

struct source {
    double rate; /* Hz */
    uint32_t channels;
    int64_t frames; /* -1 when not known before the end */
    int64_t lost;   /* frames the file says it has, and has not (at least) */

    /* Names as --format and --subtype take them, static; "" for one without a name here. */
    const char *format, *subtype;

    /* Reads up to `n` frames into `to`; `*got` is 0 only at the end. A pipe gives what there is, so
     * that what goes through can be followed. Errors: IO. */
    sordino_status (*read)(source *s, float *to, size_t n, size_t *got, sordino_error *why);
    void (*close)(source *s); /* releases it */
};

struct sink {
    uint64_t clipped; /* samples that were past full scale */

    /* Writes `n` frames. Errors: IO, NO_MEM. */
    sordino_status (*write)(sink *s, const float *from, size_t n, sordino_error *why);
    /* Brings headers up to date; to be called once, after the last frame. Errors: IO. */
    sordino_status (*finish)(sink *s, sordino_error *why);
    void (*close)(sink *s); /* releases it; the output it writes to is not its own */
};

/* What no file says by itself, and what a new one is to be; the words are those of the options. */
typedef struct signal_format {
    const char *raw;            /* encoding of bare samples; NULL = the input tells its own */
    double raw_rate;            /* Hz, with `raw` */
    uint32_t raw_channels;      /* with `raw` */
    const char *file, *subtype; /* of what is written; NULL = as the input has it */
    bool dither;
} signal_format;

/* Opens an input that is no table: an audio file, a WAV or AU stream ("-", a named pipe), or bare
 * samples. Errors: those of wav_open, wav_stream_open and raw_open. */
SORDINO_NODISCARD sordino_status signal_open(const char *path, const signal_format *format,
                                             source **out, sordino_error *why);

/* Starts what is written to `to`, which was opened as `path`: an audio file, a WAV or AU stream
 * into standard output or a pipe, or bare samples. Errors: those of wav_create, wav_stream_create
 * and raw_create. */
SORDINO_NODISCARD sordino_status signal_create(output *to, const char *path,
                                               const signal_format *format, const source *like,
                                               sink **out, sordino_error *why);

#endif
