#include "common/table/table_look.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { MAX_TEXT = 96 };

/* ---- units */

/* "hh:mm:ss.mmm", "dd/mm/yyyy" */
static bool is_time_pattern(const char *text)
{
    const size_t n = strlen(text);
    return n >= 5 && strpbrk(text, ":/-") && strspn(text, "hmsdyfHMSDYF:/.- ") == n;
}

/* Of what instruments measure, in small letters. */
static const char *const known_units[] = {
    "v",     "mv",    "uv",       "\xc2\xb5v",  "\xce\xbcv",   "volt",    "volts",    "a",
    "ma",    "ua",    "amp",      "amps",       "ampere",      "amperes", "hz",       "khz",
    "g",     "mg",    "m/s^2",    "m/s2",       "m/s\xc2\xb2", "m/s",     "rad/s",    "deg",
    "deg/s", "dps",   "\xc2\xb0", "\xc2\xb0/s", "\u00b0c",     "c",       "degc",     "\u00b0f",
    "k",     "pa",    "kpa",      "hpa",        "mbar",        "bar",     "mmhg",     "%",
    "%rh",   "db",    "dbm",      "w",          "mw",          "kw",      "ohm",      "ohms",
    "n",     "nm",    "m",        "mm",         "cm",          "um",      "l/min",    "ppm",
    "ppb",   "ug/m3", "lux",      "lx",         "counts",      "a.u.",    "au",       "nu",
    "adu",   "bpm",   "us/cm",    "ut",         "sequence",    "t",       "unitless", "kg",
    "gauss", "mt",    "none",     "-",          "degrees"};

static bool is_unit(const char *text)
{
    char copy[24];
    snprintf(copy, sizeof copy, "%s", text);
    for (char *c = copy; *c; c++)
        *c = (char)tolower((unsigned char)*c);
    for (size_t i = 0; i < sizeof known_units / sizeof *known_units; i++)
        if (strcmp(copy, known_units[i]) == 0)
            return true;
    return name_time_unit(text) > 0 || is_time_pattern(text);
}

/* A cell of a row of units: "mV", "(ms)", "'seconds'", empty; numbers stand there in Rigol's. */
static bool may_be_unit(const char *text)
{
    char inside[24];
    cell_number number;
    const size_t n = strlen(text);
    if (number_read(text, n, (number_form){'.', '\0'}, &number) != CELL_TEXT)
        return true;
    if (n >= 2 && n < sizeof inside && strchr("(['", *text) && strchr(")]'", text[n - 1])) {
        snprintf(inside, sizeof inside, "%.*s", (int)n - 2, text + 1);
        return *text != '\'' || is_unit(inside);
    }
    return is_unit(text);
}

static bool is_units_row(const table_look *l, size_t row)
{
    size_t units = 0;
    for (size_t k = 0; k < cells_width(&l->rows, row); k++) {
        const char *const text = cells_text(&l->rows, row, k);
        if (!may_be_unit(text))
            return false;
        units += *text && !strchr("0123456789+-.", *text);
    }
    return units > 0;
}

static bool is_wide(const table_look *l, size_t row)
{
    return 2 * cells_width(&l->rows, row) > l->shape->n_columns;
}

static void find_names(table_look *l)
{
    l->names_row = l->units_row = SIZE_MAX;
    const size_t n = l->shape->n_header_rows;
    if (n == 0)
        return;
    size_t last = n - 1;
    while (last > 0 && !is_wide(l, last))
        last--;
    if (!is_wide(l, last))
        return;
    l->names_row = last;
    if (last > 0 && is_wide(l, last - 1) && is_units_row(l, last)) {
        l->names_row = last - 1;
        l->units_row = last;
    }
}

/* Without blanks and quotes round it. */
static const char *plain(const char *text, char to[MAX_TEXT])
{
    const size_t skip = strspn(text, " '\"\t");
    size_t n = strlen(text + skip);
    while (n > 0 && strchr(" '\"\t", text[skip + n - 1]))
        n--;
    snprintf(to, MAX_TEXT, "%.*s", (int)(n < MAX_TEXT ? n : MAX_TEXT - 1), text + skip);
    return to;
}

const char *look_unit(const table_look *l, size_t column)
{
    return l->units_row == SIZE_MAX ? "" : cells_text(&l->rows, l->units_row, column);
}

const char *look_name(const table_look *l, size_t column)
{
    if (l->names_row != SIZE_MAX)
        return cells_text(&l->rows, l->names_row, column);
    if (l->shape->n_header_rows > 0 && l->rows.n_rows > 0 && cells_width(&l->rows, 0) > 1)
        return "";
    /* Or the last full comment: "# t,x", or, between spaces, "#", "t", "x". */
    for (size_t r = l->comments.n_rows; r-- > 0;) {
        const size_t width = cells_width(&l->comments, r);
        const char *const first = cells_text(&l->comments, r, 0);
        const bool apart = strcmp(first, "#") == 0 || strcmp(first, "%") == 0;
        if (width != l->shape->n_columns + apart)
            continue;
        const char *const name = cells_text(&l->comments, r, column + apart);
        return column + apart == 0 ? name + strspn(name, "#% \t") : name;
    }
    return "";
}

/* ---- rate */

/* "1.000E+03 Hz", "250 kSa/s", "4 ms": the number in its basic unit; `*is_time`: seconds. */
static bool read_quantity(const char *text, double *out, bool *is_time)
{
    char unit[MAX_TEXT], copy[MAX_TEXT];
    char *end;
    snprintf(copy, sizeof copy, "%s", text);
    char *const comma = strchr(copy, ','); /* "0,001" */
    if (comma && !strchr(copy, '.') && isdigit((unsigned char)comma[1]))
        *comma = '.';
    *out = strtod(copy, &end);
    if (end == copy || !isfinite(*out) || !(*out > 0))
        return false;
    plain(end, unit);
    const double seconds = name_time_unit(unit);
    *is_time = seconds > 0;
    if (*is_time)
        *out *= seconds;
    else if (*unit == 'k' || *unit == 'K')
        *out *= 1e3;
    else if (*unit == 'M')
        *out *= 1e6;
    else if (*unit == 'G')
        *out *= 1e9;
    return true;
}

