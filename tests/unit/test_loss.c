/*
 * The losses beside their formulas written plainly, in double, and the derivatives beside central
 * differences of those. The program is built twice: with kreal double, and as the trainer has it.
 */
#include "trainer/loss/loss.h"
#include "trainer/loss/power.h"

#include "tests/support/cmocka_all.h"
#include "tests/support/failing_alloc.h"
#include "tests/support/signals.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#ifdef KERNELS_DOUBLE
/* Of a loss, relative to its size or 1. */
static const double value_tolerance = 1e-10;
/* Of a derivative, relative to the largest: what central differences of step 1e-5 leave. */
static const double slope_tolerance = 1e-6;
#else
/* Rounding of single precision in the powers and differences of them. */
static const double value_tolerance = 5e-6;
static const double slope_tolerance = 2e-5;
#endif

static const double difference_step = 1e-5;
static const kreal scale = 3; /* of derivatives, to see that it is used */

/* A loss of the library and its formula; `how` is what either needs besides. */
typedef struct loss_case {
    kreal (*run)(const kreal *y, const kreal *s, size_t n, kreal times, kreal *d_y, void *how);
    double (*formula)(const double *y, const double *s, size_t n, const void *how);
    void *how;
} loss_case;

static void *room(size_t n, size_t size)
{
    void *const p = calloc(n, size);
    assert_non_null(p);
    return p;
}

static void round_to(const double *from, kreal *to, size_t n)
{
    for (size_t i = 0; i < n; i++)
        to[i] = (kreal)from[i];
}

static void assert_near(double a, double b, double tolerance)
{
    if (!(fabs(a - b) <= tolerance * fmax(1, fabs(b))))
        fail_msg("%.12g instead of %.12g", a, b);
}

static void check_slopes(const loss_case *c, double *y, const double *s, size_t n, const kreal *d)
{
    double largest = 0;
    double *const slopes = room(n, sizeof *slopes);
    for (size_t i = 0; i < n; i++) {
        const double at = y[i];
        y[i] = at + difference_step;
        const double above = c->formula(y, s, n, c->how);
        y[i] = at - difference_step;
        const double below = c->formula(y, s, n, c->how);
        y[i] = at;
        slopes[i] = (double)scale * (above - below) / (2 * difference_step);
        largest = fmax(largest, fabs(slopes[i]));
    }
    for (size_t i = 0; i < n; i++)
        if (!(fabs((double)d[i] - slopes[i]) <= slope_tolerance * largest))
            fail_msg("derivative %zu is %g instead of %g of at most %g", i, (double)d[i], slopes[i],
                     largest);
    free(slopes);
}

/* `y` and `s` [n] are rounded to kreal first. */
static void check(const loss_case *c, double *y, double *s, size_t n)
{
    kreal *const ky = room(3 * n, sizeof *ky), *const ks = ky + n, *const d = ks + n;
    round_to(y, ky, n);
    round_to(s, ks, n);
    for (size_t i = 0; i < n; i++) {
        y[i] = (double)ky[i];
        s[i] = (double)ks[i];
        d[i] = NAN; /* written, not added to */
    }
    const double loss = (double)c->run(ky, ks, n, scale, d, c->how);
    assert_near(loss, c->formula(y, s, n, c->how), value_tolerance);
    check_slopes(c, y, s, n, d);
    free(ky);
}

/* Noise and an estimate of it, with `error` of the noise's level. */
static void draw(double *y, double *s, size_t n, double error, uint64_t *state)
{
    for (size_t i = 0; i < n; i++) {
        s[i] = test_normal(state);
        y[i] = 0.8 * s[i] + error * test_normal(state);
    }
}

static void check_random(const loss_case *c, size_t n)
{
    uint64_t state = test_seed(1);
    double *const y = room(2 * n, sizeof *y), *const s = y + n;
    draw(y, s, n, 0.5, &state);
    check(c, y, s, n);
    free(y);
}

/* ---- samples ---- */

static const double delta = 0.6;

static kreal run_l1(const kreal *y, const kreal *s, size_t n, kreal times, kreal *d, void *how)
{
    return loss_l1(y, s, n, times, d);
}

