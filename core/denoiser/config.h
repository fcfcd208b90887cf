/* Checks what a caller asks of a denoiser. */
#ifndef DENOISER_CONFIG_H
#define DENOISER_CONFIG_H

#include <stdbool.h>

#include <sordino/sordino.h>

#include "core/model/model.h"

extern const double config_limit_min; /* dB: at or below it there is no limit */

/* Copies a caller's configuration, which may be of a version with more fields, and checks it with
 * the model. Errors: BAD_ARG, UNSUPPORTED. */
SORDINO_NODISCARD sordino_status config_read(const sordino_config *from, const sordino_model *model,
                                             sordino_config *to, sordino_error *why);

/* True for a method on the short-time spectrum, false for one on samples. */
bool config_spectral(const sordino_config *config, const sordino_model *model);

#endif
