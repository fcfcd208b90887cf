/* What the denoiser needs of noise profiles besides the public functions. */
#ifndef MODEL_PROFILE_H
#define MODEL_PROFILE_H

#include <sordino/profile.h>

/* As sordino_profile_new with every density 0. */
SORDINO_NODISCARD sordino_status profile_new_blank(uint32_t channels, uint32_t bins, double rate,
                                                   sordino_profile **out, sordino_error *why);

/* The densities, [channels][bins], to be overwritten with finite values >= 0. Borrowed. */
float *profile_densities(sordino_profile *profile) SORDINO_RT;

#endif
