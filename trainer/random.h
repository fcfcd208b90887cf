/*
 * Seeded random numbers: xoshiro256** (Blackman & Vigna 2021, "Scrambled linear pseudorandom number
 * generators"), its state filled by SplitMix64. A generator is plain data and a pure function of
 * (seed, stream, index): whatever is drawn for one example does not depend on any other, so a run
 * can be cut, resumed and spread over threads without changing a number.
 */
#ifndef TRAINER_RANDOM_H
#define TRAINER_RANDOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct rng {
    uint64_t s[4];
    double spare; /* the second normal of a pair */
    bool has_spare;
} rng;

/* The generator of (seed, stream, index). `stream` keeps users apart that share a seed. */
rng rng_make(uint64_t seed, uint64_t stream, uint64_t index);

uint64_t rng_bits(rng *r);

/* Uniform in [0, 1), 53 bits. */
double rng_unit(rng *r);

/* Uniform in [low, high). */
double rng_range(rng *r, double low, double high);

/* exp of a uniform number between the logarithms; 0 < low <= high. */
double rng_log_range(rng *r, double low, double high);

/* 0..n-1, each equally likely (n >= 1). */
uint32_t rng_below(rng *r, uint32_t n);

/* True with probability p. */
bool rng_chance(rng *r, double p);

/* Mean 0, variance 1 (Box & Muller 1958). */
double rng_normal(rng *r);

/* Mean 1: -log of a uniform number. */
double rng_exponential(rng *r);

/* Fills with independent normals of standard deviation `scale`; faster than one at a time. */
void rng_fill_normal(rng *r, float *x, size_t n, float scale);

/* Index i with probability weights[i] / sum; `n` >= 1, weights >= 0 and not all 0. */
uint32_t rng_pick(rng *r, const double *weights, uint32_t n);

#endif
