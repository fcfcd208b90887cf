/* What options.c and options_help.c share. */
#ifndef COMMON_OPTIONS_INTERNAL_H
#define COMMON_OPTIONS_INTERNAL_H

#include "common/options.h"

/* "a, b or c" of "a b c", cut to size. */
void option_list_choices(const char *choices, char *to, size_t size);

/* What is wrong with a name of `n` letters that is no option: "is no option; did you mean --x?", or
 * for the beginning of several "fits 2 options; write --x, --y". False: nothing is near. */
bool option_describe_near(const option_table *table, const char *name, size_t n, char *to,
                          size_t size);

#endif
