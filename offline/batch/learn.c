#include "offline/batch/learn.h"
#include "common/fail.h"
#include "common/filter.h"

#include <math.h>
#include <stdlib.h>

enum { BLOCK = 1024 };

/* Feeds frames first..last of the source to the filter. */
static sordino_status feed(source *s, uint64_t first, uint64_t last, filter *f, float *in,
                           float *out, sordino_error *why)
{
    uint64_t at = 0;
    while (at < last) {
        const uint64_t end = at < first ? first : last;
        const size_t n = end - at < BLOCK ? (size_t)(end - at) : BLOCK;
        size_t got;
        const sordino_status status = s->read(s, in, n, &got, why);
        if (status)
            return status;
        if (at >= first)
            filter_push(f, in, got, out);
        at += got;
        if (got == 0)
            return fail(why, SORDINO_NOT_FOUND,
                        "ends after %.3f s; choose a passage of --learn-noise before that",
                        (double)at / s->rate);
    }
    return SORDINO_OK;
}

sordino_status learn_noise(source *s, double from, double to, const sordino_config *config,
                           const sordino_model *model, sordino_profile **out, sordino_error *why)
{
    const double most = 9e15;
    filter *f = NULL;
    *out = NULL;
    sordino_status status = filter_new(config, model, BLOCK, &f, why);
    float *const in = malloc(BLOCK * sizeof *in * s->channels);
    float *const room = malloc(BLOCK * sizeof *room * s->channels);
    if (!status && (!in || !room))
        status = fail_no_memory(why);
    if (!status) {
        sordino_denoiser_set_learn(filter_denoiser(f), true);
        status = feed(s, (uint64_t)fmin(floor(from * s->rate + 0.5), most),
                      (uint64_t)fmin(floor(to * s->rate + 0.5), most), f, in, room, why);
    }
    if (!status) {
        sordino_denoiser_set_learn(filter_denoiser(f), false);
        status = sordino_denoiser_get_profile(filter_denoiser(f), out, why);
        if (status == SORDINO_NOT_FOUND)
            fail(why, status, "holds too short a passage of noise; make --learn-noise longer");
        if (status == SORDINO_UNSUPPORTED)
            fail(why, status, "cannot learn noise with this method; use --model wiener or kalman");
    }
    filter_free(f);
    free(in);
    free(room);
    return status;
}
