#include "trainer/loss/mask.h"
#include "trainer/loss/stft_grad.h"

#include "core/dsp/bands.h"
#include "tests/support/cmocka_all.h"
#include "tests/support/signals.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Single precision beside the same formula in double, relative to the largest value. */
static const double rounding = 2e-6;
/* Two inner products in double of what was made in single precision, relative to the product of the
 * vectors' lengths. */
static const double product_tolerance = 2e-6;
/* Of a slope by central differences in single precision, relative. The estimate is of second degree
 * in the network's frames, so only rounding counts. */
static const double slope_tolerance = 2e-3;

enum { FRAMES = 9, BANDS = 20, PADDING = 5 };

typedef struct setting {
    double rate;
    uint32_t taps, tap_bins;
} setting;

/* 8 kHz leaves bands absent; the last has taps on every bin and beyond. */
static const setting settings[] = {
    {16000, 0, 0}, {16000, 3, 12}, {8000, 2, 10}, {44100, 8, 30}, {8000, 1, 4096}};
enum { SETTINGS = sizeof settings / sizeof settings[0] };

typedef struct set {
    setting given;
    stft_geometry geometry;
    bands *bands;
    mask *mask;
    size_t bins, stride, width; /* width: what the network makes; stride: with padding */
    float *x, *out, *y;
} set;

static float *random_floats(size_t n, double spread, uint64_t *seed)
{
    float *const x = malloc((n + 1) * sizeof *x);
    assert_non_null(x);
    for (size_t i = 0; i < n; i++)
        x[i] = (float)(spread * test_normal(seed));
    return x;
}

static set make(setting given, uint64_t seed)
{
    set s = {.given = given};
    double centres[BANDS];
    for (int b = 0; b < BANDS; b++)
        centres[b] = b < 8 ? 80.0 * b : 640.0 * pow(1.24, b - 8.0);
    assert_int_equal(stft_geometry_init(given.rate, 0.02, 0.01, &s.geometry, NULL), SORDINO_OK);
    assert_int_equal(bands_new(centres, BANDS, &s.geometry, &s.bands, NULL), SORDINO_OK);
    s.bins = s.geometry.bins;
    s.width = BANDS + 2 * (size_t)given.taps * given.tap_bins;
    s.stride = s.width + PADDING;
    s.mask = mask_new(s.bands, s.geometry.bins, given.taps, given.tap_bins);
    assert_non_null(s.mask);
    s.x = random_floats(2 * FRAMES * s.bins, 1, &seed);
    s.out = random_floats(FRAMES * s.stride, 0.3, &seed);
    for (size_t t = 0; t < FRAMES; t++)
        for (size_t b = 0; b < BANDS; b++)
            s.out[t * s.stride + b] += 0.5f; /* a few lie outside 0..1 */
    for (size_t t = 0; s.width > BANDS && t < FRAMES; t++) {
        s.out[t * s.stride + BANDS + t] = t % 2 ? 11.0f : -9.0f; /* and outside -8..8 */
    }
    s.y = malloc(2 * FRAMES * s.bins * sizeof *s.y);
    assert_non_null(s.y);
    return s;
}

static void drop(set *s)
{
    mask_free(s->mask);
    bands_free(s->bands);
    free(s->x);
    free(s->out);
    free(s->y);
}

/* core/model/model.h's formula of one bin of frame t. */
static void plain_bin(const set *s, const float *gains, size_t t, size_t k, double y[2])
{
    const float *const c = s->out + t * s->stride + BANDS + 2 * k * s->given.taps;
    const float *const x = s->x + 2 * (t * s->bins + k);
    double re = (double)x[0], im = (double)x[1];
    for (uint32_t j = 0; k < s->given.tap_bins && j < s->given.taps && j <= t; j++) {
        const float *const past = x - 2 * j * s->bins;
        const double a = fmax(-8, fmin(8, (double)c[2 * j]));
        const double b = fmax(-8, fmin(8, (double)c[2 * j + 1]));
        re += a * (double)past[0] - b * (double)past[1];
        im += a * (double)past[1] + b * (double)past[0];
    }
    y[0] = (double)gains[k] * re;
    y[1] = (double)gains[k] * im;
}

static void estimate_is_the_formula_of_a_model(void **state)
{
    (void)state;
    const uint64_t seed = test_seed(1);
    for (size_t which = 0; which < SETTINGS; which++) {
        set s = make(settings[which], seed + which);
        float *const gains = malloc(s.bins * sizeof *gains);
        float clamped[BANDS];
        double most = 0, largest = 0;
        assert_non_null(gains);
        mask_apply(s.mask, s.x, s.out, s.stride, FRAMES, s.y);
        for (size_t t = 0; t < FRAMES; t++) {
            for (size_t b = 0; b < BANDS; b++)
                clamped[b] = fminf(1, fmaxf(0, s.out[t * s.stride + b]));
            bands_spread(s.bands, clamped, gains);
            for (size_t k = 0; k < s.bins; k++) {
                const float *const y = s.y + 2 * (t * s.bins + k);
                double right[2];
                plain_bin(&s, gains, t, k, right);
                most = fmax(most, fabs((double)y[0] - right[0]));
                most = fmax(most, fabs((double)y[1] - right[1]));
                largest = fmax(largest, fmax(fabs(right[0]), fabs(right[1])));
            }
        }
        assert_true(most <= rounding * largest);
        free(gains);
        drop(&s);
    }
}

