#include "trainer/front/front.h"

#include <sordino/sordino.h>

#include "trainer/net/presets.h"
#include "core/model/model.h"
#include "tests/support/cmocka_all.h"
#include "tests/support/signals.h"
#include "trainer/net/net.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Of an estimate beside the denoiser's, relative to the largest sample. Band gains are added up in
 * another order; the network's input, which would make more of a difference, is the same. */
static const double band_tolerance = 1e-6;
/* Waveforms are divided by the example's level and multiplied again, in single precision. */
static const double wave_tolerance = 1e-6;
/* Of a derivative along a direction by central differences of a loss whose inside is single
 * precision, relative. */
static const double slope_tolerance = 1e-2;
/* Of a loss at another level of the same signals, relative; rounding alone. */
static const double level_tolerance = 1e-5;

typedef struct set {
    front_spec spec;
    graph *graph;
    net *net;
    size_t in, out, in_row, out_row;
} set;

static const cost_spec any_cost = {.spectral = {0.3f, 0.7f, 0.3f, 0.01f, 0.15f}, .l1 = 1};

static front_spec band_spec(uint32_t taps)
{
    front_spec f = {
        .kind = FRONT_STFT,
        .window = 0.020,
        .hop = 0.010,
        .n_bands = 32,
        .n_features = 3,
        .features = {{FEATURE_LOG_LEVEL, 0, 30.0, 0.05, -3.0, 3.0},
                     {FEATURE_LOG_SNR, 0, -5.0, 0.05, -3.0, 3.0},
                     {FEATURE_PHASE_ADVANCE, 16, 0.0, 1.0, -1.0, 1.0}},
        .level_rise = 0.05,
        .level_fall = 1.0,
        .taps = taps,
        .tap_bins = taps ? 20 : 0,
    };
    for (uint32_t b = 0; b < f.n_bands; b++)
        f.band_hz[b] = b < 16 ? 50.0 * b : 800.0 * pow(1.23, b - 16.0);
    return f;
}

static front_spec wave_spec(uint32_t hop, uint32_t lag, double rate, bool noise)
{
    return (front_spec){
        .kind = FRONT_WAVE,
        .rate = rate,
        .hop_samples = hop,
        .lag_samples = lag,
        .scale_time = rate > 0 ? 0.03 : 300,
        .predicts_noise = noise,
    };
}

static set make(front_spec spec, uint64_t seed)
{
    set s = {.spec = spec};
    const bool is_bands = spec.kind == FRONT_STFT;
    preset_tcn shape = is_bands ? preset_speech_s() : preset_sensor();
    rng r = rng_make(seed, 0, 0);
    shape.input =
        is_bands ? features_width(spec.features, spec.n_features, spec.n_bands) : spec.hop_samples;
    shape.channels = 16;
    shape.hidden = 24;
    shape.n_blocks = 2;
    shape.norm = false;
    shape.gains = is_bands ? spec.n_bands : 0;
    shape.linear = is_bands ? 2 * spec.taps * spec.tap_bins : spec.hop_samples;
    assert_int_equal(preset_tcn_graph(&shape, &s.graph, NULL), SORDINO_OK);
    assert_int_equal(net_new(s.graph, NULL, &s.net, NULL), SORDINO_OK);
    net_init(s.net, &r);
    for (size_t i = 0; i < net_size(s.net); i++)
        net_values(s.net)[i] += (float)(0.1 * rng_normal(&r));
    net_pack(s.net);
    s.in = graph_at(s.graph, 0)->width;
    s.out = graph_output(s.graph)->width;
    s.in_row = kernels_pad(s.in);
    s.out_row = kernels_pad(s.out);
    return s;
}

static void drop(set *s)
{
    net_free(s->net);
    graph_free(s->graph);
}

static void *room(size_t n, size_t size)
{
    void *const p = calloc(n, size);
    assert_non_null(p);
    return p;
}

