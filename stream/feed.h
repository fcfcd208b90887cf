/* Where frames of a file come to the audio thread, in place of a device's input. */
#ifndef STREAM_FEED_H
#define STREAM_FEED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sordino/attributes.h>

typedef struct feed feed;

/* For frames of `channels`, keeping at least `frames` of them. NULL when out of memory. */
feed *feed_new(uint32_t channels, size_t frames);
void feed_free(feed *f); /* NULL is ignored */

/* By the writer: how many frames there is room for; puts n of them, interleaved, n at most so many;
 * and tells that these were the last. */
size_t feed_room(const feed *f);
void feed_push(feed *f, const float *from, size_t n);
void feed_end(feed *f);

/* By the audio thread: the next n frames, as [channels] planes, with silence where there are none:
 * those before the end came too late, and are counted. */
void feed_pull(feed *f, float *const *planes, size_t n) SORDINO_RT;

/* Frames that were pulled, silence that stood in for late ones, and silence after the end. Any
 * thread. */
uint64_t feed_pulled(const feed *f);
uint64_t feed_late(const feed *f);
uint64_t feed_after(const feed *f);

#endif