static double formula_l1(const double *y, const double *s, size_t n, const void *how)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += fabs(y[i] - s[i]);
    return sum / (double)n;
}

static kreal run_l2(const kreal *y, const kreal *s, size_t n, kreal times, kreal *d, void *how)
{
    return loss_l2(y, s, n, times, d);
}

static double formula_l2(const double *y, const double *s, size_t n, const void *how)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += pow(y[i] - s[i], 2);
    return sum / (double)n;
}

static kreal run_huber(const kreal *y, const kreal *s, size_t n, kreal times, kreal *d, void *how)
{
    return loss_huber(y, s, n, (kreal)delta, times, d);
}

static double formula_huber(const double *y, const double *s, size_t n, const void *how)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        const double e = fabs(y[i] - s[i]);
        sum += e < delta ? e * e / 2 : delta * e - delta * delta / 2;
    }
    return sum / (double)n;
}

static kreal run_si_sdr(const kreal *y, const kreal *s, size_t n, kreal times, kreal *d, void *how)
{
    return loss_si_sdr(y, s, n, times, d);
}

static double formula_si_sdr(const double *y, const double *s, size_t n, const void *how)
{
    double ys = 0, ss = 0, ee = 0;
    for (size_t i = 0; i < n; i++) {
        ys += y[i] * s[i];
        ss += s[i] * s[i];
    }
    for (size_t i = 0; i < n; i++)
        ee += pow(y[i] - ys / ss * s[i], 2);
    return -10 * log10((ys * ys / ss + 1e-8 * ss) / (ee + 1e-8 * ss));
}

static const loss_case l1 = {run_l1, formula_l1, NULL}, l2 = {run_l2, formula_l2, NULL},
                       huber = {run_huber, formula_huber, NULL},
                       si_sdr = {run_si_sdr, formula_si_sdr, NULL};

static void losses_of_samples_follow_their_formulas(void **context)
{
    check_random(&l1, 201);
    check_random(&l2, 201);
    check_random(&huber, 201);
    check_random(&si_sdr, 201);
    check_random(&l2, 1);
}

static void losses_of_samples_have_known_values(void **context)
{
    const kreal y[] = {1, -2, (kreal)0.5, 0}, s[] = {0, 0, 0, 0};
    kreal d[4];
    assert_near((double)loss_l1(y, s, 4, 4, d), 3.5 / 4, value_tolerance);
    assert_true(d[0] == 1 && d[1] == -1 && d[2] == 1 && d[3] == 0);
    assert_near((double)loss_l2(y, s, 4, 4, d), 5.25 / 4, value_tolerance);
    assert_true(d[0] == 2 && d[1] == -4 && d[2] == 1 && d[3] == 0);
    /* Within 1: halves of squares; -2 lies beyond. */
    assert_near((double)loss_huber(y, s, 4, 1, 4, d), (0.5 + 1.5 + 0.125) / 4, value_tolerance);
    assert_true(d[0] == 1 && d[1] == -1 && d[2] == (kreal)0.5 && d[3] == 0);
}

/* An error at right angles to the signal, a tenth of its energy: 10 dB, at any gain. */
static void scale_invariant_ratio_has_known_values(void **context)
{
    static const double gains[] = {1, 1e-3, -40};
    const kreal s[] = {2, 2, 2, 2}, root = (kreal)sqrt(0.4);
    for (size_t k = 0; k < 3; k++) {
        const kreal g = (kreal)gains[k];
        const kreal y[] = {g * (2 + root), g * (2 - root), g * (2 + root), g * (2 - root)};
        kreal d[4];
        /* 1e-8 a part at the lowest gain, where the estimate has 1e-6 of the energy. */
        assert_near((double)loss_si_sdr(y, s, 4, 1, d), -10, k == 1 ? 0.1 : 1e-5);
    }
}

/* ---- spectra ---- */

enum { FRAMES = 3, BINS = 101 }; /* more than a block, and not a whole number of vectors */

static const double level = 2.5;

typedef struct spectral_how {
    loss_spectral spec;
    kreal parts[4];
} spectral_how;