/* The mean of the estimate over `d_y`, in double. */
static double weighted(set *s, const float *d_y)
{
    double sum = 0;
    mask_apply(s->mask, s->x, s->out, s->stride, FRAMES, s->y);
    for (size_t i = 0; i < 2 * FRAMES * s->bins; i++)
        sum += (double)s->y[i] * (double)d_y[i];
    return sum;
}

/* So that no step crosses where gains and taps are clamped. */
static void keep_within(set *s)
{
    for (size_t t = 0; t < FRAMES; t++)
        for (size_t i = 0; i < s->width; i++) {
            float *const x = &s->out[t * s->stride + i];
            *x = i < BANDS ? fminf(0.9f, fmaxf(0.1f, *x)) : fminf(2, fmaxf(-2, *x));
        }
}

static void backward_is_the_slope_along_any_direction(void **state)
{
    (void)state;
    uint64_t seed = test_seed(2);
    for (size_t which = 0; which < SETTINGS; which++) {
        set s = make(settings[which], seed + which);
        const size_t n = FRAMES * s.stride;
        keep_within(&s);
        float *const d_y = random_floats(2 * FRAMES * s.bins, 1, &seed);
        float *const d = malloc(n * sizeof *d), *const was = malloc(n * sizeof *was);
        assert_non_null(d);
        assert_non_null(was);
        memcpy(was, s.out, n * sizeof *was);
        mask_backward(s.mask, s.x, s.out, s.stride, FRAMES, d_y, d);
        double norm = 0;
        for (size_t i = 0; i < n; i++)
            norm += (double)d[i] * (double)d[i];
        for (int k = 0; k < 4; k++) {
            /* Along the derivative, tilted at random: a slope that rounding does not hide. */
            float *const way = random_floats(n, 1 / sqrt((double)n), &seed);
            double slope = 0, value[2];
            const double step = 0.05;
            for (size_t i = 0; i < n; i++) {
                way[i] += (float)((double)d[i] / sqrt(norm));
                slope += (double)way[i] * (double)d[i];
            }
            for (int side = 0; side < 2; side++) {
                for (size_t i = 0; i < n; i++)
                    s.out[i] = was[i] + (float)((side ? step : -step) * (double)way[i]);
                value[side] = weighted(&s, d_y);
            }
            memcpy(s.out, was, n * sizeof *was);
            const double measured = (value[1] - value[0]) / (2 * step);
            assert_true(fabs(measured - slope) <= slope_tolerance * fabs(slope));
            free(way);
        }
        free(d_y);
        free(d);
        free(was);
        drop(&s);
    }
}

/* The formula is linear in each tap and in the gains: one by one they can be checked exactly. */
static void each_tap_has_its_own_derivative(void **state)
{
    (void)state;
    uint64_t seed = test_seed(3);
    set s = make((setting){16000, 3, 12}, seed);
    const size_t n = FRAMES * s.stride;
    keep_within(&s);
    float *const d_y = random_floats(2 * FRAMES * s.bins, 1, &seed);
    float *const d = malloc(n * sizeof *d);
    assert_non_null(d);
    mask_backward(s.mask, s.x, s.out, s.stride, FRAMES, d_y, d);
    for (size_t t = 0; t < FRAMES; t += 4)
        for (size_t i = BANDS; i < s.width; i++) {
            float *const c = &s.out[t * s.stride + i];
            const float was = *c;
            *c = was + 1;
            const double above = weighted(&s, d_y);
            *c = was - 1;
            const double below = weighted(&s, d_y);
            *c = was;
            const double measured = (above - below) / 2;
            assert_true(fabs(measured - (double)d[t * s.stride + i]) <= 1e-3);
        }
    free(d_y);
    free(d);
    drop(&s);
}

