#include "offline/batch/audio_job.h"
#include "common/atomic_file.h"
#include "common/plot/before.h"
#include "common/byte_io.h"
#include "common/fail.h"
#include "common/filter.h"
#include "common/table/gaps.h"
#include "offline/batch/learn.h"
#include "common/sound/signal_io.h"
#include "common/sound/wav_stream.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* All that is open while a job runs. */
typedef struct audio_job {
    job *job;
    const job_setup *setup;
    source *source;
    sordino_profile *learned;
    filter *filter;
    output *output;
    sink *sink;
    gaps *gaps;
    before *before;
    float *in, *out; /* [block][channels] */
    unsigned progress;
} audio_job;

static bool is_stream(const char *path)
{
    struct stat at;
    return strcmp(path, "-") == 0 ||
           (stat(path, &at) == 0 && (S_ISFIFO(at.st_mode) || S_ISSOCK(at.st_mode)));
}

static void close_source(audio_job *a)
{
    if (a->source)
        a->source->close(a->source);
    a->source = NULL;
}

static sordino_status fail_lost(audio_job *a, int64_t lost, uint64_t whole)
{
    job *const j = a->job;
    const double missing = (double)lost / a->source->rate;
    j->subject = j->input;
    return fail(&j->why, SORDINO_IO,
                "ends %.3g s early; the first %.3g s can be read with --salvage", missing,
                (double)whole / a->source->rate);
}

/* A WAV states how long it is; the library takes what there is without a word. A stream sees for
 * itself, and could not be opened a second time. */
