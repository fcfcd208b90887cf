/*
 * What a column of numbers is. Only what is measured is denoised; what counts, tells the time or
 * the state stays as it is, and so does what cannot be told from it.
 */
#ifndef COMMON_TABLE_TABLE_KINDS_H
#define COMMON_TABLE_TABLE_KINDS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/table/table_words.h"

typedef enum column_kind {
    COLUMN_TEXT, /* words, or nothing in most rows */
    COLUMN_MEASURED,
    COLUMN_TIME,    /* the one that gives the rate */
    COLUMN_CLOCK,   /* another time */
    COLUMN_COUNTER, /* rises or falls by even steps, or in whole numbers */
    COLUMN_CONSTANT,
    COLUMN_FLAG, /* two values */
    COLUMN_CODE, /* few values, or named as a state is */
    COLUMN_KEPT  /* --keep says so */
} column_kind;

/* "counter", "clock" ...; static. */
const char *column_kind_name(column_kind kind);

/* A column of the first rows. */
typedef struct column_sample {
    const double *values; /* [n], finite; cells without a number are left out */
    size_t n;
    int decimals;  /* the most that a cell has */
    bool is_first; /* of several columns of numbers: where clocks and counters stand */
    name_facts name;
} column_sample;

/* MEASURED, CLOCK, COUNTER, CONSTANT, FLAG or CODE. `scratch` is [n]. */
column_kind column_kind_of(const column_sample *c, double *scratch);

#endif
