/*
 * Runs a fuzz target without libFuzzer: on every file of a folder, then on a number of random
 * changes of them, the same each time for one seed.
 *
 *     fuzz-model FOLDER [RUNS]
 */
#include "tests/fuzz/fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_FILES = 1024, MAX_BYTES = 16384 };

typedef struct input {
    char name[256];
    uint8_t *data;
    size_t size;
} input;

static input files[MAX_FILES];
static size_t n_files;
static uint64_t random_state;

/* Absent in targets that are content with LLVMFuzzerMutate. */
#pragma weak LLVMFuzzerCustomMutator

/* Steele, Lea & Flood 2014, "Fast splittable pseudorandom number generators" (SplitMix64). */
static uint64_t random_bits(void)
{
    uint64_t z = random_state += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

static size_t random_below(size_t n)
{
    return n ? (size_t)(random_bits() % n) : 0;
}

static size_t insert(uint8_t *data, size_t size, size_t max_size, const uint8_t *what, size_t n)
{
    const size_t at = random_below(size + 1);
    if (n > max_size - size)
        return size;
    memmove(data + at + n, data + at, size - at);
    memcpy(data + at, what, n);
    return size + n;
}

static size_t insert_from_another(uint8_t *data, size_t size, size_t max_size)
{
    const input *const other = &files[random_below(n_files)];
    const size_t from = random_below(other->size);
    const size_t n = random_below(other->size - from < 32 ? other->size - from : 32) + 1;
    return from + n <= other->size ? insert(data, size, max_size, other->data + from, n) : size;
}

static size_t erase(uint8_t *data, size_t size)
{
    const size_t at = random_below(size);
    const size_t n = random_below(size - at < 16 ? size - at : 16) + 1;
    memmove(data + at, data + at + n, size - at - n);
    return size - n;
}

/* A number in text becomes another: the most telling change in JSON. */
static void change_digit(uint8_t *data, size_t size)
{
    const size_t start = random_below(size);
    for (size_t i = 0; i < size; i++) {
        uint8_t *const c = &data[(start + i) % size];
        if (*c >= '0' && *c <= '9') {
            *c = (uint8_t)('0' + random_below(10));
            return;
        }
    }
}

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size)
{
    uint8_t byte = (uint8_t)random_bits();
    if (size == 0)
        return insert(data, size, max_size, &byte, 1);
    switch (random_below(6)) {
    case 0:
        data[random_below(size)] ^= (uint8_t)(1u << random_below(8));
        return size;
    case 1:
        data[random_below(size)] = byte;
        return size;
    case 2:
        return insert(data, size, max_size, &byte, 1);
    case 3:
        return insert_from_another(data, size, max_size);
    case 4:
        return erase(data, size);
    default:
        change_digit(data, size);
        return size;
    }
}

static size_t change(uint8_t *data, size_t size)
{
    if (LLVMFuzzerCustomMutator)
        return LLVMFuzzerCustomMutator(data, size, MAX_BYTES, (unsigned int)random_bits());
    return LLVMFuzzerMutate(data, size, MAX_BYTES);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const input *)a)->name, ((const input *)b)->name);
}

static void read_file(const char *folder, const char *name)
{
    char path[1024];
    input *const f = &files[n_files];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *const from = fopen(path, "rb");
    f->data = malloc(MAX_BYTES);
    if (!from || !f->data) {
        fprintf(stderr, "replay: %s: cannot be read\n", path);
        exit(1);
    }
    f->size = fread(f->data, 1, MAX_BYTES, from);
    fclose(from);
    snprintf(f->name, sizeof f->name, "%s", name);
    n_files++;
}

static void read_folder(const char *folder)
{
    DIR *const dir = opendir(folder);
    const struct dirent *entry;
    while (dir && n_files < MAX_FILES && (entry = readdir(dir)))
        if (entry->d_name[0] != '.')
            read_file(folder, entry->d_name);
    if (dir)
        closedir(dir);
    qsort(files, n_files, sizeof *files, by_name);
}

/* A copy of exactly the input's size, so that a sanitizer sees the first byte beyond. */
static void run(const uint8_t *data, size_t size)
{
    uint8_t *const copy = malloc(size ? size : 1);
    if (!copy)
        exit(1);
    memcpy(copy, data, size);
    LLVMFuzzerTestOneInput(copy, size);
    free(copy);
}

int main(int argc, char **argv)
{
    static uint8_t work[MAX_BYTES];
    const char *const seed = getenv("SORDINO_TEST_SEED");
    const unsigned long runs = argc > 2 ? strtoul(argv[2], NULL, 10) : 0;
    random_state = seed ? strtoull(seed, NULL, 10) : 1;
    if (argc > 1)
        read_folder(argv[1]);
    if (n_files == 0) {
        fprintf(stderr, "usage: %s FOLDER [RUNS]; the folder must hold files\n", argv[0]);
        return 2;
    }
    printf("%zu files, %lu changes of them, seed %llu\n", n_files, runs,
           (unsigned long long)random_state);
    for (size_t i = 0; i < n_files; i++)
        run(files[i].data, files[i].size);
    for (unsigned long i = 0; i < runs; i++) {
        const input *const f = &files[random_below(n_files)];
        size_t size = f->size;
        memcpy(work, f->data, size);
        for (size_t n = random_below(4) + 1; n > 0; n--)
            size = change(work, size);
        run(work, size);
    }
    for (size_t i = 0; i < n_files; i++)
        free(files[i].data);
    return 0;
}
