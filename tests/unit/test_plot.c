/* Pictures are read back as pixels: what was loud must be light where it was loud. */
#include "common/plot/plot.h"

#include "common/plot/plot_draw.h"

#include "tests/support/cmocka_all.h"
#include "tests/support/failing_alloc.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char path[] = "test-plot.png";

static plot *make(plot_mode mode, double rate)
{
    const plot_config config = {mode, rate, "noisy.wav", "clean.wav", "mV"};
    plot *p = NULL;
    sordino_error why;
    assert_int_equal(plot_new(&config, &p, &why), SORDINO_OK);
    return p;
}

static cairo_surface_t *finish(plot *p)
{
    sordino_error why;
    const sordino_status status = plot_finish(p, path, &why);
    if (status != SORDINO_OK)
        fail_msg("%s", why.text);
    plot_free(p);
    cairo_surface_t *picture = cairo_image_surface_create_from_png(path);
    assert_int_equal(cairo_surface_status(picture), CAIRO_STATUS_SUCCESS);
    assert_int_equal(cairo_image_surface_get_width(picture), PLOT_WIDTH);
    assert_int_equal(cairo_image_surface_get_height(picture), PLOT_HEIGHT);
    assert_int_equal(unlink(path), 0);
    return picture;
}

static uint32_t pixel(cairo_surface_t *picture, int x, int y)
{
    const unsigned char *const bytes = cairo_image_surface_get_data(picture);
    uint32_t rgb;
    memcpy(&rgb,
           bytes + (size_t)y * (size_t)cairo_image_surface_get_stride(picture) + 4u * (size_t)x,
           sizeof rgb);
    return rgb & 0xFFFFFFu;
}

static int brightness(cairo_surface_t *picture, int x, int y)
{
    const uint32_t rgb = pixel(picture, x, y);
    return (int)((rgb >> 16) + (rgb >> 8 & 255u) + (rgb & 255u));
}

/* The panels of the audio picture, in pixels; they are where a viewer looks for them. */
enum { LEFT = 84, WIDTH = 990, TOP_BEFORE = 44, TOP_AFTER = 418, HEIGHT = 328 };

/* The lightest row at column `x` of the panel that starts at `top`, as a part of Nyquist. */
static double lightest(cairo_surface_t *picture, int x, int top)
{
    int best = top + 2;
    for (int y = top + 2; y < top + HEIGHT - 2; y++)
        if (brightness(picture, x, y) > brightness(picture, x, best))
            best = y;
    return 1 - (best - top + 0.5) / HEIGHT;
}

static void push_tones(plot *p, double rate, double hz_before, double hz_after, size_t n, size_t at)
{
    float before[512], after[512];
    for (size_t i = 0; i < n;) {
        const size_t now = n - i < 512 ? n - i : 512;
        for (size_t k = 0; k < now; k++) {
            const double t = 6.283185307179586 * (double)(at + i + k) / rate;
            before[k] = (float)(0.5 * sin(hz_before * t));
            after[k] = (float)(0.5 * sin(hz_after * t));
        }
        plot_push(p, before, after, now);
        i += now;
    }
}

/* Two rows of 328 and the width of a 256-point Hann window's main lobe at 8 kHz. */
static const double row_tolerance = 0.02;

static void a_tone_is_lightest_at_its_frequency_and_a_broken_sample_hides_nothing(void **state)
{
    (void)state;
    static const float broken = NAN;
    plot *p = make(PLOT_AUDIO, 8000);
    push_tones(p, 8000, 1000, 3000, 10000, 0);
    plot_push(p, &broken, &broken, 1);
    push_tones(p, 8000, 1000, 3000, 10000, 10001);
    cairo_surface_t *picture = finish(p);
    for (int x = LEFT + 20; x < LEFT + WIDTH - 20; x += 5) {
        assert_true(fabs(lightest(picture, x, TOP_BEFORE) - 0.25) < row_tolerance);
        assert_true(fabs(lightest(picture, x, TOP_AFTER) - 0.75) < row_tolerance);
    }
    cairo_surface_destroy(picture);
}

