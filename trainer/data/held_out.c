#include "trainer/data/held_out.h"

#include "core/base/error.h"
#include "core/base/fnv1a.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

double held_out_share(const char *name)
{
    uint64_t hash = fnv1a(fnv1a_start, name, stem(name));
    hash ^= hash >> 33;
    hash *= UINT64_C(0xff51afd7ed558ccd);
    hash ^= hash >> 33;
    return (double)(hash >> 11) * 0x1p-53;
}

bool held_out_lists(const file_list *list, const char *name)
{
    const char *const slash = strrchr(name, '/'), *const base = slash ? slash + 1 : name;
    for (size_t i = 0; i < list->n; i++)
        if (strcmp(list->items[i], name) == 0 || strcmp(list->items[i], base) == 0)
            return true;
    return false;
}

sordino_status held_out_read(const char *path, file_list *to, sordino_error *why)
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
            good = file_list_add(to, strdup(line));
    }
    if (f)
        fclose(f);
    return good ? SORDINO_OK : error_set(why, SORDINO_NO_MEM, "Out of memory for a list of names");
}