static kreal run_spectrum(const kreal *y, const kreal *s, size_t n, kreal times, kreal *d,
                          void *how)
{
    spectral_how *const h = how;
    return loss_spectrum(&h->spec, y, s, n / BINS / 2, BINS, (kreal)level, times, d, h->parts);
}

static double formula_spectrum(const double *y, const double *s, size_t n, const void *how)
{
    const loss_spectral *const w = &((const spectral_how *)how)->spec;
    const double c = (double)w->power, bins = (double)n / 2;
    double sum = 0, error = 0, clean = 0;
    for (size_t i = 0; i < n; i += 2) {
        const double yr = y[i] / level, yi = y[i + 1] / level;
        const double sr = s[i] / level, si = s[i + 1] / level;
        const double y_size = sqrt(yr * yr + yi * yi + 1e-8),
                     s_size = sqrt(sr * sr + si * si + 1e-8);
        const double ym = pow(y_size, c), sm = pow(s_size, c);
        const double er = yr / y_size * ym - sr / s_size * sm;
        const double ei = yi / y_size * ym - si / s_size * sm;
        sum += (double)w->magnitude * pow(ym - sm, 2) + (double)w->complex * (er * er + ei * ei);
        sum += (double)w->over * pow(fmax(0, sm - ym), 2);
        error += pow(yr - sr, 2) + pow(yi - si, 2);
        clean += sr * sr + si * si;
    }
    const double ratio = (error + 1e-6 * bins) / (clean + 1e-6 * bins);
    return sum / bins + (double)w->error * log10(ratio);
}

static const loss_spectral usual = {(kreal)0.3, (kreal)0.7, (kreal)0.3, (kreal)0.01, (kreal)0.15};

static void spectral_loss_follows_its_formula(void **context)
{
    static const double weights[][5] = {{0.3, 0.7, 0.3, 0.01, 0.15},
                                        {0.3, 1, 0, 0, 0},
                                        {0.3, 0, 1, 0, 0},
                                        {0.3, 0, 0, 1, 0},
                                        {0.3, 0, 0, 0, 1},
                                        {0.5, 0.5, 0.5, 0.1, 0.3},
                                        {1, 1, 1, 0, 0}};
    for (size_t k = 0; k < sizeof weights / sizeof *weights; k++) {
        const double *const w = weights[k];
        spectral_how how = {{(kreal)w[0], (kreal)w[1], (kreal)w[2], (kreal)w[3], (kreal)w[4]}, {0}};
        check_random(&(loss_case){run_spectrum, formula_spectrum, &how}, 2 * (size_t)FRAMES * BINS);
        check_random(&(loss_case){run_spectrum, formula_spectrum, &how}, 2 * (size_t)BINS);
    }
}

/* |Y| 16 and |S| 81, the root taken: 4 and 9. */
static void spectral_loss_has_known_values(void **context)
{
    const loss_spectral w = {(kreal)0.5, (kreal)0.7, (kreal)0.3, (kreal)0.01, (kreal)0.15};
    const kreal y[] = {0, 32}, s[] = {0, 162};
    kreal d[2], parts[4];
    const kreal loss = loss_spectrum(&w, y, s, 1, 1, 2, 1, d, parts);
    const double error = 0.01 * log10(65.0 * 65 / (81 * 81));
    assert_near((double)parts[0], 0.7 * 25, value_tolerance);
    assert_near((double)parts[1], 0.3 * 25, value_tolerance);
    assert_near((double)parts[2], 0.15 * 25, value_tolerance);
    assert_near((double)parts[3], error, value_tolerance);
    assert_near((double)loss, 1.15 * 25 + error, value_tolerance);
    /* d 4 = 4 / (2 16) d|Y|, and |Y| is half of y: -(2 5) 1.15 / 16, and .02 / (ln 10 -65 2). */
    assert_near((double)d[1], -11.5 / 16 - 0.02 / (log(10) * 65 * 2), value_tolerance);
    /* Bins louder than they should be are not over-attenuated. */
    loss_spectrum(&w, s, y, 1, 1, 2, 1, d, parts);
    assert_true(parts[2] == 0);
}

