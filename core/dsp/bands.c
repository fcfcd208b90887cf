#include "core/dsp/bands.h"

#include "core/base/clamp.h"
#include "core/base/error.h"
#include "core/base/limits.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Bin k lies between bands `low` and `low + 1`, nearer to the upper by `part`. */
typedef struct place {
    uint32_t low;
    float part;
} place;

struct bands {
    uint32_t n, present, bins;
    place *places; /* [bins] */
    float *scale;  /* [n], 1 / sum of the band's weights; 0 for a band narrower than a bin */
    float *centre; /* [n], where such a band is read off, in bins */
};

void bands_free(bands *b)
{
    if (!b)
        return;
    free(b->places);
    free(b->scale);
    free(b->centre);
    free(b);
}

static sordino_status check_centres(const double *hz, uint32_t n, sordino_error *why)
{
    if (n < 1 || n > BANDS_MAX)
        return error_set(why, SORDINO_BAD_ARG, "There are %u bands; 1..%d can be served", n,
                         BANDS_MAX);
    for (uint32_t b = 0; b < n; b++)
        if (!(hz[b] >= 0.0 && hz[b] <= 1e6) || (b > 0 && !(hz[b] > hz[b - 1])))
            return error_set(why, SORDINO_BAD_ARG,
                             "Band %u lies at %g Hz; centres must rise from 0 to 1e6 Hz", b, hz[b]);
    return SORDINO_OK;
}

/* Where each bin lies, and the sum of the weights that reach each band. */
static void place_bins(bands *b, const double *hz, double bin_hz, double *weight)
{
    uint32_t low = 0;
    for (uint32_t k = 0; k < b->bins; k++) {
        const double at = k * bin_hz;
        while (low + 1 < b->present && hz[low + 1] <= at)
            low++;
        double part = 0.0;
        if (at > hz[low] && low + 1 < b->present)
            part = (at - hz[low]) / (hz[low + 1] - hz[low]);
        b->places[k] = (place){.low = low, .part = (float)part};
        weight[low] += 1.0 - part;
        if (low + 1 < b->present)
            weight[low + 1] += part;
    }
}

sordino_status bands_new(const double *centres_hz, uint32_t n, const stft_geometry *geometry,
                         bands **out, sordino_error *why)
{
    *out = NULL;
    const sordino_status status = check_centres(centres_hz, n, why);
    if (status != SORDINO_OK)
        return status;
    bands *b = calloc(1, sizeof *b);
    double *weight = calloc(n, sizeof *weight);
    if (b) {
        b->places = calloc(geometry->bins, sizeof *b->places);
        b->scale = calloc(n, sizeof *b->scale);
        b->centre = calloc(n, sizeof *b->centre);
    }
    if (!b || !weight || !b->places || !b->scale || !b->centre) {
        bands_free(b);
        free(weight);
        return error_set(why, SORDINO_NO_MEM, "Out of memory for bands");
    }
    const double bin_hz = geometry->rate / geometry->window;
    b->n = n;
    b->bins = geometry->bins;
    b->present = 1;
    while (b->present < n && centres_hz[b->present] <= 0.5 * geometry->rate)
        b->present++;
    place_bins(b, centres_hz, bin_hz, weight);
    const double least = 1e-3; /* share of a bin below which a band is read off at its centre */
    for (uint32_t i = 0; i < b->present; i++) {
        b->scale[i] = weight[i] > least ? (float)(1.0 / weight[i]) : 0.0f;
        b->centre[i] = (float)fmin(centres_hz[i] / bin_hz, (double)(b->bins - 1));
    }
    free(weight);
    *out = b;
    return SORDINO_OK;
}

uint32_t bands_count(const bands *b)
{
    return b->n;
}

uint32_t bands_present(const bands *b)
{
    return b->present;
}

static float bin_power(const float *spectrum, uint32_t k)
{
    const float power =
        spectrum[2 * k] * spectrum[2 * k] + spectrum[2 * k + 1] * spectrum[2 * k + 1];
    return min_float(power, limit_bin_power);
}

void bands_power(const bands *b, const float *spectrum, float *power)
{
    memset(power, 0, b->n * sizeof *power);
    for (uint32_t k = 0; k < b->bins; k++) {
        const place at = b->places[k];
        const float p = bin_power(spectrum, k);
        power[at.low] += (1.0f - at.part) * p;
        if (at.low + 1 < b->present)
            power[at.low + 1] += at.part * p;
    }
    for (uint32_t i = 0; i < b->present; i++) {
        if (b->scale[i] > 0.0f) {
            power[i] *= b->scale[i];
            continue;
        }
        const uint32_t low = (uint32_t)b->centre[i];
        const uint32_t high = low + 1 < b->bins ? low + 1 : low;
        const float part = b->centre[i] - (float)low;
        power[i] = (1.0f - part) * bin_power(spectrum, low) + part * bin_power(spectrum, high);
    }
}

void bands_spread(const bands *b, const float *gains, float *bin_gains)
{
    for (uint32_t k = 0; k < b->bins; k++) {
        const place at = b->places[k];
        const float low = gains[at.low];
        const float high = at.low + 1 < b->present ? gains[at.low + 1] : low;
        bin_gains[k] = (1.0f - at.part) * low + at.part * high;
    }
}
