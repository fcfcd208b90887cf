/* Which file is compared with which. */
#ifndef EVAL_PAIRS_H
#define EVAL_PAIRS_H

#include <stdbool.h>
#include <stddef.h>

#include "offline/eval/load.h"

typedef struct pair {
    char *name;                      /* relative to the folders; a lone file's own name */
    char *clean, *processed, *noisy; /* paths; noisy NULL when there is none */
} pair;

typedef struct pair_list {
    pair *items; /* sorted by name */
    size_t n;
    char **unpaired; /* messages "NAME: why it was left out", sorted by folder and name */
    size_t n_unpaired;
} pair_list;

/*
 * Two files are one pair. Two folders are searched through (hidden files and files that
 * load_knows does not know are passed over); files pair up by their path below the folder, or, when
 * there is no such path, by that path without its ending if just one file has it. `noisy` NULL, or
 * of the same kind as the others. `*subject` is the argument a fault is about. False and `w` set
 * when nothing pairs, on a mixture of files and folders, or when a folder cannot be read.
 */
bool pairs_find(const char *clean, const char *processed, const char *noisy,
                const load_options *options, pair_list *out, const char **subject, why *w);
void pairs_free(pair_list *list);

#endif
