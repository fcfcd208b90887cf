/* How far up recordings reach, and that nothing is learnt above. */
#include "trainer/data/band.h"

#include "core/graph/graph.h"
#include "core/model/model.h"
#include "tests/support/cmocka_all.h"
#include "tests/support/signals.h"
#include "tests/support/spectrum.h"
#include "trainer/data/library.h"
#include "trainer/data/rate.h"
#include "trainer/front/front.h"
#include "trainer/mix/augment.h"
#include "trainer/mix/continue.h"
#include "trainer/mix/mix.h"
#include "trainer/signals/signal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { RATE = 48000, N = 4 * RATE, LOW_RATE = 16000, LOW_N = 4 * LOW_RATE, BANDS = 24 };

static uint64_t seed;
static float x[N], y[N], spare[N];

/* ---- signals ---- */

/* Syllables of noise that falls by 6 dB an octave above 1 kHz, half of the time; 60 dB below them
 * the pauses. */
static void voice(float *to, size_t n, double rate)
{
    double state = 0;
    const double pole = exp(-6.283185307179586 * 1000 / rate);
    for (size_t i = 0; i < n; i++) {
        const double t = fmod((double)i / rate, 0.4);
        state = pole * state + test_normal(&seed);
        to[i] = (float)(state * (t < 0.2 ? 0.05 : 0.00005));
    }
}

static void white(float *to, size_t n)
{
    for (size_t i = 0; i < n; i++)
        to[i] = 0.1f * (float)test_normal(&seed);
}

/* `from` [n] cut off above `hz`, with the curve of a change of rate. */
static void cut_at(double hz, float *at, size_t n, double rate)
{
    assert_true(low_pass_run(hz, rate, at, spare, n));
}

/* Within a band of 250 Hz and the slope of the filter. */
static void check_band(double found, double right)
{
    if (!(found >= 0.9 * right - 250 && found <= 1.07 * right + 250)) {
        print_error("%g Hz for %g\n", found, right);
        fail();
    }
}

/* Mean of the bins of a spectrum between two frequencies, in dB. */
static double density(const float *at, size_t n, double from, double to)
{
    static double power[2048 / 2 + 1];
    assert_true(spectrum(at, n, 2048, power));
    return 10 * log10(band_power(power, 2048, RATE, from, to) + 1e-30);
}

/* ---- the measure ---- */

static void a_full_band_is_all_of_it(void **state)
{
    (void)state;
    static const double rates[] = {8000, 16000, 22050, 44100, 48000};
    for (size_t i = 0; i < 5; i++) {
        const size_t n = (size_t)(2 * rates[i]);
        voice(x, n, rates[i]);
        assert_true(band_measure(x, n, rates[i], true) == rates[i] / 2);
        white(x, n);
        assert_true(band_measure(x, n, rates[i], false) == rates[i] / 2);
    }
}

static void what_was_cut_off_is_found(void **state)
{
    (void)state;
    static const double edges[] = {3400, 5000, 7200, 11000, 16000, 20000};
    for (size_t i = 0; i < 6; i++) {
        voice(x, N, RATE);
        cut_at(edges[i], x, N, RATE);
        check_band(band_measure(x, N, RATE, true), edges[i]);
        white(x, N);
        cut_at(edges[i], x, N, RATE);
        check_band(band_measure(x, N, RATE, false), edges[i]);
    }
}

static void a_low_rate_behind_a_high_one_is_found(void **state)
{
    (void)state;
    static const uint32_t rates[] = {8000, 16000, 32000};
    for (size_t i = 0; i < 3; i++) {
        size_t n = 0;
        voice(x, 2 * rates[i], rates[i]);
        float *const up = rate_convert(x, 2 * rates[i], rates[i], RATE, &n);
        assert_non_null(up);
        for (size_t k = 0; k < n; k++) /* as a file of 16 bits holds it */
            up[k] = rintf(up[k] * 32767) / 32767;
        check_band(band_measure(up, n, RATE, true), rates[i] / 2.0);
        free(up);
    }
}

