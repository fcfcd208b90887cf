/*
 * Any bytes to the readers of tables, of WAV and AU streams and of bare samples. What they give
 * must not depend on how the input is cut into pieces, and a table of which no cell is changed must
 * be written as it came.
 *
 * The first two bytes choose the reader, the pieces and the options; the rest is the input.
 */
#include "common/sound/raw_io.h"
#include "common/table/table_io.h"
#include "common/sound/wav_stream.h"
#include "tests/fuzz/fuzz.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_PIECE = 64, ROWS = 3 };

static void must(int condition, const char *what)
{
    if (!condition) {
        fprintf(stderr, "fuzz_table: %s\n", what);
        abort();
    }
}

/* The input, given out in pieces of at most `piece` bytes. */
typedef struct pieces {
    const uint8_t *at;
    size_t n, piece;
} pieces;

static ptrdiff_t read_piece(void *user, void *to, size_t n)
{
    pieces *const p = user;
    size_t now = n < p->n ? n : p->n;
    if (now > p->piece)
        now = p->piece;
    memcpy(to, p->at, now);
    p->at += now;
    p->n -= now;
    return (ptrdiff_t)now;
}

/* What came out, as a hash (FNV-1a, 64 bit) and, of a table, as text. */
typedef struct result {
    uint64_t hash;
    uint8_t *text; /* [room], borrowed */
    size_t n, room;
} result;

static void add(result *r, const void *bytes, size_t n)
{
    const uint8_t *const at = bytes;
    for (size_t i = 0; i < n; i++)
        r->hash = (r->hash ^ at[i]) * UINT64_C(0x100000001B3);
}

static bool write_text(void *user, const void *bytes, size_t n)
{
    result *const r = user;
    must(n <= r->room - r->n, "more was written than was read");
    memcpy(r->text + r->n, bytes, n);
    r->n += n;
    return true;
}

static void fail_well(const sordino_error *why)
{
    must(why->status != SORDINO_OK && why->text[0], "a refusal without a reason");
}

/* Rows through and out again, unchanged; a second table would be changed in every cell. */
static void pass_rows(table *t, result *r)
{
    const size_t width = table_shape_of(t)->n_signals;
    float *const values = malloc(ROWS * width * sizeof *values);
    float *const none = malloc(ROWS * width * sizeof *none);
    char number[TABLE_NUMBER_MAX];
    sordino_error why;
    size_t got = 1;
    sordino_status status = SORDINO_OK;
    must(values && none, "out of memory");
    for (size_t i = 0; i < ROWS * width; i++)
        none[i] = NAN;
    while (!status && got > 0) {
        status = table_read(t, values, ROWS, &got, &why);
        if (status)
            fail_well(&why);
        add(r, values, got * width * sizeof *values);
        for (size_t i = 0; i < got * width; i++)
            if (isfinite(values[i])) {
                static const number_format shortest = {.form = {'.', '\0'}, .decimals = -1};
                const double offset = table_shape_of(t)->offsets[i % width];
                const size_t n = number_print(values[i], offset, &shortest, number);
                must(n < TABLE_NUMBER_MAX && (float)(strtod(number, NULL) - offset) == values[i],
                     "a number is not read as it was written");
            }
        must(table_write(t, none, got, true, write_text, r), "rows were not written");
    }
    must(status || table_write_end(t, write_text, r), "the end was not written");
    add(r, &status, sizeof status);
    free(values);
    free(none);
}

static void try_table(pieces p, uint8_t choice, result *r)
{
    static const char *const columns[] = {NULL, "1", "2-3", "x,2"};
    const table_wishes wishes = {.rate = choice & 16 ? 100.0 : 0.0,
                                 .time_column = (choice & 3) - 1,
                                 .columns = columns[choice >> 2 & 3],
                                 .n_signals = choice >> 2 & 3 ? 0 : choice >> 6 & 1,
                                 .first_row = (choice & 32) != 0};
    const size_t size = p.n;
    const uint8_t *const all = p.at;
    sordino_error why;
    table *t;
    const sordino_status status = table_open((byte_input){read_piece, &p}, &wishes, &t, &why);
    add(r, &status, sizeof status);
    if (status) {
        fail_well(&why);
        must(t == NULL, "a refused table is there");
        return;
    }
    pass_rows(t, r);
    must(r->n <= size && memcmp(r->text, all, r->n) == 0, "an unchanged table has changed");
    must(p.n > 0 || r->n == size || table_counts_of(t)->bytes < size, "a table's end is missing");
    table_close(t);
}

static void read_samples(source *s, size_t size, result *r)
{
    float *const to = malloc(ROWS * sizeof *to * s->channels);
    sordino_error why;
    size_t got = 1, frames = 0;
    sordino_status status = SORDINO_OK;
    must(to != NULL, "out of memory");
    must(s->rate > 0 && s->channels > 0 && s->frames >= -1, "a source of nothing");
    while (!status && got > 0) {
        status = s->read(s, to, ROWS, &got, &why);
        if (status)
            fail_well(&why);
        must(got <= ROWS && !(status && got), "more frames than were asked for");
        add(r, to, got * sizeof *to * s->channels);
        frames += got;
    }
    must(frames * s->channels <= size, "more samples than bytes");
    add(r, &status, sizeof status);
    s->close(s);
    free(to);
}

static void try_stream(pieces p, uint8_t choice, bool is_raw, result *r)
{
    const raw_config config = {
        .encoding = {(encoding_kind)(ENCODING_U8 + choice % 7), (choice & 64) != 0},
        .rate = 8000,
        .channels = 1 + choice % 5,
        .n_bytes = choice & 32 ? UINT64_MAX : choice,
        .format = "raw"};
    const byte_input in = {read_piece, &p};
    const size_t size = p.n;
    sordino_error why;
    source *s;
    const sordino_status status =
        is_raw ? raw_open(in, &config, &s, &why) : wav_stream_open(in, &s, &why);
    add(r, &status, sizeof status);
    if (status == SORDINO_OK)
        read_samples(s, size, r);
    else
        fail_well(&why);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint64_t hash = 0;
    if (size < 2)
        return 0;
    for (int pass = 0; pass < 2; pass++) {
        const pieces p = {data + 2, size - 2, pass == 0 ? SIZE_MAX : 1u + data[0] / 4 % MAX_PIECE};
        result r = {UINT64_C(0xCBF29CE484222325), malloc(size), 0, size};
        must(r.text != NULL, "out of memory");
        if (data[0] % 4 < 2)
            try_table(p, data[1], &r);
        else
            try_stream(p, data[1], data[0] % 4 == 3, &r);
        must(pass == 0 || r.hash == hash, "the result depends on how the input is cut");
        hash = r.hash;
        free(r.text);
    }
    return 0;
}
