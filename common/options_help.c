#include "common/options_internal.h"

#include <inttypes.h>
#include <string.h>

enum { HELP_COLUMN = 26, HELP_WIDTH = 79, MAX_NAME = 64 };

/* ---- help ---- */

/* Words from `column` on, in lines of HELP_WIDTH; the pen is at `column`. */
static void print_wrapped(const char *text, FILE *to)
{
    int column = HELP_COLUMN;
    while (*text) {
        const int n = (int)strcspn(text, " ");
        if (column > HELP_COLUMN && column + 1 + n > HELP_WIDTH) {
            fprintf(to, "\n%*s", HELP_COLUMN, "");
            column = HELP_COLUMN;
        }
        column += fprintf(to, "%s%.*s", column > HELP_COLUMN ? " " : "", n, text);
        text += n + (text[n] == ' ');
    }
    fputc('\n', to);
}

static void print_row(const option_row *r, FILE *to)
{
    const char letter[5] = {'-', r->letter, ',', ' ', '\0'};
    const int n = fprintf(to, "  %s--%s%s%s", r->letter ? letter : "    ", r->name,
                          r->value ? " " : "", r->value ? r->value : "");
    if (n + 2 > HELP_COLUMN)
        fprintf(to, "\n%*s", HELP_COLUMN, "");
    else
        fprintf(to, "%*s", HELP_COLUMN - n, "");
    print_wrapped(r->help, to);
}

void option_print_help(const option_table *t, FILE *to)
{
    fputs(t->intro, to);
    for (size_t i = 0; i < t->n_rows; i++) {
        const option_row *const r = &t->rows[i];
        if (r->group)
            fprintf(to, "%s%s%s", "\n", r->group, *r->group ? "\n" : "");
        if (r->help)
            print_row(r, to);
    }
    if (t->print_more)
        t->print_more(to);
    fprintf(to, "\n%s", t->end);
}

/* ---- the table itself ---- */

void option_print_table(const option_table *t, FILE *to)
{
    static const char *const kinds[] = {"flag",  "flag",   "flag", "text", "number", "integer",
                                        "whole", "choice", "read", "pair", "flag",   "flag"};
    const char *group = "";
    for (size_t i = 0; i < t->n_rows; i++) {
        const option_row *const r = &t->rows[i];
        if (r->group)
            group = r->group;
        if (!r->help)
            continue;
        const char letter[2] = {r->letter, '\0'};
        const option_kind kind = r->kind == OPTION_READ && r->described ? r->described : r->kind;
        const bool flag = !r->value, whole = kind == OPTION_WHOLE;
        const bool number = whole || kind == OPTION_NUMBER || kind == OPTION_INTEGER;
        fprintf(to, "%s\t%s\t%s\t%s\t", letter, r->name, flag ? "" : r->value,
                flag ? "flag" : kinds[kind]);
        if (number)
            fprintf(to, "%.17g", r->low);
        fputc('\t', to);
        if (whole)
            fprintf(to, "%" PRIu64, r->most);
        else if (number)
            fprintf(to, "%.17g", r->high);
        fprintf(to, "\t%s\t%s\t%s\n", r->choices ? r->choices : "", group, r->help);
    }
}

void option_list_choices(const char *choices, char *to, size_t size)
{
    size_t at = 0;
    to[0] = '\0';
    for (const char *c = choices; *c && at + 1 < size;) {
        const size_t n = strcspn(c, " ");
        const char *const joint = c == choices ? "" : c[n] ? ", " : " or ";
        at += (size_t)snprintf(to + at, size - at, "%s%.*s", joint, (int)n, c);
        c += n + (c[n] == ' ');
    }
}

/* ---- what was meant ---- */

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* Letters put in, left out, changed or swapped with the next one to make b of a (Damerau 1964,
 * "A technique for computer detection and correction of spelling errors"); both below MAX_NAME. */
static unsigned distance(const char *a, size_t n_a, const char *b, size_t n_b)
{
    unsigned rows[3][MAX_NAME + 1];
    for (size_t j = 0; j <= n_b; j++)
        rows[0][j] = (unsigned)j;
    for (size_t i = 1; i <= n_a; i++) {
        unsigned *const now = rows[i % 3], *const last = rows[(i + 2) % 3];
        now[0] = (unsigned)i;
        for (size_t j = 1; j <= n_b; j++) {
            now[j] = least(least(last[j], now[j - 1]) + 1, last[j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                now[j] = least(now[j], rows[(i + 1) % 3][j - 2] + 1);
        }
    }
    return rows[n_a % 3][n_b];
}

/* The nearest name of those that people are told of. */
static const char *nearest(const option_row *rows, size_t n_rows, const char *name, size_t n,
                           bool in_recipe)
{
    const char *best = NULL;
    unsigned least_far = 1 + (unsigned)n / 4; /* further away is another word */
    for (size_t i = 0; n < MAX_NAME && i < n_rows; i++) {
        const option_row *const r = &rows[i];
        const size_t length = strlen(r->name);
        const bool ends = r->kind == OPTION_HELP || r->kind == OPTION_VERSION;
        if (!r->help || length >= MAX_NAME || (in_recipe && ends))
            continue;
        const unsigned far = distance(name, n, r->name, length);
        if (far < least_far || (far == least_far && !best)) {
            least_far = far;
            best = r->name;
        }
    }
    return best;
}

const char *option_nearest(const option_row *rows, size_t n_rows, const char *name)
{
    return nearest(rows, n_rows, name, strlen(name), true);
}

bool option_describe_near(const option_table *t, const char *name, size_t n, char *to, size_t size)
{
    const option_row *found[2] = {NULL, NULL};
    size_t n_found = 0;
    for (size_t i = 0; n > 0 && i < t->n_rows; i++)
        if (t->rows[i].help && strncmp(t->rows[i].name, name, n) == 0 && n_found++ < 2)
            found[n_found - 1] = &t->rows[i];
    if (n_found >= 2) {
        snprintf(to, size, "fits %zu options; write --%s, --%s%s", n_found, found[0]->name,
                 found[1]->name, n_found > 2 ? " ..." : "");
        return true;
    }
    const char *const near = nearest(t->rows, t->n_rows, name, n, false);
    if (near)
        snprintf(to, size, "is no option; did you mean --%s?", near);
    return near != NULL;
}
