/* Fills libraries: from files, looked at as they are read, or from samples in memory. */
#include "trainer/data/library_internal.h"

#include "core/base/error.h"
#include "trainer/data/file_list.h"
#include "trainer/data/held_out.h"
#include "trainer/data/sound_read.h"
#include "trainer/data/table_read.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const double cut_share = 0.2; /* of a recording on its own, at least, held out */
static const double longest = 1200;  /* s of a file that are kept, when it is looked at */

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
        status = library_add_clip(l, name, x, first, s->rate, held_out, why);
        if (status == SORDINO_OK && first < s->n)
            status = library_add_clip(l, name, x + first, s->n - first, s->rate, true, why);
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

/* `cut`: each recording in time, however many there are. */
static sordino_status read_path(library *l, const library_spec *spec, const char *path,
                                const file_list *list, bool cut, sordino_error *why)
{
    file_list files = {0};
    struct stat st;
    sordino_status status = file_list_find(path, l->inspection, &files, why);
    const bool folder = status == SORDINO_OK && stat(path, &st) == 0 && S_ISDIR(st.st_mode);
    const bool alone = cut || (files.n == 1 && spec->n_paths == 1);
    for (size_t i = 0; status == SORDINO_OK && i < files.n; i++) {
        const char *const file = files.items[i];
        const char *const slash = strrchr(file, '/');
        const char *const name = folder ? file + strlen(path) + 1 : slash ? slash + 1 : file;
        const bool held = spec->held_out_list ? held_out_lists(list, name)
                                              : !alone && held_out_share(name) < spec->held_out;
        status = read_file(l, file, name, held, alone && !held, spec->held_out, why);
    }
    file_list_free(&files);
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
    library_stop_looking(l);
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
    file_list list = {0};
    (*l)->max_hours = spec->max_hours;
    (*l)->table_rate = spec->table_rate;
    (*l)->pauses = spec->pauses;
    if (spec->look) {
        (*l)->inspection = inspection_new(spec->pauses);
        (*l)->copies = copies_new();
        if (!(*l)->inspection || !(*l)->copies)
            return error_set(why, SORDINO_NO_MEM, "Out of memory for recordings");
    }
    sordino_status status = held_out_read(spec->held_out_list, &list, why);
    for (size_t i = 0; status == SORDINO_OK && i < spec->n_paths; i++)
        status = read_path(*l, spec, spec->paths[i], &list, cut, why);
    file_list_free(&list);
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
    file_list files = {0};
    const sordino_status status = file_list_find(path, NULL, &files, why);
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
    file_list_free(&files);
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
    sordino_status status = library_add_clip(l, name, x, first, rate, false, why);
    if (status == SORDINO_OK)
        status = library_add_clip(l, name, x + first, n - first, rate, true, why);
    if (status == SORDINO_OK)
        status = finish(l, &spec, why);
    if (status != SORDINO_OK) {
        library_free(l);
        return status;
    }
    *out = l;
    return SORDINO_OK;
}
