#include <sordino/model.h>

#include "tests/support/cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Linked with builtin_for_tests: golden/net-wave and data/stft-1.0. */

static void models_are_listed_until_the_last(void **state)
{
    assert_string_equal(sordino_builtin_name(0), "net-wave");
    assert_string_equal(sordino_builtin_description(0), "A \"test\"");
    assert_string_equal(sordino_builtin_name(1), "stft-1.0");
    assert_string_equal(sordino_builtin_description(1), "Of format 1.0");
    for (size_t i = 2; i < 5; i++) {
        size_t size = 9;
        assert_null(sordino_builtin_name(i));
        assert_null(sordino_builtin_description(i));
        assert_null(sordino_builtin_bytes(i, &size));
        assert_int_equal(size, 0);
    }
    assert_null(sordino_builtin_name(SIZE_MAX));
}

static void the_bytes_are_those_of_the_file(void **state)
{
    static const char *const files[] = {"/golden/net-wave.safetensors",
                                        "/data/stft-1.0.safetensors"};
    for (size_t i = 0; i < 2; i++) {
        char path[4096];
        size_t size;
        const unsigned char *const bytes = sordino_builtin_bytes(i, &size);
        snprintf(path, sizeof path, "%s%s", getenv("SORDINO_TESTS"), files[i]);
        FILE *const file = fopen(path, "rb");
        assert_non_null(file);
        for (size_t k = 0; k < size; k++)
            assert_int_equal(fgetc(file), bytes[k]);
        assert_int_equal(fgetc(file), EOF);
        fclose(file);
        assert_ptr_equal(sordino_builtin_bytes(i, NULL), bytes);
    }
}

static void a_model_opens_by_name_as_from_its_bytes(void **state)
{
    for (size_t i = 0; i < 2; i++) {
        sordino_model *by_name, *by_bytes;
        size_t size;
        const void *const bytes = sordino_builtin_bytes(i, &size);
        assert_int_equal(sordino_model_open_builtin(sordino_builtin_name(i), &by_name, NULL),
                         SORDINO_OK);
        assert_int_equal(sordino_model_open_bytes(bytes, size, &by_bytes, NULL), SORDINO_OK);
        assert_string_equal(sordino_model_hash(by_name), sordino_model_hash(by_bytes));
        sordino_model_free(by_name);
        sordino_model_free(by_bytes);
    }
}

static void other_names_are_refused(void **state)
{
    sordino_model *model = (sordino_model *)(void *)&model;
    sordino_error why;
    assert_int_equal(sordino_model_open_builtin("net-wav", &model, &why), SORDINO_NOT_FOUND);
    assert_null(model);
    assert_string_equal(why.text, "No model \"net-wav\" comes with this library");
    assert_int_equal(sordino_model_open_builtin(NULL, &model, &why), SORDINO_BAD_ARG);
    assert_int_equal(sordino_model_open_builtin("net-wave", NULL, &why), SORDINO_BAD_ARG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(models_are_listed_until_the_last),
        cmocka_unit_test(the_bytes_are_those_of_the_file),
        cmocka_unit_test(a_model_opens_by_name_as_from_its_bytes),
        cmocka_unit_test(other_names_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
