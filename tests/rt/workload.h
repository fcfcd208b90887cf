/*
 * All that a host may ask of a denoiser while audio runs, for every method, rate and channel count:
 * blocks of many sizes, in place and not, sane and insane input, each control, reset and profiles.
 */
#ifndef RT_WORKLOAD_H
#define RT_WORKLOAD_H

#include <stddef.h>

#include <sordino/sordino.h>

enum { WORKLOAD_NAME = 96 };

typedef struct workload {
    char name[WORKLOAD_NAME]; /* what it is, for messages */
    sordino_denoiser *denoiser;
    const sordino_profile *profile; /* borrowed */
    sordino_profile *copy;          /* NULL for methods that have none */
    uint32_t channels;
} workload;

/* Calls `check` for each workload in turn; everything it needs is made before and released after.
 * Prints and exits with a failure when a denoiser cannot be made. Returns how many there were. */
size_t workload_each(void (*check)(workload *w));

/* Plays one. Makes no call itself but those of sordino.h marked SORDINO_RT, and memcpy. */
void workload_play(workload *w);

#endif
