/* One input denoised into one output. */
#ifndef BATCH_JOB_H
#define BATCH_JOB_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sordino/sordino.h>

#include "offline/options.h"

enum { JOB_MAX_NOTES = 16 };

/* What all jobs share. Read only while they run, but for `frames_done`. */
typedef struct job_setup {
    const options *options;
    const sordino_model *model;     /* that was asked for; NULL = none */
    const sordino_model *speech;    /* for sound where none was asked for; NULL = none */
    const sordino_profile *profile; /* NULL = none */
    atomic_uint_fast64_t *progress; /* thousandths of files done are added */
} job_setup;

typedef struct job {
    const char *input, *output; /* paths, or "-" */

    /* What came of it. */
    sordino_status status;
    const char *subject; /* the path, or option, that `why` is about */
    sordino_error why;
    char notes[JOB_MAX_NOTES][256]; /* warnings, about the input */
    size_t n_notes;
    char taken[2048]; /* of a table: what its columns were taken for, and the rate; or "" */
    const sordino_model *model; /* borrowed from the setup; NULL = another method, or as below */
    const char *method;         /* static or borrowed from the model; NULL = did not come so far */
    double rate;
    uint32_t channels, latency;
    uint64_t frames, clipped, gaps;
    float input_db, output_db, reduction_db;
} job;

/* True when the name ends as a table's does: .csv, .tsv or .txt. */
bool job_is_table(const char *path, const options *o);

/* True when the input may be sound: nothing says that it is a sensor's. */
bool job_may_be_sound(const char *path, const options *o);

/* For those that run a part of a job. */

/* Adds a warning; more than JOB_MAX_NOTES are dropped. */
#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
void job_note(job *j, const char *format, ...);

/* Adds a warning for each of sordino_denoiser_warnings. */
void job_note_warnings(job *j, uint32_t warnings);

/* The denoiser's configuration for an input of this rate and channels. Errors: UNSUPPORTED (the
 * method does not serve the rate), with a message naming those that do. */
SORDINO_NODISCARD sordino_status job_configure(job *j, const job_setup *setup, double rate,
                                               uint32_t channels, bool is_table,
                                               sordino_config *config);

/* Saves what was learned to --save-profile, which is not overwritten unasked. */
SORDINO_NODISCARD sordino_status job_save_profile(job *j, const options *o,
                                                  const sordino_profile *profile);

/* Adds to the progress: `done` of `all` frames, where `*told` keeps what was told so far. */
void job_progress(const job_setup *setup, uint64_t done, int64_t all, unsigned *told);

#endif
