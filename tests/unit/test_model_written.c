/* Model files that are written, that come to harm, and that are of the past. */
#include "tests/support/model_bytes.h"

#include "core/model/graph_text.h"

#include "tests/support/cmocka_all.h"
#include "tests/support/failing_alloc.h"

#include "core/base/bytes.h"

#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- writing ---- */

static file saved(const sordino_model *m)
{
    file f;
    sordino_error why = {SORDINO_OK, ""};
    if (model_serialise(&m->front, m->graph, m->tensors, m->metadata, m->n_metadata,
                        (void **)&f.bytes, &f.size, &why) != SORDINO_OK)
        fail_msg("%s", why.text);
    return f;
}

static void check_save_load_save(const file *f)
{
    sordino_model *const m = opened(f);
    const file first = saved(m);
    sordino_model *const again = opened(&first);
    const file second = saved(again);
    assert_int_equal(first.size, second.size);
    assert_memory_equal(first.bytes, second.bytes, first.size);
    assert_true(graph_hash(m->graph) == graph_hash(again->graph));
    assert_memory_equal(&m->front, &again->front, sizeof m->front);
    sordino_model_free(m);
    sordino_model_free(again);
    free(first.bytes);
    free(second.bytes);
}

static void check_both_fronts(void)
{
    const file wave = dense_file();
    check_save_load_save(&wave);
    free(wave.bytes);
    const file taps =
        file_with("1.0", GRAPH(4, RELU),
                  STFT_FRONT("0.02", "0.01", "[0,123.456]",
                             "[{\"kind\":\"log_snr\",\"high\":0.1,\"low\":-3e-7,\"offset\":-0.0,"
                             "\"scale\":1e-2},{\"bins\":1,\"kind\":\"phase_advance\"}]",
                             "0.1", "1.5", "1", "1"),
                  NULL, 0);
    check_save_load_save(&taps);
    free(taps.bytes);
}

static void saving_loading_and_saving_gives_the_same_bytes(void **state)
{
    (void)state;
    check_both_fronts();
}

static void attributes_are_written_in_byte_order(void **state)
{
    (void)state;
    const graph_attr attrs[] = {{"out", 4}, {"kernel", 1}, {"groups", 4}, {"bias", 0}};
    const char *const inputs[] = {"input"};
    json_text t = {0};
    graph *g;
    assert_int_equal(graph_new(4, &g, NULL), SORDINO_OK);
    assert_int_equal(graph_add(g, "c", "conv1d", inputs, 1, attrs, 4, NULL), SORDINO_OK);
    graph_text_write(&t, g);
    json_text_char(&t, '\0');
    assert_string_equal(
        t.text, "{\"input\":4,\"nodes\":[{\"bias\":0,\"dilation\":1,\"groups\":4,\"inputs\":"
                "[\"input\"],\"kernel\":1,\"name\":\"c\",\"op\":\"conv1d\","
                "\"out\":4}]}");
    free(t.text);
    graph_free(g);
}

static void a_header_is_padded_with_the_fewest_spaces(void **state)
{
    (void)state;
    char key[] = "k";
    for (int length = 0; length < 16; length++) {
        char value[17] = "";
        memset(value, 'v', (size_t)length);
        const metadata_entry metadata[] = {{key, value}};
        unsigned char *bytes;
        size_t size;
        assert_int_equal(safetensors_write(NULL, 0, metadata, 1, (void **)&bytes, &size, NULL),
                         SORDINO_OK);
        const char *const header = "{\"__metadata__\":{\"k\":\"\",\"sordino.crc32\":\"00000000\"}}";
        assert_int_equal(size, 8 + (strlen(header) + (size_t)length + 7) / 8 * 8);
        assert_int_equal(load_le64(bytes), size - 8);
        free(bytes);
    }
}

