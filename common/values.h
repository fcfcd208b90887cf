/*
 * Values as people write them, in options and recipes: one reader for each type. A reader takes
 * decimal digits ("20", "-0.5", "1e3") and nothing else: no blanks, no hexadecimal, no "inf" or
 * "nan", nothing behind the number. It refuses what its type cannot hold, and stores nothing then.
 */
#ifndef COMMON_VALUES_H
#define COMMON_VALUES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A number from low to high, to the nearest double. False: no number, outside, or too near to zero
 * for a double. */
bool value_number(const char *text, double low, double high, double *out);

/* A whole number from low to high, exact in all 64 bits: 1e3 is 1000; 1.5 is none. */
bool value_whole(const char *text, uint64_t low, uint64_t high, uint64_t *out);
bool value_count(const char *text, size_t low, size_t high, size_t *out);

/* Whole numbers below zero too; the bounds are up to 2^53 either way. */
bool value_integer(const char *text, double low, double high, double *out);

/* Part of a list: as above, but the number ends before one of `stops`, or with the text. Returns
 * that place, or NULL where the functions above say false. */
const char *value_number_part(const char *text, const char *stops, double low, double high,
                              double *out);
const char *value_whole_part(const char *text, const char *stops, uint64_t low, uint64_t high,
                             uint64_t *out);

/* A time up to one of `stops` or the end: seconds, m:s or h:m:s, where only the last may have a
 * fraction and those behind a colon are below 60. Returns that place, or NULL. */
const char *value_time_part(const char *text, const char *stops, double *seconds);

#endif
