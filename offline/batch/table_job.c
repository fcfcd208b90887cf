#include "offline/batch/table_job.h"
#include "common/atomic_file.h"
#include "common/plot/before.h"
#include "common/fail.h"
#include "common/filter.h"
#include "offline/batch/learn.h"
#include "common/sound/signal_io.h"
#include "common/table/table_io.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* A denoiser has so many channels at most; a table may have more columns. */
enum { GROUP = SORDINO_MAX_CHANNELS };

/* All that is open while a job runs. */
typedef struct table_job {
    job *job;
    const job_setup *setup;
    int fd;
    table *table;
    size_t n_signals, n_groups;
    filter **filters;         /* [n_groups] */
    sordino_profile *learned; /* NULL = none */
    before *before;           /* NULL = no picture is wanted */
    float *trace;             /* [block] of the first column, for it */
    output *output;
    float *in, *out;             /* [block][n_signals] */
    float *group_in, *group_out; /* [block][GROUP] */
    int64_t bytes;               /* of the input; -1 = not known */
    unsigned progress;
} table_job;

static sordino_status open_table(table_job *t)
{
    job *const j = t->job;
    const options *const o = t->setup->options;
    const table_wishes wishes = {
        .rate = o->rate, .time_column = o->time_column, .columns = o->columns};
    struct stat at;
    j->subject = j->input;
    sordino_status status = byte_open(j->input, &t->fd, &j->why);
    if (status)
        return status;
    if (fstat(t->fd, &at) == 0 && S_ISREG(at.st_mode))
        t->bytes = at.st_size;
    status = table_open(byte_input_fd(&t->fd), &wishes, &t->table, &j->why);
    if (status)
        return status;
    const table_shape *const shape = table_shape_of(t->table);
    t->n_signals = shape->n_signals;
    t->n_groups = (shape->n_signals + GROUP - 1) / GROUP;
    return SORDINO_OK;
}

static size_t group_size(const table_job *t, size_t group)
{
    return group + 1 < t->n_groups ? GROUP : t->n_signals - group * GROUP;
}

/* The table as a signal alone: its rows are forgotten once read. */
typedef struct table_source {
    source base;
    table *table;
} table_source;

static sordino_status read_values(source *s, float *to, size_t n, size_t *got, sordino_error *why)
{
    table *const t = ((table_source *)s)->table;
    const sordino_status status = table_read(t, to, n, got, why);
    table_drop(t, *got);
    return status;
}

/* Reads the passage of noise, then opens the input again. */
static sordino_status learn(table_job *t, const sordino_config *config)
{
    job *const j = t->job;
    const options *const o = t->setup->options;
    table_source from = {
        {.rate = config->rate, .channels = config->channels, .frames = -1, .read = read_values},
        t->table};
    if (t->bytes < 0)
        return fail(&j->why, SORDINO_UNSUPPORTED,
                    "is a pipe, and --learn-noise reads twice; give a file, or --noise-profile");
    if (t->n_groups > 1)
        return fail(&j->why, SORDINO_UNSUPPORTED,
                    "has %zu columns of numbers, and --learn-noise serves %d; choose --columns",
                    t->n_signals, GROUP);
    sordino_status status =
        learn_noise(&from.base, o->learn_from, o->learn_to, config, j->model, &t->learned, &j->why);
    table_close(t->table);
    t->table = NULL;
    byte_close(t->fd);
    t->fd = -1;
    if (!status)
        status = open_table(t);
    if (!status && o->save_profile)
        status = job_save_profile(j, o, t->learned);
    return status;
}

