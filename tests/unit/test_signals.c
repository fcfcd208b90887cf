/* The generators as one: what signal.h promises of all of them; then sounds and noises one by one.
 */
#include "trainer/signals/signal.h"

#include "tests/support/cmocka_all.h"
#include "tests/support/failing_alloc.h"
#include "tests/support/signals.h"
#include "tests/support/spectrum.h"
#include "trainer/signals/instruments.h"
#include "trainer/signals/kinds.h"
#include "trainer/signals/parts.h"

enum { SEEDS = 16, RATE = 16000, N = 5 * RATE };

static uint64_t seed;
static float x[N], y[N];

static rng generator(uint64_t index)
{
    return rng_make(seed, 77, index);
}

/* Example `index` of a kind in x. */
static void make_one(const signal_kind *kind, uint64_t index)
{
    rng r = generator(index);
    assert_true(kind->make(&r, kind->rate > 0 ? kind->rate : RATE, x, N));
}

static double decibels(double power_ratio)
{
    return 10 * log10(power_ratio);
}

static void kinds_are_found_by_name_and_clean_ones_come_first(void **state)
{
    (void)state;
    size_t n = 0;
    bool noise = false;
    for (; signal_at(n); n++) {
        const signal_kind *const kind = signal_at(n);
        assert_ptr_equal(signal_find(kind->name), kind);
        assert_true(kind->is_noise || !noise);
        noise = kind->is_noise;
        assert_true(kind->what && kind->unit && kind->make && kind->rate >= 0);
    }
    assert_true(n >= 19 && noise);
    assert_null(signal_at(n + 5));
    assert_null(signal_find("silence"));
    assert_null(signal_find(NULL));
}

static void a_passage_is_a_function_of_its_generator_alone(void **state)
{
    (void)state;
    const size_t n = 6000;
    for (size_t k = 0; signal_at(k); k++) {
        const double rate = signal_at(k)->rate > 0 ? signal_at(k)->rate : RATE;
        rng one = generator(1), again = generator(1), other = generator(2);
        memset(x, 0xff, n * sizeof *x); /* what lay there before has no part in it */
        memset(y, 0x11, n * sizeof *y);
        assert_true(signal_at(k)->make(&one, rate, x, n));
        assert_true(signal_at(k)->make(&again, rate, y, n));
        assert_memory_equal(x, y, n * sizeof *x);
        assert_memory_equal(&one, &again, sizeof one.s);
        assert_true(signal_at(k)->make(&other, rate, y, n));
        assert_true(memcmp(x, y, n * sizeof *x) != 0);
    }
}

/* Sixteen examples of each kind, told by one number: the sum of what each has of noise of signs, as
 * a part of its r.m.s. Any other example in place of one gives another number, by about 1. */
static const struct {
    const char *name;
    double said;
} known[] = {
    {"speech", 0.064737},      {"music", 6.810024},
    {"tones", 3.785858},       {"calcium", 1.382363},
    {"ecg", -0.080259},        {"spikes", -1.769523},
    {"steps", 1.538844},       {"chirps", -2.734178},
    {"vibration", 3.392837},   {"autoregressive", -2.625685},
    {"random-walk", 0.462727}, {"smooth", -1.003324},
    {"coloured", 1.769121},    {"hum", 0.885205},
    {"fan", -0.292926},        {"hiss", 1.009881},
    {"crackle", 5.463222},     {"impulses", -3.924141},
    {"babble", -1.766832},
};
static const double known_within = 5e-3; /* another C library's sin, exp and pow */

static double told(const float *samples, size_t n)
{
    rng signs = rng_make(1, 78, 0);
    double sum = 0, energy = 0;
    for (size_t i = 0; i < n; i++) {
        sum += rng_chance(&signs, 0.5) ? samples[i] : -samples[i];
        energy += (double)samples[i] * samples[i];
    }
    return energy > 0 ? sum / sqrt(energy) : 0;
}

/* NaN for a kind that is not in the table: near nothing. */
static double said_of(const char *name)
{
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(known[i].name, name) == 0)
            return known[i].said;
    return (double)NAN;
}

/* Random numbers are drawn in an order that no compiler may choose. */
static void every_compiler_makes_the_same_examples(void **state)
{
    (void)state;
    for (size_t k = 0; signal_at(k); k++) {
        const signal_kind *const kind = signal_at(k);
        double got = 0;
        for (size_t e = 0; e < SEEDS; e++) {
            rng r = rng_make(1, 79, e);
            assert_true(kind->make(&r, kind->rate > 0 ? kind->rate : RATE, x, N / 2));
            got += told(x, N / 2);
        }
        printf("%s: %.6f\n", kind->name, got);
        assert_true(fabs(got - said_of(kind->name)) < known_within);
    }
}

