/*
 * Numbers as tables hold them: with a point or a comma, digits in groups, Fortran's exponents,
 * between quotes, as ="1", with a currency. Read in one stated form, and written back in the same.
 */
#ifndef COMMON_TABLE_TABLE_NUMBER_H
#define COMMON_TABLE_TABLE_NUMBER_H

#include <stdbool.h>
#include <stddef.h>

typedef struct number_form {
    char decimal; /* '.' or ',' */
    /* Between groups of three digits: ',', '.', '\'' or ' '; NUMBER_NARROW and NUMBER_NBSP are
     * U+202F and U+00A0 in UTF-8; '\0' = none. */
    char thousands;
} number_form;

enum { NUMBER_NBSP = 1, NUMBER_NARROW = 2 };

typedef enum cell_kind {
    CELL_NUMBER,
    CELL_GAP, /* empty, NaN, an infinity, NA, null ... */
    CELL_TEXT
} cell_kind;

typedef struct cell_number {
    double value;      /* may be past a double's range: then infinite */
    size_t begin, end; /* the number's own bytes: no quotes, blanks, currency, per cent */
    int decimals;      /* digits after the mark */
    int digits;        /* before it */
    char exponent;     /* its letter; '\0' = none */
    bool plus;         /* begins with one */
    int exponent_digits;
} cell_number;

/* Reads a cell of `n` bytes, raw or without its quotes. `out` is set for CELL_NUMBER; for others
 * `begin` and `end` are the whole content without blanks and quotes. */
cell_kind number_read(const char *text, size_t n, number_form form, cell_number *out);

/* What the cells of one or more columns say about the form they are in. */
typedef struct number_evidence {
    size_t point, comma;               /* cells where it can only be the decimal mark */
    size_t point_groups, comma_groups; /* cells where it can only part groups of digits */
    size_t point_three, comma_three;   /* one mark with three digits after it: either */
    size_t other_groups;               /* cells with groups parted by `other` */
    char other;
    size_t plain; /* numbers without a mark */
    size_t large; /* of these, with over three digits: thousands are not parted */
} number_evidence;

/* Adds what a cell says; false when it is no number in any form. */
bool number_weigh(const char *text, size_t n, number_evidence *e);

typedef enum number_verdict {
    NUMBER_CLEAR,
    NUMBER_UNCLEAR, /* "1,234" throughout: may be 1234 or 1.234 */
    NUMBER_MIXED    /* some cells have a decimal point, others a comma */
} number_verdict;

/* The form that fits. `form` is set to the likelier one even where the verdict is not clear. */
number_verdict number_decide(const number_evidence *e, number_form *form);

/* How a column's numbers are written. */
typedef struct number_format {
    number_form form;
    int decimals;        /* digits after the mark; -1: as few as give the same float */
    char exponent;       /* with `scientific`, and for numbers that need one; '\0' = 'e' */
    int exponent_digits; /* at least */
    bool scientific;     /* one digit, the mark, `decimals` digits, exponent */
    bool plus;           /* before positive numbers */
} number_format;

enum { TABLE_NUMBER_MAX = 64 };

/* Writes `estimate` + `offset`, NUL-terminated. Without decimals: as few digits, from six, as give
 * the same float when the offset is taken off again. Returns their number. */
size_t number_print(float estimate, double offset, const number_format *format,
                    char to[TABLE_NUMBER_MAX]);

#endif
