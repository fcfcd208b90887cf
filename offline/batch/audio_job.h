/* A job whose input is sound, or bare samples. */
#ifndef BATCH_AUDIO_JOB_H
#define BATCH_AUDIO_JOB_H

#include "offline/batch/job.h"

/* As job_run; the status is returned, and `subject` and `why` are set when it is not OK. */
SORDINO_NODISCARD sordino_status audio_job_run(job *j, const job_setup *setup);

#endif
