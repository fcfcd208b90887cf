#include "core/dsp/features.h"

#include "core/base/clamp.h"
#include "core/base/error.h"
#include "core/dsp/noise_track.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static const float db_per_ln = 4.3429448190325183f; /* 10 / ln 10 */

struct features {
    feature_spec specs[FEATURES_MAX];
    uint32_t n_specs, n_bins, n_rotations;
    const bands *bands;
    noise_track *track; /* when an SNR feature is there */
    double rise, fall;  /* share of the new level in one frame */
    double level;       /* power; 0 before the first sound */
    float *power;       /* [bands] */
    float *past;        /* [bins] of pairs, the frame before */
    float *rotation;    /* [bins] of pairs: minus the phase a bin's own frequency gains in a hop */
};

uint32_t features_width(const feature_spec *specs, uint32_t n_specs, uint32_t n_bands)
{
    uint32_t width = 0;
    for (uint32_t i = 0; i < n_specs; i++)
        width += specs[i].kind == FEATURE_PHASE_ADVANCE ? 2 * specs[i].bins : n_bands;
    return width;
}

void features_free(features *f)
{
    if (!f)
        return;
    noise_track_free(f->track);
    free(f->power);
    free(f->past);
    free(f->rotation);
    free(f);
}

void features_reset(features *f)
{
    if (f->track)
        noise_track_reset(f->track);
    f->level = 0.0;
    memset(f->past, 0, 2 * f->n_bins * sizeof *f->past);
}

static sordino_status check_specs(const feature_spec *specs, uint32_t n_specs, double rise,
                                  double fall, sordino_error *why)
{
    if (n_specs < 1 || n_specs > FEATURES_MAX)
        return error_set(why, SORDINO_BAD_ARG, "There are %u features; 1..%d can be served",
                         n_specs, FEATURES_MAX);
    if (!(rise > 0.0 && rise <= 1e3 && fall > 0.0 && fall <= 1e3))
        return error_set(why, SORDINO_BAD_ARG,
                         "The level rises in %g s and falls in %g s; both must be within 0..1000",
                         rise, fall);
    for (uint32_t i = 0; i < n_specs; i++) {
        const feature_spec *s = &specs[i];
        if ((unsigned)s->kind > FEATURE_PHASE_ADVANCE)
            return error_set(why, SORDINO_BAD_ARG, "Feature %u is of no known kind", i);
        if (s->kind == FEATURE_PHASE_ADVANCE
                ? s->bins < 1 || s->bins > 4096
                : !(isfinite(s->offset) && isfinite(s->scale) && isfinite(s->low) &&
                    s->low < s->high && isfinite(s->high)))
            return error_set(why, SORDINO_BAD_ARG, "Feature %u has a number out of range", i);
    }
    return SORDINO_OK;
}

static void make_rotations(features *f, const stft_geometry *g)
{
    const double turn = 6.283185307179586476925;
    for (uint32_t k = 0; k < g->bins; k++) {
        const uint64_t steps = ((uint64_t)k * g->hop) % g->window;
        const double angle = -turn * (double)steps / g->window;
        f->rotation[2 * k] = (float)cos(angle);
        f->rotation[2 * k + 1] = (float)sin(angle);
    }
}

