/*
 * Where models are looked for: the folders of $SORDINO_MODEL_PATH (separated by colons), then
 * $XDG_DATA_HOME/sordino/models (~/.local/share/sordino/models), then sordino/models in the folders
 * of $XDG_DATA_DIRS (/usr/local/share and /usr/share). The man pages tell of it under MODELS.
 */
#ifndef COMMON_MODEL_FOLDERS_H
#define COMMON_MODEL_FOLDERS_H

#include <stdbool.h>

#define MODEL_ENDING ".safetensors"

/* Goes through them in this order until `visit` says true; returns whether it did. Folders that are
 * not there are visited, too; those whose names are longer than a path may be are passed over. */
bool model_folders_visit(bool (*visit)(void *to, const char *folder), void *to);

/* Goes through the files of one folder whose names end as models' do, in no order, until `visit`
 * says true; returns whether it did. */
bool model_files_visit(const char *folder,
                       bool (*visit)(void *to, const char *folder, const char *name), void *to);

/* True when the name ends as models' do and has more before that. */
bool model_file_is_named(const char *name);

#endif
