/* Training examples: what is drawn is what is done, whatever the order, the thread and the step. */
#include "trainer/mix/mix.h"

#include "tests/support/cmocka_all.h"
#include "tests/support/signals.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t seed;

/* ---- sources ---- */

static bool draw_white(void *self, rng *r, double rate, float *out, size_t n, double *band)
{
    rng_fill_normal(r, out, n, 0.1f);
    return true;
}

/* Bursts of a tone: a third of the time silence. */
static bool draw_bursts(void *self, rng *r, double rate, float *out, size_t n, double *band)
{
    const double hz = rng_range(r, 200, 1000), gain = rng_log_range(r, 0.01, 1);
    for (size_t i = 0; i < n; i++) {
        const double t = (double)i / rate;
        out[i] = fmod(t, 0.3) < 0.2 ? (float)(gain * sin(6.283185307179586 * hz * t)) : 0;
    }
    return true;
}

/* A slow tone of amplitude 1 on an offset, `*self`. */
static bool draw_offset(void *self, rng *r, double rate, float *out, size_t n, double *band)
{
    for (size_t i = 0; i < n; i++)
        out[i] = *(const float *)self + (float)sin(0.05 * (double)i);
    return true;
}

/* A ramp through a long recording, from a random place: the place can be read from any sample. */
static bool draw_place(void *self, rng *r, double rate, float *out, size_t n, double *band)
{
    const double start = rng_unit(r);
    for (size_t i = 0; i < n; i++)
        out[i] = (float)(1 + start) * (i % 2 ? 1.0f : -1.0f);
    *(double *)self = start;
    return true;
}

/* Two tones of one strength, at 0.2 and at 0.45 of the rate. */
static bool draw_two_tones(void *self, rng *r, double rate, float *out, size_t n, double *band)
{
    for (size_t i = 0; i < n; i++)
        out[i] = (float)(sin(6.283185307179586 * 0.2 * (double)i) +
                         sin(6.283185307179586 * 0.45 * (double)i));
    return true;
}

static bool draw_silence(void *self, rng *r, double rate, float *out, size_t n, double *band)
{
    memset(out, 0, n * sizeof *out);
    return true;
}

static bool draw_nothing(void *self, rng *r, double rate, float *out, size_t n, double *band)
{
    return false;
}

/* Always the same. */
static bool draw_fixed(void *self, rng *r, double rate, float *out, size_t n, double *band)
{
    uint64_t state = *(const uint64_t *)self;
    for (size_t i = 0; i < n; i++)
        out[i] = (float)(test_uniform(&state) - 0.5);
    return true;
}

static const mix_source white = {.name = "white", .weight = 1, .draw = draw_white};
static const mix_source bursts = {.name = "bursts", .weight = 1, .draw = draw_bursts};

/* ---- help ---- */

/* Half a second at 16 kHz, none of the chances. */
static mix_spec plain(void)
{
    return (mix_spec){.seconds = 0.5,
                      .n_rates = 1,
                      .rates = {16000},
                      .rate_weights = {1},
                      .snr_low = -5,
                      .snr_high = 20,
                      .clear_low = 20,
                      .clear_high = 40,
                      .level_low = -20,
                      .level_high = 6,
                      .resample_low = 0.7,
                      .resample_high = 1.4,
                      .pool_seconds = 1,
                      .pool_rate = 24000,
                      .pool_refresh = 0.5};
}

static void set_sound_chances(mix_spec *s, double p)
{
    s->second_noise_chance = s->filter_chance = s->band_limit_chance = s->resample_chance = p;
    s->gain_change_chance = s->clear_chance = s->low_pass_chance = s->fill_chance = p;
    s->room_chance = s->clip_chance = s->quantise_chance = p;
}

static void set_corruptions(mix_spec *s, double p)
{
    s->gaussian_chance = s->salt_pepper_chance = s->masking_chance = s->blocks_chance = p;
}

