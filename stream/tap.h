/* Where frames leave the audio thread for a file: each block with how many were lost before it. */
#ifndef STREAM_TAP_H
#define STREAM_TAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sordino/attributes.h>

typedef struct tap tap;

/* For frames of `channels`, keeping at least `frames` of them. NULL when out of memory. */
tap *tap_new(uint32_t channels, size_t frames);
void tap_free(tap *t);

/* By the audio thread: n frames of [channels] planes. Those there is no room for are lost, and
 * counted. */
void tap_push(tap *t, const float *const *planes, size_t n) SORDINO_RT;

/* By the reader: the next frames, interleaved, up to `most`; silence stands in for those that were
 * lost, so that time goes on as it did. 0 when none wait. */
size_t tap_pull(tap *t, float *to, size_t most);

/* Frames that were pushed, and of these those that were lost. Any thread. */
uint64_t tap_pushed(const tap *t);
uint64_t tap_lost(const tap *t);

#endif