typedef enum key_kind { KEY_OTHER, KEY_PERIOD, KEY_RATE } key_kind;

/* `*unit`: seconds in a unit the key itself names, "Sample Interval (ms)"; else 1. */
static key_kind read_key(const char *text, double *unit)
{
    static const char *const periods[] = {"sample interval",
                                          "sampling interval",
                                          "increment",
                                          "x increment",
                                          "xincr",
                                          "xincrement",
                                          "delta x",
                                          "deltax",
                                          "delta t",
                                          "deltat",
                                          "dt",
                                          "tinc",
                                          "time step",
                                          "timestep",
                                          "sample period",
                                          "sampling period",
                                          "interval",
                                          "sample time",
                                          "time interval",
                                          "time per sample",
                                          "x inc",
                                          "horizontal interval",
                                          "hinterval"};
    static const char *const rates[] = {"sample rate",
                                        "sampling rate",
                                        "sampling frequency",
                                        "sample frequency",
                                        "samplerate",
                                        "samplingrate",
                                        "rate",
                                        "fs",
                                        "sfreq",
                                        "frequency",
                                        "sampling freq",
                                        "samples per second",
                                        "acquisition rate",
                                        "sr",
                                        "sample rate hz",
                                        "abtastrate",
                                        "scan rate",
                                        "data rate",
                                        "output data rate",
                                        "odr"};
    char key[MAX_TEXT] = "";
    size_t n = 0;
    *unit = 1;
    const char *const open = strpbrk(text, "([");
    if (open) {
        char inside[16];
        snprintf(inside, sizeof inside, "%.*s", (int)strcspn(open + 1, ")]"), open + 1);
        if (name_time_unit(inside) > 0)
            *unit = name_time_unit(inside);
        else if (strcasecmp(inside, "khz") == 0)
            *unit = 1e3;
    }
    for (const char *c = text; *c && c != open && n + 1 < sizeof key; c++) {
        const char letter = *c == '_' || *c == '-' ? ' ' : (char)tolower((unsigned char)*c);
        if (letter != ' ' || (n > 0 && key[n - 1] != ' '))
            if (!strchr("#%'\"\t:", letter))
                key[n++] = letter;
    }
    while (n > 0 && key[n - 1] == ' ')
        n--;
    key[n] = '\0';
    for (size_t i = 0; i < sizeof periods / sizeof *periods; i++)
        if (strcmp(key, periods[i]) == 0)
            return KEY_PERIOD;
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++)
        if (strcmp(key, rates[i]) == 0)
            return KEY_RATE;
    return KEY_OTHER;
}

static void take_pair(table_look *l, const char *key, const char *value)
{
    double unit, quantity;
    bool is_time;
    const key_kind kind = read_key(key, &unit);
    if (kind == KEY_OTHER || l->period > 0 || !read_quantity(value, &quantity, &is_time))
        return;
    /* "rate: 4 ms" is an interval, whatever it is called. */
    const double seconds =
        kind == KEY_PERIOD || is_time ? quantity * (is_time ? 1 : unit) : 1 / (quantity * unit);
    if (isfinite(seconds) && isfinite(1 / seconds))
        l->period = seconds;
}

/* "key: value" or "key = value" within one cell. */
static void take_cell(table_look *l, const char *text)
{
    char key[MAX_TEXT] = "";
    const size_t n = strcspn(text, ":=");
    if (text[n] == '\0' || n >= sizeof key)
        return;
    snprintf(key, sizeof key, "%.*s", (int)n, text);
    take_pair(l, key, text + n + 1);
}

static void read_row(table_look *l, const cells *from, size_t row)
{
    const size_t width = cells_width(from, row);
    char joined[2 * MAX_TEXT] = "";
    for (size_t k = 0; k < width; k++) {
        const char *const text = cells_text(from, row, k);
        const size_t n = strlen(joined);
        take_cell(l, text);
        if (k + 1 < width)
            take_pair(l, text, cells_text(from, row, k + 1));
        /* Rigol: the value stands below. */
        if (row + 1 < from->n_rows && row + 1 < l->shape->n_header_rows && from == &l->rows)
            take_pair(l, text, cells_text(from, row + 1, k));
        snprintf(joined + n, sizeof joined - n, "%s%s", k ? " " : "", text);
    }
    /* Where spaces or commas cut it to pieces. */
    take_cell(l, joined);
}

void look_preamble(table_look *l)
{
    for (size_t r = 0; r < l->comments.n_rows; r++)
        read_row(l, &l->comments, r);
    for (size_t r = 0; r < l->shape->n_header_rows; r++)
        read_row(l, &l->rows, r);
    /* Tektronix: beside the first rows of the data. */
    for (size_t r = l->shape->n_header_rows; r < l->rows.n_rows && r < 64; r++)
        for (size_t k = 0; k + 1 < l->shape->n_columns; k++)
            if (l->types[k] == TYPE_EMPTY)
                take_pair(l, cells_text(&l->rows, r, k), cells_text(&l->rows, r, k + 1));
    find_names(l);
    for (size_t k = 0; k < l->shape->n_columns; k++) {
        char text[MAX_TEXT];
        snprintf(l->shape->columns[k].name, TABLE_NAME_BYTES, "%.47s",
                 plain(look_name(l, k), text));
    }
}