static mixer *make_mixer(const mix_spec *s, const mix_source *clean, uint32_t n_clean,
                         const mix_source *noise, uint32_t n_noise)
{
    mixer *m = NULL;
    sordino_error why = {0};
    if (mixer_new(s, clean, n_clean, noise, n_noise, seed, &m, &why) != SORDINO_OK)
        print_error("%s\n", why.text);
    assert_non_null(m);
    return m;
}

static mix_work *make_work(const mixer *m)
{
    mix_work *w = NULL;
    assert_int_equal(mix_work_new(m, &w, NULL), SORDINO_OK);
    return w;
}

static const mix_example *make(const mixer *m, mix_work *w, uint64_t index)
{
    const mix_example *const e = mixer_make(m, w, index);
    assert_non_null(e);
    for (size_t i = 0; i < e->n; i++)
        if (!isfinite(e->noisy[i]) || !isfinite(e->clean[i]))
            fail_msg("example %llu is not finite at %zu", (unsigned long long)index, i);
    assert_true(e->level > 0 && isfinite(e->level) && !isnan(e->snr));
    return e;
}

static void refresh(mixer *m, uint64_t step)
{
    for (size_t i = mixer_refresh_jobs(m, step); i-- > 0;)
        assert_true(mixer_refresh(m, step, i));
}

/* A number that follows from every bit of an example. */
static uint64_t digest(const mix_example *e)
{
    uint64_t hash = UINT64_C(14695981039346656037) ^ e->n;
    for (size_t i = 0; i < 2 * e->n; i++) {
        uint32_t bits;
        memcpy(&bits, (i < e->n ? e->noisy : e->clean - e->n) + i, sizeof bits);
        hash = (hash ^ bits) * UINT64_C(1099511628211);
    }
    uint64_t more[3];
    memcpy(more, (double[]){e->rate, e->level, e->snr}, sizeof more);
    return hash ^ more[0] ^ more[1] * 3 ^ more[2] * 5;
}

static double rms(const float *x, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (double)x[i] * (double)x[i];
    return sqrt(sum / (double)n);
}

/* R.m.s. of the frames of 20 ms within 30 dB of the loudest. */
static double active(const float *x, size_t n, double rate)
{
    const size_t frame = (size_t)(0.02 * rate);
    double loudest = 0, energy = 0, samples = 0;
    for (size_t pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < n; i += frame) {
            const size_t length = n - i < frame ? n - i : frame;
            const double level = rms(x + i, length);
            if (pass == 0)
                loudest = fmax(loudest, level);
            else if (level > 0 && 20 * log10(level / loudest) >= -30) {
                energy += level * level * (double)length;
                samples += (double)length;
            }
        }
    return sqrt(energy / samples);
}

static double db(double ratio)
{
    return 20 * log10(ratio);
}

static float *noise_of(const mix_example *e)
{
    float *x = malloc(e->n * sizeof *x);
    assert_non_null(x);
    for (size_t i = 0; i < e->n; i++)
        x[i] = e->noisy[i] - e->clean[i];
    return x;
}

/* ---- one example is one example ---- */

enum { SAME = 48 };

static mixer *busy_mixer(void)
{
    mix_spec s = plain();
    set_sound_chances(&s, 0.5);
    set_corruptions(&s, 0.3);
    s.noise_only_chance = 0.1;
    s.n_rates = 3;
    s.rates[1] = 8000;
    s.rates[2] = 22050;
    s.rate_weights[1] = s.rate_weights[2] = 1;
    s.pool = 3;
    const mix_source clean[] = {bursts,
                                {.name = "slow", .weight = 2, .slow = true, .draw = draw_bursts}};
    const mix_source noise[] = {white,
                                {.name = "slow", .weight = 1, .slow = true, .draw = draw_white}};
    mixer *m = make_mixer(&s, clean, 2, noise, 2);
    refresh(m, 0);
    return m;
}

