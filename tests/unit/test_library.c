/* Folders of recordings: what is found and read, what is held out, and what is drawn from them. */
#include "trainer/data/library.h"

#include "tests/support/cmocka_all.h"
#include "tests/support/signals.h"
#include "tests/support/spectrum.h"
#include "trainer/data/wav_write.h"

#include <sndfile.h>

#include <dirent.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { RATE = 16000, MOST = 2 * 48000 };

static uint64_t seed;
static char folder[] = "/tmp/sordino-library-XXXXXX";
static float x[MOST];
static double band; /* of what was drawn last */

/* ---- files ---- */

static const char *at(const char *name)
{
    static char path[4][256];
    static int turn;
    char *const to = path[turn++ % 4];
    snprintf(to, sizeof path[0], "%s/%s", folder, name);
    return to;
}

/* Takes away all that lies below. */
static void clear(const char *path)
{
    char inner[512];
    DIR *const d = opendir(path);
    assert_non_null(d);
    for (const struct dirent *e; (e = readdir(d)) != NULL;) {
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        snprintf(inner, sizeof inner, "%s/%s", path, e->d_name);
        if (remove(inner) != 0) {
            clear(inner);
            assert_int_equal(rmdir(inner), 0);
        }
    }
    closedir(d);
}

static void empty_folder(void)
{
    clear(folder);
}

static void make_folder(const char *name)
{
    assert_int_equal(mkdir(at(name), 0700), 0);
}

