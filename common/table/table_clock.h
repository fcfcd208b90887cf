/*
 * Dates and times of day in cells: ISO 8601 with zones, h:m:s, European and American dates, times
 * counted from an epoch.
 */
#ifndef COMMON_TABLE_TABLE_CLOCK_H
#define COMMON_TABLE_TABLE_CLOCK_H

#include <stdbool.h>
#include <stddef.h>

typedef enum clock_order { CLOCK_DAY_FIRST, CLOCK_MONTH_FIRST } clock_order;

typedef struct clock_cell {
    long double seconds; /* since 1970, without a date since midnight; 64 bits hold nanoseconds */
    double resolution;   /* s, one unit of the last digit */
    bool has_date, has_time;
    bool day_first, month_first; /* the date can only be read so: 25/12, 12/25 */
} clock_cell;

/* Reads a cell, raw or without its quotes. `order` is for dates of two numbers before the year;
 * with points between, the day is always first. False when it is none of these. */
bool clock_read(const char *text, size_t n, clock_order order, clock_cell *out);

/* Seconds in the unit of times that are counted from 1970, by their size: 1, 1e-3, 1e-6, 1e-9; 0
 * where they are not. */
double clock_epoch_unit(double value);

#endif