static void the_same_index_gives_the_same_bits_in_any_order(void **state)
{
    (void)state;
    mixer *m = busy_mixer();
    mix_work *w = make_work(m), *other = make_work(m);
    uint64_t first[SAME];
    for (uint64_t i = 0; i < SAME; i++)
        first[i] = digest(make(m, w, i));
    for (uint64_t i = SAME; i-- > 0;) {
        assert_true(digest(make(m, w, i)) == first[i]);
        if (i % 3 == 0)
            assert_true(digest(make(m, other, i)) == first[i]);
    }
    for (uint64_t i = 1; i < SAME; i++)
        assert_true(first[i] != first[i - 1]);
    mix_work_free(other);
    mix_work_free(w);
    mixer_free(m);
}

static void another_seed_gives_other_examples(void **state)
{
    (void)state;
    const mix_spec s = plain();
    mixer *a = make_mixer(&s, &bursts, 1, &white, 1), *b = NULL;
    assert_int_equal(mixer_new(&s, &bursts, 1, &white, 1, seed + 1, &b, NULL), SORDINO_OK);
    mix_work *v = make_work(a), *w = make_work(b);
    for (uint64_t i = 0; i < SAME; i++)
        assert_true(digest(make(a, v, i)) != digest(make(b, w, i)));
    mix_work_free(v);
    mix_work_free(w);
    mixer_free(a);
    mixer_free(b);
}

typedef struct hand {
    const mixer *m;
    uint64_t first, made[SAME];
    bool good;
} hand;

static void *make_some(void *at)
{
    hand *const h = at;
    mix_work *w = NULL;
    h->good = mix_work_new(h->m, &w, NULL) == SORDINO_OK;
    for (uint64_t i = h->first; h->good && i < SAME; i += 3) {
        const mix_example *const e = mixer_make(h->m, w, i);
        h->good = e != NULL;
        h->made[i] = e ? digest(e) : 0;
    }
    mix_work_free(w);
    return NULL;
}

static void the_same_index_gives_the_same_bits_on_any_thread(void **state)
{
    (void)state;
    mixer *m = busy_mixer();
    mix_work *w = make_work(m);
    hand hands[3];
    pthread_t threads[3];
    for (uint64_t i = 0; i < 3; i++) {
        hands[i] = (hand){.m = m, .first = i};
        assert_int_equal(pthread_create(&threads[i], NULL, make_some, &hands[i]), 0);
    }
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    for (uint64_t i = 0; i < SAME; i++) {
        assert_true(hands[i % 3].good);
        assert_true(hands[i % 3].made[i] == digest(make(m, w, i)));
    }
    mix_work_free(w);
    mixer_free(m);
}

/* ---- mixing ---- */

static void the_ratio_is_as_drawn_on_the_active_signal(void **state)
{
    (void)state;
    const double close = 0.1; /* dB; float rounding takes a hundredth at -5..40 dB */
    mix_spec s = plain();
    set_sound_chances(&s, 0.5);
    s.clip_chance = s.quantise_chance = 0;
    mixer *m = make_mixer(&s, &bursts, 1, &white, 1);
    mix_work *w = make_work(m);
    int clear = 0;
    double least = INFINITY, most = -INFINITY;
    for (uint64_t i = 0; i < 200; i++) {
        const mix_example *const e = make(m, w, i);
        float *const noise = noise_of(e);
        const double level = active(e->clean, e->n, e->rate);
        assert_true(fabs(db(level / rms(noise, e->n)) - e->snr) < close);
        assert_true(fabs(db(level / e->level)) < close);
        assert_true(e->snr >= -5 && e->snr <= 40);
        clear += e->snr > 20;
        least = fmin(least, e->snr);
        most = fmax(most, e->snr);
        free(noise);
    }
    assert_in_range(clear, 65, 135); /* half: five standard deviations */
    assert_true(least < -3 && most > 38);
    mix_work_free(w);
    mixer_free(m);
}

