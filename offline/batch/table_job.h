/* A job whose input is a table of numbers. */
#ifndef BATCH_TABLE_JOB_H
#define BATCH_TABLE_JOB_H

#include "offline/batch/job.h"

/* As job_run; the status is returned, and `subject` and `why` are set when it is not OK. */
SORDINO_NODISCARD sordino_status table_job_run(job *j, const job_setup *setup);

#endif
