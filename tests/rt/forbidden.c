/*
 * The allocator is forwarded to glibc's own names, because dlsym itself may allocate; everything
 * else to the next definition that dlsym finds. Nothing here may be built with a sanitizer, which
 * brings its own allocator.
 */
#define _GNU_SOURCE 1
#ifndef __NO_INLINE__
#define __NO_INLINE__ 1 /* else glibc's headers define putchar and others inline */
#endif
#undef _FILE_OFFSET_BITS /* else open and mmap would be defined here under other names */

#include "tests/rt/forbidden.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

static _Thread_local int armed;
static _Thread_local size_t n_calls;
static _Thread_local const char *first_call;

void forbidden_arm(void)
{
    n_calls = 0;
    first_call = NULL;
    armed = 1;
}

size_t forbidden_disarm(const char **first)
{
    armed = 0;
    *first = first_call;
    return n_calls;
}

static void note(const char *name)
{
    if (!armed)
        return;
    if (n_calls++ == 0)
        first_call = name;
}

/* Defines function `name`: notes the call, then forwards it. `params` with names, `args` to match.
 */
#define FORBID(type, name, params, args)                                                           \
    type name params                                                                               \
    {                                                                                              \
        static type(*next) params;                                                                 \
        note(#name);                                                                               \
        if (!next)                                                                                 \
            *(void **)&next = dlsym(RTLD_NEXT, #name);                                             \
        return next args;                                                                          \
    }

/* As FORBID, forwarded to a function of another name that is there under glibc. */
#define FORBID_ALIAS(type, name, params, target, args)                                             \
    extern type target params;                                                                     \
    type name params                                                                               \
    {                                                                                              \
        note(#name);                                                                               \
        return target args;                                                                        \
    }

/* Memory. */
FORBID_ALIAS(void *, malloc, (size_t n), __libc_malloc, (n))
FORBID_ALIAS(void *, calloc, (size_t n, size_t size), __libc_calloc, (n, size))
FORBID_ALIAS(void *, realloc, (void *p, size_t n), __libc_realloc, (p, n))
FORBID_ALIAS(void *, memalign, (size_t align, size_t n), __libc_memalign, (align, n))

extern void __libc_free(void *p);
void free(void *p)
{
    note("free");
    __libc_free(p);
}

void *aligned_alloc(size_t align, size_t n)
{
    note("aligned_alloc");
    return __libc_memalign(align, n);
}

int posix_memalign(void **out, size_t align, size_t n)
{
    void *p;
    note("posix_memalign");
    p = __libc_memalign(align, n);
    if (!p)
        return 12; /* ENOMEM */
    *out = p;
    return 0;
}

FORBID(void *, mmap, (void *at, size_t n, int prot, int flags, int fd, off_t offset),
       (at, n, prot, flags, fd, offset))
FORBID(void *, mmap64, (void *at, size_t n, int prot, int flags, int fd, off64_t offset),
       (at, n, prot, flags, fd, offset))
FORBID(int, munmap, (void *at, size_t n), (at, n))
FORBID(int, madvise, (void *at, size_t n, int advice), (at, n, advice))

/* Locks, waiting and threads. */
FORBID(int, pthread_mutex_lock, (pthread_mutex_t * m), (m))
FORBID(int, pthread_mutex_trylock, (pthread_mutex_t * m), (m))
FORBID(int, pthread_mutex_timedlock, (pthread_mutex_t * m, const struct timespec *t), (m, t))
FORBID(int, pthread_mutex_unlock, (pthread_mutex_t * m), (m))
FORBID(int, pthread_rwlock_rdlock, (pthread_rwlock_t * l), (l))
FORBID(int, pthread_rwlock_wrlock, (pthread_rwlock_t * l), (l))
FORBID(int, pthread_rwlock_tryrdlock, (pthread_rwlock_t * l), (l))
FORBID(int, pthread_rwlock_trywrlock, (pthread_rwlock_t * l), (l))
FORBID(int, pthread_spin_lock, (pthread_spinlock_t * l), (l))
FORBID(int, pthread_spin_trylock, (pthread_spinlock_t * l), (l))
FORBID(int, pthread_cond_wait, (pthread_cond_t * c, pthread_mutex_t *m), (c, m))
FORBID(int, pthread_cond_timedwait,
       (pthread_cond_t * c, pthread_mutex_t *m, const struct timespec *t), (c, m, t))
FORBID(int, pthread_cond_signal, (pthread_cond_t * c), (c))
FORBID(int, pthread_cond_broadcast, (pthread_cond_t * c), (c))
FORBID(int, pthread_once, (pthread_once_t * once, void (*init)(void)), (once, init))
FORBID(int, pthread_create,
       (pthread_t * thread, const pthread_attr_t *attr, void *(*run)(void *), void *arg),
       (thread, attr, run, arg))
FORBID(int, pthread_join, (pthread_t thread, void **out), (thread, out))
FORBID(int, mtx_lock, (mtx_t * m), (m))
FORBID(int, mtx_trylock, (mtx_t * m), (m))
FORBID(int, cnd_wait, (cnd_t * c, mtx_t *m), (c, m))
FORBID(int, cnd_signal, (cnd_t * c), (c))
FORBID(int, sem_wait, (sem_t * s), (s))
FORBID(int, sem_trywait, (sem_t * s), (s))
FORBID(int, sem_timedwait, (sem_t * s, const struct timespec *t), (s, t))
FORBID(int, sem_post, (sem_t * s), (s))
FORBID(int, sched_yield, (void), ())

/* Files and text. */
FORBID(ssize_t, read, (int fd, void *to, size_t n), (fd, to, n))
FORBID(ssize_t, write, (int fd, const void *from, size_t n), (fd, from, n))
FORBID(int, close, (int fd), (fd))
FORBID(FILE *, fopen, (const char *path, const char *mode), (path, mode))
FORBID(int, fclose, (FILE * f), (f))
FORBID(int, fflush, (FILE * f), (f))
FORBID(size_t, fread, (void *to, size_t size, size_t n, FILE *f), (to, size, n, f))
FORBID(size_t, fwrite, (const void *from, size_t size, size_t n, FILE *f), (from, size, n, f))
FORBID(int, fputs, (const char *text, FILE *f), (text, f))
FORBID(int, fputc, (int c, FILE *f), (c, f))
FORBID(int, putc, (int c, FILE *f), (c, f))
FORBID(int, putchar, (int c), (c))
FORBID(int, puts, (const char *text), (text))
FORBID(int, vfprintf, (FILE * f, const char *format, va_list args), (f, format, args))
FORBID(int, vsnprintf, (char *to, size_t n, const char *format, va_list args),
       (to, n, format, args))

/* The first argument after the last named one is where `format` ends and the list begins. */
#define FORBID_PRINTF(name, params, forward)                                                       \
    int name params                                                                                \
    {                                                                                              \
        va_list args;                                                                              \
        int n;                                                                                     \
        note(#name);                                                                               \
        va_start(args, format);                                                                    \
        n = forward;                                                                               \
        va_end(args);                                                                              \
        return n;                                                                                  \
    }

FORBID_PRINTF(printf, (const char *format, ...), vfprintf(stdout, format, args))
FORBID_PRINTF(fprintf, (FILE * f, const char *format, ...), vfprintf(f, format, args))
FORBID_PRINTF(snprintf, (char *to, size_t size, const char *format, ...),
              vsnprintf(to, size, format, args))

/* With _FORTIFY_SOURCE the compiler calls these instead. */
int __printf_chk(int flag, const char *format, ...);
int __fprintf_chk(FILE *f, int flag, const char *format, ...);
int __snprintf_chk(char *to, size_t size, int flag, size_t room, const char *format, ...);
FORBID_PRINTF(__printf_chk, (int flag, const char *format, ...), vfprintf(stdout, format, args))
FORBID_PRINTF(__fprintf_chk, (FILE * f, int flag, const char *format, ...),
              vfprintf(f, format, args))
FORBID_PRINTF(__snprintf_chk,
              (char *to, size_t size, int flag, size_t room, const char *format, ...),
              vsnprintf(to, size, format, args))

#define FORBID_OPEN(name)                                                                          \
    int name(const char *path, int flags, ...)                                                     \
    {                                                                                              \
        static int (*next)(const char *, int, ...);                                                \
        va_list args;                                                                              \
        unsigned mode;                                                                             \
        note(#name);                                                                               \
        va_start(args, flags);                                                                     \
        mode = (flags & O_CREAT) ? va_arg(args, unsigned) : 0;                                     \
        va_end(args);                                                                              \
        if (!next)                                                                                 \
            *(void **)&next = dlsym(RTLD_NEXT, #name);                                             \
        return next(path, flags, mode);                                                            \
    }

FORBID_OPEN(open)
FORBID_OPEN(open64)

/* Time, and what else has hidden state. */
FORBID(int, nanosleep, (const struct timespec *t, struct timespec *left), (t, left))
FORBID(int, clock_nanosleep,
       (clockid_t clock, int flags, const struct timespec *t, struct timespec *left),
       (clock, flags, t, left))
FORBID(int, usleep, (useconds_t t), (t))
FORBID(int, clock_gettime, (clockid_t clock, struct timespec *out), (clock, out))
FORBID(int, gettimeofday, (struct timeval * out, void *zone), (out, zone))
FORBID(time_t, time, (time_t * out), (out))
FORBID(clock_t, clock, (void), ())
FORBID(char *, getenv, (const char *name), (name))
FORBID(int, rand, (void), ())
FORBID(long, random, (void), ())