/* Poor changes of rate leave images 46 dB below; hiss of the chain lies above the voice. */
static void images_and_hiss_are_not_the_voice(void **state)
{
    (void)state;
    voice(x, N, RATE);
    cut_at(7200, x, N, RATE);
    memcpy(y, x, sizeof y);
    for (size_t i = 0; i < N; i++) /* mirrored about 12 kHz: 16.8..24 kHz */
        x[i] += 0.005f * (i % 2 ? -y[i] : y[i]);
    check_band(band_measure(x, N, RATE, true), 7200);
    for (size_t i = 0; i < N; i++)
        x[i] = y[i] + 0.001f * (float)test_normal(&seed);
    check_band(band_measure(x, N, RATE, true), 7200);
}

static void one_loud_s_is_enough(void **state)
{
    (void)state;
    voice(x, N, RATE);
    memcpy(y, x, sizeof y);
    cut_at(5000, x, N, RATE);
    memcpy(x + RATE * 6 / 5, y + RATE * 6 / 5, RATE / 5 * sizeof *x); /* a syllable */
    assert_true(band_measure(x, N, RATE, true) == RATE / 2);
}

static void where_nothing_can_be_said_it_is_all(void **state)
{
    (void)state;
    memset(x, 0, sizeof x);
    assert_true(band_measure(x, N, RATE, true) == RATE / 2);
    assert_true(band_measure(x, N, 500, true) == 250);
    white(x, 100);
    assert_true(band_measure(x, 100, RATE, true) == RATE / 2);
    assert_true(band_measure(x, 0, RATE, false) == RATE / 2);
    white(x, N); /* clean, and it never changes */
    assert_true(band_measure(x, N, RATE, true) == RATE / 2);
}

/* ---- what is drawn ---- */

static library *library_of(size_t n, double rate)
{
    library *l;
    assert_int_equal(library_from_samples("voice", x, n, rate, 0, &l, NULL), SORDINO_OK);
    return l;
}

static void the_band_follows_rate_and_speed(void **state)
{
    (void)state;
    double band = 0;
    rng r = rng_make(seed, 1, 1);
    voice(x, N, RATE);
    library *const full = library_of(N, RATE);
    assert_true(library_at(full, 0).band == RATE / 2);
    assert_true(library_draw(full, false, true, 1, &r, RATE, y, RATE, &band));
    assert_true(band == RATE / 2);
    assert_true(library_draw(full, false, true, 1, &r, 16000, y, RATE, &band));
    assert_true(band == 7200); /* the filter's slope begins */
    assert_true(library_draw(full, false, true, 0.8, &r, RATE, y, RATE, &band));
    assert_true(fabs(band - 0.8 * 0.45 * RATE) < 1);
    library_free(full);

    voice(x, LOW_N, LOW_RATE);
    library *const narrow = library_of(LOW_N, LOW_RATE);
    static const double speeds[] = {1, 0.85, 1.2};
    for (int i = 0; i < 3; i++) {
        assert_true(library_draw(narrow, false, true, speeds[i], &r, RATE, y, N, &band));
        check_band(band_measure(y, N, RATE, true), band);
        assert_true(band <= 8000 * speeds[i]);
    }
    library_free(narrow);
}

static void noise_goes_on_above_its_band(void **state)
{
    (void)state;
    for (int turn = 0; turn < 20; turn++) {
        rng r = rng_make(seed, 2, (uint64_t)turn);
        white(x, N);
        cut_at(7200, x, N, RATE);
        memset(x + N / 2, 0, N / 2 * sizeof *x);
        memcpy(y, x, sizeof y);
        continue_noise(&r, 7200, RATE, x, spare, N);
        const double below = density(y, N / 2, 1000, 6000);
        const double kept = density(x, N / 2, 1000, 6000);
        const double edge = density(x, N / 2, 8000, 10000);
        const double top = density(x, N / 2, 18000, 23000);
        assert_true(fabs(kept - below) < 0.2);
        assert_true(edge < below + 1 && edge > below - 20);
        assert_true(top < below + 1 && top > below - 45);
        for (size_t i = N / 2 + RATE / 20; i < N; i++) /* where there was none there is none */
            assert_true(fabsf(x[i]) < 1e-6f);
    }
}

/* ---- the loss ---- */

static bool draw_library(void *self, rng *r, double rate, float *out, size_t n, double *band)
{
    return library_draw(self, false, true, 1, r, rate, out, n, band);
}

