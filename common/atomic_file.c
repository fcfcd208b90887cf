#define _XOPEN_SOURCE 700 /* realpath */
#include "common/atomic_file.h"
#include "common/fail.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { MAX_PENDING = 1024, BUFFER = 1 << 16, TRIES = 100 };

struct output {
    char *path;      /* what the user named, "-" for standard output */
    char *target;    /* where it goes; a symbolic link is followed */
    char *temporary; /* NULL when written directly */
    int fd;
    int error; /* the first errno, 0 while all is well */
    bool force, stream;
    size_t slot; /* in `pending` */
    int64_t place, size;
    size_t n_buffered;
    char buffer[BUFFER];
};

/* Names of the files to be removed when a signal ends the process. */
static _Atomic(const char *) pending[MAX_PENDING];

static void end_by_signal(int number)
{
    for (size_t i = 0; i < MAX_PENDING; i++) {
        const char *const name = atomic_load(&pending[i]);
        if (name)
            unlink(name);
    }
    signal(number, SIG_DFL);
    raise(number);
}

void output_catch_signals(void)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction action = {.sa_handler = end_by_signal}, before;
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (sigaction(numbers[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN)
            sigaction(numbers[i], &action, NULL);
    action.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &action, NULL);
}

/* Registered before it exists, so that no signal can fall in between. */
static bool register_name(output *o)
{
    for (size_t i = 0; i < MAX_PENDING; i++) {
        const char *none = NULL;
        if (atomic_compare_exchange_strong(&pending[i], &none, o->temporary)) {
            o->slot = i;
            return true;
        }
    }
    return false;
}

static void release(output *o)
{
    if (o->temporary)
        atomic_store(&pending[o->slot], NULL);
    if (o->fd > STDERR_FILENO)
        close(o->fd);
    free(o->path);
    free(o->target);
    free(o->temporary);
    free(o);
}

static sordino_status fail_to_write(sordino_error *why, int code)
{
    switch (code) {
    case ENOSPC:
    case EDQUOT:
        return fail(why, SORDINO_IO, "no space left to write it; free some, or write elsewhere");
    case EPIPE:
        return fail(why, SORDINO_IO, "the reader went away; what it had read is all there is");
    case EFBIG:
        return fail(why, SORDINO_IO, "grew past the largest file allowed; raise ulimit -f");
    default:
        return fail(why, SORDINO_IO, "cannot be written (%s); write elsewhere", strerror(code));
    }
}

static sordino_status fail_exists(sordino_error *why)
{
    return fail(why, SORDINO_IO, "is there already; add --force to overwrite it");
}

/* A name no other run picks at the same time: process, time and a count. */
static void pick_suffix(char suffix[7])
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789";
    static atomic_uint count;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    uint64_t z = (uint64_t)now.tv_nsec ^ (uint64_t)now.tv_sec << 30 ^ (uint64_t)getpid() << 44;
    z += atomic_fetch_add(&count, 1) * UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    for (size_t i = 0; i < 6; i++, z /= 36)
        suffix[i] = letters[z % 36];
    suffix[6] = '\0';
}

/* FOLDER/.NAME.sordino-XXXXXX, with NAME cut where it would be too long for a file's name. */
static char *temporary_name(const char *target)
{
    const char *const slash = strrchr(target, '/');
    const size_t n_folder = slash ? (size_t)(slash - target) + 1 : 0;
    const size_t size = strlen(target) + 32;
    char *const name = malloc(size);
    char suffix[7];
    pick_suffix(suffix);
    if (name)
        snprintf(name, size, "%.*s.%.200s.sordino-%s", (int)n_folder, target, target + n_folder,
                 suffix);
    return name;
}

