#include "offline/eval/load.h"

#include <sndfile.h>

#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char *const text_endings[] = {"csv", "tsv", "txt"};
static const char *const sound_endings[] = {"wav",  "wave", "flac", "aif", "aiff", "aifc", "w64",
                                            "rf64", "caf",  "au",   "snd", "ogg",  "oga",  "opus",
                                            "mp3",  "sd2",  "voc",  "paf", "svx",  "mat"};

static bool ends_in(const char *name, const char *const *endings, size_t n)
{
    const char *const dot = strrchr(name, '.');
    for (size_t i = 0; dot && i < n; i++)
        if (strcasecmp(dot + 1, endings[i]) == 0)
            return true;
    return false;
}

static bool is_text(const char *name)
{
    return ends_in(name, text_endings, sizeof text_endings / sizeof *text_endings);
}

bool load_knows(const char *name, const load_options *options)
{
    return is_text(name) || options->raw != RAW_NONE ||
           ends_in(name, sound_endings, sizeof sound_endings / sizeof *sound_endings);
}

void recording_free(recording *r)
{
    free(r->data);
    r->data = NULL;
    r->n = r->channels = 0;
}

/* Samples as they come, [n][channels]. */
typedef struct growing {
    double *data;
    size_t used, room;
} growing;

static bool grow(growing *g, size_t more)
{
    if (more <= g->room - g->used)
        return true;
    size_t room = g->room ? g->room : 65536;
    while (room - g->used < more) {
        if (room > SIZE_MAX / 2 / sizeof *g->data)
            return false;
        room *= 2;
    }
    double *const data = realloc(g->data, room * sizeof *data);
    if (!data)
        return false;
    g->data = data;
    g->room = room;
    return true;
}

/* [n][channels] to [kept][n], the channels asked for only; takes the samples of `g` over. */
static bool keep_channels(growing *g, size_t channels, const load_options *o, recording *out,
                          why *w)
{
    out->n =
        g->used / channels; /* > 0 once a row was read: NOLINT(clang-analyzer-core.DivideZero) */
    out->channels = o->n_columns ? o->n_columns : channels;
    if (out->n == 0)
        return why_set(w, "has no samples; give a recording that is not empty");
    for (size_t i = 0; i < o->n_columns; i++)
        if (o->columns[i] >= channels)
            return why_set(w, "has %zu channel%s, not %zu; change --columns", channels,
                           channels == 1 ? "" : "s", o->columns[i] + 1);
    if (channels == 1 && out->channels == 1) {
        double *const fitting = realloc(g->data, out->n * sizeof *fitting);
        out->data = fitting ? fitting : g->data;
        g->data = NULL;
        return true;
    }
    out->data = malloc(out->channels * out->n * sizeof *out->data);
    if (!out->data)
        return why_no_memory(w);
    for (size_t c = 0; c < out->channels; c++) {
        const size_t from = o->n_columns ? o->columns[c] : c;
        for (size_t i = 0; i < out->n; i++)
            out->data[c * out->n + i] = g->data[i * channels + from];
    }
    return true;
}

static bool read_sound(const char *path, const load_options *o, growing *g, SF_INFO *info, why *w)
{
    static const int raw[] = {
        0, SF_FORMAT_PCM_16, SF_FORMAT_PCM_24, SF_FORMAT_PCM_32, SF_FORMAT_FLOAT, SF_FORMAT_DOUBLE};
    enum { CHUNK = 8192 };
    memset(info, 0, sizeof *info);
    if (o->raw != RAW_NONE) {
        info->format = SF_FORMAT_RAW | raw[o->raw] | SF_ENDIAN_LITTLE;
        info->samplerate = (int)lround(o->rate);
        info->channels = (int)o->raw_channels;
    }
    SNDFILE *const file = sf_open(path, SFM_READ, info);
    if (!file)
        return why_set(w, "cannot be read (%s); give a sound file, or a table of numbers as .csv",
                       sf_strerror(NULL));
    bool done = info->channels >= 1 && info->channels <= LOAD_MAX_CHANNELS;
    sf_count_t got = 1;
    while (done && got > 0) {
        done = grow(g, CHUNK * (size_t)info->channels);
        got = done ? sf_readf_double(file, g->data + g->used, CHUNK) : 0;
        g->used += (size_t)got * (size_t)info->channels;
    }
    const bool broken = sf_error(file) != SF_ERR_NO_ERROR;
    if (broken)
        why_set(w, "is damaged (%s); make the file anew", sf_strerror(file));
    else if (!done)
        why_no_memory(w);
    sf_close(file);
    return done && !broken;
}

