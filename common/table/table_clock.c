#include "common/table/table_clock.h"

#include <ctype.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* What is left to read. */
typedef struct rest {
    const char *at, *end;
} rest;

static bool is_digit(const rest *r, size_t i)
{
    return (size_t)(r->end - r->at) > i && r->at[i] >= '0' && r->at[i] <= '9';
}

static bool take(rest *r, char c)
{
    if (r->at == r->end || *r->at != c)
        return false;
    r->at++;
    return true;
}

/* Up to `most` digits; their number is returned. */
static int take_number(rest *r, int most, long *out)
{
    int n = 0;
    for (*out = 0; n < most && is_digit(r, 0); n++)
        *out = *out * 10 + (*r->at++ - '0');
    return n;
}

/* A fraction behind its mark, up to 18 digits: the seconds, and how many digits there were. */
static int take_fraction(rest *r, long double *out)
{
    long double unit = 1;
    int n = 0;
    for (*out = 0; n < 18 && is_digit(r, 0); n++) {
        unit /= 10;
        *out += unit * (long double)(*r->at++ - '0');
    }
    return n;
}

/* Days since 1970-01-01 in the Gregorian calendar. Howard Hinnant, "chrono-compatible low-level
 * date algorithms" (2013), days_from_civil. */
static long days(long y, long m, long d)
{
    y -= m <= 2;
    const long era = (y >= 0 ? y : y - 399) / 400;
    const long of_era = y - era * 400;
    const long of_year = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static int take_month(rest *r, long *out)
{
    static const char names[] = "janfebmaraprmayjunjulaugsepoctnovdec";
    if (r->end - r->at < 3)
        return 0;
    for (long m = 0; m < 12; m++)
        if (strncasecmp(r->at, names + 3 * m, 3) == 0) {
            r->at += 3;
            *out = m + 1;
            return 3;
        }
    return 0;
}

/* Two numbers before a year: which is the day. */
static void order_parts(char mark, bool is_word, clock_order order, long *a, long *b,
                        clock_cell *out)
{
    out->day_first = *a > 12 || mark == '.' || is_word;
    out->month_first = *b > 12 && !is_word;
    const bool day_first =
        out->day_first || (!out->month_first && order == CLOCK_DAY_FIRST && mark != '.');
    if (!day_first)
        return;
    const long day = *a; /* leaves month in a, day in b */
    *a = *b;
    *b = day;
}

static bool take_date(rest *r, clock_order order, clock_cell *out, long *day)
{
    long a, b = 0, c;
    rest p = *r;
    const int a_n = take_number(&p, 4, &a);
    if (a_n == 0 || p.at == p.end || !strchr("-/. ", *p.at))
        return false;
    const char mark = *p.at++;
    const int word = take_month(&p, &b);
    if (word == 0 && (mark == ' ' || take_number(&p, 2, &b) == 0))
        return false;
    if (!take(&p, mark))
        return false;
    const int c_n = take_number(&p, 4, &c);
    if (a_n == 4 && (c_n == 1 || c_n == 2)) {
        *day = days(a, b, c);
        a = b;
        b = c;
    } else if (a_n <= 2 && (c_n == 4 || c_n == 2)) {
        order_parts(mark, word > 0, order, &a, &b, out);
        *day = days(c_n == 2 ? 2000 + c : c, a, b);
    } else {
        return false;
    }
    out->has_date = a >= 1 && a <= 12 && b >= 1 && b <= 31;
    *r = p;
    return out->has_date;
}

/* "20200131T235959": only with the letter, or it would be a number. */
static bool take_compact(rest *r, clock_cell *out, long *day)
{
    long date, time;
    rest p = *r;
    if (take_number(&p, 8, &date) != 8 || !(take(&p, 'T') || take(&p, '_')) ||
        take_number(&p, 6, &time) != 6)
        return false;
    const long month = date / 100 % 100, of_month = date % 100;
    if (month < 1 || month > 12 || of_month < 1 || of_month > 31 || time / 10000 > 23)
        return false;
    long double fraction = 0;
    int digits = 0;
    if (p.at < p.end && (*p.at == '.' || *p.at == ',')) {
        p.at++;
        digits = take_fraction(&p, &fraction);
    }
    *day = days(date / 10000, month, of_month);
    out->seconds =
        (long double)(time / 10000 * 3600 + time / 100 % 100 * 60 + time % 100) + fraction;
    out->resolution = pow(10, -digits);
    out->has_date = out->has_time = true;
    *r = p;
    return true;
}

static void take_noon(rest *r, long double *seconds)
{
    rest p = *r;
    while (take(&p, ' '))
        ;
    if (p.end - p.at < 2 || tolower((unsigned char)p.at[1]) != 'm')
        return;
    const int letter = tolower((unsigned char)p.at[0]);
    if (letter != 'a' && letter != 'p')
        return;
    const bool is_twelve = *seconds >= 43200 && *seconds < 46800;
    if (letter == 'p' && !is_twelve)
        *seconds += 43200;
    if (letter == 'a' && is_twelve)
        *seconds -= 43200;
    p.at += 2;
    *r = p;
}

/* h:m, h:m:s, with a fraction, or m:s with one; 1:02:03:250 has milliseconds behind. */
static bool take_time(rest *r, clock_cell *out)
{
    long part[4] = {0};
    long double fraction = 0;
    int n = 0, digits = -1;
    rest p = *r;
    for (; n < 4; n++) {
        const int length = take_number(&p, n == 0 ? 9 : 3, &part[n]);
        if (length == 0 || (n > 0 && n < 3 && length > 2) || (n == 3 && length != 3))
            return false;
        if (!take(&p, ':'))
            break;
    }
    if (n < 1 || n > 3 || part[1] > 59 || part[2] > 60)
        return false;
    if (n < 3 && p.at + 1 < p.end && (*p.at == '.' || *p.at == ',') && is_digit(&p, 1)) {
        p.at++;
        digits = take_fraction(&p, &fraction);
    }
    if (n == 1 && digits >= 0) /* m:s.f */
        out->seconds = (long double)(part[0] * 60 + part[1]) + fraction;
    else
        out->seconds = (long double)(part[0] * 3600 + part[1] * 60 + part[2]) + fraction;
    if (n == 3)
        out->seconds += (long double)part[3] / 1000;
    out->resolution = n == 3 ? 1e-3 : digits > 0 ? pow(10, -digits) : n == 2 ? 1 : 60;
    out->has_time = true;
    take_noon(&p, &out->seconds);
    *r = p;
    return true;
}

/* Z, UTC, GMT, +hh, +hhmm, +hh:mm. */
static void take_zone(rest *r, long double *seconds)
{
    long hours, minutes = 0;
    rest p = *r;
    while (take(&p, ' '))
        ;
    if (take(&p, 'Z') || take(&p, 'z')) {
        *r = p;
        return;
    }
    if (p.end - p.at >= 3 &&
        (strncasecmp(p.at, "utc", 3) == 0 || strncasecmp(p.at, "gmt", 3) == 0)) {
        p.at += 3;
        *r = p;
        return;
    }
    if (p.at == p.end || (*p.at != '+' && *p.at != '-'))
        return;
    const long sign = *p.at++ == '-' ? -1 : 1;
    if (take_number(&p, 2, &hours) != 2)
        return;
    (void)take(&p, ':');
    if (is_digit(&p, 0) && take_number(&p, 2, &minutes) != 2)
        return;
    *seconds -= (long double)(sign * (hours * 3600 + minutes * 60));
    *r = p;
}

static rest strip(const char *text, size_t n)
{
    static const char ends[] = " \t\"'[]=";
    rest r = {text, text + n};
    while (r.at < r.end && *r.at && strchr(ends, *r.at))
        r.at++;
    while (r.at < r.end && r.end[-1] && strchr(ends, r.end[-1]))
        r.end--;
    return r;
}

bool clock_read(const char *text, size_t n, clock_order order, clock_cell *out)
{
    rest r = strip(text, n);
    long day = 0;
    *out = (clock_cell){.resolution = 86400};
    if (r.end - r.at < 4 || r.end - r.at > 48 || !is_digit(&r, 0))
        return false;
    if (!take_compact(&r, out, &day)) {
        if (take_date(&r, order, out, &day)) {
            if (!take(&r, 'T') && !take(&r, '_') && take(&r, ','))
                (void)take(&r, ' ');
            else
                while (take(&r, ' '))
                    ;
        }
        if (!take_time(&r, out) && !out->has_date)
            return false;
    }
    if (out->has_time)
        take_zone(&r, &out->seconds);
    out->seconds += (long double)day * 86400;
    return r.at == r.end;
}

double clock_epoch_unit(double value)
{
    /* 1980 to 2100, in seconds. */
    for (int i = 0; i < 4; i++) {
        const double unit = pow(10, -3 * i);
        if (value * unit >= 315532800.0 && value * unit < 4102444800.0)
            return unit;
    }
    return 0;
}
