/* Random numbers and networks with random weights, for tests and benchmarks. */
#ifndef SUPPORT_NET_H
#define SUPPORT_NET_H

#include <stdint.h>

#include "core/graph/graph.h"
#include "core/graph/tensors.h"

/* SORDINO_TEST_SEED or a fixed number; printed. */
uint64_t net_seed(void);

/* Next of a sequence: uniform in -1..1; whole in low..high. */
double net_random(uint64_t *state);
uint32_t net_random_between(uint64_t *state, uint32_t low, uint32_t high);
void net_fill(uint64_t *state, float *to, size_t n);

/* Weights for every node, sized so that signals keep their size: about 1 / sqrt(inputs) for
 * convolutions, gains near 1, variances 0.5..1.5. NULL when out of memory. */
tensor_set *net_random_weights(const graph *g, uint64_t *state);

#endif
