#include "tests/rt/workload.h"

#include "tests/support/models.h"
#include "tests/support/signals.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_BLOCK = 4096, MAX_CHANNELS = 6, PROFILE_BINS = 65 };

/* What comes in: a voice in noise, silence, numbers too small to be normal, numbers that are none,
 * and the largest there are. */
enum { VOICE, SILENCE, DENORMAL, NOT_FINITE, HUGE_LEVEL, N_KINDS };

static const double rates[] = {8000,  11025, 16000, 22050, 32000,
                               44100, 48000, 88200, 96000, 192000};
static const uint32_t channel_counts[] = {1, 2, MAX_CHANNELS};

/* Block sizes, and how many samples are played in each. */
static const struct {
    size_t block, total;
} plays[] = {{1, 300}, {7, 700}, {32, 960}, {480, 1440}, {544, 1632}, {MAX_BLOCK, MAX_BLOCK}};

static float input[N_KINDS][MAX_BLOCK];
static float work[MAX_CHANNELS][MAX_BLOCK], output[MAX_CHANNELS][MAX_BLOCK];

static void make_input(void)
{
    uint64_t seed = test_seed(7);
    test_voice(input[VOICE], MAX_BLOCK, 48000, 0.05, &seed);
    for (size_t i = 0; i < MAX_BLOCK; i++) {
        static const float odd[] = {NAN, INFINITY, -INFINITY, 0.5f};
        input[DENORMAL][i] = (i % 2 ? -1.0f : 1.0f) * FLT_MIN / (float)(2 + i % 1000);
        input[NOT_FINITE][i] = i % 5 == 0 ? odd[(i / 5) % 4] : input[VOICE][i];
        input[HUGE_LEVEL][i] = test_uniform(&seed) < 0.5 ? FLT_MAX : -FLT_MAX;
    }
}

/* One control after the other, a step for each block. */
static void touch_controls(workload *w, unsigned step)
{
    sordino_denoiser *d = w->denoiser;
    sordino_meters meters;
    switch (step % 12) {
    case 0:
        sordino_denoiser_set_limit(d, step % 2 ? -12.0 : -120.0);
        break;
    case 1:
        sordino_denoiser_set_mix(d, step % 2 ? 0.7 : 1.0);
        break;
    case 2:
        sordino_denoiser_set_delta(d, step % 2);
        break;
    case 3:
        sordino_denoiser_set_enabled(d, step % 2);
        break;
    case 4:
        sordino_denoiser_set_learn(d, true);
        break;
    case 5:
        sordino_denoiser_set_learn(d, false);
        break;
    case 6:
        sordino_denoiser_set_profile(d, w->profile);
        break;
    case 7:
        sordino_denoiser_set_profile(d, NULL);
        break;
    case 8:
        sordino_denoiser_read_meters(d, &meters);
        break;
    case 9:
        sordino_denoiser_copy_profile(d, w->copy);
        break;
    case 10:
        sordino_denoiser_set_limit(d, (double)NAN);
        sordino_denoiser_set_mix(d, sordino_denoiser_latency(d) ? 2.0 : -1.0);
        break;
    default:
        sordino_denoiser_reset(d);
        break;
    }
}

/* `total` samples of one kind in blocks of one size, every other block in place. */
static void play_kind(workload *w, int kind, size_t block, size_t total, unsigned *step)
{
    const float *in[MAX_CHANNELS];
    float *out[MAX_CHANNELS];
    for (size_t done = 0; done < total; done += block, ++*step) {
        for (uint32_t c = 0; c < w->channels; c++) {
            const size_t from = (done + 17 * c) % (MAX_BLOCK - block + 1);
            memcpy(work[c], input[kind] + from, block * sizeof **work);
            in[c] = work[c];
            out[c] = *step % 2 ? work[c] : output[c];
        }
        sordino_denoiser_process(w->denoiser, in, out, block);
        sordino_denoiser_process(w->denoiser, in, out, 0);
        if (*step % 3 == 0)
            touch_controls(w, *step / 3);
    }
}

