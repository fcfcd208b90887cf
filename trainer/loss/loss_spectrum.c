/* The spectral loss, in blocks of bins held apart as real and imaginary parts, so that the compiler
 * can use vectors: it is run on every bin of every frame. */
#include "trainer/loss/loss.h"
#include "trainer/loss/power.h"

#include <math.h>

enum { BLOCK = 256, LANES = 8 };

/* Added to squared magnitudes (over the level): the root of 1e-8 lies 80 dB below the signal. */
static const kreal floor_power = (kreal)1e-8;
static const kreal ratio_floor = (kreal)1e-6; /* of both energies, a bin */

typedef struct block {
    kreal yr[BLOCK], yi[BLOCK], sr[BLOCK], si[BLOCK]; /* over the level */
    kreal py[BLOCK], ps[BLOCK];                       /* squared magnitudes */
    kreal my[BLOCK], ms[BLOCK];                       /* to the power c */
    kreal qy[BLOCK], qs[BLOCK];                       /* m / magnitude */
    /* A bin's part of each sum. */
    kreal magnitude[BLOCK], complex[BLOCK], over[BLOCK], error[BLOCK], clean[BLOCK];
} block;

typedef struct sums {
    double magnitude, complex, over, error, clean;
} sums;

static void load(block *b, const kreal *y, const kreal *s, size_t n, kreal scale)
{
    for (size_t i = 0; i < n; i++) {
        b->yr[i] = scale * y[2 * i];
        b->yi[i] = scale * y[2 * i + 1];
        b->sr[i] = scale * s[2 * i];
        b->si[i] = scale * s[2 * i + 1];
    }
    for (size_t i = 0; i < n; i++) {
        const kreal er = b->yr[i] - b->sr[i], ei = b->yi[i] - b->si[i];
        const kreal clean = b->sr[i] * b->sr[i] + b->si[i] * b->si[i];
        b->py[i] = b->yr[i] * b->yr[i] + b->yi[i] * b->yi[i] + floor_power;
        b->ps[i] = clean + floor_power;
        b->error[i] = er * er + ei * ei;
        b->clean[i] = clean;
    }
}

static void compress(block *b, size_t n, kreal c)
{
    const kreal power = c / 2, less = (c - 1) / 2;
    for (size_t i = 0; i < n; i++) {
        const kreal y = log2_of(b->py[i]), s = log2_of(b->ps[i]);
        b->my[i] = exp2_of(power * y);
        b->qy[i] = exp2_of(less * y);
        b->ms[i] = exp2_of(power * s);
        b->qs[i] = exp2_of(less * s);
    }
}

/* The derivative of a block, times `scale`, but for the error ratio's. */
static void differentiate(block *b, size_t n, const loss_spectral *w, kreal scale, kreal *d_y)
{
    const kreal c = w->power;
    kreal dr[BLOCK], di[BLOCK];
    for (size_t i = 0; i < n; i++) {
        const kreal dm = b->my[i] - b->ms[i], lack = dm < 0 ? -dm : 0;
        const kreal er = b->yr[i] * b->qy[i] - b->sr[i] * b->qs[i];
        const kreal ei = b->yi[i] * b->qy[i] - b->si[i] * b->qs[i];
        const kreal inverse = 1 / b->py[i];
        b->magnitude[i] = dm * dm;
        b->complex[i] = er * er + ei * ei;
        b->over[i] = lack * lack;
        /* d my = c my / py Y;  d (Y q) = q I + (c - 1) q / py Y Y' */
        const kreal radial = c * b->my[i] * (w->magnitude * dm - w->over * lack);
        const kreal inner = er * b->yr[i] + ei * b->yi[i];
        const kreal across = w->complex * b->qy[i];
        const kreal along = (radial + across * (c - 1) * inner) * inverse;
        dr[i] = 2 * scale * (along * b->yr[i] + across * er);
        di[i] = 2 * scale * (along * b->yi[i] + across * ei);
    }
    for (size_t i = 0; i < n; i++) {
        d_y[2 * i] = dr[i];
        d_y[2 * i + 1] = di[i];
    }
}

/* In sums side by side, so that vectors add in the same order anywhere. */
static double add_up(const kreal *x, size_t n)
{
    const size_t whole = n - n % LANES;
    kreal lanes[LANES] = {0};
    double sum = 0;
    for (size_t i = 0; i < whole; i += LANES)
        for (size_t k = 0; k < LANES; k++)
            lanes[k] += x[i + k];
    for (size_t i = whole; i < n; i++)
        lanes[i - whole] += x[i];
    for (size_t k = 0; k < LANES; k++)
        sum += (double)lanes[k];
    return sum;
}

static void add_block(sums *sum, const block *b, size_t n)
{
    sum->magnitude += add_up(b->magnitude, n);
    sum->complex += add_up(b->complex, n);
    sum->over += add_up(b->over, n);
    sum->error += add_up(b->error, n);
    sum->clean += add_up(b->clean, n);
}

kreal loss_spectrum(const loss_spectral *spec, const kreal *y, const kreal *s, size_t n,
                    size_t bins, kreal level, kreal scale, kreal *d_y, kreal parts[4])
{
    const size_t all = n * bins;
    const kreal inverse = 1 / level;
    sums sum = {.error = (double)ratio_floor * (double)all};
    sum.clean = sum.error;
    block b;
    for (size_t i = 0; i < all; i += BLOCK) {
        const size_t count = all - i < BLOCK ? all - i : BLOCK;
        load(&b, y + 2 * i, s + 2 * i, count, inverse);
        compress(&b, count, spec->power);
        differentiate(&b, count, spec, scale * inverse / (kreal)all, d_y + 2 * i);
        add_block(&sum, &b, count);
    }
    if (spec->error > 0) {
        /* d log10 E = 2 (Y - S) / (ln 10 E), over the level twice */
        const double ln10 = 2.30258509299404568402;
        const kreal factor =
            (kreal)((double)(scale * inverse * spec->error) * 2 / (ln10 * sum.error));
        for (size_t i = 0; i < 2 * all; i++)
            d_y[i] += factor * (inverse * (y[i] - s[i]));
    }
    const double each = 1 / (double)all;
    const kreal terms[4] = {
        (kreal)(sum.magnitude * each) * spec->magnitude,
        (kreal)(sum.complex * each) * spec->complex,
        (kreal)(sum.over * each) * spec->over,
        spec->error > 0 ? (kreal)log10(sum.error / sum.clean) * spec->error : 0,
    };
    for (int k = 0; parts && k < 4; k++)
        parts[k] = terms[k];
    return terms[0] + terms[1] + terms[2] + terms[3];
}