static mix_example make_example(double rate, size_t n, double gain, uint64_t seed)
{
    mix_example e = {.rate = rate, .n = n, .level = 0.1 * gain, .snr = 10};
    e.noisy = room(n, sizeof *e.noisy);
    e.clean = room(n, sizeof *e.clean);
    test_voice(e.clean, n, rate, 0, &seed);
    for (size_t i = 0; i < n; i++) {
        e.clean[i] *= (float)gain;
        e.noisy[i] = e.clean[i] + (float)(0.05 * gain * test_normal(&seed));
    }
    return e;
}

static void drop_example(mix_example *e)
{
    free(e->noisy);
    free(e->clean);
}

/* The example through the denoiser that a user has; `out` [n], of input sample i at i. */
static void denoise(const set *s, const mix_example *e, float *out)
{
    tensor_set *tensors;
    void *bytes;
    size_t size;
    sordino_model *model;
    sordino_denoiser *d;
    sordino_config config;
    assert_int_equal(net_tensors(s->net, NULL, &tensors, NULL), SORDINO_OK);
    assert_int_equal(model_serialise(&s->spec, s->graph, tensors, NULL, 0, &bytes, &size, NULL),
                     SORDINO_OK);
    assert_int_equal(sordino_model_open_bytes(bytes, size, &model, NULL), SORDINO_OK);
    sordino_config_init(&config);
    config.method = SORDINO_METHOD_NETWORK;
    config.rate = e->rate;
    assert_int_equal(sordino_denoiser_new(&config, model, &d, NULL), SORDINO_OK);
    const size_t latency = sordino_denoiser_latency(d), all = e->n + latency;
    float *const x = room(2 * all, sizeof *x), *const y = x + all;
    memcpy(x, e->noisy, e->n * sizeof *x);
    for (size_t i = 0, n = 1; i < all; i += n, n = n * 7 % 1009 + 1) {
        const size_t count = i + n < all ? n : all - i;
        const float *const from = x + i;
        float *const to = y + i;
        sordino_denoiser_process(d, &from, &to, count);
    }
    memcpy(out, y + latency, e->n * sizeof *out);
    free(x);
    sordino_denoiser_free(d);
    sordino_model_free(model);
    free(bytes);
    tensor_set_free(tensors);
}

/* Loads the example and runs the network on it; [frames][out_row]. */
static float *run_network(const set *s, train_front *f, const mix_example *e)
{
    const size_t frames = train_front_frames(&s->spec, e->rate, e->n);
    net_pass *p;
    float *const out = room(frames * s->out_row, sizeof *out);
    assert_int_equal(net_pass_new(s->net, 1, frames, &p, NULL), SORDINO_OK);
    net_pass_begin(p, frames);
    assert_int_equal(train_front_load(f, e, net_pass_input(p, 0), s->in_row, NULL), SORDINO_OK);
    net_pass_forward(p);
    memcpy(out, net_pass_output(p, 0), frames * s->out_row * sizeof *out);
    net_pass_free(p);
    return out;
}

static void check_estimate(const set *s, train_front *f, double rate, size_t n, size_t least,
                           double tolerance)
{
    mix_example e = make_example(rate, n, 0.7, 31);
    float *const output = run_network(s, f, &e), *const right = room(n, sizeof *right);
    size_t count = 0;
    denoise(s, &e, right);
    const float *const y = train_front_estimate(f, output, s->out_row, &count);
    double most = 0, largest = 0, change = 0;
    assert_true(count >= least && count <= n);
    for (size_t i = 0; i < count; i++) {
        most = fmax(most, fabs((double)(y[i] - right[i])));
        largest = fmax(largest, fabs((double)right[i]));
        change = fmax(change, fabs((double)(right[i] - e.noisy[i])));
    }
    assert_true(change > 0.01 * largest); /* the network does something */
    if (!(most <= tolerance * largest)) {
        print_error("%g of %g at %g Hz\n", most, largest, rate);
        fail();
    }
    memcpy(right, y, count * sizeof *right); /* and the same once more */
    assert_memory_equal(train_front_estimate(f, output, s->out_row, &count), right,
                        count * sizeof *right);
    free(output);
    free(right);
    drop_example(&e);
}