void workload_play(workload *w)
{
    unsigned step = 0;
    for (int kind = 0; kind < N_KINDS; kind++)
        for (size_t p = 0; p < sizeof plays / sizeof *plays; p++)
            play_kind(w, kind, plays[p].block, plays[p].total, &step);
}

typedef struct way {
    const char *name;
    sordino_method method;
    sordino_gain_rule rule;
    double window, hop;
    uint32_t lag, min_latency;
    bool link;
    const sordino_model *model;
} way;

static void play_way(const way *v, double rate, uint32_t channels, const sordino_profile *profile,
                     void (*check)(workload *w))
{
    workload w = {.profile = profile, .channels = channels};
    sordino_config config;
    sordino_error why;

    sordino_config_init(&config);
    config.method = v->method;
    config.rate = rate;
    config.channels = channels;
    config.gain_rule = v->rule;
    config.window = v->window;
    config.hop = v->hop;
    config.lag = v->lag;
    config.min_latency = v->min_latency;
    config.link_channels = v->link;
    snprintf(w.name, sizeof w.name, "%s at %g Hz, %u channels", v->name, rate, (unsigned)channels);
    if (sordino_denoiser_new(&config, v->model, &w.denoiser, &why) != SORDINO_OK) {
        fprintf(stderr, "%s: %s\n", w.name, why.text);
        exit(1);
    }
    if (sordino_denoiser_blank_profile(w.denoiser, &w.copy, &why) == SORDINO_NO_MEM)
        exit(1);
    check(&w);
    sordino_profile_free(w.copy);
    sordino_denoiser_free(w.denoiser);
}

size_t workload_each(void (*check)(workload *w))
{
    sordino_model *bands = test_model_bands(3, 0.1);
    sordino_model *samples = test_model_wave(1, 0, 4, 0.1);
    sordino_model *hops = test_model_wave(16, 40, 5, 0.1);
    const way ways[] = {
        {"Wiener", SORDINO_METHOD_WIENER, SORDINO_GAIN_LSA, 0, 0, 0, 0, true, NULL},
        {"Wiener, unlinked, odd window", SORDINO_METHOD_WIENER, SORDINO_GAIN_WIENER, 0.011, 0.003,
         0, 2000, false, NULL},
        {"Kalman", SORDINO_METHOD_KALMAN, 0, 0, 0, 0, 0, true, NULL},
        {"Kalman with lag", SORDINO_METHOD_KALMAN, 0, 0, 0, 20, 33, true, NULL},
        {"predictor", SORDINO_METHOD_PREDICTOR, 0, 0, 0, 0, 0, true, NULL},
        {"band network", SORDINO_METHOD_NETWORK, 0, 0, 0, 0, 0, true, bands},
        {"waveform network", SORDINO_METHOD_NETWORK, 0, 0, 0, 0, 0, true, samples},
        {"waveform network by hops", SORDINO_METHOD_NETWORK, 0, 0, 0, 0, 0, false, hops},
    };
    float psd[PROFILE_BINS];
    sordino_profile *profile = NULL;
    size_t n = 0;

    for (size_t k = 0; k < PROFILE_BINS; k++)
        psd[k] = 1e-6f / (float)(1 + k);
    if (sordino_profile_new(psd, 1, PROFILE_BINS, 48000, &profile, NULL) != SORDINO_OK)
        exit(1);
    make_input();
    for (size_t v = 0; v < sizeof ways / sizeof *ways; v++)
        for (size_t r = 0; r < sizeof rates / sizeof *rates; r++)
            for (size_t c = 0; c < sizeof channel_counts / sizeof *channel_counts; c++, n++)
                play_way(&ways[v], rates[r], channel_counts[c], profile, check);
    sordino_profile_free(profile);
    sordino_model_free(bands);
    sordino_model_free(samples);
    sordino_model_free(hops);
    return n;
}
