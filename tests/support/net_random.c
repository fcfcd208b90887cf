#include "tests/support/net.h"

#include <stdio.h>
#include <stdlib.h>

uint64_t net_seed(void)
{
    const char *const text = getenv("SORDINO_TEST_SEED");
    const uint64_t seed = text ? strtoull(text, NULL, 10) : 20240917u;
    printf("SORDINO_TEST_SEED=%llu\n", (unsigned long long)seed);
    return seed;
}

/* Steele, Lea & Flood 2014, SplitMix64. */
static uint64_t next(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

double net_random(uint64_t *state)
{
    return (double)(next(state) >> 11) * 0x1p-52 - 1.0;
}

uint32_t net_random_between(uint64_t *state, uint32_t low, uint32_t high)
{
    return low + (uint32_t)(next(state) % ((uint64_t)high - low + 1));
}

void net_fill(uint64_t *state, float *to, size_t n)
{
    for (size_t i = 0; i < n; i++)
        to[i] = (float)net_random(state);
}
