/* A file that is read in place of a microphone, by a thread of its own: a disk that is slow makes
 * silence that is counted, and never holds up the output. */
#ifndef STREAM_PLAYER_H
#define STREAM_PLAYER_H

#include <stdbool.h>
#include <stdint.h>

#include <sordino/status.h>

#include "stream/feed.h"

typedef struct player player;

/* Opens the file, of which the first `channels` are played (0: all), and goes `skip` frames into
 * it. Errors: IO, UNSUPPORTED, NO_MEM. */
SORDINO_NODISCARD sordino_status player_open(const char *path, uint32_t channels, uint64_t skip,
                                             player **out, sordino_error *why);
void player_close(player *p); /* NULL is ignored; the feed must be idle */

double player_rate(const player *p); /* Hz */
uint32_t player_channels(const player *p);

/* What the audio thread pulls from. Borrowed. */
feed *player_feed(player *p);

/* Frames of the file that were played, those skipped among them. Any thread. */
uint64_t player_place(const player *p);

/* True when the file could not be read to its end. */
bool player_failed(const player *p);

#endif
