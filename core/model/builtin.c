#include "core/model/builtin.h"

#include "core/base/error.h"
#include "core/model/model.h"
#include "core/model/printable.h"

#include <sordino/model.h>

#include <stddef.h>
#include <string.h>

/* The model number `i`, or the end of the list. */
static const builtin_model *at(size_t i)
{
    const builtin_model *m = builtin_models;
    while (i > 0 && m->name) {
        m++;
        i--;
    }
    return m;
}

const char *sordino_builtin_name(size_t i)
{
    return at(i)->name;
}

const char *sordino_builtin_description(size_t i)
{
    return at(i)->description;
}

const void *sordino_builtin_bytes(size_t i, size_t *size)
{
    const builtin_model *const m = at(i);
    if (size)
        *size = m->name ? (size_t)(m->end - m->bytes) : 0;
    return m->bytes;
}

sordino_status sordino_model_open_builtin(const char *name, sordino_model **out, sordino_error *why)
{
    if (!out)
        return error_set(why, SORDINO_BAD_ARG, "There is no place for the model");
    *out = NULL;
    if (!name)
        return error_set(why, SORDINO_BAD_ARG, "There is no name of a model");
    for (const builtin_model *m = builtin_models; m->name; m++)
        if (strcmp(m->name, name) == 0) {
            const sordino_status status = model_parse_builtin(m, out, why);
            return status ? status : model_compile(out, why);
        }
    return error_set(why, SORDINO_NOT_FOUND, "No model \"%s\" comes with this library",
                     printable_name(name).text);
}