static void what_changes_nothing_has_no_derivative(void **state)
{
    (void)state;
    uint64_t seed = test_seed(4);
    for (size_t which = 0; which < SETTINGS; which++) {
        set s = make(settings[which], seed + which);
        const size_t n = FRAMES * s.stride;
        const uint32_t present = bands_present(s.bands);
        float *const d_y = random_floats(2 * FRAMES * s.bins, 1, &seed);
        float *const d = random_floats(n, 1, &seed);
        keep_within(&s);
        s.out[0] = -0.25f; /* clamped */
        s.out[1] = 1.25f;
        const size_t tap = BANDS + (size_t)2 * 5 * s.given.taps; /* of bin 5 */
        if (s.given.taps) {
            s.out[tap] = 8.5f;
            s.out[tap + s.stride + 1] = -8.5f; /* a frame later */
        }
        mask_backward(s.mask, s.x, s.out, s.stride, FRAMES, d_y, d);
        assert_true(d[0] == 0.0f && d[1] == 0.0f);
        assert_true(d[2] != 0.0f);
        if (s.given.taps) {
            assert_true(d[tap] == 0.0f && d[tap + 1] != 0.0f);
            assert_true(d[tap + s.stride] != 0.0f && d[tap + s.stride + 1] == 0.0f);
        }
        for (size_t t = 0; t < FRAMES; t++) {
            for (size_t b = present; b < BANDS; b++)
                assert_true(d[t * s.stride + b] == 0.0f);
            for (size_t i = s.width; i < s.stride; i++)
                assert_true(d[t * s.stride + i] == 0.0f);
            /* Taps that reach back to before the first frame, and bins that there are not. */
            for (size_t k = 0; k < s.given.tap_bins; k++)
                for (size_t j = 0; j < s.given.taps; j++)
                    if (j > t || k >= s.bins)
                        assert_true(d[t * s.stride + BANDS + 2 * (k * s.given.taps + j)] == 0.0f &&
                                    d[t * s.stride + BANDS + 2 * (k * s.given.taps + j) + 1] ==
                                        0.0f);
        }
        free(d_y);
        free(d);
        drop(&s);
    }
    set s = make((setting){8000, 2, 10}, seed);
    assert_true(bands_present(s.bands) < BANDS);
    drop(&s);
}

static double dot(const float *a, const float *b, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (double)a[i] * (double)b[i];
    return sum;
}

static void check_adjoint(double rate, double window, double hop, size_t frames, uint64_t *seed)
{
    stft_geometry g;
    stft *transform;
    assert_int_equal(stft_geometry_init(rate, window, hop, &g, NULL), SORDINO_OK);
    assert_int_equal(stft_new(&g, &transform, NULL), SORDINO_OK);
    stft_grad *const grad = stft_grad_new(&g);
    assert_non_null(grad);
    const size_t n = frames * g.hop, pairs = 2 * (size_t)g.bins, m = frames * pairs;
    float *const spectra = random_floats(m, 1, seed), *const d_samples = random_floats(n, 1, seed);
    float *const samples = malloc(n * sizeof *samples);
    float *const before = random_floats(m, 1, seed), *const d = malloc(m * sizeof *d);
    assert_non_null(samples);
    assert_non_null(d);
    memcpy(d, before, m * sizeof *d);
    for (size_t t = 0; t < frames; t++)
        stft_synthesise(transform, spectra + t * pairs, samples + t * g.hop);
    stft_grad_synthesise(grad, d_samples, frames, d);
    for (size_t t = 0; t < frames; t++) /* the ends' imaginary parts */
        assert_true(d[t * pairs + 1] == before[t * pairs + 1] &&
                    d[(t + 1) * pairs - 1] == before[(t + 1) * pairs - 1]);
    for (size_t i = 0; i < m; i++)
        d[i] -= before[i]; /* it is added */
    const double one = dot(samples, d_samples, n), other = dot(spectra, d, m);
    const double lengths = sqrt(dot(samples, samples, n) * dot(d_samples, d_samples, n));
    assert_true(fabs(one - other) <= product_tolerance * lengths);
    /* And twice gives the same. */
    memcpy(samples, d_samples, n * sizeof *samples);
    float *const again = calloc(m, sizeof *again), *const once = calloc(m, sizeof *once);
    assert_non_null(again);
    assert_non_null(once);
    stft_grad_synthesise(grad, d_samples, frames, once);
    stft_grad_synthesise(grad, samples, frames, again);
    assert_memory_equal(once, again, m * sizeof *once);
    free(spectra);
    free(d_samples);
    free(samples);
    free(before);
    free(d);
    free(again);
    free(once);
    stft_grad_free(grad);
    stft_free(transform);
}

static void gradient_of_synthesis_is_its_adjoint(void **state)
{
    (void)state;
    uint64_t seed = test_seed(5);
    for (size_t frames = 1; frames <= 12; frames++) {
        check_adjoint(16000, 0.020, 0.010, frames, &seed);
        check_adjoint(44100, 0.032, 0.008, frames, &seed);
        check_adjoint(8000, 0.020, 0.0081, frames, &seed); /* no whole number of hops */
    }
    stft_grad_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(estimate_is_the_formula_of_a_model),
        cmocka_unit_test(backward_is_the_slope_along_any_direction),
        cmocka_unit_test(each_tap_has_its_own_derivative),
        cmocka_unit_test(what_changes_nothing_has_no_derivative),
        cmocka_unit_test(gradient_of_synthesis_is_its_adjoint),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
