/* sordino: removes noise from files, one after the other or several at a time. */
#include "offline/atomic_file.h"
#include "offline/job.h"
#include "offline/options.h"

#include <stdio.h>
#include <stdlib.h>

/* What came of a job, on standard error; true when it went well. */
static bool tell(const job *j, const options *o)
{
    for (size_t i = 0; i < j->n_notes && !o->quiet; i++)
        fprintf(stderr, "sordino: %s: %s\n", j->input, j->notes[i]);
    if (j->status)
        fprintf(stderr, "sordino: %s: %s\n", j->subject, j->why.text);
    return !j->status;
}

int main(int argc, char **argv)
{
    options o;
    switch (options_read(argc, argv, &o)) {
    case OPTIONS_DONE:
        return EXIT_SUCCESS;
    case OPTIONS_WRONG:
        return 2;
    case OPTIONS_RUN:
        break;
    }
    output_catch_signals();
    job j = {.input = o.inputs[0], .output = o.output};
    const job_setup setup = {.options = &o};
    job_run(&j, &setup);
    return tell(&j, &o) ? EXIT_SUCCESS : EXIT_FAILURE;
}
