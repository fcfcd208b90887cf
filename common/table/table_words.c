#include "common/table/table_words.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { MAX_WORDS = 12, MAX_NAME = 96 };

typedef struct words {
    char text[2 * MAX_NAME];
    const char *at[MAX_WORDS];
    size_t n;
} words;

#define COUNT_OF(list) (sizeof(list) / sizeof *(list))

static bool is_in(const char *word, const char *const *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(word, list[i]) == 0)
            return true;
    return false;
}

/* "sampleCount_ms [x]" as "sample", "count", "ms", "x"; "#" is a word. */
static void split(const char *name, words *w)
{
    char last = '\0';
    size_t n = 0;
    w->n = 0;
    for (const char *c = name; *c && n + 3 < sizeof w->text; last = *c++) {
        const unsigned char u = (unsigned char)*c;
        if (isalnum(u) || u >= 0x80 || *c == '#') {
            const bool is_hump = isupper(u) && islower((unsigned char)last);
            if (is_hump && n > 0)
                w->text[n++] = '\0';
            if ((is_hump || n == 0 || w->text[n - 1] == '\0') && w->n < MAX_WORDS)
                w->at[w->n++] = w->text + n;
            w->text[n++] = (char)tolower(u);
        } else if (n > 0 && w->text[n - 1] != '\0') {
            w->text[n++] = '\0';
        }
    }
    w->text[n] = '\0';
}

double name_time_unit(const char *unit)
{
    static const struct {
        const char *name;
        double seconds;
    } units[] = {{"s", 1},
                 {"sec", 1},
                 {"secs", 1},
                 {"second", 1},
                 {"seconds", 1},
                 {"sekunden", 1},
                 {"ms", 1e-3},
                 {"msec", 1e-3},
                 {"msecs", 1e-3},
                 {"millis", 1e-3},
                 {"millisecond", 1e-3},
                 {"milliseconds", 1e-3},
                 {"us", 1e-6},
                 {"usec", 1e-6},
                 {"micros", 1e-6},
                 {"microsecond", 1e-6},
                 {"microseconds", 1e-6},
                 {"\xc2\xb5s", 1e-6},
                 {"\xce\xbcs", 1e-6},
                 {"\xb5s", 1e-6},
                 {"ns", 1e-9},
                 {"nsec", 1e-9},
                 {"nanos", 1e-9},
                 {"nanosecond", 1e-9},
                 {"nanoseconds", 1e-9},
                 {"ps", 1e-12},
                 {"min", 60},
                 {"mins", 60},
                 {"minute", 60},
                 {"minutes", 60},
                 {"h", 3600},
                 {"hr", 3600},
                 {"hrs", 3600},
                 {"hour", 3600},
                 {"hours", 3600},
                 {"d", 86400},
                 {"day", 86400},
                 {"days", 86400}};
    words w;
    split(unit, &w);
    for (size_t i = 0; w.n == 1 && i < COUNT_OF(units); i++)
        if (strcmp(w.at[0], units[i].name) == 0)
            return units[i].seconds;
    return 0;
}

/* What stands in brackets, or "". */
static void bracketed(const char *name, char *to, size_t room)
{
    const char *const open = strpbrk(name, "([");
    const size_t n = open ? strcspn(open + 1, ")]") : 0;
    snprintf(to, room, "%.*s", (int)n, open ? open + 1 : "");
}

static bool is_time_word(const char *word)
{
    static const char *const list[] = {
        "time",   "times",     "timestamp", "timestamps",  "datetime", "date", "elapsed",
        "zeit",   "uhrzeit",   "datum",     "zeitstempel", "epoch",    "utc",  "unixtime",
        "tiempo", "fecha",     "heure",     "horodatage",  "clock",    "tijd", "millis",
        "micros", "localtime", "gmt",       "systime",     "unix"};
    return is_in(word, list, COUNT_OF(list));
}

/* "reaction time" is measured; these before "time" leave it one. */
static bool goes_before_time(const char *word)
{
    static const char *const list[] = {
        "elapsed", "start",  "end",      "stop",     "unix",     "epoch", "system", "sys",
        "local",   "utc",    "gps",      "sensor",   "device",   "host",  "sample", "record",
        "log",     "date",   "absolute", "relative", "rel",      "abs",   "event",  "recording",
        "frame",   "server", "arrival",  "packet",   "sampling", "total", "run",    "the"};
    return is_in(word, list, COUNT_OF(list));
}