static bool draw_white(void *self, rng *r, double rate, float *out, size_t n, double *band)
{
    (void)self;
    (void)rate;
    (void)band;
    rng_fill_normal(r, out, n, 0.1f);
    return true;
}

static front_spec band_front(void)
{
    front_spec f = {
        .kind = FRONT_STFT,
        .window = 0.020,
        .hop = 0.010,
        .n_bands = BANDS,
        .n_features = 1,
        .features = {{FEATURE_LOG_LEVEL, 0, 30.0, 0.05, -3.0, 3.0}},
        .level_rise = 0.05,
        .level_fall = 1.0,
    };
    for (uint32_t b = 0; b < BANDS; b++)
        f.band_hz[b] = 1000.0 * b;
    return f;
}

/* Sum of the derivative's squares over the bands from `from` on, of the example as mixed. */
static double slope_above(const mix_example *e, const cost_spec *cost, uint32_t from, uint32_t to)
{
    const front_spec spec = band_front();
    const size_t frames = train_front_frames(&spec, e->rate, e->n), row = 32;
    float *const input = calloc(3 * frames * row, sizeof *input);
    float *const out = input + frames * row, *const d = out + frames * row;
    double sum = 0;
    train_front *f;
    assert_non_null(input);
    for (size_t i = 0; i < frames * row; i++)
        out[i] = 0.5f;
    assert_int_equal(train_front_new(&spec, cost, e->n, &f, NULL), SORDINO_OK);
    assert_int_equal(train_front_load(f, e, input, row, NULL), SORDINO_OK);
    assert_true(isfinite(train_front_loss(f, out, row, 1, d)));
    for (size_t t = 0; t < frames; t++)
        for (uint32_t b = from; b < to; b++)
            sum += (double)d[t * row + b] * (double)d[t * row + b];
    train_front_free(f);
    free(input);
    return sum;
}

static const mix_spec mixing = {.seconds = 1,
                                .n_rates = 1,
                                .rates = {RATE},
                                .rate_weights = {1},
                                .snr_low = 5,
                                .snr_high = 5,
                                .resample_low = 0.7,
                                .resample_high = 1.4};

/* What the loss says of the bands above 8 kHz, and of those below, of a voice in white noise. */
static void slopes_of(library *l, const cost_spec *cost, double slopes[2])
{
    const mix_source clean = {.name = "clip", .weight = 1, .self = l, .draw = draw_library};
    const mix_source noise = {.name = "white", .weight = 1, .draw = draw_white};
    mixer *m;
    mix_work *w;
    assert_int_equal(mixer_new(&mixing, &clean, 1, &noise, 1, seed, &m, NULL), SORDINO_OK);
    assert_int_equal(mix_work_new(m, &w, NULL), SORDINO_OK);
    slopes[0] = slopes[1] = 0;
    for (uint64_t i = 0; i < 5; i++) {
        const mix_example *const e = mixer_make(m, w, i);
        assert_non_null(e);
        assert_true(density(e->noisy, e->n, 9000, 20000) > density(e->noisy, e->n, 100, 900) - 40);
        slopes[0] += slope_above(e, cost, 9, BANDS);
        slopes[1] += slope_above(e, cost, 0, 6);
    }
    mix_work_free(w);
    mixer_free(m);
}

static const cost_spec costs[] = {
    {.spectral = {0.3f, 0.7f, 0.3f, 0.01f, 0.15f}, .estoi = 0.1},
    {.spectral = {.power = 0.3f}, .l1 = 1},
    {.spectral = {.power = 0.3f}, .si_sdr = 1},
    {.spectral = {.power = 0.3f}, .multi_stft = 1},
};

static void a_narrow_clip_teaches_nothing_above_its_band(void **state)
{
    (void)state;
    voice(x, LOW_N, LOW_RATE);
    library *const narrow = library_of(LOW_N, LOW_RATE);
    voice(x, N, RATE);
    library *const full = library_of(N, RATE);
    cut_at(7200, x, N, RATE);
    library *const cut = library_of(N, RATE);
    for (size_t c = 0; c < 4; c++) {
        double slopes[2];
        slopes_of(narrow, &costs[c], slopes);
        assert_true(slopes[0] == 0 && slopes[1] > 0);
        slopes_of(cut, &costs[c], slopes);
        assert_true(slopes[0] == 0 && slopes[1] > 0);
        slopes_of(full, &costs[c], slopes);
        assert_true(slopes[0] > 0 && slopes[1] > 0);
    }
    library_free(narrow);
    library_free(full);
    library_free(cut);
}