static void any_rate_and_length_gives_finite_samples_and_no_more(void **state)
{
    (void)state;
    static const double rates[] = {1, 5, 30, 249.5, 1000, 8000, 44100, 192000};
    static const size_t lengths[] = {0, 1, 2, 3, 17, 400, 9001};
    for (size_t k = 0; signal_at(k); k++)
        for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
            const signal_kind *const kind = signal_at(k);
            const bool speech = kind == &signal_speech || kind == &signal_babble;
            if (rates[i] < 8000 && (speech || (kind->rate == 0 && !kind->is_noise)))
                continue; /* sounds are made from 8 kHz on */
            for (size_t j = 0; j < sizeof lengths / sizeof *lengths; j++) {
                const size_t n = lengths[j];
                rng r = generator(10 * i + j);
                x[n] = 12345;
                assert_true(kind->make(&r, rates[i], x, n));
                assert_true(x[n] == 12345);
                for (size_t t = 0; t < n; t++)
                    if (!isfinite(x[t]))
                        fail_msg("%s at %g Hz: sample %zu of %zu", kind->name, rates[i], t, n);
            }
        }
}

static void sounds_stay_below_full_scale_at_levels_of_sounds(void **state)
{
    (void)state;
    const double slack = 0.3; /* dB: frames are counted from elsewhere after a second pass */
    for (size_t k = 0; signal_at(k); k++)
        for (uint64_t s = 0; s < SEEDS && signal_at(k)->rate == 0; s++) {
            make_one(signal_at(k), s);
            const double level = decibels(pow(active_level(x, N, RATE), 2));
            double peak = 0;
            for (size_t i = 0; i < N; i++)
                peak = fmax(peak, fabs((double)x[i]));
            if (peak >= 1 || level < -40 - slack || level > -10 + slack)
                fail_msg("%s %d: peak %g, level %.1f dB", signal_at(k)->name, (int)s, peak, level);
        }
}

static void no_memory_is_reported_and_nothing_leaks(void **state)
{
    (void)state;
    for (size_t k = 0; signal_at(k); k++)
        for (size_t n = 0, failed = 1; failed; n++) {
            rng r = generator(3);
            failing_alloc_arm(n);
            const bool made = signal_at(k)->make(&r, RATE, x, 4000);
            failed = (size_t)failing_alloc_disarm();
            assert_int_equal(made, !failed);
            assert_true(n < 1000);
        }
}

static void active_level_is_that_of_the_loudest_half(void **state)
{
    (void)state;
    const double tolerance = 0.02; /* relative: quarter decibels at the border */
    for (size_t i = 0; i < N; i++) /* a third of the time loud: half of the frames hold 2/3 of it */
        x[i] = (float)((i < N / 3 ? 0.5 : 0.001) * sin(0.3 * (double)i));
    const double expected = 0.5 * sqrt(0.5) * sqrt(2.0 / 3);
    assert_true(fabs(active_level(x, N, RATE) / expected - 1) < tolerance);
    level_set(x, N, RATE, -30);
    assert_true(fabs(active_level(x, N, RATE) / pow(10, -1.5) - 1) < tolerance);
    level_set(x, N, RATE, 0);
    assert_true(fabs((double)x[5] / sin(1.5) - 0.98) < 1e-3); /* the peak is the limit */
    memset(x, 0, sizeof x);
    level_set(x, N, RATE, -30);
    assert_true(x[7] == 0 && active_level(x, N, RATE) == 0);
}

static void rooms_add_the_power_asked_for_and_decay_in_their_time(void **state)
{
    (void)state;
    for (uint64_t s = 0; s < 6; s++) {
        const double seconds = 0.4 + 0.3 * (double)s;
        rng r = generator(s);
        memset(x, 0, sizeof x);
        x[0] = 1;
        assert_true(add_room(&r, x, N, RATE, seconds, 0.5));
        assert_true(x[0] == 1.0f);
        double left = 0, from = -1, to = -1;
        for (size_t i = 1; i < N; i++)
            left += (double)x[i] * x[i];
        assert_true(fabs(left - 0.5) < 1e-3);
        const double all = left; /* Schroeder 1965: the energy still to come */
        for (size_t i = 1; i < N; i++) {
            left -= (double)x[i] * x[i];
            if (from < 0 && left < all * 0.3162)
                from = (double)i / RATE;
            if (to < 0 && left < all * 3.162e-3)
                to = (double)i / RATE;
        }
        /* 20 dB take a third of the time; high frequencies fade sooner. */
        const double measured = 3 * (to - from);
        if (measured < 0.45 * seconds || measured > 1.2 * seconds)
            fail_msg("%g s asked for, %g s measured", seconds, measured);
    }
}

