#include <sordino/profile.h>

#include "tests/support/cmocka_all.h"
#include "tests/support/failing_alloc.h"

#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BINS = 5 };
static const float psd[2][BINS] = {{0.0f, 1e-30f, 0.1f, 3.0f, 1e30f}, {5, 4, 3, 2, 1}};

static sordino_profile *example(double rate)
{
    sordino_profile *p;
    assert_int_equal(sordino_profile_new(psd[0], 2, BINS, rate, &p, NULL), SORDINO_OK);
    return p;
}

static void a_profile_gives_back_what_it_was_made_of(void **state)
{
    (void)state;
    sordino_profile *const p = example(44100.0);
    assert_int_equal(sordino_profile_channels(p), 2);
    assert_int_equal(sordino_profile_bins(p), BINS);
    assert_true(sordino_profile_rate(p) == 44100.0);
    assert_memory_equal(sordino_profile_psd(p, 0), psd[0], sizeof psd[0]);
    assert_memory_equal(sordino_profile_psd(p, 1), psd[1], sizeof psd[1]);
    assert_memory_equal(sordino_profile_psd(p, 9), psd[1], sizeof psd[1]);
    sordino_profile_free(p);
    sordino_profile_free(NULL);
}

static void refuses(const float *values, uint32_t channels, uint32_t bins, double rate,
                    const char *text)
{
    sordino_profile *p = (sordino_profile *)&p;
    sordino_error why;
    assert_int_equal(sordino_profile_new(values, channels, bins, rate, &p, &why), SORDINO_BAD_ARG);
    assert_null(p);
    assert_string_equal(why.text, text);
}

static void arguments_out_of_range_are_refused(void **state)
{
    (void)state;
    const float negative[2] = {1.0f, -1.0f}, endless[2] = {INFINITY, 1.0f};
    refuses(NULL, 1, 2, 1.0, "There are no densities");
    refuses(psd[0], 0, 2, 1.0, "The profile has 0 channels; 1 to 64 are allowed");
    refuses(psd[0], 65, 2, 1.0, "The profile has 65 channels; 1 to 64 are allowed");
    refuses(psd[0], 1, 1, 1.0, "The profile has 1 bins; 2 to 65537 are allowed");
    refuses(psd[0], 1, 65538, 1.0, "The profile has 65538 bins; 2 to 65537 are allowed");
    refuses(psd[0], 1, 2, 0.0, "The profile's rate is 0 Hz; it must be positive");
    refuses(psd[0], 1, 2, NAN, "The profile's rate is nan Hz; it must be positive");
    refuses(negative, 1, 2, 1.0,
            "The profile's density 1 of channel 0 is -1; it must be finite and not negative");
    refuses(endless, 1, 2, 1.0,
            "The profile's density 0 of channel 0 is inf; it must be finite and not negative");
}

static void save_load_save(double rate)
{
    sordino_profile *p = example(rate), *q;
    void *first, *second;
    size_t n_first, n_second;
    assert_int_equal(sordino_profile_save_bytes(p, &first, &n_first, NULL), SORDINO_OK);
    assert_int_equal(sordino_profile_open_bytes(first, n_first, &q, NULL), SORDINO_OK);
    assert_true(sordino_profile_rate(q) == rate);
    assert_memory_equal(sordino_profile_psd(q, 0), psd[0], sizeof psd);
    assert_int_equal(sordino_profile_save_bytes(q, &second, &n_second, NULL), SORDINO_OK);
    assert_int_equal(n_first, n_second);
    assert_memory_equal(first, second, n_first);
    sordino_profile_free_bytes(first);
    sordino_profile_free_bytes(second);
    sordino_profile_free(p);
    sordino_profile_free(q);
}

static void saving_loading_and_saving_gives_the_same_bytes(void **state)
{
    (void)state;
    const double rates[] = {48000.0, 44100.0, 5.0, 1.0 / 3.0, 1e-300, 1.7976931348623157e308, 1e15};
    for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++)
        save_load_save(rates[i]);
}

