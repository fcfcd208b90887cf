/* Threads that share jobs: each job once, and all done on return. */
#include "trainer/run/workers.h"

#include "tests/support/cmocka_all.h"

#include <stdatomic.h>
#include <string.h>
#include <time.h>

enum { MOST = 1000 };

typedef struct tally {
    uint32_t count; /* threads */
    size_t last;
    atomic_int calls[MOST], wrong;
    atomic_int inside[64]; /* by the number of the thread */
    uint64_t result[MOST];
} tally;

static void job(void *self, uint32_t thread, size_t k)
{
    tally *const t = self;
    if (thread >= t->count || k >= MOST) {
        atomic_fetch_add(&t->wrong, 1);
        return;
    }
    if (atomic_fetch_add(&t->inside[thread], 1) != 0)
        atomic_fetch_add(&t->wrong, 1); /* two at once under one number */
    atomic_fetch_add(&t->calls[k], 1);
    uint64_t x = k;
    if (k == t->last) /* the others are long at their end */
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    for (int i = 0; i < 100; i++)
        x = x * UINT64_C(6364136223846793005) + 1442695040888963407;
    t->result[k] = x;
    atomic_fetch_sub(&t->inside[thread], 1);
}

static void check_round(workers *w, size_t n_jobs)
{
    static tally t;
    memset(&t, 0, sizeof t);
    t.count = workers_count(w);
    t.last = n_jobs - 1;
    workers_run(w, job, &t, n_jobs);
    assert_int_equal(atomic_load(&t.wrong), 0);
    for (size_t k = 0; k < MOST; k++) {
        assert_int_equal(atomic_load(&t.calls[k]), k < n_jobs);
        assert_true(k >= n_jobs || t.result[k] != 0); /* done, not only begun */
    }
}

static void each_job_is_done_once_before_the_return(void **state)
{
    (void)state;
    static const uint32_t counts[] = {1, 2, 3, 16};
    static const size_t jobs[] = {0, 1, 2, 15, 16, 17, MOST};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        workers *const w = workers_new(counts[i]);
        assert_non_null(w);
        assert_int_equal(workers_count(w), counts[i]);
        for (int round = 0; round < 20; round++)
            for (size_t k = 0; k < sizeof jobs / sizeof *jobs; k++)
                check_round(w, jobs[k]);
        workers_free(w);
    }
}

static void none_asked_for_is_one_a_processor(void **state)
{
    (void)state;
    workers *const w = workers_new(0);
    assert_non_null(w);
    assert_in_range(workers_count(w), 1, 256);
    check_round(w, 100);
    workers_free(w);
    workers_free(workers_new(5)); /* never used */
    workers_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_job_is_done_once_before_the_return),
        cmocka_unit_test(none_asked_for_is_one_a_processor),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
