/*
 * Three sorts of process: this one; the server, which holds the library as it is after its start;
 * and for each passage a copy of the server, which speaks and ends.
 */
#include "trainer/data/espeak.h"

#include "core/base/error.h"
#include "trainer/data/espeak_text.h"
#include "trainer/data/rate.h"

#include <espeak-ng/speak_lib.h>

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

enum { OWN_RATE = 22050, BUFFER_MS = 200, PATIENCE = 60, TRIES = 4, SPARE = 64 };
enum { PASSAGE = 17 }; /* stream of random numbers */

/* What the server is asked for: so many samples from this seed. The answer is chunks, each led by
 * the count of its samples, and one of these. */
typedef struct request {
    uint64_t seed, n;
} request;
static const uint32_t all_said = 0, fell_silent = UINT32_MAX;

/* What timbres of espeak-ng are human enough. */
static const char *const variants[] = {
    "m1",           "m2",           "m3",      "m4",       "m5",          "m6",      "m7",
    "m8",           "f1",           "f2",      "f3",       "f4",          "f5",      "croak",
    "whisper",      "whisperf",     "klatt",   "klatt2",   "klatt3",      "klatt4",  "klatt5",
    "klatt6",       "Alex",         "Alicia",  "Andrea",   "Andy",        "Annie",   "Denis",
    "Diogo",        "Gene",         "Gene2",   "Henrique", "Hugo",        "Jacky",   "Lee",
    "Marco",        "Mario",        "Mike",    "Michael",  "Nguyen",      "adam",    "anika",
    "antonio",      "aunty",        "belinda", "benjamin", "boris",       "caleb",   "david",
    "ed",           "edward",       "edward2", "grandma",  "grandpa",     "gustave", "iven",
    "iven2",        "iven3",        "iven4",   "john",     "kaukovalta",  "linda",   "marcelo",
    "max",          "michel",       "miguel",  "norbert",  "pablo",       "paul",    "pedro",
    "quincy",       "rob",          "robert",  "sandro",   "shelby",      "steph",   "steph2",
    "steph3",       "travis",       "victor",  "zac",      "AnxiousAndy", "Tweaky",  "RicishayMax",
    "RicishayMax2", "RicishayMax3",
};

/* ---- between the processes ---- */

static bool send_all(int to, const void *data, size_t n)
{
    const char *at = data;
    while (n > 0) {
        const ssize_t sent = send(to, at, n, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent <= 0)
            return false;
        at += sent;
        n -= (size_t)sent;
    }
    return true;
}