sordino_status features_new(const feature_spec *specs, uint32_t n_specs, double level_rise,
                            double level_fall, const bands *b, const stft_geometry *geometry,
                            features **out, sordino_error *why)
{
    *out = NULL;
    sordino_status status = check_specs(specs, n_specs, level_rise, level_fall, why);
    if (status != SORDINO_OK)
        return status;
    features *f = calloc(1, sizeof *f);
    if (!f)
        return error_set(why, SORDINO_NO_MEM, "Out of memory for features");
    const double hop_s = geometry->hop / geometry->rate;
    bool snr = false;
    for (uint32_t i = 0; i < n_specs; i++) {
        f->specs[i] = specs[i];
        snr = snr || specs[i].kind == FEATURE_LOG_SNR;
    }
    f->n_specs = n_specs;
    f->n_bins = geometry->bins;
    f->bands = b;
    f->rise = 1.0 - exp(-hop_s / level_rise);
    f->fall = 1.0 - exp(-hop_s / level_fall);
    f->power = calloc(bands_count(b), sizeof *f->power);
    f->past = calloc(2 * (size_t)f->n_bins, sizeof *f->past);
    f->rotation = calloc(2 * (size_t)f->n_bins, sizeof *f->rotation);
    if (!f->power || !f->past || !f->rotation)
        status = error_set(why, SORDINO_NO_MEM, "Out of memory for features");
    if (status == SORDINO_OK && snr)
        status = noise_track_new(bands_count(b), hop_s, &f->track, why);
    if (status != SORDINO_OK) {
        features_free(f);
        return status;
    }
    make_rotations(f, geometry);
    *out = f;
    return SORDINO_OK;
}

/* The first sound sets the level; then it follows, faster up than down. */
static void follow_level(features *f, const float *spectrum)
{
    double total = 0.0;
    for (uint32_t k = 0; k < f->n_bins; k++)
        total += (double)spectrum[2 * k] * (double)spectrum[2 * k] +
                 (double)spectrum[2 * k + 1] * (double)spectrum[2 * k + 1];
    if (f->level == 0.0)
        f->level = total;
    else
        f->level += (total > f->level ? f->rise : f->fall) * (total - f->level);
}

static float in_db(const feature_spec *s, double over, double under)
{
    if (!(over > 0.0 && under > 0.0))
        return (float)s->low;
    const float db = db_per_ln * logf((float)clamp_double(over / under, 1e-30, 1e30));
    return clamp_float((db + (float)s->offset) * (float)s->scale, (float)s->low, (float)s->high);
}

/* cos and sin of arg X(t) - arg X(t-1) - hop term, for the lowest bins. */
static void phase_advance(const features *f, const feature_spec *s, const float *x, float *out)
{
    const uint32_t n = s->bins < f->n_bins - 1 ? s->bins : f->n_bins - 1;
    memset(out, 0, 2 * s->bins * sizeof *out);
    for (uint32_t k = 0; k < n; k++) {
        const double a = x[2 * k], b = x[2 * k + 1];
        const double c = f->past[2 * k], d = f->past[2 * k + 1];
        const double re = a * c + b * d, im = b * c - a * d; /* X(t) conj X(t-1) */
        const double size = sqrt(re * re + im * im);
        if (!(size > 0.0))
            continue;
        const double u = f->rotation[2 * k], v = f->rotation[2 * k + 1];
        out[2 * k] = (float)((re * u - im * v) / size);
        out[2 * k + 1] = (float)((re * v + im * u) / size);
    }
}

void features_push(features *f, const float *spectrum, float *out)
{
    const uint32_t n = bands_count(f->bands), present = bands_present(f->bands);
    bands_power(f->bands, spectrum, f->power);
    follow_level(f, spectrum);
    const float *noise = NULL;
    if (f->track) {
        noise_track_push(f->track, f->power);
        noise = noise_track_psd(f->track);
    }
    for (uint32_t i = 0; i < f->n_specs; i++) {
        const feature_spec *s = &f->specs[i];
        if (s->kind == FEATURE_PHASE_ADVANCE) {
            phase_advance(f, s, spectrum, out);
            out += 2 * s->bins;
            continue;
        }
        for (uint32_t b = 0; b < n; b++) {
            /* with a level of SNR there is a tracker:
             * NOLINTNEXTLINE(clang-analyzer-core.NullDereference) */
            const double under = s->kind == FEATURE_LOG_LEVEL ? f->level : (double)noise[b];
            out[b] = b < present ? in_db(s, f->power[b], under) : (float)s->low;
        }
        out += n;
    }
    memcpy(f->past, spectrum, 2 * (size_t)f->n_bins * sizeof *f->past);
}
