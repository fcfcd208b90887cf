#include "core/model/graph_text.h"

#include "core/base/error.h"
#include "core/model/json_node.h"
#include "core/model/printable.h"

#include <stdlib.h>
#include <string.h>

/* A node's fixed keys stand among its attributes, in byte order with them. */
static int is_fixed_key(const char *key)
{
    return strcmp(key, "inputs") == 0 || strcmp(key, "name") == 0 || strcmp(key, "op") == 0;
}

/* Printable and of a sane length: names go into messages. The graph knows the exact rules. */
static int is_plain(const char *name)
{
    return name && strcmp(printable_name(name).text, name) == 0;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const graph_attr *)a)->name, ((const graph_attr *)b)->name);
}

static void put_inputs(json_text *t, const graph *g, const graph_node *node)
{
    json_text_raw(t, "\"inputs\":[");
    for (uint32_t i = 0; i < node->n_inputs; i++) {
        if (i > 0)
            json_text_char(t, ',');
        json_text_string(t, graph_at(g, node->inputs[i])->name);
    }
    json_text_char(t, ']');
}

static void put_node(json_text *t, const graph *g, const graph_node *node)
{
    static const char *const fixed[] = {"inputs", "name", "op"};
    graph_attr attrs[GRAPH_MAX_ATTRS];
    uint32_t a = 0;
    memcpy(attrs, node->attrs, sizeof attrs);
    qsort(attrs, node->n_attrs, sizeof attrs[0], by_name);
    for (uint32_t f = 0; a < node->n_attrs || f < 3;) {
        json_text_char(t, a + f > 0 ? ',' : '{');
        if (f == 3 || (a < node->n_attrs && strcmp(attrs[a].name, fixed[f]) < 0)) {
            json_text_string(t, attrs[a].name);
            json_text_char(t, ':');
            json_text_number(t, attrs[a++].value);
            continue;
        }
        if (f == 0) {
            put_inputs(t, g, node);
        } else {
            json_text_string(t, fixed[f]);
            json_text_char(t, ':');
            json_text_string(t, f == 1 ? node->name : node->op);
        }
        f++;
    }
    json_text_char(t, '}');
}

void graph_text_write(json_text *t, const graph *g)
{
    json_text_raw(t, "{\"input\":");
    json_text_number(t, graph_at(g, 0)->width);
    json_text_raw(t, ",\"nodes\":[");
    for (size_t i = 1; i < graph_size(g); i++) {
        if (i > 1)
            json_text_char(t, ',');
        put_node(t, g, graph_at(g, i));
    }
    json_text_raw(t, "]}");
}

static sordino_status read_inputs(const json_node *v, const char *name, const char **inputs,
                                  uint32_t *n, sordino_error *why)
{
    const size_t size = json_node_is_array(v) ? json_node_size(v) : 0;
    if (size < 1 || size > GRAPH_MAX_INPUTS)
        return error_set(why, SORDINO_BAD_MODEL,
                         "Node %s: \"inputs\" must be a list of 1 to %d names",
                         printable_name(name).text, GRAPH_MAX_INPUTS);
    for (size_t i = 0; i < size; i++) {
        inputs[i] = json_node_text(json_node_item(v, i));
        if (!is_plain(inputs[i]))
            return error_set(why, SORDINO_BAD_MODEL, "Node %s: input %zu is no plain text",
                             printable_name(name).text, i);
    }
    *n = (uint32_t)size;
    return SORDINO_OK;
}

static sordino_status read_attrs(const json_node *v, const char *name, graph_attr *attrs,
                                 uint32_t *n, sordino_error *why)
{
    *n = 0;
    for (json_walk w = json_walk_start(v); w.key; json_walk_next(&w)) {
        const size_t length = strlen(w.key);
        if (is_fixed_key(w.key))
            continue;
        if (*n == GRAPH_MAX_ATTRS)
            return error_set(why, SORDINO_BAD_MODEL, "Node %s has over %d attributes",
                             printable_name(name).text, GRAPH_MAX_ATTRS);
        if (length >= GRAPH_MAX_OP_NAME || !is_plain(w.key))
            return error_set(why, SORDINO_UNSUPPORTED,
                             "Node %s: attribute \"%s\" is not known to this version",
                             printable_name(name).text, printable_name(w.key).text);
        if (!json_node_number(w.value, &attrs[*n].value))
            return error_set(why, SORDINO_BAD_MODEL, "Node %s: attribute \"%s\" is not a number",
                             printable_name(name).text, printable_name(w.key).text);
        memcpy(attrs[(*n)++].name, w.key, length + 1);
    }
    qsort(attrs, *n, sizeof attrs[0], by_name);
    return SORDINO_OK;
}

static sordino_status read_node(const json_node *v, size_t i, graph *g, sordino_error *why)
{
    const char *const name = json_node_text(json_node_member(v, "name"));
    const char *const op = json_node_text(json_node_member(v, "op"));
    const char *inputs[GRAPH_MAX_INPUTS];
    graph_attr attrs[GRAPH_MAX_ATTRS] = {0};
    uint32_t n_inputs = 0, n_attrs = 0;
    if (!is_plain(name) || !is_plain(op))
        return error_set(why, SORDINO_BAD_MODEL,
                         "Node number %zu: \"%s\" is missing or no plain text", i,
                         is_plain(name) ? "op" : "name");
    sordino_status status =
        read_inputs(json_node_member(v, "inputs"), name, inputs, &n_inputs, why);
    if (!status)
        status = read_attrs(v, name, attrs, &n_attrs, why);
    if (!status)
        status = graph_add(g, name, op, inputs, n_inputs, attrs, n_attrs, why);
    return status;
}

static sordino_status read_nodes(const json_node *root, bool strict, graph **out,
                                 sordino_error *why)
{
    const json_node *const nodes = json_node_member(root, "nodes");
    const size_t n = json_node_is_array(nodes) ? json_node_size(nodes) : 0;
    uint64_t width;
    if (!json_node_count(json_node_member(root, "input"), &width) || width < 1 ||
        width > GRAPH_MAX_WIDTH)
        return error_set(why, SORDINO_BAD_MODEL,
                         "sordino.graph: \"input\" must be a whole number in 1..%d",
                         GRAPH_MAX_WIDTH);
    if (n < 1 || n >= GRAPH_MAX_NODES)
        return error_set(why, SORDINO_BAD_MODEL,
                         "sordino.graph: \"nodes\" must be a list of 1 to %d", GRAPH_MAX_NODES - 1);
    if (strict && json_node_size(root) != 2)
        return error_set(why, SORDINO_BAD_MODEL,
                         "sordino.graph must have exactly \"input\" and \"nodes\"");
    sordino_status status = graph_new((uint32_t)width, out, why);
    for (size_t i = 0; i < n && !status; i++)
        status = read_node(json_node_item(nodes, i), i, *out, why);
    return status;
}

sordino_status graph_text_read(const char *text, bool strict, graph **out, sordino_error *why)
{
    json_node *root;
    *out = NULL;
    sordino_status status = json_node_parse(text, strlen(text), "sordino.graph", &root, why);
    if (status)
        return status;
    status = read_nodes(root, strict, out, why);
    json_node_free(root);
    if (status) {
        graph_free(*out);
        *out = NULL;
    }
    return status;
}
