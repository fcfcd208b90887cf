/* On the messages that protobuf-c makes of ONNX's own schema, onnx.proto. */
#include "trainer/onnx_build.h"

#include "core/base/error.h"

#include <onnx.pb-c.h>
#include <sordino/sordino.h>

#include <stdalign.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* All memory hangs in one list and is released together. */
typedef struct chunk {
    struct chunk *next;
    alignas(max_align_t) unsigned char bytes[];
} chunk;

struct onnx_build {
    chunk *chunks;
    bool failed;
    char *scope;
    unsigned n_names;
    Onnx__ModelProto model;
    Onnx__GraphProto main, *graph; /* `graph`: where nodes go */
    Onnx__NodeProto *node;         /* added last */
    Onnx__NodeProto *owner;        /* of the body being built */
};

/* Zeroed; NULL, and `failed`, when out of memory. */
static void *take(onnx_build *b, size_t n, size_t size)
{
    if (b->failed || n > (SIZE_MAX - sizeof(chunk)) / size) {
        b->failed = true;
        return NULL;
    }
    chunk *const c = calloc(1, sizeof *c + n * size);
    if (!c) {
        b->failed = true;
        return NULL;
    }
    c->next = b->chunks;
    b->chunks = c;
    return c->bytes;
}

static void *copy(onnx_build *b, const void *from, size_t n, size_t size)
{
    void *const to = take(b, n, size);
    if (to && n > 0)
        memcpy(to, from, n * size);
    return to;
}

static char *text(onnx_build *b, const char *s)
{
    return copy(b, s, strlen(s) + 1, 1);
}

/* Appends to an array of pointers whose room doubles whenever its number is a power of two. */
static void append(onnx_build *b, void *array_of_pointers, size_t *n, void *item)
{
    void **array;
    memcpy(&array, array_of_pointers, sizeof array);
    if ((*n & (*n - 1)) == 0) { /* none, or a power of two */
        void **const more = take(b, *n ? 2 * *n : 1, sizeof *more);
        if (more && *n > 0)
            memcpy(more, array, *n * sizeof *more);
        array = more;
        if (array)
            memcpy(array_of_pointers, &array, sizeof array);
    }
    if (!b->failed && item)
        array[(*n)++] = item;
}

onnx_build *onnx_build_new(void)
{
    onnx_build *const b = calloc(1, sizeof *b);
    if (!b)
        return NULL;
    onnx__model_proto__init(&b->model);
    onnx__graph_proto__init(&b->main);
    b->graph = b->model.graph = &b->main;
    onnx_build_scope(b, "");
    return b;
}

void onnx_build_free(onnx_build *b)
{
    if (!b)
        return;
    while (b->chunks) {
        chunk *const next = b->chunks->next;
        free(b->chunks);
        b->chunks = next;
    }
    free(b);
}

void onnx_build_scope(onnx_build *b, const char *scope)
{
    b->scope = text(b, scope);
    b->n_names = 0;
}

/* No node of ours has a colon in its name, so these clash with nothing. */
static char *next_name(onnx_build *b)
{
    char *const name = take(b, b->failed ? 1 : strlen(b->scope) + 16, 1);
    if (name)
        snprintf(name, strlen(b->scope) + 16, "%s:%u", b->scope, b->n_names++);
    return name;
}

static const char *add_constant(onnx_build *b, Onnx__TensorProto *t, char *name)
{
    if (b->failed)
        return "";
    t->name = name;
    t->has_data_type = 1;
    append(b, &b->graph->initializer, &b->graph->n_initializer, t);
    return name;
}

