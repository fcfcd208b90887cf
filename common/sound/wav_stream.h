/*
 * WAV (RIFF, RF64 and BW64) and AU from and to pipes, where nothing can be sought: PCM of 8 to 32
 * bits and floats. Microsoft & IBM 1991, "Multimedia programming interface and data
 * specifications"; EBU Tech 3306 (RF64); AU as NeXT and Sun define it.
 *
 * Programs that write to a pipe do not know the length: sizes of 0, 0xFFFFFFFF and just under
 * 0x80000000 (sox, mplayer, arecord) mean "until the input ends".
 */
#ifndef SOUND_WAV_STREAM_H
#define SOUND_WAV_STREAM_H

#include <stdbool.h>
#include <stdint.h>

#include "common/atomic_file.h"
#include "common/byte_io.h"
#include "common/sound/encoding.h"
#include "common/sound/signal_io.h"

typedef struct wav_header {
    bool is_au;
    encoding encoding;
    uint32_t rate, channels;
    uint64_t data_offset, data_bytes; /* UINT64_MAX: until the input ends */
} wav_header;

typedef enum wav_finding {
    WAV_FOUND,
    WAV_OTHER_CODE, /* a WAV or AU, but its samples are kept in a way not read here */
    WAV_NOT,        /* no WAV and no AU */
    WAV_DAMAGED     /* cut off, or numbers that cannot be */
} wav_finding;

/* Reads up to the first sample. `why` is filled when the result is not WAV_FOUND. */
wav_finding wav_header_read(const byte_input *in, wav_header *out, sordino_error *why);

/* Makes a source from a stream that begins with a header; `in` is copied. Errors: IO, UNSUPPORTED,
 * NO_MEM; when read, as raw_open. */
SORDINO_NODISCARD sordino_status wav_stream_open(byte_input in, source **out, sordino_error *why);

/* The same from a file descriptor; the source owns it, also on failure. */
SORDINO_NODISCARD sordino_status wav_stream_open_fd(int fd, source **out, sordino_error *why);

/* Makes a sink that writes a header that leaves the length open, then samples, to `to`, which must
 * outlive it. Errors: IO, NO_MEM. */
SORDINO_NODISCARD sordino_status wav_stream_create(output *to, bool is_au, encoding_kind kind,
                                                   const source *like, bool dither, sink **out,
                                                   sordino_error *why);

#endif
