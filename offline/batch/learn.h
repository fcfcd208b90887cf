/* Learning a noise profile from a passage of an input. */
#ifndef BATCH_LEARN_H
#define BATCH_LEARN_H

#include <sordino/sordino.h>

#include "common/sound/signal_io.h"

/* Reads `s` from `from` to `to` seconds, and makes a profile of it with a denoiser like `config`
 * and `model`. `*out` is owned by the caller, NULL on failure. Errors: IO; NOT_FOUND (the passage
 * is past the end, or too short); UNSUPPORTED (the method takes no profile); NO_MEM. */
SORDINO_NODISCARD sordino_status learn_noise(source *s, double from, double to,
                                             const sordino_config *config,
                                             const sordino_model *model, sordino_profile **out,
                                             sordino_error *why);

#endif
