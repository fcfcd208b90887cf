/* Samples as bytes: how raw files, WAV streams and AU streams keep them. */
#ifndef SOUND_ENCODING_H
#define SOUND_ENCODING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/sound/pcm.h"

typedef enum encoding_kind {
    ENCODING_NONE,
    ENCODING_U8, /* 128 is zero */
    ENCODING_S8,
    ENCODING_S16,
    ENCODING_S24,
    ENCODING_S32,
    ENCODING_F32,
    ENCODING_F64
} encoding_kind;

typedef struct encoding {
    encoding_kind kind;
    bool big_endian;
} encoding;

/* "s16le", "f32be", "u8" ...; without "le" or "be" it is little-endian. False: no such name. */
bool encoding_parse(const char *name, encoding *out);

/* The kind that --subtype calls "pcm_16", "float" ..., and back ("" for none). Static. */
encoding_kind encoding_of_subtype(const char *subtype);
const char *encoding_subtype(encoding_kind kind);

unsigned encoding_bytes(encoding_kind kind);
unsigned encoding_bits(encoding_kind kind); /* of whole numbers; 0 for floats */

/* Decodes `n` samples; whole numbers to -1..1. Doubles are rounded to float. */
void encoding_decode(encoding e, const unsigned char *from, float *to, size_t n);

/* Encodes `n` samples. For whole numbers `p`, made for as many bits, rounds them, with `whole` [n]
 * as room to work in; floats need neither. */
void encoding_encode(encoding e, pcm *p, const float *from, int32_t *whole, unsigned char *to,
                     size_t n);

#endif