static void coloured_noise_has_the_slope_asked_for(void **state)
{
    (void)state;
    const double tolerance = 0.5; /* dB an octave; the measure itself is good to 0.1 */
    static const double slopes[] = {-9, -6.02, -4, -3.01, 0, 3.01, 5};
    static const double rates[] = {8000, 16000, 96000};
    enum { SIZE = 4096 };
    double power[SIZE / 2 + 1];
    for (size_t k = 0; k < sizeof slopes / sizeof *slopes; k++)
        for (size_t j = 0; j < sizeof rates / sizeof *rates; j++) {
            rng r = generator(k);
            coloured_fill(&r, rates[j], slopes[k], x, N);
            assert_true(fabs(variance_of(x, N) + pow(mean_of(x, N), 2) - 1) < 1e-3);
            assert_true(spectrum(x, N, SIZE, power));
            const double low = rates[j] / 64, high = low * 8; /* third octaves around them */
            const double slope =
                decibels(band_power(power, SIZE, rates[j], high / 1.12, high * 1.12) /
                         band_power(power, SIZE, rates[j], low / 1.12, low * 1.12)) /
                3;
            if (fabs(slope - slopes[k]) > tolerance)
                fail_msg("%g dB asked for at %g Hz, %g measured", slopes[k], rates[j], slope);
        }
}

/* The part of the power within 4 Hz of a multiple of `hz`. */
static double share_at_multiples(const double *power, size_t size, double hz)
{
    double near_them = 0, all = 0;
    for (size_t k = 1; k <= size / 2; k++) {
        const double f = (double)k * RATE / (double)size, off = f - hz * round(f / hz);
        all += power[k];
        near_them += fabs(off) < 4 && f > hz / 2 ? power[k] : 0;
    }
    return near_them / all;
}

static void hum_lies_at_multiples_of_50_or_60_hz(void **state)
{
    (void)state;
    enum { SIZE = 1 << 15 };
    static double power[SIZE / 2 + 1];
    int fifty = 0, sixty = 0, rich = 0;
    for (uint64_t s = 0; s < SEEDS; s++) {
        make_one(&signal_hum, s);
        assert_true(spectrum(x, N, SIZE, power));
        const double at_50 = share_at_multiples(power, SIZE, 50);
        const double at_60 = share_at_multiples(power, SIZE, 60);
        assert_true(fmax(at_50, at_60) > 0.99);
        fifty += at_50 > at_60;
        sixty += at_60 > at_50;
        rich += band_power(power, SIZE, RATE, 1500, 3000) >
                1e-4 * band_power(power, SIZE, RATE, 40, 400);
    }
    assert_true(fifty > 0 && sixty > 0 && rich > 0 && rich < SEEDS);
}

static void fans_are_broad_fall_with_frequency_and_often_have_tones(void **state)
{
    (void)state;
    enum { SIZE = 4096 };
    double power[SIZE / 2 + 1];
    int with_tones = 0;
    double fall = 0;
    for (uint64_t s = 0; s < SEEDS; s++) {
        make_one(&signal_fan, s);
        assert_true(spectrum(x, N, SIZE, power));
        double most = 0;
        for (size_t k = 10; k < 600; k++) { /* a bin against its neighbourhood */
            double around = 0;
            for (int j = 4; j < 9; j++)
                around += (power[k - (size_t)j] + power[k + (size_t)j]) / 10;
            most = fmax(most, power[k] / around);
        }
        with_tones += decibels(most) > 7;
        fall += decibels(band_power(power, SIZE, RATE, 200, 1000) /
                         band_power(power, SIZE, RATE, 4000, 7000)) /
                SEEDS;
    }
    print_message("fan: %d of %d with tones, falls by %.1f dB\n", with_tones, SEEDS, fall);
    assert_true(with_tones >= SEEDS / 3 && with_tones < SEEDS);
    assert_true(fall > 6);
}

static void hiss_is_steady_and_normal(void **state)
{
    (void)state;
    for (uint64_t s = 0; s < SEEDS; s++) {
        make_one(&signal_hiss, s);
        assert_true(fabs(kurtosis_of(x, N) - 3) < 0.25);
        double least = INFINITY, most = 0;
        for (size_t i = 0; i + RATE / 4 <= N; i += RATE / 4) {
            const double power = variance_of(x + i, RATE / 4);
            least = fmin(least, power);
            most = fmax(most, power);
        }
        assert_true(decibels(most / least) < 3); /* its flicker noise moves it most */
    }
}

