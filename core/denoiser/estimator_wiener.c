#include "core/base/error.h"
#include "core/denoiser/estimator.h"
#include "core/dsp/wiener.h"

#include <stdlib.h>

typedef struct estimator_wiener {
    estimator base;
    uint32_t bins;
    wiener *wiener;
    float *power; /* [bins] */
} estimator_wiener;

static void wiener_estimator_free(estimator *e)
{
    estimator_wiener *self = (estimator_wiener *)e;
    wiener_free(self->wiener);
    free(self->power);
    free(self);
}

static void wiener_estimator_reset(estimator *e)
{
    wiener_reset(((estimator_wiener *)e)->wiener);
}

static void wiener_estimator_push(estimator *e, const float *spectra, size_t n, float *gains,
                                  float *taps)
{
    estimator_wiener *self = (estimator_wiener *)e;
    (void)taps;
    for (size_t t = 0; t < n; t++) {
        const float *x = spectra + 2 * t * self->bins;
        for (uint32_t k = 0; k < self->bins; k++)
            self->power[k] = x[2 * k] * x[2 * k] + x[2 * k + 1] * x[2 * k + 1];
        wiener_push(self->wiener, self->power, gains + t * self->bins);
    }
}

static void wiener_estimator_set_learn(estimator *e, bool learn)
{
    wiener_set_learn(((estimator_wiener *)e)->wiener, learn);
}

static void wiener_estimator_set_profile(estimator *e, const float *psd, uint32_t bins, double rate)
{
    wiener_set_profile(((estimator_wiener *)e)->wiener, psd, bins, rate);
}

static bool wiener_estimator_get_profile(const estimator *e, float *psd)
{
    return wiener_get_profile(((const estimator_wiener *)e)->wiener, psd);
}

static uint32_t wiener_estimator_warnings(const estimator *e)
{
    return doubt_warning(wiener_doubt(((const estimator_wiener *)e)->wiener));
}

sordino_status estimator_wiener_new(const stft_geometry *geometry, sordino_gain_rule rule,
                                    estimator **out, sordino_error *why)
{
    *out = NULL;
    estimator_wiener *self = calloc(1, sizeof *self);
    if (!self)
        return error_set(why, SORDINO_NO_MEM, "Out of memory for the Wiener filter");
    self->base = (estimator){
        .free = wiener_estimator_free,
        .reset = wiener_estimator_reset,
        .push = wiener_estimator_push,
        .set_learn = wiener_estimator_set_learn,
        .set_profile = wiener_estimator_set_profile,
        .get_profile = wiener_estimator_get_profile,
        .warnings = wiener_estimator_warnings,
    };
    self->bins = geometry->bins;
    self->power = calloc(geometry->bins, sizeof *self->power);
    sordino_status status =
        self->power ? wiener_new(geometry, rule, &self->wiener, why)
                    : error_set(why, SORDINO_NO_MEM, "Out of memory for the Wiener filter");
    if (status != SORDINO_OK) {
        wiener_estimator_free(&self->base);
        return status;
    }
    *out = &self->base;
    return SORDINO_OK;
}
