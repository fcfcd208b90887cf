/* What the streams of bare samples and of text share; private to stream/raw_*.c. */
#ifndef STREAM_RAW_JOB_H
#define STREAM_RAW_JOB_H

#include <stdint.h>

#include <sordino/sordino.h>

#include "common/filter.h"
#include "stream/raw_pipe.h"
#include "stream/raw_stream.h"

enum { RAW_BLOCK = 1024 }; /* frames worked on at a time */

typedef struct raw_job {
    const raw_stream_config *config;
    sordino_model *model;
    sordino_profile *profile;
    filter *filter;
    float *in, *out; /* [RAW_BLOCK][channels] */
    uint32_t latency;
    const char *subject; /* what `why` is about */
    sordino_error why;
    uint64_t frames, gaps; /* given out; samples without a value */
    raw_pipe pipe;
} raw_job;

/* Makes the filter and its blocks. Errors: those of sordino_denoiser_new. */
SORDINO_NODISCARD sordino_status raw_job_filter(raw_job *j, uint32_t channels);

/* A line on standard error, about standard input. */
#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
void raw_job_tell(const raw_job *j, const char *format, ...);

/* Brings on its way what was written; the output's fault. */
SORDINO_NODISCARD sordino_status raw_job_flush(raw_job *j);

/* From the first byte to the last. */
SORDINO_NODISCARD sordino_status raw_text_run(raw_job *j);
SORDINO_NODISCARD sordino_status raw_samples_run(raw_job *j);

#endif
