/* Reading. Every length is checked against what is left before it is used, and sums are formed only
 * of numbers already known to be small. */
#include "core/model/safetensors.h"

#include "core/base/bytes.h"
#include "core/base/crc32.h"
#include "core/base/error.h"
#include "core/model/json_node.h"
#include "core/model/printable.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    size_t bytes;
} types[] = {
    [SAFETENSORS_F32] = {"F32", 4},
    [SAFETENSORS_F16] = {"F16", 2},
    [SAFETENSORS_BF16] = {"BF16", 2},
};

static sordino_status no_memory(sordino_error *why)
{
    return error_set(why, SORDINO_NO_MEM, "Out of memory while reading a model or profile");
}

static char *copy_text(const char *text)
{
    const size_t n = strlen(text) + 1;
    char *const copy = malloc(n);
    if (copy)
        memcpy(copy, text, n);
    return copy;
}

/* Finds the header's text; `*data` and `*data_bytes` become what follows it. */
static sordino_status find_header(const unsigned char *bytes, size_t size, size_t *header_bytes,
                                  sordino_error *why)
{
    if (size < 8)
        return error_set(why, SORDINO_BAD_MODEL,
                         "The file has %zu bytes; a safetensors file has at least 8", size);
    const uint64_t n = load_le64(bytes);
    if (n > SAFETENSORS_MAX_HEADER)
        return error_set(why, SORDINO_BAD_MODEL,
                         "The header would be %" PRIu64 " bytes long; the limit is %d", n,
                         SAFETENSORS_MAX_HEADER);
    if (n > size - 8)
        return error_set(why, SORDINO_BAD_MODEL,
                         "The header is %" PRIu64 " bytes long, but only %zu bytes follow", n,
                         size - 8);
    if (n % 8 != 0)
        return error_set(why, SORDINO_BAD_MODEL,
                         "The header is %" PRIu64 " bytes long; it must be padded with spaces to a "
                         "multiple of 8",
                         n);
    if (n == 0 || bytes[8] != '{')
        return error_set(why, SORDINO_BAD_MODEL, "The header does not begin with \"{\"");
    *header_bytes = (size_t)n;
    return SORDINO_OK;
}

static sordino_status read_type(const json_node *v, safetensors_entry *e, sordino_error *why)
{
    const char *const name = json_node_text(v);
    if (!name)
        return error_set(why, SORDINO_BAD_MODEL, "Tensor \"%s\": \"dtype\" is missing or no text",
                         printable_name(e->name).text);
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (strcmp(types[i].name, name) == 0) {
            e->type = (safetensors_type)i;
            return SORDINO_OK;
        }
    return error_set(why, SORDINO_UNSUPPORTED,
                     "Tensor \"%s\" has dtype \"%s\"; F32, F16 and BF16 can be read",
                     printable_name(e->name).text, printable_name(name).text);
}

static sordino_status read_shape(const json_node *v, safetensors_entry *e, sordino_error *why)
{
    const size_t n = json_node_is_array(v) ? json_node_size(v) : 0;
    if (n < 1 || n > TENSOR_MAX_DIMS)
        return error_set(why, SORDINO_BAD_MODEL,
                         "Tensor \"%s\" has %zu dimensions; it must have 1 to %d",
                         printable_name(e->name).text, n, TENSOR_MAX_DIMS);
    e->n_dims = (uint32_t)n;
    e->n_values = 1;
    for (size_t i = 0; i < n; i++) {
        uint64_t dim;
        if (!json_node_count(json_node_item(v, i), &dim) || dim < 1 || dim > SAFETENSORS_MAX_VALUES)
            return error_set(why, SORDINO_BAD_MODEL,
                             "Tensor \"%s\": dimension %zu is not a whole number in 1..%d",
                             printable_name(e->name).text, i, SAFETENSORS_MAX_VALUES);
        if (dim > SAFETENSORS_MAX_VALUES / e->n_values)
            return error_set(why, SORDINO_BAD_MODEL,
                             "Tensor \"%s\" holds too many values; the limit is %d",
                             printable_name(e->name).text, SAFETENSORS_MAX_VALUES);
        e->dims[i] = (uint32_t)dim;
        e->n_values *= (size_t)dim;
    }
    return SORDINO_OK;
}

