/* Audio files, read and written by libsndfile: the only file of the tool that knows it. */
#ifndef SOUND_WAV_IO_H
#define SOUND_WAV_IO_H

#include <stdbool.h>
#include <stdint.h>

#include <sordino/status.h>

#include "common/atomic_file.h"
#include "common/sound/signal_io.h"

/* Opens an audio file. Errors: NO_MEM, IO (not there, empty, a folder ...), UNSUPPORTED (not audio
 * that libsndfile reads, too many channels). */
SORDINO_NODISCARD sordino_status wav_open(const char *path, source **out, sordino_error *why);

typedef struct wav_target {
    const char *path;    /* its extension gives the format, unless the next does */
    const char *format;  /* "wav", "flac" ...; NULL = by the extension, or else as the source */
    const char *subtype; /* "pcm_16", "float" ...; NULL = as the source, or the nearest there is */
    bool dither;
} wav_target;

/* Starts an audio file of the rate, channels and (from wav_open) metadata of `like`, which stays
 * the caller's and is not needed afterwards. Writes to `to`, which must outlive the sink. Errors:
 * NO_MEM, IO, UNSUPPORTED (such a format cannot hold this). */
SORDINO_NODISCARD sordino_status wav_create(output *to, const wav_target *target,
                                            const source *like, sink **out, sordino_error *why);

/* True when `name` is one that --format, or --subtype, takes for a file. */
bool wav_is_format(const char *name);
bool wav_is_subtype(const char *name);

/* The names, separated by ", ", for a message. Static. */
const char *wav_formats(void);
const char *wav_subtypes(void);

#endif
