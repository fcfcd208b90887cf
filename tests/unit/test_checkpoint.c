/* The state of a run in a file: comes back as it was, and never from a file that is damaged. */
#include "trainer/run/checkpoint.h"

#include "tests/support/cmocka_all.h"
#include "tests/support/failing_alloc.h"
#include "tests/support/signals.h"

#include <dirent.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { N = 137 };

static uint64_t seed;
static char folder[] = "/tmp/sordino-checkpoint-XXXXXX", path[64];

/* The state of a run with everything in it. */
typedef struct run {
    float weights[N], moments[N];
    double step, loss;
    checkpoint_vector vectors[3];
    checkpoint_number numbers[2];
    checkpoint_text texts[1];
    checkpoint all;
} run;

static void lay_out(run *a, const char *text)
{
    *a = (run){0};
    a->vectors[0] = (checkpoint_vector){"weights", a->weights, N};
    a->vectors[1] = (checkpoint_vector){"none", NULL, 0};
    a->vectors[2] = (checkpoint_vector){"moments", a->moments, N};
    a->numbers[0] = (checkpoint_number){"step", &a->step, false};
    a->numbers[1] = (checkpoint_number){"loss", &a->loss, false};
    a->texts[0] = (checkpoint_text){"settings", text, false};
    a->all = (checkpoint){a->vectors, 3, a->numbers, 2, a->texts, 1};
}

static void fill(run *a, uint64_t from)
{
    lay_out(a, "batch 8\nrate 0.1 \"quoted\"");
    for (int i = 0; i < N; i++) {
        a->weights[i] = (float)test_normal(&from);
        a->moments[i] = (float)(1e-30 * test_normal(&from));
    }
    a->step = 9007199254740991; /* 2^53 - 1 */
    a->loss = -1.0 / 3;
}

static sordino_status read_back(run *a, sordino_error *why)
{
    lay_out(a, "batch 8\nrate 0.1 \"quoted\"");
    return checkpoint_read(path, &a->all, why);
}

static void check_same(const run *a, const run *b)
{
    assert_memory_equal(a->weights, b->weights, sizeof a->weights);
    assert_memory_equal(a->moments, b->moments, sizeof a->moments);
    assert_true(a->step == b->step && a->loss == b->loss);
}

/* A sentence, and the file's name in it. */
static void check_refused(sordino_status expected)
{
    run b;
    sordino_error why = {0};
    assert_int_equal(read_back(&b, &why), expected);
    assert_int_equal(why.status, expected);
    assert_true(strlen(why.text) > 20);
}

static unsigned char *file_bytes(size_t *n)
{
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    *n = (size_t)st.st_size;
    unsigned char *const bytes = calloc(*n, 1);
    FILE *const f = fopen(path, "rb");
    assert_true(bytes && f && fread(bytes, 1, *n, f) == *n);
    fclose(f);
    return bytes;
}

static void put_bytes(const void *bytes, size_t n)
{
    FILE *const f = fopen(path, "wb");
    assert_non_null(f);
    assert_true(fwrite(bytes, 1, n, f) == n && fclose(f) == 0);
}

static size_t files_in_folder(void)
{
    size_t n = 0;
    DIR *const d = opendir(folder);
    assert_non_null(d);
    for (const struct dirent *e; (e = readdir(d)) != NULL;)
        n += e->d_name[0] != '.' || (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0);
    closedir(d);
    return n;
}

static void what_is_written_is_read_bit_for_bit(void **state)
{
    (void)state;
    run a, b;
    fill(&a, seed);
    assert_int_equal(checkpoint_write(path, &a.all, NULL), SORDINO_OK);
    assert_int_equal(read_back(&b, NULL), SORDINO_OK);
    check_same(&a, &b);
    fill(&a, seed + 1); /* over the old one */
    a.loss = INFINITY;
    assert_int_equal(checkpoint_write(path, &a.all, NULL), SORDINO_OK);
    assert_int_equal(read_back(&b, NULL), SORDINO_OK);
    check_same(&a, &b);
    assert_int_equal(files_in_folder(), 1);
}

static void a_file_cut_anywhere_is_refused(void **state)
{
    (void)state;
    run a;
    size_t n;
    fill(&a, seed);
    assert_int_equal(checkpoint_write(path, &a.all, NULL), SORDINO_OK);
    unsigned char *const bytes = file_bytes(&n);
    for (size_t keep = 0; keep < n; keep += keep < 600 ? 7 : 61) {
        put_bytes(bytes, keep);
        check_refused(SORDINO_BAD_MODEL);
    }
    put_bytes(bytes, n - 1);
    check_refused(SORDINO_BAD_MODEL);
    unsigned char *const more = realloc(bytes, n + 1);
    assert_non_null(more);
    more[n] = 0;
    put_bytes(more, n + 1);
    check_refused(SORDINO_BAD_MODEL);
    free(more);
}

/* In the vectors no bit goes unnoticed. In the header some do no harm: but then nothing of what
 * is read differs. */
