#include "stream/virtual.h"
#include "common/fail.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SAID = 65536, NAME = 256, PATIENCE_MS = 5000 };

extern char **environ;

static const char mark[] = "sordino.pid="; /* in the properties of what we made */

/* ---- pactl */

static bool start(char *const *words, int to, pid_t *out)
{
    posix_spawn_file_actions_t actions;
    if (posix_spawn_file_actions_init(&actions) != 0)
        return false;
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, to, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, to, STDERR_FILENO);
    const int error = posix_spawnp(out, words[0], &actions, NULL, words, environ);
    posix_spawn_file_actions_destroy(&actions);
    errno = error;
    return error == 0;
}

/* What comes until the other end is closed, as text cut to size; false when nothing comes for too
 * long. */
static bool listen_to(int from, char *said)
{
    size_t n = 0;
    struct pollfd ready = {.fd = from, .events = POLLIN};
    for (;;) {
        char rest[512];
        const int got = poll(&ready, 1, PATIENCE_MS);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        const bool room = n + 1 < SAID;
        const ssize_t more = read(from, room ? said + n : rest, room ? SAID - 1 - n : sizeof rest);
        if (more < 0 && errno == EINTR)
            continue;
        if (more <= 0)
            break;
        n += room ? (size_t)more : 0;
    }
    said[n] = '\0';
    return true;
}

/* Runs pactl with up to five words. What it says goes to `said` [SAID], without the last end of a
 * line. */
static sordino_status ask(char *said, sordino_error *why, const char *a, const char *b,
                          const char *c, const char *d, const char *e)
{
    const char *const words[] = {"pactl", a, b, c, d, e, NULL};
    int ends[2], state = 0;
    pid_t process;
    said[0] = '\0';
    if (pipe(ends) != 0)
        return fail(why, SORDINO_IO, "cannot be asked for: %s", strerror(errno));
    fcntl(ends[0], F_SETFD, FD_CLOEXEC);
    fcntl(ends[1], F_SETFD, FD_CLOEXEC);
    const bool started = start((char *const *)words, ends[1], &process);
    const int error = errno;
    close(ends[1]);
    const bool heard = started && listen_to(ends[0], said);
    close(ends[0]);
    if (!started)
        return fail(why, SORDINO_NOT_FOUND,
                    error == ENOENT ? "needs pactl; install pulseaudio-utils"
                                    : "needs pactl, which cannot be run");
    if (!heard)
        kill(process, SIGKILL);
    while (waitpid(process, &state, 0) < 0 && errno == EINTR)
        continue;
    size_t n = strlen(said);
    while (n > 0 && said[n - 1] == '\n')
        said[--n] = '\0';
    if (!WIFEXITED(state) || WEXITSTATUS(state) != 0)
        said[strcspn(said, "\n")] = '\0';
    if (!heard)
        return fail(why, SORDINO_NOT_FOUND, "the sound server does not answer; see pactl info");
    if (!WIFEXITED(state) || WEXITSTATUS(state) != 0)
        return fail(why, strstr(said, "onnection") ? SORDINO_NOT_FOUND : SORDINO_IO,
                    "pactl says: %.150s; PulseAudio must run, or PipeWire with pipewire-pulse",
                    said);
    return SORDINO_OK;
}

/* ---- modules of ours */

static void unload(unsigned module)
{
    char number[16], *const said = malloc(SAID);
    sordino_error why;
    snprintf(number, sizeof number, "%u", module);
    if (said)
        (void)ask(said, &why, "unload-module", number, NULL, NULL, NULL);
    free(said);
}

/* Whether a line of "pactl list short modules" is of a module of that device; its number and the
 * process that made it. */
static bool read_line(const char *line, const char *name, unsigned *module, long *process)
{
    char device[NAME + 8];
    const char *const at = strstr(line, mark);
    char *end;
    snprintf(device, sizeof device, "_name=%s ", name);
    *module = (unsigned)strtoul(line, &end, 10);
    *process = at ? strtol(at + sizeof mark - 1, NULL, 10) : 0;
    return end != line && *process > 0 && strstr(line, device);
}

/* Whether a process is there and is a sordino-live: numbers of dead ones come to be others'. */
static bool is_there(long process)
{
    static const char name[] = "sordino-live";
    char path[64], found[sizeof name] = "";
    if (kill((pid_t)process, 0) != 0 && errno == ESRCH)
        return false;
    snprintf(path, sizeof path, "/proc/%ld/comm", process);
    FILE *const f = fopen(path, "r");
    const bool read = f && fgets(found, sizeof found, f);
    if (f)
        fclose(f);
    return !read || strcmp(found, name) == 0;
}

/* Finds what this process has made of a device, and takes away what dead ones have. */
static sordino_status find_ours(char *said, const char *const *names, virtual_device *out,
                                sordino_error *why)
{
    const sordino_status status = ask(said, why, "list", "short", "modules", NULL, NULL);
    char *next = NULL;
    out->n = 0;
    for (char *line = said; !status && line; line = next) {
        next = strchr(line, '\n');
        if (next)
            *next++ = '\0';
        for (int i = 0; i < VIRTUAL_MODULES && names[i]; i++) {
            unsigned module;
            long process;
            if (!read_line(line, names[i], &module, &process))
                continue;
            if (process == (long)getpid())
                out->module[out->n < VIRTUAL_MODULES ? out->n++ : 0] = module;
            else if (!is_there(process))
                unload(module);
            else
                return fail(why, SORDINO_IO,
                            "another sordino-live (process %ld) has made it already", process);
        }
    }
    return status;
}

