#include "stream/player.h"
#include "common/fail.h"

#include <sordino/sordino.h>

#include <sndfile.h>

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { PIECE = 4096 }; /* frames read at a time */

static const double kept_seconds = 4; /* that a disk may stand still for */

struct player {
    SNDFILE *file;
    feed *feed;
    double rate;
    uint32_t channels, channels_in_file;
    uint64_t skipped;
    float *piece; /* [PIECE][channels_in_file] */
    pthread_t thread;
    bool has_thread;
    atomic_bool ending, failed;
};

static sordino_status open_file(player *p, const char *path, uint32_t channels, uint64_t skip,
                                sordino_error *why)
{
    SF_INFO info;
    memset(&info, 0, sizeof info);
    if (access(path, R_OK) != 0)
        return fail(why, SORDINO_IO, "cannot be read: %s", strerror(errno));
    p->file = sf_open(path, SFM_READ, &info);
    if (!p->file)
        return fail(why, SORDINO_UNSUPPORTED, "is no sound that can be read: %s",
                    sf_strerror(NULL));
    p->channels_in_file = (uint32_t)info.channels;
    p->channels = channels > 0 ? channels : p->channels_in_file;
    p->rate = info.samplerate;
    if (p->channels > p->channels_in_file || p->channels > SORDINO_MAX_CHANNELS)
        return fail(why, SORDINO_UNSUPPORTED,
                    "has %lu channels, of which %d at most are played; "
                    "give --channels",
                    (unsigned long)p->channels_in_file, SORDINO_MAX_CHANNELS);
    if (skip > 0 && sf_seek(p->file, (sf_count_t)skip, SEEK_SET) < 0)
        return fail(why, SORDINO_IO, "cannot be gone on with: %s", sf_strerror(p->file));
    p->skipped = skip;
    return SORDINO_OK;
}

/* Fills the feed; false after the last frame. */
static bool fill(player *p)
{
    while (feed_room(p->feed) >= PIECE) {
        const sf_count_t got = sf_readf_float(p->file, p->piece, PIECE);
        const size_t n = got > 0 ? (size_t)got : 0;
        if (n < PIECE && sf_error(p->file) != SF_ERR_NO_ERROR)
            atomic_store(&p->failed, true);
        for (size_t i = 0; i < n; i++)
            memmove(p->piece + i * p->channels, p->piece + i * p->channels_in_file,
                    p->channels * sizeof *p->piece);
        feed_push(p->feed, p->piece, n);
        if (n < PIECE)
            return false;
    }
    return true;
}

static void *run(void *user)
{
    player *const p = user;
    const struct timespec pause = {.tv_nsec = 20000000};
    while (!atomic_load(&p->ending)) {
        if (!fill(p)) {
            feed_end(p->feed);
            break;
        }
        nanosleep(&pause, NULL);
    }
    return NULL;
}

void player_close(player *p)
{
    if (!p)
        return;
    atomic_store(&p->ending, true);
    if (p->has_thread)
        pthread_join(p->thread, NULL);
    if (p->file)
        sf_close(p->file);
    feed_free(p->feed);
    free(p->piece);
    free(p);
}

sordino_status player_open(const char *path, uint32_t channels, uint64_t skip, player **out,
                           sordino_error *why)
{
    *out = NULL;
    player *const p = calloc(1, sizeof *p);
    if (!p)
        return fail_no_memory(why);
    sordino_status status = open_file(p, path, channels, skip, why);
    if (!status) {
        p->feed = feed_new(p->channels, (size_t)(kept_seconds * p->rate) + 2 * PIECE);
        p->piece = malloc(sizeof *p->piece * PIECE * p->channels_in_file);
        if (!p->feed || !p->piece) {
            player_close(p);
            return fail_no_memory(why);
        }
    }
    /* The first seconds are there before the device asks for them. */
    if (!status && !fill(p))
        feed_end(p->feed);
    else if (!status && pthread_create(&p->thread, NULL, run, p) != 0)
        status = fail(why, SORDINO_IO, "cannot be read by a thread of its own; end others");
    else
        p->has_thread = !status;
    if (status) {
        player_close(p);
        return status;
    }
    *out = p;
    return SORDINO_OK;
}

double player_rate(const player *p)
{
    return p->rate;
}

uint32_t player_channels(const player *p)
{
    return p->channels;
}

feed *player_feed(player *p)
{
    return p->feed;
}

uint64_t player_place(const player *p)
{
    return p->skipped + feed_pulled(p->feed);
}

bool player_failed(const player *p)
{
    return atomic_load(&p->failed);
}