static void check_length(audio_job *a)
{
    source *const s = a->source;
    wav_header h;
    struct stat at;
    sordino_error why;
    int fd;
    if ((strncmp(s->format, "wav", 3) != 0 && strcmp(s->format, "rf64") != 0) ||
        stat(a->job->input, &at) != 0 || !S_ISREG(at.st_mode))
        return;
    fd = open(a->job->input, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    const byte_input from = byte_input_fd(&fd);
    if (fstat(fd, &at) == 0 && wav_header_read(&from, &h, &why) == WAV_FOUND && !h.is_au &&
        h.data_bytes != UINT64_MAX && h.data_offset + h.data_bytes > (uint64_t)at.st_size)
        s->lost = (int64_t)((h.data_offset + h.data_bytes - (uint64_t)at.st_size) /
                            (h.channels * encoding_bytes(h.encoding.kind)));
    close(fd);
}

/* What the options say about files of sound. */
static signal_format format_of(const options *o)
{
    return (signal_format){.raw = o->kind == INPUT_RAW ? o->raw : NULL,
                           .raw_rate = o->rate,
                           .raw_channels = o->raw_channels,
                           .file = o->format,
                           .subtype = o->subtype,
                           .dither = o->dither};
}

static sordino_status open_source(audio_job *a)
{
    job *const j = a->job;
    j->subject = j->input;
    const options *const o = a->setup->options;
    if (o->rate > 0 && o->kind != INPUT_RAW)
        return fail(&j->why, SORDINO_BAD_ARG,
                    "is sound and states its own rate; leave --rate out, or add --raw or --csv");
    const signal_format format = format_of(o);
    const sordino_status status = signal_open(j->input, &format, &a->source, &j->why);
    if (status)
        return status;
    check_length(a);
    if (a->source->lost == 0 || a->setup->options->salvage)
        return SORDINO_OK;
    return fail_lost(a, a->source->lost, (uint64_t)a->source->frames);
}

/* Reads the passage of noise, then opens the input again. */
static sordino_status learn(audio_job *a, const sordino_config *config)
{
    job *const j = a->job;
    const options *const o = a->setup->options;
    if (is_stream(j->input))
        return fail(&j->why, SORDINO_UNSUPPORTED,
                    "is a pipe, and --learn-noise reads twice; give a file, or --noise-profile");
    sordino_status status =
        learn_noise(a->source, o->learn_from, o->learn_to, config, j->model, &a->learned, &j->why);
    close_source(a);
    if (!status)
        status = open_source(a);
    if (!status && o->save_profile) {
        j->subject = o->save_profile;
        status = job_save_profile(j, o, a->learned);
    }
    return status;
}

static sordino_status open_filter(audio_job *a)
{
    job *const j = a->job;
    sordino_config config;
    const size_t block = a->setup->options->block;
    sordino_status status =
        job_configure(j, a->setup, a->source->rate, a->source->channels, false, &config);
    if (!status && a->setup->options->learn)
        status = learn(a, &config);
    if (status)
        return status;
    j->subject = j->input;
    status = filter_new(&config, j->model, block, &a->filter, &j->why);
    if (status)
        return status;
    j->latency = sordino_denoiser_latency(filter_denoiser(a->filter));
    if (a->learned || a->setup->profile)
        sordino_denoiser_set_profile(filter_denoiser(a->filter),
                                     a->learned ? a->learned : a->setup->profile);
    a->in = calloc(block * config.channels, sizeof *a->in);
    a->out = calloc(block * config.channels, sizeof *a->out);
    /* Values of a sensor that are missing stay so; sound has no way to be silent about a sample. */
    const options *const o = a->setup->options;
    a->gaps = gaps_new(j->latency, block, config.channels, o->kind == INPUT_RAW && !o->fill_gaps);
    return a->in && a->out && a->gaps ? SORDINO_OK : fail_no_memory(&j->why);
}

static sordino_status open_sink(audio_job *a)
{
    job *const j = a->job;
    const options *const o = a->setup->options;
    const sordino_status status = output_open(j->output, o->force, &a->output, &j->why);
    j->subject = j->output;
    if (status)
        return status;
    if (o->salvage)
        a->source->frames = -1; /* not to be relied on, in the output's header least of all */
    const signal_format format = format_of(o);
    return signal_create(a->output, j->output, &format, a->source, &a->sink, &j->why);
}

static sordino_status open_plot(audio_job *a)
{
    job *const j = a->job;
    const options *const o = a->setup->options;
    const plot_config config = {.mode = j->rate < 8000 ? PLOT_SENSOR : PLOT_AUDIO,
                                .rate = j->rate,
                                .before = j->input,
                                .after = j->output};
    if (!o->plot)
        return SORDINO_OK;
    j->subject = o->plot;
    return before_new(&config, j->latency, o->block, &a->before, &j->why);
}

/* What came out of the filter. */
static sordino_status give(audio_job *a, size_t n)
{
    a->job->subject = a->job->output;
    a->job->frames += n;
    gaps_out(a->gaps, a->out, n);
    if (a->before)
        before_out(a->before, a->out, n, a->source->channels);
    return a->sink->write(a->sink, a->out, n, &a->job->why);
}

/* The input ended; was it all there? */
static sordino_status check_end(audio_job *a, uint64_t done)
{
    source *const s = a->source;
    const bool salvage = a->setup->options->salvage;
    if (s->frames > 0 && (uint64_t)s->frames > done && s->lost == 0)
        s->lost = s->frames - (int64_t)done;
    a->job->subject = a->job->input;
    if (done == 0)
        return fail(&a->job->why, SORDINO_IO, "holds no samples; nothing was written");
    if (s->lost > 0 && !salvage)
        return fail_lost(a, s->lost, done);
    if (s->lost > 0)
        job_note(a->job, "ends %.3g s early; what there is was denoised",
                 (double)s->lost / s->rate);
    return SORDINO_OK;
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
            job_note(j, "%.*s; what could be read was denoised", (int)strcspn(j->why.text, ";"),
                     j->why.text);
            status = SORDINO_OK;
        }
        if (!status && a->before)
            before_in(a->before, a->in, got, a->source->channels);
        gaps_in(a->gaps, a->in, got);
        if (!status)
            status = give(a, filter_push(a->filter, a->in, got, a->out));
        done += got;
        job_progress(a->setup, done, a->source->frames, &a->progress);
    }
    if (!status)
        status = check_end(a, done);
    for (size_t n = 1; !status && n > 0;) {
        n = filter_flush(a->filter, a->out);
        status = give(a, n);
    }
    return status;
}

static void read_meters(audio_job *a)
{
    sordino_meters meters;
    sordino_denoiser_read_meters(filter_denoiser(a->filter), &meters);
    a->job->input_db = meters.input_db;
    a->job->output_db = meters.output_db;
    a->job->reduction_db = meters.reduction_db;
    job_note_warnings(a->job, sordino_denoiser_warnings(filter_denoiser(a->filter)));
}

static sordino_status finish(audio_job *a)
{
    job *const j = a->job;
    j->subject = j->output;
    j->clipped = a->sink->clipped;
    j->gaps = gaps_count(a->gaps);
    sordino_status status = a->sink->finish(a->sink, &j->why);
    if (status)
        return status;
    read_meters(a);
    status = output_commit(a->output, &j->why);
    a->output = NULL;
    if (!status && a->before) {
        j->subject = a->setup->options->plot;
        status = before_finish(a->before, j->subject, &j->why);
    }
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
        status = open_plot(&a);
    if (!status)
        status = open_sink(&a);
    if (!status)
        status = stream(&a);
    if (!status)
        status = finish(&a);
    if (a.sink)
        a.sink->close(a.sink);
    output_abandon(a.output);
    close_source(&a);
    filter_free(a.filter);
    before_free(a.before);
    gaps_free(a.gaps);
    sordino_profile_free(a.learned);
    free(a.in);
    free(a.out);
    return status;
}
