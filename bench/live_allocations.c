/*
 * A library for LD_PRELOAD that counts what each thread asks of the allocator, for live_soak.py: in
 * the file named by SORDINO_ALLOCATIONS, made here, as pairs of 64-bit numbers {thread, calls}.
 */
#define _GNU_SOURCE 1

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { MOST_THREADS = 1024 };

typedef struct slot {
    uint64_t thread, calls;
} slot;

extern void *__libc_malloc(size_t n);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *p, size_t n);
extern void *__libc_memalign(size_t align, size_t n);
extern void __libc_free(void *p);

static slot *slots;
static atomic_uint n_slots;
static _Thread_local slot *mine __attribute__((tls_model("initial-exec")));

__attribute__((constructor)) static void map_file(void)
{
    const char *const path = getenv("SORDINO_ALLOCATIONS");
    const int fd = path ? open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666) : -1;
    if (fd < 0 || ftruncate(fd, MOST_THREADS * sizeof *slots) != 0)
        return;
    slots = mmap(NULL, MOST_THREADS * sizeof *slots, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (slots == MAP_FAILED)
        slots = NULL;
}

static void count(void)
{
    if (!mine) {
        const unsigned i = slots ? atomic_fetch_add(&n_slots, 1) : MOST_THREADS;
        if (i >= MOST_THREADS)
            return;
        mine = &slots[i];
        mine->thread = (uint64_t)gettid();
    }
    mine->calls++;
}

/* The C library has reserved names for these parameters.
 * NOLINTBEGIN(readability-inconsistent-declaration-parameter-name) */
void *malloc(size_t n)
{
    count();
    return __libc_malloc(n);
}

void *calloc(size_t n, size_t size)
{
    count();
    return __libc_calloc(n, size);
}

void *realloc(void *p, size_t n)
{
    count();
    return __libc_realloc(p, n);
}

void *aligned_alloc(size_t align, size_t n)
{
    count();
    return __libc_memalign(align, n);
}

void *memalign(size_t align, size_t n)
{
    count();
    return __libc_memalign(align, n);
}

int posix_memalign(void **out, size_t align, size_t n)
{
    count();
    *out = __libc_memalign(align, n);
    return *out ? 0 : ENOMEM;
}

void free(void *p)
{
    if (p)
        count();
    __libc_free(p);
}
/* NOLINTEND(readability-inconsistent-declaration-parameter-name) */
