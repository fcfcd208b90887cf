#include "trainer/signals/kinds.h"

#include "core/dsp/fft.h"
#include "tests/support/cmocka_all.h"
#include "tests/support/signals.h"

#include <stdbool.h>
#include <string.h>

enum { VOICES = 40, RATE = 16000, SECONDS = 10, N = RATE * SECONDS, WINDOW = 512, BANDS = 7 };
enum { FRAME = RATE / 50, FRAMES = N / FRAME };

/*
 * Octave bands of recorded clean speech against the total, dB: the mean of 275 utterances of seven
 * sources at 16 kHz (Picovoice's speech-to-intent and wake-word benchmarks, dataset-voice-kerstin,
 * Mycroft's community data, GCompris voices, LJ Speech, CMU Arctic).
 */
static const double edges[BANDS + 1] = {88, 177, 354, 707, 1414, 2828, 5657, 8000};
static const double recorded[BANDS] = {-14.9, -6.6, -4.2, -10.2, -14.1, -17.1, -24.8};
static const double band_tolerance = 6; /* dB: that far the sources lie from each other */

static float *speak(uint64_t seed, uint64_t index, double rate, size_t n)
{
    float *x = malloc((n + 1) * sizeof *x);
    assert_non_null(x);
    x[n] = 77.0f; /* must survive */
    rng r = rng_make(seed, 3, index);
    assert_true(signal_speech.make(&r, rate, x, n));
    assert_true(x[n] == 77.0f);
    return x;
}

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Levels of 20 ms frames in dB, ascending, and the active level: of the loudest half. */
static double frame_levels(const float *x, double levels[FRAMES])
{
    double active = 0;
    for (size_t k = 0; k < FRAMES; k++) {
        double power = 1e-15;
        for (size_t i = 0; i < FRAME; i++)
            power += (double)x[k * FRAME + i] * (double)x[k * FRAME + i] / FRAME;
        levels[k] = power;
    }
    qsort(levels, FRAMES, sizeof *levels, ascending);
    for (size_t k = FRAMES / 2; k < FRAMES; k++)
        active += levels[k] / (FRAMES - FRAMES / 2);
    for (size_t k = 0; k < FRAMES; k++)
        levels[k] = 10 * log10(levels[k]);
    return 10 * log10(active);
}

/* Adds the power of x between pairs of edges, by Hann windows of WINDOW samples. */
static void band_powers(const float *x, size_t n, double rate, const double *edge, int n_bands,
                        double *power)
{
    fft *f;
    assert_int_equal(fft_new(WINDOW, &f, NULL), SORDINO_OK);
    float in[WINDOW], out[WINDOW + 2];
    for (size_t at = 0; at + WINDOW <= n; at += WINDOW / 2) {
        for (size_t i = 0; i < WINDOW; i++) {
            const double turn = 6.283185307179586 * (double)i / WINDOW;
            in[i] = (float)((0.5 - 0.5 * cos(turn)) * (double)x[at + i]);
        }
        fft_forward(f, in, out);
        for (size_t k = 0; k <= WINDOW / 2; k++) {
            const double hz = (double)k * rate / WINDOW;
            const double p = (double)out[2 * k] * (double)out[2 * k] +
                             (double)out[2 * k + 1] * (double)out[2 * k + 1];
            for (int b = 0; b < n_bands; b++)
                if (hz >= edge[b] && hz < edge[b + 1])
                    power[b] += p;
        }
    }
    fft_free(f);
}

static void the_same_seed_speaks_the_same_bits_and_another_does_not(void **state)
{
    (void)state;
    const uint64_t seed = test_seed(1);
    float *a = speak(seed, 0, RATE, N), *b = speak(seed, 0, RATE, N), *c = speak(seed, 1, RATE, N);
    assert_memory_equal(a, b, N * sizeof *a);
    size_t differ = 0;
    for (size_t i = 0; i < N; i++)
        differ += a[i] != c[i];
    assert_true(differ > N / 2);
    free(a);
    free(b);
    free(c);
}

static void every_rate_and_length_is_finite_and_below_full_scale(void **state)
{
    (void)state;
    const uint64_t seed = test_seed(2);
    const double rates[] = {8000,  11025, 16000, 22050, 24000, 31999,  44100,
                            48000, 64000, 79999, 80000, 96000, 176400, 192000};
    const size_t lengths[] = {0, 1, 2, 7, 99, 4001, 60000};
    for (size_t k = 0; k < sizeof rates / sizeof *rates; k++)
        for (size_t j = 0; j < sizeof lengths / sizeof *lengths; j++) {
            float *x = speak(seed, 10 * k + j, rates[k], lengths[j]);
            for (size_t i = 0; i < lengths[j]; i++)
                assert_true(isfinite(x[i]) && fabsf(x[i]) < 1.0f);
            free(x);
        }
}