/* The gain that takes `from` to `to`, which must be nothing else. */
static double only_gain(const float *from, const float *to, size_t n)
{
    const double tolerance = 1e-5; /* relative; sums and scalings in single precision */
    double product = 0, power = 0;
    for (size_t i = 0; i < n; i++) {
        product += (double)from[i] * (double)to[i];
        power += (double)from[i] * (double)from[i];
    }
    const double gain = product / power;
    for (size_t i = 0; i < n; i++)
        assert_true(fabs((double)to[i] - gain * (double)from[i]) <= tolerance * fabs(gain));
    return gain;
}

static void a_plain_mixture_is_signal_and_noise_and_nothing_else(void **state)
{
    (void)state;
    uint64_t one = seed, two = seed + 1;
    const mix_source clean = {.name = "1", .weight = 1, .self = &one, .draw = draw_fixed};
    const mix_source noise = {.name = "2", .weight = 1, .self = &two, .draw = draw_fixed};
    const mix_spec s = plain();
    mixer *m = make_mixer(&s, &clean, 1, &noise, 1);
    mix_work *w = make_work(m);
    static float x[8000], y[8000];
    draw_fixed(&one, NULL, 16000, x, 8000, NULL);
    draw_fixed(&two, NULL, 16000, y, 8000, NULL);
    for (uint64_t i = 0; i < 20; i++) {
        const mix_example *const e = make(m, w, i);
        assert_int_equal(e->n, 8000);
        float *const rest = noise_of(e);
        assert_true(only_gain(x, e->clean, e->n) > 0);
        assert_true(only_gain(y, rest, e->n) > 0);
        free(rest);
    }
    mix_work_free(w);
    mixer_free(m);
}

static void places_of_signal_and_noise_are_independent(void **state)
{
    (void)state;
    enum { N = 400 };
    double a = 0, b = 0, products = 0;
    const mix_source clean = {.name = "a", .weight = 1, .self = &a, .draw = draw_place};
    const mix_source noise = {.name = "b", .weight = 1, .self = &b, .draw = draw_place};
    mix_spec s = plain();
    s.seconds = 0.01;
    mixer *m = make_mixer(&s, &clean, 1, &noise, 1);
    mix_work *w = make_work(m);
    for (uint64_t i = 0; i < N; i++) {
        (void)make(m, w, i);
        products += 12 * (a - 0.5) * (b - 0.5) / N;
    }
    assert_true(fabs(products) < 5 / sqrt((double)N)); /* five standard deviations */
    mix_work_free(w);
    mixer_free(m);
}

static void noise_only_comes_as_often_as_told_and_has_a_level(void **state)
{
    (void)state;
    enum { N = 500 };
    const double p = 0.3;
    mix_spec s = plain();
    s.seconds = 0.05;
    s.noise_only_chance = p;
    mixer *m = make_mixer(&s, &bursts, 1, &white, 1);
    mix_work *w = make_work(m);
    int count = 0;
    for (uint64_t i = 0; i < N; i++) {
        const mix_example *const e = make(m, w, i);
        const bool zero = rms(e->clean, e->n) == 0;
        assert_int_equal(zero, e->snr == -INFINITY);
        count += zero;
        if (zero) /* dB: rounding */
            assert_true(fabs(db(rms(e->noisy, e->n) / e->level)) < 0.01);
    }
    assert_true(fabs(count / (double)N - p) < 5 * sqrt(p * (1 - p) / N));
    mix_work_free(w);
    mixer_free(m);
}

