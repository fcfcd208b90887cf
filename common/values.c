#include "common/values.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool value_wrong(const char *program, const char *subject, const char *value, const char *expected)
{
    fprintf(stderr, "%s: %s: '%s' is not served; give %s\n", program, subject, value, expected);
    return false;
}

bool value_number(const char *text, double low, double high, double *out)
{
    char *end;
    const double v = strtod(text, &end);
    if (end == text || *end != '\0' || !(v >= low && v <= high))
        return false;
    *out = v;
    return true;
}

bool value_count(const char *text, size_t low, size_t high, size_t *out)
{
    double v;
    if (!value_number(text, (double)low, (double)high, &v) || v != floor(v))
        return false;
    *out = (size_t)v;
    return true;
}

bool value_whole(const char *program, const char *subject, const char *text, size_t low,
                 size_t high, size_t *out)
{
    if (value_count(text, low, high, out))
        return true;
    fprintf(stderr, "%s: %s: '%s' is not served; give a whole number from %zu to %zu\n", program,
            subject, text, low, high);
    return false;
}

/* Both 20 and -20 are "at most 20 dB". */
static bool read_limit(const char *program, const char *text, sordino_config *config)
{
    double v;
    if (!value_number(text, -120, 120, &v))
        return value_wrong(program, "--limit", text, "decibels from 0 to 120");
    config->limit = -fabs(v);
    return true;
}

static bool read_gain_rule(const char *program, const char *text, sordino_config *config)
{
    const bool lsa = strcmp(text, "lsa") == 0;
    config->gain_rule = lsa ? SORDINO_GAIN_LSA : SORDINO_GAIN_WIENER;
    return lsa || strcmp(text, "wiener") == 0 ||
           value_wrong(program, "--gain-rule", text, "lsa or wiener");
}

bool method_option_read(const char *program, int code, const char *text, sordino_config *config,
                        bool *wants_wiener)
{
    size_t n;
    if (code == METHOD_OPTION_GAIN_RULE || code == METHOD_OPTION_WINDOW)
        *wants_wiener = true;
    switch (code) {
    case METHOD_OPTION_LIMIT:
        return read_limit(program, text, config);
    case METHOD_OPTION_MIX:
        return value_number(text, 0, 1, &config->mix) ||
               value_wrong(program, "--mix", text, "0 to 1");
    case METHOD_OPTION_GAIN_RULE:
        return read_gain_rule(program, text, config);
    case METHOD_OPTION_WINDOW:
        return value_number(text, 0.002, 0.2, &config->window) ||
               value_wrong(program, "--window", text, "seconds from 0.002 to 0.2");
    case METHOD_OPTION_HOP:
        return value_number(text, 0.00025, 0.1, &config->hop) ||
               value_wrong(program, "--hop", text, "seconds from an eighth to half of the window");
    case METHOD_OPTION_LAG:
        if (!value_whole(program, "--lag", text, 0, 4096, &n))
            return false;
        config->lag = (uint32_t)n;
        return true;
    default:
        return false;
    }
}

const char *method_option_check(const sordino_config *config)
{
    if (config->hop > 0 && config->window == 0)
        return "--hop: depends on the window; add --window S";
    if (config->hop > 0 && (config->hop < config->window / 8 || config->hop > config->window / 2))
        return "--hop: is not from an eighth to half of the window; change one of them";
    return NULL;
}
