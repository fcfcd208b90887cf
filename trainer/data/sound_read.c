#include "trainer/data/sound_read.h"

#include "core/base/error.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <sndfile.h>

enum { CHUNK = 4096 };

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
    s->samples = malloc(n * channels * sizeof *s->samples);
    for (size_t c = 0; s->samples && c < channels; c++)
        for (size_t i = 0; i < n; i++) {
            const float x = all[i * channels + c];
            s->samples[c * n + i] = isfinite(x) ? x : 0.0f;
        }
    free(all);
    s->n = n;
    s->cut = n < expected;
    return s->samples ? SORDINO_OK : error_set(why, SORDINO_NO_MEM, "Out of memory for %s", path);
}

sordino_status sound_read(const char *path, sound *out, sordino_error *why)
{
    SF_INFO info = {0};
    *out = (sound){0};
    SNDFILE *const f = sf_open(path, SFM_READ, &info);
    if (!f)
        return error_set(why, SORDINO_IO, "%s: %s", path, sf_strerror(NULL));
    out->channels = (size_t)info.channels;
    out->rate = info.samplerate;
    const sordino_status status =
        info.channels < 1 || info.samplerate < 1
            ? error_set(why, SORDINO_IO, "%s has no samples", path)
            : read_frames(f, out, info.frames > 0 ? (size_t)info.frames : 0, path, why);
    sf_close(f);
    if (status != SORDINO_OK)
        *out = (sound){0};
    return status;
}

void sound_free(sound *s)
{
    free(s->samples);
    *s = (sound){0};
}
