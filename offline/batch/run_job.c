#include "offline/batch/run_job.h"
#include "common/fail.h"
#include "offline/batch/audio_job.h"
#include "offline/batch/table_job.h"

#include <sys/stat.h>

/* Overwriting what is being read is allowed when said, as it happens only at the end. */
static sordino_status refuse_same_file(job *j, const options *o)
{
    struct stat in, out;
    if (o->force || stat(j->input, &in) != 0 || stat(j->output, &out) != 0 ||
        !S_ISREG(in.st_mode) || in.st_dev != out.st_dev || in.st_ino != out.st_ino)
        return SORDINO_OK;
    j->subject = j->output;
    return fail(&j->why, SORDINO_IO,
                "is the input itself; name another, or add --force to overwrite it");
}

void job_run(job *j, const job_setup *setup)
{
    j->subject = j->input;
    j->status = refuse_same_file(j, setup->options);
    if (!j->status)
        j->status = job_is_table(j->input, setup->options) ? table_job_run(j, setup)
                                                           : audio_job_run(j, setup);
    if (j->status)
        fail_fit(&j->why);
}
