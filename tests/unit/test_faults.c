/* Memory running out: whatever of the public interface allocates says NO_MEM, hands out nothing,
 * and leaks nothing (the sanitizer build sees to the last). The JSON library is left its memory:
 * jansson 2.14 itself leaks, or reads on without a name, when an allocation of its own fails. */
#include "core/model/model.h"

#include "tests/support/cmocka_all.h"
#include "tests/support/failing_alloc.h"
#include "tests/support/models.h"

#include <sordino/sordino.h>

#include <stdlib.h>
#include <string.h>

enum { MOST_ALLOCATIONS = 20000, PROFILE_BINS = 9 };

/* What is tried: returns a status, and whether it handed something out (which it released). */
typedef struct attempt {
    const char *name;
    sordino_status (*run)(const void *arg, bool *gave);
    const void *arg;
} attempt;

/* Fails the first allocation, then the second, and so on, until the attempt needs no more. */
static void starve(const attempt *a)
{
    size_t n;
    for (n = 0; n < MOST_ALLOCATIONS; n++) {
        bool gave = false;
        failing_alloc_arm(n);
        const sordino_status status = a->run(a->arg, &gave);
        if (!failing_alloc_disarm()) {
            if (status != SORDINO_OK || !gave)
                fail_msg("%s: with memory enough, status %d", a->name, (int)status);
            break;
        }
        if (status != SORDINO_NO_MEM || gave)
            fail_msg("%s: allocation %zu failed: status %d, %s", a->name, n, (int)status,
                     gave ? "something was handed out" : "nothing was handed out");
    }
    if (n == 0 || n == MOST_ALLOCATIONS)
        fail_msg("%s: %zu allocations", a->name, n);
    print_message("%s: %zu allocations\n", a->name, n);
}

typedef struct making {
    sordino_config config;
    const sordino_model *model;
} making;

static sordino_status make_denoiser(const void *arg, bool *gave)
{
    const making *m = arg;
    sordino_denoiser *d = (sordino_denoiser *)1;
    sordino_error why = {SORDINO_OK, ""};
    const sordino_status status = sordino_denoiser_new(&m->config, m->model, &d, &why);
    if (status != why.status || (status != SORDINO_OK && !*why.text))
        fail_msg("status %d, but the error says %d: %s", (int)status, (int)why.status, why.text);
    *gave = d != NULL;
    sordino_denoiser_free(d);
    return status;
}

static void try_method(const char *name, sordino_method method, const sordino_model *model)
{
    making m = {.model = model};
    sordino_config_init(&m.config);
    m.config.method = method;
    m.config.channels = 2;
    m.config.min_latency = 100;
    starve(&(attempt){name, make_denoiser, &m});
    m.config.link_channels = false;
    m.config.lag = method == SORDINO_METHOD_KALMAN ? 10 : 0;
    starve(&(attempt){name, make_denoiser, &m});
}

static void a_denoiser_is_made_whole_or_not_at_all(void **state)
{
    (void)state;
    sordino_model *by_bands = test_model_bands(1, 0.1), *by_hops = test_model_wave(4, 2, 1, 0.1);
    try_method("Wiener", SORDINO_METHOD_WIENER, NULL);
    try_method("Kalman", SORDINO_METHOD_KALMAN, NULL);
    try_method("predictor", SORDINO_METHOD_PREDICTOR, NULL);
    try_method("band network", SORDINO_METHOD_NETWORK, by_bands);
    try_method("waveform network", SORDINO_METHOD_NETWORK, by_hops);
    sordino_model_free(by_bands);
    sordino_model_free(by_hops);
}

typedef struct blob {
    const void *bytes;
    size_t size;
} blob;

static sordino_status open_model(const void *arg, bool *gave)
{
    const blob *b = arg;
    sordino_model *model = (sordino_model *)1;
    const sordino_status status = sordino_model_open_bytes(b->bytes, b->size, &model, NULL);
    *gave = model != NULL;
    sordino_model_free(model);
    return status;
}

static void a_model_is_opened_whole_or_not_at_all(void **state)
{
    (void)state;
    sordino_model *models[] = {test_model_bands(2, 0.1), test_model_wave(1, 0, 2, 0.1)};
    for (size_t i = 0; i < 2; i++) {
        void *bytes = NULL;
        blob b = {NULL, 0};
        const metadata_entry names[] = {{(char *)"sordino.name", (char *)"a test"}};
        assert_int_equal(model_serialise(&models[i]->front, models[i]->graph, models[i]->tensors,
                                         names, 1, &bytes, &b.size, NULL),
                         SORDINO_OK);
        b.bytes = bytes;
        starve(&(attempt){"model", open_model, &b});
        free(bytes);
        sordino_model_free(models[i]);
    }
}

static sordino_status make_profile(const void *arg, bool *gave)
{
    sordino_profile *profile = (sordino_profile *)1;
    const sordino_status status = sordino_profile_new(arg, 1, PROFILE_BINS, 8000, &profile, NULL);
    *gave = profile != NULL;
    sordino_profile_free(profile);
    return status;
}

static sordino_status save_profile(const void *arg, bool *gave)
{
    void *bytes = (void *)1;
    size_t size = 0;
    const sordino_status status = sordino_profile_save_bytes(arg, &bytes, &size, NULL);
    *gave = bytes != NULL;
    sordino_profile_free_bytes(bytes);
    return status;
}

static sordino_status open_profile(const void *arg, bool *gave)
{
    const blob *b = arg;
    sordino_profile *profile = (sordino_profile *)1;
    const sordino_status status = sordino_profile_open_bytes(b->bytes, b->size, &profile, NULL);
    *gave = profile != NULL;
    sordino_profile_free(profile);
    return status;
}

static sordino_status get_profile(const void *arg, bool *gave)
{
    sordino_profile *profile = (sordino_profile *)1;
    const sordino_status status = sordino_denoiser_get_profile(arg, &profile, NULL);
    *gave = profile != NULL;
    sordino_profile_free(profile);
    return status;
}

static void a_profile_is_made_whole_or_not_at_all(void **state)
{
    (void)state;
    float psd[PROFILE_BINS];
    for (size_t k = 0; k < PROFILE_BINS; k++)
        psd[k] = 1.0f;
    sordino_profile *profile = NULL;
    assert_int_equal(sordino_profile_new(psd, 1, PROFILE_BINS, 8000, &profile, NULL), SORDINO_OK);
    void *bytes = NULL;
    blob b = {NULL, 0};
    assert_int_equal(sordino_profile_save_bytes(profile, &bytes, &b.size, NULL), SORDINO_OK);
    b.bytes = bytes;
    starve(&(attempt){"profile", make_profile, psd});
    starve(&(attempt){"saving a profile", save_profile, profile});
    starve(&(attempt){"opening a profile", open_profile, &b});
    sordino_profile_free_bytes(bytes);

    const sordino_method methods[] = {SORDINO_METHOD_WIENER, SORDINO_METHOD_KALMAN};
    for (size_t i = 0; i < 2; i++) {
        sordino_denoiser *d = NULL;
        sordino_config config;
        sordino_config_init(&config);
        config.method = methods[i];
        assert_int_equal(sordino_denoiser_new(&config, NULL, &d, NULL), SORDINO_OK);
        sordino_denoiser_set_profile(d, profile);
        starve(&(attempt){"getting a profile", get_profile, d});
        sordino_denoiser_free(d);
    }
    sordino_profile_free(profile);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_denoiser_is_made_whole_or_not_at_all),
        cmocka_unit_test(a_model_is_opened_whole_or_not_at_all),
        cmocka_unit_test(a_profile_is_made_whole_or_not_at_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