const char *onnx_build_floats(onnx_build *b, const char *suffix, uint32_t n_dims,
                              const int64_t *dims, const float *values)
{
    Onnx__TensorProto *const t = take(b, 1, sizeof *t);
    char *const name = take(b, b->failed ? 1 : strlen(b->scope) + strlen(suffix) + 2, 1);
    if (b->failed)
        return "";
    onnx__tensor_proto__init(t);
    sprintf(name, "%s.%s", b->scope, suffix);
    t->data_type = ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT;
    t->n_dims = n_dims;
    t->dims = copy(b, dims, n_dims, sizeof *dims);
    t->n_float_data = 1;
    for (uint32_t i = 0; i < n_dims; i++)
        t->n_float_data *= (size_t)dims[i];
    t->float_data = copy(b, values, t->n_float_data, sizeof *values);
    return add_constant(b, t, name);
}

const char *onnx_build_whole(onnx_build *b, size_t n, const int64_t *values)
{
    const int64_t dims = (int64_t)n;
    Onnx__TensorProto *const t = take(b, 1, sizeof *t);
    char *const name = next_name(b);
    if (b->failed)
        return "";
    onnx__tensor_proto__init(t);
    t->data_type = ONNX__TENSOR_PROTO__DATA_TYPE__INT64;
    t->n_dims = 1;
    t->dims = copy(b, &dims, 1, sizeof dims);
    t->n_int64_data = n;
    t->int64_data = copy(b, values, n, sizeof *values);
    return add_constant(b, t, name);
}

const char *onnx_build_node(onnx_build *b, const char *op, size_t n_inputs,
                            const char *const *inputs, size_t n_outputs)
{
    Onnx__NodeProto *const node = take(b, 1, sizeof *node);
    if (b->failed)
        return "";
    onnx__node_proto__init(node);
    node->op_type = text(b, op);
    for (size_t i = 0; i < n_inputs; i++)
        append(b, &node->input, &node->n_input, text(b, inputs[i]));
    for (size_t i = 0; i < n_outputs; i++)
        append(b, &node->output, &node->n_output, next_name(b));
    if (b->failed)
        return "";
    node->name = node->output[n_outputs - 1];
    append(b, &b->graph->node, &b->graph->n_node, node);
    b->node = node;
    return node->name;
}

void onnx_build_alias(onnx_build *b, const char *value, const char *name)
{
    onnx_build_node(b, "Identity", 1, &value, 1);
    if (!b->failed)
        b->node->name = b->node->output[0] = text(b, name);
}

/* A new attribute of `node`; NULL when out of memory. */
static Onnx__AttributeProto *attribute(onnx_build *b, Onnx__NodeProto *node, const char *name,
                                       Onnx__AttributeProto__AttributeType type)
{
    Onnx__AttributeProto *const a = take(b, 1, sizeof *a);
    if (!a)
        return NULL;
    onnx__attribute_proto__init(a);
    a->name = text(b, name);
    a->has_type = 1;
    a->type = type;
    append(b, &node->attribute, &node->n_attribute, a);
    return b->failed ? NULL : a;
}

void onnx_build_int(onnx_build *b, const char *name, int64_t value)
{
    Onnx__AttributeProto *const a =
        attribute(b, b->node, name, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT);
    if (a) {
        a->has_i = 1;
        a->i = value;
    }
}

void onnx_build_ints(onnx_build *b, const char *name, size_t n, const int64_t *values)
{
    Onnx__AttributeProto *const a =
        attribute(b, b->node, name, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS);
    if (a && (a->ints = copy(b, values, n, sizeof *values)))
        a->n_ints = n;
}

void onnx_build_float(onnx_build *b, const char *name, float value)
{
    Onnx__AttributeProto *const a =
        attribute(b, b->node, name, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT);
    if (a) {
        a->has_f = 1;
        a->f = value;
    }
}

void onnx_build_open_body(onnx_build *b)
{
    Onnx__GraphProto *const body = take(b, 1, sizeof *body);
    if (!body)
        return;
    onnx__graph_proto__init(body);
    body->name = text(b, "body");
    b->owner = b->node;
    b->graph = body;
}

