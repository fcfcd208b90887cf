/* Samples without a header, from and to pipes and files; also what follows a WAV or AU header. */
#ifndef SOUND_RAW_IO_H
#define SOUND_RAW_IO_H

#include <stdbool.h>
#include <stdint.h>

#include "common/atomic_file.h"
#include "common/byte_io.h"
#include "common/sound/encoding.h"
#include "common/sound/signal_io.h"

typedef struct raw_config {
    encoding encoding;
    double rate;        /* Hz */
    uint32_t channels;  /* 1.. */
    uint64_t n_bytes;   /* the data's length; UINT64_MAX = until the input ends */
    const char *format; /* as in a source; static */
} raw_config;

/* Makes a source of the samples that follow in `in`, which is copied. An input that ends before
 * `n_bytes` is a fault (IO). Errors: NO_MEM. */
SORDINO_NODISCARD sordino_status raw_open(byte_input in, const raw_config *config, source **out,
                                          sordino_error *why);

/* The same from a file descriptor, as byte_open gives it; the source owns it, also on failure. */
SORDINO_NODISCARD sordino_status raw_open_fd(int fd, const raw_config *config, source **out,
                                             sordino_error *why);

/* Makes a sink that writes samples to `to`, which must outlive it. Errors: NO_MEM. */
SORDINO_NODISCARD sordino_status raw_create(output *to, encoding e, uint32_t channels, bool dither,
                                            sink **out, sordino_error *why);

#endif
