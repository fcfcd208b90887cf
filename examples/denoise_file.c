/*
 * Removes the noise from a sound file: denoise_file IN OUT. Reads the whole file by libsndfile,
 * calls the library once, and writes a file of the same length and format.
 *
 *   cc denoise_file.c $(pkg-config --cflags --libs sordino-0 sndfile) -o denoise_file
 */
#include <sordino/sordino.h>

#include <sndfile.h>

#include <stdio.h>
#include <stdlib.h>

static int complain(const char *subject, const char *text)
{
    fprintf(stderr, "denoise_file: %s: %s\n", subject, text);
    return EXIT_FAILURE;
}

/* In place; the speech model where it is built in, the Wiener filter otherwise. */
static sordino_status denoise(float *samples, size_t n, const SF_INFO *info, sordino_error *why)
{
    sordino_config config;
    sordino_config_init(&config);
    config.rate = info->samplerate;
    config.channels = (uint32_t)info->channels;
    sordino_model *model = NULL;
    if (sordino_model_open_builtin("speech", &model, NULL) == SORDINO_OK)
        config.method = SORDINO_METHOD_NETWORK;
    const sordino_status status = sordino_denoise(&config, model, NULL, samples, samples, n, why);
    sordino_model_free(model);
    return status;
}

int main(int argc, char **argv)
{
    SF_INFO info = {0};
    if (argc != 3)
        return complain("usage", "denoise_file IN OUT");
    SNDFILE *const in = sf_open(argv[1], SFM_READ, &info);
    if (!in)
        return complain(argv[1], sf_strerror(NULL));
    const size_t channels = (size_t)info.channels;
    float *const samples = malloc(((size_t)info.frames * channels + 1) * sizeof *samples);
    if (!samples) {
        sf_close(in);
        return complain(argv[1], "too long for this example, which holds it all in memory");
    }
    const sf_count_t n = sf_readf_float(in, samples, info.frames);
    sf_close(in);

    sordino_error why;
    if (denoise(samples, (size_t)n, &info, &why) != SORDINO_OK) {
        free(samples);
        return complain(argv[1], why.text);
    }

    SNDFILE *const out = sf_open(argv[2], SFM_WRITE, &info);
    if (!out) {
        free(samples);
        return complain(argv[2], sf_strerror(NULL));
    }
    const sf_count_t written = sf_writef_float(out, samples, n);
    free(samples);
    if (sf_close(out) != 0 || written != n)
        return complain(argv[2], "could not be written");
    return EXIT_SUCCESS;
}
