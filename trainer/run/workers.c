#include "trainer/run/workers.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

typedef struct worker {
    workers *all;
    uint32_t number;
    pthread_t thread;
} worker;

struct workers {
    pthread_mutex_t lock;
    pthread_cond_t start, done;
    uint64_t round; /* counts calls of workers_run */
    bool quit;
    worker_job job;
    void *self;
    size_t n_jobs, next, busy; /* busy: threads that have not finished this round */
    uint32_t count;
    worker others[]; /* [count - 1] */
};

static void work(workers *w, uint32_t thread)
{
    for (;;) {
        pthread_mutex_lock(&w->lock);
        const size_t k = w->next;
        if (k < w->n_jobs)
            w->next++;
        pthread_mutex_unlock(&w->lock);
        if (k >= w->n_jobs)
            return;
        w->job(w->self, thread, k);
    }
}

static void *run_thread(void *arg)
{
    worker *const me = arg;
    workers *const w = me->all;
    uint64_t seen = 0;
    pthread_mutex_lock(&w->lock);
    for (;;) {
        while (w->round == seen && !w->quit)
            pthread_cond_wait(&w->start, &w->lock);
        if (w->quit)
            break;
        seen = w->round;
        pthread_mutex_unlock(&w->lock);
        work(w, me->number);
        pthread_mutex_lock(&w->lock);
        if (--w->busy == 0)
            pthread_cond_signal(&w->done);
    }
    pthread_mutex_unlock(&w->lock);
    return NULL;
}

workers *workers_new(uint32_t n)
{
    if (n == 0) {
        const long processors = sysconf(_SC_NPROCESSORS_ONLN);
        n = processors > 256 ? 256 : processors > 0 ? (uint32_t)processors : 1;
    }
    workers *w = calloc(1, sizeof *w + (n - 1) * sizeof *w->others);
    if (!w)
        return NULL;
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->start, NULL);
    pthread_cond_init(&w->done, NULL);
    for (w->count = 1; w->count < n; w->count++) {
        worker *const o = &w->others[w->count - 1];
        *o = (worker){.all = w, .number = w->count};
        if (pthread_create(&o->thread, NULL, run_thread, o) != 0) {
            workers_free(w);
            return NULL;
        }
    }
    return w;
}

void workers_free(workers *w)
{
    if (!w)
        return;
    pthread_mutex_lock(&w->lock);
    w->quit = true;
    pthread_cond_broadcast(&w->start);
    pthread_mutex_unlock(&w->lock);
    for (uint32_t i = 1; i < w->count; i++)
        pthread_join(w->others[i - 1].thread, NULL);
    pthread_cond_destroy(&w->start);
    pthread_cond_destroy(&w->done);
    pthread_mutex_destroy(&w->lock);
    free(w);
}

uint32_t workers_count(const workers *w)
{
    return w->count;
}

void workers_run(workers *w, worker_job job, void *self, size_t n_jobs)
{
    pthread_mutex_lock(&w->lock);
    w->job = job;
    w->self = self;
    w->n_jobs = n_jobs;
    w->next = 0;
    w->busy = w->count - 1;
    w->round++;
    pthread_cond_broadcast(&w->start);
    pthread_mutex_unlock(&w->lock);
    work(w, 0);
    pthread_mutex_lock(&w->lock);
    while (w->busy > 0)
        pthread_cond_wait(&w->done, &w->lock);
    pthread_mutex_unlock(&w->lock);
}
