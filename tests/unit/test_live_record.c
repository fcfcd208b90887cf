/* Recordings of sordino-live: what is left behind of those that cannot be, and of those that end
 * while the audio thread hangs. */
#include "stream/record.h"

#include "tests/support/cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FLAC_MOST = 8, RATE = 48000, BLOCK = 256 };

typedef struct place {
    char folder[64], path[96];
} place;

static place make_place(const char *name)
{
    place p = {.folder = "/tmp/sordino-record-XXXXXX"};
    assert_non_null(mkdtemp(p.folder));
    snprintf(p.path, sizeof p.path, "%s/%s", p.folder, name);
    return p;
}

static void leave_place(const place *p)
{
    unlink(p->path);
    assert_int_equal(rmdir(p->folder), 0); /* nothing else is in it */
}

static void what_libsndfile_refuses_leaves_no_file(void **state)
{
    static const record_kind kinds[] = {RECORD_AT_ONCE, RECORD_WHOLE};
    (void)state;
    for (int i = 0; i < 2; i++) {
        const place p = make_place("a.flac");
        record *r;
        sordino_error why;
        assert_int_equal(record_open(p.path, kinds[i], false, RATE, FLAC_MOST + 1, &r, &why),
                         SORDINO_UNSUPPORTED);
        assert_null(r);
        assert_int_equal(access(p.path, F_OK), -1);
        leave_place(&p);
    }
}

static void what_libsndfile_refuses_empties_no_file(void **state)
{
    static const char kept[] = "kept";
    char got[sizeof kept] = "";
    const place p = make_place("a.flac");
    record *r;
    sordino_error why;
    (void)state;
    FILE *f = fopen(p.path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(kept, 1, sizeof kept, f), sizeof kept);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(record_open(p.path, RECORD_AT_ONCE, true, RATE, FLAC_MOST + 1, &r, &why),
                     SORDINO_UNSUPPORTED);
    f = fopen(p.path, "rb");
    assert_non_null(f);
    assert_int_equal(fread(got, 1, sizeof got, f), sizeof got);
    fclose(f);
    assert_string_equal(got, kept);
    leave_place(&p);
}

static void a_recording_that_is_discarded_leaves_no_file(void **state)
{
    static const record_kind kinds[] = {RECORD_AT_ONCE, RECORD_WHOLE};
    (void)state;
    for (int i = 0; i < 2; i++) {
        const place p = make_place("a.wav");
        record *r;
        assert_int_equal(record_open(p.path, kinds[i], false, RATE, 1, &r, NULL), SORDINO_OK);
        assert_int_equal(access(p.path, F_OK), kinds[i] == RECORD_AT_ONCE ? 0 : -1);
        record_discard(r);
        assert_int_equal(access(p.path, F_OK), -1);
        leave_place(&p);
    }
}

/* Under AddressSanitizer the last push would be found to write to what was freed. */
static void a_thread_that_hangs_may_write_to_its_tap_for_ever(void **state)
{
    float x[BLOCK];
    const float *const planes[] = {x};
    const place p = make_place("a.wav");
    record *r;
    struct stat at;
    (void)state;
    memset(x, 0, sizeof x);
    assert_int_equal(record_open(p.path, RECORD_AT_ONCE, false, RATE, 1, &r, NULL), SORDINO_OK);
    capture *const t = record_capture(r);
    capture_push(t, planes, BLOCK);
    record_leave_capture(r);
    assert_int_equal(record_close(r, NULL), SORDINO_OK);
    assert_int_equal(stat(p.path, &at), 0);
    assert_true(at.st_size >= (off_t)sizeof x); /* the file is whole all the same */
    capture_push(t, planes, BLOCK);
    assert_int_equal(capture_pushed(t), 2 * BLOCK);
    capture_free(t);
    leave_place(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_libsndfile_refuses_leaves_no_file),
        cmocka_unit_test(what_libsndfile_refuses_empties_no_file),
        cmocka_unit_test(a_recording_that_is_discarded_leaves_no_file),
        cmocka_unit_test(a_thread_that_hangs_may_write_to_its_tap_for_ever),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