static void equal_spectra_have_no_loss(void **context)
{
    loss_spectral w = usual;
    const kreal y[] = {1, 2, 0, 0, (kreal)-0.3, 4};
    kreal d[6], parts[4];
    loss_spectrum(&w, y, y, 1, 3, 1, 1, d, parts);
    assert_true(parts[0] == 0 && parts[1] == 0 && parts[2] == 0 && parts[3] < 0);
    for (size_t i = 0; i < 6; i++)
        assert_true(d[i] == 0);
    w.error = 0;
    assert_true(loss_spectrum(&w, y, y, 1, 3, 1, 1, d, NULL) == 0);
}

/* A gain on all of it changes the derivative's unit and nothing else. */
static void spectral_loss_does_not_depend_on_the_unit(void **context)
{
    enum { COUNT = 2 * FRAMES * BINS };
    uint64_t state = test_seed(2);
    double y[COUNT], s[COUNT];
    kreal ky[COUNT], ks[COUNT], d[COUNT], scaled[COUNT];
    draw(y, s, COUNT, 0.5, &state);
    round_to(y, ky, COUNT);
    round_to(s, ks, COUNT);
    const kreal loss = loss_spectrum(&usual, ky, ks, FRAMES, BINS, 1, scale, d, NULL);
    for (int power = -60; power <= 60; power += 120) { /* two to the power: exact */
        const kreal gain = (kreal)ldexp(1, power);
        for (size_t i = 0; i < COUNT; i++) {
            ky[i] *= gain;
            ks[i] *= gain;
        }
        assert_true(loss == loss_spectrum(&usual, ky, ks, FRAMES, BINS, gain, scale, scaled, NULL));
        for (size_t i = 0; i < COUNT; i++) {
            assert_true(d[i] == scaled[i] * gain);
            ky[i] /= gain;
            ks[i] /= gain;
        }
    }
}

#ifndef KERNELS_DOUBLE
/* Stated in power.h. */
static void powers_are_as_exact_as_stated(void **context)
{
    double worst = 0, worst_log = 0;
    for (double x = 1e-36; x < 1e38; x *= 1.0007) {
        const double exact = log2((double)(float)x);
        worst_log = fmax(worst_log, fabs((double)log2_of((float)x) - exact) / fmax(1, fabs(exact)));
    }
    for (double x = -126; x < 126; x += 0.0037)
        worst = fmax(worst, fabs((double)exp2_of((float)x) / exp2((double)(float)x) - 1));
    printf("powers within %.3g, logarithms within %.3g\n", worst, worst_log);
    assert_true(worst < 3e-7);
    assert_true(worst_log < 2e-7);
}
#endif

/* ---- envelopes ---- */

/* Stretches of seven frames; bins of 200 Hz, so that low bands are one bin, high ones several. */
enum { ENVELOPE_FRAMES = 18, ENVELOPE_BINS = 27, STRETCH = 7 };
static const double envelope_hop = 0.052, bin_hz = 200;

static kreal run_envelope(const kreal *y, const kreal *s, size_t n, kreal times, kreal *d,
                          void *how)
{
    memset(d, 0, n * sizeof *d); /* it is added to */
    return loss_envelope_run(how, y, s, n / ENVELOPE_BINS / 2, ENVELOPE_BINS, bin_hz, envelope_hop,
                             (kreal)level, times, d);
}

/* Envelopes of the frames that count, [frame][band]; returns how many bands there are. */
static int plain_envelopes(const double *x, const double *s, size_t frames, double env[][15],
                           int *count)
{
    double energies[ENVELOPE_FRAMES], loudest = 0;
    int bands = 0;
    *count = 0;
    for (size_t t = 0; t < frames; t++) {
        energies[t] = 0;
        for (int k = 0; k < 2 * ENVELOPE_BINS; k++)
            energies[t] += pow(s[t * 2 * ENVELOPE_BINS + (size_t)k], 2);
        loudest = fmax(loudest, energies[t]);
    }
    for (size_t t = 0; t < frames; t++) {
        if (energies[t] <= 1e-4 * loudest)
            continue;
        int from = (int)ceil(150 / pow(2, 1.0 / 6) / bin_hz);
        for (bands = 0; bands < 15; bands++) {
            int to = (int)ceil(150 * pow(2, bands / 3.0 + 1.0 / 6) / bin_hz);
            to = to > from ? to : from + 1;
            if (to > ENVELOPE_BINS)
                break;
            double sum = 0;
            for (int k = 2 * from; k < 2 * to; k++)
                sum += pow(x[t * 2 * ENVELOPE_BINS + (size_t)k] / level, 2);
            env[*count][bands] = sqrt(sum + 1e-8);
            from = to;
        }
        ++*count;
    }
    return bands;
}

