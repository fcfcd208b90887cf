/* The loss of band envelopes: ESTOI and its derivative. */
#include "trainer/loss/loss.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { BANDS = 15, STEP = 4, MAX_STRETCH = 192 };

static const double first_band = 150;         /* Hz */
static const double stretch_time = 0.384;     /* s */
static const kreal quiet = (kreal)1e-4;       /* 40 dB below the loudest frame */
static const kreal floor_power = (kreal)1e-8; /* added to a band's energy over the level's */
static const kreal floor_norm = (kreal)1e-8;  /* added to squared norms */

/* Bands of one frame in a row; of one stretch, or of all. */
typedef kreal frame[BANDS];

struct loss_envelope {
    size_t max_frames;
    size_t *active;                  /* [max_frames]: which frames count */
    frame *y, *s;                    /* [max_frames]: envelopes of those */
    frame *d;                        /* [max_frames]: derivative by y */
    kreal *energies;                 /* [max_frames], of the clean frames */
    size_t n_bands, edge[BANDS + 1]; /* bins edge[b] .. edge[b + 1] - 1 */
    /* Of one stretch: normalised over time, then over bands, and the norms. */
    frame y_time[MAX_STRETCH], s_time[MAX_STRETCH], y_both[MAX_STRETCH], s_both[MAX_STRETCH];
    frame slope[MAX_STRETCH];
    kreal y_norms[BANDS], s_norms[BANDS], y_lengths[MAX_STRETCH], s_lengths[MAX_STRETCH];
};

loss_envelope *loss_envelope_new(size_t max_frames)
{
    loss_envelope *const l = calloc(1, sizeof *l);
    if (!l)
        return NULL;
    l->max_frames = max_frames;
    l->active = calloc(max_frames + 1, sizeof *l->active);
    l->energies = calloc(max_frames + 1, sizeof *l->energies);
    l->y = calloc(max_frames + 1, sizeof *l->y);
    l->s = calloc(max_frames + 1, sizeof *l->s);
    l->d = calloc(max_frames + 1, sizeof *l->d);
    if (!l->active || !l->energies || !l->y || !l->s || !l->d) {
        loss_envelope_free(l);
        return NULL;
    }
    return l;
}

void loss_envelope_free(loss_envelope *l)
{
    if (!l)
        return;
    free(l->active);
    free(l->energies);
    free(l->y);
    free(l->s);
    free(l->d);
    free(l);
}

/* Third octaves that lie below the top bin; where bins are coarse a band has one at least. */
static void lay_out_bands(loss_envelope *l, size_t bins, double bin_hz)
{
    l->edge[0] = (size_t)ceil(first_band * pow(2, -1.0 / 6) / bin_hz);
    for (l->n_bands = 0; l->n_bands < BANDS; l->n_bands++) {
        const double top = first_band * pow(2, (double)l->n_bands / 3 + 1.0 / 6);
        size_t end = (size_t)ceil(top / bin_hz);
        if (end <= l->edge[l->n_bands])
            end = l->edge[l->n_bands] + 1;
        if (end > bins)
            return;
        l->edge[l->n_bands + 1] = end;
    }
}

static kreal energy(const kreal *x, size_t from, size_t to)
{
    kreal sum = 0;
    for (size_t k = 2 * from; k < 2 * to; k++)
        sum += x[k] * x[k];
    return sum;
}

static size_t find_active(loss_envelope *l, const kreal *s, size_t n, size_t bins)
{
    kreal loudest = 0;
    for (size_t t = 0; t < n; t++) {
        l->energies[t] = energy(s + 2 * t * bins, 0, bins);
        loudest = loudest < l->energies[t] ? l->energies[t] : loudest;
    }
    size_t found = 0;
    for (size_t t = 0; t < n; t++)
        if (l->energies[t] > quiet * loudest)
            l->active[found++] = t;
    return found;
}

static void take_envelopes(const loss_envelope *l, const kreal *x, size_t found, size_t bins,
                           kreal inverse, frame *to)
{
    for (size_t i = 0; i < found; i++)
        for (size_t b = 0; b < l->n_bands; b++) {
            const kreal sum = energy(x + 2 * l->active[i] * bins, l->edge[b], l->edge[b + 1]);
            to[i][b] = (kreal)sqrt((double)(inverse * inverse * sum + floor_power));
        }
}

static kreal inverse_root(kreal square)
{
    return (kreal)(1 / sqrt((double)(square + floor_norm)));
}

/* Each band over time, then each frame over bands: less its mean, over its norm. `norms` and
 * `lengths` get what was multiplied by. */
