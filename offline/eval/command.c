#include "offline/eval/command.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum { MAX_WORDS = 64, KEPT = 4096 };

/* A pipe made by one thread must not reach the program that another one starts meanwhile. */
static pthread_mutex_t starting = PTHREAD_MUTEX_INITIALIZER;

/* `path`, or "./path" where it would look like an option. */
static char *as_argument(const char *path)
{
    const size_t size = strlen(path) + 3;
    char *const text = malloc(size);
    if (text)
        snprintf(text, size, "%s%s", path[0] == '-' ? "./" : "", path);
    return text;
}

/* Starts words[0] with its standard output into a pipe; returns the reading end or -1 (errno). */
static int start(char *const words[], pid_t *child)
{
    int ends[2], code = 0;
    posix_spawn_file_actions_t actions;
    pthread_mutex_lock(&starting);
    if (pipe(ends) != 0) {
        code = errno;
    } else {
        fcntl(ends[0], F_SETFD, FD_CLOEXEC);
        fcntl(ends[1], F_SETFD, FD_CLOEXEC);
        code = posix_spawn_file_actions_init(&actions);
        if (code == 0) {
            code = posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
            if (code == 0)
                code = posix_spawnp(child, words[0], &actions, NULL, words, environ);
            posix_spawn_file_actions_destroy(&actions);
        }
        close(ends[1]);
        if (code)
            close(ends[0]);
    }
    pthread_mutex_unlock(&starting);
    errno = code;
    return code ? -1 : ends[0];
}

/* Reads to the end and keeps the last KEPT - 1 bytes. */
static void read_tail(int from, char tail[KEPT])
{
    char more[1024];
    size_t used = 0;
    ssize_t got;
    while ((got = read(from, more, sizeof more)) > 0 || (got < 0 && errno == EINTR)) {
        if (got < 0)
            continue;
        const size_t n = (size_t)got;
        if (used + n > KEPT - 1) {
            const size_t drop = used + n - (KEPT - 1);
            memmove(tail, tail + drop, used - drop);
            used -= drop;
        }
        memcpy(tail + used, more, n);
        used += n;
    }
    tail[used] = '\0';
}

/* The last word of the text that is a finite number. */
static bool last_number(char *text, double *value)
{
    bool found = false;
    char *rest = NULL;
    for (char *word = strtok_r(text, " \t\r\n,;=:", &rest); word;
         word = strtok_r(NULL, " \t\r\n,;=:", &rest)) {
        char *end;
        const double v = strtod(word, &end);
        if (end != word && *end == '\0' && isfinite(v)) {
            *value = v;
            found = true;
        }
    }
    return found;
}

static bool run(char *const words[], double *value, why *w)
{
    char tail[KEPT];
    pid_t child = 0;
    int status = 0;
    const int from = start(words, &child);
    if (from < 0)
        return why_set(w, "%.200s cannot be run (%s); check --pesq-command", words[0],
                       strerror(errno));
    read_tail(from, tail);
    close(from);
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        return why_set(w, "%.200s failed (%s %d); run it by hand on the two files", words[0],
                       WIFEXITED(status) ? "exit status" : "signal",
                       WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
    if (!last_number(tail, value))
        return why_set(w, "%.200s printed no number; run it by hand on the two files", words[0]);
    return true;
}

bool command_measure(const char *command, const char *clean, const char *processed, double *value,
                     why *w)
{
    char *words[MAX_WORDS + 3], *rest = NULL;
    char *const text = strdup(command);
    char *const paths[2] = {as_argument(clean), as_argument(processed)};
    size_t n = 0;
    bool done = false;
    for (char *word = text ? strtok_r(text, " \t", &rest) : NULL; word && n < MAX_WORDS;
         word = strtok_r(NULL, " \t", &rest))
        words[n++] = word;
    words[n] = paths[0];
    words[n + 1] = paths[1];
    words[n + 2] = NULL;
    if (!text || !paths[0] || !paths[1])
        why_no_memory(w);
    else if (n == 0)
        why_set(w, "the command is empty; check --pesq-command");
    else
        done = run(words, value, w);
    free(text);
    free(paths[0]);
    free(paths[1]);
    return done;
}