static sordino_status read_offsets(const json_node *v, size_t data_bytes, safetensors_entry *e,
                                   sordino_error *why)
{
    const size_t each = types[e->type].bytes;
    uint64_t begin, end;
    if (!json_node_is_array(v) || json_node_size(v) != 2 ||
        !json_node_count(json_node_item(v, 0), &begin) ||
        !json_node_count(json_node_item(v, 1), &end))
        return error_set(why, SORDINO_BAD_MODEL,
                         "Tensor \"%s\": \"data_offsets\" must be two whole numbers",
                         printable_name(e->name).text);
    if (begin > end || end > data_bytes)
        return error_set(why, SORDINO_BAD_MODEL,
                         "Tensor \"%s\" lies at bytes %" PRIu64 " to %" PRIu64 " of %zu",
                         printable_name(e->name).text, begin, end, data_bytes);
    if (begin % each != 0)
        return error_set(why, SORDINO_BAD_MODEL,
                         "Tensor \"%s\" begins at byte %" PRIu64 ", which is no multiple of its "
                         "value's size, %zu",
                         printable_name(e->name).text, begin, each);
    if (end - begin != (uint64_t)e->n_values * each)
        return error_set(why, SORDINO_BAD_MODEL,
                         "Tensor \"%s\" has %" PRIu64 " bytes; its shape needs %zu",
                         printable_name(e->name).text, end - begin, e->n_values * each);
    e->begin = (size_t)begin;
    e->end = (size_t)end;
    return SORDINO_OK;
}

static sordino_status read_entry(const char *name, const json_node *v, size_t data_bytes,
                                 safetensors_entry *e, sordino_error *why)
{
    const size_t length = strlen(name);
    if (length < 1 || length >= TENSOR_MAX_NAME)
        return error_set(why, SORDINO_BAD_MODEL,
                         "Tensor \"%s\": the name has %zu bytes; it must have 1 to %d",
                         printable_name(name).text, length, TENSOR_MAX_NAME - 1);
    memcpy(e->name, name, length + 1);
    if (!json_node_is_object(v) || json_node_size(v) != 3)
        return error_set(why, SORDINO_BAD_MODEL,
                         "Tensor \"%s\" must have exactly \"dtype\", \"shape\" and "
                         "\"data_offsets\"",
                         printable_name(name).text);
    sordino_status status = read_type(json_node_member(v, "dtype"), e, why);
    if (!status)
        status = read_shape(json_node_member(v, "shape"), e, why);
    if (!status)
        status = read_offsets(json_node_member(v, "data_offsets"), data_bytes, e, why);
    return status;
}

static int by_key(const void *a, const void *b)
{
    return strcmp(((const metadata_entry *)a)->key, ((const metadata_entry *)b)->key);
}

static sordino_status read_metadata(const json_node *v, safetensors *s, sordino_error *why)
{
    const size_t n = json_node_size(v);
    if (!json_node_is_object(v))
        return error_set(why, SORDINO_BAD_MODEL, "\"__metadata__\" is not an object");
    if (n > SAFETENSORS_MAX_METADATA)
        return error_set(why, SORDINO_BAD_MODEL,
                         "\"__metadata__\" has %zu entries; the limit is %d", n,
                         SAFETENSORS_MAX_METADATA);
    s->metadata = calloc(n + 1, sizeof *s->metadata);
    if (!s->metadata)
        return no_memory(why);
    for (json_walk w = json_walk_start(v); w.key; json_walk_next(&w)) {
        const char *const value = json_node_text(w.value);
        if (!value)
            return error_set(why, SORDINO_BAD_MODEL, "Metadata \"%s\" is not text",
                             printable_name(w.key).text);
        metadata_entry *const entry = &s->metadata[s->n_metadata++];
        entry->key = copy_text(w.key);
        entry->value = copy_text(value);
        if (!entry->key || !entry->value)
            return no_memory(why);
    }
    qsort(s->metadata, s->n_metadata, sizeof *s->metadata, by_key);
    return SORDINO_OK;
}

static int by_begin(const void *a, const void *b)
{
    const size_t x = ((const safetensors_entry *)a)->begin;
    const size_t y = ((const safetensors_entry *)b)->begin;
    return (x > y) - (x < y);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const safetensors_entry *)a)->name, ((const safetensors_entry *)b)->name);
}

/* The tensors must tile the data: no gap, no overlap, nothing after the last. Leaves them by name.
 */
