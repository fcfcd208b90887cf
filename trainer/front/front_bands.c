/* Band models: spectra and features by core/dsp, one engine for each rate that examples come at. */
#include "trainer/front/front_internal.h"

#include "core/base/error.h"
#include "core/dsp/bands.h"
#include "core/dsp/features.h"
#include "core/dsp/stft.h"
#include "trainer/loss/mask.h"
#include "trainer/loss/stft_grad.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* All that depends on the rate. */
typedef struct engine {
    double rate;
    stft_geometry geometry;
    stft *stft;
    bands *bands;
    features *features;
    mask *mask;
    stft_grad *grad; /* only with losses of samples */
} engine;

typedef struct front_bands {
    train_front base;
    const front_spec *spec; /* borrowed */
    cost_spec cost;
    sample_cost samples_cost;
    loss_envelope *envelope; /* of up to `max_frames`; NULL: not wanted */
    size_t max_frames;
    size_t max_samples;
    uint32_t n_features, n_engines;
    engine engines[MIX_MAX_RATES];
    /* The loaded example. */
    engine *engine;
    size_t frames, max_pairs; /* max_pairs: floats of the spectra below */
    size_t used;              /* bins of a frame that the loss is of, from the lowest */
    double level;             /* of the clean signal, in the spectrum's unit */
    float scale;              /* of samples, for losses of samples */
    float *noisy, *clean;     /* [frames][bins] and [frames][used] pairs */
    float *y, *d_y;
    float *samples, *d_samples; /* [max_samples], synthesised */
    float *target;
} front_bands;

static void front_bands_free(train_front *base)
{
    front_bands *f = (front_bands *)base;
    for (uint32_t i = 0; i < f->n_engines; i++) {
        stft_free(f->engines[i].stft);
        features_free(f->engines[i].features);
        bands_free(f->engines[i].bands);
        mask_free(f->engines[i].mask);
        stft_grad_free(f->engines[i].grad);
    }
    sample_cost_free(&f->samples_cost);
    free(f->noisy);
    free(f->clean);
    free(f->y);
    free(f->d_y);
    free(f->samples);
    free(f->d_samples);
    free(f->target);
    loss_envelope_free(f->envelope);
    free(f);
}

static sordino_status engine_new(front_bands *f, engine *e, double rate, sordino_error *why)
{
    const front_spec *const spec = f->spec;
    e->rate = rate;
    sordino_status status = stft_geometry_init(rate, spec->window, spec->hop, &e->geometry, why);
    if (status == SORDINO_OK)
        status = stft_new(&e->geometry, &e->stft, why);
    if (status == SORDINO_OK)
        status = bands_new(spec->band_hz, spec->n_bands, &e->geometry, &e->bands, why);
    if (status == SORDINO_OK)
        status = features_new(spec->features, spec->n_features, spec->level_rise, spec->level_fall,
                              e->bands, &e->geometry, &e->features, why);
    if (status != SORDINO_OK)
        return status;
    e->mask = mask_new(e->bands, e->geometry.bins, spec->taps, spec->tap_bins);
    e->grad = f->samples_cost.any ? stft_grad_new(&e->geometry) : NULL;
    return e->mask && (e->grad || !f->samples_cost.any)
               ? SORDINO_OK
               : error_set(why, SORDINO_NO_MEM, "Out of memory for the front end");
}

static sordino_status find_engine(front_bands *f, double rate, sordino_error *why)
{
    for (uint32_t i = 0; i < f->n_engines; i++)
        if (f->engines[i].rate == rate) {
            f->engine = &f->engines[i];
            return SORDINO_OK;
        }
    if (f->n_engines == MIX_MAX_RATES)
        return error_set(why, SORDINO_BAD_ARG, "More than %d sample rates", (int)MIX_MAX_RATES);
    f->engine = &f->engines[f->n_engines++];
    return engine_new(f, f->engine, rate, why);
}

