/* Running a job: as sound or as a table, by what its input is. */
#ifndef BATCH_RUN_JOB_H
#define BATCH_RUN_JOB_H

#include "offline/batch/job.h"

/* Runs it; whatever goes wrong is told in the job, and leaves no output. Any thread. */
void job_run(job *j, const job_setup *setup);

#endif
