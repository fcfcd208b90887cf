/*
 * Which recordings are held out of training: those on a list, or a share of them by their names.
 */
#ifndef DATA_HELD_OUT_H
#define DATA_HELD_OUT_H

#include <stdbool.h>

#include <sordino/status.h>

#include "trainer/data/file_list.h"

/* Reads a text file of names, one a line, `#` and tabs ending each. NULL as `path` adds none.
 * Errors: IO, NO_MEM. */
SORDINO_NODISCARD sordino_status held_out_read(const char *path, file_list *to, sordino_error *why);

/* Whether a name, or what it is without its folders, is on the list. */
bool held_out_lists(const file_list *list, const char *name);

/* Uniform in [0, 1) by the name alone; the same for pieces of one recording, whose names are the
 * same up to the last '-', '_' or '.' before the ending. */
double held_out_share(const char *name);

#endif