static void estimate_of_a_band_model_is_the_denoisers(void **state)
{
    (void)state;
    for (uint32_t taps = 0; taps <= 3; taps += 3) {
        set s = make(band_spec(taps), 3 + taps);
        train_front *f;
        assert_int_equal(train_front_new(&s.spec, &any_cost, 48000, &f, NULL), SORDINO_OK);
        check_estimate(&s, f, 16000, 16000, 16000 - 320, band_tolerance);
        check_estimate(&s, f, 48000, 30001, 30001 - 960 - 480, band_tolerance);
        check_estimate(&s, f, 8000, 9000, 9000 - 160 - 80, band_tolerance);   /* bands absent */
        check_estimate(&s, f, 16000, 4321, 4321 - 320 - 160, band_tolerance); /* again */
        train_front_free(f);
        drop(&s);
    }
}

static void estimate_of_a_wave_model_is_the_denoisers(void **state)
{
    (void)state;
    const front_spec specs[] = {wave_spec(1, 0, 0, true), wave_spec(1, 7, 0, true),
                                wave_spec(1, 3, 1000, false), wave_spec(16, 5, 0, false),
                                wave_spec(16, 0, 1000, true)};
    for (size_t i = 0; i < sizeof specs / sizeof specs[0]; i++) {
        set s = make(specs[i], 5);
        train_front *f;
        const size_t lost = specs[i].lag_samples + specs[i].hop_samples;
        assert_int_equal(train_front_new(&s.spec, &any_cost, 3000, &f, NULL), SORDINO_OK);
        check_estimate(&s, f, 1000, 3000, 3000 - lost, wave_tolerance);
        check_estimate(&s, f, 1000, 717, 717 - lost, wave_tolerance);
        train_front_free(f);
        drop(&s);
    }
}

/* ---- the loss ---- */

static const cost_spec costs[] = {
    {.spectral = {0.3f, 0.7f, 0.3f, 0.01f, 0.15f}},
    {.spectral = {.power = 0.3f}, .estoi = 1},
    {.spectral = {.power = 0.3f}, .l1 = 1},
    {.spectral = {.power = 0.3f}, .l2 = 1},
    {.spectral = {.power = 0.3f}, .huber = 1, .huber_delta = 0.5},
    {.spectral = {.power = 0.3f}, .si_sdr = 1},
    {.spectral = {.power = 0.3f}, .multi_stft = 1},
    {.spectral = {0.3f, 0.7f, 0.3f, 0.01f, 0.15f},
     .estoi = 0.1,
     .l1 = 0.3,
     .l2 = 0.7,
     .huber = 0.2,
     .huber_delta = 0.5,
     .si_sdr = 0.01},
};
enum { COSTS = sizeof costs / sizeof costs[0], SPECTRAL_COSTS = 2 /* the first: bands only */ };

/* Gains where they are not clamped and taps of any sign; or what makes the estimate the input, a
 * few times louder, with noise. */
static float *random_output(const set *s, const float *input, size_t frames, uint64_t *seed)
{
    const size_t gains = s->spec.kind == FRONT_STFT ? s->spec.n_bands : 0;
    const double times = s->spec.predicts_noise ? -3 : 4;
    float *const out = room(frames * s->out_row, sizeof *out);
    for (size_t t = 0; t < frames; t++)
        for (size_t i = 0; i < s->out; i++) {
            const double part = 0.3 * test_normal(seed);
            /* A wave's output is as wide as its input; that of bands may be wider. */
            const double wave = gains == 0 ? times * (double)input[t * s->in_row + i] + part : 0.0;
            const double gain = 0.2 + 0.6 * test_uniform(seed);
            out[t * s->out_row + i] = (float)(gains == 0 ? wave : i < gains ? gain : part);
        }
    return out;
}