static void a_voice_is_the_same_at_a_rate_and_at_twice_that(void **state)
{
    (void)state;
    /* Both are made at one inner rate, so one is every second sample of the other but for the
     * filters and for what lies above the lower half rate. */
    static const double rates[] = {8000, 16000, 48000, 96000};
    const uint64_t seed = test_seed(3);
    const double least = 0.8; /* correlation */
    for (size_t k = 0; k < sizeof rates / sizeof *rates; k++) {
        const size_t n = (size_t)rates[k] * 4;
        for (uint64_t v = 0; v < 6; v++) {
            float *low = speak(seed, v, rates[k], n), *high = speak(seed, v, 2 * rates[k], 2 * n);
            double early = 0, both = 0, late = 0, first = 1e-12, second = 1e-12;
            for (size_t i = 1; i < n; i++) {
                const double x = (double)low[i], y = (double)high[2 * i];
                early += x * (double)high[2 * i - 1];
                both += x * y;
                late += x * (double)high[2 * i + 1];
                first += x * x;
                second += y * y;
            }
            assert_true(both > least * sqrt(first * second));
            assert_true(both > early && both > late);
            /* In time to a fraction of a sample: no nearer to the one than to the other. */
            assert_true(fabs(early - late) < 0.2 * (2 * both - early - late));
            free(low);
            free(high);
        }
    }
}

static void levels_lie_where_the_mixer_expects_them_and_pauses_are_silent(void **state)
{
    (void)state;
    const uint64_t seed = test_seed(4);
    const double silent = -60; /* dB below the active level, as in a treated room */
    static double levels[FRAMES];
    int with_pauses = 0;
    double pauses = 0, middle = 0, loud = 0;
    for (uint64_t v = 0; v < VOICES; v++) {
        float *x = speak(seed, v, RATE, N);
        const double active = frame_levels(x, levels);
        assert_true(active > -40 && active < -10);
        int quiet = 0;
        for (size_t i = 0; i < N; i++)
            assert_true(fabsf(x[i]) < 1.0f);
        for (size_t k = 0; k < FRAMES; k++)
            quiet += levels[k] < active + silent;
        with_pauses += quiet > 0;
        pauses += (double)quiet / FRAMES / VOICES;
        middle += (levels[FRAMES / 2] - active) / VOICES;
        loud += (levels[FRAMES * 99 / 100] - active) / VOICES;
        free(x);
    }
    printf("with pauses %d, silent %.3f, median %.1f dB, 99 %% %.1f dB\n", with_pauses, pauses,
           middle, loud);
    assert_true(with_pauses > VOICES * 8 / 10);
    assert_true(pauses > 0.09 && pauses < 0.35);
    /* Recorded continuous speech has its median 7..9 dB below the active level, its loudest
     * hundredth 5..6 dB above. */
    assert_true(middle > -16 && middle < -4);
    assert_true(loud > 4 && loud < 10);
}

static void long_term_bands_are_those_of_recorded_speech(void **state)
{
    (void)state;
    const uint64_t seed = test_seed(5);
    double mean[BANDS] = {0};
    for (uint64_t v = 0; v < VOICES; v++) {
        float *x = speak(seed, v, RATE, N);
        double power[BANDS] = {0}, total = 0;
        band_powers(x, N, RATE, edges, BANDS, power);
        for (int b = 0; b < BANDS; b++)
            total += power[b];
        for (int b = 0; b < BANDS; b++)
            mean[b] += 10 * log10(power[b] / total + 1e-12) / VOICES;
        free(x);
    }
    for (int b = 0; b < BANDS; b++) {
        printf("%.0f..%.0f Hz: %.1f dB, recorded %.1f\n", edges[b], edges[b + 1], mean[b],
               recorded[b]);
        assert_true(fabs(mean[b] - recorded[b]) < band_tolerance);
    }
}

static void speech_reaches_up_to_20_kHz(void **state)
{
    (void)state;
    const uint64_t seed = test_seed(6);
    const double edge[] = {80, 8000, 12000, 16000, 20000};
    double power[4] = {0};
    for (uint64_t v = 0; v < 12; v++) {
        float *x = speak(seed, v, 48000, 48000 * 5);
        band_powers(x, (size_t)48000 * 5, 48000, edge, 4, power);
        free(x);
    }
    double db[4];
    for (int b = 1; b < 4; b++) {
        db[b] = 10 * log10(power[b] / power[0]);
        printf("%.0f..%.0f Hz: %.1f dB\n", edge[b], edge[b + 1], db[b]);
    }
    assert_true(db[1] > -32 && db[1] < -10); /* recorded: about -20 */
    assert_true(db[2] > -45 && db[2] < db[1]);
    assert_true(db[3] > -60 && db[3] < db[2]);
}