static sordino_status check_tiling(safetensors *s, size_t data_bytes, sordino_error *why)
{
    size_t at = 0, total = 0;
    qsort(s->entries, s->n, sizeof *s->entries, by_begin);
    for (size_t i = 0; i < s->n; i++) {
        const safetensors_entry *const e = &s->entries[i];
        if (e->begin != at)
            return error_set(why, SORDINO_BAD_MODEL,
                             "Tensor \"%s\" begins at byte %zu of the data; %zu was expected (%s)",
                             printable_name(e->name).text, e->begin, at,
                             e->begin > at ? "a gap" : "tensors overlap");
        at = e->end;
        total += e->n_values;
    }
    if (at != data_bytes)
        return error_set(why, SORDINO_BAD_MODEL, "%zu bytes follow the last tensor",
                         data_bytes - at);
    if (total > SAFETENSORS_MAX_VALUES)
        return error_set(why, SORDINO_BAD_MODEL, "The tensors hold %zu values; the limit is %d",
                         total, SAFETENSORS_MAX_VALUES);
    qsort(s->entries, s->n, sizeof *s->entries, by_name);
    return SORDINO_OK;
}

static sordino_status read_header(const json_node *root, const unsigned char *data,
                                  size_t data_bytes, safetensors *s, sordino_error *why)
{
    const size_t n = json_node_size(root);
    if (n > SAFETENSORS_MAX_TENSORS + 1)
        return error_set(why, SORDINO_BAD_MODEL, "The header names %zu tensors; the limit is %d", n,
                         SAFETENSORS_MAX_TENSORS);
    s->entries = calloc(n + 1, sizeof *s->entries);
    if (!s->entries)
        return no_memory(why);
    for (json_walk w = json_walk_start(root); w.key; json_walk_next(&w)) {
        safetensors_entry *const e = &s->entries[s->n];
        const bool is_metadata = strcmp(w.key, "__metadata__") == 0;
        const sordino_status status = is_metadata ? read_metadata(w.value, s, why)
                                                  : read_entry(w.key, w.value, data_bytes, e, why);
        if (status)
            return status;
        e->data = data + e->begin;
        s->n += !is_metadata;
    }
    return check_tiling(s, data_bytes, why);
}

static sordino_status check_crc(const safetensors *s, const unsigned char *data, size_t data_bytes,
                                sordino_error *why)
{
    const char *const given = safetensors_metadata(s->metadata, s->n_metadata, "sordino.crc32");
    char made[9];
    if (!given)
        return SORDINO_OK;
    const uint32_t crc = crc32_update(0, data, data_bytes);
    for (int i = 0; i < 8; i++)
        made[i] = "0123456789abcdef"[crc >> (28 - 4 * i) & 15u];
    made[8] = '\0';
    if (strcmp(given, made) != 0)
        return error_set(why, SORDINO_BAD_MODEL,
                         "The tensors' CRC-32 is %s, but sordino.crc32 says \"%s\"", made,
                         printable_name(given).text);
    return SORDINO_OK;
}

/* "major.minor", both 1 to 4 digits. */
static bool read_version(const char *text, unsigned version[2])
{
    for (int i = 0; i < 2; i++) {
        const size_t n = strspn(text, "0123456789");
        if (n < 1 || n > 4 || text[n] != (i == 0 ? '.' : '\0'))
            return false;
        version[i] = 0;
        for (size_t k = 0; k < n; k++)
            version[i] = 10 * version[i] + (unsigned)(text[k] - '0');
        text += n + 1;
    }
    return true;
}

static sordino_status check_kind(safetensors *s, const char *kind, sordino_error *why)
{
    const char *const format = safetensors_metadata(s->metadata, s->n_metadata, "sordino.format");
    const char *const given = safetensors_metadata(s->metadata, s->n_metadata, "sordino.kind");
    unsigned version[2];
    if (!format || !given)
        return error_set(why, SORDINO_BAD_MODEL,
                         "The metadata has no \"%s\"; this is no file of Sordino's",
                         format ? "sordino.kind" : "sordino.format");
    if (!read_version(format, version) || version[0] < 1)
        return error_set(
            why, SORDINO_BAD_MODEL, "sordino.format is \"%s\"; it must be like \"%d.%d\"",
            printable_name(format).text, SAFETENSORS_FORMAT_MAJOR, SAFETENSORS_FORMAT_MINOR);
    if (version[0] > SAFETENSORS_FORMAT_MAJOR)
        return error_set(why, SORDINO_UNSUPPORTED,
                         "The file is of format %u.%u; this version reads up to %d.x", version[0],
                         version[1], SAFETENSORS_FORMAT_MAJOR);
    if (strcmp(given, kind) != 0)
        return error_set(why, SORDINO_UNSUPPORTED, "The file is a \"%s\"; a \"%s\" was expected",
                         printable_name(given).text, kind);
    s->minor = version[1];
    return SORDINO_OK;
}