static void the_mixture_has_the_level_drawn(void **state)
{
    (void)state;
    const mix_spec s = plain();
    double least = INFINITY, most = -INFINITY;
    mixer *m = make_mixer(&s, &bursts, 1, &white, 1);
    mix_work *w = make_work(m);
    for (uint64_t i = 0; i < 150; i++) {
        const mix_example *const e = make(m, w, i);
        const double level = db(active(e->noisy, e->n, e->rate));
        assert_true(level > -46.01 && level < -19.99); /* -26 dB and -20..6 of it */
        least = fmin(least, level);
        most = fmax(most, level);
    }
    assert_true(least < -43 && most > -23);
    mix_work_free(w);
    mixer_free(m);
}

static void clipping_is_of_the_mixture_alone(void **state)
{
    (void)state;
    mix_spec s = plain();
    mixer *const none = make_mixer(&s, &bursts, 1, &white, 1);
    s.clip_chance = 1;
    mixer *const clip = make_mixer(&s, &bursts, 1, &white, 1);
    mix_work *const v = make_work(none), *const w = make_work(clip);
    for (uint64_t i = 0; i < 30; i++) {
        const mix_example *const a = make(none, v, i), *const b = make(clip, w, i);
        float whole = 0, cut = 0;
        for (size_t k = 0; k < a->n; k++) {
            assert_true(a->clean[k] == b->clean[k]);
            whole = fmaxf(whole, fabsf(a->noisy[k]));
            cut = fmaxf(cut, fabsf(b->noisy[k]));
        }
        assert_true(cut >= 0.499f * whole && cut <= 0.951f * whole);
        for (size_t k = 0; k < a->n; k++)
            assert_true(b->noisy[k] == fmaxf(-cut, fminf(cut, a->noisy[k])));
    }
    mix_work_free(v);
    mix_work_free(w);
    mixer_free(none);
    mixer_free(clip);
}

static void few_bits_are_few_values(void **state)
{
    (void)state;
    mix_spec s = plain();
    s.quantise_chance = 1;
    s.level_low = s.level_high = 6;
    mixer *m = make_mixer(&s, &bursts, 1, &white, 1);
    mix_work *w = make_work(m);
    for (uint64_t i = 0; i < 20; i++) {
        const mix_example *const e = make(m, w, i);
        for (size_t k = 0; k < e->n; k++) /* 12 bits at most */
            assert_true(fabsf(2048 * e->noisy[k] - roundf(2048 * e->noisy[k])) < 1e-3f);
    }
    mix_work_free(w);
    mixer_free(m);
}

/* ---- sensors ---- */

/* A level the signal stands on is none of its power, in noise and in damage. */
/* Amplitude at `turns` of the rate, under a Hann window. */
static double amplitude_at(const float *x, size_t n, double turns)
{
    double re = 0, im = 0;
    for (size_t i = 0; i < n; i++) {
        const double w = 1 - cos(6.283185307179586 * ((double)i + 0.5) / (double)n);
        re += w * x[i] * cos(6.283185307179586 * turns * (double)i);
        im += w * x[i] * sin(6.283185307179586 * turns * (double)i);
    }
    return 2 * hypot(re, im) / (double)n;
}

/* At 1.4 times the speed the lower tone lies at 0.28, the upper at 0.63: it would be heard at 0.37.
 */
static void noise_played_faster_is_without_what_the_band_cannot_hold(void **state)
{
    (void)state;
    const mix_source tones = {.name = "tones", .weight = 1, .draw = draw_two_tones};
    mix_spec s = plain();
    s.resample_chance = 1;
    s.resample_low = s.resample_high = 1.4;
    s.snr_low = s.snr_high = 0;
    mixer *const m = make_mixer(&s, &white, 1, &tones, 1);
    mix_work *const w = make_work(m);
    const mix_example *const e = make(m, w, 1);
    float *const noise = noise_of(e);
    const double heard = amplitude_at(noise, e->n, 0.28);
    assert_true(heard > 0.95 * sqrt(2) * rms(noise, e->n));         /* it is all there is */
    assert_true(db(amplitude_at(noise, e->n, 0.37) / heard) < -60); /* 70 less the sum's rounding */
    assert_true(db(amplitude_at(noise, 200, 0.28) / heard) > -1);
    assert_true(db(amplitude_at(noise + e->n - 200, 200, 0.28) / heard) > -1);
    free(noise);
    mix_work_free(w);
    mixer_free(m);
}