static void crackle_has_rare_peaks(void **state)
{
    (void)state;
    for (uint64_t s = 0; s < SEEDS; s++) {
        make_one(&signal_crackle, s);
        const double kurtosis = kurtosis_of(x, N);
        if (!(kurtosis > 15))
            fail_msg("crackle %d has a kurtosis of %g", (int)s, kurtosis);
    }
}

/* Energy of frames of `frame` samples, in y; returns how many. */
static size_t frame_energies(size_t frame)
{
    const size_t n = N / frame;
    for (size_t i = 0; i < n; i++) {
        double sum = 0;
        for (size_t t = i * frame; t < (i + 1) * frame; t++)
            sum += (double)x[t] * x[t];
        y[i] = (float)sum;
    }
    return n;
}

static int falling(const void *a, const void *b)
{
    const float one = *(const float *)a, other = *(const float *)b;
    return (one < other) - (one > other);
}

static void impulses_hold_their_energy_in_few_moments(void **state)
{
    (void)state;
    for (uint64_t s = 0; s < SEEDS; s++) {
        make_one(&signal_impulses, s);
        const size_t n = frame_energies(RATE / 100);
        double all = 0, loudest = 0;
        for (size_t i = 0; i < n; i++)
            all += y[i];
        qsort(y, n, sizeof *y, falling);
        for (size_t i = 0; i < n / 4; i++)
            loudest += y[i];
        if (!(loudest > 0.6 * all))
            fail_msg("impulses %d: %.2f of the energy in a quarter", (int)s, loudest / all);
    }
}

/* Standard deviation of the loudness of tenths of a second, against its mean. */
static double unevenness(const signal_kind *kind)
{
    double sum = 0;
    for (uint64_t s = 0; s < SEEDS / 2; s++) {
        make_one(kind, s);
        const size_t n = frame_energies(RATE / 10);
        for (size_t i = 0; i < n; i++)
            y[i] = sqrtf(y[i]);
        sum += sqrt(variance_of(y, n)) / mean_of(y, n);
    }
    return sum / (SEEDS / 2);
}

static void babble_is_more_even_than_one_voice(void **state)
{
    (void)state;
    const double one = unevenness(&signal_speech), many = unevenness(&signal_babble);
    print_message("unevenness of speech %.2f, of babble %.2f\n", one, many);
    assert_true(many < 0.7 * one && many > 0.1);
}

/* The least part of the bins that hold nine tenths of the power, while there is sound. */
static double narrowness(size_t start)
{
    enum { SIZE = 2048 };
    static double power[SIZE / 2 + 1];
    assert_true(spectrum(x + start, SIZE, SIZE, power));
    double all = 0, most = 0;
    for (size_t k = 0; k <= SIZE / 2; k++)
        all += power[k];
    for (size_t taken = 0; taken < 60; taken++) { /* of 1025 */
        size_t best = 0;
        for (size_t k = 0; k <= SIZE / 2; k++)
            best = power[k] > power[best] ? k : best;
        most += power[best];
        power[best] = 0;
    }
    return all > 1e-6 ? most / all : -1;
}

static void tones_are_narrow(void **state)
{
    (void)state;
    double sum = 0;
    int count = 0;
    for (uint64_t s = 0; s < SEEDS; s++) {
        make_one(&signal_tones, s);
        for (size_t start = 0; start + 2048 <= N; start += 4096) {
            const double share = narrowness(start);
            sum += share >= 0 ? share : 0;
            count += share >= 0;
        }
    }
    print_message("tones: %.3f of the power in 60 of 1025 bins\n", sum / count);
    assert_true(count > 50 && sum / count > 0.85); /* noise has 0.2 there, fast sweeps 0.6 */
}

/* The strongest frequency within 4 % of `hz`: where the phase of a slow sum turns least. */
static double measured_pitch(const float *z, size_t n, double rate, double hz)
{
    double best = 0, most = -1;
    for (int step = -200; step <= 200; step++) {
        const double f = hz * (1 + 2e-4 * step), w = TWO_PI * f / rate;
        double re = 0, im = 0;
        for (size_t i = 0; i < n; i++) {
            const double window = 0.5 - 0.5 * cos(TWO_PI * (double)i / (double)n);
            re += window * z[i] * cos(w * (double)i);
            im += window * z[i] * sin(w * (double)i);
        }
        if (re * re + im * im > most) {
            most = re * re + im * im;
            best = f;
        }
    }
    return best;
}

