#include "core/base/error.h"

#include "tests/support/cmocka_all.h"

#include <string.h>

static void every_status_has_its_own_text(void **state)
{
    (void)state;
    for (int a = SORDINO_OK; a <= SORDINO_NOT_FOUND; a++) {
        assert_true(strlen(sordino_status_text((sordino_status)a)) > 4);
        for (int b = a + 1; b <= SORDINO_NOT_FOUND; b++)
            assert_string_not_equal(sordino_status_text((sordino_status)a),
                                    sordino_status_text((sordino_status)b));
    }
}

static void error_set_cuts_long_text_and_takes_null(void **state)
{
    (void)state;
    sordino_error why;
    char text[600];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    assert_int_equal(error_set(&why, SORDINO_IO, "%s", text), SORDINO_IO);
    assert_int_equal(strlen(why.text), sizeof why.text - 1);
    assert_int_equal(error_set(NULL, SORDINO_NO_MEM, "%d", 1), SORDINO_NO_MEM);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_status_has_its_own_text),
        cmocka_unit_test(error_set_cuts_long_text_and_takes_null),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