static sordino_status load(char *said, virtual_device *v, const char *kind, const char *const *more,
                           const char *properties, sordino_error *why)
{
    const sordino_status status = ask(said, why, "load-module", kind, more[0],
                                      more[1] ? more[1] : properties, more[1] ? properties : NULL);
    if (!status)
        v->module[v->n++] = (unsigned)strtoul(said, NULL, 10);
    return status;
}

/* The default devices, as they were before ours came. */
typedef struct defaults {
    char sink[NAME], source[NAME];
} defaults;

static sordino_status read_defaults(char *said, defaults *d, sordino_error *why)
{
    sordino_status status = ask(said, why, "get-default-sink", NULL, NULL, NULL, NULL);
    snprintf(d->sink, sizeof d->sink, "%.*s", NAME - 1, said);
    if (!status)
        status = ask(said, why, "get-default-source", NULL, NULL, NULL, NULL);
    snprintf(d->source, sizeof d->source, "%.*s", NAME - 1, said);
    return status;
}

/* What is made for our sake becomes nobody's default. */
static void keep_defaults(char *said, const defaults *before)
{
    defaults now = {"", ""};
    sordino_error why;
    if (read_defaults(said, &now, &why))
        return;
    if (strcmp(now.sink, before->sink) != 0)
        (void)ask(said, &why, "set-default-sink", before->sink, NULL, NULL, NULL);
    if (strcmp(now.source, before->source) != 0)
        (void)ask(said, &why, "set-default-source", before->source, NULL, NULL, NULL);
}

/* ---- the two kinds */

static const char *const mic_names[] = {"sordino_microphone_feed", "sordino_microphone"};
static const char *const speaker_names[] = {"sordino_speaker", NULL};

static void describe(char *to, size_t size, const virtual_device *v, const char *side,
                     const char *name)
{
    snprintf(
        to, size,
        "format=float32le rate=48000 channels=%u %s_properties=\"device.description='%s' %s%ld\"",
        v->channels, side, name, mark, (long)getpid());
}

static sordino_status make_mic(char *said, virtual_device *v, sordino_error *why)
{
    static const char *const feed[] = {"sink_name=sordino_microphone_feed", NULL};
    static const char *const source[] = {"master=sordino_microphone_feed.monitor",
                                         "source_name=sordino_microphone"};
    char properties[NAME];
    describe(properties, sizeof properties, v, "sink", "Sordino microphone (feed)");
    sordino_status status = load(said, v, "module-null-sink", feed, properties, why);
    describe(properties, sizeof properties, v, "source", "Sordino microphone");
    if (!status)
        status = load(said, v, "module-remap-source", source, properties, why);
    return status;
}

static sordino_status make_speaker(char *said, virtual_device *v, sordino_error *why)
{
    static const char *const sink[] = {"sink_name=sordino_speaker", NULL};
    char properties[NAME];
    describe(properties, sizeof properties, v, "sink", "Sordino speaker");
    return load(said, v, "module-null-sink", sink, properties, why);
}

static sordino_status open_with(char *said, virtual_device *v, sordino_error *why)
{
    const bool is_mic = v->kind == VIRTUAL_MIC;
    const int wanted = is_mic ? 2 : 1;
    defaults before = {"", ""};
    sordino_status status = find_ours(said, is_mic ? mic_names : speaker_names, v, why);
    if (!status && v->n == wanted)
        return SORDINO_OK; /* by the process that went on as this one, or before a device was lost
                            */
    virtual_close(v);      /* half of it is none */
    if (!status)
        status = read_defaults(said, &before, why);
    if (status)
        return status;
    virtual_device made = {.kind = v->kind, .channels = v->channels};
    status = is_mic ? make_mic(said, &made, why) : make_speaker(said, &made, why);
    *v = made;
    keep_defaults(said, &before);
    if (status) {
        virtual_close(v);
        return status;
    }
    setenv("PULSE_SINK", is_mic ? "sordino_microphone_feed" : before.sink, 1);
    setenv("PULSE_SOURCE", is_mic ? before.source : "sordino_speaker.monitor", 1);
    return SORDINO_OK;
}

sordino_status virtual_open(virtual_kind kind, unsigned channels, virtual_device *out,
                            sordino_error *why)
{
    *out = (virtual_device){.kind = kind, .channels = channels};
    if (kind == VIRTUAL_NONE)
        return SORDINO_OK;
    char *const said = malloc(SAID);
    if (!said)
        return fail_no_memory(why);
    const sordino_status status = open_with(said, out, why);
    free(said);
    return status;
}

void virtual_close(virtual_device *v)
{
    while (v->n > 0)
        unload(v->module[--v->n]);
}
