/*
 * What a fuzz target has, in libFuzzer's names. A target is one file; with clang and -Dfuzz=true it
 * is linked with libFuzzer, in every other build with replay.c, which makes it an ordinary test.
 */
#ifndef FUZZ_FUZZ_H
#define FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* Takes one input; returns 0. A fault ends the process (abort or a sanitizer). */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Optional: changes `data` in place, up to `max_size` bytes; returns the new size. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed);

/* Given to the target, by libFuzzer or by replay.c: one random change. */
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);

#endif
