/*
 * A furnished room or booth as the microphone hears it: four delays that feed each other (Jot &
 * Chaigne 1991, "Digital delay networks for designing artificial reverberators").
 */
#ifndef SIGNALS_SPEECH_ROOM_H
#define SIGNALS_SPEECH_ROOM_H

#include <stdbool.h>
#include <stddef.h>

#include "trainer/random.h"

/* Adds to x a tail at -34..-12 dB that dies away by 60 dB within .08..0.4 s. False: no memory. */
bool speech_room_add(float *x, size_t n, double rate, rng *r);

#endif
