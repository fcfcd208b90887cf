#include "common/gz_io.h"

#include "common/fail.h"

#include <zlib.h>

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* zlib: the largest window, with gzip's header and checksum in place of its own. */
enum { GZIP_WINDOW = 15 + 16, CHUNK = 16384, MEMORY_LEVEL = 8 };

struct gz_reader {
    byte_input in;
    unsigned char raw[CHUNK]; /* at first the two bytes that were looked at */
    size_t raw_n, raw_at;
    bool is_packed, is_open; /* open: within a member */
    z_stream stream;
};

/* ---- reading */

static ptrdiff_t read_plain(void *user, void *to, size_t n)
{
    gz_reader *const r = user;
    const size_t left = r->raw_n - r->raw_at, now = n < left ? n : left;
    if (left == 0)
        return r->in.read(r->in.user, to, n);
    memcpy(to, r->raw + r->raw_at, now);
    r->raw_at += now;
    return (ptrdiff_t)now;
}

/* More of the file; 0 at its end, -1 with errno. */
static ptrdiff_t fill(gz_reader *r)
{
    const ptrdiff_t got = r->in.read(r->in.user, r->raw, sizeof r->raw);
    r->raw_at = 0;
    r->raw_n = got > 0 ? (size_t)got : 0;
    return got;
}

static ptrdiff_t fail_packed(void)
{
    errno = EBADMSG;
    return -1;
}

static ptrdiff_t read_packed(void *user, void *to, size_t n)
{
    gz_reader *const r = user;
    const size_t most = n < UINT_MAX ? n : UINT_MAX;
    r->stream.next_out = to;
    r->stream.avail_out = (unsigned)most;
    while (r->stream.avail_out == most) {
        const ptrdiff_t got = r->raw_at < r->raw_n ? 1 : fill(r);
        if (got < 0)
            return -1;
        if (got == 0)
            return r->is_open ? fail_packed() : 0;
        /* Members may follow one another. */
        if (!r->is_open && inflateReset(&r->stream) != Z_OK)
            return fail_packed();
        r->is_open = true;
        r->stream.next_in = r->raw + r->raw_at;
        r->stream.avail_in = (unsigned)(r->raw_n - r->raw_at);
        const int status = inflate(&r->stream, Z_NO_FLUSH);
        r->raw_at = r->raw_n - r->stream.avail_in;
        r->is_open = status != Z_STREAM_END;
        if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR)
            return fail_packed();
    }
    return (ptrdiff_t)(most - r->stream.avail_out);
}

sordino_status gz_reader_open(byte_input *in, gz_reader **out, sordino_error *why)
{
    *out = NULL;
    gz_reader *const r = calloc(1, sizeof *r);
    if (!r)
        return fail_no_memory(why);
    r->in = *in;
    sordino_status status = byte_read_full(in, r->raw, 1, &r->raw_n, why);
    size_t second = 0;
    if (!status && r->raw_n == 1 && r->raw[0] == 0x1F)
        status = byte_read_full(in, r->raw + 1, 1, &second, why);
    r->raw_n += second;
    r->is_packed = r->raw_n == 2 && r->raw[1] == 0x8B;
    if (!status && r->is_packed && inflateInit2(&r->stream, GZIP_WINDOW) != Z_OK) {
        r->is_packed = false;
        status = fail_no_memory(why);
    }
    if (status) {
        gz_reader_close(r);
        return status;
    }
    *in = (byte_input){r->is_packed ? read_packed : read_plain, r};
    *out = r;
    return SORDINO_OK;
}

void gz_reader_close(gz_reader *r)
{
    if (!r)
        return;
    if (r->is_packed)
        inflateEnd(&r->stream);
    free(r);
}

bool gz_is_name(const char *path)
{
    const size_t n = strlen(path);
    return n > 3 && strcasecmp(path + n - 3, ".gz") == 0;
}

/* ---- writing */

struct gz_writer {
    gz_sink sink;
    void *user;
    z_stream stream;
    unsigned char packed[CHUNK];
};

gz_writer *gz_writer_new(gz_sink sink, void *user)
{
    gz_writer *const w = calloc(1, sizeof *w);
    if (!w)
        return NULL;
    w->sink = sink;
    w->user = user;
    /* Without a name or time in the header: the same input gives the same bytes. */
    if (deflateInit2(&w->stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, GZIP_WINDOW, MEMORY_LEVEL,
                     Z_DEFAULT_STRATEGY) != Z_OK) {
        free(w);
        return NULL;
    }
    return w;
}

void gz_writer_free(gz_writer *w)
{
    if (!w)
        return;
    deflateEnd(&w->stream);
    free(w);
}

static bool pack(gz_writer *w, const void *bytes, size_t n, int flush)
{
    w->stream.next_in = (unsigned char *)bytes; /* zlib does not write there */
    w->stream.avail_in = (unsigned)n;
    do {
        w->stream.next_out = w->packed;
        w->stream.avail_out = sizeof w->packed;
        (void)deflate(&w->stream, flush);
        const size_t ready = sizeof w->packed - w->stream.avail_out;
        if (ready > 0 && !w->sink(w->user, w->packed, ready))
            return false;
    } while (w->stream.avail_out == 0);
    return true;
}

bool gz_write(gz_writer *w, const void *bytes, size_t n)
{
    const unsigned char *at = bytes;
    for (size_t most = (size_t)INT_MAX; n > most; n -= most, at += most)
        if (!pack(w, at, most, Z_NO_FLUSH))
            return false;
    return pack(w, at, n, Z_NO_FLUSH);
}

bool gz_finish(gz_writer *w)
{
    return pack(w, "", 0, Z_FINISH);
}