/* Less the mean, to length 1: n values `stride` apart. */
static void plain_normalise(double *x, int n, int stride)
{
    double mean = 0, square = 1e-8;
    for (int i = 0; i < n; i++)
        mean += x[i * stride] / n;
    for (int i = 0; i < n; i++)
        square += pow(x[i * stride] - mean, 2);
    for (int i = 0; i < n; i++)
        x[i * stride] = (x[i * stride] - mean) / sqrt(square);
}

static double formula_envelope(const double *y, const double *s, size_t n, const void *how)
{
    static double all[2][ENVELOPE_FRAMES][15], part[2][STRETCH][15];
    const size_t frames = n / ENVELOPE_BINS / 2;
    int count, stretches = 0;
    double sum = 0;
    plain_envelopes(y, s, frames, all[0], &count);
    const int bands = plain_envelopes(s, s, frames, all[1], &count);
    for (int at = 0; at + STRETCH <= count; at += 4, stretches++) {
        for (int w = 0; w < 2; w++) {
            memcpy(part[w], all[w] + at, sizeof part[w]);
            for (int b = 0; b < bands; b++)
                plain_normalise(&part[w][0][b], STRETCH, 15);
            for (int t = 0; t < STRETCH; t++)
                plain_normalise(part[w][t], bands, 1);
        }
        for (int t = 0; t < STRETCH; t++)
            for (int b = 0; b < bands; b++)
                sum += part[0][t][b] * part[1][t][b] / STRETCH;
    }
    return stretches > 0 ? 1 - sum / stretches : 0;
}

static void envelope_loss_follows_its_formula(void **context)
{
    enum { COUNT = 2 * ENVELOPE_FRAMES * ENVELOPE_BINS };
    loss_envelope *const l = loss_envelope_new(ENVELOPE_FRAMES);
    assert_non_null(l);
    const loss_case c = {run_envelope, formula_envelope, l};
    check_random(&c, COUNT);
    check_random(&c, 2 * STRETCH * ENVELOPE_BINS);
    /* With silent frames between. */
    uint64_t state = test_seed(6);
    double y[COUNT], s[COUNT];
    draw(y, s, COUNT, 0.5, &state);
    for (size_t i = 0; i < COUNT; i++)
        if (i / (2 * ENVELOPE_BINS) % 5 == 2)
            s[i] *= 1e-3;
    check(&c, y, s, COUNT);
    loss_envelope_free(l);
}

/* The signal at any level has all but the floors' part of a loss, noise about 1, and too few frames
 * none; the derivative is added. */
static void envelope_loss_has_known_values(void **context)
{
    enum { COUNT = 2 * ENVELOPE_FRAMES * ENVELOPE_BINS };
    loss_envelope *const l = loss_envelope_new(ENVELOPE_FRAMES);
    assert_non_null(l);
    uint64_t state = test_seed(7);
    static kreal s[COUNT], y[COUNT], noise[COUNT], d[COUNT], twice[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        s[i] = (kreal)test_normal(&state);
        y[i] = s[i] / 4;
        noise[i] = (kreal)test_normal(&state);
    }
    assert_true(fabs((double)run_envelope(y, s, COUNT, 1, d, l)) < 1e-5);
    assert_near((double)run_envelope(noise, s, COUNT, 1, d, l), 1, 0.3);
    assert_true(run_envelope(noise, s, 2 * (STRETCH - 1) * ENVELOPE_BINS, 1, twice, l) == 0);
    memcpy(twice, d, sizeof d);
    loss_envelope_run(l, noise, s, ENVELOPE_FRAMES, ENVELOPE_BINS, bin_hz, envelope_hop,
                      (kreal)level, 1, twice);
    for (size_t i = 0; i < COUNT; i++)
        assert_true(twice[i] == 2 * d[i]);
    loss_envelope_free(l);
}