static void a_sensors_offset_changes_no_ratio(void **state)
{
    (void)state;
    static float offsets[] = {0, 1000};
    mix_spec s = plain();
    s.sensor = true;
    s.gaussian_chance = 1;
    double level[2][20];
    for (int k = 0; k < 2; k++) {
        const mix_source clean = {
            .name = "offset", .weight = 1, .self = &offsets[k], .draw = draw_offset};
        mixer *m = make_mixer(&s, &clean, 1, NULL, 0);
        mix_work *w = make_work(m);
        for (uint64_t i = 0; i < 20; i++) {
            const mix_example *const e = make(m, w, i);
            float *const noise = noise_of(e);
            level[k][i] = rms(noise, e->n) / e->level;
            /* dB: 8000 samples, and rounding of the offset. */
            assert_true(fabs(db(level[k][i]) + e->snr) < 0.3);
            free(noise);
        }
        mix_work_free(w);
        mixer_free(m);
    }
    for (int i = 0; i < 20; i++)
        assert_true(fabs(db(level[0][i] / level[1][i])) < 0.05);
}

static void a_source_with_a_rate_of_its_own_gives_examples_at_that(void **state)
{
    (void)state;
    mix_source list[2] = {bursts, bursts};
    list[1].rate = 48000; /* more samples than any rate of the spec's */
    const mix_spec s = plain();
    mixer *m = make_mixer(&s, list, 2, &white, 1);
    mix_work *w = make_work(m);
    int own = 0;
    for (uint64_t i = 0; i < 50; i++) {
        const mix_example *const e = make(m, w, i);
        assert_int_equal(e->n, e->rate / 2);
        assert_true(e->rate == 16000 || e->rate == 48000);
        own += e->rate == 48000;
    }
    assert_in_range(own, 8, 42);
    mix_work_free(w);
    mixer_free(m);
}

/* ---- the pool ---- */

static mixer *pooled_mixer(void)
{
    static const mix_source slow = {.name = "slow", .weight = 1, .slow = true, .draw = draw_white};
    mix_spec s = plain();
    s.seconds = 0.05;
    s.pool = 5;
    s.pool_seconds = 0.1;
    s.pool_refresh = 0.7;
    s.resample_chance = 0.5;
    return make_mixer(&s, &slow, 1, &slow, 1);
}

static void the_pool_at_a_step_does_not_depend_on_how_it_got_there(void **state)
{
    (void)state;
    mixer *const walked = pooled_mixer(), *const jumped = pooled_mixer();
    mix_work *const v = make_work(walked), *const w = make_work(jumped);
    uint64_t before = 0;
    int changed = 0;
    for (uint64_t step = 0; step <= 40; step++) {
        refresh(walked, step);
        const uint64_t now = digest(make(walked, v, 3));
        changed += now != before;
        before = now;
        if (step % 13 != 0)
            continue;
        refresh(jumped, step);
        for (uint64_t i = 0; i < 30; i++)
            assert_true(digest(make(walked, v, i)) == digest(make(jumped, w, i)));
    }
    assert_true(changed > 5); /* one passage in five a step or two */
    mix_work_free(v);
    mix_work_free(w);
    mixer_free(walked);
    mixer_free(jumped);
}

/* ---- what may go wrong ---- */

