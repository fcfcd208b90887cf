#include "core/base/crc32.h"

#include "tests/support/cmocka_all.h"

#include <string.h>

static void the_check_of_123456789_is_cbf43926(void **state)
{
    (void)state;
    assert_int_equal(crc32_update(0, "123456789", 9), 0xCBF43926u);
}

static void nothing_changes_nothing(void **state)
{
    (void)state;
    assert_int_equal(crc32_update(0, "", 0), 0u);
    assert_int_equal(crc32_update(0x12345678u, "x", 0), 0x12345678u);
}

/* Against the definition: long division of the reflected message, bit by bit. Short and long ones
 * are done in different ways. */
static void it_is_the_remainder_bit_by_bit(void **state)
{
    (void)state;
    static unsigned char bytes[100003];
    uint32_t crc = 0xFFFFFFFFu, x = 1;
    for (size_t i = 0; i < sizeof bytes; i++) {
        x = x * 1664525u + 1013904223u;
        bytes[i] = (unsigned char)(x >> 24);
        crc ^= bytes[i];
        for (int k = 0; k < 8; k++)
            crc = (crc >> 1) ^ (crc & 1u ? 0xEDB88320u : 0u);
        if (i == 999)
            assert_int_equal(crc32_update(0, bytes, i + 1), ~crc);
    }
    assert_int_equal(crc32_update(0, bytes, sizeof bytes), ~crc);
}

static void pieces_give_what_the_whole_gives(void **state)
{
    (void)state;
    const char text[] = "the quick brown fox jumps over the lazy dog";
    const size_t n = sizeof text - 1;
    const uint32_t whole = crc32_update(0, text, n);
    for (size_t cut = 0; cut <= n; cut++)
        assert_int_equal(crc32_update(crc32_update(0, text, cut), text + cut, n - cut), whole);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_check_of_123456789_is_cbf43926),
        cmocka_unit_test(nothing_changes_nothing),
        cmocka_unit_test(it_is_the_remainder_bit_by_bit),
        cmocka_unit_test(pieces_give_what_the_whole_gives),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
