/* Writes WAV files of 32-bit floats, one channel. */
#ifndef DATA_WAV_WRITE_H
#define DATA_WAV_WRITE_H

#include <stddef.h>

#include <sordino/status.h>

/* Writes `n` samples of a whole number of hertz to `path`, replacing what is there once all is
 * written. A float keeps any unit: values need not be below 1. Errors: BAD_ARG (a rate not within
 * 1..1e6, rounded; more samples than the format counts), NO_MEM, IO. */
SORDINO_NODISCARD sordino_status wav_write(const char *path, const float *x, size_t n, double rate,
                                           sordino_error *why);

#endif
