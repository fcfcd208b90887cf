/*
 * Lists of names, and the files below a folder that training may read.
 */
#ifndef DATA_FILE_LIST_H
#define DATA_FILE_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include <sordino/status.h>

#include "trainer/data/inspect.h"

/* All zero: an empty list. */
typedef struct file_list {
    char **items; /* owned, as is each */
    size_t n, room;
} file_list;

void file_list_free(file_list *l);

/* Takes over `name`, which may be NULL for want of memory. False when out of memory; `name` is then
 * freed or on the list. */
bool file_list_add(file_list *l, char *name);

/* Adds the file `path`, or those below the folder `path` that may be sound, sorted; where a folder
 * has none of these, its tables. Each folder is gone through once, whatever links lead to it;
 * `look` is told of links that lead back and may be NULL. Errors: IO (no such file or folder),
 * NO_MEM. */
SORDINO_NODISCARD sordino_status file_list_find(const char *path, inspection *look,
                                                file_list *files, sordino_error *why);

#endif
