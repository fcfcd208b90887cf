#include "core/base/error.h"
#include "trainer/data/espeak.h"

sordino_status espeak_check(sordino_error *why)
{
    return error_set(why, SORDINO_UNSUPPORTED, "This build has no espeak-ng");
}

bool espeak_draw(rng *r, double rate, float *out, size_t n)
{
    (void)r;
    (void)rate;
    (void)out;
    (void)n;
    return false;
}
