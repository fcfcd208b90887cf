/*
 * What the library makes of a recording with the plugins' settings: what every host's output is
 * compared with.
 *
 *     reference METHOD RATE CHANNELS LIMIT MIX BEFORE IN OUT
 *
 * METHOD is network or wiener; without a model named speech in the library both are the Wiener
 * filter, as in the plugins. BEFORE is the number of silent samples that go before. IN and OUT
 * hold interleaved native floats; OUT is as long as IN and in step with it.
 */
#include <sordino/sordino.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK = 512, MAX_CHANNELS = 2, MAX_SAMPLES = 1 << 26 };

/* The Wiener filter's window for the plugins' Delay as it comes, Normal. */
static const double window_of_normal_delay = 0.020; /* s */

static void fail(const char *what)
{
    fprintf(stderr, "reference: %s\n", what);
    exit(1);
}

typedef struct sound {
    size_t n; /* samples of all channels */
    float *samples;
} sound;

static sound read_sound(const char *path)
{
    sound s = {0, NULL};
    FILE *file = fopen(path, "rb");
    if (!file || fseek(file, 0, SEEK_END) != 0)
        fail("The input cannot be read");
    const long bytes = ftell(file);
    if (bytes < 0 || (unsigned long)bytes / sizeof *s.samples > MAX_SAMPLES)
        fail("The input is too long");
    s.n = (size_t)bytes / sizeof *s.samples;
    s.samples = malloc(s.n * sizeof *s.samples + 1);
    rewind(file);
    if (!s.samples || fread(s.samples, sizeof *s.samples, s.n, file) != s.n)
        fail("The input cannot be read");
    fclose(file);
    return s;
}

static sordino_model *own_model(void)
{
    sordino_model *model = NULL;
    sordino_error why = {SORDINO_OK, ""};
    if (sordino_model_open_builtin("speech", &model, &why) != SORDINO_OK &&
        why.status != SORDINO_NOT_FOUND)
        fail(why.text);
    return model;
}

/* Frames from..from+n of the input after `before` frames of silence, silence past its end. */
static void take(const sound *in, size_t channels, size_t before, size_t from,
                 float chunk[MAX_CHANNELS][CHUNK])
{
    for (size_t c = 0; c < channels; c++)
        for (size_t i = 0; i < CHUNK; i++) {
            const size_t at = from + i;
            const size_t sample = (at - before) * channels + c;
            chunk[c][i] = at >= before && sample < in->n ? in->samples[sample] : 0.0f;
        }
}

static void denoise(sordino_denoiser *d, const sound *in, size_t channels, size_t before,
                    float *out)
{
    static float chunk[MAX_CHANNELS][CHUNK];
    float *const places[MAX_CHANNELS] = {chunk[0], chunk[1]};
    const float *const sources[MAX_CHANNELS] = {chunk[0], chunk[1]};
    const size_t late = before + sordino_denoiser_latency(d), frames = in->n / channels;
    for (size_t from = 0; from < late + frames; from += CHUNK) {
        take(in, channels, before, from, chunk);
        sordino_denoiser_process(d, sources, places, CHUNK);
        for (size_t i = 0; i < CHUNK; i++)
            for (size_t c = 0; c < channels && from + i >= late && from + i < late + frames; c++)
                out[(from + i - late) * channels + c] = chunk[c][i];
    }
}

int main(int argc, char **argv)
{
    if (argc != 9)
        fail("Usage: reference METHOD RATE CHANNELS LIMIT MIX BEFORE IN OUT");
    sordino_config config;
    sordino_config_init(&config);
    config.rate = strtod(argv[2], NULL);
    config.channels = strtol(argv[3], NULL, 10) == 2 ? 2 : 1;
    config.limit = (double)strtof(argv[4], NULL);
    config.mix = (double)strtof(argv[5], NULL);
    sordino_model *model = strcmp(argv[1], "network") == 0 ? own_model() : NULL;
    config.method = model ? SORDINO_METHOD_NETWORK : SORDINO_METHOD_WIENER;
    config.window = model ? 0.0 : window_of_normal_delay;
    sordino_denoiser *denoiser;
    sordino_error why;
    if (sordino_denoiser_new(&config, model, &denoiser, &why) != SORDINO_OK)
        fail(why.text);
    const sound in = read_sound(argv[7]);
    float *out = calloc(in.n + 1, sizeof *out);
    if (!out)
        fail("Out of memory");
    denoise(denoiser, &in, config.channels, strtoul(argv[6], NULL, 10), out);
    FILE *file = fopen(argv[8], "wb");
    if (!file || fwrite(out, sizeof *out, in.n, file) != in.n || fclose(file) != 0)
        fail("The output cannot be written");
    free(in.samples);
    free(out);
    sordino_denoiser_free(denoiser);
    sordino_model_free(model);
    return 0;
}
