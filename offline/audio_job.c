#include "offline/audio_job.h"
#include "offline/atomic_file.h"
#include "offline/fail.h"
#include "offline/filter.h"
#include "offline/signal_io.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* All that is open while a job runs. */
typedef struct audio_job {
    job *job;
    const job_setup *setup;
    source *source;
    filter *filter;
    output *output;
    sink *sink;
    float *in, *out; /* [block][channels] */
    unsigned progress;
} audio_job;

static sordino_status open_source(audio_job *a)
{
    job *const j = a->job;
    j->subject = j->input;
    return signal_open(j->input, a->setup->options, &a->source, &j->why);
}

static sordino_status open_filter(audio_job *a)
{
    job *const j = a->job;
    sordino_config config;
    const size_t block = a->setup->options->block;
    sordino_status status =
        job_configure(j, a->setup, a->source->rate, a->source->channels, false, &config);
    if (status)
        return status;
    status = filter_new(&config, a->setup->model, block, &a->filter, &j->why);
    if (status)
        return status;
    j->latency = sordino_latency(filter_denoiser(a->filter));
    a->in = calloc(block * config.channels, sizeof *a->in);
    a->out = calloc(block * config.channels, sizeof *a->out);
    return a->in && a->out ? SORDINO_OK : fail_no_memory(&j->why);
}

static sordino_status open_sink(audio_job *a)
{
    job *const j = a->job;
    const options *const o = a->setup->options;
    j->subject = j->output;
    const sordino_status status = output_open(j->output, o->force, &a->output, &j->why);
    return status ? status : signal_create(a->output, j->output, o, a->source, &a->sink, &j->why);
}

/* What came out of the filter. */
static sordino_status give(audio_job *a, size_t n)
{
    a->job->subject = a->job->output;
    a->job->frames += n;
    return a->sink->write(a->sink, a->out, n, &a->job->why);
}

/* Reads to the end; a fault of the input under --salvage is an end too. */
static sordino_status stream(audio_job *a)
{
    job *const j = a->job;
    const options *const o = a->setup->options;
    uint64_t done = 0;
    bool at_end = false;
    sordino_status status = SORDINO_OK;
    while (!status && !at_end) {
        size_t got = 0;
        j->subject = j->input;
        status = a->source->read(a->source, a->in, o->block, &got, &j->why);
        at_end = status || got == 0;
        if (status && o->salvage) {
            job_note(j, "%.150s; what could be read was denoised", j->why.text);
            status = SORDINO_OK;
        }
        if (!status)
            status = give(a, filter_push(a->filter, a->in, got, a->out));
        done += got;
        job_progress(a->setup, done, a->source->frames, &a->progress);
    }
    for (size_t n = 1; !status && n > 0;) {
        n = filter_flush(a->filter, a->out);
        status = give(a, n);
    }
    return status;
}

static void read_meters(audio_job *a)
{
    sordino_meters meters;
    sordino_read_meters(filter_denoiser(a->filter), &meters);
    a->job->input_db = meters.input_db;
    a->job->output_db = meters.output_db;
    a->job->reduction_db = meters.reduction_db;
}

static sordino_status finish(audio_job *a)
{
    job *const j = a->job;
    j->subject = j->output;
    j->clipped = a->sink->clipped;
    sordino_status status = a->sink->finish(a->sink, &j->why);
    if (status)
        return status;
    read_meters(a);
    status = output_commit(a->output, &j->why);
    a->output = NULL;
    if (!status && j->clipped > 0)
        job_note(j,
                 "%llu samples of the output were past full scale and clipped; --subtype float "
                 "keeps them",
                 (unsigned long long)j->clipped);
    return status;
}

sordino_status audio_job_run(job *j, const job_setup *setup)
{
    audio_job a = {.job = j, .setup = setup};
    sordino_status status = open_source(&a);
    if (!status)
        status = open_filter(&a);
    if (!status)
        status = open_sink(&a);
    if (!status)
        status = stream(&a);
    if (!status)
        status = finish(&a);
    if (a.sink)
        a.sink->close(a.sink);
    output_abandon(a.output);
    if (a.source)
        a.source->close(a.source);
    filter_free(a.filter);
    free(a.in);
    free(a.out);
    return status;
}
