/* What the library says of itself. */
#include <sordino/sordino.h>

#include "core/base/error.h"
#include "core/kernels/kernels.h"

#include <string.h>

const char *sordino_warning_text(sordino_warning warning)
{
    switch (warning) {
    case SORDINO_WARNING_NO_NOISE:
        return "What was learned or given as noise holds no noise, so nothing is taken away";
    case SORDINO_WARNING_LOUD_NOISE:
        return "The noise learned or given is far louder than the signal, so it is not used and "
               "nothing is taken away";
    case SORDINO_WARNING_NETWORK:
        return "The model's results are not finite in places, where the input was kept";
    }
    return "Unknown warning";
}

sordino_status sordino_kernels(const char **name, sordino_error *why)
{
    const char *const refused = kernels_refused();
    char known[64] = "";
    const kernels *tables[KERNELS_MAX_TABLES];
    const size_t n = kernels_list(tables);
    if (name)
        *name = kernels_pick()->name;
    if (!refused)
        return SORDINO_OK;
    for (size_t i = 0; i < n; i++) {
        strcat(known, i == 0 ? "" : i + 1 < n ? ", " : " or ");
        strcat(known, tables[i]->name);
    }
    return error_set(why, SORDINO_UNSUPPORTED,
                     "This processor has no kernels \"%.40s\", which SORDINO_KERNELS asks for; it "
                     "can be %s, or unset",
                     refused, known);
}

int sordino_version_number(void)
{
    return SORDINO_VERSION_NUMBER;
}

const char *sordino_version(void)
{
    return SORDINO_VERSION;
}