static bool receive_all(int from, void *data, size_t n)
{
    char *at = data;
    while (n > 0) {
        const ssize_t got = recv(from, at, n, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        at += got;
        n -= (size_t)got;
    }
    return true;
}

/* ---- the process that speaks ---- */

static struct {
    int to;
    size_t left; /* samples still wanted */
} speaking;

static void emit(const int16_t *x, size_t n)
{
    const uint32_t count = (uint32_t)(n < speaking.left ? n : speaking.left);
    if (count == 0)
        return;
    if (!send_all(speaking.to, &count, sizeof count) ||
        !send_all(speaking.to, x, count * sizeof *x))
        _exit(EXIT_FAILURE);
    speaking.left -= count;
}

static void emit_silence(size_t n)
{
    static const int16_t nothing[1024];
    for (; n > 0 && speaking.left > 0; n -= n < 1024 ? n : 1024)
        emit(nothing, n < 1024 ? n : 1024);
}

static int on_samples(short *x, int n, espeak_EVENT *events)
{
    (void)events;
    if (x && n > 0)
        emit(x, (size_t)n);
    return speaking.left == 0;
}

/* Another voice; the language it speaks is returned. */
static size_t change_speaker(rng *r)
{
    char name[64];
    size_t language;
    do {
        const size_t count = sizeof variants / sizeof *variants;
        language = rng_below(r, (uint32_t)espeak_text_languages());
        snprintf(name, sizeof name, "%s+%s", espeak_text_language(language),
                 variants[rng_below(r, (uint32_t)count)]);
    } while (espeak_SetVoiceByName(name) !=
             EE_OK); /* the server has seen to it that one is there */
    espeak_SetParameter(espeakRATE, (int)rng_log_range(r, 100, 300), 0);
    espeak_SetParameter(espeakPITCH, (int)rng_range(r, 15, 85), 0);
    espeak_SetParameter(espeakRANGE, (int)rng_range(r, 15, 95), 0);
    espeak_SetParameter(espeakVOLUME, (int)rng_range(r, 25, 55), 0);
    espeak_SetParameter(espeakWORDGAP, rng_chance(r, 0.2) ? (int)rng_range(r, 1, 15) : 0, 0);
    return language;
}

static void speak(int to, const request *q)
{
    rng state = rng_make(q->seed, PASSAGE, 0), *const r = &state;
    char sentence[ESPEAK_TEXT_MAX];
    speaking.to = to;
    speaking.left = q->n;
    size_t language = change_speaker(r);
    if (rng_chance(r, 0.5))
        emit_silence((size_t)(rng_range(r, 0, 0.5) * OWN_RATE));
    while (speaking.left > 0) {
        espeak_text_sentence(r, language, sentence);
        espeak_Synth(sentence, strlen(sentence) + 1, 0, POS_CHARACTER, 0, espeakCHARS_UTF8, NULL,
                     NULL);
        emit_silence((size_t)(rng_range(r, 0.1, 1) * OWN_RATE));
        if (rng_chance(r, 0.15))
            language = change_speaker(r);
    }
}

/* ---- the server ---- */

/* Makes the library ready and reads what passages share: the list of voices. */
static bool prepare(void)
{
    if (espeak_Initialize(AUDIO_OUTPUT_SYNCHRONOUS, BUFFER_MS, NULL, espeakINITIALIZE_DONT_EXIT) !=
        OWN_RATE)
        return false;
    espeak_SetSynthCallback(on_samples);
    bool any = false;
    for (size_t i = 0; i < espeak_text_languages() && !any; i++)
        any = espeak_SetVoiceByName(espeak_text_language(i)) == EE_OK;
    return any;
}

/* One passage by a copy; false when this process's own end has come. */
static bool serve_one(int fd)
{
    request q;
    if (!receive_all(fd, &q, sizeof q))
        return false;
    const pid_t child = fork();
    if (child == 0) {
        signal(SIGALRM, SIG_DFL);
        alarm(PATIENCE);
        speak(fd, &q);
        _exit(EXIT_SUCCESS);
    }
    int status = -1;
    while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    const bool good = child > 0 && WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS;
    return send_all(fd, good ? &all_said : &fell_silent, sizeof all_said);
}

/* An interrupt of the program is the program's to answer: this one ends with its socket. */
static void serve(int fd)
{
    signal(SIGINT, SIG_IGN);
    signal(SIGTERM, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    const char ready = prepare() ? 1 : 0;
    if (!send_all(fd, &ready, 1) || !ready)
        return;
    while (serve_one(fd))
        ;
}

/* ---- this process ---- */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
/* Behind the lock: the server's socket, and its process. */
static int server = -1;
static pid_t server_id;

static sordino_status start(sordino_error *why)
{
    int ends[2];
    char ready = 0;
    if (server >= 0)
        return SORDINO_OK;
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0)
        return error_set(why, SORDINO_IO, "espeak-ng cannot be started: %s", strerror(errno));
    fcntl(ends[0], F_SETFD, FD_CLOEXEC);
    fcntl(ends[1], F_SETFD, FD_CLOEXEC);
    const pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        serve(ends[1]);
        _exit(EXIT_SUCCESS);
    }
    const int reason = errno;
    close(ends[1]);
    if (child > 0 && receive_all(ends[0], &ready, 1) && ready) {
        server = ends[0];
        server_id = child;
        return SORDINO_OK;
    }
    close(ends[0]);
    if (child < 0)
        return error_set(why, SORDINO_IO, "espeak-ng cannot be started: %s", strerror(reason));
    waitpid(child, NULL, 0);
    return error_set(why, SORDINO_UNSUPPORTED,
                     "espeak-ng finds none of its voices; install espeak-ng-data");
}

sordino_status espeak_check(sordino_error *why)
{
    pthread_mutex_lock(&lock);
    const sordino_status status = start(why);
    pthread_mutex_unlock(&lock);
    return status;
}

/* One passage of `n` samples into `to`. Sets `*lost` when the server is no more. */
static bool ask(uint64_t seed, int16_t *to, size_t n, bool *lost)
{
    const request q = {seed, n};
    uint32_t count = 0;
    size_t done = 0;
    *lost = !send_all(server, &q, sizeof q);
    while (!*lost) {
        *lost = !receive_all(server, &count, sizeof count);
        if (*lost || count == all_said || count == fell_silent)
            break;
        *lost = count > n - done || !receive_all(server, to + done, count * sizeof *to);
        done += *lost ? 0 : count;
    }
    return !*lost && count == all_said && done == n;
}

/* A passage of this seed; from a new server where the old one is no more. */
static bool say(uint64_t seed, int16_t *to, size_t n)
{
    for (int again = 0; again < 2 && start(NULL) == SORDINO_OK; again++) {
        bool lost = false;
        if (ask(seed, to, n, &lost))
            return true;
        if (!lost)
            return false;
        close(server);
        server = -1;
        while (waitpid(server_id, NULL, 0) < 0 && errno == EINTR)
            ;
    }
    return false;
}

/* A passage at the library's rate. One that it fails on is left for the next. */
static bool passage(rng *r, int16_t *to, size_t n)
{
    bool good = false;
    pthread_mutex_lock(&lock);
    for (int tries = 0; !good && tries < TRIES; tries++)
        good = say(rng_bits(r), to, n);
    pthread_mutex_unlock(&lock);
    return good;
}

bool espeak_draw(rng *r, double rate, float *out, size_t n)
{
    const size_t own = (size_t)ceil((double)n * OWN_RATE / rate) + SPARE;
    int16_t *const said = calloc(own, sizeof *said);
    float *const x = malloc(own * sizeof *x), *y = NULL;
    size_t have = 0;
    const bool good = said && x && passage(r, said, own);
    for (size_t i = 0; good && i < own; i++)
        x[i] = (float)said[i] / 32768;
    if (good)
        y = rate_convert(x, own, OWN_RATE, (uint32_t)lrint(rate), &have);
    if (y && have >= n)
        memcpy(out, y, n * sizeof *out);
    free(said);
    free(x);
    free(y);
    return y != NULL && have >= n;
}