static void normalise(frame *x, size_t n, size_t n_bands, frame *over_time, frame *both,
                      kreal *norms, kreal *lengths)
{
    for (size_t b = 0; b < n_bands; b++) {
        kreal mean = 0, square = 0;
        for (size_t t = 0; t < n; t++)
            mean += x[t][b];
        mean /= (kreal)n;
        for (size_t t = 0; t < n; t++) {
            over_time[t][b] = x[t][b] - mean;
            square += over_time[t][b] * over_time[t][b];
        }
        norms[b] = inverse_root(square);
        for (size_t t = 0; t < n; t++)
            over_time[t][b] *= norms[b];
    }
    for (size_t t = 0; t < n; t++) {
        kreal mean = 0, square = 0;
        for (size_t b = 0; b < n_bands; b++)
            mean += over_time[t][b];
        mean /= (kreal)n_bands;
        for (size_t b = 0; b < n_bands; b++) {
            both[t][b] = over_time[t][b] - mean;
            square += both[t][b] * both[t][b];
        }
        lengths[t] = inverse_root(square);
        for (size_t b = 0; b < n_bands; b++)
            both[t][b] *= lengths[t];
    }
}

/* The derivative by the stretch's envelopes of `times` its correlation, added to `d`: for
 * z = (x - mean) r with r = 1 / norm, dx = r (g - mean of g - z sum of g z). */
static void differentiate(loss_envelope *l, size_t n, kreal times, frame *d)
{
    for (size_t t = 0; t < n; t++) {
        kreal mean = 0, inner = 0;
        for (size_t b = 0; b < l->n_bands; b++) {
            mean += l->s_both[t][b];
            inner += l->s_both[t][b] * l->y_both[t][b];
        }
        mean /= (kreal)l->n_bands;
        for (size_t b = 0; b < l->n_bands; b++)
            l->slope[t][b] =
                times * l->y_lengths[t] * (l->s_both[t][b] - mean - l->y_both[t][b] * inner);
    }
    for (size_t b = 0; b < l->n_bands; b++) {
        kreal mean = 0, inner = 0;
        for (size_t t = 0; t < n; t++) {
            mean += l->slope[t][b];
            inner += l->slope[t][b] * l->y_time[t][b];
        }
        mean /= (kreal)n;
        for (size_t t = 0; t < n; t++)
            d[t][b] += l->y_norms[b] * (l->slope[t][b] - mean - l->y_time[t][b] * inner);
    }
}

/* A stretch of n frames from `at`: its mean correlation; derivative times `times`. */
static double run_stretch(loss_envelope *l, size_t at, size_t n, kreal times)
{
    normalise(l->s + at, n, l->n_bands, l->s_time, l->s_both, l->s_norms, l->s_lengths);
    normalise(l->y + at, n, l->n_bands, l->y_time, l->y_both, l->y_norms, l->y_lengths);
    double sum = 0;
    for (size_t t = 0; t < n; t++)
        for (size_t b = 0; b < l->n_bands; b++)
            sum += (double)(l->s_both[t][b] * l->y_both[t][b]);
    differentiate(l, n, times / (kreal)n, l->d + at);
    return sum / (double)n;
}

static void spread(const loss_envelope *l, const kreal *y, size_t found, size_t bins, kreal inverse,
                   kreal *d_y)
{
    for (size_t i = 0; i < found; i++) {
        const size_t at = 2 * l->active[i] * bins;
        for (size_t b = 0; b < l->n_bands; b++) {
            const kreal factor = l->d[i][b] * inverse * inverse / l->y[i][b];
            for (size_t k = 2 * l->edge[b]; k < 2 * l->edge[b + 1]; k++)
                d_y[at + k] += factor * y[at + k];
        }
    }
}

kreal loss_envelope_run(loss_envelope *l, const kreal *y, const kreal *s, size_t n, size_t bins,
                        double bin_hz, double hop, kreal level, kreal scale, kreal *d_y)
{
    const double frames = stretch_time / hop;
    const size_t stretch = frames < MAX_STRETCH ? (size_t)frames : MAX_STRETCH;
    const size_t found = find_active(l, s, n, bins);
    lay_out_bands(l, bins, bin_hz);
    if (stretch < 2 || found < stretch || l->n_bands < 2)
        return 0;
    const kreal inverse = 1 / level;
    take_envelopes(l, s, found, bins, inverse, l->s);
    take_envelopes(l, y, found, bins, inverse, l->y);
    memset(l->d, 0, found * sizeof *l->d);
    const size_t count = (found - stretch) / STEP + 1;
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += run_stretch(l, i * STEP, stretch, -scale / (kreal)count);
    spread(l, y, found, bins, inverse, d_y);
    return (kreal)(1 - sum / (double)count);
}
