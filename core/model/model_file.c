/* Bytes to model and back; no files here (model_path.c). */
#include "core/model/model.h"

#include "core/base/error.h"
#include "core/base/fnv1a.h"
#include "core/model/front_text.h"
#include "core/model/graph_text.h"
#include "core/model/printable.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char kind[] = "model";

/* What one stream may take: a file of some bytes must not make a host allocate gigabytes. */
#define MAX_FRAME_VALUES (UINT64_C(1) << 22)   /* in the frames of all nodes together */
#define MAX_HISTORY_VALUES (UINT64_C(1) << 24) /* kept from the past by all nodes together */

static sordino_status no_memory(sordino_error *why)
{
    return error_set(why, SORDINO_NO_MEM, "Out of memory for a model");
}

static void hash_bytes(const unsigned char *bytes, size_t size, char out[17])
{
    snprintf(out, 17, "%016" PRIx64, fnv1a(fnv1a_start, bytes, size));
}

static sordino_status check_memory(const graph *g, sordino_error *why)
{
    uint64_t frame = 0, history = 0;
    for (size_t i = 0; i < graph_size(g); i++) {
        const graph_node *const node = graph_at(g, i);
        uint64_t taken = 0;
        for (uint32_t k = 0; k < node->n_inputs; k++)
            taken += graph_at(g, node->inputs[k])->width;
        frame += node->width;
        history += taken * node->history;
        if (frame > MAX_FRAME_VALUES)
            return error_set(why, SORDINO_BAD_MODEL,
                             "Up to node %s a frame takes %" PRIu64 " values; the limit is "
                             "%" PRIu64,
                             node->name, frame, MAX_FRAME_VALUES);
        if (history > MAX_HISTORY_VALUES)
            return error_set(why, SORDINO_BAD_MODEL,
                             "Up to node %s %" PRIu64 " past values are kept; the limit is "
                             "%" PRIu64,
                             node->name, history, MAX_HISTORY_VALUES);
    }
    return SORDINO_OK;
}

static sordino_status check_widths(const front_spec *front, const graph *g, sordino_error *why)
{
    const uint32_t in = front_input_width(front), out = front_output_width(front);
    if (graph_at(g, 0)->width != in)
        return error_set(why, SORDINO_BAD_MODEL,
                         "The graph's input is %u wide; the front end gives %u values a frame",
                         (unsigned)graph_at(g, 0)->width, (unsigned)in);
    if (graph_output(g)->width != out)
        return error_set(why, SORDINO_BAD_MODEL,
                         "The output node %s is %u wide; the front end takes %u values a frame",
                         graph_output(g)->name, (unsigned)graph_output(g)->width, (unsigned)out);
    return SORDINO_OK;
}

typedef struct shape_text {
    char text[64];
} shape_text;

static shape_text shape(uint32_t n_dims, const uint32_t *dims)
{
    shape_text s = {""};
    size_t n = 0;
    for (uint32_t i = 0; i < n_dims && i < TENSOR_MAX_DIMS; i++)
        n += (size_t)snprintf(s.text + n, sizeof s.text - n, "[%u]", (unsigned)dims[i]);
    return s;
}

