/* The libraries are PortAudio's, not ours: their functions are looked up, not linked. */
#include "stream/quiet.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static volatile sig_atomic_t kept = -1;
static struct sigaction abort_before;

/* PortAudio 19.6 ends the process by an assertion where ALSA's configuration names no default
 * device, and what it says goes the way of all the rest. */
static void on_abort(int number)
{
    static const char text[] =
        "sordino-live: audio: PortAudio cannot make out the sound devices and gave up; see that "
        "ALSA's configuration (ALSA_CONFIG_PATH, /etc/asound.conf, ~/.asoundrc) names a default\n";
    if (write(kept >= 0 ? kept : STDERR_FILENO, text, sizeof text - 1) < 0)
        _exit(EXIT_FAILURE + (number != SIGABRT));
    _exit(EXIT_FAILURE);
}

static void drop_alsa(const char *file, int line, const char *function, int error,
                      const char *format, ...)
{
}

static void drop_jack(const char *text) {}

void quiet_libraries(void)
{
    typedef void (*alsa_handler)(const char *, int, const char *, int, const char *, ...);
    int (*set_alsa)(alsa_handler) = NULL;
    void (*set_jack)(void (*)(const char *)) = NULL;
    static const char *const names[] = {"jack_set_error_function", "jack_set_info_function"};
    void *const all = dlopen(NULL, RTLD_NOW);
    if (!all)
        return;
    *(void **)&set_alsa = dlsym(all, "snd_lib_error_set_handler");
    if (set_alsa)
        set_alsa(drop_alsa);
    for (int i = 0; i < 2; i++) {
        *(void **)&set_jack = dlsym(all, names[i]);
        if (set_jack)
            set_jack(drop_jack);
    }
}

void quiet_begin(void)
{
    const struct sigaction action = {.sa_handler = on_abort};
    fflush(stderr);
    sigaction(SIGABRT, &action, &abort_before);
    kept = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
    const int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (kept >= 0 && null >= 0)
        dup2(null, STDERR_FILENO);
    if (null >= 0)
        close(null);
}

void quiet_end(void)
{
    sigaction(SIGABRT, &abort_before, NULL);
    if (kept < 0)
        return;
    fflush(stderr);
    dup2(kept, STDERR_FILENO);
    close(kept);
    kept = -1;
}
