#include "common/sound/wav_stream.h"

#include "common/fail.h"
#include "common/sound/raw_io.h"

#include <math.h>
#include <string.h>

enum { TAG_PCM = 1, TAG_FLOAT = 3, TAG_EXTENSIBLE = 0xFFFE };

/* The last 14 bytes of the sub-format's identifier, the same for PCM and float. */
static const unsigned char guid_tail[14] = {0x00, 0x00, 0x00, 0x00, 0x10, 0x00, 0x80,
                                            0x00, 0x00, 0xAA, 0x00, 0x38, 0x9B, 0x71};

typedef struct cursor {
    const byte_input *in;
    uint64_t at;
    sordino_error *why;
} cursor;

static bool take(cursor *c, void *to, size_t n)
{
    size_t got;
    if (byte_read_full(c->in, to, n, &got, c->why))
        return false;
    c->at += got;
    if (got < n)
        fail(c->why, SORDINO_IO, "has a header cut off after %llu bytes; make it again",
             (unsigned long long)c->at);
    return got == n;
}

static bool skip(cursor *c, uint64_t n)
{
    unsigned char waste[4096];
    while (n > 0) {
        const size_t now = n < sizeof waste ? (size_t)n : sizeof waste;
        if (!take(c, waste, now))
            return false;
        n -= now;
    }
    return true;
}

static wav_finding check_numbers(const wav_header *h, sordino_error *why)
{
    if (h->channels == 0) {
        fail(why, SORDINO_UNSUPPORTED, "has a header of no channels; it is damaged");
        return WAV_DAMAGED;
    }
    if (h->channels > UINT16_MAX) {
        fail(why, SORDINO_UNSUPPORTED, "has a header of %lu channels; it is damaged",
             (unsigned long)h->channels);
        return WAV_DAMAGED;
    }
    if (h->rate == 0 || h->rate > INT32_MAX) {
        fail(why, SORDINO_UNSUPPORTED, "has a header of %lu Hz; it is damaged",
             (unsigned long)h->rate);
        return WAV_DAMAGED;
    }
    return WAV_FOUND;
}

static wav_finding parse_format(const unsigned char *f, size_t n, wav_header *out,
                                sordino_error *why)
{
    unsigned tag = (unsigned)byte_load_le(f, 2);
    out->channels = (uint32_t)byte_load_le(f + 2, 2);
    out->rate = (uint32_t)byte_load_le(f + 4, 4);
    const unsigned align = (unsigned)byte_load_le(f + 12, 2);
    const unsigned bits = (unsigned)byte_load_le(f + 14, 2);
    if (tag == TAG_EXTENSIBLE && n >= 40 && memcmp(f + 26, guid_tail, sizeof guid_tail) == 0)
        tag = (unsigned)byte_load_le(f + 24, 2);
    const wav_finding numbers = check_numbers(out, why);
    if (numbers != WAV_FOUND)
        return numbers;
    static const encoding_kind sizes[] = {ENCODING_NONE, ENCODING_U8, ENCODING_S16, ENCODING_S24,
                                          ENCODING_S32};
    const unsigned bytes = align % out->channels == 0 ? align / out->channels : 0;
    out->encoding = (encoding){ENCODING_NONE, false};
    if (tag == TAG_PCM && bytes >= 1 && bytes <= 4 && bits <= 8 * bytes && bits > 8 * (bytes - 1))
        out->encoding.kind = sizes[bytes];
    else if (tag == TAG_FLOAT && bits == 8 * bytes && (bytes == 4 || bytes == 8))
        out->encoding.kind = bytes == 4 ? ENCODING_F32 : ENCODING_F64;
    if (out->encoding.kind != ENCODING_NONE)
        return WAV_FOUND;
    fail(
        why, SORDINO_UNSUPPORTED,
        "has samples of kind %u with %u bits, which are not read from a pipe; give a file name, or "
        "convert to PCM",
        tag, bits);
    return WAV_OTHER_CODE;
}

static bool is_open_ended(uint32_t size)
{
    return size == 0 || size >= 0xFFFFF000 || (size >= 0x7FFFE000 && size <= 0x80000000);
}