static sordino_status open_filter(table_job *t, size_t group)
{
    job *const j = t->job;
    const options *const o = t->setup->options;
    const double rate = table_shape_of(t->table)->rate;
    sordino_config config;
    /* Without times and --rate: one sample a second. */
    sordino_status status = job_configure(j, t->setup, rate > 0 ? rate : 1,
                                          (uint32_t)group_size(t, group), true, &config);
    if (!status && t->n_groups > 1 && config.link_channels)
        status = fail(&j->why, SORDINO_UNSUPPORTED,
                      "has %zu columns of numbers, and --link serves %d; choose --columns",
                      t->n_signals, GROUP);
    if (!status && o->learn)
        status = learn(t, &config);
    if (!status)
        status = filter_new(&config, j->model, o->block, &t->filters[group], &j->why);
    if (status)
        return status;
    sordino_denoiser *const denoiser = filter_denoiser(t->filters[group]);
    if (t->learned || t->setup->profile)
        sordino_set_profile(denoiser, t->learned ? t->learned : t->setup->profile);
    j->latency = sordino_latency(denoiser);
    return SORDINO_OK;
}

static sordino_status open_filters(table_job *t)
{
    job *const j = t->job;
    const options *const o = t->setup->options;
    sordino_status status = SORDINO_OK;
    t->filters = calloc(t->n_groups, sizeof *t->filters);
    t->in = calloc(o->block * t->n_signals, sizeof *t->in);
    t->out = calloc(o->block * t->n_signals, sizeof *t->out);
    t->group_in = calloc(o->block * GROUP, sizeof *t->group_in);
    t->group_out = calloc(o->block * GROUP, sizeof *t->group_out);
    t->trace = calloc(o->block, sizeof *t->trace);
    if (!t->filters || !t->in || !t->out || !t->group_in || !t->group_out || !t->trace)
        return fail_no_memory(&j->why);
    for (size_t g = 0; !status && g < t->n_groups; g++)
        status = open_filter(t, g);
    j->channels = (uint32_t)t->n_signals;
    return status;
}

static sordino_status open_plot(table_job *t)
{
    job *const j = t->job;
    const options *const o = t->setup->options;
    /* Without a rate the axis counts rows. */
    const plot_config config = {.mode = PLOT_SENSOR,
                                .rate = table_shape_of(t->table)->rate,
                                .before = j->input,
                                .after = j->output};
    if (!o->plot)
        return SORDINO_OK;
    j->subject = o->plot;
    return before_new(&config, j->latency, o->block, &t->before, &j->why);
}

/* The first column in its own unit, for the picture. */
static const float *trace(table_job *t, const float *values, size_t n)
{
    const double offset = table_shape_of(t->table)->offsets[0];
    for (size_t i = 0; i < n; i++)
        t->trace[i] = (float)(values[i * t->n_signals] + offset);
    return t->trace;
}

static sordino_status open_output(table_job *t)
{
    job *const j = t->job;
    const options *const o = t->setup->options;
    j->subject = j->output;
    if (o->format || o->subtype)
        return fail(&j->why, SORDINO_BAD_ARG,
                    "is a table as IN is; --format and --subtype are for sound and bare samples");
    return output_open(j->output, o->force, &t->output, &j->why);
}

/* `n` rows through all groups, or, without rows, what the filters still hold. */
static size_t denoise(table_job *t, size_t n)
{
    size_t given = 0;
    for (size_t g = 0; g < t->n_groups; g++) {
        const size_t width = group_size(t, g), first = g * GROUP;
        for (size_t i = 0; i < n; i++)
            memcpy(t->group_in + i * width, t->in + i * t->n_signals + first,
                   width * sizeof *t->in);
        given = n > 0 ? filter_push(t->filters[g], t->group_in, n, t->group_out)
                      : filter_flush(t->filters[g], t->group_out);
        for (size_t i = 0; i < given; i++)
            memcpy(t->out + i * t->n_signals + first, t->group_out + i * width,
                   width * sizeof *t->out);
    }
    return given;
}

static bool write_bytes(void *user, const void *bytes, size_t n)
{
    return output_write(user, bytes, n);
}

static sordino_status give(table_job *t, size_t n)
{
    job *const j = t->job;
    j->subject = j->output;
    j->frames += n;
    if (t->before)
        before_out(t->before, trace(t, t->out, n), n, 1);
    if (table_write(t->table, t->out, n, t->setup->options->fill_gaps, write_bytes, t->output)) {
        if (output_is_stream(t->output))
            output_flush(t->output);
        return SORDINO_OK;
    }
    const sordino_status status = output_check(t->output, &j->why);
    return status ? status : fail_no_memory(&j->why);
}

