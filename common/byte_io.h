/* Bytes from anywhere: the readers of streams take this, so that tests can feed them memory. */
#ifndef COMMON_BYTE_IO_H
#define COMMON_BYTE_IO_H

#include <stddef.h>
#include <stdint.h>

#include <sordino/status.h>

typedef struct byte_input {
    /* Puts 1..n bytes at `to` and returns how many; 0 at the end; -1 with errno set. */
    ptrdiff_t (*read)(void *user, void *to, size_t n);
    void *user; /* borrowed */
} byte_input;

/* Reads from a file descriptor; `*fd` must stay where it is while the input is used. */
byte_input byte_input_fd(int *fd);

/* Opens a file, or standard input for "-"; `*fd` is the caller's to close with byte_close.
 * Errors: NOT_FOUND; IO (no permission, a folder, empty). */
SORDINO_NODISCARD sordino_status byte_open(const char *path, int *fd, sordino_error *why);
void byte_close(int fd); /* leaves standard input, and -1, alone */

/* Reads what there is, 1..n bytes, or 0 at the end. Errors: IO. */
SORDINO_NODISCARD sordino_status byte_read(const byte_input *in, void *to, size_t n, size_t *got,
                                           sordino_error *why);

/* Reads until `n` bytes are there or the input ends. Errors: IO. */
SORDINO_NODISCARD sordino_status byte_read_full(const byte_input *in, void *to, size_t n,
                                                size_t *got, sordino_error *why);

uint64_t byte_load_le(const unsigned char *from, unsigned n_bytes);
uint64_t byte_load_be(const unsigned char *from, unsigned n_bytes);
void byte_store_le(unsigned char *to, uint64_t value, unsigned n_bytes);
void byte_store_be(unsigned char *to, uint64_t value, unsigned n_bytes);

#endif
