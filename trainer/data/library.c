/*
 * Clips are kept in 16 bits over their own peak, at their own rate; what is drawn at another rate
 * is resampled whole when it is first asked for, and kept too.
 */
#include "trainer/data/library.h"

#include "core/base/error.h"
#include "core/base/fnv1a.h"
#include "trainer/data/band.h"
#include "trainer/data/copies.h"
#include "trainer/data/inspect.h"
#include "trainer/data/rate.h"
#include "trainer/data/sound_read.h"
#include "trainer/data/table_read.h"

#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

/* Versions: a clip's own rate, all that a recipe may train at, and some for scoring. */
enum { MAX_VERSIONS = 32, MAX_DEPTH = 16 };
static const double silence = 1e-5; /* a clip whose peak is below has nothing to teach */
static const double fade = 0.01;    /* s of cross-fade where a clip repeats */
static const double cut_share = 0.2;
static const double longest = 1200; /* s of a file that are kept, when it is looked at */

typedef struct version {
    double rate;
    size_t n;
    int16_t *samples; /* owned */
} version;

typedef struct clip {
    char *name; /* owned */
    double rate;
    double band; /* Hz up to which it is filled */
    float scale; /* of one step */
    size_t n;
    bool held_out;
    uint32_t n_versions;
    version versions[MAX_VERSIONS]; /* the first is at its own rate */
} clip;

/* Clips of one side and the seconds up to the end of each, to draw by. */
typedef struct row {
    size_t n, *clips; /* owned, as are the ends */
    double *ends;
} row;

struct library {
    clip *clips;
    size_t n, room;
    char *notes;
    size_t notes_size;
    FILE *notes_to; /* while opening */
    size_t unreadable;
    double hours, max_hours, table_rate;
    bool pauses;
    size_t left_out;
    /* While opening, when what goes in is looked at; NULL: it is not. */
    inspection *inspection;
    copies *copies;
    struct seen {
        char *name; /* owned */
        bool held_out;
    } * seen; /* [n_seen], in the order of copies_add */
    size_t n_seen;
    char *silent_test; /* a recording whose part for scoring is silent; owned */
    row rows[2];       /* of training, held out */
    pthread_mutex_t lock;
};

static void stop_looking(library *l)
{
    inspection_free(l->inspection);
    copies_free(l->copies);
    for (size_t i = 0; i < l->n_seen; i++)
        free(l->seen[i].name);
    free(l->seen);
    free(l->silent_test);
    l->inspection = NULL;
    l->copies = NULL;
    l->seen = NULL;
    l->n_seen = 0;
    l->silent_test = NULL;
}

void library_free(library *l)
{
    if (!l)
        return;
    stop_looking(l);
    if (l->notes_to)
        fclose(l->notes_to);
    for (size_t i = 0; i < l->n; i++) {
        free(l->clips[i].name);
        for (uint32_t k = 0; k < l->clips[i].n_versions; k++)
            free(l->clips[i].versions[k].samples);
    }
    for (int side = 0; side < 2; side++) {
        free(l->rows[side].clips);
        free(l->rows[side].ends);
    }
    free(l->clips);
    free(l->notes);
    pthread_mutex_destroy(&l->lock);
    free(l);
}

static library *library_empty(void)
{
    library *l = calloc(1, sizeof *l);
    if (!l)
        return NULL;
    pthread_mutex_init(&l->lock, NULL);
    l->notes_to = open_memstream(&l->notes, &l->notes_size);
    if (!l->notes_to) {
        library_free(l);
        return NULL;
    }
    return l;
}