static void there_are_no_images_above_it_at_192_kHz(void **state)
{
    (void)state;
    const uint64_t seed = test_seed(9);
    const double edge[] = {80, 24000, 28000, 96000}, least = 60; /* dB: the filter's 70 */
    double power[3] = {0};
    for (uint64_t v = 0; v < 3; v++) {
        float *x = speak(seed, v, 192000, 192000 * 2);
        band_powers(x, (size_t)192000 * 2, 192000, edge, 3, power);
        free(x);
    }
    printf("above 28 kHz: %.1f dB\n", 10 * log10(power[2] / power[0]));
    assert_true(power[2] < power[0] * pow(10, -least / 10));
}

/* Power of the envelope (100 a second) between two frequencies, by plain Fourier sums. */
static double modulation(const double *envelope, size_t n, double low, double high)
{
    const double turn = 6.283185307179586 / 100;
    double power = 0;
    for (double hz = low; hz < high; hz += 100.0 / (double)n) {
        double re = 0, im = 0;
        for (size_t i = 0; i < n; i++) {
            re += envelope[i] * cos(turn * hz * (double)i);
            im += envelope[i] * sin(turn * hz * (double)i);
        }
        power += re * re + im * im;
    }
    return power;
}

static void the_envelope_moves_most_at_two_to_eight_times_a_second(void **state)
{
    (void)state;
    enum { LENGTH = N / 160 };
    const uint64_t seed = test_seed(7);
    static double envelope[LENGTH];
    double slow = 0, syllables = 0, fast = 0;
    for (uint64_t v = 0; v < VOICES; v++) {
        float *x = speak(seed, v, RATE, N);
        double mean = 0;
        for (size_t k = 0; k < LENGTH; k++) {
            double power = 0;
            for (size_t i = 0; i < 160; i++)
                power += (double)x[160 * k + i] * (double)x[160 * k + i];
            envelope[k] = sqrt(power);
            mean += envelope[k] / LENGTH;
        }
        for (size_t k = 0; k < LENGTH; k++)
            envelope[k] = envelope[k] / mean - 1;
        slow += modulation(envelope, LENGTH, 0.5, 2);
        syllables += modulation(envelope, LENGTH, 2, 8);
        fast += modulation(envelope, LENGTH, 8, 32);
        free(x);
    }
    printf("2..8 Hz against .5..2: %.1f dB, against 8..32: %.1f dB\n", 10 * log10(syllables / slow),
           10 * log10(syllables / fast));
    assert_true(syllables > slow);
    assert_true(syllables > 2.5 * fast); /* recorded: 4..7 dB */
}

/* Frames in which most power is above 4 kHz against those in which hardly any is. */
static void fricatives_are_weaker_than_vowels(void **state)
{
    (void)state;
    const uint64_t seed = test_seed(8);
    const double edge[] = {80, 4000, 8000};
    double difference = 0;
    int heard = 0;
    for (uint64_t v = 0; v < VOICES; v++) {
        float *x = speak(seed, v, RATE, N);
        static double levels[FRAMES];
        const double active = pow(10, frame_levels(x, levels) / 10) * WINDOW * WINDOW * 3 / 16;
        double high = 0, low = 0;
        int n_high = 0, n_low = 0;
        for (size_t at = 0; at + WINDOW <= N; at += WINDOW) {
            double power[2] = {0};
            band_powers(x + at, WINDOW, RATE, edge, 2, power);
            const double all = power[0] + power[1];
            if (all > 0.01 * active && power[1] > 0.7 * all) {
                high += all;
                n_high++;
            } else if (all > 0.2 * active && power[1] < 0.1 * all) {
                low += all;
                n_low++;
            }
        }
        if (n_high > 3 && n_low > 3) {
            difference += 10 * log10(high / n_high / (low / n_low));
            heard++;
        }
        free(x);
    }
    printf("fricatives %.1f dB, %d voices\n", difference / heard, heard);
    assert_true(heard > VOICES / 3);
    assert_true(difference / heard > -14 && difference / heard < -3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_seed_speaks_the_same_bits_and_another_does_not),
        cmocka_unit_test(every_rate_and_length_is_finite_and_below_full_scale),
        cmocka_unit_test(a_voice_is_the_same_at_a_rate_and_at_twice_that),
        cmocka_unit_test(levels_lie_where_the_mixer_expects_them_and_pauses_are_silent),
        cmocka_unit_test(long_term_bands_are_those_of_recorded_speech),
        cmocka_unit_test(speech_reaches_up_to_20_kHz),
        cmocka_unit_test(there_are_no_images_above_it_at_192_kHz),
        cmocka_unit_test(the_envelope_moves_most_at_two_to_eight_times_a_second),
        cmocka_unit_test(fricatives_are_weaker_than_vowels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
