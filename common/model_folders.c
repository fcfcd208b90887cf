#include "common/model_folders.h"

#include <dirent.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_PATH = 4096 };

typedef struct visitor {
    bool (*visit)(void *to, const char *folder);
    void *to;
} visitor;

/* The folder named by the first `n` characters of `start`, and `below` it. */
static bool visit_one(const visitor *v, const char *start, size_t n, const char *below)
{
    char folder[MAX_PATH];
    const int length =
        n < MAX_PATH ? snprintf(folder, sizeof folder, "%.*s%s", (int)n, start, below) : MAX_PATH;
    return n > 0 && length < MAX_PATH && v->visit(v->to, folder);
}

static bool visit_list(const visitor *v, const char *list, const char *below)
{
    while (list && *list) {
        const size_t n = strcspn(list, ":");
        if (visit_one(v, list, n, below))
            return true;
        list += n + (list[n] == ':');
    }
    return false;
}

bool model_folders_visit(bool (*visit)(void *to, const char *folder), void *to)
{
    const visitor v = {visit, to};
    const char *const data_home = getenv("XDG_DATA_HOME"), *const home = getenv("HOME");
    const char *const data = getenv("XDG_DATA_DIRS");
    if (visit_list(&v, getenv("SORDINO_MODEL_PATH"), ""))
        return true;
    if (data_home && *data_home) {
        if (visit_one(&v, data_home, strlen(data_home), "/sordino/models"))
            return true;
    } else if (home && visit_one(&v, home, strlen(home), "/.local/share/sordino/models")) {
        return true;
    }
    return visit_list(&v, data && *data ? data : "/usr/local/share:/usr/share", "/sordino/models");
}

bool model_file_is_named(const char *name)
{
    const size_t n = strlen(name), end = sizeof MODEL_ENDING - 1;
    return n > end && strcmp(name + n - end, MODEL_ENDING) == 0;
}

bool model_files_visit(const char *folder,
                       bool (*visit)(void *to, const char *folder, const char *name), void *to)
{
    DIR *const dir = opendir(folder);
    bool found = false;
    for (const struct dirent *entry; dir && !found && (entry = readdir(dir));)
        found = model_file_is_named(entry->d_name) && visit(to, folder, entry->d_name);
    if (dir)
        closedir(dir);
    return found;
}