/* A direction to try: along the derivative, tilted at random, for a slope that rounding does not
 * hide. With logarithms of magnitudes that would follow the few bins that are next to nothing, and
 * no step would be short enough: there it is the estimate's level that rises and falls. */
static void draw_direction(const set *s, const float *at, const float *d, size_t frames, bool logs,
                           uint64_t *seed, float *way)
{
    const size_t n = frames * s->out_row, gains = s->spec.kind == FRONT_STFT ? s->spec.n_bands : 0;
    const double beats = 1 + 3 * test_uniform(seed);
    double norm = 0;
    for (size_t i = 0; i < n; i++)
        norm += (double)d[i] * (double)d[i];
    for (size_t i = 0; i < n; i++) {
        const size_t t = i / s->out_row, channel = i % s->out_row;
        const double louder = 1 + 0.5 * sin(6.2832 * beats * (double)t / (double)frames);
        const double along = (double)d[i] / sqrt(norm) + test_normal(seed) / sqrt((double)n);
        if (channel >= s->out)
            way[i] = 0;
        else if (logs)
            way[i] = gains > 0 && channel >= gains ? 0 : (float)(louder * (double)at[i]);
        else
            way[i] = (float)along;
    }
}

/* Largest distance from the slope, relative, over a few directions. */
static double slope_distance(const set *s, train_front *f, const cost_spec *cost, const float *at,
                             const float *d, float d_scale, size_t frames, uint64_t *seed)
{
    const size_t n = frames * s->out_row;
    float *const way = room(3 * n, sizeof *way), *const out = way + n, *const unused = out + n;
    double most = 0;
    for (int k = 0; k < 3; k++) {
        double slope = 0, length = 0, norm = 0, value[2];
        draw_direction(s, at, d, frames, cost->multi_stft > 0, seed, way);
        for (size_t i = 0; i < n; i++) {
            slope += (double)way[i] * (double)d[i];
            length += (double)way[i] * (double)way[i];
            norm += (double)at[i] * (double)at[i];
        }
        const double step = (cost->multi_stft > 0 ? 3e-4 : 1e-4) * sqrt(norm / length);
        for (int side = 0; side < 2; side++) {
            for (size_t i = 0; i < n; i++)
                out[i] = at[i] + (float)((side ? step : -step) * (double)way[i]);
            value[side] = train_front_loss(f, out, s->out_row, 1, unused);
        }
        const double measured = (double)d_scale * (value[1] - value[0]) / (2 * step);
        most = fmax(most, fabs(measured - slope) / fabs(slope));
    }
    free(way);
    return most;
}

static void check_slope(const set *s, train_front *f, const cost_spec *cost, const mix_example *e,
                        uint64_t *seed)
{
    const size_t frames = train_front_frames(&s->spec, e->rate, e->n), n = frames * s->out_row;
    const float scale = 3;
    float *const input = room(frames * s->in_row, sizeof *input);
    assert_int_equal(train_front_load(f, e, input, s->in_row, NULL), SORDINO_OK);
    float *const out = random_output(s, input, frames, seed), *const d = room(n, sizeof *d);
    memset(d, 0xff, n * sizeof *d); /* written, not added to */
    (void)train_front_loss(f, out, s->out_row, scale, d);
    for (size_t i = 0; i < n; i++) {
        assert_true(isfinite(d[i]));
        assert_true(i % s->out_row < s->out || d[i] == 0.0f);
    }
    const double distance = slope_distance(s, f, cost, out, d, scale, frames, seed);
    if (!(distance <= slope_tolerance)) {
        print_error("cost %zu, hop %d, band %g: %g\n", (size_t)(cost - costs),
                    (int)s->spec.hop_samples, e->band, distance);
        fail();
    }
    free(out);
    free(d);
    free(input);
}

