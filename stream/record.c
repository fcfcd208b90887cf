#include "stream/record.h"
#include "common/atomic_file.h"
#include "common/fail.h"

#include <sndfile.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

enum { PIECE = 4096 }; /* frames written at a time */

static const double kept_seconds = 10; /* that a disk may stand still for */

struct record {
    SNDFILE *file;
    output *whole; /* RECORD_WHOLE: what it is written to */
    char *path;    /* RECORD_AT_ONCE */
    bool made;     /* that file: it was not there before */
    capture *capture;
    float *piece; /* [PIECE][channels] */
    pthread_t thread;
    bool has_thread;
    bool capture_is_held; /* by an audio thread that hangs */
    atomic_bool ending, failed;
    atomic_uint_fast64_t written;
};

/* The format of an extension; RF64 turns into WAV when it stays below 4 GB. */
static int format_of(const char *path)
{
    static const struct {
        const char *extension;
        int format;
    } formats[] = {
        {"wav", SF_FORMAT_RF64 | SF_FORMAT_FLOAT},   {"rf64", SF_FORMAT_RF64 | SF_FORMAT_FLOAT},
        {"w64", SF_FORMAT_W64 | SF_FORMAT_FLOAT},    {"caf", SF_FORMAT_CAF | SF_FORMAT_FLOAT},
        {"au", SF_FORMAT_AU | SF_FORMAT_FLOAT},      {"aiff", SF_FORMAT_AIFF | SF_FORMAT_FLOAT},
        {"flac", SF_FORMAT_FLAC | SF_FORMAT_PCM_24}, {"ogg", SF_FORMAT_OGG | SF_FORMAT_VORBIS}};
    const char *const dot = strrchr(path, '.');
    for (size_t i = 0; dot && i < sizeof formats / sizeof *formats; i++)
        if (strcasecmp(dot + 1, formats[i].extension) == 0)
            return formats[i].format;
    return 0;
}

/* ---- what libsndfile asks of an output */

static sf_count_t whole_size(void *user)
{
    return output_size(user);
}

static sf_count_t whole_seek(sf_count_t offset, int whence, void *user)
{
    const int64_t from = whence == SEEK_SET   ? 0
                         : whence == SEEK_CUR ? output_place(user)
                                              : output_size(user);
    return output_seek(user, from + offset) ? from + offset : -1;
}

static sf_count_t whole_read(void *bytes, sf_count_t n, void *user)
{
    return (sf_count_t)output_read_back(user, bytes, (size_t)n);
}

static sf_count_t whole_write(const void *bytes, sf_count_t n, void *user)
{
    return output_write(user, bytes, (size_t)n) ? n : 0;
}

static sf_count_t whole_tell(void *user)
{
    return output_place(user);
}

/* ---- opening */

/* A file that is nowhere: how long it is, and where its next byte goes. */
typedef struct nowhere {
    sf_count_t size, at;
} nowhere;

static sf_count_t nowhere_size(void *user)
{
    const nowhere *const n = user;
    return n->size;
}

static sf_count_t nowhere_seek(sf_count_t offset, int whence, void *user)
{
    nowhere *const n = user;
    n->at = offset + (whence == SEEK_SET ? 0 : whence == SEEK_CUR ? n->at : n->size);
    return n->at;
}

static sf_count_t nowhere_read(void *bytes, sf_count_t size, void *user)
{
    (void)bytes, (void)size, (void)user;
    return 0;
}

static sf_count_t nowhere_write(const void *bytes, sf_count_t size, void *user)
{
    nowhere *const n = user;
    (void)bytes;
    n->at += size;
    n->size = n->at > n->size ? n->at : n->size;
    return size;
}

static sf_count_t nowhere_tell(void *user)
{
    const nowhere *const n = user;
    return n->at;
}

/* Whether libsndfile takes this at all: asked before there is a file, or one is emptied. */
static sordino_status check_format(SF_INFO info, sordino_error *why)
{
    SF_VIRTUAL_IO io = {nowhere_size, nowhere_seek, nowhere_read, nowhere_write, nowhere_tell};
    nowhere sink = {0, 0};
    SNDFILE *const f = sf_open_virtual(&io, SFM_WRITE, &info, &sink);
    if (!f)
        return fail(why, SORDINO_UNSUPPORTED, "cannot hold this: %s", sf_strerror(NULL));
    sf_close(f);
    return SORDINO_OK;
}

static sordino_status open_whole(record *r, const char *path, bool force, SF_INFO *info,
                                 sordino_error *why)
{
    SF_VIRTUAL_IO io = {whole_size, whole_seek, whole_read, whole_write, whole_tell};
    const sordino_status status = output_open(path, force, &r->whole, why);
    if (!status)
        r->file = sf_open_virtual(&io, SFM_WRITE, info, r->whole);
    return status;
}

/* Opens a file that is there with `force` alone, and says whether it was made here. */
static int open_named(const char *path, bool force, bool *made)
{
    const int flags = O_RDWR | O_CREAT | O_CLOEXEC;
    int fd = open(path, flags | O_EXCL, 0666);
    *made = fd >= 0;
    if (fd < 0 && errno == EEXIST && force)
        fd = open(path, flags | O_TRUNC, 0666);
    return fd;
}

