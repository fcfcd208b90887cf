/* The checks of this folder must themselves trip: each forbidden call is made once on purpose. */
#define _GNU_SOURCE 1 /* MAP_ANONYMOUS */

#include "tests/rt/forbidden.h"
#include "tests/rt/sealed.h"

#include "tests/support/cmocka_all.h"

#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static void *volatile sink; /* keeps the compiler from removing pairs of malloc and free */
static volatile int number;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static sem_t semaphore;

static void call_malloc(void)
{
    sink = malloc(16);
}

static void call_calloc(void)
{
    sink = calloc(4, 4);
}

static void call_realloc(void)
{
    sink = realloc(NULL, 16);
}

static void call_aligned_alloc(void)
{
    sink = aligned_alloc(64, 64);
}

static void call_posix_memalign(void)
{
    void *p = NULL;
    number = posix_memalign(&p, 64, 64);
    sink = p;
}

static void call_free(void)
{
    free(NULL);
}

static void call_mmap(void)
{
    sink = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void call_munmap(void)
{
    number = munmap(sink, 4096);
}

static void call_mutex_lock(void)
{
    pthread_mutex_lock(&mutex);
}

static void call_mutex_unlock(void)
{
    pthread_mutex_unlock(&mutex);
}

static void call_mutex_trylock(void)
{
    if (pthread_mutex_trylock(&mutex) == 0)
        pthread_mutex_unlock(&mutex);
}

static void call_cond_signal(void)
{
    pthread_cond_signal(&cond);
}

static void call_sem_post(void)
{
    sem_post(&semaphore);
}

static void call_sem_wait(void)
{
    sem_wait(&semaphore);
}

static void call_open(void)
{
    number = open("/dev/null", O_RDWR);
}

static void call_write(void)
{
    number = (int)write(number, "", 0);
}

static void call_read(void)
{
    char c;
    number = (int)read(number, &c, 0);
}

static void call_printf(void)
{
    printf("printf was called%d\n", number);
}

static void call_fprintf(void)
{
    fprintf(stderr, "fprintf was called%d\n", number);
}

static void call_puts(void)
{
    puts("puts was called");
}

static void call_snprintf(void)
{
    char text[8];
    snprintf(text, sizeof text, "%d", number);
    sink = text[0] ? sink : NULL;
}

static void call_nanosleep(void)
{
    nanosleep(&(struct timespec){0, 1}, NULL);
}

static void call_clock_gettime(void)
{
    struct timespec t;
    number = clock_gettime(CLOCK_MONOTONIC, &t);
}

static void call_gettimeofday(void)
{
    struct timeval t;
    number = gettimeofday(&t, NULL);
}

static void call_getenv(void)
{
    sink = getenv("HOME");
}

static void call_inside_a_library(void)
{
    sink = strdup("text");
}

typedef struct forbidden_call {
    const char *name;
    void (*call)(void);
} forbidden_call;

/* Order matters where one call undoes another. */
static const forbidden_call calls[] = {
    {"malloc", call_malloc},
    {"calloc", call_calloc},
    {"realloc", call_realloc},
    {"aligned_alloc", call_aligned_alloc},
    {"posix_memalign", call_posix_memalign},
    {"free", call_free},
    {"mmap", call_mmap},
    {"munmap", call_munmap},
    {"pthread_mutex_lock", call_mutex_lock},
    {"pthread_mutex_unlock", call_mutex_unlock},
    {"pthread_mutex_trylock", call_mutex_trylock},
    {"pthread_cond_signal", call_cond_signal},
    {"sem_post", call_sem_post},
    {"sem_wait", call_sem_wait},
    {"open", call_open},
    {"write", call_write},
    {"read", call_read},
    {"printf", call_printf},
    {"fprintf", call_fprintf},
    {"puts", call_puts},
    {"snprintf", call_snprintf},
    {"nanosleep", call_nanosleep},
    {"clock_gettime", call_clock_gettime},
    {"gettimeofday", call_gettimeofday},
    {"getenv", call_getenv},
    {"malloc", call_inside_a_library},
};

static void every_forbidden_call_is_noticed(void **state)
{
    (void)state;
    sem_init(&semaphore, 0, 0);
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        const char *first;
        forbidden_arm();
        calls[i].call();
        if (forbidden_disarm(&first) == 0)
            fail_msg("a call of %s went unnoticed", calls[i].name);
        /* open may be open64, and printf __printf_chk, as the headers have it */
        if (!strstr(first, calls[i].name))
            fail_msg("a call of %s was noticed as %s", calls[i].name, first);
    }
}

static void arithmetic_is_not_noticed(void **state)
{
    (void)state;
    float a[64], b[64];
    const char *first;
    for (int i = 0; i < 64; i++)
        a[i] = (float)i;
    forbidden_arm();
    memcpy(b, a, sizeof a);
    number = (int)b[63];
    assert_int_equal(forbidden_disarm(&first), 0);
    assert_null(first);
}

static void calls_of_an_unarmed_thread_are_not_noticed(void **state)
{
    (void)state;
    const char *first;
    forbidden_arm();
    assert_int_equal(forbidden_disarm(&first), 0);
    call_malloc();
    assert_int_equal(forbidden_disarm(&first), 0);
}

static void work_arithmetic(void *arg)
{
    volatile double *x = arg;
    for (int i = 0; i < 1000; i++)
        *x = *x * 0.5 + 1.0;
}

static void work_getpid(void *arg)
{
    (void)arg;
    number = (int)getppid();
}

static void work_write(void *arg)
{
    (void)arg;
    number = (int)write(STDERR_FILENO, "", 0);
}

static void work_big_malloc(void *arg)
{
    (void)arg;
    sink = malloc(64 << 20); /* glibc maps blocks of this size */
}

static void a_system_call_is_noticed(void **state)
{
    (void)state;
    sealed_result result;
    double x = 0;
    if (!sealed_supported()) {
        print_message("seccomp filters are not to be had here\n");
        skip();
    }
    assert_true(sealed_run(work_arithmetic, &x, &result));
    assert_int_equal(result.syscall_number, -1);
    assert_true(result.finished);
    void (*const trip[])(void *) = {work_getpid, work_write, work_big_malloc};
    for (size_t i = 0; i < sizeof trip / sizeof *trip; i++) {
        assert_true(sealed_run(trip[i], NULL, &result));
        assert_false(result.finished);
        assert_true(result.syscall_number >= 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_forbidden_call_is_noticed),
        cmocka_unit_test(arithmetic_is_not_noticed),
        cmocka_unit_test(calls_of_an_unarmed_thread_are_not_noticed),
        cmocka_unit_test(a_system_call_is_noticed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
