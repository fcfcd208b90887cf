/* The common 32-bit cyclic redundancy check (zlib, PNG, IEEE 802.3). */
#ifndef BASE_CRC32_H
#define BASE_CRC32_H

#include <stddef.h>
#include <stdint.h>

/* The check of what `crc` was the check of, followed by `n` bytes; start with crc = 0. */
uint32_t crc32_update(uint32_t crc, const void *bytes, size_t n);

#endif
