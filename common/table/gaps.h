/* Samples that are missing (not finite) in an input: counted, and put back into its output. */
#ifndef TABLE_GAPS_H
#define TABLE_GAPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct gaps gaps;

/* For calls of up to `block` frames of `channels`, the output up to `latency` frames behind.
 * Without `keep` they are only counted. NULL without memory. */
gaps *gaps_new(size_t latency, size_t block, uint32_t channels, bool keep);
void gaps_free(gaps *g); /* NULL is ignored */

/* [n][channels] samples of the input, then those of the output; in goes before out. */
void gaps_in(gaps *g, const float *in, size_t n);
void gaps_out(gaps *g, float *out, size_t n);

uint64_t gaps_count(const gaps *g);

#endif