/* The chunks of a RIFF file after "WAVE", up to the data. */
static wav_finding read_chunks(cursor *c, bool is_64, wav_header *out)
{
    uint64_t long_size = UINT64_MAX;
    wav_finding format = WAV_DAMAGED;
    bool have_format = false;
    for (;;) {
        unsigned char head[8], body[40];
        if (!take(c, head, sizeof head))
            return WAV_DAMAGED;
        const uint32_t size = (uint32_t)byte_load_le(head + 4, 4);
        if (memcmp(head, "data", 4) == 0) {
            if (!have_format) {
                fail(c->why, SORDINO_UNSUPPORTED,
                     "has a header with no format before its data; it is damaged");
                return WAV_DAMAGED;
            }
            const bool is_long =
                is_64 && size == UINT32_MAX && long_size != 0 && long_size <= INT64_MAX;
            out->data_bytes = is_long ? long_size : is_open_ended(size) ? UINT64_MAX : size;
            out->data_offset = c->at;
            return format;
        }
        const size_t want = size < sizeof body ? size : sizeof body;
        const bool is_format = memcmp(head, "fmt ", 4) == 0 && size >= 16;
        const bool is_sizes = memcmp(head, "ds64", 4) == 0 && size >= 24;
        const size_t kept = is_format || is_sizes ? want : 0;
        if (!take(c, body, kept) || !skip(c, (uint64_t)size + (size & 1) - kept))
            return WAV_DAMAGED;
        if (is_sizes)
            long_size = byte_load_le(body + 8, 8);
        if (is_format) {
            format = parse_format(body, kept, out, c->why);
            if (format == WAV_DAMAGED)
                return format;
            have_format = true;
        }
    }
}

static wav_finding read_au(cursor *c, wav_header *out)
{
    static const encoding_kind codes[] = {ENCODING_NONE, ENCODING_NONE, ENCODING_S8,  ENCODING_S16,
                                          ENCODING_S24,  ENCODING_S32,  ENCODING_F32, ENCODING_F64};
    unsigned char h[20];
    if (!take(c, h, sizeof h))
        return WAV_DAMAGED;
    const uint32_t offset = (uint32_t)byte_load_be(h, 4);
    const uint32_t size = (uint32_t)byte_load_be(h + 4, 4);
    const uint32_t code = (uint32_t)byte_load_be(h + 8, 4);
    out->is_au = true;
    out->rate = (uint32_t)byte_load_be(h + 12, 4);
    out->channels = (uint32_t)byte_load_be(h + 16, 4);
    const wav_finding numbers = check_numbers(out, c->why);
    if (numbers != WAV_FOUND)
        return numbers;
    if (offset < 24 || !skip(c, offset - 24)) {
        if (offset < 24)
            fail(c->why, SORDINO_UNSUPPORTED, "has a header of damaged length; make it again");
        return WAV_DAMAGED;
    }
    out->encoding = (encoding){code < 8 ? codes[code] : ENCODING_NONE, true};
    out->data_offset = c->at;
    out->data_bytes = is_open_ended(size) ? UINT64_MAX : size;
    if (out->encoding.kind != ENCODING_NONE)
        return WAV_FOUND;
    fail(c->why, SORDINO_UNSUPPORTED,
         "has AU samples of kind %lu, which are not read from a pipe; give a file name, or convert "
         "to PCM",
         (unsigned long)code);
    return WAV_OTHER_CODE;
}

wav_finding wav_header_read(const byte_input *in, wav_header *out, sordino_error *why)
{
    cursor c = {in, 0, why};
    unsigned char magic[12];
    memset(out, 0, sizeof *out);
    size_t got;
    if (byte_read_full(in, magic, 4, &got, why))
        return WAV_DAMAGED;
    c.at = got;
    if (got == 4 && memcmp(magic, ".snd", 4) == 0)
        return read_au(&c, out);
    const bool is_64 = got == 4 && (memcmp(magic, "RF64", 4) == 0 || memcmp(magic, "BW64", 4) == 0);
    if (is_64 || (got == 4 && memcmp(magic, "RIFF", 4) == 0)) {
        if (!take(&c, magic + 4, 8))
            return WAV_DAMAGED;
        if (memcmp(magic + 8, "WAVE", 4) == 0)
            return read_chunks(&c, is_64, out);
    }
    if (got == 0)
        fail(why, SORDINO_IO, "is empty; a WAV or AU stream was expected");
    else
        fail(why, SORDINO_UNSUPPORTED,
             "is no WAV or AU stream; give a file name, or add --raw ENCODING or --csv");
    return WAV_NOT;
}

static sordino_status find_samples(const byte_input *in, raw_config *out, sordino_error *why)
{
    wav_header h;
    if (wav_header_read(in, &h, why) != WAV_FOUND)
        return why->status;
    *out = (raw_config){.encoding = h.encoding,
                        .rate = h.rate,
                        .channels = h.channels,
                        .n_bytes = h.data_bytes,
                        .format = h.is_au ? "au" : "wav"};
    return SORDINO_OK;
}

