/* FNV-1a, 64 bit: Fowler, Noll & Vo 1991; RFC 9923, "The FNV Non-Cryptographic Hash Algorithm". */
#ifndef BASE_FNV1A_H
#define BASE_FNV1A_H

#include <stddef.h>
#include <stdint.h>

static const uint64_t fnv1a_start = UINT64_C(0xcbf29ce484222325);

/* Takes one value in, usually a byte. */
static inline uint64_t fnv1a_push(uint64_t hash, uint64_t value)
{
    return (hash ^ value) * UINT64_C(0x100000001b3);
}

/* Takes `n` bytes in; begins with fnv1a_start. */
static inline uint64_t fnv1a(uint64_t hash, const void *bytes, size_t n)
{
    const unsigned char *const p = bytes;
    for (size_t i = 0; i < n; i++)
        hash = fnv1a_push(hash, p[i]);
    return hash;
}

#endif