/* Takes samples as a clip, less their mean. Silence is passed over. */
static sordino_status add_clip(library *l, const char *name, const float *x, size_t n, double rate,
                               bool held_out, sordino_error *why)
{
    double mean = 0, peak = 0;
    for (size_t i = 0; i < n; i++)
        mean += (double)x[i];
    mean /= (double)(n ? n : 1);
    for (size_t i = 0; i < n; i++)
        peak = fmax(peak, fabs((double)x[i] - mean));
    if (n == 0 || !(peak > silence) || rate < 1 || rate > 1e6)
        return SORDINO_OK;
    if (l->n == l->room) {
        const size_t room = l->room ? 2 * l->room : 64;
        clip *const more = realloc(l->clips, room * sizeof *more);
        if (!more)
            return error_set(why, SORDINO_NO_MEM, "Out of memory for recordings");
        l->clips = more;
        l->room = room;
    }
    clip *const c = &l->clips[l->n];
    *c = (clip){.name = strdup(name),
                .rate = rate,
                .band = band_measure(x, n, rate, l->pauses),
                .scale = (float)(peak / 32767),
                .n = n,
                .held_out = held_out,
                .n_versions = 1};
    c->versions[0] = (version){rate, n, malloc(n * sizeof(int16_t))};
    l->n++;
    if (!c->name || c->band < 0 || !c->versions[0].samples)
        return error_set(why, SORDINO_NO_MEM, "Out of memory for recordings");
    for (size_t i = 0; i < n; i++)
        c->versions[0].samples[i] = (int16_t)lrint(((double)x[i] - mean) / peak * 32767);
    l->hours += (double)n / rate / 3600;
    return SORDINO_OK;
}

/* ---- finding and reading files ---- */

typedef struct names {
    char **items;
    size_t n, room;
} names;

static void names_free(names *l)
{
    for (size_t i = 0; i < l->n; i++)
        free(l->items[i]);
    free(l->items);
}

static bool names_add(names *l, char *name)
{
    if (l->n == l->room) {
        const size_t room = l->room ? 2 * l->room : 64;
        char **const more = realloc(l->items, room * sizeof *more);
        if (!more) {
            free(name);
            return false;
        }
        l->items = more;
        l->room = room;
    }
    l->items[l->n++] = name;
    return name != NULL;
}

static char *join_path(const char *folder, const char *name)
{
    const size_t a = strlen(folder), b = strlen(name);
    char *const path = malloc(a + b + 2);
    if (!path)
        return NULL;
    memcpy(path, folder, a);
    path[a] = '/';
    memcpy(path + a + 1, name, b + 1);
    return path;
}

/* Texts and pictures that lie beside recordings are not worth a note. */
static bool may_be_sound(const char *path)
{
    static const char *const others[] = {".txt", ".md",   ".tsv", ".csv", ".json", ".png", ".jpg",
                                         ".pdf", ".html", ".xml", ".py",  ".sh",   ".zip"};
    const char *const dot = strrchr(path, '.');
    for (size_t i = 0; dot && i < sizeof others / sizeof *others; i++)
        if (strcmp(dot, others[i]) == 0)
            return false;
    return true;
}

/* Not .txt: in a folder that is a text as a rule. */
static bool is_plain_table(const char *path)
{
    const size_t n = strlen(path);
    return table_is_named(path) && strcasecmp(path + n - 4, ".txt") != 0;
}

/* Where a search has been: a folder is gone through once, whatever links lead to it. */
typedef struct walked {
    struct {
        dev_t device;
        ino_t node;
    } * items;
    size_t n, room;
    inspection *inspection; /* told of links back; NULL: not */
} walked;

/* Whether the folder is new; -1 when out of memory. */
static int walk_into(walked *w, const struct stat *st)
{
    for (size_t i = 0; i < w->n; i++)
        if (w->items[i].device == st->st_dev && w->items[i].node == st->st_ino)
            return 0;
    if (w->n == w->room) {
        const size_t room = w->room ? 2 * w->room : 16;
        void *const more = realloc(w->items, room * sizeof *w->items);
        if (!more)
            return -1;
        w->items = more;
        w->room = room;
    }
    w->items[w->n].device = st->st_dev;
    w->items[w->n++].node = st->st_ino;
    return 1;
}

