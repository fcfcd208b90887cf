#include "offline/batch/table_job.h"
#include "common/atomic_file.h"
#include "common/plot/before.h"
#include "common/fail.h"
#include "common/filter.h"
#include "common/gz_io.h"
#include "offline/batch/learn.h"
#include "common/sound/signal_io.h"
#include "common/table/table_io.h"
#include "offline/batch/table_grid.h"
#include "offline/batch/table_tell.h"

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
    gz_reader *unpacked; /* what the input is read through */
    gz_writer *packed;   /* what the output is written through; NULL = as it is */
    table *table;
    size_t n_signals, n_groups;
    filter **filters;         /* [n_groups] */
    sordino_profile *learned; /* NULL = none */
    before *before;           /* NULL = no picture is wanted */
    float *trace;             /* [block] of the first column, for it */
    output *output;
    float *rows;     /* [block][n_signals] as read */
    float *in, *out; /* [block][n_signals] on the grid of time */
    size_t n_in;     /* places in `in` */
    table_grid grid;
    double power_in, power_out;  /* of the parts before the last restart, times their frames */
    uint64_t frames_before;      /* of them */
    uint64_t frames_now;         /* places since */
    float *group_in, *group_out; /* [block][GROUP] */
    int64_t bytes;               /* of the input; -1 = not known */
    unsigned progress;
} table_job;

static sordino_status open_table(table_job *t)
{
    job *const j = t->job;
    const options *const o = t->setup->options;
    const table_wishes wishes = {.rate = o->rate,
                                 .time_column = -1,
                                 .time = o->time,
                                 .columns = o->columns,
                                 .keep = o->keep,
                                 .missing = o->missing,
                                 .delimiter = o->delimiter,
                                 .decimal = o->decimal,
                                 .full_digits = o->full_digits};
    struct stat at;
    j->subject = j->input;
    sordino_status status = byte_open(j->input, &t->fd, &j->why);
    if (status)
        return status;
    if (fstat(t->fd, &at) == 0 && S_ISREG(at.st_mode))
        t->bytes = at.st_size;
    byte_input in = byte_input_fd(&t->fd);
    status = gz_reader_open(&in, &t->unpacked, &j->why);
    if (!status)
        status = table_open(in, &wishes, &t->table, &j->why);
    if (status)
        return status;
    const table_shape *const shape = table_shape_of(t->table);
    table_tell_taken(j, shape, o);
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
    gz_reader_close(t->unpacked);
    t->table = NULL;
    t->unpacked = NULL;
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
    const double rate = table_grid_rate(table_shape_of(t->table));
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
        sordino_denoiser_set_profile(denoiser, t->learned ? t->learned : t->setup->profile);
    j->latency = sordino_denoiser_latency(denoiser);
    return SORDINO_OK;
}

static sordino_status open_filters(table_job *t)
{
    job *const j = t->job;
    const options *const o = t->setup->options;
    sordino_status status = SORDINO_OK;
    t->filters = calloc(t->n_groups, sizeof *t->filters);
    t->rows = calloc(o->block * t->n_signals, sizeof *t->rows);
    t->in = calloc(o->block * t->n_signals, sizeof *t->in);
    t->out = calloc(o->block * t->n_signals, sizeof *t->out);
    t->group_in = calloc(o->block * GROUP, sizeof *t->group_in);
    t->group_out = calloc(o->block * GROUP, sizeof *t->group_out);
    t->trace = calloc(o->block, sizeof *t->trace);
    if (!t->filters || !t->rows || !t->in || !t->out || !t->group_in || !t->group_out || !t->trace)
        return fail_no_memory(&j->why);
    for (size_t g = 0; !status && g < t->n_groups; g++)
        status = open_filter(t, g);
    j->channels = (uint32_t)t->n_signals;
    if (!status && table_shape_of(t->table)->rate > 0)
        j->rate = table_shape_of(t->table)->rate;
    if (!status && !table_grid_open(&t->grid, table_shape_of(t->table), j->latency + 2 * o->block))
        status = fail_no_memory(&j->why);
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

static bool write_output(void *user, const void *bytes, size_t n)
{
    return output_write(user, bytes, n);
}

static sordino_status open_output(table_job *t)
{
    job *const j = t->job;
    const options *const o = t->setup->options;
    j->subject = j->output;
    if (o->format || o->subtype)
        return fail(&j->why, SORDINO_BAD_ARG,
                    "is a table as IN is; --format and --subtype are for sound and bare samples");
    const sordino_status status = output_open(j->output, o->force, &t->output, &j->why);
    if (status || !gz_is_name(j->output))
        return status;
    t->packed = gz_writer_new(write_output, t->output);
    return t->packed ? SORDINO_OK : fail_no_memory(&j->why);
}

/* `n` places through all groups, or, without rows, what the filters still hold. */
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
    table_job *const t = user;
    return t->packed ? gz_write(t->packed, bytes, n) : output_write(t->output, bytes, n);
}

