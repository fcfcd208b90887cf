/*
 * The models that come with Sordino, for a trainer that holds the inside of the library itself. It
 * takes their bytes from the installed library, where they stand once for all programs, and opens
 * them by its own reader: of what the two share, only the public functions have to fit.
 */
#include "core/base/error.h"

#include <sordino/model.h>

#include <string.h>

sordino_status sordino_model_open_builtin(const char *name, sordino_model **out, sordino_error *why)
{
    const char *other;
    size_t size = 0;
    if (out)
        *out = NULL;
    if (!name || !out)
        return error_set(why, SORDINO_BAD_ARG, "A name and a place for the model are needed");
    for (size_t i = 0; (other = sordino_builtin_name(i)); i++)
        if (strcmp(other, name) == 0) {
            const void *const bytes = sordino_builtin_bytes(i, &size);
            return sordino_model_open_bytes(bytes, size, out, why);
        }
    return error_set(why, SORDINO_NOT_FOUND, "No model \"%s\" comes with this library", name);
}
