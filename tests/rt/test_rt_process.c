/* No call of the allocator, locks, files, text or clocks while audio runs. */
#include "tests/rt/forbidden.h"
#include "tests/rt/workload.h"

#include "tests/support/cmocka_all.h"

static void check(workload *w)
{
    const char *first;
    forbidden_arm();
    workload_play(w);
    const size_t n = forbidden_disarm(&first);
    if (n > 0)
        fail_msg("%s: %zu forbidden calls, the first of %s", w->name, n, first);
}

static void processing_makes_no_forbidden_call(void **state)
{
    (void)state;
    assert_true(workload_each(check) > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(processing_makes_no_forbidden_call),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