static void a_locale_with_a_decimal_comma_changes_nothing(void **state)
{
    (void)state;
    static const char *const commas[] = {"de_DE.UTF-8", "fr_FR.UTF-8", "de_DE.utf8", "de_DE"};
    const file plain = dense_file();
    const char *found = NULL;
    for (size_t i = 0; i < sizeof commas / sizeof commas[0] && !found; i++)
        found = setlocale(LC_NUMERIC, commas[i]);
    if (!found) {
        free(plain.bytes);
        print_message("no locale with a decimal comma is installed\n");
        skip();
    }
    sordino_model *const m = opened(&plain);
    assert_true(m->front.rate == 5.5);
    const file again = saved(m);
    setlocale(LC_NUMERIC, "C");
    const file in_c = saved(m);
    assert_int_equal(again.size, in_c.size);
    assert_memory_equal(again.bytes, in_c.bytes, again.size);
    sordino_model_free(m);
    free(plain.bytes);
    free(again.bytes);
    free(in_c.bytes);
}

static void the_writer_refuses_what_could_not_be_read(void **state)
{
    (void)state;
    const file f = dense_file();
    sordino_model *const m = opened(&f);
    char key[] = "k", twice[] = "k", value[] = "v", no_utf8[] = "\xFF";
    const metadata_entry doubled[] = {{key, value}, {twice, value}}, broken[] = {{key, no_utf8}};
    sordino_error why;
    void *bytes;
    size_t size;
    assert_int_equal(
        model_serialise(&m->front, m->graph, m->tensors, doubled, 2, &bytes, &size, &why),
        SORDINO_BAD_ARG);
    assert_string_equal(why.text, "Metadata \"k\" is given twice");
    assert_null(bytes);
    assert_int_equal(
        model_serialise(&m->front, m->graph, m->tensors, broken, 1, &bytes, &size, &why),
        SORDINO_BAD_ARG);
    assert_null(bytes);
    assert_int_equal(model_serialise(&m->front, m->graph, m->tensors, NULL, 0, &bytes, &size, &why),
                     SORDINO_OK);
    free(bytes);
    front_spec bad = m->front;
    bad.hop_samples = 3;
    assert_int_equal(model_serialise(&bad, m->graph, m->tensors, NULL, 0, &bytes, &size, &why),
                     SORDINO_BAD_ARG);
    assert_string_equal(why.text,
                        "The graph's input is 2 wide; the front end gives 3 values a frame");
    m->tensors->items[0].data[0] = INFINITY;
    assert_int_equal(model_serialise(&m->front, m->graph, m->tensors, NULL, 0, &bytes, &size, &why),
                     SORDINO_BAD_ARG);
    assert_string_equal(why.text, "Tensor \"d.bias\": value 0 is not finite");
    assert_int_equal(why.status, SORDINO_BAD_ARG);
    sordino_model_free(m);
    free(f.bytes);
}

static void a_file_takes_and_gives_a_model(void **state)
{
    (void)state;
    char path[] = "/tmp/sordino-model-XXXXXX";
    const int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    const file f = dense_file();
    sordino_model *m;
    sordino_error why;
    assert_int_equal(model_write_path(path, f.bytes, f.size, &why), SORDINO_OK);
    assert_int_equal(sordino_model_open_path(path, &m, &why), SORDINO_OK);
    assert_int_equal(sordino_model_parameters(m), 6);
    sordino_model_free(m);
    free(f.bytes);
    assert_int_equal(unlink(path), 0);
}

/* ---- damage ---- */

/* In a block of exactly its size, so that a sanitizer sees the first byte beyond. */
static sordino_status open_copy(const unsigned char *bytes, size_t size)
{
    unsigned char *const copy = malloc(size ? size : 1);
    sordino_model *m;
    assert_non_null(copy);
    memcpy(copy, bytes, size);
    const sordino_status status = sordino_model_open_bytes(copy, size, &m, NULL);
    assert_true((status == SORDINO_OK) == (m != NULL));
    sordino_model_free(m);
    free(copy);
    return status;
}

