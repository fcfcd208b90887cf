/*
 * Damage to a signal, in its own units, the sorts of Vincent et al. 2010, "Stacked denoising
 * autoencoders", section 4: additive Gaussian, salt and pepper, masking; and whole blocks missing.
 * `size` is the signal's r.m.s. about
 * `mean`, the level it stands on.
 */
#ifndef MIX_CORRUPTIONS_H
#define MIX_CORRUPTIONS_H

#include <stddef.h>

#include "trainer/random.h"

void corrupt_gaussian(rng *r, float *x, size_t n, double size, double snr_db);
/* Single samples at `mean` +- `height` times the size. */
void corrupt_salt_pepper(rng *r, float *x, size_t n, double mean, double size, double share,
                         double height);
/* Single samples lost: they hold the last value that was not. */
void corrupt_masking(rng *r, float *x, size_t n, double share);
/* `count` stretches of up to `longest` samples lost in the same way. */
void corrupt_blocks(rng *r, float *x, size_t n, unsigned count, size_t longest);

#endif
