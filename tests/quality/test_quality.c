/*
 * The Wiener filter and the built-in model on recorded speech with recorded noise: the validation
 * lists of a data folder (argument 1), mixed here at 0, 5, 10 and 15 dB. Skipped where the folder
 * is absent.
 */
#include <sordino/sordino.h>

#include "common/metrics/metrics.h"
#include "common/metrics/resample.h"
#include "common/metrics/stoi.h"
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
/* What the model must do beyond the filter. */
static const double least_si_sdr_lead = 2.0; /* dB */
static const double least_estoi_lead = 0.02;

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

/* `y` is `x` through a model, or the Wiener filter when NULL, with its defaults, at zero offset. */
static void denoise(const sordino_model *model, const double *x, double *y, size_t n)
{
    sordino_config config;
    sordino_config_init(&config);
    config.rate = RATE;
    config.method = model ? SORDINO_METHOD_NETWORK : SORDINO_METHOD_WIENER;
    sordino_denoiser *d = NULL;
    assert_int_equal(sordino_denoiser_new(&config, model, &d, NULL), SORDINO_OK);
    const size_t latency = sordino_denoiser_latency(d);
    float *samples = calloc(n + latency, sizeof *samples);
    assert_non_null(samples);
    for (size_t i = 0; i < n; i++)
        samples[i] = (float)x[i];
    sordino_denoiser_process(d, (const float *const[]){samples}, (float *const[]){samples},
                             n + latency);
    for (size_t i = 0; i < n; i++)
        y[i] = (double)samples[i + latency];
    free(samples);
    sordino_denoiser_free(d);
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

/* Means over the mixtures of the noisy input, the Wiener filter and the model. */
enum { NOISY, WIENER, MODEL, SUBJECTS };

static void measure_all(const sordino_model *model, score means[SUBJECTS])
{
    static list speech, noise;
    assert_true(read_list("speech", &speech) && read_list("noise", &noise));
    uint64_t random = test_seed(1);
    size_t count = 0, next_noise = 0;
    memset(means, 0, SUBJECTS * sizeof *means);
    for (size_t i = 0; i < speech.n; i += EVERY) {
        size_t n, n_noise;
        double *clean = load("speech", speech.names[i], &n);
        double *noisy = calloc(n, sizeof *noisy), *processed = calloc(n, sizeof *processed);
        for (double snr = 0.0; snr <= 15.0; snr += 5.0) {
            double *background = load("noise", noise.names[next_noise % noise.n], &n_noise);
            next_noise += 11; /* strides through all kinds of noise */
            mix(clean, noisy, n, background, n_noise, snr, &random);
            for (int k = NOISY; k < SUBJECTS; k++) {
                if (k != NOISY)
                    denoise(k == MODEL ? model : NULL, noisy, processed, n);
                const score a = measure(clean, k == NOISY ? noisy : processed, n);
                means[k].si_sdr += a.si_sdr;
                means[k].estoi += a.estoi;
            }
            count++;
            free(background);
        }
        free(clean);
        free(noisy);
        free(processed);
    }
    for (int k = NOISY; k < SUBJECTS; k++) {
        means[k].si_sdr /= (double)count;
        means[k].estoi /= (double)count;
        printf("%zu mixtures: SI-SDR %.2f dB, ESTOI %.4f\n", count, means[k].si_sdr,
               means[k].estoi);
    }
}

static void recorded_speech_gains_by_the_filter_and_more_by_the_model(void **state)
{
    (void)state;
    sordino_model *model = NULL;
    score means[SUBJECTS];
    assert_int_equal(sordino_model_open_builtin("speech", &model, NULL), SORDINO_OK);
    measure_all(model, means);
    sordino_model_free(model);
    assert_true(means[WIENER].si_sdr - means[NOISY].si_sdr >= least_si_sdr_gain);
    assert_true(means[NOISY].estoi - means[WIENER].estoi <= most_estoi_loss);
    assert_true(means[MODEL].si_sdr - means[WIENER].si_sdr >= least_si_sdr_lead);
    assert_true(means[MODEL].estoi - means[WIENER].estoi >= least_estoi_lead);
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
        cmocka_unit_test(recorded_speech_gains_by_the_filter_and_more_by_the_model),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
