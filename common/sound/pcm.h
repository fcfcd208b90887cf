/* From floats to integers of a given width: dither, rounding, clipping. */
#ifndef SOUND_PCM_H
#define SOUND_PCM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct pcm {
    int bits; /* 8, 16, 24 or 32 */
    bool dither;
    uint64_t random;  /* state of the generator */
    uint64_t clipped; /* samples that were past full scale so far */
} pcm;

/* Dither is added up to 24 bits; a float has no more. It is the same in every run: the generator
 * starts from a fixed seed. */
void pcm_init(pcm *p, int bits, bool dither);

/* Writes `n` samples, full scale +-1, to the upper `bits` of each `to`, the lower ones 0. Dither is
 * triangular, two steps wide from end to end (Lipshitz, Wannamaker & Vanderkooy 1992, section 4).
 * What is not a number becomes 0. */
void pcm_convert(pcm *p, const float *from, int32_t *to, size_t n);

#endif