static void loss_falls_and_rises_as_its_derivative_says(void **state)
{
    (void)state;
    uint64_t seed = test_seed(11);
    const front_spec specs[] = {band_spec(3), band_spec(0), wave_spec(1, 4, 0, true),
                                wave_spec(16, 0, 0, false)};
    for (size_t i = 0; i < 4; i++)
        for (size_t c = 0; c < COSTS; c++) {
            const bool is_bands = specs[i].kind == FRONT_STFT;
            if (!is_bands && c < SPECTRAL_COSTS)
                continue;
            /* Long enough for a stretch of envelopes, at the rate with fewer frames too. */
            const uint32_t n = costs[c].estoi > 0 && is_bands ? 8600 : 4900;
            set s = make(specs[i], 7);
            train_front *f;
            assert_int_equal(train_front_new(&s.spec, &costs[c], n, &f, NULL), SORDINO_OK);
            /* Logarithms of what is above the band follow leakage: no slope to be measured. */
            const int turns = costs[c].multi_stft > 0 ? 2 : 3;
            for (int again = 0; again < turns; again++) {
                mix_example e = make_example(again == 1 && is_bands ? 8000 : 16000, n, 3, 17);
                e.band = again == 2 ? 5000 : 0;
                check_slope(&s, f, &costs[c], &e, &seed);
                drop_example(&e);
            }
            train_front_free(f);
            drop(&s);
        }
}

/* Loss of an estimate that lets the input through, and of its derivative the length. */
static double loss_of_open(const set *s, const cost_spec *cost, const mix_example *e, double gain)
{
    const size_t frames = train_front_frames(&s->spec, e->rate, e->n), n = frames * s->out_row;
    train_front *f;
    float *const out = room(n, sizeof *out), *const d = room(n, sizeof *d);
    float *const input = room(frames * s->in_row, sizeof *input);
    assert_int_equal(train_front_new(&s->spec, cost, e->n, &f, NULL), SORDINO_OK);
    assert_int_equal(train_front_load(f, e, input, s->in_row, NULL), SORDINO_OK);
    for (size_t t = 0; s->spec.kind == FRONT_STFT && t < frames; t++)
        for (uint32_t b = 0; b < s->spec.n_bands; b++)
            out[t * s->out_row + b] = (float)gain;
    const double loss = train_front_loss(f, out, s->out_row, 1, d);
    train_front_free(f);
    free(out);
    free(d);
    free(input);
    return loss;
}

/* The target is where the estimate is: a clean input that is let through costs next to nothing. */
static void a_perfect_estimate_costs_nothing(void **state)
{
    (void)state;
    static const cost_spec absolute = {.spectral = {.power = 0.3f}, .l1 = 1};
    const front_spec specs[] = {band_spec(3), wave_spec(1, 4, 0, true), wave_spec(16, 9, 0, true)};
    for (size_t i = 0; i < 3; i++) {
        set s = make(specs[i], 7);
        mix_example e = make_example(16000, 4960, 3, 17);
        const double noisy = loss_of_open(&s, &absolute, &e, 1);
        memcpy(e.noisy, e.clean, e.n * sizeof *e.noisy);
        const double clean = loss_of_open(&s, &absolute, &e, 1);
        assert_true(noisy > 0.1);
        assert_true(clean < 1e-6);
        if (i == 0) {
            assert_true(loss_of_open(&s, &absolute, &e, 0.5) > 0.1);
            assert_true(loss_of_open(&s, &costs[0], &e, 1) < 0);   /* the ratio's logarithm */
            assert_true(loss_of_open(&s, &costs[0], &e, 0.5) > 0); /* over-attenuated */
        }
        drop_example(&e);
        drop(&s);
    }
}