static bool same_node(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* Whether `folder` is `other` or lies in it, at any depth: a link from there leads back. */
static bool lies_in(const char *folder, const struct stat *other)
{
    char above[4096];
    struct stat st, before = {0};
    size_t n = strlen(folder);
    if (n + 4 > sizeof above)
        return false;
    memcpy(above, folder, n + 1);
    for (;;) {
        if (stat(above, &st) != 0 || same_node(&st, &before)) /* the root is above itself */
            return false;
        if (same_node(&st, other))
            return true;
        before = st;
        if (n + 4 > sizeof above)
            return false;
        memcpy(above + n, "/..", 4);
        n += 3;
    }
}

/* Files below `folder` that may be sound; what begins with a dot is passed over. */
static bool walk(const char *folder, int depth, walked *w, names *to, names *tables)
{
    struct stat own;
    DIR *const d = depth < MAX_DEPTH && stat(folder, &own) == 0 ? opendir(folder) : NULL;
    const struct dirent *e;
    bool good = !d || walk_into(w, &own) >= 0;
    while (good && d && (e = readdir(d)) != NULL) {
        struct stat st;
        if (e->d_name[0] == '.')
            continue;
        char *const path = join_path(folder, e->d_name);
        if (!path || stat(path, &st) != 0) {
            good = path != NULL;
            free(path);
        } else if (S_ISDIR(st.st_mode)) {
            const bool back = lies_in(folder, &st);
            const int fresh = back ? 0 : walk_into(w, &st);
            if (back && w->inspection)
                inspection_note(w->inspection, INSPECT_LINK, path, NULL);
            good = fresh >= 0 && (fresh == 0 || walk(path, depth + 1, w, to, tables));
            free(path);
        } else if (S_ISREG(st.st_mode) && may_be_sound(path)) {
            good = names_add(to, path);
        } else if (S_ISREG(st.st_mode) && is_plain_table(path)) {
            good = names_add(tables, path);
        } else {
            free(path);
        }
    }
    if (d)
        closedir(d);
    return good;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Length of the part of a name that pieces of one recording share: up to the last '-', '_' or '.'
 * before the ending. */
static size_t stem(const char *name)
{
    const char *const slash = strrchr(name, '/'), *const base = slash ? slash + 1 : name;
    const char *const dot = strrchr(base, '.');
    size_t n = dot && dot != base ? (size_t)(dot - name) : strlen(name);
    for (size_t k = n; k > (size_t)(base - name); k--)
        if (strchr("-_.", name[k - 1])) {
            n = k - 1;
            break;
        }
    return n > (size_t)(base - name) ? n : strlen(name);
}

/* Uniform in [0, 1) by the name alone. */
static double share_of(const char *name)
{
    uint64_t hash = fnv1a(fnv1a_start, name, stem(name));
    hash ^= hash >> 33;
    hash *= UINT64_C(0xff51afd7ed558ccd);
    hash ^= hash >> 33;
    return (double)(hash >> 11) * 0x1p-53;
}

static bool is_listed(const names *list, const char *name)
{
    const char *const slash = strrchr(name, '/'), *const base = slash ? slash + 1 : name;
    for (size_t i = 0; i < list->n; i++)
        if (strcmp(list->items[i], name) == 0 || strcmp(list->items[i], base) == 0)
            return true;
    return false;
}

static sordino_status read_list(const char *path, names *to, sordino_error *why)
{
    FILE *const f = path ? fopen(path, "r") : NULL;
    char line[4096];
    bool good = true;
    if (path && !f)
        return error_set(why, SORDINO_IO, "%s: %s", path, strerror(errno));
    while (f && good && fgets(line, sizeof line, f)) {
        size_t n = strcspn(line, "\r\n#\t");
        while (n > 0 && line[n - 1] == ' ')
            n--;
        line[n] = '\0';
        if (n > 0)
            good = names_add(to, strdup(line));
    }
    if (f)
        fclose(f);
    return good ? SORDINO_OK : error_set(why, SORDINO_NO_MEM, "Out of memory for a list of names");
}

static bool too_many_hours(library *l, const sound *s)
{
    const double hours = (double)(s->n * s->channels) / s->rate / 3600;
    if (l->max_hours <= 0 || l->hours + hours <= l->max_hours)
        return false;
    l->left_out++;
    return true;
}

/* Whether a sound is to be left out as a copy; the side of a near copy is that of the first. */
static sordino_status compare(library *l, const sound *s, const char *name, bool alone,
                              bool *held_out, bool *leave_out, sordino_error *why)
{
    copies_found found;
    struct seen *const more = realloc(l->seen, (l->n_seen + 1) * sizeof *more);
    if (more)
        l->seen = more;
    if (!more || !copies_add(l->copies, s->samples, s->n, s->rate, &found))
        return error_set(why, SORDINO_NO_MEM, "Out of memory for recordings");
    if (found.near)
        *held_out = l->seen[found.of].held_out;
    *leave_out = found.same || (found.near && alone);
    if (found.same || found.near) {
        char detail[300];
        snprintf(detail, sizeof detail, "%s %.200s, %s",
                 found.same ? "the same as" : "much the same as", l->seen[found.of].name,
                 *leave_out ? "left out" : "kept on its side");
        inspection_note(l->inspection, INSPECT_COPY, name, detail);
    }
    l->seen[l->n_seen] = (struct seen){strdup(name), *held_out};
    return l->seen[l->n_seen++].name ? SORDINO_OK
                                     : error_set(why, SORDINO_NO_MEM, "Out of memory for names");
}

/* What is worth telling about a sound that was read. */
static sordino_status look_at(library *l, const sound *s, const char *name, bool alone,
                              bool *held_out, bool *leave_out, sordino_error *why)
{
    if (!l->inspection)
        return SORDINO_OK;
    const sordino_status status = compare(l, s, name, alone, held_out, leave_out, why);
    if (status != SORDINO_OK || *leave_out)
        return status;
    if (s->all > (double)s->n / s->rate + 1)
        fprintf(l->notes_to,
                "%s lasts %.3g h; passages of %.3g minutes in all, spread over it, are used\n",
                name, s->all / 3600, (double)s->n / s->rate / 60);
    return inspection_look(l->inspection, name, s)
               ? SORDINO_OK
               : error_set(why, SORDINO_NO_MEM, "Out of memory for recordings");
}

/* A recording on its own is cut in time: the last part is held out. */
static sordino_status add_channels(library *l, const sound *s, const char *name, bool held_out,
                                   bool alone, double share, sordino_error *why)
{
    const size_t first =
        alone && share > 0 ? (size_t)((double)s->n * (1 - fmax(share, cut_share))) : s->n;
    const double before = library_hours(l, true);
    sordino_status status = SORDINO_OK;
    for (size_t c = 0; status == SORDINO_OK && c < s->channels; c++) {
        const float *const x = s->samples + c * s->n;
        status = add_clip(l, name, x, first, s->rate, held_out, why);
        if (status == SORDINO_OK && first < s->n)
            status = add_clip(l, name, x + first, s->n - first, s->rate, true, why);
    }
    if (status != SORDINO_OK || !l->inspection || first == s->n)
        return status;
    if (library_hours(l, true) > before) {
        fprintf(l->notes_to,
                "%s is cut in two: its first %.3g s are trained with, its last %.3g s are scored "
                "with\n",
                name, (double)first / s->rate, (double)(s->n - first) / s->rate);
    } else if (!l->silent_test) {
        fprintf(l->notes_to, "%s is silent in its last %.3g s, which are kept for scoring\n", name,
                (double)(s->n - first) / s->rate);
        l->silent_test = strdup(name);
    }
    return SORDINO_OK;
}

static sordino_status read_file(library *l, const char *path, const char *name, bool held_out,
                                bool alone, double share, sordino_error *why)
{
    sound s;
    sordino_error inner = {0};
    bool leave_out = false;
    sordino_status status =
        table_is_named(path)
            ? table_read_sound(path, l->table_rate, &s, &inner)
            : sound_read_some(path, l->inspection ? longest : INFINITY, &s, &inner);
    /* A table without a rate is the user's to mend: the others would be trained with alone. */
    if (status == SORDINO_NO_MEM || status == SORDINO_BAD_ARG) {
        if (why)
            *why = inner;
        return status;
    }
    if (status != SORDINO_OK) {
        l->unreadable++;
        fprintf(l->notes_to, "%s; left out\n", inner.text);
        return SORDINO_OK;
    }
    if (s.cut)
        fprintf(l->notes_to, "%s ends before its header says; what is there is used\n", path);
    status = look_at(l, &s, name, alone, &held_out, &leave_out, why);
    if (status == SORDINO_OK && !leave_out && !too_many_hours(l, &s))
        status = add_channels(l, &s, name, held_out, alone, share, why);
    sound_free(&s);
    return status;
}

/* Files at or below `path`, sorted. */
static sordino_status find_files(const library *l, const char *path, names *files,
                                 sordino_error *why)
{
    struct stat st;
    walked w = {.inspection = l->inspection};
    if (stat(path, &st) != 0)
        return error_set(why, SORDINO_IO, "%s: %s", path, strerror(errno));
    names tables = {0};
    const bool good =
        S_ISDIR(st.st_mode) ? walk(path, 0, &w, files, &tables) : names_add(files, strdup(path));
    free(w.items);
    if (good && files->n == 0) { /* lists lie beside sounds, tables of signals by themselves */
        *files = tables;
        tables = (names){0};
    }
    names_free(&tables);
    if (!good)
        return error_set(why, SORDINO_NO_MEM, "Out of memory for file names");
    if (files->n > 0)
        qsort(files->items, files->n, sizeof *files->items, by_name);
    return SORDINO_OK;
}

/* `cut`: each recording in time, however many there are. */
static sordino_status read_path(library *l, const library_spec *spec, const char *path,
                                const names *list, bool cut, sordino_error *why)
{
    names files = {0};
    struct stat st;
    sordino_status status = find_files(l, path, &files, why);
    const bool folder = status == SORDINO_OK && stat(path, &st) == 0 && S_ISDIR(st.st_mode);
    const bool alone = cut || (files.n == 1 && spec->n_paths == 1);
    for (size_t i = 0; status == SORDINO_OK && i < files.n; i++) {
        const char *const file = files.items[i];
        const char *const slash = strrchr(file, '/');
        const char *const name = folder ? file + strlen(path) + 1 : slash ? slash + 1 : file;
        const bool held =
            spec->held_out_list ? is_listed(list, name) : !alone && share_of(name) < spec->held_out;
        status = read_file(l, file, name, held, alone && !held, spec->held_out, why);
    }
    names_free(&files);
    return status;
}

static bool fill_row(const library *l, bool held_out, row *to)
{
    double sum = 0;
    to->clips = malloc((l->n + 1) * sizeof *to->clips);
    to->ends = malloc((l->n + 1) * sizeof *to->ends);
    for (size_t i = 0; to->clips && to->ends && i < l->n; i++) {
        if (l->clips[i].held_out != held_out)
            continue;
        sum += (double)l->clips[i].n / l->clips[i].rate;
        to->clips[to->n] = i;
        to->ends[to->n++] = sum;
    }
    return to->clips && to->ends;
}

/* Notes end here; nothing to draw from is an error. */
static sordino_status finish(library *l, const library_spec *spec, sordino_error *why)
{
    if (l->left_out > 0)
        fprintf(l->notes_to, "%zu recordings are over the limit of %g hours and were left out\n",
                l->left_out, l->max_hours);
    if (l->inspection)
        inspection_tell(l->inspection, spec->paths[0], l->notes_to);
    fclose(l->notes_to);
    l->notes_to = NULL;
    if (l->silent_test && library_hours(l, true) <= 0)
        return error_set(why, SORDINO_IO,
                         "%s is silent in the part that is kept for scoring; give another "
                         "recording, or a longer one",
                         l->silent_test);
    stop_looking(l);
    if (!l->notes || !fill_row(l, false, &l->rows[0]) || !fill_row(l, true, &l->rows[1]))
        return error_set(why, SORDINO_NO_MEM, "Out of memory for recordings");
    if (library_hours(l, false) > 0)
        return SORDINO_OK;
    if (l->n > 0)
        return error_set(why, SORDINO_IO, "%s: every recording is held out; give more of them",
                         spec->paths[0]);
    return error_set(why, SORDINO_IO,
                     l->unreadable > 0 ? "%s: no sound file can be read"
                                       : "%s: no sound file, or nothing but silence",
                     spec->paths[0]);
}

/* A new library with all of the paths' recordings in it; `*l` may be one to be freed after failure.
 */
static sordino_status read_all(const library_spec *spec, bool cut, library **l, sordino_error *why)
{
    *l = library_empty();
    if (!*l)
        return error_set(why, SORDINO_NO_MEM, "Out of memory for recordings");
    names list = {0};
    (*l)->max_hours = spec->max_hours;
    (*l)->table_rate = spec->table_rate;
    (*l)->pauses = spec->pauses;
    if (spec->look) {
        (*l)->inspection = inspection_new(spec->pauses);
        (*l)->copies = copies_new();
        if (!(*l)->inspection || !(*l)->copies)
            return error_set(why, SORDINO_NO_MEM, "Out of memory for recordings");
    }
    sordino_status status = read_list(spec->held_out_list, &list, why);
    for (size_t i = 0; status == SORDINO_OK && i < spec->n_paths; i++)
        status = read_path(*l, spec, spec->paths[i], &list, cut, why);
    names_free(&list);
    return status;
}

sordino_status library_open(const library_spec *spec, library **out, sordino_error *why)
{
    *out = NULL;
    if (spec->n_paths == 0 || !(spec->held_out >= 0 && spec->held_out < 1))
        return error_set(why, SORDINO_BAD_ARG, "No recordings are named");
    library *l;
    sordino_status status = read_all(spec, false, &l, why);
    /* Of a few recordings the hashes may leave none on a side: then each is cut in time. */
    if (status == SORDINO_OK && l->n > 0 && !spec->held_out_list && spec->held_out > 0 &&
        (library_hours(l, true) <= 0 || library_hours(l, false) <= 0)) {
        library_free(l);
        status = read_all(spec, true, &l, why);
    }
    if (status == SORDINO_OK)
        status = finish(l, spec, why);
    if (status != SORDINO_OK) {
        library_free(l);
        return status;
    }
    *out = l;
    return SORDINO_OK;
}

sordino_status library_rates(const char *path, double *rates, size_t room, size_t *n,
                             sordino_error *why)
{
    const library none = {0};
    names files = {0};
    const sordino_status status = find_files(&none, path, &files, why);
    *n = 0;
    for (size_t i = 0; status == SORDINO_OK && i < files.n && *n < room; i++) {
        const char *const file = files.items[i];
        const double rate = table_is_named(file) ? table_rate(file) : sound_rate(file);
        size_t k = 0;
        while (k < *n && rates[k] != rate)
            k++;
        if (k == *n && rate > 0)
            rates[(*n)++] = rate;
    }
    names_free(&files);
    return status;
}

sordino_status library_from_samples(const char *name, const float *x, size_t n, double rate,
                                    double held_out, library **out, sordino_error *why)
{
    const char *const paths[] = {name};
    const library_spec spec = {.paths = paths, .n_paths = 1};
    *out = NULL;
    library *l = library_empty();
    if (!l)
        return error_set(why, SORDINO_NO_MEM, "Out of memory for recordings");
    const size_t first = held_out > 0 ? (size_t)((double)n * (1 - fmax(held_out, cut_share))) : n;
    sordino_status status = add_clip(l, name, x, first, rate, false, why);
    if (status == SORDINO_OK)
        status = add_clip(l, name, x + first, n - first, rate, true, why);
    if (status == SORDINO_OK)
        status = finish(l, &spec, why);
    if (status != SORDINO_OK) {
        library_free(l);
        return status;
    }
    *out = l;
    return SORDINO_OK;
}

/* ---- what is there ---- */

size_t library_count(const library *l)
{
    return l->n;
}

library_clip library_at(const library *l, size_t i)
{
    const clip *const c = &l->clips[i];
    return (library_clip){c->name, c->rate, c->band, c->n, c->held_out};
}

double library_hours(const library *l, bool held_out)
{
    double sum = 0;
    for (size_t i = 0; i < l->n; i++)
        if (l->clips[i].held_out == held_out)
            sum += (double)l->clips[i].n / l->clips[i].rate / 3600;
    return sum;
}

const char *library_notes(const library *l)
{
    return l->notes ? l->notes : "";
}

uint64_t library_hash(const library *l)
{
    uint64_t hash = fnv1a_start;
    for (size_t i = 0; i < l->n; i++) {
        const clip *const c = &l->clips[i];
        if (c->held_out)
            continue;
        hash = fnv1a(hash, c->name, strlen(c->name));
        for (size_t k = 0; k < c->n; k++)
            hash = fnv1a_push(hash, (uint16_t)c->versions[0].samples[k]);
    }
    return hash;
}

/* ---- drawing ---- */

/* A clip at `rate`, made when it is first asked for. NULL when out of memory. */
static const version *version_at(library *l, clip *c, double rate)
{
    pthread_mutex_lock(&l->lock);
    uint32_t k = 0;
    while (k < c->n_versions && c->versions[k].rate != rate)
        k++;
    if (k == c->n_versions && k < MAX_VERSIONS) {
        float *const x = malloc(c->n * sizeof *x);
        size_t n = 0;
        for (size_t i = 0; x && i < c->n; i++)
            x[i] = c->versions[0].samples[i];
        float *const y =
            x ? rate_convert(x, c->n, (uint32_t)lrint(c->rate), (uint32_t)lrint(rate), &n) : NULL;
        int16_t *const samples = y && n > 0 ? malloc(n * sizeof *samples) : NULL;
        for (size_t i = 0; samples && i < n; i++)
            samples[i] = (int16_t)lrintf(y[i] > 32767 ? 32767 : y[i] < -32768 ? -32768 : y[i]);
        free(x);
        free(y);
        if (samples)
            c->versions[c->n_versions++] = (version){rate, n, samples};
    }
    const version *const found = k < c->n_versions ? &c->versions[k] : NULL;
    pthread_mutex_unlock(&l->lock);
    return found;
}

/* Up to where a clip is filled at `rate`. */
static double band_at(const clip *c, double rate)
{
    const double most = rate == c->rate ? rate / 2 : rate_band(c->rate, rate);
    return c->band < most ? c->band : most;
}

/* A clip by its length. */
static clip *pick_clip(const library *l, bool held_out, rng *r)
{
    const row *const side = &l->rows[held_out];
    size_t low = 0, high = side->n;
    if (high == 0)
        return NULL;
    const double at = side->ends[high - 1] * rng_unit(r);
    while (high - low > 1) { /* the clip lies in low .. high - 1 */
        const size_t middle = low + (high - low) / 2;
        if (at < side->ends[middle - 1])
            high = middle;
        else
            low = middle;
    }
    return &l->clips[side->clips[low]];
}

/* Loudness differs between recordings: noise that repeats must not click where it does. */
static void repeat(const version *v, float scale, size_t start, double rate, float *out, size_t n)
{
    const size_t edge = (size_t)fmin(fade * rate, (double)v->n / 4);
    const size_t period = v->n - edge;
    for (size_t i = 0; i < n; i++) {
        const size_t at = (start + i) % period;
        float x = v->samples[at];
        if (at < edge && start + i >= period) {
            const float into = ((float)at + 0.5f) / (float)edge;
            x = into * x + (1 - into) * v->samples[period + at];
        }
        out[i] = scale * x;
    }
}

/* Clips one after the other with pauses between them; the first may begin in its midst. */
static bool sequence(library *l, bool held_out, rng *r, double rate, float *out, size_t n,
                     double *band)
{
    bool first = true;
    *band = rate / 2;
    for (size_t i = 0; i < n;) {
        clip *const c = pick_clip(l, held_out, r);
        const version *const v = c ? version_at(l, c, rate) : NULL;
        if (!v)
            return false;
        *band = fmin(*band, band_at(c, rate));
        const size_t spare = v->n > n ? v->n - n : 0;
        const size_t start =
            first ? (size_t)(rng_unit(r) * (double)(spare + (v->n - spare) / 2)) : 0;
        for (size_t k = start; k < v->n && i < n; k++)
            out[i++] = c->scale * v->samples[k];
        size_t pause = (size_t)(rng_range(r, 0.1, 0.8) * rate);
        while (i < n && pause-- > 0)
            out[i++] = 0;
        first = false;
    }
    return true;
}

static bool draw_plain(library *l, bool held_out, bool pauses, rng *r, double rate, float *out,
                       size_t n, double *band)
{
    if (pauses)
        return sequence(l, held_out, r, rate, out, n, band);
    double energy = 0;
    for (int tries = 0; tries < 4 && !(energy > 0); tries++) { /* not a silent place, if possible */
        clip *const c = pick_clip(l, held_out, r);
        const version *const v = c ? version_at(l, c, rate) : NULL;
        if (!v)
            return false;
        *band = band_at(c, rate);
        repeat(v, c->scale, (size_t)(rng_unit(r) * (double)v->n), rate, out, n);
        for (size_t i = 0; i < n; i++)
            energy += (double)out[i] * (double)out[i];
    }
    return true;
}

bool library_draw(const library *l, bool held_out, bool pauses, double speed, rng *r, double rate,
                  float *out, size_t n, double *band)
{
    library *const self = (library *)l; /* versions are made behind a lock */
    const uint32_t twentieths = (uint32_t)fmax(1, lrint(20 * speed));
    if (twentieths == 20)
        return draw_plain(self, held_out, pauses, r, rate, out, n, band);
    /* Played faster: more is drawn, and taken for sound of a higher rate. */
    const size_t more = (n * twentieths + 19) / 20;
    size_t count = 0;
    float *const x = malloc(more * sizeof *x);
    float *const y = x && draw_plain(self, held_out, pauses, r, rate, x, more, band)
                         ? rate_convert(x, more, twentieths, 20, &count)
                         : NULL;
    if (y && count >= n)
        memcpy(out, y, n * sizeof *out);
    const double faster = twentieths / 20.0;
    *band = fmin(*band * faster, rate_band(rate * faster, rate));
    free(x);
    free(y);
    return y && count >= n;
}

sordino_status library_read(const library *l, size_t i, double rate, float **out, size_t *n,
                            sordino_error *why)
{
    library *const self = (library *)l;
    clip *const c = &self->clips[i];
    const version *const v = version_at(self, c, rate);
    *out = v ? malloc(v->n * sizeof **out) : NULL;
    if (!*out)
        return error_set(why, SORDINO_NO_MEM, "Out of memory for a recording");
    *n = v->n;
    for (size_t k = 0; k < v->n; k++)
        (*out)[k] = c->scale * v->samples[k];
    return SORDINO_OK;
}