/* ---- multi-resolution ---- */

static const uint32_t windows[] = {16, 24, 12}, hops[] = {4, 8, 5};
enum { SAMPLES = 103 };

/* |DFT|^2 + floor of the frame centred on `centre`, one bin. */
static double bin_power(const double *x, size_t n, size_t centre, uint32_t window, uint32_t bin)
{
    const double turn = 6.283185307179586;
    double re = 0, im = 0;
    for (uint32_t i = 0; i < window; i++) {
        const double at = (double)centre + i - window / 2.0;
        if (at < 0 || at >= (double)n)
            continue;
        const double v = x[(size_t)at] * (0.5 - 0.5 * cos(turn * i / window));
        re += v * cos(turn * bin * i / window);
        im -= v * sin(turn * bin * i / window);
    }
    return (re * re + im * im) / (0.375 * window) + 1e-8;
}

static double formula_stft(const double *y, const double *s, size_t n, const void *how)
{
    double loss = 0;
    for (int r = 0; r < 3; r++) {
        double distance = 0, clean = 0, logs = 0, count = 0;
        for (size_t at = 0; at <= n; at += hops[r])
            for (uint32_t k = 0; k <= windows[r] / 2; k++) {
                const double p = bin_power(y, n, at, windows[r], k);
                const double q = bin_power(s, n, at, windows[r], k);
                distance += pow(sqrt(p) - sqrt(q), 2);
                clean += q;
                logs += fabs(log(sqrt(p)) - log(sqrt(q)));
                count++;
            }
        loss += (sqrt(distance / clean) + logs / count) / 3;
    }
    return loss;
}

static kreal run_stft(const kreal *y, const kreal *s, size_t n, kreal times, kreal *d, void *how)
{
    return loss_stft_run(how, y, s, n, times, d);
}

static loss_stft *make_stft(void)
{
    loss_stft *const l = loss_stft_new(windows, hops, 3, SAMPLES);
    assert_non_null(l);
    return l;
}

static void multi_resolution_loss_follows_its_formula(void **context)
{
    loss_stft *const l = make_stft();
    check_random(&(loss_case){run_stft, formula_stft, l}, SAMPLES);
    check_random(&(loss_case){run_stft, formula_stft, l}, 40); /* shorter, in the same room */
    check_random(&(loss_case){run_stft, formula_stft, l}, 3);
    loss_stft_free(l);
}

/* Twice the signal: convergence 1, logarithms ln 2; itself: nothing. */
static void multi_resolution_loss_has_known_values(void **context)
{
    loss_stft *const l = make_stft();
    uint64_t state = test_seed(3);
    kreal s[SAMPLES], y[SAMPLES], d[SAMPLES];
    for (size_t i = 0; i < SAMPLES; i++) {
        s[i] = (kreal)(10 * test_normal(&state));
        y[i] = 2 * s[i];
    }
    assert_near((double)loss_stft_run(l, y, s, SAMPLES, 1, d), 1 + log(2), 1e-5);
    assert_true(loss_stft_run(l, s, s, SAMPLES, 1, d) == 0);
    for (size_t i = 0; i < SAMPLES; i++)
        assert_true(d[i] == 0);
    loss_stft_free(l);
}

/* ---- silence and extreme levels ---- */

static void assert_finite(const loss_case *c, const kreal *y, const kreal *s, size_t n)
{
    kreal *const d = room(n, sizeof *d);
    const double loss = (double)c->run(y, s, n, 1, d, c->how);
    if (!isfinite(loss))
        fail_msg("the loss is %g", loss);
    for (size_t i = 0; i < n; i++)
        if (!isfinite((double)d[i]))
            fail_msg("derivative %zu is %g", i, (double)d[i]);
    free(d);
}