static void silence_on_a_side_has_a_level_all_the_same(void **state)
{
    (void)state;
    const mix_source quiet = {.name = "0", .weight = 1, .draw = draw_silence};
    const mix_spec s = plain();
    mixer *m = make_mixer(&s, &quiet, 1, &quiet, 1);
    mix_work *w = make_work(m);
    assert_true(make(m, w, 0)->level == 1 && make(m, w, 0)->snr == -INFINITY);
    mix_work_free(w);
    mixer_free(m);
    m = make_mixer(&s, &bursts, 1, &quiet, 1);
    w = make_work(m);
    for (uint64_t i = 0; i < 5; i++)
        assert_true(rms(make(m, w, i)->clean, 8000) > 0);
    mix_work_free(w);
    mixer_free(m);
}

static void refuse(const mix_spec *s, uint32_t n_clean, uint32_t n_noise)
{
    mixer *m = (mixer *)(uintptr_t)1;
    sordino_error why = {0};
    assert_int_equal(mixer_new(s, &white, n_clean, &white, n_noise, seed, &m, &why),
                     SORDINO_BAD_ARG);
    assert_null(m);
    assert_true(strlen(why.text) > 10);
}

static void what_makes_no_mixtures_is_refused(void **state)
{
    (void)state;
    mix_spec s = plain();
    refuse(&s, 0, 1);
    refuse(&s, 1, 0);
    refuse(&s, MIX_MAX_SOURCES + 1, 1);
    refuse(&s, 1, MIX_MAX_SOURCES + 1);
    s.snr_low = 21;
    refuse(&s, 1, 1);
    s = plain();
    s.level_low = 7;
    refuse(&s, 1, 1);
    s = plain();
    s.seconds = 0;
    refuse(&s, 1, 1);
    s = plain();
    s.n_rates = 0;
    refuse(&s, 1, 1);
    s.n_rates = MIX_MAX_RATES + 1;
    refuse(&s, 1, 1);
    mix_spec_init(&s);
    mixer_free(make_mixer(&s, &white, 1, &white, 1));
    mix_spec_init_sensor(&s);
    mixer_free(make_mixer(&s, &white, 1, &white, 1));
    mixer_free(NULL);
    mix_work_free(NULL);
}

static void a_source_without_memory_gives_no_example(void **state)
{
    (void)state;
    mix_source none = white;
    none.draw = draw_nothing;
    mix_spec s = plain();
    s.second_noise_chance = 1;
    for (int noise = 0; noise < 2; noise++) {
        mixer *m = make_mixer(&s, noise ? &white : &none, 1, noise ? &none : &white, 1);
        mix_work *w = make_work(m);
        assert_null(mixer_make(m, w, 0));
        mix_work_free(w);
        mixer_free(m);
    }
}

int main(void)
{
    seed = test_seed(20261121);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_index_gives_the_same_bits_in_any_order),
        cmocka_unit_test(another_seed_gives_other_examples),
        cmocka_unit_test(the_same_index_gives_the_same_bits_on_any_thread),
        cmocka_unit_test(the_ratio_is_as_drawn_on_the_active_signal),
        cmocka_unit_test(a_plain_mixture_is_signal_and_noise_and_nothing_else),
        cmocka_unit_test(places_of_signal_and_noise_are_independent),
        cmocka_unit_test(noise_only_comes_as_often_as_told_and_has_a_level),
        cmocka_unit_test(the_mixture_has_the_level_drawn),
        cmocka_unit_test(clipping_is_of_the_mixture_alone),
        cmocka_unit_test(few_bits_are_few_values),
        cmocka_unit_test(noise_played_faster_is_without_what_the_band_cannot_hold),
        cmocka_unit_test(a_sensors_offset_changes_no_ratio),
        cmocka_unit_test(a_source_with_a_rate_of_its_own_gives_examples_at_that),
        cmocka_unit_test(the_pool_at_a_step_does_not_depend_on_how_it_got_there),
        cmocka_unit_test(silence_on_a_side_has_a_level_all_the_same),
        cmocka_unit_test(what_makes_no_mixtures_is_refused),
        cmocka_unit_test(a_source_without_memory_gives_no_example),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
