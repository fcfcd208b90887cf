#include "core/base/clamp.h"
#include "core/base/error.h"
#include "core/denoiser/estimator.h"
#include "core/dsp/bands.h"
#include "core/dsp/features.h"
#include "core/plan/plan.h"

#include <math.h>
#include <stdlib.h>

typedef struct estimator_network {
    estimator base;
    const front_spec *spec; /* borrowed from the model */
    uint32_t bins;
    bands *bands;
    features *features;
    plan_state *state;
    uint32_t n_in, n_out;
    float *in, *out; /* [max_frames][n_in], [max_frames][n_out] */
    bool failed;     /* a frame was not finite since the reset */
} estimator_network;

static void network_estimator_free(estimator *e)
{
    estimator_network *self = (estimator_network *)e;
    features_free(self->features);
    bands_free(self->bands);
    plan_state_free(self->state);
    free(self->in);
    free(self->out);
    free(self);
}

static void network_estimator_reset(estimator *e)
{
    estimator_network *self = (estimator_network *)e;
    features_reset(self->features);
    plan_state_reset(self->state);
    self->failed = false;
}

/* Band gains into 0..1; what is not finite is told. */
static bool clamp_gains(float *gains, uint32_t n)
{
    bool finite = true;
    for (uint32_t b = 0; b < n; b++) {
        finite = finite && isfinite(gains[b]);
        gains[b] = gains[b] > 0.0f ? min_float(gains[b], 1.0f) : 0.0f;
    }
    return finite;
}

static bool clamp_taps(const float *in, float *out, size_t n)
{
    const float limit = MODEL_TAP_LIMIT;
    bool finite = true;
    for (size_t i = 0; i < n; i++) {
        finite = finite && isfinite(in[i]);
        out[i] = isfinite(in[i]) ? clamp_float(in[i], -limit, limit) : 0.0f;
    }
    return finite;
}

/* Turns the network's output frame into a mask. False when something in it was not finite; the mask
 * is then the one that lets the input pass. */
static bool network_mask(estimator_network *self, float *frame, float *gains, float *taps)
{
    const size_t n_taps = 2 * (size_t)self->spec->taps * self->spec->tap_bins;
    bool finite = clamp_gains(frame, self->spec->n_bands);
    bands_spread(self->bands, frame, gains);
    if (n_taps > 0)
        finite = clamp_taps(frame + self->spec->n_bands, taps, n_taps) && finite;
    for (uint32_t k = 0; k < self->bins && !finite; k++)
        gains[k] = 1.0f;
    for (size_t i = 0; i < n_taps && !finite; i++)
        taps[i] = 0.0f;
    return finite;
}

static void network_estimator_push(estimator *e, const float *spectra, size_t n, float *gains,
                                   float *taps)
{
    estimator_network *self = (estimator_network *)e;
    const size_t n_taps = 2 * (size_t)self->spec->taps * self->spec->tap_bins;
    for (size_t t = 0; t < n; t++)
        features_push(self->features, spectra + 2 * t * self->bins, self->in + t * self->n_in);
    plan_run(self->state, self->in, self->out, n);
    for (size_t t = 0; t < n; t++) {
        if (network_mask(self, self->out + t * self->n_out, gains + t * self->bins,
                         n_taps > 0 ? taps + t * n_taps : NULL))
            continue;
        /* Overflowing weights. Start afresh rather than fail for good; the frames left are run
         * again, as they would be had they come in calls of their own. */
        self->failed = true;
        plan_state_reset(self->state);
        plan_run(self->state, self->in + (t + 1) * self->n_in, self->out + (t + 1) * self->n_out,
                 n - t - 1);
    }
}

static uint32_t network_estimator_warnings(const estimator *e)
{
    return ((const estimator_network *)e)->failed ? SORDINO_WARNING_NETWORK : 0;
}

static sordino_status network_build(estimator_network *self, const stft_geometry *geometry,
                                    const sordino_model *model, size_t max_frames,
                                    sordino_error *why)
{
    const front_spec *spec = &model->front;
    self->spec = spec;
    self->bins = geometry->bins;
    self->n_in = plan_input_width(model->plan);
    self->n_out = plan_output_width(model->plan);
    self->in = calloc(max_frames * self->n_in, sizeof *self->in);
    self->out = calloc(max_frames * self->n_out, sizeof *self->out);
    if (!self->in || !self->out)
        return error_set(why, SORDINO_NO_MEM, "Out of memory for the network's frames");
    sordino_status status = bands_new(spec->band_hz, spec->n_bands, geometry, &self->bands, why);
    if (status == SORDINO_OK)
        status = features_new(spec->features, spec->n_features, spec->level_rise, spec->level_fall,
                              self->bands, geometry, &self->features, why);
    if (status == SORDINO_OK)
        status = plan_state_new(model->plan, max_frames, &self->state, why);
    return status;
}

sordino_status estimator_network_new(const stft_geometry *geometry, const sordino_model *model,
                                     size_t max_frames, estimator **out, sordino_error *why)
{
    *out = NULL;
    estimator_network *self = calloc(1, sizeof *self);
    if (!self)
        return error_set(why, SORDINO_NO_MEM, "Out of memory for the network");
    self->base = (estimator){
        .free = network_estimator_free,
        .reset = network_estimator_reset,
        .push = network_estimator_push,
        .warnings = network_estimator_warnings,
    };
    const sordino_status status = network_build(self, geometry, model, max_frames, why);
    if (status != SORDINO_OK) {
        network_estimator_free(&self->base);
        return status;
    }
    *out = &self->base;
    return SORDINO_OK;
}
