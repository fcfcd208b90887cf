/* The libraries are PortAudio's, not ours: their functions are looked up, not linked. */
#include "stream/quiet.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static int kept = -1;

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
    fflush(stderr);
    kept = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
    const int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (kept >= 0 && null >= 0)
        dup2(null, STDERR_FILENO);
    if (null >= 0)
        close(null);
}

void quiet_end(void)
{
    if (kept < 0)
        return;
    fflush(stderr);
    dup2(kept, STDERR_FILENO);
    close(kept);
    kept = -1;
}
