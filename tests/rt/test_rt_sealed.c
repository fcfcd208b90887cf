/* No system call while audio runs: not one, from the first block on. */
#include "tests/rt/sealed.h"
#include "tests/rt/workload.h"

#include "tests/support/cmocka_all.h"

#include <stdio.h>

static void play(void *w)
{
    workload_play(w);
}

static void check(workload *w)
{
    sealed_result result;
    assert_true(sealed_run(play, w, &result));
    if (result.syscall_number >= 0)
        fail_msg("%s: system call number %d", w->name, result.syscall_number);
    if (!result.finished)
        fail_msg("%s: ended by signal %d", w->name, result.signal);
}

static void processing_makes_no_system_call(void **state)
{
    (void)state;
    assert_true(workload_each(check) > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(processing_makes_no_system_call),
    };
    if (!sealed_supported()) {
        printf("Seccomp filters cannot be used here\n");
        return 77;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