static const safetensors_entry *find_entry(const safetensors *s, const char *name)
{
    size_t low = 0, high = s->n;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        const int order = strcmp(name, s->entries[middle].name);
        if (order == 0)
            return &s->entries[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

/* One tensor for every parameter, of its shape; `used` [s->n] marks what was asked for. */
static sordino_status check_params(const graph *g, const safetensors *s, unsigned char *used,
                                   sordino_error *why)
{
    for (size_t i = 0; i < graph_size(g); i++) {
        graph_param params[8];
        const size_t n = graph_params(g, i, params, 8);
        for (size_t k = 0; k < n; k++) {
            const graph_param *const p = &params[k];
            const safetensors_entry *const e = find_entry(s, p->name);
            if (!e)
                return error_set(why, SORDINO_BAD_MODEL, "Node %s: tensor \"%s\" %s is missing",
                                 graph_at(g, i)->name, p->name, shape(p->n_dims, p->dims).text);
            if (e->n_dims != p->n_dims ||
                memcmp(e->dims, p->dims, p->n_dims * sizeof *p->dims) != 0)
                return error_set(why, SORDINO_BAD_MODEL,
                                 "Node %s: tensor \"%s\" is %s; %s is needed", graph_at(g, i)->name,
                                 p->name, shape(e->n_dims, e->dims).text,
                                 shape(p->n_dims, p->dims).text);
            used[e - s->entries] = 1;
        }
    }
    for (size_t i = 0; i < s->n; i++)
        if (!used[i])
            return error_set(why, SORDINO_BAD_MODEL, "Tensor \"%s\" belongs to no node",
                             printable_name(s->entries[i].name).text);
    return SORDINO_OK;
}

static sordino_status check_tensors(const graph *g, const safetensors *s, sordino_error *why)
{
    unsigned char *const used = calloc(s->n + 1, 1);
    if (!used)
        return no_memory(why);
    const sordino_status status = check_params(g, s, used, why);
    free(used);
    return status;
}

/* batch_norm takes its square root. */
static sordino_status check_variance(const safetensors_entry *e, const float *values,
                                     sordino_error *why)
{
    const char *const dot = strrchr(e->name, '.');
    if (!dot || strcmp(dot, ".running_var") != 0)
        return SORDINO_OK;
    for (size_t i = 0; i < e->n_values; i++)
        if (values[i] < 0.0f)
            return error_set(why, SORDINO_BAD_MODEL,
                             "Tensor \"%s\": value %zu is %g; a variance is not negative",
                             printable_name(e->name).text, i, (double)values[i]);
    return SORDINO_OK;
}

static sordino_status copy_tensor(const safetensors_entry *e, float *values, tensor_set *set,
                                  sordino_error *why)
{
    sordino_status status = safetensors_values(e, values, why);
    if (!status)
        status = check_variance(e, values, why);
    return status ? status : tensor_set_add(set, e->name, e->n_dims, e->dims, values, why);
}

static sordino_status borrow_tensor(const safetensors_entry *e, const float *values,
                                    tensor_set *set, sordino_error *why)
{
    const sordino_status status = check_variance(e, values, why);
    return status ? status : tensor_set_add_borrowed(set, e->name, e->n_dims, e->dims, values, why);
}

/* Entries come by name, so each is added at the end of the set. What lies ready in bytes that stay
 * is borrowed. */
static sordino_status take_tensors(const safetensors *s, bool stays, tensor_set *set,
                                   sordino_error *why)
{
    size_t most = 1;
    for (size_t i = 0; i < s->n; i++)
        if (s->entries[i].n_values > most)
            most = s->entries[i].n_values;
    float *const values = malloc(most * sizeof *values);
    if (!values)
        return no_memory(why);
    sordino_status status = SORDINO_OK;
    for (size_t i = 0; i < s->n && !status; i++) {
        const safetensors_entry *const e = &s->entries[i];
        const float *const ready = stays ? safetensors_in_place(e) : NULL;
        status = ready ? borrow_tensor(e, ready, set, why) : copy_tensor(e, values, set, why);
    }
    free(values);
    return status;
}

static sordino_status fill(const safetensors *s, bool stays, sordino_model *m, sordino_error *why)
{
    const bool strict = s->minor <= SAFETENSORS_FORMAT_MINOR;
    const char *const front = safetensors_metadata(s->metadata, s->n_metadata, "sordino.front_end");
    const char *const text = safetensors_metadata(s->metadata, s->n_metadata, "sordino.graph");
    if (!front || !text)
        return error_set(why, SORDINO_BAD_MODEL, "The metadata has no \"%s\"",
                         front ? "sordino.graph" : "sordino.front_end");
    sordino_status status = front_text_read(front, strict, &m->front, why);
    if (!status)
        status = graph_text_read(text, strict, &m->graph, why);
    if (!status)
        status = check_widths(&m->front, m->graph, why);
    if (!status)
        status = check_memory(m->graph, why);
    if (!status)
        status = check_tensors(m->graph, s, why);
    if (!status) {
        m->tensors = tensor_set_new();
        status = m->tensors ? take_tensors(s, stays, m->tensors, why) : no_memory(why);
    }
    return status;
}

/* `hash` is that of bytes that are part of the program, or NULL. */
static sordino_status parse(const void *bytes, size_t size, const char *hash, sordino_model **out,
                            sordino_error *why)
{
    safetensors *s;
    sordino_status status = hash ? safetensors_read_builtin(bytes, size, kind, &s, why)
                                 : safetensors_read(bytes, size, kind, &s, why);
    if (status)
        return status;
    sordino_model *const m = calloc(1, sizeof *m);
    status = m ? fill(s, hash != NULL, m, why) : no_memory(why);
    if (!status) {
        if (hash)
            memcpy(m->hash, hash, sizeof m->hash);
        else
            hash_bytes(bytes, size, m->hash);
        m->metadata = s->metadata; /* taken over */
        m->n_metadata = s->n_metadata;
        s->metadata = NULL;
        s->n_metadata = 0;
        *out = m;
    } else {
        sordino_model_free(m);
    }
    safetensors_free(s);
    return status;
}

sordino_status model_parse(const void *bytes, size_t size, sordino_model **out, sordino_error *why)
{
    if (!out)
        return error_set(why, SORDINO_BAD_ARG, "There is no place for the model");
    *out = NULL;
    if (!bytes)
        return error_set(why, SORDINO_BAD_ARG, "There are no bytes to read");
    return parse(bytes, size, NULL, out, why);
}

sordino_status model_parse_builtin(const builtin_model *builtin, sordino_model **out,
                                   sordino_error *why)
{
    *out = NULL;
    return parse(builtin->bytes, (size_t)(builtin->end - builtin->bytes), builtin->hash, out, why);
}

static int is_made_here(const char *key)
{
    return strcmp(key, "sordino.format") == 0 || strcmp(key, "sordino.kind") == 0 ||
           strcmp(key, "sordino.graph") == 0 || strcmp(key, "sordino.front_end") == 0;
}

/* The caller's metadata, in version 1.`minor`, with what is made here in place of its own; text is
 * borrowed. */
static sordino_status write_with_texts(uint32_t minor, json_text *graph_json, json_text *front_json,
                                       const tensor_set *tensors, const metadata_entry *metadata,
                                       size_t n_metadata, void **out_bytes, size_t *out_size,
                                       sordino_error *why)
{
    char keys[4][24] = {"sordino.format", "sordino.kind", "sordino.graph", "sordino.front_end"};
    char format[16], kind_value[sizeof kind];
    snprintf(format, sizeof format, "%d.%u", SAFETENSORS_FORMAT_MAJOR, (unsigned)minor);
    memcpy(kind_value, kind, sizeof kind);
    json_text_char(graph_json, '\0');
    json_text_char(front_json, '\0');
    metadata_entry *const all = malloc((n_metadata + 4) * sizeof *all);
    if (!all || graph_json->failed || front_json->failed) {
        free(all);
        return no_memory(why);
    }
    size_t n = 0;
    all[n++] = (metadata_entry){keys[0], format};
    all[n++] = (metadata_entry){keys[1], kind_value};
    all[n++] = (metadata_entry){keys[2], graph_json->text};
    all[n++] = (metadata_entry){keys[3], front_json->text};
    for (size_t i = 0; i < n_metadata; i++)
        if (!is_made_here(metadata[i].key))
            all[n++] = metadata[i];
    const sordino_status status =
        safetensors_write(tensors->items, tensors->n, all, n, out_bytes, out_size, why);
    free(all);
    return status;
}

/* A file that could not be read again is not written: text that is no UTF-8, a front end out of
 * range, weights that are not finite. */
static sordino_status check_readable(void **bytes, size_t *size, sordino_error *why)
{
    sordino_model *m;
    sordino_status status = model_parse(*bytes, *size, &m, why);
    sordino_model_free(m);
    if (!status)
        return SORDINO_OK;
    free(*bytes);
    *bytes = NULL;
    *size = 0;
    if (status != SORDINO_NO_MEM)
        status = SORDINO_BAD_ARG;
    if (why)
        why->status = status;
    return status;
}

sordino_status model_serialise(const front_spec *front, const graph *g, const tensor_set *tensors,
                               const metadata_entry *metadata, size_t n_metadata, void **out_bytes,
                               size_t *out_size, sordino_error *why)
{
    json_text graph_json = {0}, front_json = {0};
    *out_bytes = NULL;
    *out_size = 0;
    if (n_metadata > SAFETENSORS_MAX_METADATA)
        return error_set(why, SORDINO_BAD_ARG, "There are %zu metadata entries; the limit is %d",
                         n_metadata, SAFETENSORS_MAX_METADATA);
    graph_text_write(&graph_json, g);
    front_text_write(&front_json, front);
    sordino_status status =
        write_with_texts(graph_since_minor(g), &graph_json, &front_json, tensors, metadata,
                         n_metadata, out_bytes, out_size, why);
    free(graph_json.text);
    free(front_json.text);
    return status ? status : check_readable(out_bytes, out_size, why);
}
