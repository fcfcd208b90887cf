#include "trainer/front/front.h"

#include "core/base/error.h"
#include "core/dsp/running_scale.h"
#include "core/dsp/stft.h"
#include "trainer/front/front_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

size_t train_front_frames(const front_spec *spec, double rate, size_t n)
{
    stft_geometry g;
    if (spec->kind == FRONT_WAVE)
        return n / spec->hop_samples;
    if (stft_geometry_init(rate, spec->window, spec->hop, &g, NULL) != SORDINO_OK)
        return 0;
    return n / g.hop;
}

sordino_status train_front_new(const front_spec *spec, const cost_spec *cost, size_t max_samples,
                               train_front **out, sordino_error *why)
{
    return spec->kind == FRONT_STFT ? front_bands_new(spec, cost, max_samples, out, why)
                                    : front_samples_new(spec, cost, max_samples, out, why);
}

void train_front_free(train_front *f)
{
    if (f)
        f->kind->free(f);
}

sordino_status train_front_load(train_front *f, const mix_example *e, float *input, size_t row,
                                sordino_error *why)
{
    return f->kind->load(f, e, input, row, why);
}

double train_front_loss(train_front *f, const float *output, size_t row, float scale,
                        float *d_output)
{
    return f->kind->loss(f, output, row, scale, d_output);
}

const float *train_front_estimate(train_front *f, const float *output, size_t row, size_t *n)
{
    return f->kind->estimate(f, output, row, n);
}

/* ---- losses of samples, shared by both kinds ---- */

static const uint32_t multi_windows[] = {512, 1024, 240}, multi_hops[] = {128, 256, 60};

bool sample_cost_new(sample_cost *c, const cost_spec *spec, size_t max_samples)
{
    c->spec = *spec;
    c->any =
        spec->l1 > 0 || spec->l2 > 0 || spec->huber > 0 || spec->si_sdr > 0 || spec->multi_stft > 0;
    c->part = c->any ? calloc(max_samples, sizeof *c->part) : NULL;
    c->multi =
        spec->multi_stft > 0 ? loss_stft_new(multi_windows, multi_hops, 3, max_samples) : NULL;
    return (!c->any || c->part) && (spec->multi_stft <= 0 || c->multi);
}

void sample_cost_free(sample_cost *c)
{
    free(c->part);
    loss_stft_free(c->multi);
}

static double add_part(const float *part, size_t n, float *d_y, double loss)
{
    for (size_t i = 0; i < n; i++)
        d_y[i] += part[i];
    return loss;
}

double sample_cost_run(sample_cost *c, const float *y, const float *s, size_t n, float scale,
                       float *d_y)
{
    const cost_spec *const w = &c->spec;
    double sum = 0;
    memset(d_y, 0, n * sizeof *d_y);
    if (w->l1 > 0)
        sum += w->l1 * add_part(c->part, n, d_y, loss_l1(y, s, n, scale * (float)w->l1, c->part));
    if (w->l2 > 0)
        sum += w->l2 * add_part(c->part, n, d_y, loss_l2(y, s, n, scale * (float)w->l2, c->part));
    if (w->huber > 0)
        sum += w->huber * add_part(c->part, n, d_y,
                                   loss_huber(y, s, n, (float)w->huber_delta,
                                              scale * (float)w->huber, c->part));
    if (w->si_sdr > 0)
        sum += w->si_sdr *
               add_part(c->part, n, d_y, loss_si_sdr(y, s, n, scale * (float)w->si_sdr, c->part));
    if (w->multi_stft > 0)
        sum += w->multi_stft *
               add_part(c->part, n, d_y,
                        loss_stft_run(c->multi, y, s, n, scale * (float)w->multi_stft, c->part));
    return sum;
}
