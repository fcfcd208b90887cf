/* The options about the method, and about gaps and times, that several programs take, as rows of
 * their tables. `config` is the offset of a sordino_config in the program's struct; `wiener` that
 * of a bool which becomes true when an option of wiener's own is given; `field` that of the value.
 */
#ifndef COMMON_METHOD_OPTIONS_H
#define COMMON_METHOD_OPTIONS_H

#include "common/options.h"

#include <sordino/sordino.h>

#define METHOD_FIELD(config, field) ((config) + offsetof(sordino_config, field))

/* What the first row of a group named "Method" is in each program. */
#define METHOD_MODEL(field, text)                                                                  \
    {                                                                                              \
        .group = "Method", .name = "model", .value = "NAME", .help = text, .kind = OPTION_TEXT,    \
        .letter = 'm', .at = field                                                                 \
    }
#define METHOD_LIMIT(config, text)                                                                 \
    {                                                                                              \
        .name = "limit", .value = "DB", .help = text, .kind = OPTION_READ,                         \
        .at = METHOD_FIELD(config, limit), .read = method_read_limit                               \
    }
#define METHOD_MIX(config)                                                                         \
    {                                                                                              \
        .name = "mix", .value = "X", .help = "0 input .. 1 denoised (1)", .kind = OPTION_NUMBER,   \
        .at = METHOD_FIELD(config, mix), .low = 0, .high = 1                                       \
    }
#define METHOD_DELTA(config, text)                                                                 \
    {                                                                                              \
        .name = "delta", .help = text, .kind = OPTION_ON, .at = METHOD_FIELD(config, delta)        \
    }
/* One int for both, 1 or 0; `text` tells when each is so by itself. */
#define METHOD_LINK(field, text)                                                                   \
    {                                                                                              \
        .name = "link", .help = text, .kind = OPTION_SET, .at = field, .set = 1                    \
    }
#define METHOD_NO_LINK(field, text)                                                                \
    {                                                                                              \
        .name = "no-link", .help = text, .kind = OPTION_SET, .at = field, .set = 0                 \
    }
#define METHOD_GAIN_RULE(config, wiener)                                                           \
    {                                                                                              \
        .name = "gain-rule", .value = "RULE", .help = "wiener: lsa or wiener (lsa)",               \
        .kind = OPTION_CHOICE, .at = METHOD_FIELD(config, gain_rule), .given = 1 + (wiener),       \
        .choices = "lsa wiener"                                                                    \
    }
#define METHOD_WINDOW(config, wiener)                                                              \
    {                                                                                              \
        .name = "window", .value = "S", .help = "wiener: window in seconds, 0.002 to 0.2",         \
        .kind = OPTION_NUMBER, .at = METHOD_FIELD(config, window), .given = 1 + (wiener),          \
        .low = 0.002, .high = 0.2, .unit = "seconds"                                               \
    }
#define METHOD_HOP(config)                                                                         \
    {                                                                                              \
        .name = "hop", .value = "S", .help = "wiener: step in seconds (a quarter of the window)",  \
        .kind = OPTION_NUMBER, .at = METHOD_FIELD(config, hop), .low = 0.00025, .high = 0.1,       \
        .expected = "seconds from an eighth to half of the window"                                 \
    }
#define METHOD_LAG(config)                                                                         \
    {                                                                                              \
        .name = "lag", .value = "N", .help = "kalman: wait N samples for a better estimate (0)",   \
        .kind = OPTION_WHOLE, .at = METHOD_FIELD(config, lag), .bytes = sizeof(uint32_t),          \
        .low = 0, .most = 4096                                                                     \
    }
#define METHOD_GAPS(field)                                                                         \
    {                                                                                              \
        .name = "gaps", .value = "keep|fill", .kind = OPTION_READ, .at = field,                    \
        .read = method_read_gaps, .choices = "keep fill",                                          \
        .help = "leave missing values missing, or estimate them (keep)"                            \
    }
#define METHOD_DITHER(field)                                                                       \
    {                                                                                              \
        .name = "dither", .kind = OPTION_ON, .at = field,                                          \
        .help = "round to 8, 16 and 24 bits with dither (so by default)"                           \
    }
#define METHOD_NO_DITHER(field)                                                                    \
    {                                                                                              \
        .name = "no-dither", .kind = OPTION_OFF, .at = field,                                      \
        .help = "round to 8, 16 and 24 bits without dither"                                        \
    }

/* The limit in decibels; 20 and -20 mean the same. */
sordino_status method_read_limit(void *all, void *field, const option_row *row, const char *text,
                                 sordino_error *why);

/* The number of a column of times, from 1, into an int; 0 for "none". */
sordino_status method_read_time_column(void *all, void *field, const option_row *row,
                                       const char *text, sordino_error *why);

/* "keep" or "fill" into a bool: whether missing values are estimated. */
sordino_status method_read_gaps(void *all, void *field, const option_row *row, const char *text,
                                sordino_error *why);

/* Whether the window and hop go together; NULL, or what is wrong. */
const char *method_option_check(const sordino_config *config);

#endif
