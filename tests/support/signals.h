/* Deterministic signals for tests: a seeded generator and what is made with it. */
#ifndef SUPPORT_SIGNALS_H
#define SUPPORT_SIGNALS_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* SORDINO_TEST_SEED, or `otherwise`; printed, so that a failure can be repeated. */
static inline uint64_t test_seed(uint64_t otherwise)
{
    const char *text = getenv("SORDINO_TEST_SEED");
    const uint64_t seed = text ? strtoull(text, NULL, 0) : otherwise;
    printf("seed %llu\n", (unsigned long long)seed);
    return seed;
}

/* splitmix64 (Steele, Lea & Flood 2014). */
static inline uint64_t test_random(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* Uniform in 0..1, 1 excluded. */
static inline double test_uniform(uint64_t *state)
{
    return (double)(test_random(state) >> 11) * 0x1p-53;
}

/* Normal, mean 0, variance 1 (Box & Muller 1958). */
static inline double test_normal(uint64_t *state)
{
    const double u = 1.0 - test_uniform(state), v = test_uniform(state);
    return sqrt(-2.0 * log(u)) * cos(6.283185307179586 * v);
}

/* Something like speech: a gliding harmonic tone that comes and goes 3 times a second, on white
 * noise of level `noise`. */
static inline void test_voice(float *x, size_t n, double rate, double noise, uint64_t *state)
{
    const double turn = 6.283185307179586;
    double phase = 0.0;
    for (size_t i = 0; i < n; i++) {
        const double t = (double)i / rate;
        phase += turn * (140.0 + 40.0 * sin(turn * 0.7 * t)) / rate;
        const double envelope = fmax(0.0, sin(turn * 1.5 * t));
        double voice = 0.0;
        for (int h = 1; h <= 12; h++)
            voice += sin(h * phase) / h;
        x[i] = (float)(0.2 * envelope * voice + noise * test_normal(state));
    }
}

#endif
