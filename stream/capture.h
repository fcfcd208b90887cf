/* Where frames leave the audio thread for a file: each block with how many were lost before it. */
#ifndef STREAM_CAPTURE_H
#define STREAM_CAPTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sordino/attributes.h>

typedef struct capture capture;

/* For frames of `channels`, keeping at least `frames` of them. NULL when out of memory. */
capture *capture_new(uint32_t channels, size_t frames);
void capture_free(capture *t);

/* By the audio thread: n frames of [channels] planes. Those there is no room for are lost, and
 * counted. */
void capture_push(capture *t, const float *const *planes, size_t n) SORDINO_RT;

/* By the reader: the next frames, interleaved, up to `most`; silence stands in for those that were
 * lost, so that time goes on as it did. 0 when none wait. */
size_t capture_pull(capture *t, float *to, size_t most);

/* Frames that were pushed, and of these those that were lost. Any thread. */
uint64_t capture_pushed(const capture *t);
uint64_t capture_lost(const capture *t);

#endif