static sordino_status take(table_job *t, size_t *got)
{
    job *const j = t->job;
    j->subject = j->input;
    const sordino_status status =
        table_read(t->table, t->in, t->setup->options->block, got, &j->why);
    if (!status || !t->setup->options->salvage || status == SORDINO_NO_MEM)
        return status;
    job_note(j, "%.150s; what could be read was denoised", j->why.text);
    return SORDINO_OK;
}

static sordino_status stream(table_job *t)
{
    job *const j = t->job;
    size_t got = 1;
    sordino_status status = SORDINO_OK;
    while (!status && got > 0) {
        status = take(t, &got);
        if (!status && t->before)
            before_in(t->before, trace(t, t->in, got), got, 1);
        if (!status && got > 0)
            status = give(t, denoise(t, got));
        job_progress(t->setup, table_counts_of(t->table)->bytes, t->bytes, &t->progress);
    }
    for (size_t n = 1; !status && n > 0;) {
        n = denoise(t, 0);
        status = give(t, n);
    }
    if (!status && !table_write_end(t->table, write_bytes, t->output))
        status = output_check(t->output, &j->why);
    return status;
}

static void tell_findings(table_job *t)
{
    job *const j = t->job;
    const table_counts *const c = table_counts_of(t->table);
    const table_shape *const shape = table_shape_of(t->table);
    j->gaps = c->gaps;
    if (c->texts > 0)
        job_note(j, "%llu cells of number columns hold words, and count as gaps",
                 (unsigned long long)c->texts);
    if (c->uneven > 0)
        job_note(j,
                 "%llu of %llu time steps are not %.6g s (the first before row %llu); rows were "
                 "taken as even",
                 (unsigned long long)c->uneven, (unsigned long long)c->rows - 1, shape->step,
                 (unsigned long long)c->first_uneven);
}

/* Over all groups: powers add up. */
static void read_meters(table_job *t)
{
    double in = 0, out = 0;
    uint32_t warnings = 0;
    for (size_t g = 0; g < t->n_groups; g++) {
        sordino_meters meters;
        const double share = (double)group_size(t, g) / (double)t->n_signals;
        sordino_read_meters(filter_denoiser(t->filters[g]), &meters);
        in += share * pow(10, meters.input_db / 10.0);
        out += share * pow(10, meters.output_db / 10.0);
        warnings |= sordino_denoiser_warnings(filter_denoiser(t->filters[g]));
    }
    job_note_warnings(t->job, warnings);
    t->job->input_db = (float)(10 * log10(in));
    t->job->output_db = (float)(10 * log10(out));
    t->job->reduction_db = t->job->input_db - t->job->output_db;
}

static sordino_status finish(table_job *t)
{
    job *const j = t->job;
    read_meters(t);
    tell_findings(t);
    j->subject = j->output;
    const sordino_status status = output_commit(t->output, &j->why);
    t->output = NULL;
    if (status || !t->before)
        return status;
    j->subject = t->setup->options->plot;
    return before_finish(t->before, j->subject, &j->why);
}

sordino_status table_job_run(job *j, const job_setup *setup)
{
    table_job t = {.job = j, .setup = setup, .fd = -1, .bytes = -1};
    sordino_status status = open_table(&t);
    if (!status)
        status = open_filters(&t);
    if (!status)
        status = open_plot(&t);
    if (!status)
        status = open_output(&t);
    if (!status)
        status = stream(&t);
    if (!status)
        status = finish(&t);
    output_abandon(t.output);
    for (size_t g = 0; t.filters && g < t.n_groups; g++)
        filter_free(t.filters[g]);
    free(t.filters);
    sordino_profile_free(t.learned);
    before_free(t.before);
    free(t.trace);
    table_close(t.table);
    byte_close(t.fd);
    free(t.in);
    free(t.out);
    free(t.group_in);
    free(t.group_out);
    return status;
}
