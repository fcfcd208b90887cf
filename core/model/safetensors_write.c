/* Writing: header text first, then one block for everything. */
#include "core/model/safetensors.h"

#include "core/base/bytes.h"
#include "core/base/crc32.h"
#include "core/base/error.h"
#include "core/model/json_text.h"
#include "core/model/printable.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static sordino_status no_memory(sordino_error *why)
{
    return error_set(why, SORDINO_NO_MEM, "Out of memory while writing a model or profile");
}

static int by_key(const void *a, const void *b)
{
    return strcmp((*(const metadata_entry *const *)a)->key,
                  (*(const metadata_entry *const *)b)->key);
}

static int by_name(const void *a, const void *b)
{
    return strcmp((*(const tensor *const *)a)->name, (*(const tensor *const *)b)->name);
}

static void put_metadata(json_text *t, const metadata_entry *const *sorted, size_t n)
{
    json_text_raw(t, "{\"__metadata__\":{");
    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            json_text_char(t, ',');
        json_text_string(t, sorted[i]->key);
        json_text_char(t, ':');
        json_text_string(t, sorted[i]->value);
    }
    json_text_char(t, '}');
}

static size_t values(const tensor *x)
{
    size_t n = 1;
    for (uint32_t i = 0; i < x->n_dims; i++)
        n *= x->dims[i];
    return n;
}

static void put_tensor(json_text *t, const tensor *x, size_t *at)
{
    const size_t end = *at + sizeof(float) * values(x);
    json_text_char(t, ',');
    json_text_string(t, x->name);
    json_text_raw(t, ":{\"data_offsets\":[");
    json_text_number(t, (double)*at);
    json_text_char(t, ',');
    json_text_number(t, (double)end);
    json_text_raw(t, "],\"dtype\":\"F32\",\"shape\":[");
    for (uint32_t i = 0; i < x->n_dims; i++) {
        if (i > 0)
            json_text_char(t, ',');
        json_text_number(t, x->dims[i]);
    }
    json_text_raw(t, "]}");
    *at = end;
}

/* The check of all tensors' little-endian bytes, in pieces that fit the stack. */
static uint32_t crc_of(const tensor *const *sorted, size_t n)
{
    unsigned char piece[4096];
    uint32_t crc = 0;
    for (size_t i = 0; i < n; i++) {
        const size_t n_values = values(sorted[i]);
        for (size_t k = 0, fill = 0; k < n_values; k++) {
            store_le32(piece + fill, float_to_bits(sorted[i]->data[k]));
            fill += 4;
            if (fill == sizeof piece || k + 1 == n_values) {
                crc = crc32_update(crc, piece, fill);
                fill = 0;
            }
        }
    }
    return crc;
}

/* One block: length, header, spaces, data. */
static sordino_status assemble(const json_text *header, const tensor *const *sorted, size_t n,
                               size_t data_bytes, void **out_bytes, size_t *out_size,
                               sordino_error *why)
{
    const size_t padded = (header->n + 7) / 8 * 8;
    if (padded > SAFETENSORS_MAX_HEADER)
        return error_set(why, SORDINO_BAD_ARG, "The header has %zu bytes; the limit is %d", padded,
                         SAFETENSORS_MAX_HEADER);
    unsigned char *const bytes = malloc(8 + padded + data_bytes);
    if (!bytes)
        return no_memory(why);
    store_le64(bytes, padded);
    memcpy(bytes + 8, header->text, header->n);
    memset(bytes + 8 + header->n, ' ', padded - header->n);
    unsigned char *to = bytes + 8 + padded;
    for (size_t i = 0; i < n; i++) {
        const size_t n_values = values(sorted[i]);
        for (size_t k = 0; k < n_values; k++, to += 4)
            store_le32(to, float_to_bits(sorted[i]->data[k]));
    }
    *out_bytes = bytes;
    *out_size = 8 + padded + data_bytes;
    return SORDINO_OK;
}

static sordino_status check_limits(const tensor *tensors, size_t n_tensors, size_t n_metadata,
                                   sordino_error *why)
{
    uint64_t total = 0;
    if (n_tensors > SAFETENSORS_MAX_TENSORS)
        return error_set(why, SORDINO_BAD_ARG, "There are %zu tensors; the limit is %d", n_tensors,
                         SAFETENSORS_MAX_TENSORS);
    if (n_metadata >= SAFETENSORS_MAX_METADATA)
        return error_set(why, SORDINO_BAD_ARG, "There are %zu metadata entries; the limit is %d",
                         n_metadata, SAFETENSORS_MAX_METADATA - 1);
    for (size_t i = 0; i < n_tensors; i++) {
        uint64_t n = 1;
        for (uint32_t k = 0; k < tensors[i].n_dims && n <= SAFETENSORS_MAX_VALUES; k++)
            n *= tensors[i].dims[k];
        total += n;
        if (n > SAFETENSORS_MAX_VALUES || total > SAFETENSORS_MAX_VALUES)
            return error_set(why, SORDINO_BAD_ARG,
                             "The tensors hold more than %d values, the limit",
                             SAFETENSORS_MAX_VALUES);
    }
    return SORDINO_OK;
}

/* Sorts pointers to the entries, `crc` in place of one with its key; returns how many. */
static size_t sort_metadata(const metadata_entry *metadata, size_t n, const metadata_entry *crc,
                            const metadata_entry **sorted)
{
    size_t kept = 0;
    for (size_t i = 0; i < n; i++)
        if (strcmp(metadata[i].key, crc->key) != 0)
            sorted[kept++] = &metadata[i];
    sorted[kept++] = crc;
    qsort(sorted, kept, sizeof *sorted, by_key);
    return kept;
}

sordino_status safetensors_write(const tensor *tensors, size_t n_tensors,
                                 const metadata_entry *metadata, size_t n_metadata,
                                 void **out_bytes, size_t *out_size, sordino_error *why)
{
    char crc_key[] = "sordino.crc32", crc_value[9];
    const metadata_entry crc = {crc_key, crc_value};
    const metadata_entry *sorted_metadata[SAFETENSORS_MAX_METADATA];
    json_text header = {0};
    size_t data_bytes = 0;
    *out_bytes = NULL;
    *out_size = 0;
    sordino_status status = check_limits(tensors, n_tensors, n_metadata, why);
    if (status)
        return status;
    const tensor **const sorted = malloc((n_tensors + 1) * sizeof *sorted);
    if (!sorted)
        return no_memory(why);
    for (size_t i = 0; i < n_tensors; i++)
        sorted[i] = &tensors[i];
    qsort(sorted, n_tensors, sizeof *sorted, by_name);
    snprintf(crc_value, sizeof crc_value, "%08lx", (unsigned long)crc_of(sorted, n_tensors));
    const size_t kept = sort_metadata(metadata, n_metadata, &crc, sorted_metadata);
    put_metadata(&header, sorted_metadata, kept);
    for (size_t i = 1; i < kept && !status; i++)
        if (strcmp(sorted_metadata[i - 1]->key, sorted_metadata[i]->key) == 0)
            status = error_set(why, SORDINO_BAD_ARG, "Metadata \"%s\" is given twice",
                               printable_name(sorted_metadata[i]->key).text);
    for (size_t i = 0; i < n_tensors; i++)
        put_tensor(&header, sorted[i], &data_bytes);
    json_text_char(&header, '}');
    if (!status)
        status = header.failed
                     ? no_memory(why)
                     : assemble(&header, sorted, n_tensors, data_bytes, out_bytes, out_size, why);
    free(header.text);
    free(sorted);
    return status;
}
