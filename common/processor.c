#include "common/processor.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { runs = 4 };

static const double enough = 0.5; /* s of measuring */

/* Of a core's time: more would leave the host, the device and other processes too little of it, and
 * no room for a block that takes longer than others. */
static const double most_cost = 0.8;

void processor_free(processor *p)
{
    sordino_denoiser_free(p->denoiser);
    free(p->ring);
    *p = (processor){0};
}

sordino_status processor_init(processor *p, const sordino_config *config,
                              const sordino_model *model, uint32_t most, sordino_error *why)
{
    static const sordino_error no_memory = {SORDINO_NO_MEM, "Out of memory for a denoiser"};
    *p = (processor){0};
    const sordino_status status = sordino_denoiser_new(config, model, &p->denoiser, why);
    if (status != SORDINO_OK)
        return status;
    p->rate = config->rate;
    p->n_channels = config->channels;
    p->latency = sordino_denoiser_latency(p->denoiser);
    p->size = most + PROCESSOR_CHUNK;
    p->ring = calloc((size_t)p->size * p->n_channels, sizeof *p->ring);
    if (p->ring)
        return SORDINO_OK;
    processor_free(p);
    if (why)
        *why = no_memory;
    return SORDINO_NO_MEM;
}

static double thread_seconds(void)
{
    struct timespec t;
    return clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t) == 0
               ? (double)t.tv_sec + 1e-9 * (double)t.tv_nsec
               : 0;
}

/* Runs over some noise, some pieces more or fewer; the time that took. */
static double run_noise(processor *p, uint32_t n_samples)
{
    float noise[PROCESSOR_CHUNK];
    const float *in[SORDINO_MAX_CHANNELS];
    uint32_t draw = 1;
    const double start = thread_seconds();
    for (uint32_t c = 0; c < p->n_channels; c++)
        in[c] = noise;
    for (uint32_t at = 0; at < n_samples; at += PROCESSOR_CHUNK) {
        for (int i = 0; i < PROCESSOR_CHUNK; i++) {
            draw = draw * 1664525U + 1013904223U;
            noise[i] = 0.1F * ((float)(draw >> 8) * 0x1p-23F - 1.0F);
        }
        processor_run(p, in, 0, PROCESSOR_CHUNK);
    }
    return thread_seconds() - start;
}

double processor_cost(processor *p)
{
    const double shortest = 0.01 * p->rate; /* 10 ms, and no less than a window */
    const uint32_t wanted = p->latency > shortest ? p->latency : (uint32_t)shortest + 1;
    const uint32_t n = (wanted + PROCESSOR_CHUNK - 1) / PROCESSOR_CHUNK * PROCESSOR_CHUNK;
    double least = HUGE_VAL, spent = 0;
    for (int run = 0; run < runs && (run < 2 || spent < enough); run++) {
        const double took = run_noise(p, n);
        spent += took;
        if (run > 0 || took >= enough) /* in the first its pages come */
            least = took < least ? took : least;
        if (run == 0 && took >= enough)
            break;
    }
    return least * p->rate / n;
}

sordino_status processor_keeps_up(processor *p, const char *name, sordino_error *why)
{
    const double cost = processor_cost(p);
    if (cost <= most_cost)
        return SORDINO_OK;
    if (why) {
        why->status = SORDINO_UNSUPPORTED;
        snprintf(
            why->text, sizeof why->text,
            "The network \"%.80s\" takes %.3g s of a core for each second of sound at %.9g Hz; "
            "it must take less than %.9g s to keep up",
            name, cost, p->rate, most_cost);
    }
    return SORDINO_UNSUPPORTED;
}

void processor_start(processor *p)
{
    sordino_denoiser_reset(p->denoiser); /* the controls jump to where they are */
    memset(p->ring, 0, (size_t)p->size * p->n_channels * sizeof *p->ring);
    p->at = 0;
    p->age = 0;
    p->running = true;
}

/* The next n samples of input from `from` on, to where there is room for them in one piece. */
static void run_piece(processor *p, const float *const *in, size_t from, uint32_t n)
{
    const float *in_at[SORDINO_MAX_CHANNELS];
    float *out[SORDINO_MAX_CHANNELS];
    for (uint32_t c = 0; c < p->n_channels; c++) {
        in_at[c] = in[c] + from;
        out[c] = p->ring + (size_t)c * p->size + p->at;
    }
    sordino_denoiser_process(p->denoiser, in_at, out, n);
    p->at = (p->at + n) % p->size;
}

void processor_run(processor *p, const float *const *in, size_t from, uint32_t n)
{
    const uint32_t room = p->size - p->at, first = n < room ? n : room;
    run_piece(p, in, from, first);
    if (n > first)
        run_piece(p, in, from + first, n - first);
    p->age = p->age > UINT32_MAX - n ? UINT32_MAX : p->age + n;
}

void processor_read(const processor *p, uint32_t c, uint32_t pad, float *out, uint32_t n)
{
    const float *const ring = p->ring + (size_t)c * p->size;
    const uint32_t from = (p->at + 2 * p->size - n - pad) % p->size;
    const uint32_t room = p->size - from, first = n < room ? n : room;
    memcpy(out, ring + from, first * sizeof *out);
    memcpy(out + first, ring, (n - first) * sizeof *out);
}
