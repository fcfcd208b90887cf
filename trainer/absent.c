/* What this build of the trainer lacks. */
#include "core/base/error.h"
#include "trainer/data/espeak.h"
#include "trainer/data/noise_cut.h"

sordino_status espeak_check(sordino_error *why)
{
    return error_set(why, SORDINO_UNSUPPORTED, "This build has no espeak-ng");
}

bool espeak_draw(rng *r, double rate, float *out, size_t n)
{
    return false;
}

sordino_status noise_cut_open(const char *path, const char *passage, double held_out, FILE *notes,
                              library **out, sordino_error *why)
{
    *out = NULL;
    return error_set(why, SORDINO_UNSUPPORTED, "This build cuts no noise out of recordings");
}
