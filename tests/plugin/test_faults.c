/* Memory running out while an instance is made, and while a model is loaded: an instance is made
 * whole or not at all, a model that cannot be made leaves the one before, and nothing leaks. */
#include "plugin/change.h"
#include "plugin/instance.h"
#include "tests/support/failing_alloc.h"
#include "tests/support/model_bytes.h"

#include "tests/support/cmocka_all.h"

#include <lv2/core/lv2.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MOST_ALLOCATIONS = 5000 };

static const char *golden;

static LV2_URID map_uri(LV2_URID_Map_Handle handle, const char *uri)
{
    (void)handle;
    return (LV2_URID)strlen(uri);
}

static LV2_URID_Map map = {NULL, map_uri};
static const LV2_Feature map_feature = {LV2_URID__map, &map};
static const LV2_Feature *const host_features[] = {&map_feature, NULL};

static void an_instance_is_made_whole_or_not_at_all(void **state)
{
    (void)state;
    for (uint32_t index = 0; index < 2; index++) {
        const LV2_Descriptor *d = lv2_descriptor(index);
        size_t n;
        for (n = 0; n < MOST_ALLOCATIONS; n++) {
            failing_alloc_arm(n);
            LV2_Handle handle = d->instantiate(d, 48000.0, "/nowhere/sordino.lv2/", host_features);
            const bool failed = failing_alloc_disarm();
            if (handle)
                d->cleanup(handle);
            assert_true(failed == !handle);
            if (!failed)
                break;
        }
        print_message("%s: %zu allocations\n", d->URI, n);
        assert_true(n > 20 && n < MOST_ALLOCATIONS);
    }
}

static void a_model_is_made_whole_or_not_at_all(void **state)
{
    (void)state;
    instance *x = instance_new(1, 48000.0, NULL, host_features);
    assert_non_null(x);
    char path[1024], hash[MODEL_HASH_SIZE], report[REPORT_SIZE];
    snprintf(path, sizeof path, "%s/net-frequency.safetensors", golden);
    size_t n;
    for (n = 0; n < MOST_ALLOCATIONS; n++) {
        network *made;
        failing_alloc_arm(n);
        const bool loaded = change_load(x, path, &made, hash, report);
        const bool failed = failing_alloc_disarm();
        assert_true(failed == !loaded && loaded == (made != NULL));
        if (failed)
            assert_non_null(strstr(report, "emory"));
        network_free(made);
        if (!failed)
            break;
    }
    assert_true(n > 20 && n < MOST_ALLOCATIONS);
    instance_free(x);
}

/* Thirty times too slow at the least, and so on any machine, however busy. */
static void a_model_that_cannot_keep_up_is_refused(void **state)
{
    (void)state;
    instance *x = instance_new(1, 192000.0, NULL, host_features);
    assert_non_null(x);
    char path[] = "/tmp/sordino-slow-XXXXXX", hash[MODEL_HASH_SIZE], report[REPORT_SIZE];
    file f = slow_file();
    const int fd = mkstemp(path);
    assert_true(fd >= 0 && write(fd, f.bytes, f.size) == (ssize_t)f.size);
    close(fd);
    free(f.bytes);
    network *made;
    assert_false(change_load(x, path, &made, hash, report));
    unlink(path);
    assert_null(made);
    assert_non_null(strstr(report, "s of a core for each second of sound at 192000 Hz"));
    instance_free(x);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_instance_is_made_whole_or_not_at_all),
        cmocka_unit_test(a_model_is_made_whole_or_not_at_all),
        cmocka_unit_test(a_model_that_cannot_keep_up_is_refused),
    };
    if (argc != 2)
        return 2;
    golden = argv[1];
    return cmocka_run_group_tests(tests, NULL, NULL);
}
