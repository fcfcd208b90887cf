#include "core/graph/tensors.h"

#include "tests/support/cmocka_all.h"
#include "tests/support/failing_alloc.h"

#include <stdio.h>
#include <string.h>

static void what_is_added_is_found_by_name_and_sorted(void **state)
{
    (void)state;
    tensor_set *set = tensor_set_new();
    assert_non_null(set);
    const uint32_t dims[] = {2, 3};
    float data[6] = {0};
    for (uint32_t i = 0; i < 50; i++) {
        char name[16];
        snprintf(name, sizeof name, "t%02u", i * 37 % 50);
        data[5] = (float)(i * 37 % 50);
        assert_int_equal(tensor_set_add(set, name, 2, dims, data, NULL), SORDINO_OK);
    }
    data[5] = -1.0f; /* the set has copies */
    assert_int_equal(set->n, 50);
    for (size_t i = 0; i < 50; i++) {
        char name[16];
        snprintf(name, sizeof name, "t%02zu", i);
        const tensor *t = tensor_set_find(set, name);
        assert_ptr_equal(t, &set->items[i]);
        assert_int_equal(tensor_size(t), 6);
        assert_true(t->data[5] == (float)i);
    }
    assert_null(tensor_set_find(set, "t"));
    assert_null(tensor_set_find(set, "t500"));
    assert_null(tensor_set_find(set, "u"));
    tensor_set_free(set);
    tensor_set_free(NULL);
}

static void borrowed_data_stay_the_callers(void **state)
{
    (void)state;
    tensor_set *set = tensor_set_new();
    assert_non_null(set);
    const uint32_t dims[] = {3};
    static const float data[3] = {1, 2, 3}; /* would not survive being freed */
    assert_int_equal(tensor_set_add_borrowed(set, "b", 1, dims, data, NULL), SORDINO_OK);
    assert_int_equal(tensor_set_add(set, "a", 1, dims, data, NULL), SORDINO_OK);
    assert_ptr_equal(tensor_set_find(set, "b")->data, data);
    assert_ptr_not_equal(tensor_set_find(set, "a")->data, data);
    assert_int_equal(tensor_set_add_borrowed(set, "b", 1, dims, data, NULL), SORDINO_BAD_ARG);
    assert_int_equal(tensor_set_add_borrowed(set, "c", 1, dims, NULL, NULL), SORDINO_BAD_ARG);
    assert_int_equal(set->n, 2);
    tensor_set_free(set);
}

static void bad_tensors_are_refused_and_change_nothing(void **state)
{
    (void)state;
    tensor_set *set = tensor_set_new();
    const float data[4] = {1, 2, 3, 4};
    const uint32_t good[] = {4};
    const uint32_t empty[] = {2, 0};
    const uint32_t huge[] = {UINT32_MAX, UINT32_MAX, UINT32_MAX, 4};
    char longest[TENSOR_MAX_NAME + 1];
    memset(longest, 'a', sizeof longest);
    longest[TENSOR_MAX_NAME] = 0;
    sordino_error why;
    assert_int_equal(tensor_set_add(set, "a", 1, good, data, &why), SORDINO_OK);
    assert_int_equal(tensor_set_add(set, "a", 1, good, data, &why), SORDINO_BAD_ARG);
    assert_int_equal(why.status, SORDINO_BAD_ARG);
    assert_int_equal(tensor_set_add(set, "", 1, good, data, NULL), SORDINO_BAD_ARG);
    assert_int_equal(tensor_set_add(set, longest, 1, good, data, NULL), SORDINO_BAD_ARG);
    assert_int_equal(tensor_set_add(set, "b", 2, empty, data, NULL), SORDINO_BAD_ARG);
    assert_int_equal(tensor_set_add(set, "b", 4, huge, data, NULL), SORDINO_BAD_ARG);
    assert_int_equal(tensor_set_add(set, "b", 0, good, data, NULL), SORDINO_BAD_ARG);
    assert_int_equal(tensor_set_add(set, "b", 5, good, data, NULL), SORDINO_BAD_ARG);
    assert_int_equal(tensor_set_add(set, NULL, 1, good, data, NULL), SORDINO_BAD_ARG);
    assert_int_equal(tensor_set_add(set, "b", 1, good, NULL, NULL), SORDINO_BAD_ARG);
    assert_int_equal(tensor_set_add(NULL, "b", 1, good, data, NULL), SORDINO_BAD_ARG);
    assert_int_equal(set->n, 1);
    longest[TENSOR_MAX_NAME - 1] = 0;
    assert_int_equal(tensor_set_add(set, longest, 1, good, data, NULL), SORDINO_OK);
    assert_non_null(tensor_set_find(set, longest));
    tensor_set_free(set);
}

static void any_allocation_may_fail(void **state)
{
    (void)state;
    const float data[1] = {1};
    const uint32_t dims[] = {1};
    for (size_t n = 0;; n++) {
        failing_alloc_arm(n);
        tensor_set *set = tensor_set_new();
        sordino_status status = set ? SORDINO_OK : SORDINO_NO_MEM;
        if (set)
            status = tensor_set_add(set, "b", 1, dims, data, NULL);
        if (status == SORDINO_OK)
            status = tensor_set_add(set, "a", 1, dims, data, NULL);
        const int failed = failing_alloc_disarm();
        assert_int_equal(status, failed ? SORDINO_NO_MEM : SORDINO_OK);
        if (set && failed)
            assert_int_equal(tensor_set_add(set, "a", 1, dims, data, NULL), SORDINO_OK);
        tensor_set_free(set);
        if (!failed)
            break;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_added_is_found_by_name_and_sorted),
        cmocka_unit_test(borrowed_data_stay_the_callers),
        cmocka_unit_test(bad_tensors_are_refused_and_change_nothing),
        cmocka_unit_test(any_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
