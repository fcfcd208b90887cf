#include "common/values.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char digits[] = "0123456789";

/* The parts of a decimal number; `whole` and `fraction` point into the text. */
typedef struct decimal {
    const char *whole, *fraction;
    size_t n_whole, n_fraction; /* digits */
    long exponent;              /* within +-10000 */
    bool negative;
} decimal;

/* The place behind a number at the start of `text`, or NULL. */
static const char *read_decimal(const char *text, decimal *d)
{
    *d = (decimal){.negative = *text == '-'};
    text += *text == '-' || *text == '+';
    d->whole = text;
    d->n_whole = strspn(text, digits);
    text += d->n_whole;
    if (*text == '.') {
        d->fraction = ++text;
        d->n_fraction = strspn(text, digits);
        text += d->n_fraction;
    }
    if (d->n_whole + d->n_fraction == 0)
        return NULL;
    if (*text != 'e' && *text != 'E')
        return text;
    const char *const sign = ++text;
    text += *text == '-' || *text == '+';
    const size_t n = strspn(text, digits);
    if (n == 0)
        return NULL;
    for (const char *c = text; c < text + n && d->exponent < 10000; c++)
        d->exponent = 10 * d->exponent + (*c - '0');
    if (*sign == '-')
        d->exponent = -d->exponent;
    return text + n;
}

static bool ends(const char *text, const char *stops)
{
    return text && (*text == '\0' || strchr(stops, *text));
}

static bool grow(uint64_t *v, unsigned digit)
{
    if (*v > (UINT64_MAX - digit) / 10)
        return false;
    *v = 10 * *v + digit;
    return true;
}

/* Whether the number is whole and below 2^64, without its sign. */
static bool magnitude_of(const decimal *d, uint64_t *out)
{
    const size_t n = d->n_whole + d->n_fraction;
    size_t last = 0; /* digits up to the last that is not 0 */
    for (size_t i = 0; i < n; i++)
        if ((i < d->n_whole ? d->whole[i] : d->fraction[i - d->n_whole]) != '0')
            last = i + 1;
    long zeros = (long)d->n_whole + d->exponent - (long)last; /* to be put behind them */
    *out = 0;
    if (last > 0 && zeros < 0)
        return false;
    for (size_t i = 0; i < last; i++) {
        const char c = i < d->n_whole ? d->whole[i] : d->fraction[i - d->n_whole];
        if (!grow(out, (unsigned)(c - '0')))
            return false;
    }
    while (*out > 0 && zeros-- > 0)
        if (!grow(out, 0))
            return false;
    return true;
}

const char *value_number_part(const char *text, const char *stops, double low, double high,
                              double *out)
{
    decimal d;
    const char *const end = read_decimal(text, &d);
    if (!ends(end, stops))
        return NULL;
    errno = 0;
    const double v = strtod(text, NULL);
    if (errno == ERANGE || !(v >= low && v <= high))
        return NULL;
    *out = v;
    return end;
}

const char *value_whole_part(const char *text, const char *stops, uint64_t low, uint64_t high,
                             uint64_t *out)
{
    decimal d;
    uint64_t v;
    const char *const end = read_decimal(text, &d);
    if (!ends(end, stops) || !magnitude_of(&d, &v) || (d.negative && v > 0) || v < low || v > high)
        return NULL;
    *out = v;
    return end;
}

bool value_number(const char *text, double low, double high, double *out)
{
    return value_number_part(text, "", low, high, out) != NULL;
}

bool value_whole(const char *text, uint64_t low, uint64_t high, uint64_t *out)
{
    return value_whole_part(text, "", low, high, out) != NULL;
}

bool value_count(const char *text, size_t low, size_t high, size_t *out)
{
    uint64_t v;
    if (!value_whole(text, low, high, &v))
        return false;
    *out = (size_t)v;
    return true;
}

bool value_integer(const char *text, double low, double high, double *out)
{
    decimal d;
    uint64_t v;
    if (!ends(read_decimal(text, &d), "") || !magnitude_of(&d, &v) || v > (UINT64_C(1) << 53))
        return false;
    const double x = d.negative ? -(double)v : (double)v;
    if (x < low || x > high)
        return false;
    *out = x;
    return true;
}

/* Digits with at most one point among them. */
static const char *read_plain(const char *text, double *out)
{
    const size_t n = strspn(text, "0123456789.");
    decimal d;
    if (n == 0 || text[n] == 'e' || text[n] == 'E' || read_decimal(text, &d) != text + n)
        return NULL;
    errno = 0;
    *out = strtod(text, NULL);
    return errno == ERANGE ? NULL : text + n;
}

const char *value_time_part(const char *text, const char *stops, double *seconds)
{
    double sum = 0;
    for (int parts = 0; parts < 3; parts++) {
        double part;
        const char *const end = read_plain(text, &part);
        if (!end || (parts > 0 && part >= 60))
            return NULL;
        sum = 60 * sum + part;
        if (ends(end, stops)) {
            *seconds = sum;
            return end;
        }
        if (*end != ':' || part != floor(part))
            return NULL;
        text = end + 1;
    }
    return NULL;
}
