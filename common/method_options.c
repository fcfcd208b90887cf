#include "common/method_options.h"
#include "common/values.h"

#include <math.h>
#include <string.h>

/* OPTION_CHOICE writes an int into the field of the rule. */
_Static_assert(sizeof(sordino_gain_rule) == sizeof(int), "an enumeration is as large as an int");
_Static_assert(SORDINO_GAIN_LSA == 0 && SORDINO_GAIN_WIENER == 1, "as in the row's choices");

sordino_status method_read_limit(void *all, void *field, const option_row *row, const char *text,
                                 sordino_error *why)
{
    double v;
    if (!value_number(text, -120, 120, &v))
        return option_wrong(why, text, "decibels from 0 to 120");
    *(double *)field = -fabs(v);
    return SORDINO_OK;
}

sordino_status method_read_time_column(void *all, void *field, const option_row *row,
                                       const char *text, sordino_error *why)
{
    size_t n = 0;
    if (strcmp(text, "none") != 0 && !value_count(text, 1, 100000, &n))
        return option_wrong(why, text, "the number of a column, from 1, or none");
    *(int *)field = (int)n;
    return SORDINO_OK;
}

sordino_status method_read_gaps(void *all, void *field, const option_row *row, const char *text,
                                sordino_error *why)
{
    const bool fill = strcmp(text, "fill") == 0;
    *(bool *)field = fill;
    return fill || strcmp(text, "keep") == 0 ? SORDINO_OK : option_wrong(why, text, "keep or fill");
}

const char *method_option_check(const sordino_config *config)
{
    if (config->hop > 0 && config->window == 0)
        return "--hop: depends on the window; add --window S";
    if (config->hop > 0 && (config->hop < config->window / 8 || config->hop > config->window / 2))
        return "--hop: is not from an eighth to half of the window; change one of them";
    return NULL;
}