/* The file as the format's manual has it, byte for byte. */
static void the_bytes_are_those_of_the_manual(void **state)
{
    (void)state;
    const float flat[2] = {1.0f, 0.5f};
    const char header[] = "{\"__metadata__\":{\"sordino.crc32\":\"ee85c9db\",\"sordino.format\":"
                          "\"1.0\",\"sordino.kind\":\"noise-profile\",\"sordino.rate\":\"0.1\"},"
                          "\"noise_psd\":{\"data_offsets\":[0,8],\"dtype\":\"F32\",\"shape\":"
                          "[1,2]}}";
    sordino_profile *p;
    unsigned char *bytes;
    size_t size;
    assert_int_equal(sordino_profile_new(flat, 1, 2, 0.1, &p, NULL), SORDINO_OK);
    assert_int_equal(sordino_profile_save_bytes(p, (void **)&bytes, &size, NULL), SORDINO_OK);
    const size_t padded = (sizeof header - 1 + 7) / 8 * 8;
    assert_int_equal(size, 8 + padded + 8);
    assert_int_equal(bytes[0] + 256 * bytes[1], padded);
    assert_memory_equal(bytes + 8, header, sizeof header - 1);
    assert_memory_equal(bytes + 8 + padded, "\0\0\x80\x3f\0\0\0\x3f", 8);
    sordino_profile_free_bytes(bytes);
    sordino_profile_free(p);
}

static void a_locale_with_a_decimal_comma_changes_nothing(void **state)
{
    (void)state;
    static const char *const commas[] = {"de_DE.UTF-8", "fr_FR.UTF-8", "de_DE.utf8",
                                         "de_DE",       "es_ES.UTF-8", "nl_NL.UTF-8"};
    const char *found = NULL;
    for (size_t i = 0; i < sizeof commas / sizeof commas[0] && !found; i++)
        found = setlocale(LC_NUMERIC, commas[i]);
    if (!found) {
        print_message("no locale with a decimal comma is installed\n");
        skip();
    }
    assert_string_equal(localeconv()->decimal_point, ",");
    save_load_save(22050.125);
    the_bytes_are_those_of_the_manual(NULL);
    setlocale(LC_NUMERIC, "C");
}

static char folder[64];

