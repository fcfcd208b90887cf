#include "core/model/model_path.h"

#include "core/base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* System messages through a buffer of the caller's: strerror is not safe beside other threads. */
static sordino_status io_error(sordino_error *why, const char *verb, const char *path, int number)
{
    char text[96];
    if (strerror_r(number, text, sizeof text) != 0)
        snprintf(text, sizeof text, "error %d", number);
    return error_set(why, number == ENOENT || number == ENOTDIR ? SORDINO_NOT_FOUND : SORDINO_IO,
                     "Cannot %s \"%s\": %s", verb, path, text);
}

static sordino_status bad_path(sordino_error *why)
{
    return error_set(why, SORDINO_BAD_ARG, "The path is empty");
}

static sordino_status read_all(int fd, const char *path, unsigned char *bytes, size_t size,
                               sordino_error *why)
{
    size_t n = 0;
    while (n < size) {
        const ssize_t got = read(fd, bytes + n, size - n);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return io_error(why, "read", path, errno);
        if (got == 0)
            return error_set(why, SORDINO_IO, "\"%s\" became shorter while it was read", path);
        n += (size_t)got;
    }
    return SORDINO_OK;
}

static sordino_status read_open_file(int fd, const char *path, size_t max, void **out_bytes,
                                     size_t *out_size, sordino_error *why)
{
    struct stat info;
    if (fstat(fd, &info) != 0)
        return io_error(why, "read", path, errno);
    if (S_ISDIR(info.st_mode))
        return error_set(why, SORDINO_IO, "\"%s\" is a folder", path);
    if (!S_ISREG(info.st_mode))
        return error_set(why, SORDINO_IO, "\"%s\" is no regular file", path);
    if ((uint64_t)info.st_size > max)
        return error_set(why, SORDINO_BAD_MODEL, "\"%s\" has %lld bytes; the limit is %zu", path,
                         (long long)info.st_size, max);
    const size_t size = (size_t)info.st_size;
    unsigned char *const bytes = malloc(size + 1);
    if (!bytes)
        return error_set(why, SORDINO_NO_MEM, "Out of memory while reading \"%s\"", path);
    const sordino_status status = read_all(fd, path, bytes, size, why);
    if (status) {
        free(bytes);
        return status;
    }
    *out_bytes = bytes;
    *out_size = size;
    return SORDINO_OK;
}

sordino_status model_read_path(const char *path, size_t max, void **out_bytes, size_t *out_size,
                               sordino_error *why)
{
    *out_bytes = NULL;
    *out_size = 0;
    if (!path || !*path)
        return bad_path(why);
    /* Without O_NONBLOCK, opening a named pipe would wait for a writer. */
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0)
        return io_error(why, "open", path, errno);
    const sordino_status status = read_open_file(fd, path, max, out_bytes, out_size, why);
    close(fd);
    return status;
}

static int write_all(int fd, const unsigned char *bytes, size_t size)
{
    size_t n = 0;
    while (n < size) {
        const ssize_t put = write(fd, bytes + n, size - n);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return errno;
        n += (size_t)put;
    }
    return fsync(fd) == 0 ? 0 : errno;
}

/* Creates a file of an unused name beside `path` with the usual permissions; -1 and errno. */
static int create_beside(const char *path, char *name, size_t name_bytes)
{
    static atomic_uint counter;
    for (int attempt = 0; attempt < 100; attempt++) {
        snprintf(name, name_bytes, "%s.%ld-%u.tmp", path, (long)getpid(),
                 atomic_fetch_add(&counter, 1u));
        const int fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (fd >= 0 || errno != EEXIST)
            return fd;
    }
    return -1;
}

/* The rename itself is made durable where the system lets a folder be synced. */
static void sync_folder(const char *path, char *name)
{
    const char *const slash = strrchr(path, '/');
    const size_t n = slash ? (size_t)(slash - path) + (slash == path) : 1;
    memcpy(name, slash ? path : ".", n);
    name[n] = '\0';
    const int fd = open(name, O_RDONLY | O_CLOEXEC);
    if (fd >= 0) {
        (void)fsync(fd);
        close(fd);
    }
}

sordino_status model_write_path(const char *path, const void *bytes, size_t size,
                                sordino_error *why)
{
    if (!path || !*path)
        return bad_path(why);
    if (!bytes)
        return error_set(why, SORDINO_BAD_ARG, "There are no bytes to write");
    const size_t name_bytes = strlen(path) + 64;
    char *const name = malloc(name_bytes);
    if (!name)
        return error_set(why, SORDINO_NO_MEM, "Out of memory while writing \"%s\"", path);
    const int fd = create_beside(path, name, name_bytes);
    if (fd < 0) {
        const int fault = errno;
        free(name);
        return io_error(why, "write", path, fault);
    }
    int fault = write_all(fd, bytes, size);
    if (close(fd) != 0 && !fault)
        fault = errno;
    if (!fault && rename(name, path) != 0)
        fault = errno;
    if (fault)
        unlink(name);
    else
        sync_folder(path, name);
    free(name);
    return fault ? io_error(why, "write", path, fault) : SORDINO_OK;
}
