#include "trainer/preview.h"

#include "core/base/bytes.h"
#include "tests/support/cmocka_all.h"
#include "tests/support/failing_alloc.h"
#include "tests/support/signals.h"
#include "trainer/data/wav_write.h"

#include <dirent.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ROOM = 1 << 20 };

static char folder[64];
static unsigned char one[ROOM], other[ROOM];

static size_t read_file(const char *name, unsigned char *to)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *const f = fopen(path, "rb");
    const size_t size = f ? fread(to, 1, ROOM, f) : 0;
    if (f)
        fclose(f);
    return size;
}

/* Removes all files of the folder; returns how many there were. */
static int empty_folder(void)
{
    DIR *const d = opendir(folder);
    int count = 0;
    if (!d)
        return 0;
    for (const struct dirent *e; (e = readdir(d));) {
        char path[512];
        if (e->d_name[0] == '.' && (!e->d_name[1] || e->d_name[1] == '.'))
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
        unlink(path);
        count++;
    }
    closedir(d);
    return count;
}

static void a_wav_file_holds_the_very_floats(void **state)
{
    (void)state;
    char path[128];
    static float x[5000];
    uint64_t random = test_seed(1);
    for (size_t i = 0; i < 5000; i++)
        x[i] = (float)(100 * test_normal(&random));
    mkdir(folder, 0700);
    snprintf(path, sizeof path, "%s/a.wav", folder);
    assert_int_equal(wav_write(path, x, 5000, 249.7, NULL), SORDINO_OK);
    const size_t size = read_file("a.wav", one);
    assert_int_equal(size, 58 + 20000);
    assert_memory_equal(one, "RIFF", 4);
    assert_int_equal(load_le32(one + 4), size - 8);
    assert_memory_equal(one + 8, "WAVEfmt ", 8);
    assert_int_equal(load_le16(one + 20), 3);   /* floats */
    assert_int_equal(load_le16(one + 22), 1);   /* channel */
    assert_int_equal(load_le32(one + 24), 250); /* Hz */
    assert_int_equal(load_le32(one + 28), 1000);
    assert_int_equal(load_le16(one + 32), 4);
    assert_int_equal(load_le16(one + 34), 32);
    assert_int_equal(load_le32(one + 46), 5000);
    assert_memory_equal(one + 50, "data", 4);
    assert_int_equal(load_le32(one + 54), 20000);
    for (size_t i = 0; i < 5000; i++)
        assert_true(float_from_bits(load_le32(one + 58 + 4 * i)) == x[i]);
    sordino_error why;
    assert_int_equal(wav_write(path, x, 1, 0, &why), SORDINO_BAD_ARG);
    assert_int_equal(wav_write(path, x, (size_t)1 << 32, 8000, &why), SORDINO_BAD_ARG);
    assert_int_equal(wav_write("/nowhere/at/all.wav", x, 1, 8000, &why), SORDINO_IO);
    assert_int_equal(empty_folder(), 1);
}

static void examples_depend_on_seed_kind_and_number_alone(void **state)
{
    (void)state;
    assert_int_equal(preview_run("ecg,hum", 2, 1, 8000, 5, folder, NULL), SORDINO_OK);
    const size_t size = read_file("hum-2.wav", one);
    assert_int_equal(size, 58 + 4 * 8000);
    assert_int_equal(read_file("ecg-2.wav", other), 58 + 4 * 3000);
    assert_true(read_file("hum.png", other) > 5000);
    assert_memory_equal(other, "\x89PNG", 4);
    assert_true(read_file("ecg.png", other) > 5000);
    assert_int_equal(empty_folder(), 6);
    assert_int_equal(preview_run("hum", 3, 1, 8000, 5, folder, NULL), SORDINO_OK);
    assert_int_equal(read_file("hum-2.wav", other), size);
    assert_memory_equal(one, other, size);
    assert_int_equal(read_file("hum-3.wav", other), size);
    assert_true(memcmp(one, other, size) != 0);
    assert_int_equal(preview_run("hum", 2, 1, 8000, 6, folder, NULL), SORDINO_OK);
    assert_int_equal(read_file("hum-2.wav", other), size);
    assert_true(memcmp(one, other, size) != 0);
    empty_folder();
}

