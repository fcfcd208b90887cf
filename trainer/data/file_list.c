#include "trainer/data/file_list.h"

#include "core/base/error.h"
#include "trainer/data/table_read.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

enum { MAX_DEPTH = 16 }; /* of folders in folders */

void file_list_free(file_list *l)
{
    for (size_t i = 0; i < l->n; i++)
        free(l->items[i]);
    free(l->items);
}

bool file_list_add(file_list *l, char *name)
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
static bool walk(const char *folder, int depth, walked *w, file_list *to, file_list *tables)
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
            good = file_list_add(to, path);
        } else if (S_ISREG(st.st_mode) && is_plain_table(path)) {
            good = file_list_add(tables, path);
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

sordino_status file_list_find(const char *path, inspection *look, file_list *files,
                              sordino_error *why)
{
    struct stat st;
    walked w = {.inspection = look};
    if (stat(path, &st) != 0)
        return error_set(why, SORDINO_IO, "%s: %s", path, strerror(errno));
    file_list tables = {0};
    const bool good = S_ISDIR(st.st_mode) ? walk(path, 0, &w, files, &tables)
                                          : file_list_add(files, strdup(path));
    free(w.items);
    if (good && files->n == 0) { /* lists lie beside sounds, tables of signals by themselves */
        *files = tables;
        tables = (file_list){0};
    }
    file_list_free(&tables);
    if (!good)
        return error_set(why, SORDINO_NO_MEM, "Out of memory for file names");
    if (files->n > 0)
        qsort(files->items, files->n, sizeof *files->items, by_name);
    return SORDINO_OK;
}
