#include "core/dsp/features.h"

#include "core/dsp/noise_track.h"
#include "tests/support/cmocka_all.h"
#include "tests/support/failing_alloc.h"
#include "tests/support/signals.h"

#include <float.h>
#include <stdlib.h>
#include <string.h>

enum { N_BANDS = 6, BINS = 20, MOST = 2000, N_SPECS = 3 };
static const double pi = 3.14159265358979323846;
static const double centres[N_BANDS] = {100.0, 500.0, 1200.0, 2500.0, 5000.0, 11000.0};
static const double rise = 0.05, fall = 0.5; /* s */
static const feature_spec specs[N_SPECS] = {
    {.kind = FEATURE_LOG_LEVEL, .offset = 20.0, .scale = 0.05, .low = -3.0, .high = 3.0},
    {.kind = FEATURE_PHASE_ADVANCE, .bins = BINS},
    {.kind = FEATURE_LOG_SNR, .offset = -5.0, .scale = 0.1, .low = -1.0, .high = 4.0},
};

typedef struct set {
    stft_geometry g;
    bands *b;
    features *f;
    uint32_t width;
} set;

static set make(double rate)
{
    set s;
    assert_int_equal(stft_geometry_init(rate, 0.02, 0.005, &s.g, NULL), SORDINO_OK);
    assert_int_equal(bands_new(centres, N_BANDS, &s.g, &s.b, NULL), SORDINO_OK);
    assert_int_equal(features_new(specs, N_SPECS, rise, fall, s.b, &s.g, &s.f, NULL), SORDINO_OK);
    s.width = features_width(specs, N_SPECS, N_BANDS);
    assert_int_equal(s.width, 2 * N_BANDS + 2 * BINS);
    return s;
}

static void drop(set *s)
{
    features_free(s->f);
    bands_free(s->b);
}

/* Noise, louder now and then, silent at the start, and loud in frame 30 alone. */
static void frame_of(float *x, uint32_t bins, int m, uint64_t *random)
{
    const double level = m < 3 ? 0.0 : m == 30 ? 1000.0 : m % 40 > 25 ? 20.0 : 1.0;
    for (uint32_t k = 0; k < 2 * bins; k++)
        x[k] = (float)(level * test_normal(random));
}

static double wanted_db(const feature_spec *s, double over, double under)
{
    if (!(over > 0.0 && under > 0.0))
        return s->low;
    return fmin(fmax((10.0 * log10(over / under) + s->offset) * s->scale, s->low), s->high);
}

static void features_are_those_of_the_plain_formulas(void **state)
{
    (void)state;
    const double tolerance = 1e-5; /* of values up to 4, by single-precision logarithms */
    const double rates[] = {8000.0, 16000.0, 48000.0};
    uint64_t random = test_seed(1);
    for (int r = 0; r < 3; r++) {
        set s = make(rates[r]);
        const double hop_s = s.g.hop / s.g.rate;
        noise_track *t;
        static float x[2 * MOST], past[2 * MOST], out[MOST], power[N_BANDS];
        double level = 0.0;
        memset(past, 0, sizeof past);
        assert_int_equal(noise_track_new(N_BANDS, hop_s, &t, NULL), SORDINO_OK);
        for (int m = 0; m < 300; m++) {
            double total = 0.0;
            frame_of(x, s.g.bins, m, &random);
            features_push(s.f, x, out);
            bands_power(s.b, x, power);
            noise_track_push(t, power);
            for (uint32_t k = 0; k < 2 * s.g.bins; k++)
                total += (double)x[k] * (double)x[k];
            const double time = total > level ? rise : fall;
            level = level > 0.0 ? level + (1.0 - exp(-hop_s / time)) * (total - level) : total;
            for (uint32_t b = 0; b < N_BANDS; b++) {
                const double p = b < bands_present(s.b) ? (double)power[b] : 0.0;
                const double noise = (double)noise_track_psd(t)[b];
                assert_true(fabs((double)out[b] - wanted_db(&specs[0], p, level)) < tolerance);
                assert_true(fabs((double)out[N_BANDS + 2 * BINS + b] -
                                 wanted_db(&specs[2], p, noise)) < tolerance);
            }
            for (uint32_t k = 0; k < BINS; k++) {
                const double now = atan2((double)x[2 * k + 1], (double)x[2 * k]);
                const double before = atan2((double)past[2 * k + 1], (double)past[2 * k]);
                const double advance = now - before - 2.0 * pi * k * s.g.hop / s.g.window;
                const bool known = m > 3;
                assert_true(fabs((double)out[N_BANDS + 2 * k] - (known ? cos(advance) : 0.0)) <
                            tolerance);
                assert_true(fabs((double)out[N_BANDS + 2 * k + 1] - (known ? sin(advance) : 0.0)) <
                            tolerance);
            }
            memcpy(past, x, sizeof past);
        }
        noise_track_free(t);
        drop(&s);
    }
}