static void names_of_groups_and_nothing_mean_many(void **state)
{
    (void)state;
    assert_int_equal(preview_run("noises", 1, 0.2, 8000, 1, folder, NULL), SORDINO_OK);
    assert_true(read_file("crackle-1.wav", one) > 0);
    assert_int_equal(read_file("ecg-1.wav", one), 0);
    const int noises = empty_folder();
    assert_int_equal(preview_run("signals", 1, 0.2, 8000, 1, folder, NULL), SORDINO_OK);
    assert_true(read_file("ecg-1.wav", one) > 0);
    assert_int_equal(read_file("crackle-1.wav", one), 0);
    const int signals = empty_folder();
    assert_int_equal(preview_run(NULL, 1, 0.2, 8000, 1, folder, NULL), SORDINO_OK);
    assert_int_equal(empty_folder(), noises + signals);
}

static void what_cannot_be_is_refused_with_a_sentence(void **state)
{
    (void)state;
    sordino_error why = {0};
    assert_int_equal(preview_run("hum,hmu", 1, 1, 8000, 1, folder, &why), SORDINO_BAD_ARG);
    assert_non_null(strstr(why.text, "\"hmu\""));
    assert_int_equal(preview_run("hum,", 1, 1, 8000, 1, folder, &why), SORDINO_BAD_ARG);
    assert_int_equal(preview_run("hum", 0, 1, 8000, 1, folder, &why), SORDINO_BAD_ARG);
    assert_int_equal(preview_run("hum", 100, 1, 8000, 1, folder, &why), SORDINO_BAD_ARG);
    assert_int_equal(preview_run("hum", 1, 0, 8000, 1, folder, &why), SORDINO_BAD_ARG);
    assert_int_equal(preview_run("hum", 1, NAN, 8000, 1, folder, &why), SORDINO_BAD_ARG);
    assert_int_equal(preview_run("hum", 1, 1, 7999, 1, folder, &why), SORDINO_BAD_ARG);
    assert_int_equal(preview_run("hum", 1, 1, 8000, 1, "", &why), SORDINO_BAD_ARG);
    assert_int_equal(preview_run("hum", 1, 1, 8000, 1, NULL, &why), SORDINO_BAD_ARG);
    assert_int_equal(preview_run("hum", 1, 1, 8000, 1, "/nowhere/at/all", &why), SORDINO_IO);
    assert_non_null(strstr(why.text, "/nowhere/at/all"));
    assert_int_equal(empty_folder(), 0);
}

static void no_memory_is_reported_and_leaves_no_half_file(void **state)
{
    (void)state;
    int failed = 1;
    for (size_t n = 0; failed; n++) {
        failing_alloc_arm(n);
        const sordino_status status = preview_run("hum,ecg", 1, 0.1, 8000, 1, folder, NULL);
        failed = failing_alloc_disarm();
        assert_int_equal(status, failed ? SORDINO_NO_MEM : SORDINO_OK);
        assert_true(n < 1000);
    }
    const int files = empty_folder();
    assert_true(files == 4 || files == 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_wav_file_holds_the_very_floats),
        cmocka_unit_test(examples_depend_on_seed_kind_and_number_alone),
        cmocka_unit_test(names_of_groups_and_nothing_mean_many),
        cmocka_unit_test(what_cannot_be_is_refused_with_a_sentence),
        cmocka_unit_test(no_memory_is_reported_and_leaves_no_half_file),
    };
    snprintf(folder, sizeof folder, "/tmp/sordino-preview-%ld", (long)getpid());
    const int result = cmocka_run_group_tests(tests, NULL, NULL);
    empty_folder();
    rmdir(folder);
    return result;
}