static void columns_merge_and_keep_their_time(void **state)
{
    (void)state;
    /* 256-sample windows: columns are full after 65,536 samples and merge seven times. */
    const size_t half = 3u << 20;
    plot *p = make(PLOT_AUDIO, 8000);
    push_tones(p, 8000, 500, 500, half, 0);
    push_tones(p, 8000, 2000, 2000, half, half);
    cairo_surface_t *picture = finish(p);
    for (int x = 10; x < WIDTH - 10; x += 5) {
        if (abs(x - WIDTH / 2) < 4)
            continue;
        const double expected = x < WIDTH / 2 ? 0.125 : 0.5;
        assert_true(fabs(lightest(picture, LEFT + x, TOP_AFTER) - expected) < row_tolerance);
    }
    cairo_surface_destroy(picture);
}

static void any_cutting_gives_the_same_picture(void **state)
{
    (void)state;
    enum { N = 150000 };
    float *x = malloc(2 * N * sizeof *x);
    assert_non_null(x);
    uint32_t seed = 1;
    for (size_t i = 0; i < 2 * N; i++) {
        seed = seed * 1664525u + 1013904223u;
        x[i] = (float)(seed >> 8) / 16777216.0f - 0.5f;
    }
    for (int mode = PLOT_AUDIO; mode <= PLOT_SENSOR; mode++) {
        plot *whole = make((plot_mode)mode, 8000), *cut = make((plot_mode)mode, 8000);
        plot_push(whole, x, x + N, N);
        for (size_t i = 0, n = 0; i < N; i += n, n = (n * 7 + 3) % 1009)
            plot_push(cut, x + i, x + N + i, n = n < N - i ? n : N - i);
        cairo_surface_t *a = finish(whole), *b = finish(cut);
        const size_t bytes = (size_t)cairo_image_surface_get_stride(a) * PLOT_HEIGHT;
        assert_memory_equal(cairo_image_surface_get_data(a), cairo_image_surface_get_data(b),
                            bytes);
        cairo_surface_destroy(a);
        cairo_surface_destroy(b);
    }
    free(x);
}

static void silence_nothing_and_broken_values_are_drawn(void **state)
{
    (void)state;
    static const float zeros[100], broken[4] = {NAN, INFINITY, -INFINITY, NAN};
    for (int mode = PLOT_AUDIO; mode <= PLOT_SENSOR; mode++) {
        cairo_surface_destroy(finish(make((plot_mode)mode, 48000)));
        plot *p = make((plot_mode)mode, 48000);
        plot_push(p, zeros, zeros, 100);
        cairo_surface_destroy(finish(p));
        p = make((plot_mode)mode, 48000);
        plot_push(p, broken, broken, 4);
        cairo_surface_destroy(finish(p));
        p = make((plot_mode)mode, 1e9);
        plot_push(p, zeros, zeros, 1);
        cairo_surface_destroy(finish(p));
    }
}

/* Pixels of the dark trace in a column of the upper panel. */
static int count_dark(cairo_surface_t *picture, int x)
{
    int n = 0;
    for (int y = 46; y < 400; y++)
        n += brightness(picture, x, y) < 300;
    return n;
}

static void a_gap_of_a_sensor_stays_empty(void **state)
{
    (void)state;
    enum { N = 40000 };
    float *x = malloc(N * sizeof *x);
    assert_non_null(x);
    for (int i = 0; i < N; i++)
        x[i] = i >= N / 2 && i < N / 4 * 3 ? (i % 2 ? NAN : INFINITY)
                                           : (float)((i * 7919) % 1000) / 1000;
    plot *p = make(PLOT_SENSOR, 0);
    plot_push(p, x, x, N);
    cairo_surface_t *picture = finish(p);
    assert_true(count_dark(picture, 96 + 300) > 300);
    assert_int_equal(count_dark(picture, 96 + 1068 * 5 / 8), 0);
    assert_true(count_dark(picture, 96 + 1000) > 300);
    cairo_surface_destroy(picture);
    free(x);
}