/* One field: a number, or a gap. `*s` moves past it. */
static bool read_field(const char **s, double *value)
{
    static const char *const gaps[] = {"nan", "na", "n/a"};
    const char *const start = *s;
    const size_t length = strcspn(start, ",; \t");
    char *end;
    *s += length;
    *value = NAN;
    if (length == 0)
        return true;
    for (size_t i = 0; i < sizeof gaps / sizeof *gaps; i++)
        if (strlen(gaps[i]) == length && strncasecmp(start, gaps[i], length) == 0)
            return true;
    *value = strtod(start, &end);
    return end == start + length;
}

/* One separator: blanks round at most one comma, semicolon or tab. False at the end of the line. */
static bool skip_separator(const char **s)
{
    const char *p = *s + strspn(*s, " ");
    bool mark = false;
    if (*p == ',' || *p == ';' || *p == '\t') {
        mark = true;
        p += 1 + strspn(p + 1, " ");
    }
    *s = p;
    return mark || *p != '\0';
}

/* Appends a row's numbers; returns how many, 0 when one is no number, or no memory (`*memory`). */
static size_t read_row(const char *line, growing *g, bool *memory)
{
    const size_t before = g->used;
    size_t n = 0;
    bool more = true;
    line += strspn(line, " ");
    while (more && n < LOAD_MAX_CHANNELS) {
        double value;
        *memory = grow(g, 1);
        if (!*memory || !read_field(&line, &value)) {
            g->used = before;
            return 0;
        }
        g->data[g->used++] = value;
        n++;
        more = skip_separator(&line);
    }
    return n;
}

static bool read_lines(FILE *file, growing *g, size_t *channels, why *w)
{
    char *line = NULL;
    size_t room = 0, number = 0;
    bool done = true, memory = true, headed = false;
    errno = 0;
    while (done && getline(&line, &room, file) >= 0) {
        number++;
        line[strcspn(line, "\r\n")] = '\0';
        const char *const text = line + strspn(line, " \t");
        if (*text == '\0' || *text == '#')
            continue;
        const size_t n = read_row(line, g, &memory);
        if (!memory) {
            done = why_no_memory(w);
        } else if (n == 0 && *channels == 0 && !headed) {
            headed = true; /* names of the columns */
            continue;
        } else if (n == 0) {
            done = why_set(w, "line %zu is not made of numbers; correct it", number);
        } else if (*channels && n != *channels) {
            done = why_set(w, "line %zu has %zu columns, those before %zu; correct it", number, n,
                           *channels);
        }
        *channels = n;
    }
    if (done && ferror(file))
        done = why_set(w, "cannot be read (%s); check the file", strerror(errno));
    free(line);
    return done;
}

static bool read_text(const char *path, growing *g, size_t *channels, why *w)
{
    FILE *const file = fopen(path, "r");
    if (!file)
        return why_set(w, "cannot be opened (%s); check the name", strerror(errno));
    const bool done = read_lines(file, g, channels, w);
    fclose(file);
    return done;
}

bool load_recording(const char *path, const load_options *options, recording *out, why *w)
{
    growing g = {NULL, 0, 0};
    size_t channels = 0;
    memset(out, 0, sizeof *out);
    bool done;
    if (is_text(path)) {
        done = read_text(path, &g, &channels, w);
        out->rate = options->rate;
        if (done && channels == 0)
            done = why_set(w, "has no samples; give a recording that is not empty");
    } else {
        SF_INFO info;
        done = read_sound(path, options, &g, &info, w);
        channels = (size_t)info.channels;
        out->rate = info.samplerate;
    }
    done = done && keep_channels(&g, channels, options, out, w);
    free(g.data);
    return done;
}
