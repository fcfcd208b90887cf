/* Threads that share numbered jobs. What a job does must not depend on which thread does it. */
#ifndef RUN_WORKERS_H
#define RUN_WORKERS_H

#include <stddef.h>
#include <stdint.h>

typedef struct workers workers;

/* `n` threads in all (the caller's is one of them; 0: one a processor). NULL when they cannot be
 * had. */
workers *workers_new(uint32_t n);
void workers_free(workers *w);
uint32_t workers_count(const workers *w);

/* Calls job(self, thread, k) for k = 0..n_jobs-1, each once, `thread` 0..count-1, and waits until
 * all are done. */
typedef void (*worker_job)(void *self, uint32_t thread, size_t k);
void workers_run(workers *w, worker_job job, void *self, size_t n_jobs);

#endif