static sordino_status take_apart(const void *bytes, size_t size, const char *kind, bool compare_crc,
                                 safetensors **out, sordino_error *why)
{
    size_t header_bytes = 0;
    json_node *root = NULL;
    *out = NULL;
    sordino_status status = find_header(bytes, size, &header_bytes, why);
    if (!status)
        status = json_node_parse((const char *)bytes + 8, header_bytes, "The header", &root, why);
    if (status)
        return status;
    safetensors *const s = calloc(1, sizeof *s);
    const unsigned char *const data = (const unsigned char *)bytes + 8 + header_bytes;
    const size_t data_bytes = size - 8 - header_bytes;
    status = s ? read_header(root, data, data_bytes, s, why) : no_memory(why);
    json_node_free(root);
    if (!status)
        status = check_kind(s, kind, why);
    if (!status && compare_crc)
        status = check_crc(s, data, data_bytes, why);
    if (status) {
        safetensors_free(s);
        return status;
    }
    *out = s;
    return SORDINO_OK;
}

sordino_status safetensors_read(const void *bytes, size_t size, const char *kind, safetensors **out,
                                sordino_error *why)
{
    return take_apart(bytes, size, kind, true, out, why);
}

sordino_status safetensors_read_builtin(const void *bytes, size_t size, const char *kind,
                                        safetensors **out, sordino_error *why)
{
    return take_apart(bytes, size, kind, false, out, why);
}

void safetensors_free(safetensors *s)
{
    if (!s)
        return;
    safetensors_metadata_free(s->metadata, s->n_metadata);
    free(s->entries);
    free(s);
}

void safetensors_metadata_free(metadata_entry *metadata, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        free(metadata[i].key);
        free(metadata[i].value);
    }
    free(metadata);
}

const char *safetensors_metadata(const metadata_entry *metadata, size_t n, const char *key)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(metadata[i].key, key) == 0)
            return metadata[i].value;
    return NULL;
}

/* IEEE 754 binary16; subnormals become normal numbers of a float. */
static float half_value(uint16_t h)
{
    const uint32_t sign = (uint32_t)(h & 0x8000u) << 16;
    const uint32_t exponent = h >> 10 & 31u, fraction = h & 1023u;
    if (exponent == 0) {
        const float x = (float)fraction * 0x1p-24f;
        return sign ? -x : x;
    }
    if (exponent == 31)
        return float_from_bits(sign | 0x7F800000u | fraction << 13);
    return float_from_bits(sign | (exponent + 112) << 23 | fraction << 13);
}

const float *safetensors_in_place(const safetensors_entry *e)
{
    static const uint32_t exponent = 0x7F800000u; /* all ones: infinite or no number */
    const bool is_little = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__;
    if (!is_little || e->type != SAFETENSORS_F32 || (uintptr_t)e->data % sizeof(float) != 0)
        return NULL;
    uint32_t bad = 0;
    for (size_t i = 0; i < e->n_values; i++)
        bad |= (load_le32(e->data + i * sizeof(float)) & exponent) == exponent;
    return bad ? NULL : (const float *)(const void *)e->data;
}

sordino_status safetensors_values(const safetensors_entry *e, float *out, sordino_error *why)
{
    const size_t each = types[e->type].bytes;
    for (size_t i = 0; i < e->n_values; i++) {
        const unsigned char *const p = e->data + i * each;
        out[i] = e->type == SAFETENSORS_F32   ? float_from_bits(load_le32(p))
                 : e->type == SAFETENSORS_F16 ? half_value(load_le16(p))
                                              : float_from_bits((uint32_t)load_le16(p) << 16);
        if (!isfinite(out[i]))
            return error_set(why, SORDINO_BAD_MODEL, "Tensor \"%s\": value %zu is not finite",
                             printable_name(e->name).text, i);
    }
    return SORDINO_OK;
}
