#include "common/sound/raw_io.h"

#include "common/fail.h"

#include <stdlib.h>
#include <string.h>

enum { BUFFER_BYTES = 65536 };

typedef struct raw_source {
    source base;
    byte_input in;
    int fd; /* owned; -1 = none */
    encoding encoding;
    size_t frame_bytes;
    uint64_t n_bytes, done;
    size_t used, room; /* bytes in `buffer` not decoded yet: less than a frame between calls */
    unsigned char *buffer;
} raw_source;

static sordino_status fail_early(const raw_source *r, sordino_error *why)
{
    static const char *const units[] = {"bytes", "kB", "MB", "GB"};
    double missing = (double)(r->n_bytes - r->done);
    const double seconds = (double)(r->done / r->frame_bytes) / r->base.rate;
    size_t unit = 0;
    for (; missing >= 999.5 && unit < 3; unit++)
        missing /= 1000;
    return fail(why, SORDINO_IO,
                "data ends %.3g %s early; the first %.3g s can be kept with --salvage", missing,
                units[unit], seconds);
}

/* Bytes until at least one frame is there, or none when the input has ended. */
static sordino_status fill(raw_source *r, size_t want, sordino_error *why)
{
    size_t got = 1;
    while (r->used < r->frame_bytes && got > 0) {
        const uint64_t left = r->n_bytes - r->done;
        const size_t n = want - r->used < left ? want - r->used : (size_t)left;
        const sordino_status status = byte_read(&r->in, r->buffer + r->used, n, &got, why);
        if (status)
            return status;
        r->used += got;
        r->done += got;
    }
    if (got == 0 && r->n_bytes != UINT64_MAX && r->done < r->n_bytes)
        return fail_early(r, why);
    return SORDINO_OK;
}

static sordino_status read_raw(source *s, float *to, size_t n, size_t *got, sordino_error *why)
{
    raw_source *const r = (raw_source *)s;
    const size_t most = r->room / r->frame_bytes;
    const sordino_status status = fill(r, (n < most ? n : most) * r->frame_bytes, why);
    *got = status ? 0 : r->used / r->frame_bytes;
    if (*got == 0)
        return status; /* bytes that fill no frame are left */
    encoding_decode(r->encoding, r->buffer, to, *got * s->channels);
    r->used -= *got * r->frame_bytes;
    memmove(r->buffer, r->buffer + *got * r->frame_bytes, r->used);
    return SORDINO_OK;
}

static void close_raw_source(source *s)
{
    raw_source *const r = (raw_source *)s;
    byte_close(r->fd);
    free(r->buffer);
    free(r);
}

sordino_status raw_open(byte_input in, const raw_config *config, source **out, sordino_error *why)
{
    *out = NULL;
    raw_source *const r = calloc(1, sizeof *r);
    if (!r)
        return fail_no_memory(why);
    r->frame_bytes = (size_t)encoding_bytes(config->encoding.kind) * config->channels;
    r->room = BUFFER_BYTES < r->frame_bytes ? r->frame_bytes : BUFFER_BYTES;
    r->buffer = malloc(r->room);
    if (!r->buffer) {
        free(r);
        return fail_no_memory(why);
    }
    const bool is_open = config->n_bytes == UINT64_MAX;
    r->base = (source){.rate = config->rate,
                       .channels = config->channels,
                       .frames = is_open ? -1 : (int64_t)(config->n_bytes / r->frame_bytes),
                       .format = config->format,
                       .subtype = encoding_subtype(config->encoding.kind),
                       .read = read_raw,
                       .close = close_raw_source};
    r->in = in;
    r->fd = -1;
    r->encoding = config->encoding;
    r->n_bytes = config->n_bytes;
    *out = &r->base;
    return SORDINO_OK;
}

sordino_status raw_open_fd(int fd, const raw_config *config, source **out, sordino_error *why)
{
    const sordino_status status = raw_open((byte_input){NULL, NULL}, config, out, why);
    if (status) {
        byte_close(fd);
        return status;
    }
    raw_source *const r = (raw_source *)*out;
    r->fd = fd; /* it was opened: NOLINT(clang-analyzer-core.NullDereference) */
    r->in = byte_input_fd(&r->fd);
    return SORDINO_OK;
}

/* Writing. */

enum { PART = 4096 }; /* samples encoded at a time */

typedef struct raw_sink {
    sink base;
    output *to;
    encoding encoding;
    uint32_t channels;
    pcm pcm;
    int32_t whole[PART];
    unsigned char bytes[PART * 8];
} raw_sink;

static sordino_status write_raw(sink *s, const float *from, size_t n, sordino_error *why)
{
    raw_sink *const r = (raw_sink *)s;
    for (size_t left = n * r->channels; left > 0;) {
        const size_t now = left < PART ? left : PART;
        encoding_encode(r->encoding, &r->pcm, from, r->whole, r->bytes, now);
        if (!output_write(r->to, r->bytes, now * encoding_bytes(r->encoding.kind)))
            return output_check(r->to, why);
        from += now;
        left -= now;
    }
    s->clipped = r->pcm.clipped;
    if (output_is_stream(r->to))
        output_flush(r->to);
    return output_check(r->to, why);
}

static sordino_status finish_raw(sink *s, sordino_error *why)
{
    const raw_sink *const r = (raw_sink *)s;
    return output_check(r->to, why);
}

static void close_raw_sink(sink *s)
{
    free(s);
}

sordino_status raw_create(output *to, encoding e, uint32_t channels, bool dither, sink **out,
                          sordino_error *why)
{
    const unsigned bits = encoding_bits(e.kind);
    *out = NULL;
    raw_sink *const r = calloc(1, sizeof *r);
    if (!r)
        return fail_no_memory(why);
    r->base = (sink){.write = write_raw, .finish = finish_raw, .close = close_raw_sink};
    r->to = to;
    r->encoding = e;
    r->channels = channels;
    pcm_init(&r->pcm, bits > 0 ? (int)bits : 32, dither);
    *out = &r->base;
    return SORDINO_OK;
}