/* Signal and noise alike, as often as told, no higher than the clip's own band. */
static void all_may_come_through_a_low_rate(void **state)
{
    (void)state;
    mix_spec spec = mixing;
    spec.low_pass_chance = 1;
    voice(x, LOW_N, LOW_RATE);
    library *const narrow = library_of(LOW_N, LOW_RATE);
    const mix_source clean = {.name = "clip", .weight = 1, .self = narrow, .draw = draw_library};
    const mix_source noise = {.name = "white", .weight = 1, .draw = draw_white};
    mixer *m;
    mix_work *w;
    assert_int_equal(mixer_new(&spec, &clean, 1, &noise, 1, seed, &m, NULL), SORDINO_OK);
    assert_int_equal(mix_work_new(m, &w, NULL), SORDINO_OK);
    int lower = 0;
    for (uint64_t i = 0; i < 40; i++) {
        const mix_example *const e = mixer_make(m, w, i);
        assert_non_null(e);
        assert_true(e->band > 6500 && e->band <= 7200);
        const double kept = density(e->noisy + 4000, e->n - 8000, 1000, 3000);
        const double above = density(e->noisy + 4000, e->n - 8000, 8000, 20000);
        assert_true(above < kept - 60);
        lower += density(e->noisy + 4000, e->n - 8000, 5500, 6500) < kept - 50;
    }
    assert_true(lower > 5 && lower < 35); /* three of eight rates are below 16 kHz */
    mix_work_free(w);
    mixer_free(m);
    library_free(narrow);
}

/* What is kept at 24 kHz is empty above 10.8 kHz at any other rate. */
static void a_pool_knows_its_band(void **state)
{
    (void)state;
    mix_spec spec = mixing;
    spec.pool = 2;
    spec.pool_seconds = 1;
    spec.pool_rate = 24000;
    const mix_source clean = {.name = "slow", .weight = 1, .slow = true, .draw = draw_white};
    const mix_source noise = {.name = "white", .weight = 1, .draw = draw_white};
    mixer *m;
    mix_work *w;
    assert_int_equal(mixer_new(&spec, &clean, 1, &noise, 1, seed, &m, NULL), SORDINO_OK);
    assert_int_equal(mix_work_new(m, &w, NULL), SORDINO_OK);
    for (size_t k = mixer_refresh_jobs(m, 0); k-- > 0;)
        assert_true(mixer_refresh(m, 0, k));
    const mix_example *const e = mixer_make(m, w, 0);
    assert_non_null(e);
    assert_true(fabs(e->band - 10800) < 1);
    assert_true(slope_above(e, &costs[0], 12, BANDS) == 0);
    assert_true(slope_above(e, &costs[0], 0, 9) > 0);
    mix_work_free(w);
    mixer_free(m);
}

/* ---- generated speech ---- */

static void generated_speech_is_full_band(void **state)
{
    (void)state;
    const signal_kind *const kind = signal_find("speech");
    size_t n = 0;
    assert_non_null(kind);
    for (uint64_t i = 0; i < 6; i++) {
        rng r = rng_make(seed, 3, i);
        assert_true(kind->make(&r, RATE, x, N));
        n += band_measure(x, N, RATE, true) >= 20000;
    }
    assert_true(n >= 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_full_band_is_all_of_it),
        cmocka_unit_test(what_was_cut_off_is_found),
        cmocka_unit_test(a_low_rate_behind_a_high_one_is_found),
        cmocka_unit_test(images_and_hiss_are_not_the_voice),
        cmocka_unit_test(one_loud_s_is_enough),
        cmocka_unit_test(where_nothing_can_be_said_it_is_all),
        cmocka_unit_test(the_band_follows_rate_and_speed),
        cmocka_unit_test(noise_goes_on_above_its_band),
        cmocka_unit_test(a_narrow_clip_teaches_nothing_above_its_band),
        cmocka_unit_test(all_may_come_through_a_low_rate),
        cmocka_unit_test(a_pool_knows_its_band),
        cmocka_unit_test(generated_speech_is_full_band),
    };
    seed = test_seed(5);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
