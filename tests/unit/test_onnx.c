#include "trainer/onnx.h"

#include "tests/support/cmocka_all.h"
#include "tests/support/failing_alloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What the files mean is tested beside ONNX Runtime, in app/test_onnx.py. */

static sordino_model *opened(const char *name)
{
    char path[4096];
    sordino_model *model;
    snprintf(path, sizeof path, "%s/../golden/%s.safetensors", getenv("SORDINO_TEST_DATA"), name);
    assert_int_equal(sordino_model_open_path(path, &model, NULL), SORDINO_OK);
    return model;
}

/* A path in a new folder. */
static void make_path(char path[64])
{
    char folder[] = "/tmp/sordino-onnx-XXXXXX";
    assert_non_null(mkdtemp(folder));
    snprintf(path, 64, "%s/m.onnx", folder);
}

static void remove_folder(char path[64])
{
    *strrchr(path, '/') = '\0';
    assert_int_equal(rmdir(path), 0); /* nothing else was left there */
}

static size_t read_back(const char *path, char *to, size_t room)
{
    FILE *const file = fopen(path, "rb");
    assert_non_null(file);
    const size_t n = fread(to, 1, room, file);
    assert_true(n < room);
    fclose(file);
    return n;
}

static void the_same_model_gives_the_same_bytes(void **state)
{
    static char first[1 << 16], second[1 << 16];
    char path[64];
    sordino_model *const model = opened("net-frequency");
    make_path(path);
    assert_int_equal(onnx_write(model, path, NULL), SORDINO_OK);
    const size_t n = read_back(path, first, sizeof first);
    assert_int_equal(onnx_write(model, path, NULL), SORDINO_OK);
    assert_int_equal(read_back(path, second, sizeof second), n);
    assert_memory_equal(first, second, n);
    sordino_model_free(model);
    remove(path);
    remove_folder(path);
}

static void what_cannot_be_written_is_told(void **state)
{
    sordino_error why;
    sordino_model *const model = opened("op-relu");
    assert_int_equal(onnx_write(NULL, "/tmp/m.onnx", &why), SORDINO_BAD_ARG);
    assert_int_equal(onnx_write(model, NULL, &why), SORDINO_BAD_ARG);
    assert_int_equal(onnx_write(model, "/nowhere/m.onnx", &why), SORDINO_NOT_FOUND);
    assert_non_null(strstr(why.text, "/nowhere/m.onnx"));
    sordino_model_free(model);
}

static void memory_that_runs_out_is_told_and_leaves_no_file(void **state)
{
    static const char *const models[] = {"op-combine", "net-frequency", "net-wave",
                                         "net-bands",  "net-memory",    "op-gelu-tanh"};
    for (size_t i = 0; i < sizeof models / sizeof *models; i++) {
        char path[64];
        sordino_model *const model = opened(models[i]);
        make_path(path);
        for (size_t n = 0;; n++) {
            failing_alloc_arm(n);
            const sordino_status status = onnx_write(model, path, NULL);
            if (!failing_alloc_disarm()) {
                assert_int_equal(status, SORDINO_OK);
                assert_true(n > 20);
                break;
            }
            assert_int_equal(status, SORDINO_NO_MEM);
            assert_int_not_equal(access(path, F_OK), 0);
        }
        sordino_model_free(model);
        remove(path);
        remove_folder(path);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_model_gives_the_same_bytes),
        cmocka_unit_test(what_cannot_be_written_is_told),
        cmocka_unit_test(memory_that_runs_out_is_told_and_leaves_no_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
