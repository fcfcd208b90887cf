#include "offline/eval/load.h"
#include "common/byte_io.h"
#include "common/gz_io.h"
#include "common/sound/matrix.h"
#include "common/table/table_io.h"

#include <sndfile.h>

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char *const text_endings[] = {"csv", "tsv", "txt", "lvm"};
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

/* Also "x.csv.gz". */
static bool is_text(const char *name)
{
    const size_t n = strlen(name) - (gz_is_name(name) ? 3 : 0);
    for (size_t i = 0; i < sizeof text_endings / sizeof *text_endings; i++)
        if (n > 4 && name[n - 4] == '.' && strncasecmp(name + n - 3, text_endings[i], 3) == 0)
            return true;
    return false;
}

bool load_knows(const char *name, const load_options *options)
{
    return is_text(name) || options->raw != RAW_NONE ||
           ends_in(name, sound_endings, sizeof sound_endings / sizeof *sound_endings);
}

void recording_free(recording *r)
{
    free(r->data);
    free(r->columns);
    r->data = NULL;
    r->columns = NULL;
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
    if (o->raw == RAW_NONE && matrix_is_no_sound(path))
        return why_set(w, "%s", matrix_message);
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

/* "2,5,3" of columns from 0; owned. */
static char *list_of(const size_t *columns, size_t n)
{
    char *const list = malloc(24 * n + 1);
    size_t at = 0;
    for (size_t i = 0; list && i < n; i++)
        at += (size_t)snprintf(list + at, 24, "%s%zu", i ? "," : "", columns[i] + 1);
    return list;
}

/* As an output of sordino is read by sordino; a table in which nothing seems measured is taken
 * whole, as a clean signal may be a ramp. */
static sordino_status open_table(const char *path, const char *list, int *fd, gz_reader **packed,
                                 table **t, sordino_error *error)
{
    sordino_status status = SORDINO_OK;
    for (int whole = 0; whole < 2; whole++) {
        const table_wishes wishes = {.time_column = -1, .columns = list, .all_numbers = whole == 1};
        status = byte_open(path, fd, error);
        byte_input in = byte_input_fd(fd);
        if (!status)
            status = gz_reader_open(&in, packed, error);
        if (!status)
            status = table_open(in, &wishes, t, error);
        if (status != SORDINO_UNSUPPORTED || list)
            return status;
        gz_reader_close(*packed);
        *packed = NULL;
        byte_close(*fd);
        *fd = -1;
    }
    return status;
}

static bool check_rows(table *t, why *w)
{
    table_odd odd;
    table_take_odd(t, &odd);
    if (odd.line == 0)
        return true;
    if (odd.is_short)
        return why_set(w, "line %llu has no column %zu; correct it", (unsigned long long)odd.line,
                       odd.column);
    return why_set(w, "line %llu is not made of numbers; correct it", (unsigned long long)odd.line);
}

static bool read_rows(table *t, growing *g, why *w)
{
    enum { CHUNK = 1024 };
    const size_t width = table_shape_of(t)->n_signals;
    sordino_error error;
    for (size_t got = 1; got > 0;) {
        if (!grow(g, CHUNK * width))
            return why_no_memory(w);
        if (table_read_doubles(t, g->data + g->used, CHUNK, &got, &error))
            return why_set(w, "%s", error.text);
        table_drop(t, got);
        g->used += got * width;
        if (!check_rows(t, w))
            return false;
    }
    return true;
}

/* The columns that are taken, kept in `out`. */
static bool keep_list(const table_shape *shape, recording *out, why *w)
{
    out->columns = malloc(shape->n_signals * sizeof *out->columns);
    if (!out->columns)
        return why_no_memory(w);
    memcpy(out->columns, shape->signals, shape->n_signals * sizeof *out->columns);
    return true;
}

static bool read_text(const char *path, const size_t *columns, size_t n_columns, growing *g,
                      size_t *channels, recording *out, why *w)
{
    char *const list = n_columns ? list_of(columns, n_columns) : NULL;
    sordino_error error;
    table *t = NULL;
    gz_reader *packed = NULL;
    int fd = -1;
    bool done = n_columns == 0 || list || why_no_memory(w);
    if (done && open_table(path, list, &fd, &packed, &t, &error))
        done = why_set(w, "%s", error.text);
    if (done) {
        *channels = table_shape_of(t)->n_signals;
        done =
            *channels <= LOAD_MAX_CHANNELS
                ? keep_list(table_shape_of(t), out, w) && read_rows(t, g, w)
                : why_set(w, "has %zu columns of numbers; choose some with --columns", *channels);
    }
    table_close(t);
    gz_reader_close(packed);
    byte_close(fd);
    free(list);
    return done;
}

/* Where the table's columns that were asked for are among those read. */
static bool find_places(const load_options *o, const recording *out, size_t channels,
                        size_t *places)
{
    for (size_t i = 0; i < o->n_columns; i++)
        for (size_t c = 0; c < channels; c++)
            if (out->columns[c] == o->columns[i])
                places[i] = c;
    return true;
}

/* A table: its columns are those asked for, else those of `like`, else what is measured. */
static bool load_table(const char *path, const load_options *o, const recording *like, growing *g,
                       recording *out, why *w)
{
    size_t channels = 0, *places;
    load_options all = *o;
    bool done = false;
    if (o->n_columns)
        done = read_text(path, o->columns, o->n_columns, g, &channels, out, w);
    else if (like && like->columns)
        done = read_text(path, like->columns, like->channels, g, &channels, out, w);
    if (!done && o->n_columns == 0 && !out->columns) {
        w->text[0] = '\0'; /* it has other columns than the first had */
        done = read_text(path, NULL, 0, g, &channels, out, w);
    }
    if (done && g->used == 0)
        done = why_set(w, "has no samples; give a recording that is not empty");
    if (!done)
        return false;
    places = calloc(o->n_columns + 1, sizeof *places);
    if (!places)
        return why_no_memory(w);
    find_places(o, out, channels, places);
    all.columns = places;
    done = keep_channels(g, channels, &all, out, w);
    free(places);
    return done;
}

bool load_recording(const char *path, const load_options *options, const recording *like,
                    recording *out, why *w)
{
    growing g = {NULL, 0, 0};
    SF_INFO info;
    bool done;
    memset(out, 0, sizeof *out);
    if (is_text(path)) {
        out->rate = options->rate;
        done = load_table(path, options, like, &g, out, w);
    } else {
        done = read_sound(path, options, &g, &info, w) &&
               keep_channels(&g, (size_t)info.channels, options, out, w);
        out->rate = info.samplerate;
    }
    free(g.data);
    return done;
}
