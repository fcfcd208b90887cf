/* The methods and models that can be heard one after the other, and denoisers made of them. */
#ifndef STREAM_METHODS_H
#define STREAM_METHODS_H

#include <stdbool.h>
#include <stddef.h>

#include <sordino/sordino.h>

#include "stream/engine.h"
#include "stream/options.h"

enum { METHODS_MOST = 16 };

typedef struct method_list {
    const char *name[METHODS_MOST]; /* as --model takes them, the one asked for first; borrowed */
    size_t n;
} method_list;

/* The one that --model names, or that is taken without; then the models for sound that are built
 * in, and the Wiener filter. */
void methods_find(const live_options *o, method_list *out);

/* Whether a method or model of that name learns noise. */
bool method_learns(const char *name);

/* Makes one for a rate and channels, no less late than `least_latency` samples. The profile may be
 * NULL; it is copied. `*out` is owned by the caller, NULL on failure. Errors: those of models_open
 * and sordino_denoiser_new. */
SORDINO_NODISCARD sordino_status method_make(const live_options *o, const char *name, double rate,
                                             uint32_t channels, uint32_t least_latency,
                                             const sordino_profile *profile, method **out,
                                             sordino_error *why);

#endif
