/* What the name of a column says it holds, in the languages that instruments speak. */
#ifndef COMMON_TABLE_TABLE_WORDS_H
#define COMMON_TABLE_TABLE_WORDS_H

#include <stdbool.h>

typedef enum name_hint {
    NAME_PLAIN,
    NAME_TIME,        /* a time, whatever its values are */
    NAME_MAYBE_TIME,  /* "t", "x", "rise time": a time if it rises */
    NAME_COUNT,       /* "frame", "id", "sample #" */
    NAME_MAYBE_COUNT, /* "n", "counts" */
    NAME_CODE,        /* "status", "flag": a code where the values are whole numbers */
    NAME_MEASURE      /* has the unit, or the name, of something measured */
} name_hint;

typedef struct name_facts {
    name_hint hint;
    double time_unit; /* seconds; 0 = none said */
} name_facts;

/* `unit` is what a row of units has for it, or "". */
name_facts name_read(const char *name, const char *unit);

/* Seconds in a unit of time: "ms", "(us)", "second"; 0 where it is none. */
double name_time_unit(const char *unit);

#endif
