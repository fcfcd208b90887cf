/* The signals of sensors: that each has the times, sizes and statistics its model states. */
#include "trainer/signals/signal.h"

#include "tests/support/cmocka_all.h"
#include "tests/support/signals.h"
#include "tests/support/spectrum.h"
#include "trainer/signals/kinds.h"

enum { SEEDS = 24, N = 40000 };

static uint64_t seed;
static float x[N], y[N];

static void make_at(const signal_kind *kind, uint64_t index, double rate, size_t n)
{
    rng r = rng_make(seed, 78, index);
    assert_true(kind->make(&r, rate, x, n));
}

/* Places where the slope is steep, 0.2 s apart at least: the QRS of each beat. Returns how many. */
static size_t find_beats(size_t n, double rate, double *seconds, size_t room)
{
    double steepest = 0, last = -1;
    size_t count = 0;
    for (size_t i = 2; i + 2 < n; i++)
        steepest = fmax(steepest, fabs((double)x[i + 2] - x[i - 2]));
    for (size_t i = 2; i + 2 < n && count < room; i++) {
        const double t = (double)i / rate;
        if (fabs((double)x[i + 2] - x[i - 2]) > 0.45 * steepest && t > last + 0.2)
            seconds[count++] = last = t;
    }
    return count;
}

static void hearts_beat_48_to_150_times_a_minute_mostly_regularly(void **state)
{
    (void)state;
    enum { ROOM = 400 };
    const double rate = 360;
    double beats[ROOM];
    int regular = 0;
    for (uint64_t s = 0; s < SEEDS; s++) {
        make_at(&signal_ecg, s, rate, N);
        const size_t n = find_beats(N, rate, beats, ROOM);
        assert_true(n > 20);
        const double mean = (beats[n - 1] - beats[0]) / (double)(n - 1);
        double spread = 0, height = 0;
        for (size_t i = 1; i < n; i++)
            spread += pow(beats[i] - beats[i - 1] - mean, 2) / (double)(n - 1);
        for (size_t i = 0; i < N; i++)
            height = fmax(height, fabs((double)x[i]));
        if (60 / mean < 40 || 60 / mean > 160 || height < 0.4 || height > 3)
            fail_msg("ecg %d: %g a minute, %g mV", (int)s, 60 / mean, height);
        regular += sqrt(spread) < 0.09 * mean;
    }
    print_message("ecg: %d of %d regular\n", regular, SEEDS);
    assert_true(regular > SEEDS / 2 && regular < SEEDS);
}

static void a_heart_is_the_same_curve_at_any_rate(void **state)
{
    (void)state;
    const double tolerance = 1e-5; /* mV: floats near 1 added up */
    for (uint64_t s = 0; s < 6; s++) {
        make_at(&signal_ecg, s, 250, N / 3);
        memcpy(y, x, sizeof y);
        make_at(&signal_ecg, s, 750, N / 3 * 3);
        for (size_t i = 0; i < N / 3; i++)
            assert_true(fabs((double)x[3 * i] - y[i]) < tolerance);
    }
}

/* Falls of at least `longest` seconds, looked at over the last third: time constants least..most.
 */
static int find_decays(double rate, size_t n, double longest, double *least, double *most)
{
    const size_t length = (size_t)(longest * rate), third = length / 3;
    int count = 0;
    size_t run = 0;
    for (size_t i = 1; i < n; i++) {
        run = x[i] < x[i - 1] ? run + 1 : 0;
        if (run >= length && x[i] > 1e-3f && x[i] < 0.3f) { /* where it is far from saturation */
            const double tau = (double)third / rate / log((double)x[i - third] / x[i]);
            *least = fmin(*least, tau);
            *most = fmax(*most, tau);
            count++;
        }
    }
    return count;
}

static void calcium_rises_sharply_and_decays_as_its_indicator_does(void **state)
{
    (void)state;
    /* rate; least and largest time constant of calcium.c; seconds of a fall that is looked at */
    static const double cases[2][4] = {{30, 0.4, 1.5, 2}, {5, 3, 12, 14}};
    for (int c = 0; c < 2; c++) {
        const double rate = cases[c][0];
        double least = INFINITY, most = 0;
        int count = 0, rising = 0, moving = 0;
        for (uint64_t s = 0; s < SEEDS; s++) {
            const size_t n = 12000;
            make_at(&signal_calcium, s, rate, n);
            count += find_decays(rate, n, cases[c][3], &least, &most);
            double up = 0, down = 0, peak = 0;
            for (size_t i = 1; i < n; i++) {
                up = fmax(up, (double)x[i] - x[i - 1]);
                down = fmax(down, (double)x[i - 1] - x[i]);
                peak = fmax(peak, x[i]);
                rising += x[i] > x[i - 1];
                moving += x[i] != x[i - 1];
                assert_true(x[i] >= -1e-6f);
            }
            assert_true(up > 2 * down);
            assert_true(peak > 0.05 && peak < 25);
        }
        print_message("calcium at %g Hz: %d decays, %.2f..%.2f s, %.2f of the time rising\n", rate,
                      count, least, most, (double)rising / moving);
        assert_true(rising < 0.17 * moving);
        assert_true(count > SEEDS);
        assert_true(least > 0.9 * cases[c][1] && least < 2 * cases[c][1]);
        assert_true(most < 1.2 * cases[c][2] && most > 0.5 * cases[c][2]);
    }
}

