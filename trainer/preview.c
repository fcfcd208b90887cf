#include "trainer/preview.h"

#include "core/base/error.h"
#include "core/base/fnv1a.h"
#include "trainer/data/wav_write.h"
#include "trainer/preview_draw.h"
#include "trainer/signals/signal.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { MOST_EXAMPLES = 99, PATH_SIZE = 4096, FEWEST_SAMPLES = 3000, DRAWN = 3 };

typedef struct job {
    const char *dir;
    uint32_t count;
    double seconds, rate; /* of audio */
    uint64_t seed;
} job;

/* One stream of random numbers a kind, by its name, so that new kinds change no old example. */
static uint64_t name_stream(const char *name)
{
    return fnv1a(fnv1a_start, name, strlen(name));
}

static sordino_status draw(const job *j, const signal_kind *kind, double rate, float *const *made,
                           size_t n, sordino_error *why)
{
    enum { SHOWN = 4000 }; /* samples of a trace: more would be a band */
    char path[PATH_SIZE];
    preview_picture p = {kind->name, kind->what, kind->unit, rate, {NULL}, 0, n};
    p.count = j->count < DRAWN ? j->count : DRAWN;
    for (size_t i = 0; i < p.count; i++)
        p.passages[i] = made[i];
    snprintf(path, sizeof path, "%s/%s.png", j->dir, kind->name);
    if (kind->rate == 0)
        return preview_draw_audio(&p, path, why);
    p.n = n < SHOWN ? n : SHOWN;
    return preview_draw_sensor(&p, path, why);
}

static sordino_status write_example(const job *j, const signal_kind *kind, double rate,
                                    uint32_t number, float *x, size_t n, sordino_error *why)
{
    char path[PATH_SIZE];
    rng r = rng_make(j->seed, name_stream(kind->name), number);
    if (!kind->make(&r, rate, x, n))
        return error_set(why, SORDINO_NO_MEM, "%s", sordino_status_text(SORDINO_NO_MEM));
    snprintf(path, sizeof path, "%s/%s-%u.wav", j->dir, kind->name, (unsigned)number + 1);
    return wav_write(path, x, n, rate, why);
}

static sordino_status write_kind(const job *j, const signal_kind *kind, sordino_error *why)
{
    const double rate = kind->rate > 0 ? kind->rate : j->rate;
    const double wanted = fmax(1, round(j->seconds * rate));
    const size_t n = (size_t)(kind->rate > 0 ? fmax(wanted, FEWEST_SAMPLES) : wanted);
    const size_t kept = j->count < DRAWN ? j->count : DRAWN;
    float *const memory = malloc((kept + 1) * n * sizeof *memory);
    float *made[DRAWN] = {NULL};
    sordino_status status = SORDINO_OK;
    if (!memory)
        return error_set(why, SORDINO_NO_MEM, "%s", sordino_status_text(SORDINO_NO_MEM));
    for (uint32_t i = 0; i < j->count && status == SORDINO_OK; i++) {
        float *const x = memory + (i < kept ? i : kept) * n;
        if (i < kept)
            made[i] = x;
        status = write_example(j, kind, rate, i, x, n, why);
    }
    if (status == SORDINO_OK)
        status = draw(j, kind, rate, made, n, why);
    free(memory);
    return status;
}

/* Whether a name of the list, `length` bytes, means this kind. */
static bool means(const char *name, size_t length, const signal_kind *kind)
{
    const char *const all = kind->is_noise ? "noises" : "signals";
    return (strlen(kind->name) == length && memcmp(kind->name, name, length) == 0) ||
           (strlen(all) == length && memcmp(all, name, length) == 0);
}

static bool is_wanted(const char *kinds, const signal_kind *kind)
{
    for (const char *name = kinds;; name++) {
        const size_t length = strcspn(name, ",");
        if (means(name, length, kind))
            return true;
        name += length;
        if (!*name)
            return false;
    }
}

static sordino_status check_names(const char *kinds, sordino_error *why)
{
    for (const char *name = kinds;; name++) {
        const size_t length = strcspn(name, ",");
        bool known = false;
        for (size_t i = 0; signal_at(i) && !known; i++)
            known = means(name, length, signal_at(i));
        if (!known)
            return error_set(why, SORDINO_BAD_ARG, "There is no kind of signal named \"%.*s\"",
                             (int)(length < 40 ? length : 40), name);
        name += length;
        if (!*name)
            return SORDINO_OK;
    }
}

sordino_status preview_run(const char *kinds, uint32_t count, double seconds, double rate,
                           uint64_t seed, const char *dir, sordino_error *why)
{
    const bool all = !kinds || !*kinds;
    if (!dir || !*dir || strlen(dir) > PATH_SIZE - 80)
        return error_set(why, SORDINO_BAD_ARG, "The name of the folder is missing or too long");
    if (count < 1 || count > MOST_EXAMPLES)
        return error_set(why, SORDINO_BAD_ARG, "Of each kind 1 to %d examples can be written",
                         (int)MOST_EXAMPLES);
    if (!(seconds > 0 && seconds <= 600))
        return error_set(why, SORDINO_BAD_ARG, "An example lasts above 0 and up to 600 seconds");
    if (!(rate >= 8000 && rate <= 192000))
        return error_set(why, SORDINO_BAD_ARG, "Audio has a rate of 8000 to 192000 Hz");
    sordino_status status = all ? SORDINO_OK : check_names(kinds, why);
    if (status != SORDINO_OK)
        return status;
    if (mkdir(dir, 0777) && errno != EEXIST)
        return error_set(why, SORDINO_IO, "%.300s: %s", dir, strerror(errno));
    const job j = {dir, count, seconds, rate, seed};
    for (size_t i = 0; signal_at(i) && status == SORDINO_OK; i++)
        if (all || is_wanted(kinds, signal_at(i)))
            status = write_kind(&j, signal_at(i), why);
    return status;
}