void onnx_build_close_body(onnx_build *b)
{
    Onnx__AttributeProto *const a =
        b->failed ? NULL
                  : attribute(b, b->owner, "body", ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__GRAPH);
    if (!a)
        return;
    a->g = b->graph;
    b->graph = &b->main;
    b->node = b->owner;
}

static Onnx__TensorShapeProto__Dimension *dimension(onnx_build *b, int64_t value)
{
    Onnx__TensorShapeProto__Dimension *const d = take(b, 1, sizeof *d);
    if (!d)
        return NULL;
    onnx__tensor_shape_proto__dimension__init(d);
    d->value_case = value < 0 ? ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM
                              : ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE;
    if (value < 0)
        d->dim_param = text(b, "T");
    else
        d->dim_value = value;
    return d;
}

static Onnx__ValueInfoProto *value_info(onnx_build *b, const char *name, uint32_t n_dims,
                                        const int64_t *dims)
{
    Onnx__ValueInfoProto *const value = take(b, 1, sizeof *value);
    Onnx__TypeProto *const type = take(b, 1, sizeof *type);
    Onnx__TypeProto__Tensor *const tensor = take(b, 1, sizeof *tensor);
    Onnx__TensorShapeProto *const shape = take(b, 1, sizeof *shape);
    if (b->failed)
        return NULL;
    onnx__value_info_proto__init(value);
    onnx__type_proto__init(type);
    onnx__type_proto__tensor__init(tensor);
    onnx__tensor_shape_proto__init(shape);
    for (uint32_t i = 0; i < n_dims; i++)
        append(b, &shape->dim, &shape->n_dim, dimension(b, dims[i]));
    tensor->has_elem_type = 1;
    tensor->elem_type = ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT;
    tensor->shape = shape;
    type->value_case = ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE;
    type->tensor_type = tensor;
    value->type = type;
    value->name = text(b, name);
    return value;
}

void onnx_build_input(onnx_build *b, const char *name, uint32_t n_dims, const int64_t *dims)
{
    append(b, &b->graph->input, &b->graph->n_input, value_info(b, name, n_dims, dims));
}

void onnx_build_output(onnx_build *b, const char *name, uint32_t n_dims, const int64_t *dims)
{
    append(b, &b->graph->output, &b->graph->n_output, value_info(b, name, n_dims, dims));
}

void onnx_build_metadata(onnx_build *b, const char *key, const char *value)
{
    Onnx__StringStringEntryProto *const pair = take(b, 1, sizeof *pair);
    if (!pair)
        return;
    onnx__string_string_entry_proto__init(pair);
    pair->key = text(b, key);
    pair->value = text(b, value);
    append(b, &b->model.metadata_props, &b->model.n_metadata_props, pair);
}

static void finish(onnx_build *b, const char *name)
{
    Onnx__OperatorSetIdProto *const set = take(b, 1, sizeof *set);
    if (!set)
        return;
    onnx__operator_set_id_proto__init(set);
    set->domain = text(b, "");
    set->has_version = 1;
    set->version = ONNX_OPSET;
    append(b, &b->model.opset_import, &b->model.n_opset_import, set);
    b->model.has_ir_version = 1;
    b->model.ir_version = ONNX_IR;
    b->model.producer_name = text(b, "sordino");
    b->model.producer_version = text(b, sordino_version());
    b->main.name = text(b, *name ? name : "graph");
}

sordino_status onnx_build_pack(onnx_build *b, const char *name, void **out_bytes, size_t *out_size,
                               sordino_error *why)
{
    *out_bytes = NULL;
    *out_size = 0;
    finish(b, name);
    const size_t size = b->failed ? 0 : onnx__model_proto__get_packed_size(&b->model);
    uint8_t *const bytes = b->failed ? NULL : malloc(size);
    if (!bytes)
        return error_set(why, SORDINO_NO_MEM, "Out of memory for an ONNX model");
    onnx__model_proto__pack(&b->model, bytes);
    *out_bytes = bytes;
    *out_size = size;
    return SORDINO_OK;
}