static void spikes_are_short_troughs_with_time_between(void **state)
{
    (void)state;
    const double rate = 24000;
    for (uint64_t s = 0; s < SEEDS; s++) {
        make_at(&signal_spikes, s, rate, N);
        double low = 0, high = 0;
        for (size_t i = 0; i < N; i++) {
            low = fmin(low, x[i]);
            high = fmax(high, x[i]);
        }
        size_t count = 0, run = 0, longest = 0, quiet = 0;
        for (size_t i = 0; i < N; i++) {
            run = x[i] < 0.5 * low ? run + 1 : 0;
            longest = run > longest ? run : longest;
            count += run == 1;
            quiet += fabs((double)x[i]) < 0.02 * -low;
        }
        const double width = (double)longest / rate;
        if (count < 1 || -low < 25 || -low > 1500 || high > -low || width < 5e-5 || width > 8e-4)
            fail_msg("spikes %d: %zu, %g..%g uV, %g s wide", (int)s, count, low, high, width);
        assert_true(quiet > N / 5);
    }
}

static void steps_move_and_rest_within_the_range(void **state)
{
    (void)state;
    int telegraphs = 0, ramps = 0;
    for (uint64_t s = 0; s < SEEDS; s++) {
        const size_t n = 6000;
        make_at(&signal_steps, s, 1000, n);
        size_t jumps = 0, slopes = 0, others = 0;
        float one = x[0], other = x[0];
        for (size_t i = 1; i < n; i++) {
            const double change = fabs((double)x[i] - x[i - 1]);
            assert_true(fabs((double)x[i]) <= 10);
            jumps += change > 0.05;
            slopes += change > 0 && change <= 0.05;
            other = other == one ? x[i] : other;
            others += x[i] != one && x[i] != other;
        }
        assert_true(jumps + slopes > 0);
        telegraphs += others == 0;
        ramps += slopes > 100;
    }
    assert_true(telegraphs > 0 && telegraphs < SEEDS && ramps > SEEDS / 4);
}

/* The strongest bin of 256 samples from `start` on, 0 when faint. */
static size_t strongest(size_t start)
{
    enum { SIZE = 256 };
    double power[SIZE / 2 + 1];
    size_t best = 0;
    assert_true(spectrum(x + start, SIZE, SIZE, power));
    for (size_t k = 1; k <= SIZE / 2; k++)
        best = power[k] > power[best] ? k : best;
    return variance_of(x + start, SIZE) > 1e-4 ? best : 0;
}

static void chirps_sweep_step_by_step(void **state)
{
    (void)state;
    size_t moved = 0, near_by = 0, pairs = 0;
    for (uint64_t s = 0; s < SEEDS; s++) {
        size_t low = SIZE_MAX, high = 0, last = 0;
        make_at(&signal_chirps, s, 10000, N);
        for (size_t i = 0; i + 256 <= N; i += 128) {
            const size_t now = strongest(i);
            if (now && last) {
                pairs++;
                near_by += now < last + 8 && last < now + 8;
            }
            low = now && now < low ? now : low;
            high = now > high ? now : high;
            last = now;
        }
        moved += high > low + low / 4;
    }
    print_message("chirps: %zu of %d move, %zu of %zu steps are small\n", moved, SEEDS, near_by,
                  pairs);
    assert_true(moved > SEEDS * 3 / 4);
    assert_true(near_by * 10 > pairs * 7);
}

static void vibration_turns_and_knocks(void **state)
{
    (void)state;
    int knocks = 0, turns = 0;
    for (uint64_t s = 0; s < SEEDS; s++) {
        make_at(&signal_vibration, s, 12000, N);
        const double level = sqrt(variance_of(x, N)), kurtosis = kurtosis_of(x, N);
        assert_true(level > 0.09 && level < 10.1); /* m/s2 */
        knocks += kurtosis > 4;
        turns += kurtosis < 3; /* sums of few sines */
    }
    print_message("vibration: %d of %d knock, %d turn\n", knocks, SEEDS, turns);
    assert_true(knocks > SEEDS / 8 && turns > SEEDS / 8);
}

/* What is left of x when each sample is foretold from `order` before it, in y: the method of Burg
 * 1967, which strong resonances do not mislead. Returns how many are left. */