static sordino_status open_at_once(record *r, const char *path, bool force, SF_INFO *info,
                                   sordino_error *why)
{
    r->path = strdup(path);
    if (!r->path)
        return fail_no_memory(why);
    const int fd = open_named(path, force, &r->made);
    if (fd < 0)
        return errno == EEXIST
                   ? fail(why, SORDINO_IO, "is there already; add --force to overwrite it")
                   : fail(why, SORDINO_IO, "cannot be written: %s", strerror(errno));
    r->file = sf_open_fd(fd, SFM_WRITE, info, SF_TRUE);
    return SORDINO_OK;
}

static sordino_status open_file(record *r, const char *path, record_kind kind, bool force,
                                SF_INFO *info, sordino_error *why)
{
    info->format = format_of(path);
    if (info->format == 0)
        return fail(why, SORDINO_UNSUPPORTED,
                    "is of no format that is recorded; end its name in .wav, .flac, .w64, .rf64, "
                    ".caf, .aiff, .au or .ogg");
    sordino_status status = check_format(*info, why);
    if (!status)
        status = kind == RECORD_WHOLE ? open_whole(r, path, force, info, why)
                                      : open_at_once(r, path, force, info, why);
    if (status)
        return status;
    if (!r->file)
        return fail(why, SORDINO_IO, "cannot be written: %s", sf_strerror(NULL));
    sf_command(r->file, SFC_RF64_AUTO_DOWNGRADE, NULL, SF_TRUE);
    sf_command(r->file, SFC_SET_CLIPPING, NULL, SF_TRUE);
    /* What was recorded can be read even if this process does not come to its end. */
    sf_command(r->file, SFC_SET_UPDATE_HEADER_AUTO, NULL, SF_TRUE);
    return SORDINO_OK;
}

/* Writes all that waits. */
static void drain(record *r)
{
    size_t n;
    while ((n = capture_pull(r->capture, r->piece, PIECE)) > 0) {
        if (atomic_load(&r->failed))
            continue;
        if (sf_writef_float(r->file, r->piece, (sf_count_t)n) == (sf_count_t)n)
            atomic_fetch_add(&r->written, n);
        else
            atomic_store(&r->failed, true);
    }
}

static void *run(void *user)
{
    record *const r = user;
    const struct timespec pause = {.tv_nsec = 20000000};
    while (!atomic_load(&r->ending)) {
        drain(r);
        nanosleep(&pause, NULL);
    }
    drain(r);
    return NULL;
}

/* Ends the thread; then nobody but the audio thread has anything of it. */
static void end_thread(record *r)
{
    atomic_store(&r->ending, true);
    if (r->has_thread)
        pthread_join(r->thread, NULL);
    r->has_thread = false;
}

static void release(record *r)
{
    if (r->file)
        sf_close(r->file);
    output_abandon(r->whole);
    if (!r->capture_is_held)
        capture_free(r->capture);
    free(r->path);
    free(r->piece);
    free(r);
}

void record_discard(record *r)
{
    if (!r)
        return;
    end_thread(r);
    if (r->made)
        unlink(r->path);
    release(r);
}

void record_leave_capture(record *r)
{
    r->capture_is_held = true;
}

sordino_status record_open(const char *path, record_kind kind, bool force, double rate,
                           uint32_t channels, record **out, sordino_error *why)
{
    *out = NULL;
    SF_INFO info = {.samplerate = (int)rate, .channels = (int)channels};
    record *const r = calloc(1, sizeof *r);
    if (!r)
        return fail_no_memory(why);
    r->capture = capture_new(channels, (size_t)(kept_seconds * rate));
    r->piece = malloc(sizeof *r->piece * PIECE * channels);
    sordino_status status = r->capture && r->piece ? SORDINO_OK : fail_no_memory(why);
    if (!status)
        status = open_file(r, path, kind, force, &info, why);
    if (!status && pthread_create(&r->thread, NULL, run, r) != 0)
        status = fail(why, SORDINO_IO, "cannot be written by a thread of its own; end others");
    if (status) {
        record_discard(r);
        return status;
    }
    r->has_thread = true;
    *out = r;
    return SORDINO_OK;
}

capture *record_capture(record *r)
{
    return r->capture;
}

uint64_t record_written(const record *r)
{
    return atomic_load(&r->written);
}

bool record_failed(const record *r)
{
    return atomic_load(&r->failed);
}

sordino_status record_close(record *r, sordino_error *why)
{
    if (!r)
        return SORDINO_OK;
    end_thread(r);
    bool good = !record_failed(r);
    good = sf_close(r->file) == 0 && good;
    r->file = NULL;
    if (good && r->whole) {
        const sordino_status status = output_commit(r->whole, why);
        r->whole = NULL;
        release(r);
        return status;
    }
    release(r);
    return good ? SORDINO_OK
                : fail(why, SORDINO_IO, "could not be written to its end; see that there is room");
}