static void plucked_strings_are_in_tune_and_ring_as_long_as_asked(void **state)
{
    (void)state;
    const double cents = 8, rates[] = {RATE, 44100};
    static const double pitches[] = {65.4, 146.8, 329.6, 784};
    for (size_t j = 0; j < 2; j++)
        for (size_t k = 0; k < 4; k++) {
            const pluck how = {.ring = 1.5, .damp = 0.1, .place = 0.2, .bright = 10};
            rng r = generator(k);
            const passage p = {&r, x, N, rates[j]};
            memset(x, 0, sizeof x);
            add_pluck(&p, &how, 0, 60, pitches[k], 0.8);
            const size_t n = 8000;
            const double pitch = measured_pitch(x, n, rates[j], pitches[k]);
            if (fabs(1200 * log2(pitch / pitches[k])) > cents)
                fail_msg("%g Hz for %g Hz", pitch, pitches[k]);
            /* Its fundamental alone, a second apart. */
            biquad low = biquad_low_pass(rates[j], 1.2 * pitches[k], 2);
            biquad_run(&low, x, N);
            const size_t from = (size_t)(0.1 * rates[j]), apart = (size_t)(0.5 * rates[j]);
            const double fall =
                decibels(variance_of(x + from, 4000) / variance_of(x + from + apart, 4000));
            const double expected = 60 * 0.5 / (1.5 * sqrt(220 / pitches[k]));
            if (fabs(fall / expected - 1) > 0.2)
                fail_msg("%g Hz falls by %g dB, not %g", pitches[k], fall, expected);
        }
}

/* How well strong frequencies agree with semitones of one tuning: 0 not at all, 1 all of them. */
static double tunefulness(void)
{
    enum { SIZE = 16384 };
    static double power[SIZE / 2 + 1];
    double re = 0, im = 0, all = 0;
    assert_true(spectrum(x, N, SIZE, power));
    for (size_t k = 1; k + 1 < SIZE / 2; k++) {
        const double hz = (double)k * RATE / SIZE;
        if (hz < 180 || hz > 1200 || power[k] < power[k - 1] || power[k] < power[k + 1])
            continue;
        /* The peak of a parabola through three bins. */
        const double a = log(power[k - 1]), b = log(power[k]), c = log(power[k + 1]);
        const double exact = hz + 0.5 * (a - c) / (a - 2 * b + c) * RATE / SIZE;
        const double turn = TWO_PI * 12 * log2(exact / 440);
        re += sqrt(power[k]) * cos(turn);
        im += sqrt(power[k]) * sin(turn);
        all += sqrt(power[k]);
    }
    return sqrt(re * re + im * im) / all;
}

static void music_is_in_one_tuning(void **state)
{
    (void)state;
    double music = 0, speech = 0;
    for (uint64_t s = 0; s < SEEDS; s++) {
        make_one(&signal_music, s);
        music += tunefulness() / SEEDS;
        make_one(&signal_speech, s);
        speech += tunefulness() / SEEDS;
    }
    print_message("in tune: music %.2f, speech %.2f\n", music, speech);
    assert_true(music > 0.35 && music > 2 * speech); /* drums are not */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kinds_are_found_by_name_and_clean_ones_come_first),
        cmocka_unit_test(a_passage_is_a_function_of_its_generator_alone),
        cmocka_unit_test(every_compiler_makes_the_same_examples),
        cmocka_unit_test(any_rate_and_length_gives_finite_samples_and_no_more),
        cmocka_unit_test(sounds_stay_below_full_scale_at_levels_of_sounds),
        cmocka_unit_test(no_memory_is_reported_and_nothing_leaks),
        cmocka_unit_test(active_level_is_that_of_the_loudest_half),
        cmocka_unit_test(rooms_add_the_power_asked_for_and_decay_in_their_time),
        cmocka_unit_test(coloured_noise_has_the_slope_asked_for),
        cmocka_unit_test(hum_lies_at_multiples_of_50_or_60_hz),
        cmocka_unit_test(fans_are_broad_fall_with_frequency_and_often_have_tones),
        cmocka_unit_test(hiss_is_steady_and_normal),
        cmocka_unit_test(crackle_has_rare_peaks),
        cmocka_unit_test(impulses_hold_their_energy_in_few_moments),
        cmocka_unit_test(babble_is_more_even_than_one_voice),
        cmocka_unit_test(tones_are_narrow),
        cmocka_unit_test(plucked_strings_are_in_tune_and_ring_as_long_as_asked),
        cmocka_unit_test(music_is_in_one_tuning),
    };
    seed = test_seed(1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
