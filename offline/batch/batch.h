/* All inputs of a command: found, run by several threads, and told in order. */
#ifndef BATCH_BATCH_H
#define BATCH_BATCH_H

#include <stdbool.h>
#include <stddef.h>

#include "offline/batch/job.h"

typedef struct batch {
    size_t n;
    job *jobs;     /* [n]; their paths are owned */
    size_t n_lost; /* inputs that could not be looked at; told already */
} batch;

/* Makes a job of each input, folders gone through in the order of names, and the folders for the
 * outputs. What goes wrong is told on standard error. False when memory ran out. */
bool batch_find(const options *o, batch *b);
void batch_free(batch *b);

/* Runs them, and tells what came of each, in order. Returns how many failed. */
size_t batch_run(batch *b, const job_setup *setup);

#endif
