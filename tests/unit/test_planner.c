/* FFTW has one planner for all in a process that use the same copy of it. Here others plan and
 * throw away without pause, as a host or a plugin may, while denoisers are made and released:
 * test-planner, which is linked with the core, and test-planner-loaded LIBRARY PLUGIN, which loads
 * both meanwhile. */
#include "tests/support/cmocka_all.h"

#include <sordino/sordino.h>

#include <fftw3.h>

#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#ifdef LOADED
#include <lv2/core/lv2.h>
#endif

enum { ROUNDS = 150, MOST = 4000 };
static atomic_bool stop;
static atomic_uint planned;

/* The other's thread: sizes of all kinds, by transforms that share the planner's tables. */
static void *plan_without_us(void *nothing)
{
    float *const x = fftwf_malloc(2 * MOST * sizeof *x);
    fftwf_complex *const y = fftwf_malloc(MOST * sizeof *y);
    for (unsigned n = 16; !atomic_load(&stop); n = n * 7 % 3989 + 8) {
        fftwf_plan a = fftwf_plan_r2r_1d((int)n, x, x, FFTW_REDFT10, FFTW_ESTIMATE);
        fftwf_plan b = fftwf_plan_dft_r2c_1d((int)n, x, y, FFTW_ESTIMATE);
        fftwf_destroy_plan(a);
        fftwf_destroy_plan(b);
        atomic_fetch_add(&planned, 1);
    }
    fftwf_free(x);
    fftwf_free(y);
    return nothing;
}

static pthread_t start_other(void)
{
    pthread_t other;
    atomic_store(&stop, false);
    assert_int_equal(pthread_create(&other, NULL, plan_without_us, NULL), 0);
    for (const unsigned before = atomic_load(&planned); atomic_load(&planned) == before;)
        continue;
    return other;
}

static void end_other(pthread_t other)
{
    atomic_store(&stop, true);
    assert_int_equal(pthread_join(other, NULL), 0);
}

/* A rate for each round: a transform of a size that FFTW has not yet a plan for. */
static double rate_of(int round)
{
    return 8000.0 + 97.0 * round;
}

#ifndef LOADED

static void denoisers_are_made_while_others_plan(void **state)
{
    (void)state;
    const pthread_t other = start_other();
    for (int i = 0; i < ROUNDS; i++) {
        sordino_denoiser *d = NULL;
        sordino_config config;
        sordino_config_init(&config);
        config.rate = rate_of(i);
        assert_int_equal(sordino_denoiser_new(&config, NULL, &d, NULL), SORDINO_OK);
        sordino_denoiser_free(d);
    }
    end_other(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(denoisers_are_made_while_others_plan)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

static const char *library_path, *plugin_path;

static void *symbol(void *module, const char *name)
{
    void *const found = dlsym(module, name);
    if (!found)
        fail_msg("%s", dlerror());
    return found;
}

static void *load(const char *path)
{
    void *const module = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!module)
        fail_msg("%s", dlerror());
    return module;
}

static void the_library_is_loaded_and_closed_while_others_plan(void **state)
{
    (void)state;
    const pthread_t other = start_other();
    void *const library = load(library_path);
    void (*init)(sordino_config *, size_t);
    sordino_status (*make)(const sordino_config *, const sordino_model *, sordino_denoiser **,
                           sordino_error *);
    void (*release)(sordino_denoiser *);
    *(void **)&init = symbol(library, "sordino_config_init_size");
    *(void **)&make = symbol(library, "sordino_denoiser_new");
    *(void **)&release = symbol(library, "sordino_denoiser_free");
    for (int i = 0; i < ROUNDS; i++) {
        sordino_denoiser *d = NULL;
        sordino_config config;
        init(&config, sizeof config);
        config.rate = rate_of(i);
        assert_int_equal(make(&config, NULL, &d, NULL), SORDINO_OK);
        release(d);
    }
    assert_int_equal(dlclose(library), 0);
    /* What was loaded may have left something in the planner of the others. */
    for (const unsigned before = atomic_load(&planned); atomic_load(&planned) < before + 100;)
        continue;
    end_other(other);
}

static void the_plugin_is_loaded_and_closed_while_others_plan(void **state)
{
    (void)state;
    if (!plugin_path)
        skip();
    const pthread_t other = start_other();
    void *const plugin = load(plugin_path);
    const LV2_Descriptor *(*descriptor)(uint32_t);
    *(void **)&descriptor = symbol(plugin, "lv2_descriptor");
    const LV2_Descriptor *const mono = descriptor(0);
    const LV2_Feature *const none[] = {NULL};
    for (int i = 0; i < ROUNDS / 5; i++) {
        const LV2_Handle instance = mono->instantiate(mono, rate_of(i), "/nowhere/", none);
        assert_non_null(instance);
        mono->cleanup(instance);
    }
    assert_int_equal(dlclose(plugin), 0);
    for (const unsigned before = atomic_load(&planned); atomic_load(&planned) < before + 100;)
        continue;
    end_other(other);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_library_is_loaded_and_closed_while_others_plan),
        cmocka_unit_test(the_plugin_is_loaded_and_closed_while_others_plan),
    };
    library_path = argc > 1 ? argv[1] : NULL;
    plugin_path = argc > 2 ? argv[2] : NULL;
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#endif