static void put_text(const char *name, const char *text)
{
    FILE *const f = fopen(at(name), "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

/* A tone at half of full scale for `n` samples. */
static void put_tone(const char *name, double hz, double rate, size_t n)
{
    assert_true(n <= MOST);
    for (size_t i = 0; i < n; i++)
        x[i] = (float)(0.5 * sin(6.283185307179586 * hz * (double)i / rate));
    assert_int_equal(wav_write(at(name), x, n, rate, NULL), SORDINO_OK);
}

static void put_silence(const char *name)
{
    memset(x, 0, sizeof x);
    assert_int_equal(wav_write(at(name), x, RATE, RATE, NULL), SORDINO_OK);
}

/* By libsndfile, `channels` of them, tones of 500, 1000 ... Hz. */
static void put_format(const char *name, int format, int rate, int channels)
{
    SF_INFO info = {.samplerate = rate, .channels = channels, .format = format};
    SNDFILE *const f = sf_open(at(name), SFM_WRITE, &info);
    if (!f)
        fail_msg("%s: %s", name, sf_strerror(NULL));
    const size_t frames = (size_t)rate;
    assert_true(frames * (size_t)channels <= MOST);
    for (size_t i = 0; i < frames; i++)
        for (size_t c = 0; c < (size_t)channels; c++)
            x[i * (size_t)channels + c] =
                (float)(0.5 * sin(6.283185307179586 * 500.0 * (double)(c + 1) * (double)i / rate));
    assert_int_equal(sf_writef_float(f, x, (sf_count_t)frames), (sf_count_t)frames);
    sf_close(f);
}

static library *open_folder(const library_spec *more)
{
    const char *const path = folder;
    library_spec spec = more ? *more : (library_spec){0};
    library *l = NULL;
    sordino_error why = {0};
    spec.paths = &path;
    spec.n_paths = 1;
    if (library_open(&spec, &l, &why) != SORDINO_OK)
        fail_msg("%s", why.text);
    return l;
}

static void check_refused(const char *path, const char *word)
{
    const library_spec spec = {.paths = &path, .n_paths = 1};
    library *l = (library *)(uintptr_t)1;
    sordino_error why = {0};
    assert_int_equal(library_open(&spec, &l, &why), SORDINO_IO);
    assert_null(l);
    if (!strstr(why.text, word) || !strstr(why.text, path))
        fail_msg("'%s' instead of '%s'", why.text, word);
}

/* The number of a clip of that name, or count. */
static size_t find(const library *l, const char *name)
{
    size_t i = 0;
    while (i < library_count(l) && strcmp(library_at(l, i).name, name) != 0)
        i++;
    return i;
}

/* ---- what is found ---- */

static void folders_are_searched_deeply_and_in_order(void **state)
{
    (void)state;
    empty_folder();
    make_folder("b");
    make_folder("b/c");
    make_folder(".hidden");
    put_tone("z.wav", 500, RATE, RATE);
    put_tone("b/c/deep.wav", 600, RATE, RATE / 2);
    put_tone("a.wav", 700, RATE, RATE / 4);
    put_tone(".hidden/no.wav", 700, RATE, RATE);
    put_tone(".no.wav", 700, RATE, RATE);
    put_text("README.txt", "not a sound");
    library *const l = open_folder(NULL);
    static const char *const names[] = {"a.wav", "b/c/deep.wav", "z.wav"};
    assert_int_equal(library_count(l), 3);
    for (size_t i = 0; i < 3; i++)
        assert_string_equal(library_at(l, i).name, names[i]);
    assert_string_equal(library_notes(l), "");
    assert_int_equal(library_at(l, 1).n, RATE / 2);
    assert_true(fabs(library_hours(l, false) - 1.75 / 3600) < 1e-9);
    assert_true(library_hours(l, true) == 0);
    library_free(l);
    library_free(NULL);
}

static void any_format_rate_and_channel_count_is_read(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int format, rate, channels;
    } all[] = {{"a.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_16, 8000, 2},
               {"b.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_24, 48000, 1},
               {"c.wav", SF_FORMAT_WAV | SF_FORMAT_DOUBLE, 11025, 3},
               {"d.flac", SF_FORMAT_FLAC | SF_FORMAT_PCM_16, 44100, 2},
               {"e.ogg", SF_FORMAT_OGG | SF_FORMAT_VORBIS, 22050, 1},
               {"f.aiff", SF_FORMAT_AIFF | SF_FORMAT_PCM_16, 16000, 1},
               {"g.au", SF_FORMAT_AU | SF_FORMAT_ULAW, 8000, 1}};
    empty_folder();
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        put_format(all[i].name, all[i].format, all[i].rate, all[i].channels);
    library *const l = open_folder(NULL);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        const size_t first = find(l, all[i].name);
        for (size_t c = 0; c < (size_t)all[i].channels; c++) {
            enum { SIZE = 1024 };
            double power[SIZE / 2 + 1];
            float *y;
            size_t n;
            const library_clip clip = library_at(l, first + c);
            assert_string_equal(clip.name, all[i].name);
            assert_true(clip.rate == all[i].rate);
            assert_int_equal(library_read(l, first + c, RATE, &y, &n, NULL), SORDINO_OK);
            assert_true(n >= RATE - RATE / 50 && n <= RATE + RATE / 50);
            assert_true(spectrum(y, n, SIZE, power));
            const double hz = 500.0 * (double)(c + 1);
            assert_true(band_power(power, SIZE, RATE, hz - 50, hz + 50) >
                        100 * band_power(power, SIZE, RATE, hz + 150, RATE / 2.0));
            assert_true(fabs(sqrt(variance_of(y, n)) / (0.5 * sqrt(0.5)) - 1) < 0.05);
            free(y);
        }
    }
    library_free(l);
}

static void what_cannot_be_read_is_named_and_left_out(void **state)
{
    (void)state;
    empty_folder();
    put_tone("good.wav", 500, RATE, RATE);
    put_text("broken.wav", "RIFF and nothing else");
    put_text("empty.flac", "");
    library *const l = open_folder(NULL);
    assert_int_equal(library_count(l), 1);
    assert_non_null(strstr(library_notes(l), "broken.wav"));
    assert_non_null(strstr(library_notes(l), "empty.flac"));
    assert_null(strstr(library_notes(l), "good.wav"));
    library_free(l);
}

static void nothing_to_draw_from_is_an_error(void **state)
{
    (void)state;
    empty_folder();
    check_refused(folder, "no sound file");
    put_text("notes.txt", "no sound here");
    check_refused(folder, "no sound file");
    put_silence("silence.wav");
    check_refused(folder, "nothing but silence");
    check_refused(at("silence.wav"), "silence");
    put_text("broken.wav", "RIFF and nothing else");
    check_refused(folder, "can be read");
    check_refused(at("broken.wav"), "can be read");
    check_refused("/nonexistent/folder", "No such file");
    const char *const path = folder;
    library *l;
    const library_spec none = {.paths = &path},
                       share = {.paths = &path, .n_paths = 1, .held_out = 1};
    assert_int_equal(library_open(&none, &l, NULL), SORDINO_BAD_ARG);
    assert_int_equal(library_open(&share, &l, NULL), SORDINO_BAD_ARG);
}

static void a_silent_file_is_passed_over(void **state)
{
    (void)state;
    empty_folder();
    put_silence("silence.wav");
    put_tone("tone.wav", 500, RATE, RATE);
    library *const l = open_folder(NULL);
    assert_int_equal(library_count(l), 1);
    assert_string_equal(library_at(l, 0).name, "tone.wav");
    library_free(l);
}

static void more_hours_than_the_limit_are_left_out_and_counted(void **state)
{
    (void)state;
    empty_folder();
    put_tone("a.wav", 500, RATE, RATE);
    put_tone("b.wav", 500, RATE, RATE);
    put_tone("c.wav", 500, RATE, RATE);
    library *const l = open_folder(&(library_spec){.max_hours = 1.5 / 3600});
    assert_int_equal(library_count(l), 1);
    assert_non_null(strstr(library_notes(l), "2 recordings"));
    library_free(l);
}

/* ---- what is held out ---- */

static void pieces_of_a_recording_stay_on_one_side(void **state)
{
    (void)state;
    enum { RECORDINGS = 60, PIECES = 3 };
    char name[64];
    empty_folder();
    for (int i = 0; i < RECORDINGS; i++)
        for (int k = 0; k < PIECES; k++) {
            snprintf(name, sizeof name, "room%d-%d.wav", i, k);
            put_tone(name, 500, RATE, 200);
        }
    library *const l = open_folder(&(library_spec){.held_out = 0.3});
    int held = 0;
    assert_int_equal(library_count(l), RECORDINGS * PIECES);
    for (int i = 0; i < RECORDINGS; i++) {
        int of_this = 0;
        for (int k = 0; k < PIECES; k++) {
            snprintf(name, sizeof name, "room%d-%d.wav", i, k);
            of_this += library_at(l, find(l, name)).held_out;
        }
        assert_true(of_this == 0 || of_this == PIECES);
        held += of_this > 0;
    }
    assert_in_range(held, 18 - 14, 18 + 14); /* four standard deviations */
    library *const again = open_folder(&(library_spec){.held_out = 0.3});
    for (size_t i = 0; i < library_count(l); i++)
        assert_int_equal(library_at(l, i).held_out, library_at(again, i).held_out);
    library *const more = open_folder(&(library_spec){.held_out = 0.6});
    for (size_t i = 0; i < library_count(l); i++) /* what is held out stays held out */
        assert_true(!library_at(l, i).held_out || library_at(more, i).held_out);
    library_free(more);
    library_free(again);
    library_free(l);
}

static void a_list_says_what_is_held_out(void **state)
{
    (void)state;
    empty_folder();
    make_folder("sub");
    put_tone("a.wav", 500, RATE, RATE);
    put_tone("b.wav", 500, RATE, RATE);
    put_tone("sub/c.wav", 500, RATE, RATE);
    put_tone("sub/d.wav", 500, RATE, RATE);
    put_text("list.txt", "# kept\nb.wav  \r\n\nsub/c.wav\t# twice\nnone.wav\nd.wa\n");
    library *const l =
        open_folder(&(library_spec){.held_out_list = at("list.txt"), .held_out = 0.99});
    assert_false(library_at(l, find(l, "a.wav")).held_out);
    assert_true(library_at(l, find(l, "b.wav")).held_out);
    assert_true(library_at(l, find(l, "sub/c.wav")).held_out);
    assert_false(library_at(l, find(l, "sub/d.wav")).held_out);
    library_free(l);
    const char *const path = folder;
    sordino_error why = {0};
    library *none;
    const library_spec missing = {
        .paths = &path, .n_paths = 1, .held_out_list = "/nonexistent/list"};
    assert_int_equal(library_open(&missing, &none, &why), SORDINO_IO);
    assert_non_null(strstr(why.text, "/nonexistent/list"));
    put_text("list.txt", "a.wav\nb.wav\nc.wav\nd.wav\n");
    const library_spec all = {.paths = &path, .n_paths = 1, .held_out_list = at("list.txt")};
    assert_int_equal(library_open(&all, &none, &why), SORDINO_IO);
    assert_non_null(strstr(why.text, "every recording is held out"));
}

/* Whatever lies beside it: a licence, a list of words. */
static void a_single_recording_is_cut_in_time(void **state)
{
    (void)state;
    static const char *const names[] = {"a.wav", "b.wav", "c.wav", "d.wav", "e.wav", "f.wav"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        for (int beside = 0; beside < 2; beside++) {
            empty_folder();
            put_tone(names[i], 500, RATE, RATE);
            if (beside)
                put_text("LICENCE.txt", "do as you like");
            library *const l = open_folder(&(library_spec){.held_out = 0.5});
            assert_int_equal(library_count(l), 2);
            assert_int_equal(library_at(l, 0).n, RATE / 2);
            assert_int_equal(library_at(l, 1).n, RATE / 2);
            assert_true(!library_at(l, 0).held_out && library_at(l, 1).held_out);
            library_free(l);
        }
}

/* By chance none of two is among the tenth held out, or by another both among nine tenths. */
static void few_recordings_are_cut_where_all_would_be_on_one_side(void **state)
{
    (void)state;
    for (char name[] = "a.wav"; name[0] <= 'z'; name[0]++)
        for (int most = 0; most < 2; most++) {
            empty_folder();
            put_tone(name, 500, RATE, RATE);
            put_tone("other.wav", 700, RATE, RATE);
            put_silence("silence.wav");
            library *const l = open_folder(&(library_spec){.held_out = most ? 0.9 : 0.1});
            assert_true(library_hours(l, true) > 0 && library_hours(l, false) > 0);
            if (library_count(l) == 4) /* cut: as much of each */
                assert_int_equal(library_at(l, 0).n, library_at(l, 2).n);
            library_free(l);
        }
}

static void the_hash_is_of_what_is_trained_with(void **state)
{
    (void)state;
    empty_folder();
    put_tone("a.wav", 500, RATE, RATE);
    put_tone("b.wav", 600, RATE, RATE);
    put_text("list.txt", "b.wav");
    const library_spec held = {.held_out_list = at("list.txt")};
    library *l = open_folder(&held);
    const uint64_t first = library_hash(l);
    library_free(l);
    put_tone("b.wav", 700, RATE, RATE);
    l = open_folder(&held);
    assert_true(library_hash(l) == first);
    library_free(l);
    put_tone("a.wav", 501, RATE, RATE);
    l = open_folder(&held);
    assert_true(library_hash(l) != first);
    library_free(l);
}

/* ---- what is drawn ---- */

static void draws_follow_the_seed_and_the_rate(void **state)
{
    (void)state;
    enum { SIZE = 1024, N = 8192 };
    static float first[N], again[N];
    empty_folder();
    put_tone("a.wav", 1000, 48000, 48000);
    library *const l = open_folder(NULL);
    static const double rates[] = {8000, 16000, 44100, 48000};
    for (size_t i = 0; i < 4; i++)
        for (uint64_t k = 0; k < 3; k++) {
            double power[SIZE / 2 + 1];
            rng r = rng_make(seed, 1, k), same = r;
            assert_true(library_draw(l, false, false, 1, &r, rates[i], first, N, &band));
            assert_true(library_draw(l, false, false, 1, &same, rates[i], again, N, &band));
            assert_memory_equal(first, again, sizeof first);
            assert_true(spectrum(first, N, SIZE, power));
            assert_true(band_power(power, SIZE, rates[i], 900, 1100) >
                        1000 * band_power(power, SIZE, rates[i], 1500, rates[i] / 2));
            rng other = rng_make(seed, 1, k + 100);
            assert_true(library_draw(l, false, false, 1, &other, rates[i], again, N, &band));
            assert_memory_not_equal(first, again, sizeof first); /* another place */
        }
    library_free(l);
}

static void a_speed_moves_the_pitch(void **state)
{
    (void)state;
    enum { SIZE = 1024, N = 8192 };
    static float y[N];
    empty_folder();
    put_tone("a.wav", 1000, RATE, 2 * RATE);
    library *const l = open_folder(NULL);
    for (int k = 0; k < 2; k++) {
        const double speed = k ? 1.2 : 0.85, hz = 1000 * speed;
        double power[SIZE / 2 + 1];
        rng r = rng_make(seed, 2, 0);
        assert_true(library_draw(l, false, false, speed, &r, RATE, y, N, &band));
        assert_true(spectrum(y, N, SIZE, power));
        assert_true(band_power(power, SIZE, RATE, hz - 40, hz + 40) >
                    100 * band_power(power, SIZE, RATE, 960, 1040));
    }
    library_free(l);
}

static void held_out_clips_are_drawn_for_scoring_alone(void **state)
{
    (void)state;
    enum { SIZE = 1024, N = 8192 };
    static float y[N];
    empty_folder();
    put_tone("a.wav", 1000, RATE, RATE);
    put_tone("b.wav", 3000, RATE, RATE);
    put_text("list.txt", "b.wav");
    library *const l = open_folder(&(library_spec){.held_out_list = at("list.txt")});
    for (uint64_t k = 0; k < 20; k++)
        for (int held = 0; held < 2; held++) {
            double power[SIZE / 2 + 1];
            rng r = rng_make(seed, 3, k);
            assert_true(library_draw(l, held, k % 2, 1, &r, RATE, y, N, &band));
            assert_true(spectrum(y, N, SIZE, power));
            const double a = band_power(power, SIZE, RATE, 950, 1050);
            const double b = band_power(power, SIZE, RATE, 2950, 3050);
            assert_true(held ? b > 100 * a : a > 100 * b);
        }
    library_free(l);
}

static void short_noise_repeats_without_a_click(void **state)
{
    (void)state;
    enum { N = 4 * RATE };
    static float y[N];
    empty_folder();
    put_tone("a.wav", 440.3, RATE, RATE / 3); /* no whole number of periods */
    library *const l = open_folder(NULL);
    for (uint64_t k = 0; k < 5; k++) {
        rng r = rng_make(seed, 4, k);
        double most = 0;
        assert_true(library_draw(l, false, false, 1, &r, RATE, y, N, &band));
        for (size_t i = 1; i < N; i++)
            most = fmax(most, fabs((double)(y[i] - y[i - 1])));
        /* The tone's own steepest step, and what the cross-fade adds in 10 ms. */
        assert_true(most < 1.1 * 0.5 * 6.2832 * 440.3 / RATE + 1.0 / (0.01 * RATE));
    }
    library_free(l);
}

static void clips_of_speech_follow_with_pauses(void **state)
{
    (void)state;
    enum { N = 6 * RATE };
    static float y[N];
    empty_folder();
    put_tone("a.wav", 500, RATE, RATE);
    library *const l = open_folder(NULL);
    for (uint64_t k = 0; k < 40; k++) {
        rng r = rng_make(seed, 5, k);
        size_t run = 0, pauses = 0;
        assert_true(library_draw(l, false, true, 1, &r, RATE, y, N, &band));
        for (size_t i = 0; i <= N; i++) {
            if (i < N && y[i] == 0) {
                run++;
                continue;
            }
            if (run > 10 && i < N) { /* a zero of the tone is no pause */
                assert_in_range(run, 0.1 * RATE - 2, 0.8 * RATE + 2);
                pauses++;
            }
            run = 0;
        }
        assert_in_range(pauses, 3, 6);
    }
    library_free(l);
}

/* As many as a recipe may have, beside the recording's own. */
static void every_rate_of_a_recipe_is_served(void **state)
{
    (void)state;
    static float y[400];
    empty_folder();
    put_tone("a.wav", 100, 1000, 1000);
    library *const l = open_folder(NULL);
    for (int k = 0; k < 20; k++) {
        rng r = rng_make(seed, 6, 0);
        assert_true(library_draw(l, false, false, 1, &r, 400 + 10 * k, y, 400, &band));
    }
    library_free(l);
}

/* A click of a few samples is shorter than one at a lower rate. */
static void the_shortest_clips_are_served_at_any_rate(void **state)
{
    (void)state;
    static float y[400];
    const float click[] = {0.5f, -0.5f};
    static const double rates[] = {8000, 48000, 192000};
    library *l;
    assert_int_equal(library_from_samples("click", click, 2, 192000, 0, &l, NULL), SORDINO_OK);
    for (size_t i = 0; i < 3; i++)
        for (int pauses = 0; pauses < 2; pauses++) {
            rng r = rng_make(seed, 7, i);
            assert_true(library_draw(l, false, pauses, 1, &r, rates[i], y, 400, &band));
        }
    library_free(l);
}

static void samples_make_a_library(void **state)
{
    (void)state;
    library *l;
    sordino_error why = {0};
    uint64_t from = seed;
    for (size_t i = 0; i < RATE; i++)
        x[i] = (float)(3 + 40 * test_normal(&from)); /* any unit; the mean goes */
    assert_int_equal(library_from_samples("trace", x, RATE, 500, 0.3, &l, NULL), SORDINO_OK);
    assert_int_equal(library_count(l), 2);
    assert_int_equal(library_at(l, 1).n, RATE - (size_t)(0.7 * RATE));
    assert_true(library_at(l, 1).held_out);
    float *y;
    size_t n;
    assert_int_equal(library_read(l, 0, 500, &y, &n, NULL), SORDINO_OK);
    double mean = 0;
    for (size_t i = 0; i < n; i++)
        mean += (double)x[i] / (double)n;
    for (size_t i = 0; i < n; i++) /* of some 160 full scale: 16 bits */
        assert_true(fabs((double)y[i] - ((double)x[i] - mean)) < 0.01);
    free(y);
    library_free(l);
    memset(x, 0, sizeof x);
    assert_int_equal(library_from_samples("trace", x, RATE, 500, 0, &l, &why), SORDINO_IO);
    assert_null(l);
    assert_true(strlen(why.text) > 20);
}

static int begin(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    empty_folder();
    return rmdir(folder);
}

int main(void)
{
    seed = test_seed(20261121);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(folders_are_searched_deeply_and_in_order),
        cmocka_unit_test(any_format_rate_and_channel_count_is_read),
        cmocka_unit_test(what_cannot_be_read_is_named_and_left_out),
        cmocka_unit_test(nothing_to_draw_from_is_an_error),
        cmocka_unit_test(a_silent_file_is_passed_over),
        cmocka_unit_test(more_hours_than_the_limit_are_left_out_and_counted),
        cmocka_unit_test(pieces_of_a_recording_stay_on_one_side),
        cmocka_unit_test(a_list_says_what_is_held_out),
        cmocka_unit_test(a_single_recording_is_cut_in_time),
        cmocka_unit_test(few_recordings_are_cut_where_all_would_be_on_one_side),
        cmocka_unit_test(the_hash_is_of_what_is_trained_with),
        cmocka_unit_test(draws_follow_the_seed_and_the_rate),
        cmocka_unit_test(a_speed_moves_the_pitch),
        cmocka_unit_test(held_out_clips_are_drawn_for_scoring_alone),
        cmocka_unit_test(short_noise_repeats_without_a_click),
        cmocka_unit_test(clips_of_speech_follow_with_pauses),
        cmocka_unit_test(every_rate_of_a_recipe_is_served),
        cmocka_unit_test(the_shortest_clips_are_served_at_any_rate),
        cmocka_unit_test(samples_make_a_library),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