static sordino_status make_room(front_bands *f, size_t pairs, sordino_error *why)
{
    if (f->cost.estoi > 0 && f->frames > f->max_frames) {
        loss_envelope_free(f->envelope);
        f->envelope = loss_envelope_new(f->frames);
        f->max_frames = f->envelope ? f->frames : 0;
        if (!f->envelope)
            return error_set(why, SORDINO_NO_MEM, "Out of memory for envelopes");
    }
    if (pairs <= f->max_pairs)
        return SORDINO_OK;
    float **const all[] = {&f->noisy, &f->clean, &f->y, &f->d_y};
    for (int i = 0; i < 4; i++) {
        free(*all[i]);
        *all[i] = calloc(pairs, sizeof **all[i]);
        if (!*all[i]) {
            f->max_pairs = 0;
            return error_set(why, SORDINO_NO_MEM, "Out of memory for spectra");
        }
    }
    f->max_pairs = pairs;
    return SORDINO_OK;
}

/* A signal's r.m.s. as a magnitude of its windowed bins: sum of squares of the window, sqrt-Hann,
 * is half its length. */
static double spectrum_level(const stft_geometry *g, double rms)
{
    return rms * sqrt(g->window / 2.0);
}

/* Frames [bins] to frames [used], in place. */
static void pack(const front_bands *f, float *x)
{
    const size_t from = 2 * (size_t)f->engine->geometry.bins, to = 2 * f->used;
    for (size_t t = 1; from > to && t < f->frames; t++)
        memmove(x + t * to, x + t * from, to * sizeof *x);
}

/* And back, with zeros above. */
static void unpack(const front_bands *f, float *x)
{
    const size_t to = 2 * (size_t)f->engine->geometry.bins, from = 2 * f->used;
    for (size_t t = f->frames; to > from && t-- > 0;) {
        memmove(x + t * to, x + t * from, from * sizeof *x);
        memset(x + t * to + from, 0, (to - from) * sizeof *x);
    }
}

/* The samples that spectra, as much of them as the loss is of, make: over the level. */
static void synthesise(front_bands *f, const float *spectra, float *samples)
{
    engine *const e = f->engine;
    const size_t hop = e->geometry.hop, frame = 2 * (size_t)e->geometry.bins;
    stft_reset(e->stft);
    for (size_t t = 0; t < f->frames; t++)
        stft_synthesise(e->stft, spectra + t * frame, samples + t * hop);
    for (size_t i = 0; i < f->frames * hop; i++)
        samples[i] *= f->scale;
}

/* What losses of samples compare with. Synthesis lags a window less a hop behind the frames. */
static void load_target(front_bands *f, const mix_example *x)
{
    const stft_geometry *const g = &f->engine->geometry;
    const size_t n = f->frames * g->hop, lag = g->window - g->hop;
    if (f->used < g->bins)
        synthesise(f, f->clean, f->target);
    else
        for (size_t i = 0; i < n; i++)
            f->target[i] = i >= lag ? f->scale * x->clean[i - lag] : 0.0f;
}

/* The clean spectra, as far up as they are known: above that a silent target would teach that
 * speech ends where the recording does. */
static void load_clean(front_bands *f, const mix_example *x)
{
    engine *const e = f->engine;
    const size_t hop = e->geometry.hop, bins = e->geometry.bins;
    const double known = x->band * e->geometry.window / e->rate; /* in bins; 0: all */
    f->used = known >= 1 && known < (double)bins ? (size_t)known : bins;
    stft_reset(e->stft);
    for (size_t t = 0; t < f->frames; t++)
        stft_analyse(e->stft, x->clean + t * hop, f->clean + t * 2 * bins);
    pack(f, f->clean);
    if (f->samples_cost.any) {
        unpack(f, f->clean);
        load_target(f, x);
        pack(f, f->clean);
    }
}

static sordino_status front_bands_load(train_front *base, const mix_example *x, float *input,
                                       size_t row, sordino_error *why)
{
    front_bands *f = (front_bands *)base;
    sordino_status status = find_engine(f, x->rate, why);
    if (status != SORDINO_OK)
        return status;
    engine *const e = f->engine;
    const size_t hop = e->geometry.hop, frame = 2 * (size_t)e->geometry.bins;
    f->frames = x->n / hop;
    if (f->frames == 0 || f->frames * hop > f->max_samples)
        return error_set(why, SORDINO_BAD_ARG, "An example of %zu samples does not fit", x->n);
    status = make_room(f, f->frames * frame, why);
    if (status != SORDINO_OK)
        return status;
    const double level = x->level > 0 ? x->level : 1;
    f->level = spectrum_level(&e->geometry, level);
    f->scale = (float)(1 / level);
    load_clean(f, x);
    stft_reset(e->stft);
    features_reset(e->features);
    for (size_t t = 0; t < f->frames; t++) {
        stft_analyse(e->stft, x->noisy + t * hop, f->noisy + t * frame);
        features_push(e->features, f->noisy + t * frame, input + t * row);
    }
    return SORDINO_OK;
}

