#include "trainer/loss/mask.h"

#include "core/model/model.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* A bin takes part in few bands, next to each other: its weights, and which is the first. */
typedef struct share {
    uint32_t first, count;
    size_t at; /* in weights */
} share;

struct mask {
    uint32_t bins, n_bands, taps, tap_bins;
    share *shares; /* [bins] */
    float *weights;
    float *gains, *d_gains; /* [bins] of a frame */
    float *band_gains;      /* [bands], clamped */
    float *taps_now;        /* [tap_bins][taps] pairs, clamped */
};

/* The triangles, by spreading one band at a time. */
static bool find_shares(mask *m, const bands *b)
{
    float *const table = calloc((size_t)m->n_bands * m->bins, sizeof *table);
    float *const unit = calloc(m->n_bands, sizeof *unit);
    bool good = table && unit;
    for (uint32_t i = 0; good && i < m->n_bands; i++) {
        unit[i] = 1;
        bands_spread(b, unit, table + (size_t)i * m->bins);
        unit[i] = 0;
    }
    size_t n = 0;
    for (uint32_t k = 0; good && k < m->bins; k++) {
        share *const s = &m->shares[k];
        *s = (share){.first = m->n_bands, .at = n};
        for (uint32_t i = 0; i < m->n_bands; i++)
            if (table[(size_t)i * m->bins + k] != 0.0f) {
                s->first = s->first < i ? s->first : i;
                s->count = i - s->first + 1;
            }
        n += s->count;
    }
    m->weights = good ? malloc((n + 1) * sizeof *m->weights) : NULL;
    good = good && m->weights;
    for (uint32_t k = 0; good && k < m->bins; k++)
        for (uint32_t j = 0; j < m->shares[k].count; j++)
            m->weights[m->shares[k].at + j] = table[(size_t)(m->shares[k].first + j) * m->bins + k];
    free(table);
    free(unit);
    return good;
}

static size_t tap_floats(const mask *m)
{
    return 2 * (size_t)m->taps * m->tap_bins;
}

mask *mask_new(const bands *b, uint32_t bins, uint32_t taps, uint32_t tap_bins)
{
    mask *m = calloc(1, sizeof *m);
    if (!m)
        return NULL;
    *m = (mask){.bins = bins,
                .n_bands = bands_count(b),
                .taps = taps,
                .tap_bins = taps == 0 ? 0 : tap_bins};
    m->shares = calloc(bins, sizeof *m->shares);
    m->gains = calloc(bins, sizeof *m->gains);
    m->d_gains = calloc(bins, sizeof *m->d_gains);
    m->band_gains = calloc(m->n_bands, sizeof *m->band_gains);
    m->taps_now = calloc(tap_floats(m) + 1, sizeof *m->taps_now);
    if (!m->shares || !m->gains || !m->d_gains || !m->band_gains || !m->taps_now ||
        !find_shares(m, b)) {
        mask_free(m);
        return NULL;
    }
    return m;
}

void mask_free(mask *m)
{
    if (!m)
        return;
    free(m->shares);
    free(m->weights);
    free(m->gains);
    free(m->d_gains);
    free(m->band_gains);
    free(m->taps_now);
    free(m);
}

/* Reads a frame of the network's. */
static void take(mask *m, const float *out)
{
    const float limit = MODEL_TAP_LIMIT;
    for (uint32_t i = 0; i < m->n_bands; i++)
        m->band_gains[i] = out[i] > 0 ? (out[i] < 1 ? out[i] : 1) : 0;
    for (size_t i = 0; i < tap_floats(m); i++) {
        const float c = out[m->n_bands + i]; /* what is no number stays: the loss must tell */
        m->taps_now[i] = c > limit ? limit : c < -limit ? -limit : c;
    }
    for (uint32_t k = 0; k < m->bins; k++) {
        const share *const s = &m->shares[k];
        float sum = 0;
        for (uint32_t j = 0; j < s->count; j++)
            sum += m->weights[s->at + j] * m->band_gains[s->first + j];
        m->gains[k] = sum;
    }
}

