#include "offline/batch/batch.h"
#include "common/sound/wav_io.h"
#include "offline/batch/run_job.h"

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { MAX_JOBS = 256, MAX_DEPTH = 64 };

/* Finding. */

static char *join(const char *folder, const char *name)
{
    const size_t n = strlen(folder), size = n + strlen(name) + 2;
    char *const path = malloc(size);
    if (path)
        snprintf(path, size, "%s%s%s", folder, n > 0 && folder[n - 1] == '/' ? "" : "/", name);
    return path;
}

static const char *base_name(const char *path)
{
    const char *const slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static bool complain(batch *b, const char *path, const char *text)
{
    fprintf(stderr, "sordino: %s: %s\n", path, text);
    b->n_lost++;
    return true;
}

/* Takes both paths over. */
static bool add_job(batch *b, char *input, char *target)
{
    job *const grown = (b->n & (b->n - 1)) == 0
                           ? realloc(b->jobs, (b->n ? 2 * b->n : 1) * sizeof *b->jobs)
                           : b->jobs;
    if (grown)
        b->jobs = grown;
    if (!grown || !input || !target) {
        free(input);
        free(target);
        return false;
    }
    b->jobs[b->n++] = (job){.input = input, .output = target};
    return true;
}

/* out/song.wav for song.flac when --format says so: the ending tells the format. */
static char *output_name(const char *folder, const char *name, const options *o)
{
    const char *const dot = strrchr(name, '.');
    char *const path = join(folder, name);
    if (!path || !o->format || !dot || job_is_table(name, o))
        return path;
    const size_t stem = strlen(path) - strlen(dot), size = stem + strlen(o->format) + 2;
    char *const other = malloc(size);
    if (other)
        snprintf(other, size, "%.*s.%s", (int)stem, path, o->format);
    free(path);
    return other;
}

static bool is_folder(const char *path)
{
    struct stat at;
    return stat(path, &at) == 0 && S_ISDIR(at.st_mode);
}

/* The folder for outputs is there, or can be made. */
static bool make_folder(batch *b, const char *path)
{
    if (mkdir(path, 0777) == 0 || (errno == EEXIST && is_folder(path)))
        return true;
    char text[128];
    snprintf(text, sizeof text, "cannot be made a folder (%s); choose another with -d",
             strerror(errno));
    complain(b, path, text);
    return false;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

/* Hidden files are left out, temporary ones among them. */
static int is_shown(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* In a folder there may be other things than what is to be denoised: pictures, notes. */
static bool is_ours(const char *name, const options *o)
{
    static const char *const more[] = {"bwf", "wave", "aifc", "sph", "pvf",
                                       "paf", "sf",   "htk",  "avr"};
    const char *const dot = strrchr(name, '.');
    if (o->kind != INPUT_AUTO)
        return true;
    for (size_t i = 0; dot && i < sizeof more / sizeof *more; i++)
        if (strcasecmp(dot + 1, more[i]) == 0)
            return true;
    return dot && strcasecmp(dot, ".raw") != 0 && (wav_is_format(dot + 1) || job_is_table(name, o));
}

/* Is it the folder that the outputs go to? */
static bool is_output(const char *path, const options *o)
{
    struct stat a, b;
    return stat(path, &a) == 0 && stat(o->folder, &b) == 0 && a.st_dev == b.st_dev &&
           a.st_ino == b.st_ino;
}

static bool add_folder(batch *b, const options *o, const char *input, const char *target, int depth)
{
    struct dirent **entries = NULL;
    const int n = depth < MAX_DEPTH ? scandir(input, &entries, is_shown, by_name) : -1;
    if (n < 0)
        return complain(b, input, "cannot be gone through; check its permissions");
    bool good = true;
    const bool made = make_folder(b, target);
    size_t passed_over = 0;
    for (int i = 0; i < n; i++) { /* without a folder to write to, nothing but freed */
        const char *const name = entries[i]->d_name;
        char *const from = join(input, name), *const to = join(target, name);
        if (!from || !to)
            good = false;
        else if (made && is_folder(from))
            good = (is_output(from, o) || add_folder(b, o, from, to, depth + 1)) && good;
        else if (made && is_ours(name, o))
            good = add_job(b, strdup(from), output_name(target, name, o)) && good;
        else
            passed_over++;
        free(from);
        free(to);
        free(entries[i]);
    }
    free(entries);
    if (made && passed_over && o->verbose)
        fprintf(stderr, "sordino: %s: %zu file%s of other kinds passed over\n", input, passed_over,
                passed_over == 1 ? "" : "s");
    return good;
}

static bool add_input(batch *b, const options *o, const char *input)
{
    if (!is_folder(input))
        return add_job(b, strdup(input), output_name(o->folder, base_name(input), o));
    if (!o->recurse)
        return complain(b, input, "is a folder; go through it with -r");
    return add_folder(b, o, input, o->folder, 0);
}

static void free_job(job *j)
{
    free((char *)j->input);
    free((char *)j->output);
}

static int by_output(const void *a, const void *b)
{
    return strcmp((*(job *const *)a)->output, (*(job *const *)b)->output);
}

/* Two inputs of one name would take each other's place. */
static bool refuse_doubles(batch *b)
{
    job **const sorted = malloc((b->n + 1) * sizeof(job *));
    if (!sorted)
        return false;
    for (size_t i = 0; i < b->n; i++)
        sorted[i] = &b->jobs[i];
    qsort(sorted, b->n, sizeof *sorted, by_output);
    for (size_t i = 1; i < b->n; i++) { /* ends with the first: then n is 0 */
        if (strcmp(sorted[i - 1]->output, sorted[i]->output) == 0) {
            fprintf(stderr,
                    "sordino: %s: is the output of both %s and %s; give them other folders\n",
                    sorted[i]->output, sorted[i - 1]->input, sorted[i]->input);
            b->n_lost = b->n;
            while (b->n > 0)
                free_job(&b->jobs[--b->n]);
        }
    }
    free(sorted);
    return true;
}

bool batch_find(const options *o, batch *b)
{
    *b = (batch){0};
    if (!o->folder)
        return add_job(b, strdup(o->inputs[0]), strdup(o->output));
    if (!make_folder(b, o->folder))
        return true;
    for (size_t i = 0; i < o->n_inputs; i++)
        if (!add_input(b, o, o->inputs[i]))
            return false;
    return refuse_doubles(b);
}

void batch_free(batch *b)
{
    for (size_t i = 0; i < b->n; i++)
        free_job(&b->jobs[i]);
    free(b->jobs);
}

/* Running. */

typedef struct work {
    batch *batch;
    const job_setup *setup;
    bool bar;
    atomic_uint_fast64_t progress; /* thousandths of files */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    size_t next, told, failed; /* under the lock, as is `ended` */
    bool *ended;               /* [n] */
} work;

static void draw_bar(const work *w, bool visible)
{
    enum { WIDTH = 40 };
    char line[WIDTH + 1];
    const uint64_t parts = atomic_load(&w->progress), all = (uint64_t)w->batch->n * 1000;
    /* A file that failed, or whose length was not known, counts once it has ended. */
    const uint64_t done = parts > w->told * 1000 ? parts : w->told * 1000;
    if (!w->bar)
        return;
    memset(line, ' ', WIDTH);
    memset(line, '#', (size_t)(done < all ? done * WIDTH / all : WIDTH));
    line[WIDTH] = '\0';
    if (visible)
        fprintf(stderr, "\r[%s] %3u %%  %zu/%zu", line, (unsigned)(done * 100 / all), w->told,
                w->batch->n);
    else
        fprintf(stderr, "\r%*s\r", WIDTH + 34, "");
    fflush(stderr);
}

static void tell_job(const job *j, const options *o)
{
    if (*j->taken && !j->status && !o->quiet)
        fprintf(stderr, "sordino: %s: %s\n", j->input, j->taken);
    for (size_t i = 0; i < j->n_notes && !o->quiet; i++)
        fprintf(stderr, "sordino: %s: %s\n", j->input, j->notes[i]);
    if (j->status)
        fprintf(stderr, "sordino: %s: %s\n", j->subject, j->why.text);
    else if (o->verbose)
        fprintf(stderr, "sordino: %s: %.3f s at %.9g Hz, %u channel%s, %s, %.1f dB taken away\n",
                j->input, (double)j->frames / j->rate, j->rate, (unsigned)j->channels,
                j->channels == 1 ? "" : "s", j->method, (double)j->reduction_db);
}

/* Those that ended, as far as all before them have. Called under the lock. */
static void tell(work *w)
{
    const size_t before = w->told;
    while (w->told < w->batch->n && w->ended[w->told]) {
        const job *const j = &w->batch->jobs[w->told++];
        const options *const o = w->setup->options;
        if (j->status || o->verbose || ((j->n_notes || *j->taken) && !o->quiet))
            draw_bar(w, false);
        tell_job(j, o);
        w->failed += j->status != SORDINO_OK;
    }
    if (w->told != before)
        draw_bar(w, true);
}

static void *run_jobs(void *argument)
{
    work *const w = argument;
    pthread_mutex_lock(&w->lock);
    while (w->next < w->batch->n) {
        const size_t i = w->next++;
        pthread_mutex_unlock(&w->lock);
        job_run(&w->batch->jobs[i], w->setup);
        pthread_mutex_lock(&w->lock);
        w->ended[i] = true;
        pthread_cond_signal(&w->changed);
    }
    pthread_mutex_unlock(&w->lock);
    return NULL;
}

/* The first thread tells and draws; the others work. */
static void watch(work *w)
{
    pthread_mutex_lock(&w->lock);
    while (w->told < w->batch->n) {
        struct timespec until;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += 100000000;
        until.tv_sec += until.tv_nsec / 1000000000;
        until.tv_nsec %= 1000000000;
        if (w->ended[w->told])
            tell(w);
        else if (w->bar && pthread_cond_timedwait(&w->changed, &w->lock, &until) == ETIMEDOUT)
            draw_bar(w, true);
        else if (!w->bar)
            pthread_cond_wait(&w->changed, &w->lock);
    }
    pthread_mutex_unlock(&w->lock);
    draw_bar(w, false);
}

size_t batch_run(batch *b, const job_setup *setup)
{
    pthread_t threads[MAX_JOBS];
    size_t n = 0;
    job_setup shared = *setup;
    work w = {.batch = b, .setup = &shared, .ended = calloc(b->n + 1, sizeof *w.ended)};
    if (!w.ended) {
        fprintf(stderr, "sordino: %s: out of memory; give fewer inputs\n", b->jobs[0].input);
        return b->n;
    }
    shared.progress = &w.progress;
    w.bar = !setup->options->quiet && isatty(STDERR_FILENO);
    pthread_mutex_init(&w.lock, NULL);
    pthread_cond_init(&w.changed, NULL);
    while (n < setup->options->jobs && n < b->n && n < MAX_JOBS &&
           pthread_create(&threads[n], NULL, run_jobs, &w) == 0)
        n++;
    if (n == 0) /* no thread to be had: then without */
        run_jobs(&w);
    watch(&w);
    while (n > 0)
        pthread_join(threads[--n], NULL);
    pthread_cond_destroy(&w.changed);
    pthread_mutex_destroy(&w.lock);
    free(w.ended);
    return w.failed;
}
