#include "common/byte_io.h"

#include "common/fail.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static ptrdiff_t read_fd(void *user, void *to, size_t n)
{
    const int *const fd = user;
    ssize_t got;
    do
        got = read(*fd, to, n);
    while (got < 0 && errno == EINTR);
    return got;
}

byte_input byte_input_fd(int *fd)
{
    return (byte_input){read_fd, fd};
}

sordino_status byte_open(const char *path, int *fd, sordino_error *why)
{
    struct stat at;
    *fd = strcmp(path, "-") == 0 ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (*fd < 0 && errno == ENOENT)
        return fail(why, SORDINO_NOT_FOUND, "does not exist; check the name");
    if (*fd < 0 || fstat(*fd, &at) != 0)
        return fail(why, SORDINO_IO, "cannot be read (%s); check its permissions", strerror(errno));
    if (S_ISDIR(at.st_mode))
        return fail(why, SORDINO_IO, "is a folder; name files, or go through it with -r");
    if (S_ISREG(at.st_mode) && at.st_size == 0)
        return fail(why, SORDINO_IO, "is empty; nothing was written");
    return SORDINO_OK;
}

void byte_close(int fd)
{
    if (fd >= 0 && fd != STDIN_FILENO)
        (void)close(fd);
}

sordino_status byte_read(const byte_input *in, void *to, size_t n, size_t *got, sordino_error *why)
{
    const ptrdiff_t now = n > 0 ? in->read(in->user, to, n) : 0;
    *got = now > 0 ? (size_t)now : 0;
    if (now < 0)
        return fail(why, SORDINO_IO, "cannot be read on (%s); --salvage keeps what comes before",
                    strerror(errno));
    return SORDINO_OK;
}

sordino_status byte_read_full(const byte_input *in, void *to, size_t n, size_t *got,
                              sordino_error *why)
{
    size_t now = 1;
    sordino_status status = SORDINO_OK;
    for (*got = 0; !status && *got < n && now > 0; *got += now)
        status = byte_read(in, (unsigned char *)to + *got, n - *got, &now, why);
    return status;
}

uint64_t byte_load_le(const unsigned char *from, unsigned n_bytes)
{
    uint64_t value = 0;
    for (unsigned i = n_bytes; i-- > 0;)
        value = value << 8 | from[i];
    return value;
}

uint64_t byte_load_be(const unsigned char *from, unsigned n_bytes)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < n_bytes; i++)
        value = value << 8 | from[i];
    return value;
}

void byte_store_le(unsigned char *to, uint64_t value, unsigned n_bytes)
{
    for (unsigned i = 0; i < n_bytes; i++)
        to[i] = (unsigned char)(value >> 8 * i);
}

void byte_store_be(unsigned char *to, uint64_t value, unsigned n_bytes)
{
    for (unsigned i = 0; i < n_bytes; i++)
        to[n_bytes - 1 - i] = (unsigned char)(value >> 8 * i);
}