static void the_signals_unit_changes_nothing(void **state)
{
    (void)state;
    static const double gains[] = {1e-4, 300, 1e6};
    const front_spec specs[] = {band_spec(3), wave_spec(1, 4, 0, true)};
    for (size_t i = 0; i < 2; i++) {
        set s = make(specs[i], 7);
        mix_example one = make_example(16000, 4900, 1, 17);
        const double loss = loss_of_open(&s, &costs[COSTS - 1], &one, 0.7);
        for (size_t k = 0; k < 3; k++) {
            mix_example e = make_example(16000, 4900, gains[k], 17);
            const double other = loss_of_open(&s, &costs[COSTS - 1], &e, 0.7);
            assert_true(fabs(other - loss) <= level_tolerance * fabs(loss));
            drop_example(&e);
        }
        drop_example(&one);
        drop(&s);
    }
}

static void silence_has_a_finite_loss(void **state)
{
    (void)state;
    const front_spec specs[] = {band_spec(3), wave_spec(1, 4, 0, true)};
    for (size_t i = 0; i < 2; i++)
        for (size_t c = i * SPECTRAL_COSTS; c < COSTS; c++) {
            set s = make(specs[i], 7);
            mix_example e = make_example(16000, 4900, 1, 17);
            memset(e.clean, 0, e.n * sizeof *e.clean);
            assert_true(isfinite(loss_of_open(&s, &costs[c], &e, 0.5)));
            memset(e.noisy, 0, e.n * sizeof *e.noisy);
            e.level = 0;
            assert_true(isfinite(loss_of_open(&s, &costs[c], &e, 0.5)));
            drop_example(&e);
            drop(&s);
        }
}

static void what_does_not_fit_is_refused(void **state)
{
    (void)state;
    const front_spec spectra = band_spec(0), wave = wave_spec(16, 0, 0, true);
    train_front *f;
    float input[128 * 112];
    mix_example e = make_example(16000, 1601, 1, 1);
    assert_int_equal(train_front_frames(&spectra, 16000, 1601), 10);
    assert_int_equal(train_front_frames(&spectra, 1000, 1601), 0);
    assert_int_equal(train_front_frames(&wave, 16000, 1601), 100);
    assert_int_equal(train_front_new(&wave, &costs[0], 1601, &f, NULL), SORDINO_BAD_ARG);
    assert_null(f);
    for (int i = 0; i < 2; i++) {
        const front_spec *const spec = i ? &wave : &spectra;
        assert_int_equal(train_front_new(spec, &any_cost, 1600, &f, NULL), SORDINO_OK);
        assert_int_equal(train_front_load(f, &e, input, 112, NULL), SORDINO_OK);
        e.n = 15;
        assert_int_equal(train_front_load(f, &e, input, 112, NULL), SORDINO_BAD_ARG);
        e.n = 1601;
        train_front_free(f);
        assert_int_equal(train_front_new(spec, &any_cost, 1599, &f, NULL), SORDINO_OK);
        assert_int_equal(train_front_load(f, &e, input, 112, NULL), SORDINO_BAD_ARG);
        train_front_free(f);
    }
    assert_int_equal(train_front_new(&spectra, &any_cost, 1600, &f, NULL), SORDINO_OK);
    e.rate = 1000;
    assert_int_equal(train_front_load(f, &e, input, 112, NULL), SORDINO_BAD_ARG);
    train_front_free(f);
    train_front_free(NULL);
    drop_example(&e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(estimate_of_a_band_model_is_the_denoisers),
        cmocka_unit_test(estimate_of_a_wave_model_is_the_denoisers),
        cmocka_unit_test(loss_falls_and_rises_as_its_derivative_says),
        cmocka_unit_test(a_perfect_estimate_costs_nothing),
        cmocka_unit_test(the_signals_unit_changes_nothing),
        cmocka_unit_test(silence_has_a_finite_loss),
        cmocka_unit_test(what_does_not_fit_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