/* A tone between bins advances by what its frequency lies off the bin's, times the hop. */
static void a_tone_off_a_bin_shows_by_how_much(void **state)
{
    (void)state;
    const double tolerance = 0.03; /* the negative frequency leaks in */
    set s = make(16000.0);
    stft *t;
    const uint32_t bin = 12;
    const double off = 0.3; /* bins */
    float hop[80], x[2 * 161], out[MOST];
    assert_int_equal(s.g.hop, 80);
    assert_int_equal(stft_new(&s.g, &t, NULL), SORDINO_OK);
    for (int m = 0; m < 20; m++) {
        for (int i = 0; i < 80; i++)
            hop[i] = (float)cos(2.0 * pi * (bin + off) / s.g.window * (m * 80 + i));
        stft_analyse(t, hop, x);
        features_push(s.f, x, out);
    }
    const double advance = 2.0 * pi * off * s.g.hop / s.g.window;
    assert_true(fabs((double)out[N_BANDS + 2 * bin] - cos(advance)) < tolerance);
    assert_true(fabs((double)out[N_BANDS + 2 * bin + 1] - sin(advance)) < tolerance);
    stft_free(t);
    drop(&s);
}

static void a_gain_on_the_input_changes_nothing(void **state)
{
    (void)state;
    const float gains[] = {0x1p-30f, 0x1p30f}; /* round nothing */
    for (int i = 0; i < 2; i++) {
        set a = make(48000.0), b = make(48000.0);
        uint64_t random = test_seed(2);
        static float x[2 * MOST], y[2 * MOST], out[MOST], again[MOST];
        for (int m = 0; m < 200; m++) {
            frame_of(x, a.g.bins, m, &random);
            for (uint32_t k = 0; k < 2 * a.g.bins; k++)
                y[k] = x[k] * gains[i];
            features_push(a.f, x, out);
            features_push(b.f, y, again);
            for (uint32_t k = 0; k < a.width; k++)
                assert_true(fabs((double)out[k] - (double)again[k]) < 1e-6);
        }
        drop(&a);
        drop(&b);
    }
}

/* The level is a sum, so the bands that are there look the same when those above are empty. */
static void band_limited_input_keeps_its_levels(void **state)
{
    (void)state;
    set a = make(48000.0), b = make(48000.0);
    uint64_t random = test_seed(3);
    static float x[2 * MOST], out[MOST], again[MOST];
    for (int m = 0; m < 200; m++) {
        frame_of(x, a.g.bins, m, &random);
        for (uint32_t k = 0; k < a.g.bins; k++)
            if (k > a.g.bins / 6) /* above 4 kHz there is 40 dB less, then nothing */
                x[2 * k] *= 0.01f, x[2 * k + 1] *= 0.01f;
        features_push(a.f, x, out);
        for (uint32_t k = a.g.bins / 6 + 1; k < a.g.bins; k++)
            x[2 * k] = x[2 * k + 1] = 0.0f;
        features_push(b.f, x, again);
        for (uint32_t i = 0; i < 3; i++)
            assert_true(fabs((double)out[i] - (double)again[i]) < 1e-3);
        assert_true(again[N_BANDS - 1] == -3.0f);
    }
    drop(&a);
    drop(&b);
}

