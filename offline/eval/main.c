/* sordino-eval: pairs of files, measured by several threads, told in order. */
#include "offline/eval/evaluate.h"
#include "offline/eval/options.h"
#include "offline/eval/pairs.h"
#include "offline/eval/report.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct work {
    const options *options;
    const pair_list *pairs;
    result *results;
    bool show_progress;
    pthread_mutex_t lock;
    size_t next, done; /* under the lock */
} work;

static void complain(const char *subject, const char *text)
{
    fprintf(stderr, "sordino-eval: %s: %s\n", subject, text);
}

static void show_progress(const work *w)
{
    enum { WIDTH = 40 };
    char bar[WIDTH + 1];
    const size_t full = w->done * WIDTH / w->pairs->n;
    memset(bar, ' ', WIDTH);
    memset(bar, '#', full);
    bar[WIDTH] = '\0';
    fprintf(stderr, "\r[%s] %zu/%zu", bar, w->done, w->pairs->n);
    if (w->done == w->pairs->n)
        fprintf(stderr, "\r%*s\r", WIDTH + 30, "");
    fflush(stderr);
}

static void *run_pairs(void *argument)
{
    work *const w = argument;
    pthread_mutex_lock(&w->lock);
    while (w->next < w->pairs->n) {
        const size_t i = w->next++;
        pthread_mutex_unlock(&w->lock);
        evaluate_pair(&w->pairs->items[i], w->options, &w->results[i]);
        pthread_mutex_lock(&w->lock);
        w->done++;
        if (w->show_progress)
            show_progress(w);
    }
    pthread_mutex_unlock(&w->lock);
    return NULL;
}

/* This thread works too; where no other can be started it does everything. */
static void run_all(work *w)
{
    pthread_t threads[256];
    size_t n = 0;
    pthread_mutex_init(&w->lock, NULL);
    while (n + 1 < w->options->jobs && n + 1 < w->pairs->n &&
           pthread_create(&threads[n], NULL, run_pairs, w) == 0)
        n++;
    run_pairs(w);
    while (n > 0)
        pthread_join(threads[--n], NULL);
    pthread_mutex_destroy(&w->lock);
}

/* Messages of every pair, in order; true when none failed. */
static bool tell(const pair_list *pairs, const result *results, const options *o)
{
    bool good = true;
    for (size_t i = 0; i < pairs->n_unpaired; i++)
        fprintf(stderr, "sordino-eval: %s\n", pairs->unpaired[i]);
    for (size_t i = 0; i < pairs->n; i++) {
        const result *const r = &results[i];
        if (r->error.text[0]) {
            complain(r->subject ? r->subject : pairs->items[i].name, r->error.text);
            good = false;
        }
        for (size_t k = 0; k < r->n_notes && !o->quiet; k++)
            complain(pairs->items[i].name, r->notes[k].text);
    }
    return good;
}

static FILE *open_output(const char *path, bool force)
{
    if (strcmp(path, "-") == 0)
        return stdout;
    FILE *const file = fopen(path, force ? "w" : "wx");
    if (!file && errno == EEXIST)
        complain(path, "is there already; add --force to overwrite it");
    else if (!file)
        fprintf(stderr, "sordino-eval: %s: cannot be written (%s); choose another place\n", path,
                strerror(errno));
    return file;
}

typedef bool write_report(const report *r, FILE *to);

/* Writes one report to `path`; NULL is nothing to write. */
static bool write_to(const char *path, bool force, write_report *write, const report *r)
{
    FILE *const file = path ? open_output(path, force) : NULL;
    if (!file)
        return !path;
    errno = 0;
    const bool memory = write(r, file);
    const bool written = fflush(file) == 0 && !ferror(file);
    const int code = errno;
    const bool closed = file == stdout || fclose(file) == 0;
    if (!memory)
        complain(path, "out of memory; compare fewer files");
    else if (!written || !closed)
        fprintf(stderr, "sordino-eval: %s: cannot be written (%s); check the space left\n", path,
                strerror(code ? code : EIO));
    return memory && written && closed;
}

static bool is_stdout(const char *path)
{
    return path && strcmp(path, "-") == 0;
}

static bool measure(const options *o, const pair_list *pairs)
{
    result *const results = calloc(pairs->n, sizeof *results);
    work w = {.options = o, .pairs = pairs, .results = results};
    const report r = {o, pairs, results};
    if (!results) {
        complain(o->clean, "out of memory; compare fewer files");
        return false;
    }
    w.show_progress = !o->quiet && pairs->n > 1 && isatty(STDERR_FILENO);
    run_all(&w);
    bool good = tell(pairs, results, o);
    if (!is_stdout(o->json) && !is_stdout(o->csv))
        good = write_to("-", true, report_table, &r) && good;
    good = write_to(o->json, o->force, report_json, &r) && good;
    good = write_to(o->csv, o->force, report_csv, &r) && good;
    for (size_t i = 0; i < pairs->n; i++)
        result_free(&results[i]);
    free(results);
    return good;
}

int main(int argc, char **argv)
{
    static options o;
    pair_list pairs;
    const char *subject = NULL;
    why w = {""};
    switch (options_read(argc, argv, &o)) {
    case OPTIONS_DONE:
        return EXIT_SUCCESS;
    case OPTIONS_WRONG:
        return 2;
    case OPTIONS_RUN:
        break;
    }
    bool good = pairs_find(o.clean, o.processed, o.noisy, &o.load, &pairs, &subject, &w);
    if (!good) {
        for (size_t i = 0; i < pairs.n_unpaired; i++)
            fprintf(stderr, "sordino-eval: %s\n", pairs.unpaired[i]);
        complain(subject, w.text);
    } else {
        good = measure(&o, &pairs);
    }
    pairs_free(&pairs);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
