/* Values on command lines, and the options about the method that several programs take. What is
 * wrong is told on standard error, in the name of `program`. */
#ifndef COMMON_VALUES_H
#define COMMON_VALUES_H

#include <stdbool.h>
#include <stddef.h>

#include <sordino/sordino.h>

/* "PROGRAM: SUBJECT: 'VALUE' is not served; give EXPECTED". Returns false. */
bool value_wrong(const char *program, const char *subject, const char *value, const char *expected);

/* A number, or a whole number, from low to high and nothing behind it; false, and untold, if not.
 */
bool value_number(const char *text, double low, double high, double *out);
bool value_count(const char *text, size_t low, size_t high, size_t *out);

/* As value_count, but told. */
bool value_whole(const char *program, const char *subject, const char *text, size_t low,
                 size_t high, size_t *out);

/* What the options without a letter may return from getopt_long: from here on. */
enum {
    METHOD_OPTION_LIMIT = 1024,
    METHOD_OPTION_MIX,
    METHOD_OPTION_GAIN_RULE,
    METHOD_OPTION_WINDOW,
    METHOD_OPTION_HOP,
    METHOD_OPTION_LAG
};

/* Reads the value of one of these into `config`; `*wants_wiener` is set by those that mean it.
 * False: told, or `code` is another. */
bool method_option_read(const char *program, int code, const char *text, sordino_config *config,
                        bool *wants_wiener);

/* Whether the window and hop go together; NULL, or what is wrong. */
const char *method_option_check(const sordino_config *config);

#endif