static sordino_status give(table_job *t, size_t n)
{
    job *const j = t->job;
    j->subject = j->output;
    j->frames += n;
    if (t->before)
        before_out(t->before, trace(t, t->out, n), n, 1);
    if (table_write(t->table, t->out, n, t->setup->options->fill_gaps, write_bytes, t)) {
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
        table_read(t->table, t->rows, t->setup->options->block, got, &j->why);
    if (!status || !t->setup->options->salvage || status == SORDINO_NO_MEM)
        return status;
    job_note(j, "%.150s; what could be read was denoised", j->why.text);
    return SORDINO_OK;
}

/* Places with rows among those that are ready. */
static sordino_status give_places(table_job *t, size_t n)
{
    return give(t, table_grid_pick(&t->grid, t->out, n, t->n_signals));
}

/* What waits in `in`. */
static sordino_status push(table_job *t)
{
    const size_t n = t->n_in;
    t->n_in = 0;
    t->frames_now += n;
    return n > 0 ? give_places(t, denoise(t, n)) : SORDINO_OK;
}

/* All that the filters hold. */
static sordino_status drain(table_job *t)
{
    sordino_status status = push(t);
    for (size_t n = 1; !status && n > 0;) {
        n = denoise(t, 0);
        status = give_places(t, n);
    }
    return status;
}

/* The levels so far, as powers times frames. */
static void add_meters(table_job *t)
{
    const double frames = (double)t->frames_now;
    for (size_t g = 0; g < t->n_groups; g++) {
        sordino_meters meters;
        const double share = (double)group_size(t, g) / (double)t->n_signals;
        sordino_denoiser_read_meters(filter_denoiser(t->filters[g]), &meters);
        t->power_in += frames * share * pow(10, meters.input_db / 10.0);
        t->power_out += frames * share * pow(10, meters.output_db / 10.0);
    }
    t->frames_before += t->frames_now;
    t->frames_now = 0;
}

static sordino_status restart(table_job *t)
{
    const sordino_status status = drain(t);
    add_meters(t);
    for (size_t g = 0; g < t->n_groups; g++)
        filter_restart(t->filters[g]);
    return status;
}

static sordino_status put(table_job *t, const float *row)
{
    float *const to = t->in + t->n_in * t->n_signals;
    for (size_t c = 0; c < t->n_signals; c++)
        to[c] = row ? row[c] : NAN;
    table_grid_take(&t->grid, row != NULL);
    return ++t->n_in == t->setup->options->block ? push(t) : SORDINO_OK;
}

/* `n` rows that were read, each at its place in time. */
static sordino_status place(table_job *t, size_t n)
{
    const double *const steps = table_steps(t->table);
    sordino_status status = SORDINO_OK;
    for (size_t i = 0; !status && i < n; i++) {
        bool begins_anew;
        size_t empty = table_grid_next(&t->grid, steps[i], &begins_anew);
        if (begins_anew)
            status = restart(t);
        for (; !status && empty > 0; empty--)
            status = put(t, NULL);
        if (!status)
            status = put(t, t->rows + i * t->n_signals);
    }
    return status ? status : push(t);
}

static sordino_status stream(table_job *t)
{
    job *const j = t->job;
    size_t got = 1;
    sordino_status status = SORDINO_OK;
    while (!status && got > 0) {
        status = take(t, &got);
        if (!status && t->before)
            before_in(t->before, trace(t, t->rows, got), got, 1);
        if (!status && got > 0)
            status = place(t, got);
        job_progress(t->setup, table_counts_of(t->table)->bytes, t->bytes, &t->progress);
    }
    if (!status)
        status = drain(t);
    if (!status &&
        !(table_write_end(t->table, write_bytes, t) && (!t->packed || gz_finish(t->packed))))
        status = output_check(t->output, &j->why);
    return status;
}

/* Over all groups: powers add up. */
static void read_meters(table_job *t)
{
    job *const j = t->job;
    uint32_t warnings = 0;
    add_meters(t);
    for (size_t g = 0; g < t->n_groups; g++)
        warnings |= sordino_denoiser_warnings(filter_denoiser(t->filters[g]));
    job_note_warnings(j, warnings);
    const double frames = t->frames_before > 0 ? (double)t->frames_before : 1;
    j->input_db = (float)(10 * log10(t->power_in / frames));
    j->output_db = (float)(10 * log10(t->power_out / frames));
    j->reduction_db = j->input_db - j->output_db;
}

static sordino_status finish(table_job *t)
{
    job *const j = t->job;
    read_meters(t);
    j->gaps = table_counts_of(t->table)->gaps;
    table_tell_findings(j, table_shape_of(t->table), table_counts_of(t->table), &t->grid,
                        t->setup->options->rate);
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
    gz_reader_close(t.unpacked);
    gz_writer_free(t.packed);
    byte_close(t.fd);
    table_grid_close(&t.grid);
    free(t.rows);
    free(t.in);
    free(t.out);
    free(t.group_in);
    free(t.group_out);
    return status;
}
