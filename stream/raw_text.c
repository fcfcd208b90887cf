/* Numbers as text, a line for each sample: a table that has no end. */
#include "stream/raw_job.h"

#include "common/fail.h"
#include "common/table/table_io.h"

typedef struct text {
    raw_job *job;
    table *table;
    uint64_t told; /* odd rows told of so far */
} text;

static sordino_status open_text(text *t)
{
    raw_job *const j = t->job;
    const raw_stream_config *const c = j->config;
    const table_wishes wishes = {.rate = c->rate,
                                 .time_column = c->time_column,
                                 .columns = c->columns,
                                 .n_signals = c->columns ? 0 : c->channels,
                                 .first_row = true};
    sordino_status status = table_open(raw_pipe_input(&j->pipe), &wishes, &t->table, &j->why);
    if (status)
        return status;
    const size_t n = table_shape_of(t->table)->n_signals;
    if (n > SORDINO_MAX_CHANNELS)
        return fail(&j->why, SORDINO_UNSUPPORTED,
                    "has %zu columns of numbers, and %d are served; choose --columns", n,
                    SORDINO_MAX_CHANNELS);
    /* Nothing came at all: then there is nothing to do either. */
    return n > 0 ? raw_job_filter(j, (uint32_t)n) : SORDINO_OK;
}

/* Of odd rows the 1st, 10th, 100th ... are told, so that a bad line fills no log. */
static void tell_odd(text *t)
{
    const raw_job *const j = t->job;
    const uint64_t n = table_counts_of(t->table)->odd;
    table_odd odd;
    uint64_t next = 1;
    while (next <= t->told)
        next *= 10;
    table_take_odd(t->table, &odd);
    if (n < next || odd.line == 0 || j->config->quiet)
        return;
    t->told = n;
    if (odd.is_short)
        raw_job_tell(j, "line %llu has no column %zu; it counts as missing",
                     (unsigned long long)odd.line, odd.column);
    else
        raw_job_tell(j,
                     "line %llu holds '%s' in column %zu, which is no number; it counts as "
                     "missing",
                     (unsigned long long)odd.line, odd.text, odd.column);
}

static bool write_text(void *user, const void *bytes, size_t n)
{
    return raw_pipe_write(user, bytes, n);
}

static sordino_status give(text *t, size_t n)
{
    raw_job *const j = t->job;
    j->frames += n;
    if (!table_write(t->table, j->out, n, j->config->fill_gaps, write_text, &j->pipe) &&
        !j->pipe.error)
        return fail_no_memory(&j->why);
    return raw_job_flush(j);
}

/* A line that a signal cut off has no value. */
static bool is_cut(const raw_pipe *p)
{
    return p->stopped && p->n_in > 0 && p->last != '\n' && p->last != '\r';
}

static sordino_status pass(text *t)
{
    raw_job *const j = t->job;
    size_t got = 1;
    sordino_status status = SORDINO_OK;
    bool done = false;
    while (!status && !done) {
        const bool was_stopped = j->pipe.stopped;
        j->subject = "standard input";
        status = table_read(t->table, j->in, RAW_BLOCK, &got, &j->why);
        if (status)
            break;
        tell_odd(t);
        if (got > 0 && !was_stopped && is_cut(&j->pipe))
            got--;
        done = got == 0 || is_cut(&j->pipe);
        status = give(t, got > 0 ? filter_push(j->filter, j->in, got, j->out) : 0);
    }
    for (size_t n = 1; !status && n > 0;) {
        n = filter_flush(j->filter, j->out);
        status = give(t, n);
    }
    if (!status && !is_cut(&j->pipe) && table_write_end(t->table, write_text, &j->pipe))
        status = raw_job_flush(j);
    return status;
}

sordino_status raw_text_run(raw_job *j)
{
    text t = {.job = j};
    sordino_status status = open_text(&t);
    if (!status && j->filter)
        status = pass(&t);
    if (t.table)
        j->gaps = table_counts_of(t.table)->gaps;
    table_close(t.table);
    return status;
}
