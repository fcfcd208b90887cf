/* A pipe of the process's own wakes it when a signal comes (Bernstein, "the self-pipe trick"). */
#include "stream/raw_pipe.h"

#include "common/fail.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

/* Serial lines end in CR LF, and may bring the two apart: so long LF is waited for, in ms. */
enum { WAIT_FOR_LF = 5 };
/* So long the last values wait for a reader, in ms. */
enum { LAST_WAIT = 1000 };
#ifdef PIPE_BUF
enum { PIPE_ROOM = PIPE_BUF };
#else
enum { PIPE_ROOM = _POSIX_PIPE_BUF };
#endif

static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
enum { N_SIGNALS = sizeof signals / sizeof *signals };

static int wake[2] = {-1, -1};
static volatile sig_atomic_t stop_asked;

static void ask_to_stop(int number)
{
    const int before = errno;
    stop_asked = number;
    (void)!write(wake[1], "", 1);
    errno = before;
}

sordino_status raw_pipe_open(raw_pipe *p, sordino_error *why)
{
    struct sigaction action = {.sa_handler = ask_to_stop, .sa_flags = SA_RESETHAND}, before;
    memset(p, 0, sizeof *p);
    if (pipe(wake) != 0)
        return fail(why, SORDINO_IO, "cannot be waited for (%s); close other programs",
                    strerror(errno));
    for (int i = 0; i < 2; i++) {
        (void)fcntl(wake[i], F_SETFD, FD_CLOEXEC);
        (void)fcntl(wake[i], F_SETFL, O_NONBLOCK);
    }
    stop_asked = 0;
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < N_SIGNALS; i++)
        if (sigaction(signals[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN)
            sigaction(signals[i], &action, NULL);
    return SORDINO_OK;
}

void raw_pipe_close(raw_pipe *p)
{
    struct sigaction before;
    for (size_t i = 0; i < N_SIGNALS; i++)
        if (sigaction(signals[i], NULL, &before) == 0 && before.sa_handler == ask_to_stop)
            signal(signals[i], SIG_DFL);
    for (int i = 0; i < 2; i++) {
        if (wake[i] >= 0)
            close(wake[i]);
        wake[i] = -1;
    }
    p->n_out = 0;
}

/* Waits for input: true when there is some, or its end. */
static bool wait_for_input(raw_pipe *p, int milliseconds)
{
    struct pollfd fds[] = {{STDIN_FILENO, POLLIN, 0}, {wake[0], POLLIN, 0}, {STDOUT_FILENO, 0, 0}};
    while (poll(fds, 3, milliseconds) < 0)
        if (errno != EINTR && errno != EAGAIN)
            return true; /* reading will tell */
    p->stopped = p->stopped || stop_asked || fds[1].revents != 0;
    p->lost = p->lost || (fds[2].revents & POLLERR) != 0;
    return !p->stopped && !p->lost && fds[0].revents != 0;
}

static ptrdiff_t read_some(raw_pipe *p, void *to, size_t n)
{
    ssize_t got;
    do {
        if (!wait_for_input(p, -1))
            return 0;
        got = read(STDIN_FILENO, to, n);
    } while (got < 0 && (errno == EINTR || errno == EAGAIN));
    return got;
}

static ptrdiff_t read_input(void *user, void *to, size_t n)
{
    raw_pipe *const p = user;
    ptrdiff_t got = p->stopped || p->lost ? 0 : read_some(p, to, n);
    char *const bytes = to;
    if (got > 0 && (size_t)got < n && bytes[got - 1] == '\r' && wait_for_input(p, WAIT_FOR_LF)) {
        const ssize_t more = read(STDIN_FILENO, bytes + got, n - (size_t)got);
        got += more > 0 ? more : 0;
    }
    if (got > 0) {
        p->n_in += (uint64_t)got;
        p->last = bytes[got - 1];
    }
    return got;
}

byte_input raw_pipe_input(raw_pipe *p)
{
    return (byte_input){read_input, p};
}

/* Waits until bytes can be written, after a signal no longer than LAST_WAIT; false then. */
static bool wait_for_output(void)
{
    struct pollfd fds[] = {{STDOUT_FILENO, POLLOUT, 0}, {wake[0], POLLIN, 0}};
    while (fds[0].revents == 0) {
        const bool last = stop_asked || fds[1].revents != 0;
        const int ready = poll(fds, last ? 1 : 2, last ? LAST_WAIT : -1);
        if (ready == 0 || (ready < 0 && errno != EINTR && errno != EAGAIN))
            return false;
        if (ready < 0)
            fds[0].revents = 0;
    }
    return true;
}

bool raw_pipe_flush(raw_pipe *p)
{
    for (size_t done = 0; done < p->n_out && !p->error;) {
        /* A pipe that can be written to takes so many bytes without waiting. */
        const size_t left = p->n_out - done, n = left < PIPE_ROOM ? left : PIPE_ROOM;
        const ssize_t written =
            wait_for_output() ? write(STDOUT_FILENO, p->out + done, n) : (errno = EINTR, -1);
        if (written > 0)
            done += (size_t)written;
        else if (written == 0 || (errno != EAGAIN && (errno != EINTR || stop_asked)))
            p->error = written == 0 ? ENOSPC : errno;
    }
    p->n_out = 0;
    return !p->error;
}

bool raw_pipe_write(raw_pipe *p, const void *bytes, size_t n)
{
    const char *from = bytes;
    while (n > 0 && !p->error) {
        const size_t room = RAW_PIPE_BYTES - p->n_out, now = n < room ? n : room;
        memcpy(p->out + p->n_out, from, now);
        p->n_out += now;
        from += now;
        n -= now;
        if (p->n_out == RAW_PIPE_BYTES)
            raw_pipe_flush(p);
    }
    return !p->error;
}

sordino_status raw_pipe_check(const raw_pipe *p, sordino_error *why)
{
    if (p->lost || p->error == EPIPE)
        return fail(why, SORDINO_IO, "the reader went away; what it had read is all there is");
    if (p->error == EINTR)
        return fail(why, SORDINO_IO, "was not read when it had to end; some values are lost");
    if (p->error == ENOSPC)
        return fail(why, SORDINO_IO, "no space left to write it; free some, or write elsewhere");
    if (p->error)
        return fail(why, SORDINO_IO, "cannot be written (%s); write elsewhere", strerror(p->error));
    return SORDINO_OK;
}