static void a_flipped_bit_is_refused_or_harmless(void **state)
{
    (void)state;
    run a, b;
    size_t n, refused = 0, tried = 0;
    fill(&a, seed);
    assert_int_equal(checkpoint_write(path, &a.all, NULL), SORDINO_OK);
    unsigned char *const bytes = file_bytes(&n);
    const size_t values = n - 2 * sizeof a.weights;
    for (size_t at = values; at < n; at += 29, tried++) {
        bytes[at] ^= (unsigned char)(1 << at % 8);
        put_bytes(bytes, n);
        check_refused(SORDINO_BAD_MODEL);
        bytes[at] ^= (unsigned char)(1 << at % 8);
    }
    for (size_t at = 0; at < values; at++) {
        bytes[at] ^= (unsigned char)(1 << at % 7);
        put_bytes(bytes, n);
        const sordino_status status = read_back(&b, NULL);
        assert_true(status == SORDINO_OK || status == SORDINO_BAD_MODEL ||
                    status == SORDINO_UNSUPPORTED); /* of another format, or another kind */
        if (status == SORDINO_OK && memcmp(a.weights, b.weights, sizeof a.weights) != 0)
            fail_msg("byte %zu changes the weights", at);
        refused += status != SORDINO_OK;
        bytes[at] ^= (unsigned char)(1 << at % 7);
    }
    assert_true(tried > 30 && refused > values / 2);
    free(bytes);
}

static void another_runs_state_is_refused(void **state)
{
    (void)state;
    run a, b;
    sordino_error why = {0};
    fill(&a, seed);
    assert_int_equal(checkpoint_write(path, &a.all, NULL), SORDINO_OK);
    lay_out(&b, "batch 16");
    assert_int_equal(checkpoint_read(path, &b.all, &why), SORDINO_BAD_MODEL);
    assert_non_null(strstr(why.text, "settings"));
    lay_out(&b, "batch 8\nrate 0.1 \"quoted\"");
    b.vectors[2].n = N - 1;
    assert_int_equal(checkpoint_read(path, &b.all, &why), SORDINO_BAD_MODEL);
    assert_non_null(strstr(why.text, "moments"));
    lay_out(&b, "batch 8\nrate 0.1 \"quoted\"");
    b.numbers[1].name = "elapsed";
    assert_int_equal(checkpoint_read(path, &b.all, &why), SORDINO_BAD_MODEL);
    assert_non_null(strstr(why.text, "elapsed"));
}

static void what_is_no_checkpoint_is_refused(void **state)
{
    (void)state;
    static const char huge[16] = {-1, -1, -1, -1, -1, -1, -1, 127, '{'};
    static const char deep[] = "\x40\0\0\0\0\0\0\0[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[";
    char noise[4096];
    uint64_t from = seed;
    unlink(path);
    check_refused(SORDINO_NOT_FOUND);
    put_bytes(huge, sizeof huge);
    check_refused(SORDINO_BAD_MODEL);
    put_bytes(deep, sizeof deep);
    check_refused(SORDINO_BAD_MODEL);
    for (size_t i = 0; i < sizeof noise; i++)
        noise[i] = (char)test_random(&from);
    put_bytes(noise, sizeof noise);
    check_refused(SORDINO_BAD_MODEL);
    unlink(path);
    assert_int_equal(mkdir(path, 0700), 0);
    check_refused(SORDINO_IO);
    assert_int_equal(rmdir(path), 0);
}

/* As a write that fails does: a folder that is not there, and memory that runs out. */
static void a_write_that_fails_leaves_the_old_file(void **state)
{
    (void)state;
    run a, b, newer;
    sordino_error why = {0};
    fill(&a, seed);
    fill(&newer, seed + 1);
    assert_int_equal(checkpoint_write(path, &a.all, NULL), SORDINO_OK);
    assert_int_equal(checkpoint_write("/nonexistent/run.checkpoint", &a.all, &why),
                     SORDINO_NOT_FOUND);
    assert_true(strlen(why.text) > 20);
    unlink(path); /* a name that cannot be replaced */
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(checkpoint_write(path, &a.all, &why), SORDINO_IO);
    assert_int_equal(files_in_folder(), 1);
    assert_int_equal(rmdir(path), 0);
    assert_int_equal(checkpoint_write(path, &a.all, NULL), SORDINO_OK);
    size_t failed = 0;
    for (;; failed++) {
        failing_alloc_arm(failed);
        const sordino_status status = checkpoint_write(path, &newer.all, NULL);
        if (!failing_alloc_disarm()) {
            assert_int_equal(status, SORDINO_OK);
            break;
        }
        assert_int_equal(status, SORDINO_NO_MEM);
        assert_int_equal(files_in_folder(), 1);
        assert_int_equal(read_back(&b, NULL), SORDINO_OK);
        check_same(&a, &b);
    }
    assert_true(failed > 5);
    assert_int_equal(read_back(&b, NULL), SORDINO_OK);
    check_same(&newer, &b);
    for (failed = 0;; failed++) {
        lay_out(&b, "batch 8\nrate 0.1 \"quoted\"");
        failing_alloc_arm(failed);
        const sordino_status status = checkpoint_read(path, &b.all, NULL);
        if (!failing_alloc_disarm())
            break;
        assert_int_equal(status, SORDINO_NO_MEM);
    }
    assert_true(failed > 2);
}

static int make_folder(void **state)
{
    (void)state;
    const bool good = mkdtemp(folder) != NULL;
    snprintf(path, sizeof path, "%s/run.checkpoint", folder);
    return good ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(folder);
}

int main(void)
{
    seed = test_seed(20261121);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read_bit_for_bit),
        cmocka_unit_test(a_file_cut_anywhere_is_refused),
        cmocka_unit_test(a_flipped_bit_is_refused_or_harmless),
        cmocka_unit_test(another_runs_state_is_refused),
        cmocka_unit_test(what_is_no_checkpoint_is_refused),
        cmocka_unit_test(a_write_that_fails_leaves_the_old_file),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
