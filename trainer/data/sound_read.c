#include "trainer/data/sound_read.h"

#include "common/sound/matrix.h"
#include "core/base/error.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sndfile.h>

enum { CHUNK = 4096, PASSAGES = 40 };
static const double fade = 0.005; /* s */

/* Interleaved frames, taken over, into channels. */
static sordino_status take_apart(sound *s, float *all, const char *path, sordino_error *why)
{
    const size_t channels = s->channels, n = s->n;
    for (size_t i = 0; i < n * channels; i++) {
        const bool finite = isfinite(all[i]);
        s->not_finite += !finite;
        all[i] = finite ? all[i] : 0.0f;
    }
    s->samples = channels == 1 ? all : malloc(n * channels * sizeof *s->samples);
    for (size_t c = 0; s->samples && channels > 1 && c < channels; c++)
        for (size_t i = 0; i < n; i++)
            s->samples[c * n + i] = all[i * channels + c];
    if (channels > 1)
        free(all);
    return s->samples ? SORDINO_OK : error_set(why, SORDINO_NO_MEM, "Out of memory for %s", path);
}

/* Fades a passage of `n` frames in and out: what is joined must not click. */
static void fade_ends(float *x, size_t n, size_t channels, double rate)
{
    const size_t edge = (size_t)fmin(fade * rate, (double)n / 4);
    for (size_t i = 0; i < edge; i++)
        for (size_t c = 0; c < channels; c++) {
            const float gain = ((float)i + 0.5f) / (float)edge;
            x[i * channels + c] *= gain;
            x[(n - 1 - i) * channels + c] *= gain;
        }
}

/* Passages spread over a file of `frames` frames, `wanted` in all. */
static sordino_status read_passages(SNDFILE *f, sound *s, size_t frames, size_t wanted,
                                    const char *path, sordino_error *why)
{
    const size_t channels = s->channels, each = wanted / PASSAGES;
    float *const all = malloc(PASSAGES * each * channels * sizeof *all);
    if (!all)
        return error_set(why, SORDINO_NO_MEM, "Out of memory for %s", path);
    for (size_t k = 0; k < PASSAGES; k++) {
        float *const to = all + s->n * channels;
        const size_t start = (size_t)((double)(frames - each) * (double)k / (PASSAGES - 1));
        const sf_count_t got = sf_seek(f, (sf_count_t)start, SEEK_SET) < 0
                                   ? 0
                                   : sf_readf_float(f, to, (sf_count_t)each);
        if (got > 0)
            fade_ends(to, (size_t)got, channels, s->rate);
        s->n += got > 0 ? (size_t)got : 0;
        s->cut = s->cut || got < (sf_count_t)each;
    }
    if (s->n == 0) {
        free(all);
        return error_set(why, SORDINO_IO, "%s has no samples", path);
    }
    return take_apart(s, all, path, why);
}

/* Frames as they come, since a damaged header may promise anything. */
static sordino_status read_frames(SNDFILE *f, sound *s, size_t expected, const char *path,
                                  sordino_error *why)
{
    const size_t channels = s->channels;
    size_t room = 0, n = 0;
    float *all = NULL, *const chunk = malloc(CHUNK * channels * sizeof *chunk);
    sf_count_t got = 0;
    while (chunk && (got = sf_readf_float(f, chunk, CHUNK)) > 0) {
        if (n + (size_t)got > room) {
            room = room ? 2 * room : (expected < ((size_t)1 << 24) ? expected : 0) + CHUNK;
            float *const more = realloc(all, room * channels * sizeof *more);
            if (!more)
                break;
            all = more;
        }
        memcpy(all + n * channels, chunk, (size_t)got * channels * sizeof *chunk);
        n += (size_t)got;
    }
    free(chunk);
    if (got > 0 || !all) {
        free(all);
        return got > 0 || !chunk ? error_set(why, SORDINO_NO_MEM, "Out of memory for %s", path)
                                 : error_set(why, SORDINO_IO, "%s has no samples", path);
    }
    s->n = n;
    s->cut = n < expected;
    return take_apart(s, all, path, why);
}

sordino_status sound_read_some(const char *path, double longest, sound *out, sordino_error *why)
{
    SF_INFO info = {0};
    *out = (sound){0};
    if (matrix_is_no_sound(path))
        return error_set(why, SORDINO_UNSUPPORTED, "%s %s", path, matrix_message);
    SNDFILE *const f = sf_open(path, SFM_READ, &info);
    if (!f)
        return error_set(why, SORDINO_IO, "%s: %s", path, sf_strerror(NULL));
    const size_t frames = info.frames > 0 ? (size_t)info.frames : 0;
    const double most = longest * info.samplerate;
    sordino_status status;
    out->channels = (size_t)info.channels;
    out->rate = info.samplerate;
    if (info.channels < 1 || info.samplerate < 1)
        status = error_set(why, SORDINO_IO, "%s has no samples", path);
    else if ((double)frames > most && info.seekable)
        status = read_passages(f, out, frames, (size_t)most, path, why);
    else
        status = read_frames(f, out, frames, path, why);
    out->all = (double)(frames > out->n ? frames : out->n) / out->rate;
    sf_close(f);
    if (status != SORDINO_OK)
        *out = (sound){0};
    return status;
}

sordino_status sound_read(const char *path, sound *out, sordino_error *why)
{
    return sound_read_some(path, INFINITY, out, why);
}

double sound_rate(const char *path)
{
    SF_INFO info = {0};
    SNDFILE *const f = matrix_is_no_sound(path) ? NULL : sf_open(path, SFM_READ, &info);
    if (!f)
        return 0;
    sf_close(f);
    return info.samplerate;
}

void sound_free(sound *s)
{
    free(s->samples);
    *s = (sound){0};
}
