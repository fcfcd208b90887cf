/*
 * Which recordings are the same: bit for bit, or as one that was made louder, cut, resampled or
 * compressed. Copies on both sides of a split between training and scoring make scores a lie.
 */
#ifndef DATA_COPIES_H
#define DATA_COPIES_H

#include <stdbool.h>
#include <stddef.h>

typedef struct copies copies;

/* NULL when out of memory. */
copies *copies_new(void);
void copies_free(copies *c);

typedef struct copies_found {
    bool same, near; /* as an earlier one: bit for bit; by the fingerprint */
    size_t of;       /* its number, in the order of copies_add */
} copies_found;

/* Takes note of a recording, `x` [n] at `rate` Hz, and says which earlier one it is a copy of. Near
 * copies are found at 5 kHz and above, where 1.5 s or more of the first 30 s are shared. False when
 * out of memory. */
bool copies_add(copies *c, const float *x, size_t n, double rate, copies_found *out);

#endif