static void ticks_are_round_and_inside(void **state)
{
    (void)state;
    static const double spans[][2] = {
        {0, 1},      {-3.2, 7.9}, {0, 86400},  {1e-9, 3e-9}, {-1e12, 1e9},     {100, 100.0001},
        {-5, -4.99}, {0, 24000},  {-0.9, 0.9}, {0, 2e-3},    {1e6, 1e6 + 0.5}, {-1e12, -1e12 + 1}};
    for (size_t i = 0; i < sizeof spans / sizeof spans[0]; i++) {
        const double from = spans[i][0], to = spans[i][1];
        const ticks t = ticks_between(from, to, 8);
        assert_in_range(t.n, 3, 11);
        assert_true(t.first >= from - 1e-6 * t.step);
        assert_true(t.first + (t.n - 1) * t.step <= to + 1e-6 * t.step);
        /* Plain numbers from a thousandth to a million, of at most seven digits. */
        const double largest = fmax(fabs(from), fabs(to));
        assert_int_equal(t.offset != 0, largest > 1e6 * t.step);
        if (t.offset == 0)
            assert_int_equal(t.exponent == 0, largest >= 1e-3 && largest < 1e6);
        assert_in_range(t.decimals, 0, 6);
        const double lead = t.step / pow(10, floor(log10(t.step) + 1e-9));
        assert_true(fabs(lead - 1) < 1e-6 || fabs(lead - 2) < 1e-6 || fabs(lead - 5) < 1e-6);
    }
}

static void faults_are_told_and_leave_no_file(void **state)
{
    (void)state;
    sordino_error why;
    plot *p = NULL;
    plot_config config = {PLOT_AUDIO, 0, NULL, NULL, NULL};
    assert_int_equal(plot_new(&config, &p, &why), SORDINO_BAD_ARG);
    assert_null(p);
    config.rate = NAN;
    assert_int_equal(plot_new(&config, &p, &why), SORDINO_BAD_ARG);
    config.rate = 48000;
    config.before =
        "\xff\xc0 \xe2\x82\xac \n a name so long that it must be cut ......................"
        ".............................................................................";
    assert_int_equal(plot_new(&config, &p, &why), SORDINO_OK);
    assert_int_equal(plot_finish(p, "no-such-folder/a.png", &why), SORDINO_IO);
    assert_non_null(strstr(why.text, "cannot be created"));
    plot_free(p);
    plot_free(NULL);

    assert_int_equal(mkdir("test-plot.dir", 0777), 0);
    assert_int_equal(plot_new(&config, &p, &why), SORDINO_OK);
    assert_int_equal(plot_finish(p, "test-plot.dir", &why), SORDINO_IO);
    assert_non_null(strstr(why.text, "moved"));
    plot_free(p);
    char temporary[64];
    snprintf(temporary, sizeof temporary, "test-plot.dir.tmp.%ld", (long)getpid());
    assert_int_equal(access(temporary, F_OK), -1);
    assert_int_equal(rmdir("test-plot.dir"), 0);
}

static void memory_that_cannot_be_had_is_told(void **state)
{
    (void)state;
    sordino_error why;
    for (int mode = PLOT_AUDIO; mode <= PLOT_SENSOR; mode++) {
        const plot_config config = {(plot_mode)mode, 48000, "a", "b", NULL};
        plot *p = NULL;
        for (size_t n = 0;; n++) {
            failing_alloc_arm(n);
            const sordino_status status = plot_new(&config, &p, &why);
            if (!failing_alloc_disarm()) {
                assert_int_equal(status, SORDINO_OK);
                assert_true(n >= 9);
                break;
            }
            assert_int_equal(status, SORDINO_NO_MEM);
            assert_null(p);
        }
        failing_alloc_arm(0);
        const sordino_status status = plot_finish(p, path, &why);
        assert_true(failing_alloc_disarm());
        assert_int_equal(status, SORDINO_NO_MEM);
        assert_int_equal(access(path, F_OK), -1);
        plot_free(p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tone_is_lightest_at_its_frequency_and_a_broken_sample_hides_nothing),
        cmocka_unit_test(columns_merge_and_keep_their_time),
        cmocka_unit_test(any_cutting_gives_the_same_picture),
        cmocka_unit_test(silence_nothing_and_broken_values_are_drawn),
        cmocka_unit_test(a_gap_of_a_sensor_stays_empty),
        cmocka_unit_test(ticks_are_round_and_inside),
        cmocka_unit_test(faults_are_told_and_leave_no_file),
        cmocka_unit_test(memory_that_cannot_be_had_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
