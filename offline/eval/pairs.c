#include "offline/eval/pairs.h"

#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { MAX_DEPTH = 32 };

typedef struct names {
    char **items;
    size_t n;
} names;

static char *join(const char *a, const char *separator, const char *b)
{
    const size_t size = strlen(a) + strlen(separator) + strlen(b) + 1;
    char *const text = malloc(size);
    if (text)
        snprintf(text, size, "%s%s%s", a, separator, b);
    return text;
}

/* Takes `name` over, NULL included; false when out of memory. Room doubles at powers of two. */
static bool names_add(names *list, char *name)
{
    if (name && (list->n & (list->n - 1)) == 0) {
        char **const items = realloc(list->items, (list->n ? 2 * list->n : 1) * sizeof *items);
        if (!items) {
            free(name);
            return false;
        }
        list->items = items;
    }
    if (name)
        list->items[list->n++] = name;
    return name != NULL;
}

static void names_free(names *list)
{
    for (size_t i = 0; i < list->n; i++)
        free(list->items[i]);
    free(list->items);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool walk(const char *root, const char *below, int depth, const load_options *o, names *out,
                 why *w);

/* `name` in the folder root/below: a file to keep, a folder to search, or neither. */
static bool visit(const char *root, const char *below, const char *name, int depth,
                  const load_options *o, names *out, why *w)
{
    char *const relative = join(below, *below ? "/" : "", name);
    char *const path = relative ? join(root, "/", relative) : NULL;
    struct stat about;
    bool done = path ? true : why_no_memory(w);
    if (path && stat(path, &about) == 0) {
        if (S_ISDIR(about.st_mode))
            done = walk(root, relative, depth + 1, o, out, w);
        else if (load_knows(name, o) && !names_add(out, join(relative, "", "")))
            done = why_no_memory(w);
    }
    free(path);
    free(relative);
    return done;
}

static bool walk(const char *root, const char *below, int depth, const load_options *o, names *out,
                 why *w)
{
    if (depth > MAX_DEPTH)
        return why_set(w, "has folders more than %d deep; is a link going round?", MAX_DEPTH);
    char *const path = join(root, *below ? "/" : "", below);
    DIR *const folder = path ? opendir(path) : NULL;
    const int code = errno;
    free(path);
    if (!folder)
        return why_set(w, "the folder cannot be read (%s); check the name", strerror(code));
    const struct dirent *entry;
    bool done = true;
    while (done && (entry = readdir(folder)))
        if (entry->d_name[0] != '.')
            done = visit(root, below, entry->d_name, depth, o, out, w);
    closedir(folder);
    return done;
}

static bool list_folder(const char *root, const load_options *o, names *out, why *w)
{
    if (!walk(root, "", 0, o, out, w))
        return false;
    if (out->n)
        qsort(out->items, out->n, sizeof *out->items, by_text);
    return true;
}

/* Length of a relative path without its ending. */
static size_t stem_length(const char *path)
{
    const char *const slash = strrchr(path, '/'), *const dot = strrchr(path, '.');
    return dot && (!slash || dot > slash) ? (size_t)(dot - path) : strlen(path);
}

/* The name in the list that belongs to `name`; NULL for none, or several of the same stem. */
static const char *find_partner(const names *list, const char *name)
{
    char **const same =
        list->n ? bsearch(&name, list->items, list->n, sizeof *list->items, by_text) : NULL;
    const size_t length = stem_length(name);
    const char *found = NULL;
    if (same)
        return *same;
    for (size_t i = 0; i < list->n; i++)
        if (stem_length(list->items[i]) == length && !strncmp(list->items[i], name, length)) {
            if (found)
                return NULL;
            found = list->items[i];
        }
    return found;
}

static bool add_pair(pair_list *list, const pair *p)
{
    pair *const items = realloc(list->items, (list->n + 1) * sizeof *items);
    if (items)
        list->items = items;
    if (!items || !p->name || !p->clean || !p->processed) {
        free(p->name);
        free(p->clean);
        free(p->processed);
        free(p->noisy);
        return false;
    }
    list->items[list->n++] = *p;
    return true;
}

static bool add_unpaired(pair_list *list, const char *folder, const char *name, const char *other)
{
    static const char format[] = "%s/%s: no single file in %s has this name; left out, name both "
                                 "alike to compare them";
    names all = {list->unpaired, list->n_unpaired};
    const size_t size = sizeof format + strlen(folder) + strlen(name) + strlen(other);
    char *const text = malloc(size);
    if (text)
        snprintf(text, size, format, folder, name, other);
    const bool done = names_add(&all, text);
    list->unpaired = all.items;
    list->n_unpaired = all.n;
    return done;
}

typedef struct folders {
    const char *path[3]; /* clean, processed, noisy or NULL */
    names names[3];
} folders;

/* Pairs every clean file; tells the files on either side that have no partner. */
static bool pair_up(const folders *f, pair_list *out)
{
    const names *const clean = &f->names[0], *const processed = &f->names[1];
    for (size_t i = 0; i < clean->n; i++) {
        const char *const name = clean->items[i];
        const char *const partner = find_partner(processed, name);
        const char *const noisy = f->path[2] ? find_partner(&f->names[2], name) : NULL;
        if (!partner || (f->path[2] && !noisy)) {
            if (!add_unpaired(out, f->path[0], name, partner ? f->path[2] : f->path[1]))
                return false;
            continue;
        }
        const pair p = {join(name, "", ""), join(f->path[0], "/", name),
                        join(f->path[1], "/", partner),
                        noisy ? join(f->path[2], "/", noisy) : NULL};
        if (!add_pair(out, &p) || (noisy && !out->items[out->n - 1].noisy))
            return false;
    }
    for (size_t i = 0; i < processed->n; i++)
        if (!find_partner(clean, processed->items[i]) &&
            !add_unpaired(out, f->path[1], processed->items[i], f->path[0]))
            return false;
    return true;
}

static bool pair_folders(const char *const path[3], const load_options *o, pair_list *out,
                         const char **subject, why *w)
{
    folders f = {{path[0], path[1], path[2]}, {{NULL, 0}, {NULL, 0}, {NULL, 0}}};
    bool done = true;
    for (int i = 0; i < 3 && done && path[i]; i++) {
        *subject = path[i];
        done = list_folder(path[i], o, &f.names[i], w);
    }
    if (done && !pair_up(&f, out))
        done = why_no_memory(w);
    if (done && out->n == 0) {
        *subject = path[0];
        done = why_set(w, "holds no file that pairs with one in %s; give files the same names",
                       path[1]);
    }
    for (int i = 0; i < 3; i++)
        names_free(&f.names[i]);
    return done;
}

bool pairs_find(const char *clean, const char *processed, const char *noisy,
                const load_options *options, pair_list *out, const char **subject, why *w)
{
    const char *const path[3] = {clean, processed, noisy};
    int n_folders = 0, n_paths = 0;
    memset(out, 0, sizeof *out);
    for (int i = 0; i < 3 && (i < 2 || path[i]); i++, n_paths++) {
        struct stat about;
        *subject = path[i];
        if (stat(path[i], &about) != 0)
            return why_set(w, "cannot be found (%s); check the name", strerror(errno));
        n_folders += S_ISDIR(about.st_mode);
    }
    if (n_folders == n_paths)
        return pair_folders(path, options, out, subject, w);
    *subject = clean;
    if (n_folders)
        return why_set(w, "is compared with another kind; give all files or all folders");
    const char *const slash = strrchr(clean, '/');
    const pair p = {join(slash ? slash + 1 : clean, "", ""), join(clean, "", ""),
                    join(processed, "", ""), noisy ? join(noisy, "", "") : NULL};
    return add_pair(out, &p) && (!noisy || p.noisy) ? true : why_no_memory(w);
}

void pairs_free(pair_list *list)
{
    for (size_t i = 0; i < list->n; i++) {
        free(list->items[i].name);
        free(list->items[i].clean);
        free(list->items[i].processed);
        free(list->items[i].noisy);
    }
    free(list->items);
    names unpaired = {list->unpaired, list->n_unpaired};
    names_free(&unpaired);
}