/* Losses after synthesis, added to f->d_y. */
static double samples_loss(front_bands *f, float scale)
{
    engine *const e = f->engine;
    const size_t n = f->frames * e->geometry.hop;
    synthesise(f, f->y, f->samples);
    const double loss =
        sample_cost_run(&f->samples_cost, f->samples, f->target, n, scale, f->d_samples);
    for (size_t i = 0; i < n; i++)
        f->d_samples[i] *= f->scale;
    stft_grad_synthesise(e->grad, f->d_samples, f->frames, f->d_y);
    pack(f, f->d_y); /* what is above */
    unpack(f, f->d_y);
    return loss;
}

static double front_bands_loss(train_front *base, const float *output, size_t row, float scale,
                               float *d_output)
{
    front_bands *f = (front_bands *)base;
    engine *const e = f->engine;
    mask_apply(e->mask, f->noisy, output, row, f->frames, f->y);
    pack(f, f->y);
    double loss = (double)loss_spectrum(&f->cost.spectral, f->y, f->clean, f->frames, f->used,
                                        (float)f->level, scale, f->d_y, NULL);
    if (f->cost.estoi > 0)
        loss += f->cost.estoi *
                (double)loss_envelope_run(f->envelope, f->y, f->clean, f->frames, f->used,
                                          e->rate / e->geometry.window, e->geometry.hop / e->rate,
                                          (float)f->level, scale * (float)f->cost.estoi, f->d_y);
    unpack(f, f->y);
    unpack(f, f->d_y);
    if (f->samples_cost.any)
        loss += samples_loss(f, scale);
    mask_backward(e->mask, f->noisy, output, row, f->frames, f->d_y, d_output);
    return loss;
}

static const float *front_bands_estimate(train_front *base, const float *output, size_t row,
                                         size_t *n)
{
    front_bands *f = (front_bands *)base;
    engine *const e = f->engine;
    const size_t hop = e->geometry.hop, frame = 2 * (size_t)e->geometry.bins;
    const size_t lag = e->geometry.window - hop, all = f->frames * hop;
    mask_apply(e->mask, f->noisy, output, row, f->frames, f->y);
    stft_reset(e->stft);
    for (size_t t = 0; t < f->frames; t++)
        stft_synthesise(e->stft, f->y + t * frame, f->samples + t * hop);
    *n = all > lag ? all - lag : 0;
    return f->samples + (all > lag ? lag : 0);
}

sordino_status front_bands_new(const front_spec *spec, const cost_spec *cost, size_t max_samples,
                               train_front **out, sordino_error *why)
{
    static const front_kind_ops kind = {front_bands_free, front_bands_load, front_bands_loss,
                                        front_bands_estimate};
    *out = NULL;
    front_bands *f = calloc(1, sizeof *f);
    if (!f)
        return error_set(why, SORDINO_NO_MEM, "Out of memory for the front end");
    f->base.kind = &kind;
    f->spec = spec;
    f->cost = *cost;
    f->max_samples = max_samples;
    f->n_features = features_width(spec->features, spec->n_features, spec->n_bands);
    f->samples = calloc(max_samples, sizeof *f->samples);
    f->d_samples = calloc(max_samples, sizeof *f->d_samples);
    f->target = calloc(max_samples, sizeof *f->target);
    if (!f->samples || !f->d_samples || !f->target ||
        !sample_cost_new(&f->samples_cost, cost, max_samples)) {
        front_bands_free(&f->base);
        return error_set(why, SORDINO_NO_MEM, "Out of memory for the front end");
    }
    *out = &f->base;
    return SORDINO_OK;
}
