/* Microsoft & IBM 1991, "Multimedia programming interface and data specifications"; format 3 wants
 * a "fact" chunk (Microsoft 1994, "New multimedia data types and data techniques"). */
#include "trainer/data/wav_write.h"

#include "core/base/bytes.h"
#include "core/base/error.h"
#include "common/atomic_file.h"

#include <math.h>
#include <string.h>

enum { HEADER = 58, SAMPLE = 4, FLOATS = 3, CHUNK = 4096 };

static void header_fill(unsigned char *h, uint32_t rate, uint32_t n)
{
    memset(h, 0, HEADER);
    memcpy(h, "RIFF", 4);
    store_le32(h + 4, HEADER - 8 + n * SAMPLE);
    memcpy(h + 8, "WAVEfmt ", 8);
    store_le32(h + 16, 18);
    store_le32(h + 20, FLOATS | 1u << 16); /* one channel */
    store_le32(h + 24, rate);
    store_le32(h + 28, rate * SAMPLE);
    store_le32(h + 32, SAMPLE | 8u * SAMPLE << 16);
    memcpy(h + 38, "fact", 4);
    store_le32(h + 42, 4);
    store_le32(h + 46, n);
    memcpy(h + 50, "data", 4);
    store_le32(h + 54, n * SAMPLE);
}

static bool samples_write(output *to, const float *x, size_t n)
{
    unsigned char bytes[CHUNK * SAMPLE];
    for (size_t start = 0; start < n; start += CHUNK) {
        const size_t size = n - start < CHUNK ? n - start : CHUNK;
        for (size_t i = 0; i < size; i++)
            store_le32(bytes + i * SAMPLE, float_to_bits(x[start + i]));
        if (!output_write(to, bytes, size * SAMPLE))
            return false;
    }
    return true;
}

sordino_status wav_write(const char *path, const float *x, size_t n, double rate,
                         sordino_error *why)
{
    sordino_error unseen = {0};
    why = why ? why : &unseen; /* what writes files always says why */
    if (!path || !x)
        return error_set(why, SORDINO_BAD_ARG, "The path or the samples are missing");
    if (!(rate >= 0.5 && rate <= 1e6))
        return error_set(why, SORDINO_BAD_ARG, "A WAV file cannot have a rate of %g Hz", rate);
    if (n > (UINT32_MAX - HEADER) / SAMPLE)
        return error_set(why, SORDINO_BAD_ARG, "A WAV file cannot hold %zu samples", n);
    output *to = NULL;
    const sordino_status status = output_open(path, true, &to, why);
    if (status != SORDINO_OK)
        return status;
    unsigned char header[HEADER];
    header_fill(header, (uint32_t)lround(rate), (uint32_t)n);
    if (output_write(to, header, sizeof header) && samples_write(to, x, n))
        return output_commit(to, why);
    const sordino_status failure = output_check(to, why);
    output_abandon(to);
    return failure;
}