static sordino_status open_temporary(output *o, sordino_error *why)
{
    for (int i = 0; i < TRIES; i++) {
        o->temporary = temporary_name(o->target);
        if (!o->temporary || !register_name(o)) {
            free(o->temporary);
            o->temporary = NULL;
            return fail_no_memory(why);
        }
        o->fd = open(o->temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (o->fd >= 0)
            return SORDINO_OK;
        const int code = errno;
        atomic_store(&pending[o->slot], NULL);
        free(o->temporary);
        o->temporary = NULL;
        if (code == ENOENT)
            return fail(why, SORDINO_IO, "its folder does not exist; make it first");
        if (code != EEXIST)
            return fail(why, SORDINO_IO, "cannot be written (%s); choose another folder",
                        strerror(code));
    }
    return fail(why, SORDINO_IO, "cannot be written; remove old .*.sordino-* files beside it");
}

/* What stands at the path now decides how it is written. */
static sordino_status open_target(output *o, sordino_error *why)
{
    struct stat at;
    if (strcmp(o->path, "-") == 0) {
        o->fd = STDOUT_FILENO;
        return SORDINO_OK;
    }
    if (stat(o->path, &at) == 0) {
        if (S_ISDIR(at.st_mode))
            return fail(why, SORDINO_IO, "is a folder; name a file, or use -d");
        if (!S_ISREG(at.st_mode)) {
            o->fd = open(o->path, O_WRONLY | O_CLOEXEC);
            return o->fd >= 0 ? SORDINO_OK : fail_to_write(why, errno);
        }
        if (!o->force)
            return fail_exists(why);
        o->target = realpath(o->path, NULL);
    } else {
        o->target = strdup(o->path);
    }
    return o->target ? open_temporary(o, why) : fail_no_memory(why);
}

sordino_status output_open(const char *path, bool force, output **out, sordino_error *why)
{
    struct stat at;
    *out = NULL;
    output *const o = calloc(1, sizeof *o);
    if (!o)
        return fail_no_memory(why);
    o->fd = -1;
    o->force = force;
    o->path = strdup(path);
    const sordino_status status = o->path ? open_target(o, why) : fail_no_memory(why);
    if (status) {
        release(o);
        return status;
    }
    o->stream = !o->temporary && fstat(o->fd, &at) == 0 && !S_ISREG(at.st_mode) &&
                (!S_ISCHR(at.st_mode) || isatty(o->fd));
    *out = o;
    return SORDINO_OK;
}

bool output_is_stream(const output *o)
{
    return o->stream;
}

static bool flush(output *o)
{
    size_t done = 0;
    while (done < o->n_buffered && !o->error) {
        const ssize_t n = write(o->fd, o->buffer + done, o->n_buffered - done);
        if (n > 0)
            done += (size_t)n;
        else if (n == 0 || errno != EINTR)
            o->error = n == 0 ? ENOSPC : errno;
    }
    o->n_buffered = 0;
    return !o->error;
}

void output_flush(output *o)
{
    flush(o);
}

bool output_write(output *o, const void *bytes, size_t size)
{
    const char *from = bytes;
    while (size > 0 && !o->error) {
        const size_t room = BUFFER - o->n_buffered, n = size < room ? size : room;
        memcpy(o->buffer + o->n_buffered, from, n);
        o->n_buffered += n;
        o->place += (int64_t)n;
        from += n;
        size -= n;
        if (o->n_buffered == BUFFER)
            flush(o);
    }
    if (o->place > o->size)
        o->size = o->place;
    return !o->error;
}

bool output_seek(output *o, int64_t place)
{
    if (place == o->place)
        return !o->error;
    if (!flush(o))
        return false;
    if (lseek(o->fd, (off_t)place, SEEK_SET) < 0) {
        o->error = errno;
        return false;
    }
    o->place = place;
    return true;
}

int64_t output_place(const output *o)
{
    return o->place;
}

int64_t output_size(const output *o)
{
    return o->size;
}

size_t output_read_back(output *o, void *bytes, size_t size)
{
    const ssize_t n = flush(o) ? read(o->fd, bytes, size) : -1;
    if (n <= 0)
        return 0;
    o->place += n;
    return (size_t)n;
}

sordino_status output_check(const output *o, sordino_error *why)
{
    return o->error ? fail_to_write(why, o->error) : SORDINO_OK;
}

/* A link cannot replace a file that came to be meanwhile; a rename would. Where a file system has
 * no links, an empty file of that name is made first, which fails when there is one. */
static sordino_status take_place(const output *o, sordino_error *why)
{
    if (!o->force) {
        if (link(o->temporary, o->target) == 0) {
            unlink(o->temporary);
            return SORDINO_OK;
        }
        const int claim =
            errno == EEXIST ? -1 : open(o->target, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (claim < 0)
            return errno == EEXIST ? fail_exists(why) : fail_to_write(why, errno);
        close(claim);
    }
    if (rename(o->temporary, o->target) != 0)
        return fail_to_write(why, errno);
    return SORDINO_OK;
}

sordino_status output_commit(output *o, sordino_error *why)
{
    flush(o);
    if (o->fd > STDERR_FILENO && close(o->fd) != 0 && !o->error)
        o->error = errno;
    o->fd = -1;
    sordino_status status = output_check(o, why);
    if (!status && o->temporary)
        status = take_place(o, why);
    if (status && o->temporary)
        unlink(o->temporary);
    release(o);
    return status;
}

void output_abandon(output *o)
{
    if (!o)
        return;
    if (o->temporary)
        unlink(o->temporary);
    release(o);
}
