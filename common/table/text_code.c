#include "common/table/text_code.h"

#include "common/fail.h"

#include <errno.h>
#include <iconv.h>
#include <stdlib.h>
#include <string.h>

enum { PEEK = 4, CHUNK = 4096 };

struct text_code {
    byte_input in;
    char peeked[PEEK]; /* the first bytes, to be given again */
    size_t n_peeked, peeked_at;
    bool is_wide;
    iconv_t decode, encode;
    char raw[CHUNK];
    size_t raw_n;
    char text[2 * CHUNK]; /* decoded */
    size_t text_n, text_at;
    char *coded; /* [room] */
    size_t room;
};

static ptrdiff_t read_plain(void *user, void *to, size_t n)
{
    text_code *const c = user;
    const size_t left = c->n_peeked - c->peeked_at;
    if (left == 0)
        return c->in.read(c->in.user, to, n);
    const size_t now = n < left ? n : left;
    memcpy(to, c->peeked + c->peeked_at, now);
    c->peeked_at += now;
    return (ptrdiff_t)now;
}

/* More decoded text; 0 at the end, -1 with errno set. */
static ptrdiff_t decode_more(text_code *c)
{
    for (;;) {
        const ptrdiff_t got = read_plain(c, c->raw + c->raw_n, sizeof c->raw - c->raw_n);
        if (got < 0)
            return -1;
        if (got == 0 && c->raw_n == 0)
            return 0;
        char *from = c->raw, *to = c->text;
        size_t from_n = c->raw_n + (size_t)got, to_n = sizeof c->text;
        const size_t done = iconv(c->decode, &from, &from_n, &to, &to_n);
        /* E2BIG cannot be: 2 bytes make 3 at the most, and there is room for twice as many. */
        if (done == (size_t)-1 && (errno == EILSEQ || got == 0)) {
            errno = EILSEQ;
            return -1;
        }
        memmove(c->raw, from, from_n);
        c->raw_n = from_n;
        c->text_at = 0;
        c->text_n = sizeof c->text - to_n;
        if (c->text_n > 0)
            return (ptrdiff_t)c->text_n;
    }
}

static ptrdiff_t read_wide(void *user, void *to, size_t n)
{
    text_code *const c = user;
    if (c->text_at == c->text_n) {
        const ptrdiff_t got = decode_more(c);
        if (got <= 0)
            return got;
    }
    const size_t left = c->text_n - c->text_at, now = n < left ? n : left;
    memcpy(to, c->text + c->text_at, now);
    c->text_at += now;
    return (ptrdiff_t)now;
}

/* "UTF-16LE", "UTF-16BE", or NULL. */
static const char *find_code(const char *head, size_t n)
{
    if (n >= 2 && memcmp(head, "\xFF\xFE", 2) == 0)
        return "UTF-16LE";
    if (n >= 2 && memcmp(head, "\xFE\xFF", 2) == 0)
        return "UTF-16BE";
    if (n == PEEK && head[0] && !head[1] && head[2] && !head[3])
        return "UTF-16LE";
    return n == PEEK && !head[0] && head[1] && !head[2] && head[3] ? "UTF-16BE" : NULL;
}

/* Only as many bytes as tell: whoever sends a line and waits is not waited for. */
static sordino_status peek(text_code *c, sordino_error *why)
{
    sordino_status status = byte_read_full(&c->in, c->peeked, 1, &c->n_peeked, why);
    size_t got = c->n_peeked;
    while (!status && got > 0 && c->n_peeked < PEEK) {
        const char last = c->peeked[c->n_peeked - 1], first = c->peeked[0];
        const bool is_mark = first == '\xFF' || first == '\xFE' || first == '\0';
        if (!is_mark && last != '\0' && c->n_peeked == 2)
            break;
        status = byte_read_full(&c->in, c->peeked + c->n_peeked, 1, &got, why);
        c->n_peeked += got;
    }
    return status;
}

sordino_status text_code_open(byte_input *in, text_code **out, sordino_error *why)
{
    *out = NULL;
    text_code *const c = calloc(1, sizeof *c);
    if (!c)
        return fail_no_memory(why);
    c->in = *in;
    c->decode = c->encode = (iconv_t)-1;
    sordino_status status = peek(c, why);
    const char *const code = find_code(c->peeked, c->n_peeked);
    if (!status && code) {
        c->is_wide = true;
        c->decode = iconv_open("UTF-8", code);
        c->encode = iconv_open(code, "UTF-8");
        if (c->decode == (iconv_t)-1 || c->encode == (iconv_t)-1)
            status = fail(why, SORDINO_UNSUPPORTED,
                          "is %s, which this system does not convert; "
                          "save it as UTF-8",
                          code);
    }
    if (status) {
        text_code_close(c);
        return status;
    }
    in->read = code ? read_wide : read_plain;
    in->user = c;
    *out = c;
    return SORDINO_OK;
}

void text_code_close(text_code *c)
{
    if (!c)
        return;
    if (c->decode != (iconv_t)-1)
        iconv_close(c->decode);
    if (c->encode != (iconv_t)-1)
        iconv_close(c->encode);
    free(c->coded);
    free(c);
}

bool text_code_encode(text_code *c, const char **bytes, size_t *n)
{
    if (!c->is_wide || *n == 0)
        return true;
    if (2 * *n > c->room) {
        char *const coded = realloc(c->coded, 2 * *n);
        if (!coded)
            return false;
        c->coded = coded;
        c->room = 2 * *n;
    }
    char *from = (char *)*bytes, *to = c->coded;
    size_t from_n = *n, to_n = c->room;
    if (iconv(c->encode, &from, &from_n, &to, &to_n) == (size_t)-1)
        return false;
    *bytes = c->coded;
    *n = c->room - to_n;
    return true;
}