/* X_k(t) + sum over taps c_kj X_k(t - j): the bins that have taps; t frames lie before this one. */
static uint32_t tapped_bins(const mask *m)
{
    return m->tap_bins < m->bins ? m->tap_bins : m->bins;
}

static void filtered(const mask *m, const float *x, size_t t, uint32_t k, float sum[2])
{
    const size_t frame = 2 * (size_t)m->bins;
    const float *const c = m->taps_now;
    sum[0] = x[2 * k];
    sum[1] = x[2 * k + 1];
    for (uint32_t j = 0; j < m->taps && j <= t; j++) {
        const float *const w = c + 2 * ((size_t)k * m->taps + j), *const p = x - j * frame + 2 * k;
        sum[0] += w[0] * p[0] - w[1] * p[1];
        sum[1] += w[0] * p[1] + w[1] * p[0];
    }
}

void mask_apply(mask *m, const float *x, const float *out, size_t stride, size_t n, float *y)
{
    const size_t frame = 2 * (size_t)m->bins;
    const uint32_t tapped = tapped_bins(m);
    for (size_t t = 0; t < n; t++, x += frame, y += frame, out += stride) {
        take(m, out);
        for (uint32_t k = 0; k < tapped; k++) {
            float sum[2];
            filtered(m, x, t, k, sum);
            y[2 * k] = m->gains[k] * sum[0];
            y[2 * k + 1] = m->gains[k] * sum[1];
        }
        for (uint32_t k = tapped; k < m->bins; k++) {
            y[2 * k] = m->gains[k] * x[2 * k];
            y[2 * k + 1] = m->gains[k] * x[2 * k + 1];
        }
    }
}

/* dL/dg_k = Re(conj(F_k) dY_k); dL/dc_kj = g_k conj(X_k(t-j)) dY_k, as pairs. */
static void backward_frame(mask *m, const float *x, size_t t, const float *d_y, float *d_out)
{
    const size_t frame = 2 * (size_t)m->bins;
    const uint32_t tapped = tapped_bins(m);
    float *const d_c = d_out + m->n_bands;
    for (uint32_t k = 0; k < tapped; k++) {
        const float re = d_y[2 * k], im = d_y[2 * k + 1], g = m->gains[k];
        float sum[2];
        filtered(m, x, t, k, sum);
        m->d_gains[k] = sum[0] * re + sum[1] * im;
        for (uint32_t j = 0; j < m->taps && j <= t; j++) {
            const float *const p = x - j * frame + 2 * k;
            float *const d = d_c + 2 * ((size_t)k * m->taps + j);
            d[0] = g * (re * p[0] + im * p[1]);
            d[1] = g * (im * p[0] - re * p[1]);
        }
    }
    for (uint32_t k = tapped; k < m->bins; k++)
        m->d_gains[k] = x[2 * k] * d_y[2 * k] + x[2 * k + 1] * d_y[2 * k + 1];
}

static void drop_clamped(const mask *m, const float *out, float *d_out)
{
    const float limit = MODEL_TAP_LIMIT;
    const float *const c = out + m->n_bands;
    float *const d_c = d_out + m->n_bands;
    for (uint32_t i = 0; i < m->n_bands; i++)
        d_out[i] = out[i] < 0 || out[i] > 1 ? 0 : d_out[i];
    for (size_t i = 0; i < tap_floats(m); i++)
        d_c[i] = c[i] < -limit || c[i] > limit ? 0 : d_c[i];
}

void mask_backward(mask *m, const float *x, const float *out, size_t stride, size_t n,
                   const float *d_y, float *d_out)
{
    const size_t frame = 2 * (size_t)m->bins;
    for (size_t t = 0; t < n; t++, x += frame, d_y += frame, out += stride, d_out += stride) {
        memset(d_out, 0, stride * sizeof *d_out);
        take(m, out);
        backward_frame(m, x, t, d_y, d_out);
        for (uint32_t k = 0; k < m->bins; k++) {
            const share *const s = &m->shares[k];
            for (uint32_t j = 0; j < s->count; j++)
                d_out[s->first + j] += m->weights[s->at + j] * m->d_gains[k];
        }
        drop_clamped(m, out, d_out);
    }
}
