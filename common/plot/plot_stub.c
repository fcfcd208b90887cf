/* In place of plot.c where there is no cairo: asking for a picture is an error. */
#include "common/plot/plot.h"

#include <stdio.h>

sordino_status plot_new(const plot_config *config, plot **out, sordino_error *why)
{
    *out = NULL;
    if (why) {
        why->status = SORDINO_UNSUPPORTED;
        snprintf(why->text, sizeof why->text,
                 "No picture can be drawn: Sordino was built without cairo; leave out --plot");
    }
    return SORDINO_UNSUPPORTED;
}

void plot_free(plot *p) {}

void plot_push(plot *p, const float *before, const float *after, size_t n) {}

sordino_status plot_finish(plot *p, const char *path, sordino_error *why)
{
    return SORDINO_UNSUPPORTED;
}