static name_hint time_hint(const words *w, double unit)
{
    static const char *const maybe[] = {
        "t",    "ts",     "x",       "s",   "h",      "d",       "temps", "tempo", "hora", "sec",
        "secs", "second", "seconds", "min", "minute", "minutes", "hour",  "hours", "day",  "days",
        "year", "month",  "us",      "ns",  "ms",     "msec",    "usec",  "nanos"};
    const char *const first = w->at[0];
    size_t last = w->n - 1;
    while (last > 0 && unit > 0 && name_time_unit(w->at[last]) > 0)
        last--;
    if (is_time_word(first))
        return NAME_TIME;
    if (last > 0 && is_time_word(w->at[last]))
        return goes_before_time(w->at[last - 1]) || strstr(w->at[last], "stamp") ? NAME_TIME
                                                                                 : NAME_MAYBE_TIME;
    if (is_in(first, maybe, COUNT_OF(maybe)) && (last == 0 || strcmp(w->at[1], "axis") == 0))
        return NAME_MAYBE_TIME;
    return NAME_PLAIN;
}

static name_hint count_hint(const words *w)
{
    static const char *const sure[] = {
        "frame",  "frames", "index",   "idx",     "id",     "ids", "row",    "seq",    "sequence",
        "#",      "sample", "samples", "counter", "count",  "no",  "nr",     "number", "unnamed",
        "record", "packet", "uid",     "uuid",    "serial", "lfd", "index1", "rownum", "entry"};
    static const char *const ends[] = {"id", "ids",     "index", "idx", "#",   "number", "no",
                                       "nr", "counter", "count", "num", "seq", "uid"};
    static const char *const maybe[] = {"n",     "i",      "counts", "step",   "steps",
                                        "cycle", "cycles", "point",  "points", "num",
                                        "scan",  "block",  "line",   "k"};
    const char *const first = w->at[0], *const last = w->at[w->n - 1];
    if (strcmp(first, "unnamed") == 0 || (w->n == 1 && is_in(first, sure, COUNT_OF(sure))) ||
        (w->n > 1 && is_in(last, ends, COUNT_OF(ends))))
        return NAME_COUNT;
    return w->n == 1 && is_in(first, maybe, COUNT_OF(maybe)) ? NAME_MAYBE_COUNT : NAME_PLAIN;
}

static bool is_code(const words *w)
{
    static const char *const list[] = {
        "state",      "status", "statuscode", "code",     "flag",     "flags",    "mode",
        "label",      "class",  "event",      "marker",   "trigger",  "type",     "kind",
        "valid",      "alarm",  "subject",    "session",  "trial",    "button",   "key",
        "annotation", "stage",  "target",     "category", "quality",  "activity", "error",
        "errors",     "group",  "cluster",    "phase",    "enabled",  "active",   "on",
        "digital",    "labels", "events",     "markers",  "triggers", "codes",    "bits",
        "mask",       "enum"};
    return is_in(w->at[w->n - 1], list, COUNT_OF(list));
}

static bool is_measure(const words *w, const char *unit)
{
    static const char *const list[] = {
        "temperature", "temp",   "voltage", "volt",         "volts",     "current",      "pressure",
        "humidity",    "acc",    "accel",   "acceleration", "gyro",      "mag",          "ecg",
        "emg",         "eeg",    "eog",     "ppg",          "eda",       "gsr",          "bvp",
        "flow",        "force",  "value",   "amplitude",    "intensity", "fluorescence", "weight",
        "mass",        "torque", "strain",  "adc",          "speed",     "velocity",     "noise",
        "light",       "lux",    "ch1",     "ch2",          "signal"};
    if (*unit && name_time_unit(unit) == 0 && strcmp(unit, "#") != 0 && strcmp(unit, "-") != 0)
        return true;
    for (size_t i = 0; i < w->n; i++)
        if (is_in(w->at[i], list, COUNT_OF(list)))
            return true;
    return false;
}

name_facts name_read(const char *name, const char *unit)
{
    name_facts facts = {NAME_PLAIN, 0};
    char inside[MAX_NAME], plain[MAX_NAME];
    words w = {.n = 0};
    bracketed(*unit ? unit : name, inside, sizeof inside);
    if (*unit && !*inside)
        snprintf(inside, sizeof inside, "%s", unit);
    snprintf(plain, sizeof plain, "%.*s",
             (int)strcspn(name, *name && strcspn(name, "([") ? "([" : ""), name);
    split(plain, &w);
    if (w.n == 0)
        return facts;
    facts.time_unit = name_time_unit(inside);
    for (size_t i = 0; facts.time_unit == 0 && i < w.n; i++)
        facts.time_unit = name_time_unit(w.at[w.n - 1 - i]);
    const bool measured = is_measure(&w, inside);
    facts.hint = time_hint(&w, facts.time_unit);
    if (facts.hint == NAME_MAYBE_TIME && measured)
        facts.hint = NAME_MEASURE;
    if (facts.hint == NAME_PLAIN)
        facts.hint = count_hint(&w);
    if (facts.hint == NAME_MAYBE_COUNT && measured)
        facts.hint = NAME_MEASURE;
    if (facts.hint == NAME_PLAIN && is_code(&w))
        facts.hint = NAME_CODE;
    if (facts.hint == NAME_PLAIN && measured)
        facts.hint = NAME_MEASURE;
    return facts;
}