static void silence_and_absent_bands_give_low_and_no_phase(void **state)
{
    (void)state;
    set s = make(8000.0); /* two bands above Nyquist */
    uint64_t random = test_seed(4);
    static float x[2 * MOST], out[MOST];
    assert_int_equal(bands_present(s.b), 4);
    for (int m = 0; m < 3; m++) {
        features_push(s.f, x, out);
        for (uint32_t i = 0; i < s.width; i++) {
            const bool level = i < N_BANDS, phase = !level && i < N_BANDS + 2 * BINS;
            assert_true(out[i] == (level ? -3.0f : phase ? 0.0f : -1.0f));
        }
    }
    for (int m = 4; m < 60; m++) {
        frame_of(x, s.g.bins, m, &random);
        features_push(s.f, x, out);
        for (uint32_t b = 4; b < N_BANDS; b++)
            assert_true(out[b] == -3.0f && out[N_BANDS + 2 * BINS + b] == -1.0f);
    }
    drop(&s);
}

static void any_spectrum_gives_features_in_range_and_reset_forgets_it(void **state)
{
    (void)state;
    const float values[] = {0.0f, FLT_TRUE_MIN, 1e-30f, 1e-20f, 1.0f, 1e15f, 1e20f, FLT_MAX / 8};
    uint64_t random = test_seed(5);
    set s = make(16000.0), fresh = make(16000.0);
    static float x[2 * MOST], out[MOST], again[MOST];
    for (int m = 0; m < 2000; m++) {
        for (uint32_t k = 0; k < 2 * s.g.bins; k++)
            x[k] = values[test_random(&random) % 8] * (test_random(&random) % 2 ? 1.0f : -1.0f);
        features_push(s.f, x, out);
        for (uint32_t i = 0; i < s.width; i++)
            assert_true(out[i] >= -3.0f && out[i] <= 4.0f);
    }
    /* The burst is forgotten by itself, too: the level falls 8.7 dB in half a second. */
    for (int m = 0; m < 19000; m++) {
        frame_of(x, s.g.bins, 4, &random);
        features_push(s.f, x, out);
        features_push(fresh.f, x, again);
    }
    for (uint32_t i = 0; i < s.width; i++)
        assert_true(fabs((double)out[i] - (double)again[i]) < 1e-3);
    features_reset(s.f);
    drop(&fresh);
    fresh = make(16000.0);
    for (int m = 0; m < 300; m++) {
        frame_of(x, s.g.bins, m, &random);
        features_push(s.f, x, out);
        features_push(fresh.f, x, again);
        assert_memory_equal(out, again, s.width * sizeof *out);
    }
    drop(&s);
    drop(&fresh);
}

static void refused(feature_spec spec, uint32_t n, double up, double down)
{
    set s = make(16000.0);
    features *f = (features *)&f;
    assert_int_equal(features_new(&spec, n, up, down, s.b, &s.g, &f, NULL), SORDINO_BAD_ARG);
    assert_null(f);
    drop(&s);
}

static void bad_arguments_and_failing_memory_are_told(void **state)
{
    (void)state;
    feature_spec spec = specs[0];
    refused(spec, 0, rise, fall);
    refused(spec, FEATURES_MAX + 1, rise, fall);
    refused(spec, 1, 0.0, fall);
    refused(spec, 1, rise, (double)NAN);
    spec.low = spec.high;
    refused(spec, 1, rise, fall);
    spec = specs[0];
    spec.scale = (double)INFINITY;
    refused(spec, 1, rise, fall);
    spec = specs[1];
    spec.bins = 0;
    refused(spec, 1, rise, fall);
    set s = make(16000.0);
    size_t n = 0;
    for (int failed = 1; failed; n++) {
        features *f;
        failing_alloc_arm(n);
        const sordino_status status = features_new(specs, N_SPECS, rise, fall, s.b, &s.g, &f, NULL);
        failed = failing_alloc_disarm();
        assert_int_equal(status, failed ? SORDINO_NO_MEM : SORDINO_OK);
        assert_int_equal(f == NULL, failed);
        features_free(f);
    }
    assert_true(n > 2);
    drop(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(features_are_those_of_the_plain_formulas),
        cmocka_unit_test(a_tone_off_a_bin_shows_by_how_much),
        cmocka_unit_test(a_gain_on_the_input_changes_nothing),
        cmocka_unit_test(band_limited_input_keeps_its_levels),
        cmocka_unit_test(silence_and_absent_bands_give_low_and_no_phase),
        cmocka_unit_test(any_spectrum_gives_features_in_range_and_reset_forgets_it),
        cmocka_unit_test(bad_arguments_and_failing_memory_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
