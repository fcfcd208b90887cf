#include "tests/support/model_bytes.h"

#include "tests/support/cmocka_all.h"

#include "core/base/bytes.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

file file_of(const char *header, const void *data, size_t data_bytes)
{
    const size_t length = strlen(header), padded = (length + 7) / 8 * 8;
    file f = {malloc(8 + padded + data_bytes), 8 + padded + data_bytes};
    assert_non_null(f.bytes);
    store_le64(f.bytes, padded);
    memset(f.bytes + 8, ' ', padded);
    memcpy(f.bytes + 8, header, length);
    memcpy(f.bytes + 8 + padded, data, data_bytes);
    return f;
}

file file_with(const char *format, const char *graph_json, const char *front_json,
               const tensor *tensors, size_t n)
{
    char keys[4][20] = {"sordino.format", "sordino.kind", "sordino.graph", "sordino.front_end"};
    char kind[] = "model";
    char *const values[4] = {(char *)(uintptr_t)format, kind, (char *)(uintptr_t)graph_json,
                             (char *)(uintptr_t)front_json};
    metadata_entry metadata[4];
    size_t n_metadata = 0;
    file f;
    for (int i = 0; i < 4; i++)
        if (values[i])
            metadata[n_metadata++] = (metadata_entry){keys[i], values[i]};
    assert_int_equal(
        safetensors_write(tensors, n, metadata, n_metadata, (void **)&f.bytes, &f.size, NULL),
        SORDINO_OK);
    return f;
}

const char dense_graph[] =
    GRAPH(2, "{\"inputs\":[\"input\"],\"name\":\"d\",\"op\":\"dense\",\"out\":2},"
             "{\"inputs\":[\"d\"],\"name\":\"t\",\"op\":\"tanh\"}");
static float dense_weight[4] = {1.0f, 0.5f, -0.25f, 0.125f}, dense_bias[2] = {0.1f, -0.1f};
const tensor dense_tensors[2] = {
    {.name = "d.bias", .n_dims = 1, .dims = {2}, .data = dense_bias},
    {.name = "d.weight", .n_dims = 2, .dims = {2, 2}, .data = dense_weight},
};

file dense_file(void)
{
    return file_with("1.0", dense_graph, WAVE(2), dense_tensors, 2);
}

file slow_file(void)
{
    enum { WIDE = 2048 };
    static const char slow_graph[] =
        GRAPH(1, "{\"inputs\":[\"input\"],\"name\":\"a\",\"op\":\"dense\",\"out\":2048},"
                 "{\"inputs\":[\"a\"],\"name\":\"b\",\"op\":\"dense\",\"out\":2048},"
                 "{\"inputs\":[\"b\"],\"name\":\"c\",\"op\":\"dense\",\"out\":1}");
    static const char front[] =
        "{\"hop_samples\":1,\"kind\":\"wave\",\"lag_samples\":0,\"predicts_noise\":true,"
        "\"rate\":0,\"scale_time\":1000}";
    float *const zeros = calloc((size_t)WIDE * WIDE, sizeof *zeros);
    assert_non_null(zeros);
    const tensor tensors[] = {
        {.name = "a.bias", .n_dims = 1, .dims = {WIDE}, .data = zeros},
        {.name = "a.weight", .n_dims = 2, .dims = {WIDE, 1}, .data = zeros},
        {.name = "b.bias", .n_dims = 1, .dims = {WIDE}, .data = zeros},
        {.name = "b.weight", .n_dims = 2, .dims = {WIDE, WIDE}, .data = zeros},
        {.name = "c.bias", .n_dims = 1, .dims = {1}, .data = zeros},
        {.name = "c.weight", .n_dims = 2, .dims = {1, WIDE}, .data = zeros},
    };
    const file f = file_with("1.0", slow_graph, front, tensors, sizeof tensors / sizeof *tensors);
    free(zeros);
    return f;
}

sordino_model *opened(const file *f)
{
    sordino_model *m;
    sordino_error why = {SORDINO_OK, ""};
    if (sordino_model_open_bytes(f->bytes, f->size, &m, &why) != SORDINO_OK)
        fail_msg("%s", why.text);
    return m;
}
