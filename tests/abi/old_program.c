/*
 * A program of version 0.1: built against the headers of that time, beside this file, and linked
 * with the library of today. Exits with 0 when all works as it did. tests/abi/sordino is not to be
 * changed.
 */
#include <sordino/sordino.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RATE = 16000, N = 32000 };
static float signal[N], out[N], again[N];

static void must(bool good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "old program: %s\n", what);
    exit(1);
}

static double power(const float *x, size_t n)
{
    double sum = 0.0;
    for (size_t i = 0; i < n; i++)
        sum += (double)x[i] * (double)x[i];
    return sum / (double)n;
}

static void run(sordino_denoiser *d, float *to)
{
    const float *in[1] = {signal};
    float *places[1] = {to};
    sordino_process(d, in, places, N);
}

static void learn_and_use_again(const sordino_config *config)
{
    sordino_denoiser *d = NULL;
    sordino_profile *kept = NULL, *copied = NULL;
    must(sordino_new(config, NULL, &d, NULL) == SORDINO_OK, "sordino_new");
    must(sordino_get_profile(d, &kept, NULL) == SORDINO_NOT_FOUND, "nothing was learned");
    must(sordino_new_profile(d, &copied, NULL) == SORDINO_OK, "sordino_new_profile");
    sordino_set_learn(d, true);
    run(d, out);
    sordino_set_learn(d, false);
    must(sordino_get_profile(d, &kept, NULL) == SORDINO_OK, "sordino_get_profile");
    must(sordino_copy_profile(d, copied), "sordino_copy_profile");
    must(sordino_profile_bins(kept) == sordino_profile_bins(copied) &&
             memcmp(sordino_profile_psd(kept, 0), sordino_profile_psd(copied, 0),
                    sordino_profile_bins(kept) * sizeof(float)) == 0,
         "both hold the same");
    sordino_set_profile(d, kept);
    sordino_reset(d);
    run(d, out);
    must(power(out + N / 2, N / 2) < 0.1 * power(signal + N / 2, N / 2), "noise goes");
    sordino_profile_free(kept);
    sordino_profile_free(copied);
    sordino_free(d);
}

int main(void)
{
    /* The configuration has guards on both sides: the library must not write past what it was. */
    struct {
        unsigned char before[64];
        sordino_config config;
        unsigned char after[64];
    } room;
    sordino_denoiser *d = NULL;
    sordino_error why;
    uint32_t latency = 0;
    memset(&room, 0x5a, sizeof room);
    sordino_config_init(&room.config);
    for (size_t i = 0; i < sizeof room.after; i++)
        must(room.before[i] == 0x5a && room.after[i] == 0x5a, "the configuration keeps its size");
    must(room.config.method == SORDINO_METHOD_WIENER && room.config.rate == 48000.0 &&
             room.config.channels == 1 && room.config.link_channels && room.config.mix == 1.0 &&
             room.config.limit == -120.0 && !room.config.delta && room.config.enabled &&
             room.config.lag == 0 && room.config.min_latency == 0,
         "the defaults are the old ones");
    for (unsigned i = 0, x = 1; i < N; i++) {
        x = x * 1664525u + 1013904223u;
        signal[i] = (float)((double)(x >> 8) / (double)(1u << 24) - 0.5) * 0.1f;
    }
    room.config.rate = RATE;
    room.config.min_latency = 3000;
    must(sordino_config_latency(&room.config, NULL, &latency, &why) == SORDINO_OK &&
             latency == 3000,
         "sordino_config_latency");
    must(sordino_new(&room.config, NULL, &d, &why) == SORDINO_OK, "sordino_new");
    must(sordino_latency(d) == latency, "sordino_latency");
    run(d, out);
    sordino_meters meters;
    sordino_read_meters(d, &meters);
    must(meters.reduction_db > 5.0f, "sordino_read_meters");
    sordino_reset(d);
    run(d, again);
    must(memcmp(out, again, sizeof out) == 0, "sordino_reset");
    sordino_set_mix(d, 0.5);
    sordino_set_limit(d, -3.0);
    sordino_set_delta(d, true);
    sordino_set_enabled(d, false);
    sordino_set_delta(d, false);
    sordino_reset(d);
    run(d, out);
    must(memcmp(out + latency, signal, (N - latency) * sizeof *out) == 0, "bypass is exact");
    sordino_free(d);
    room.config.rate = 1.0;
    must(sordino_new(&room.config, NULL, &d, &why) == SORDINO_BAD_ARG && !d,
         "bad rates are refused");
    room.config.rate = RATE;
    room.config.min_latency = 0;
    learn_and_use_again(&room.config);
    printf("a program of 0.1 runs with %s\n", sordino_version());
    return 0;
}
