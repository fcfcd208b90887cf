#include "common/sound/signal_io.h"
#include "common/byte_io.h"
#include "common/sound/encoding.h"
#include "common/fail.h"
#include "common/sound/raw_io.h"
#include "common/sound/wav_io.h"
#include "common/sound/wav_stream.h"

#include <sordino/sordino.h>

#include <math.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

static sordino_status open_raw(const char *path, const signal_format *f, source **out,
                               sordino_error *why)
{
    raw_config config = {
        .rate = f->raw_rate, .channels = f->raw_channels, .n_bytes = UINT64_MAX, .format = "raw"};
    struct stat at;
    int fd;
    if (!encoding_parse(f->raw, &config.encoding))
        return fail(why, SORDINO_BAD_ARG, "cannot be read as %s; give f32le or s16le", f->raw);
    const sordino_status status = byte_open(path, &fd, why);
    if (status)
        return status;
    if (strcmp(path, "-") != 0 && fstat(fd, &at) == 0 && S_ISREG(at.st_mode)) {
        /* Known, so that progress can be told; a frame that is cut off at the end is left out. */
        const uint64_t frame = (uint64_t)encoding_bytes(config.encoding.kind) * config.channels;
        config.n_bytes = (uint64_t)at.st_size / frame * frame;
    }
    return raw_open_fd(fd, &config, out, why);
}

static sordino_status open_stream(const char *path, source **out, sordino_error *why)
{
    int fd;
    sordino_status status = byte_open(path, &fd, why);
    if (!status)
        status = wav_stream_open_fd(fd, out, why);
    if (status || (*out)->channels <= SORDINO_MAX_CHANNELS)
        return status;
    status = fail(why, SORDINO_UNSUPPORTED, "has %lu channels; up to %d are served",
                  (unsigned long)(*out)->channels, SORDINO_MAX_CHANNELS);
    (*out)->close(*out);
    *out = NULL;
    return status;
}

sordino_status signal_open(const char *path, const signal_format *f, source **out,
                           sordino_error *why)
{
    struct stat at;
    const bool is_stdin = strcmp(path, "-") == 0;
    *out = NULL;
    if (f->raw)
        return open_raw(path, f, out, why);
    if (is_stdin ? fstat(0, &at) != 0 : stat(path, &at) != 0)
        return is_stdin ? open_stream(path, out, why) : wav_open(path, out, why);
    /* A file given as standard input can be sought in: then it may be of any format. */
    if (S_ISREG(at.st_mode) || S_ISDIR(at.st_mode))
        return wav_open(is_stdin ? "/dev/stdin" : path, out, why);
    return open_stream(path, out, why);
}

/* How samples are to be kept where libsndfile is not asked; NONE when only it could. */
static encoding_kind pick_kind(const signal_format *f, const source *like)
{
    if (f->subtype)
        return encoding_of_subtype(f->subtype);
    const encoding_kind own = encoding_of_subtype(like->subtype);
    return own == ENCODING_NONE ? ENCODING_S16 : own;
}

static sordino_status fail_subtype(const signal_format *f, sordino_error *why)
{
    return fail(why, SORDINO_UNSUPPORTED,
                "cannot be %s without a file format; choose pcm_16, pcm_24 or float", f->subtype);
}

static sordino_status create_raw(output *to, const signal_format *f, const source *like, sink **out,
                                 sordino_error *why)
{
    encoding e = {ENCODING_NONE, false};
    if (f->raw)
        (void)encoding_parse(f->raw, &e);
    e.kind = pick_kind(f, like);
    if (e.kind == ENCODING_NONE)
        return fail_subtype(f, why);
    return raw_create(to, e, like->channels, f->dither, out, why);
}

static sordino_status create_stream(output *to, const signal_format *f, const source *like,
                                    sink **out, sordino_error *why)
{
    const char *const format = f->file ? f->file : like->format;
    const bool is_au = strcasecmp(format, "au") == 0 || strcasecmp(format, "snd") == 0;
    const encoding_kind kind = pick_kind(f, like);
    if (f->file && !is_au && strcasecmp(format, "wav") != 0)
        return fail(why, SORDINO_UNSUPPORTED,
                    "cannot be a stream of %s; choose --format wav, au or raw, or a file", f->file);
    if (kind == ENCODING_NONE)
        return fail_subtype(f, why);
    return wav_stream_create(to, is_au, kind, like, f->dither, out, why);
}

static bool is_audio_name(const char *path)
{
    const char *const slash = strrchr(path, '/');
    const char *const dot = strrchr(slash ? slash : path, '.');
    return dot && strcasecmp(dot, ".raw") != 0 && wav_is_format(dot + 1);
}

sordino_status signal_create(output *to, const char *path, const signal_format *f,
                             const source *like, sink **out, sordino_error *why)
{
    const bool is_file = strcmp(path, "-") != 0;
    *out = NULL;
    if (f->file ? strcasecmp(f->file, "raw") == 0 : f->raw && !(is_file && is_audio_name(path)))
        return create_raw(to, f, like, out, why);
    if (!is_file || output_is_stream(to))
        return create_stream(to, f, like, out, why);
    if (like->rate != floor(like->rate))
        return fail(why, SORDINO_UNSUPPORTED,
                    "cannot hold a rate of %.9g Hz, only whole ones; choose --format raw",
                    like->rate);
    const wav_target target = {path, f->file, f->subtype, f->dither};
    return wav_create(to, &target, like, out, why);
}
