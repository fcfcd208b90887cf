/* Samples without a header, interleaved. */
#include "stream/raw_job.h"

#include "common/sound/encoding.h"
#include "common/fail.h"
#include "common/table/gaps.h"
#include "common/sound/raw_io.h"

#include <stdlib.h>

typedef struct samples {
    raw_job *job;
    source *source;
    gaps *gaps;
    encoding encoding;
    pcm pcm;
    uint32_t channels;
    int32_t *whole;       /* [RAW_BLOCK][channels] */
    unsigned char *bytes; /* [RAW_BLOCK][channels] encoded */
} samples;

static sordino_status open_samples(samples *s)
{
    raw_job *const j = s->job;
    const raw_stream_config *const c = j->config;
    s->channels = c->channels > 0 ? c->channels : 1;
    if (!encoding_parse(c->encoding, &s->encoding))
        return fail(&j->why, SORDINO_BAD_ARG, "cannot be read as %s; give f32le, s16le or text",
                    c->encoding);
    const raw_config config = {.encoding = s->encoding,
                               .rate = c->rate,
                               .channels = s->channels,
                               .n_bytes = UINT64_MAX,
                               .format = "raw"};
    sordino_status status = raw_open(raw_pipe_input(&j->pipe), &config, &s->source, &j->why);
    if (!status)
        status = raw_job_filter(j, s->channels);
    if (status)
        return status;
    const unsigned bits = encoding_bits(s->encoding.kind);
    const size_t n = (size_t)RAW_BLOCK * s->channels;
    pcm_init(&s->pcm, bits > 0 ? (int)bits : 32, c->dither);
    s->gaps = gaps_new(j->latency, RAW_BLOCK, s->channels, !c->fill_gaps);
    s->whole = malloc(n * sizeof *s->whole);
    s->bytes = malloc(n * encoding_bytes(s->encoding.kind));
    return s->gaps && s->whole && s->bytes ? SORDINO_OK : fail_no_memory(&j->why);
}

static sordino_status give(samples *s, size_t n)
{
    raw_job *const j = s->job;
    j->frames += n;
    gaps_out(s->gaps, j->out, n);
    const size_t count = n * s->channels;
    encoding_encode(s->encoding, &s->pcm, j->out, s->whole, s->bytes, count);
    raw_pipe_write(&j->pipe, s->bytes, count * encoding_bytes(s->encoding.kind));
    return raw_job_flush(j);
}

static sordino_status pass(samples *s)
{
    raw_job *const j = s->job;
    size_t got = 1;
    sordino_status status = SORDINO_OK;
    while (!status && got > 0) {
        j->subject = "standard input";
        status = s->source->read(s->source, j->in, RAW_BLOCK, &got, &j->why);
        if (status)
            break;
        gaps_in(s->gaps, j->in, got);
        status = give(s, filter_push(j->filter, j->in, got, j->out));
    }
    for (size_t n = 1; !status && n > 0;) {
        n = filter_flush(j->filter, j->out);
        status = give(s, n);
    }
    return status;
}

static void tell_end(const samples *s)
{
    const raw_job *const j = s->job;
    const size_t frame = (size_t)encoding_bytes(s->encoding.kind) * s->channels;
    const unsigned cut = (unsigned)(j->pipe.n_in % frame);
    if (cut > 0 && !j->pipe.stopped && !j->config->quiet)
        raw_job_tell(j, "ends within a frame; its first %u bytes of %zu were left out", cut, frame);
    if (s->pcm.clipped > 0 && !j->config->quiet)
        raw_job_tell(j, "%llu samples were past full scale and clipped; f32 keeps them",
                     (unsigned long long)s->pcm.clipped);
}

sordino_status raw_samples_run(raw_job *j)
{
    samples s = {.job = j};
    sordino_status status = open_samples(&s);
    if (!status)
        status = pass(&s);
    if (!status)
        tell_end(&s);
    if (s.gaps)
        j->gaps = gaps_count(s.gaps);
    if (s.source)
        s.source->close(s.source);
    gaps_free(s.gaps);
    free(s.whole);
    free(s.bytes);
    return status;
}
