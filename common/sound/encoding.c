#include "common/sound/encoding.h"

#include "common/byte_io.h"

#include <string.h>
#include <strings.h>

static const struct {
    const char *name, *subtype;
    unsigned bytes, bits;
} kinds[] = {
    [ENCODING_NONE] = {"", "", 1, 0},          [ENCODING_U8] = {"u8", "pcm_u8", 1, 8},
    [ENCODING_S8] = {"s8", "pcm_s8", 1, 8},    [ENCODING_S16] = {"s16", "pcm_16", 2, 16},
    [ENCODING_S24] = {"s24", "pcm_24", 3, 24}, [ENCODING_S32] = {"s32", "pcm_32", 4, 32},
    [ENCODING_F32] = {"f32", "float", 4, 0},   [ENCODING_F64] = {"f64", "double", 8, 0},
};

bool encoding_parse(const char *name, encoding *out)
{
    for (int k = ENCODING_U8; k <= ENCODING_F64; k++) {
        const size_t length = strlen(kinds[k].name);
        if (strncasecmp(name, kinds[k].name, length) != 0)
            continue;
        const char *const order = name + length;
        out->kind = (encoding_kind)k;
        out->big_endian = strcasecmp(order, "be") == 0;
        return *order == '\0' || out->big_endian || strcasecmp(order, "le") == 0;
    }
    return false;
}

encoding_kind encoding_of_subtype(const char *subtype)
{
    for (int k = ENCODING_U8; k <= ENCODING_F64; k++)
        if (strcasecmp(kinds[k].subtype, subtype) == 0)
            return (encoding_kind)k;
    return ENCODING_NONE;
}

const char *encoding_subtype(encoding_kind kind)
{
    return kinds[kind].subtype;
}

unsigned encoding_bytes(encoding_kind kind)
{
    return kinds[kind].bytes;
}

unsigned encoding_bits(encoding_kind kind)
{
    return kinds[kind].bits;
}

static float decode_float(encoding_kind kind, uint64_t word)
{
    float narrow;
    double wide;
    const uint32_t bits = (uint32_t)word;
    if (kind == ENCODING_F32) {
        memcpy(&narrow, &bits, sizeof narrow);
        return narrow;
    }
    memcpy(&wide, &word, sizeof wide);
    return (float)wide;
}

void encoding_decode(encoding e, const unsigned char *from, float *to, size_t n)
{
    const unsigned bytes = kinds[e.kind].bytes, bits = kinds[e.kind].bits;
    for (size_t i = 0; i < n; i++, from += bytes) {
        const uint64_t word = e.big_endian ? byte_load_be(from, bytes) : byte_load_le(from, bytes);
        if (bits == 0) {
            to[i] = decode_float(e.kind, word);
        } else {
            /* To the top of the word, where the sign bit is the sign bit. */
            const uint64_t centred = e.kind == ENCODING_U8 ? word ^ 0x80 : word;
            to[i] = (float)((int32_t)(uint32_t)(centred << (32 - bits)) * 0x1p-31);
        }
    }
}

static uint64_t encode_float(encoding_kind kind, float value)
{
    uint32_t bits;
    uint64_t word;
    const double wide = value;
    memcpy(&bits, &value, sizeof bits);
    memcpy(&word, &wide, sizeof word);
    return kind == ENCODING_F32 ? bits : word;
}

void encoding_encode(encoding e, pcm *p, const float *from, int32_t *whole, unsigned char *to,
                     size_t n)
{
    const unsigned bytes = kinds[e.kind].bytes, bits = kinds[e.kind].bits;
    if (bits > 0)
        pcm_convert(p, from, whole, n);
    for (size_t i = 0; i < n; i++, to += bytes) {
        uint64_t word = bits > 0 ? (uint64_t)((uint32_t)whole[i] >> (32 - bits))
                                 : encode_float(e.kind, from[i]);
        if (e.kind == ENCODING_U8)
            word ^= 0x80;
        if (e.big_endian)
            byte_store_be(to, word, bytes);
        else
            byte_store_le(to, word, bytes);
    }
}