static size_t whiten(int order)
{
    static double ahead[N], behind[N];
    for (size_t i = 0; i < N; i++)
        ahead[i] = behind[i] = x[i];
    for (int m = 1; m <= order; m++) {
        double both = 0, power = 0;
        for (size_t i = N - 1; i >= (size_t)m; i--) {
            both += 2 * ahead[i] * behind[i - 1];
            power += ahead[i] * ahead[i] + behind[i - 1] * behind[i - 1];
        }
        for (size_t i = N - 1; i >= (size_t)m; i--) {
            const double a = ahead[i], b = behind[i - 1];
            ahead[i] = a - both / power * b;
            behind[i] = b - both / power * a;
        }
    }
    for (size_t i = (size_t)order; i < N; i++)
        y[i - (size_t)order] = (float)ahead[i];
    return N - (size_t)order;
}

static void autoregressions_are_white_after_their_own_prediction(void **state)
{
    (void)state;
    const double white = 0.03; /* 6 s.d. of the correlation of N independent numbers */
    int measured = 0;
    for (uint64_t s = 0; s < SEEDS; s++) {
        make_at(&signal_autoregressive, s, 250, N);
        const size_t n = whiten(8);
        const double gain = variance_of(x, N) / variance_of(y, n);
        const double level = sqrt(variance_of(x, N) + pow(mean_of(x, N), 2));
        assert_true(gain > 1.02);
        assert_true(level > 1.9 && level < 61); /* uV */
        if (gain > 1e8)
            continue; /* what is left is little above the rounding of floats */
        measured++;
        for (size_t lag = 1; lag < 16; lag++)
            if (fabs(correlation_of(y, n, lag)) > white)
                fail_msg("autoregressive %d: %g at lag %zu", (int)s, correlation_of(y, n, lag),
                         lag);
        assert_true(fabs(kurtosis_of(y, n) - 3) < 0.3);
    }
    print_message("autoregressive: %d of %d measured\n", measured, SEEDS);
    assert_true(measured > SEEDS / 2);
}

static void walks_have_independent_steps_that_add_up(void **state)
{
    (void)state;
    for (uint64_t s = 0; s < SEEDS; s++) {
        static const double rates[] = {100, 2500};
        const double rate = rates[s % 2];
        double one = 0, many = 0;
        const size_t lag = 16;
        make_at(&signal_random_walk, s, rate, N);
        for (size_t i = lag; i < N; i++) {
            y[i - lag] = x[i] - x[i - 1];
            one += pow((double)x[i] - x[i - 1], 2);
            many += pow((double)x[i] - x[i - lag], 2);
        }
        assert_true(fabs(many / one / (double)lag - 1) < 0.15); /* its s.d. is 0.025 */
        assert_true(fabs(correlation_of(y, N - lag, 1)) < 0.03);
        const double in_a_second = sqrt(one / (double)N * rate);
        assert_true(in_a_second > 0.019 && in_a_second < 2.05);
    }
}

static void smooth_curves_have_the_derivatives_of_their_covariance(void **state)
{
    (void)state;
    int plain = 0;
    for (uint64_t s = 0; s < 2 * SEEDS; s++) {
        double first = 0, second = 0;
        make_at(&signal_smooth, s, 10, N);
        for (size_t i = 2; i < N; i++) {
            first += pow((double)x[i] - x[i - 1], 2) / N;
            second += pow((double)x[i] - 2 * (double)x[i - 1] + x[i - 2], 2) / N;
        }
        /* With exp(-t^2 / (2 l^2)): first = v / l^2, second = 3 v / l^4, l >= 8; slower parts add
         * to v and to first. */
        const double v = variance_of(x, N), ratio = first * first / (v * second);
        const double length = sqrt(3 * first / second);
        if (!(sqrt(second / v) < 0.03) || ratio > 0.55 || length < 7)
            fail_msg("smooth %d: second %g, ratio %g, length %g", (int)s, sqrt(second / v), ratio,
                     length);
        plain += fabs(3 * ratio - 1) < 0.25;
    }
    print_message("smooth: %d of %d of one part\n", plain, 2 * SEEDS);
    assert_true(plain >= SEEDS / 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hearts_beat_48_to_150_times_a_minute_mostly_regularly),
        cmocka_unit_test(a_heart_is_the_same_curve_at_any_rate),
        cmocka_unit_test(calcium_rises_sharply_and_decays_as_its_indicator_does),
        cmocka_unit_test(spikes_are_short_troughs_with_time_between),
        cmocka_unit_test(steps_move_and_rest_within_the_range),
        cmocka_unit_test(chirps_sweep_step_by_step),
        cmocka_unit_test(vibration_turns_and_knocks),
        cmocka_unit_test(autoregressions_are_white_after_their_own_prediction),
        cmocka_unit_test(walks_have_independent_steps_that_add_up),
        cmocka_unit_test(smooth_curves_have_the_derivatives_of_their_covariance),
    };
    seed = test_seed(2);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