static const char *in_folder(const char *name)
{
    static char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static int make_folder(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/sordino-profile-XXXXXX");
    return mkdtemp(folder) ? 0 : 1;
}

/* Fails when a test left a file behind, a temporary one for instance. */
static int remove_folder(void **state)
{
    (void)state;
    return rmdir(folder);
}

static void a_file_takes_and_gives_a_profile(void **state)
{
    (void)state;
    sordino_profile *p = example(8000.0), *q;
    sordino_error why;
    const char *const path = in_folder("a.safetensors");
    for (int twice = 0; twice < 2; twice++)
        assert_int_equal(sordino_profile_save_path(p, path, &why), SORDINO_OK);
    assert_int_equal(sordino_profile_open_path(path, &q, &why), SORDINO_OK);
    assert_memory_equal(sordino_profile_psd(q, 0), psd[0], sizeof psd);
    assert_int_equal(unlink(path), 0);
    sordino_profile_free(p);
    sordino_profile_free(q);
}

static void what_is_no_regular_file_is_refused(void **state)
{
    (void)state;
    sordino_profile *p, *made = example(8000.0);
    sordino_error why;
    assert_int_equal(sordino_profile_open_path(in_folder("none"), &p, &why), SORDINO_NOT_FOUND);
    assert_null(p);
    assert_non_null(strstr(why.text, "Cannot open \"/tmp/sordino-profile-"));
    assert_non_null(strstr(why.text, "/none\": No such file or directory"));
    assert_int_equal(sordino_profile_open_path(folder, &p, &why), SORDINO_IO);
    assert_non_null(strstr(why.text, "\" is a folder"));
    const char *const pipe_path = in_folder("pipe");
    assert_int_equal(mkfifo(pipe_path, 0600), 0);
    assert_int_equal(sordino_profile_open_path(pipe_path, &p, &why), SORDINO_IO);
    assert_non_null(strstr(why.text, "\" is no regular file"));
    assert_int_equal(unlink(pipe_path), 0);
    assert_int_equal(sordino_profile_open_path("", &p, &why), SORDINO_BAD_ARG);
    assert_int_equal(sordino_profile_open_path(NULL, &p, &why), SORDINO_BAD_ARG);
    assert_string_equal(why.text, "The path is empty");
    assert_int_equal(sordino_profile_save_path(made, NULL, &why), SORDINO_BAD_ARG);
    assert_int_equal(sordino_profile_save_path(made, in_folder("none/x"), &why), SORDINO_NOT_FOUND);
    const char *const sub = in_folder("sub"); /* renaming onto a folder fails after the writing */
    assert_int_equal(mkdir(sub, 0700), 0);
    assert_int_equal(sordino_profile_save_path(made, sub, &why), SORDINO_IO);
    assert_int_equal(rmdir(sub), 0);
    assert_non_null(strstr(why.text, "Cannot write \""));
    sordino_profile_free(made);
}

static void a_file_over_the_limit_is_not_read(void **state)
{
    (void)state;
    sordino_profile *p;
    sordino_error why;
    const char *const path = in_folder("long");
    FILE *const f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(ftruncate(fileno(f), (off_t)1 << 32), 0);
    fclose(f);
    assert_int_equal(sordino_profile_open_path(path, &p, &why), SORDINO_BAD_MODEL);
    assert_non_null(strstr(why.text, "has 4294967296 bytes; the limit is "));
    assert_int_equal(unlink(path), 0);
}

/* A file of one tensor, its header given; `data` are the bytes after it. */
static void refuses_bytes(const char *header, const void *data, size_t data_bytes,
                          sordino_status status, const char *text)
{
    unsigned char bytes[1024] = {0};
    sordino_profile *p = (sordino_profile *)&p;
    sordino_error why;
    const size_t padded = (strlen(header) + 7) / 8 * 8;
    bytes[0] = (unsigned char)padded;
    bytes[1] = (unsigned char)(padded >> 8);
    memset(bytes + 8, ' ', padded);
    memcpy(bytes + 8, header, strlen(header));
    memcpy(bytes + 8 + padded, data, data_bytes);
    assert_int_equal(sordino_profile_open_bytes(bytes, 8 + padded + data_bytes, &p, &why), status);
    assert_null(p);
    assert_string_equal(why.text, text);
    assert_int_equal(why.status, status);
}

#define META(rate)                                                                                 \
    "{\"__metadata__\":{\"sordino.format\":\"1.0\",\"sordino.kind\":\"noise-profile\"" rate "}"
#define RATE ",\"sordino.rate\":\"8000\""
#define TENSOR(name, shape)                                                                        \
    ",\"" name "\":{\"dtype\":\"F32\",\"shape\":" shape ",\"data_offsets\":[0,8]}}"

static void files_that_break_the_format_are_refused(void **state)
{
    (void)state;
    const float good[2] = {1.0f, 2.0f}, bad[2] = {1.0f, -2.0f}, nan[2] = {1.0f, NAN};
    refuses_bytes(META("") TENSOR("noise_psd", "[1,2]"), good, 8, SORDINO_BAD_MODEL,
                  "The noise profile has no sordino.rate");
    refuses_bytes(META(",\"sordino.rate\":\"fast\"") TENSOR("noise_psd", "[1,2]"), good, 8,
                  SORDINO_BAD_MODEL,
                  "sordino.rate is not valid JSON: invalid token near 'fast' (at byte 4)");
    refuses_bytes(META(",\"sordino.rate\":\"[]\"") TENSOR("noise_psd", "[1,2]"), good, 8,
                  SORDINO_BAD_MODEL, "sordino.rate is \"[]\"; it must be a number");
    refuses_bytes(META(",\"sordino.rate\":\"-1\"") TENSOR("noise_psd", "[1,2]"), good, 8,
                  SORDINO_BAD_MODEL, "The profile's rate is -1 Hz; it must be positive");
    refuses_bytes(META(RATE) TENSOR("other", "[1,2]"), good, 8, SORDINO_BAD_MODEL,
                  "A noise profile must hold just the tensor \"noise_psd\" [channels][bins]");
    refuses_bytes(META(RATE) TENSOR("noise_psd", "[2]"), good, 8, SORDINO_BAD_MODEL,
                  "A noise profile must hold just the tensor \"noise_psd\" [channels][bins]");
    refuses_bytes(META(RATE) TENSOR("noise_psd", "[2,1]"), good, 8, SORDINO_BAD_MODEL,
                  "The profile has 1 bins; 2 to 65537 are allowed");
    refuses_bytes(META(RATE) TENSOR("noise_psd", "[1,2]"), bad, 8, SORDINO_BAD_MODEL,
                  "The profile's density 1 of channel 0 is -2; it must be finite and not negative");
    refuses_bytes(META(RATE) TENSOR("noise_psd", "[1,2]"), nan, 8, SORDINO_BAD_MODEL,
                  "Tensor \"noise_psd\": value 1 is not finite");
    refuses_bytes(
        "{\"__metadata__\":{\"sordino.format\":\"1.0\",\"sordino.kind\":\"model\"}" TENSOR(
            "noise_psd", "[1,2]"),
        good, 8, SORDINO_UNSUPPORTED, "The file is a \"model\"; a \"noise-profile\" was expected");
}

static void damage_never_crashes(void **state)
{
    (void)state;
    sordino_profile *p = example(8000.0), *q;
    unsigned char *bytes;
    size_t size;
    assert_int_equal(sordino_profile_save_bytes(p, (void **)&bytes, &size, NULL), SORDINO_OK);
    for (size_t n = 0; n < size; n++) {
        unsigned char *const cut = malloc(n + 1); /* exact, so that a sanitizer sees overruns */
        memcpy(cut, bytes, n);
        assert_int_not_equal(sordino_profile_open_bytes(cut, n, &q, NULL), SORDINO_OK);
        assert_null(q);
        free(cut);
    }
    for (size_t bit = 0; bit < size * 8; bit++) {
        bytes[bit / 8] ^= (unsigned char)(1u << bit % 8);
        if (sordino_profile_open_bytes(bytes, size, &q, NULL) == SORDINO_OK)
            sordino_profile_free(q);
        bytes[bit / 8] ^= (unsigned char)(1u << bit % 8);
    }
    sordino_profile_free_bytes(bytes);
    sordino_profile_free(p);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    sordino_profile *p = example(8000.0), *q;
    void *bytes, *again;
    size_t size;
    sordino_error why;
    assert_int_equal(sordino_profile_save_bytes(p, &bytes, &size, NULL), SORDINO_OK);
    for (size_t n = 0;; n++) {
        failing_alloc_arm(n);
        const sordino_status status = sordino_profile_open_bytes(bytes, size, &q, &why);
        if (!failing_alloc_disarm()) {
            assert_int_equal(status, SORDINO_OK);
            sordino_profile_free(q);
            break;
        }
        assert_int_equal(status, SORDINO_NO_MEM);
        assert_null(q);
    }
    for (size_t n = 0;; n++) {
        failing_alloc_arm(n);
        const sordino_status status = sordino_profile_save_bytes(p, &again, &size, &why);
        if (!failing_alloc_disarm()) {
            assert_int_equal(status, SORDINO_OK);
            sordino_profile_free_bytes(again);
            break;
        }
        assert_int_equal(status, SORDINO_NO_MEM);
        assert_null(again);
    }
    sordino_profile_free_bytes(bytes);
    sordino_profile_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_profile_gives_back_what_it_was_made_of),
        cmocka_unit_test(arguments_out_of_range_are_refused),
        cmocka_unit_test(saving_loading_and_saving_gives_the_same_bytes),
        cmocka_unit_test(the_bytes_are_those_of_the_manual),
        cmocka_unit_test(a_locale_with_a_decimal_comma_changes_nothing),
        cmocka_unit_test_setup_teardown(a_file_takes_and_gives_a_profile, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(what_is_no_regular_file_is_refused, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(a_file_over_the_limit_is_not_read, make_folder,
                                        remove_folder),
        cmocka_unit_test(files_that_break_the_format_are_refused),
        cmocka_unit_test(damage_never_crashes),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