sordino_status wav_stream_open(byte_input in, source **out, sordino_error *why)
{
    raw_config config;
    *out = NULL;
    const sordino_status status = find_samples(&in, &config, why);
    return status ? status : raw_open(in, &config, out, why);
}

sordino_status wav_stream_open_fd(int fd, source **out, sordino_error *why)
{
    raw_config config;
    const byte_input in = byte_input_fd(&fd);
    *out = NULL;
    const sordino_status status = find_samples(&in, &config, why);
    if (!status)
        return raw_open_fd(fd, &config, out, why);
    byte_close(fd);
    return status;
}

/* Writing. */

enum { MAX_HEADER = 68 };

static size_t write_au(unsigned char *to, encoding_kind kind, uint32_t rate, uint32_t channels)
{
    static const unsigned char codes[] = {
        [ENCODING_U8] = 2,  [ENCODING_S8] = 2,  [ENCODING_S16] = 3, [ENCODING_S24] = 4,
        [ENCODING_S32] = 5, [ENCODING_F32] = 6, [ENCODING_F64] = 7};
    memcpy(to, ".snd", 4);
    byte_store_be(to + 4, 28, 4); /* with the four bytes of notes that the format asks for */
    byte_store_be(to + 8, UINT32_MAX, 4);
    byte_store_be(to + 12, codes[kind], 4);
    byte_store_be(to + 16, rate, 4);
    byte_store_be(to + 20, channels, 4);
    memset(to + 24, 0, 4);
    return 28;
}

static size_t write_wav(unsigned char *to, encoding_kind kind, uint32_t rate, uint32_t channels)
{
    const unsigned bytes = encoding_bytes(kind);
    const unsigned tag = encoding_bits(kind) ? TAG_PCM : TAG_FLOAT;
    /* More than two channels, or more than 16 bits of PCM, ask for the extensible form. */
    const bool extensible = channels > 2 || (tag == TAG_PCM && bytes > 2);
    const size_t format_bytes = extensible ? 40 : tag == TAG_PCM ? 16 : 18;
    const size_t header_bytes = 12 + 8 + format_bytes + 8;
    memcpy(to, "RIFF", 4);
    byte_store_le(to + 4, UINT32_MAX, 4);
    memcpy(to + 8, "WAVEfmt ", 8);
    byte_store_le(to + 16, format_bytes, 4);
    unsigned char *const f = to + 20;
    byte_store_le(f, extensible ? TAG_EXTENSIBLE : tag, 2);
    byte_store_le(f + 2, channels, 2);
    byte_store_le(f + 4, rate, 4);
    byte_store_le(f + 8, (uint64_t)rate * channels * bytes, 4);
    byte_store_le(f + 12, channels * bytes, 2);
    byte_store_le(f + 14, 8 * bytes, 2);
    byte_store_le(f + 16, 0, 2); /* of an extension; where PCM has none, "data" lies over it */
    if (extensible) {
        byte_store_le(f + 16, 22, 2);
        byte_store_le(f + 18, 8 * bytes, 2);
        byte_store_le(f + 20, channels == 2 ? 3 : channels == 1 ? 4 : 0, 4);
        byte_store_le(f + 24, tag, 2);
        memcpy(f + 26, guid_tail, sizeof guid_tail);
    }
    memcpy(to + header_bytes - 8, "data", 4);
    byte_store_le(to + header_bytes - 4, UINT32_MAX, 4);
    return header_bytes;
}

sordino_status wav_stream_create(output *to, bool is_au, encoding_kind kind, const source *like,
                                 bool dither, sink **out, sordino_error *why)
{
    unsigned char header[MAX_HEADER];
    const encoding_kind byte = is_au ? ENCODING_S8 : ENCODING_U8;
    const encoding e = {encoding_bytes(kind) == 1 ? byte : kind, is_au};
    *out = NULL;
    if (like->rate != floor(like->rate) || like->rate > INT32_MAX)
        return fail(why, SORDINO_UNSUPPORTED,
                    "cannot hold a rate of %.9g Hz, only whole ones; choose --format raw",
                    like->rate);
    const uint32_t rate = (uint32_t)like->rate;
    const size_t n = is_au ? write_au(header, e.kind, rate, like->channels)
                           : write_wav(header, e.kind, rate, like->channels);
    if (!output_write(to, header, n))
        return output_check(to, why);
    return raw_create(to, e, like->channels, dither, out, why);
}
