/* Where a session's model is looked for when its file has moved. Not for the audio thread. */
#ifndef PLUGIN_FIND_H
#define PLUGIN_FIND_H

#include <sordino/sordino.h>

#include <stdbool.h>
#include <stddef.h>

/* Finds a model file whose sordino_model_hash is `hash`: in `bundle` and its folder models, then in
 * the folders of common/model_folders.h. Writes its path to `path`; false when there is none.
 * `bundle` may be NULL. */
bool find_model(const char *bundle, const char *hash, char *path, size_t size);

#endif
