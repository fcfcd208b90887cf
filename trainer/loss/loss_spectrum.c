/* The spectral loss, in blocks of bins held apart as real and imaginary parts, so that the compiler
 * can use vectors: it is run on every bin of every frame. */
#include "trainer/loss/loss.h"
#include "trainer/loss/power.h"

#include <math.h>

enum { BLOCK = 256 };

/* Added to squared magnitudes (over the level): the root of 1e-8 lies 80 dB below the signal. */
static const kreal floor_power = (kreal)1e-8;
static const kreal ratio_floor = (kreal)1e-6; /* of both energies, a bin */

typedef struct block {
    kreal yr[BLOCK], yi[BLOCK], sr[BLOCK], si[BLOCK]; /* over the level */
    kreal py[BLOCK], ps[BLOCK];                       /* squared magnitudes */
    kreal my[BLOCK], ms[BLOCK];                       /* to the power c */
    kreal qy[BLOCK], qs[BLOCK];                       /* m / magnitude */
} block;

static void load(block *b, const kreal *y, const kreal *s, size_t n, kreal scale)
{
    for (size_t i = 0; i < n; i++) {
        b->yr[i] = scale * y[2 * i];
        b->yi[i] = scale * y[2 * i + 1];
        b->sr[i] = scale * s[2 * i];
        b->si[i] = scale * s[2 * i + 1];
    }
    for (size_t i = 0; i < n; i++) {
        b->py[i] = b->yr[i] * b->yr[i] + b->yi[i] * b->yi[i] + floor_power;
        b->ps[i] = b->sr[i] * b->sr[i] + b->si[i] * b->si[i] + floor_power;
    }
}

static void compress(block *b, size_t n, kreal c)
{
    for (size_t i = 0; i < n; i++) {
        b->qy[i] = power_of(b->py[i], (c - 1) / 2);
        b->qs[i] = power_of(b->ps[i], (c - 1) / 2);
    }
    for (size_t i = 0; i < n; i++) {
        b->my[i] = b->qy[i] * root_of(b->py[i]);
        b->ms[i] = b->qs[i] * root_of(b->ps[i]);
    }
}

/* Sums of squares of a block. Four at a time, always in the same order. */
static void add_energies(const block *b, size_t n, double *error, double *clean)
{
    double e[4] = {0}, p[4] = {0};
    for (size_t i = 0; i < n; i++) {
        const kreal r = b->yr[i] - b->sr[i], q = b->yi[i] - b->si[i];
        e[i % 4] += (double)(r * r + q * q);
        p[i % 4] += (double)(b->ps[i] - floor_power);
    }
    *error += (e[0] + e[1]) + (e[2] + e[3]);
    *clean += (p[0] + p[1]) + (p[2] + p[3]);
}

typedef struct sums {
    double magnitude, complex, over;
} sums;

/* Loss and derivative of a block; `w` has the weights over the number of bins, `d_scale` the
 * derivative's factor, `e_scale` that of the error ratio. */
static void differentiate(const block *b, size_t n, const loss_spectral *w, kreal d_scale,
                          kreal e_scale, kreal *d_y, sums *sum)
{
    double magnitude = 0, complex = 0, over = 0;
    kreal dr[BLOCK], di[BLOCK], m2[BLOCK], c2[BLOCK], o2[BLOCK];
    const kreal c = w->power;
    for (size_t i = 0; i < n; i++) {
        const kreal dm = b->my[i] - b->ms[i], lack = dm < 0 ? -dm : 0;
        const kreal er = b->yr[i] * b->qy[i] - b->sr[i] * b->qs[i];
        const kreal ei = b->yi[i] * b->qy[i] - b->si[i] * b->qs[i];
        m2[i] = dm * dm;
        c2[i] = er * er + ei * ei;
        o2[i] = lack * lack;
        /* d my = c my / py Y;  d (Y q) = q I + (c - 1) q / py Y Y' */
        const kreal radial = 2 * c * b->my[i] / b->py[i] * (w->magnitude * dm - w->over * lack);
        const kreal inner = er * b->yr[i] + ei * b->yi[i];
        const kreal along = radial + 2 * w->complex * (c - 1) * b->qy[i] / b->py[i] * inner;
        const kreal across = 2 * w->complex * b->qy[i];
        dr[i] = along * b->yr[i] + across * er;
        di[i] = along * b->yi[i] + across * ei;
    }
    for (size_t i = 0; i < n; i++) {
        d_y[2 * i] = d_scale * dr[i] + e_scale * (b->yr[i] - b->sr[i]);
        d_y[2 * i + 1] = d_scale * di[i] + e_scale * (b->yi[i] - b->si[i]);
    }
    for (size_t i = 0; i < n; i++) {
        magnitude += (double)m2[i];
        complex += (double)c2[i];
        over += (double)o2[i];
    }
    sum->magnitude += magnitude;
    sum->complex += complex;
    sum->over += over;
}

kreal loss_spectrum(const loss_spectral *w, const kreal *y, const kreal *s, size_t n, size_t bins,
                    kreal level, kreal scale, kreal *d_y, kreal parts[4])
{
    const size_t all = n * bins;
    const kreal inverse = 1 / level;
    double error = (double)ratio_floor * (double)all, clean = error;
    sums sum = {0};
    block b;
    for (size_t i = 0; w->error > 0 && i < all; i += BLOCK) {
        const size_t count = all - i < BLOCK ? all - i : BLOCK;
        load(&b, y + 2 * i, s + 2 * i, count, inverse);
        add_energies(&b, count, &error, &clean);
    }
    const double ln10 = 2.30258509299404568402;
    const kreal d_scale = scale * inverse / (kreal)all;
    const kreal e_scale =
        (kreal)((double)(scale * inverse * w->error) * 2 / (ln10 * error)); /* d log10 */
    for (size_t i = 0; i < all; i += BLOCK) {
        const size_t count = all - i < BLOCK ? all - i : BLOCK;
        load(&b, y + 2 * i, s + 2 * i, count, inverse);
        compress(&b, count, w->power);
        differentiate(&b, count, w, d_scale, e_scale, d_y + 2 * i, &sum);
    }
    const double each = 1 / (double)all;
    const kreal terms[4] = {
        (kreal)(sum.magnitude * each) * w->magnitude,
        (kreal)(sum.complex * each) * w->complex,
        (kreal)(sum.over * each) * w->over,
        w->error > 0 ? (kreal)log10(error / clean) * w->error : 0,
    };
    for (int k = 0; parts && k < 4; k++)
        parts[k] = terms[k];
    return terms[0] + terms[1] + terms[2] + terms[3];
}
