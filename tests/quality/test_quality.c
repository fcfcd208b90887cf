/*
 * The Wiener filter on recorded speech with recorded noise: the validation lists of a data folder
 * (argument 1), mixed here at 0, 5, 10 and 15 dB. Skipped where the folder is absent.
 */
#include <sordino/sordino.h>

#include "offline/eval/metrics.h"
#include "offline/eval/resample.h"
#include "offline/eval/stoi.h"
#include "tests/support/cmocka_all.h"
#include "tests/support/signals.h"

#include <sndfile.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RATE = 16000, MAX_FILES = 400, EVERY = 4, SKIPPED = 77 };

/* What the filter must do in the mean over the mixtures. */
static const double least_si_sdr_gain = 2.0; /* dB */
static const double most_estoi_loss = 0.01;

static const char *folder;

typedef struct list {
    char names[MAX_FILES][128];
    size_t n;
} list;

static bool read_list(const char *kind, list *out)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/%s/VALIDATION.txt", folder, kind);
    FILE *file = fopen(path, "r");
    if (!file)
        return false;
    char name[128];
    for (out->n = 0; out->n < MAX_FILES && fscanf(file, "%127s", name) == 1; out->n++)
        memcpy(out->names[out->n], name, sizeof name);
    fclose(file);
    return out->n > 0;
}

/* The first channel at RATE; the caller frees. */
static double *load(const char *kind, const char *name, size_t *n)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/%s/%s", folder, kind, name);
    SF_INFO info = {0};
    SNDFILE *file = sf_open(path, SFM_READ, &info);
    assert_non_null(file);
    const size_t frames = (size_t)info.frames, channels = (size_t)info.channels;
    double *all = calloc(frames * channels, sizeof *all);
    assert_non_null(all);
    assert_int_equal(sf_readf_double(file, all, info.frames), info.frames);
    sf_close(file);
    for (size_t i = 0; i < frames; i++)
        all[i] = all[i * channels];
    double *out = resample(all, frames, (uint32_t)info.samplerate, RATE, n);
    assert_non_null(out);
    free(all);
    return out;
}

static double power(const double *x, size_t n)
{
    double sum = 0.0;
    for (size_t i = 0; i < n; i++)
        sum += x[i] * x[i];
    return sum / (double)n;
}

/* Speech plus noise from a random place, looped, at `snr` dB over the whole utterance. */
static void mix(const double *speech, double *noisy, size_t n, const double *noise, size_t n_noise,
                double snr, uint64_t *random)
{
    const size_t from = (size_t)(test_random(random) % n_noise);
    for (size_t i = 0; i < n; i++)
        noisy[i] = noise[(from + i) % n_noise];
    const double level = fmax(power(noisy, n), 1e-12);
    const double gain = sqrt(power(speech, n) / level * pow(10.0, -snr / 10.0));
    for (size_t i = 0; i < n; i++)
        noisy[i] = speech[i] + gain * noisy[i];
}

/* `y` is `x` through the Wiener filter with its defaults, at zero offset. */
static void denoise(const double *x, double *y, size_t n)
{
    sordino_config config;
    sordino_config_init(&config);
    config.rate = RATE;
    sordino_denoiser *d = NULL;
    assert_int_equal(sordino_new(&config, NULL, &d, NULL), SORDINO_OK);
    const size_t latency = sordino_latency(d);
    float *samples = calloc(n + latency, sizeof *samples);
    assert_non_null(samples);
    for (size_t i = 0; i < n; i++)
        samples[i] = (float)x[i];
    sordino_process(d, (const float *const[]){samples}, (float *const[]){samples}, n + latency);
    for (size_t i = 0; i < n; i++)
        y[i] = (double)samples[i + latency];
    free(samples);
    sordino_free(d);
}

typedef struct score {
    double si_sdr, estoi;
} score;

static score measure(const double *clean, const double *other, size_t n)
{
    double stoi = 0.0;
    score s = {metric_si_sdr(clean, other, n), 0.0};
    assert_int_equal(stoi_measure(clean, other, n, RATE, &stoi, &s.estoi), STOI_OK);
    return s;
}

static void wiener_helps_recorded_speech_and_keeps_it_intelligible(void **state)
{
    (void)state;
    static list speech, noise;
    assert_true(read_list("speech", &speech) && read_list("noise", &noise));
    uint64_t random = test_seed(1);
    score before = {0.0, 0.0}, after = {0.0, 0.0};
    size_t count = 0, next_noise = 0;
    for (size_t i = 0; i < speech.n; i += EVERY) {
        size_t n, n_noise;
        double *clean = load("speech", speech.names[i], &n);
        double *noisy = calloc(n, sizeof *noisy), *processed = calloc(n, sizeof *processed);
        for (double snr = 0.0; snr <= 15.0; snr += 5.0) {
            double *background = load("noise", noise.names[next_noise % noise.n], &n_noise);
            next_noise += 11; /* strides through all kinds of noise */
            mix(clean, noisy, n, background, n_noise, snr, &random);
            denoise(noisy, processed, n);
            const score a = measure(clean, noisy, n), b = measure(clean, processed, n);
            before.si_sdr += a.si_sdr;
            before.estoi += a.estoi;
            after.si_sdr += b.si_sdr;
            after.estoi += b.estoi;
            count++;
            free(background);
        }
        free(clean);
        free(noisy);
        free(processed);
    }
    const double gain = (after.si_sdr - before.si_sdr) / (double)count;
    const double loss = (before.estoi - after.estoi) / (double)count;
    printf("%zu mixtures: SI-SDR %+.2f dB, ESTOI %+.4f\n", count, gain, -loss);
    assert_true(gain >= least_si_sdr_gain);
    assert_true(loss <= most_estoi_loss);
}

int main(int argc, char **argv)
{
    list found;
    folder = argc > 1 ? argv[1] : "";
    if (!read_list("speech", &found)) {
        printf("skipped: no recorded speech at \"%s\"\n", folder);
        return SKIPPED;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wiener_helps_recorded_speech_and_keeps_it_intelligible),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