static void losses_are_finite_for_silence_and_any_level(void **context)
{
    enum { COUNT = 2 * STRETCH * ENVELOPE_BINS };
    static const double sizes[] = {0, 1e-37, 1e-18, 1e-6, 1, 1e6, 1e12};
    spectral_how how = {usual, {0}};
    loss_stft *const l = loss_stft_new(windows, hops, 3, COUNT);
    assert_non_null(l);
    loss_envelope *const envelope = loss_envelope_new(STRETCH);
    assert_non_null(envelope);
    const loss_case cases[] = {l1,
                               l2,
                               huber,
                               si_sdr,
                               {run_spectrum, NULL, &how},
                               {run_stft, NULL, l},
                               {run_envelope, NULL, envelope}};
    uint64_t state = test_seed(4);
    kreal y[COUNT], s[COUNT];
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (size_t j = 0; j < sizeof sizes / sizeof *sizes; j++) {
            for (size_t k = 0; k < COUNT; k++) {
                y[k] = (kreal)(sizes[i] * test_normal(&state));
                s[k] = (kreal)(sizes[j] * test_normal(&state));
            }
            for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
                assert_finite(&cases[k], y, s, COUNT);
                assert_finite(&cases[k], s, s, COUNT);
            }
        }
    loss_envelope_free(envelope);
    loss_stft_free(l);
}

#ifndef KERNELS_DOUBLE
static void failing_allocations_are_reported(void **context)
{
    for (size_t n = 0;; n++) {
        failing_alloc_arm(n);
        loss_stft *const l = loss_stft_new(windows, hops, 3, SAMPLES);
        if (!failing_alloc_disarm()) {
            assert_non_null(l);
            loss_stft_free(l);
            break;
        }
        assert_null(l);
    }
    loss_stft_free(NULL);
    for (size_t n = 0;; n++) {
        failing_alloc_arm(n);
        loss_envelope *const l = loss_envelope_new(SAMPLES);
        if (!failing_alloc_disarm()) {
            assert_non_null(l);
            loss_envelope_free(l);
            break;
        }
        assert_null(l);
    }
    loss_envelope_free(NULL);
}
#endif

/* What the headers promise for silence. */
static void silence_is_no_goal_of_ratios(void **context)
{
    loss_stft *const l = make_stft();
    kreal y[SAMPLES], d[SAMPLES], s[SAMPLES] = {0};
    uint64_t state = test_seed(5);
    for (size_t i = 0; i < SAMPLES; i++)
        y[i] = (kreal)test_normal(&state);
    assert_true(loss_si_sdr(y, s, SAMPLES, 1, d) == 0);
    assert_true(loss_si_sdr(s, y, SAMPLES, 1, d) == 0);
    assert_true(loss_si_sdr(s, s, SAMPLES, 1, d) == 0);
    /* 1 beside 1e-4: ln 1e4; the first term would be 1e4. */
    assert_true(loss_stft_run(l, y, s, SAMPLES, 1, d) < (kreal)9.3);
    loss_stft_free(l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(losses_of_samples_follow_their_formulas),
        cmocka_unit_test(losses_of_samples_have_known_values),
        cmocka_unit_test(scale_invariant_ratio_has_known_values),
        cmocka_unit_test(spectral_loss_follows_its_formula),
        cmocka_unit_test(spectral_loss_has_known_values),
        cmocka_unit_test(equal_spectra_have_no_loss),
        cmocka_unit_test(spectral_loss_does_not_depend_on_the_unit),
#ifndef KERNELS_DOUBLE
        cmocka_unit_test(powers_are_as_exact_as_stated),
#endif
        cmocka_unit_test(envelope_loss_follows_its_formula),
        cmocka_unit_test(envelope_loss_has_known_values),
        cmocka_unit_test(multi_resolution_loss_follows_its_formula),
        cmocka_unit_test(multi_resolution_loss_has_known_values),
        cmocka_unit_test(losses_are_finite_for_silence_and_any_level),
        cmocka_unit_test(silence_is_no_goal_of_ratios),
#ifndef KERNELS_DOUBLE
        cmocka_unit_test(failing_allocations_are_reported),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
