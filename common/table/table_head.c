#include "common/table/table_head.h"
#include "common/fail.h"
#include "common/table/table_cells.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

size_t table_mark(const char *head, size_t n)
{
    return n >= 3 && memcmp(head, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
}

/* What a line's words are, between delimiters of any kind. */
typedef struct words {
    size_t n, numbers, gaps;
} words;

static words count_words(const char *line, size_t n)
{
    words w = {0, 0, 0};
    for (size_t at = 0, end; at < n; at = end + 1) {
        char word[64];
        cell_number number;
        number_evidence evidence = {0};
        for (end = at; end < n && !memchr(",;| \t\r\n\"", line[end], 8);)
            end++;
        if (end == at)
            continue;
        w.n++;
        if (end - at >= sizeof word)
            continue;
        memcpy(word, line + at, end - at);
        word[end - at] = '\0';
        w.numbers += number_weigh(word, end - at, &evidence);
        w.gaps += number_read(word, end - at, (number_form){'.', '\0'}, &number) == CELL_GAP;
    }
    return w;
}

/* The shape by what there is up to the end of a line; `*status` is OK and the answer false when it
 * cannot be told yet. */
static bool tells_shape(const char *head, size_t begin, size_t end, const table_wishes *wishes,
                        table_shape *shape, sordino_status *status, sordino_error *why)
{
    const size_t from = begin == 0 ? table_mark(head, end) : begin;
    const words w = count_words(head + from, end - from);
    const bool is_row = 2 * (w.numbers + w.gaps) >= w.n || wishes->columns;
    const size_t mark = table_mark(head, end);
    char columns[64];
    const char first[3] = {head[from], from + 1 < end ? head[from + 1] : '\0', '\0'};
    table_wishes row = *wishes;
    if (cells_is_comment(first) || w.numbers + w.gaps == 0 || !is_row)
        return false;
    if (w.gaps == w.n && !wishes->columns) {
        /* All are missing: nothing tells numbers from words but that somebody means to send some.*/
        snprintf(columns, sizeof columns, "%d-%zu", w.n == wishes->n_signals + 1 && w.n > 1 ? 2 : 1,
                 w.n);
        row.columns = columns;
    }
    *status = table_guess(head + mark, end - mark, true, &row, shape, why);
    if (*status == SORDINO_UNSUPPORTED) {
        *status = SORDINO_OK;
        return false;
    }
    return true;
}

/* Looks at the whole lines of the head from `*seen` on. */
static bool look(const char *head, size_t n, bool is_all, size_t *seen, size_t *line,
                 const table_wishes *wishes, table_shape *shape, sordino_status *status,
                 sordino_error *why)
{
    for (size_t at = *seen; at < n; at++) {
        const bool is_end = head[at] == '\n' || head[at] == '\r';
        if (!is_end && !(is_all && at + 1 == n))
            continue;
        const bool is_pair = head[at] == '\n' && at > 0 && head[at - 1] == '\r';
        *line += !is_pair;
        if (tells_shape(head, *seen, at + 1, wishes, shape, status, why))
            return true;
        *seen = at + 1;
    }
    return false;
}

sordino_status table_head_row(const byte_input *in, const table_wishes *wishes, char *head,
                              size_t room, size_t *n, table_shape *shape, sordino_error *why)
{
    size_t seen = 0, line = 0, got = 1;
    sordino_status status = SORDINO_OK;
    memset(shape, 0, sizeof *shape);
    for (*n = 0; got > 0;) {
        status = byte_read(in, head + *n, room - *n, &got, why);
        *n += got;
        if (status || (got == 0 && *n == 0))
            return status;
        if (look(head, *n, got == 0, &seen, &line, wishes, shape, &status, why))
            break;
    }
    if (!status && shape->n_signals == 0)
        return fail(why, SORDINO_UNSUPPORTED, "has no row of numbers in its first %zu lines", line);
    if (status == SORDINO_BAD_ARG) {
        char text[sizeof why->text];
        memcpy(text, why->text, sizeof text);
        fail(why, status, "line %zu %.200s", line, text);
    }
    return status;
}