static void a_file_cut_anywhere_is_refused(void **state)
{
    (void)state;
    const file f = dense_file();
    for (size_t n = 0; n < f.size; n++)
        assert_int_not_equal(open_copy(f.bytes, n), SORDINO_OK);
    assert_int_equal(open_copy(f.bytes, f.size), SORDINO_OK);
    free(f.bytes);
}

static void a_flipped_bit_never_crashes_and_a_weights_is_noticed(void **state)
{
    (void)state;
    const file f = dense_file();
    const size_t data = 8 + (size_t)load_le64(f.bytes);
    for (size_t bit = 0; bit < 8 * f.size; bit++) {
        f.bytes[bit / 8] ^= (unsigned char)(1u << bit % 8);
        const sordino_status status = open_copy(f.bytes, f.size);
        if (bit / 8 >= data)
            assert_int_equal(status, SORDINO_BAD_MODEL);
        f.bytes[bit / 8] ^= (unsigned char)(1u << bit % 8);
    }
    free(f.bytes);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    const file f = dense_file();
    sordino_model *m;
    size_t n = 0;
    for (;; n++) {
        failing_alloc_arm(n);
        const sordino_status status = sordino_model_open_bytes(f.bytes, f.size, &m, NULL);
        if (!failing_alloc_disarm()) {
            assert_int_equal(status, SORDINO_OK);
            break;
        }
        assert_int_equal(status, SORDINO_NO_MEM);
        assert_null(m);
    }
    assert_true(n > 10);
    for (n = 0;; n++) {
        void *bytes;
        size_t size;
        failing_alloc_arm(n);
        const sordino_status status = model_serialise(&m->front, m->graph, m->tensors, m->metadata,
                                                      m->n_metadata, &bytes, &size, NULL);
        if (!failing_alloc_disarm()) {
            assert_int_equal(status, SORDINO_OK);
            free(bytes);
            break;
        }
        assert_int_equal(status, SORDINO_NO_MEM);
        assert_null(bytes);
    }
    assert_true(n > 10);
    sordino_model_free(m);
    free(f.bytes);
}

/* ---- files of the past ---- */

static void every_released_format_loads(void **state)
{
    (void)state;
    static const char *const names[] = {"wave-1.0.safetensors", "stft-1.0.safetensors",
                                        "stft-1.1.safetensors"};
    const char *const folder = getenv("SORDINO_TEST_DATA");
    if (!folder)
        skip();
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char path[1024];
        sordino_model *m;
        sordino_error why = {SORDINO_OK, ""};
        void *bytes;
        file f;
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        if (sordino_model_open_path(path, &m, &why) != SORDINO_OK)
            fail_msg("%s: %s", names[i], why.text);
        assert_memory_equal(sordino_model_metadata(m, "sordino.format"), strchr(names[i], '1'), 3);
        /* These were written by reference.py: both writers agree to the byte. */
        f = saved(m);
        size_t size;
        assert_int_equal(model_read_path(path, SAFETENSORS_MAX_BYTES, &bytes, &size, &why),
                         SORDINO_OK);
        assert_int_equal(size, f.size);
        assert_memory_equal(bytes, f.bytes, size);
        free(bytes);
        free(f.bytes);
        sordino_model_free(m);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(saving_loading_and_saving_gives_the_same_bytes),
        cmocka_unit_test(attributes_are_written_in_byte_order),
        cmocka_unit_test(a_header_is_padded_with_the_fewest_spaces),
        cmocka_unit_test(a_locale_with_a_decimal_comma_changes_nothing),
        cmocka_unit_test(the_writer_refuses_what_could_not_be_read),
        cmocka_unit_test(a_file_takes_and_gives_a_model),
        cmocka_unit_test(a_file_cut_anywhere_is_refused),
        cmocka_unit_test(a_flipped_bit_never_crashes_and_a_weights_is_noticed),
        cmocka_unit_test(every_allocation_may_fail),
        cmocka_unit_test(every_released_format_loads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
