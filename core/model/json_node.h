/*
 * Read-only view of a JSON document with limits; the only module that knows the JSON library.
 * A node is borrowed from its document. Any thread; a document may be shared for reading.
 */
#ifndef MODEL_JSON_NODE_H
#define MODEL_JSON_NODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sordino/status.h>

enum {
    JSON_NODE_MAX_DEPTH = 16,      /* objects and arrays inside each other */
    JSON_NODE_MAX_VALUES = 1 << 18 /* values in one document: bounds the memory it takes */
};

typedef struct json_node json_node;

/* Parses `n` bytes of UTF-8, any single JSON value. Duplicate keys, NUL characters and text after
 * the value are refused. `subject` begins the message: "The header". The document is owned by the
 * caller. Errors: NO_MEM; BAD_MODEL (not JSON, over a limit). */
SORDINO_NODISCARD sordino_status json_node_parse(const char *text, size_t n, const char *subject,
                                                 json_node **out, sordino_error *why);
void json_node_free(json_node *document);

bool json_node_is_object(const json_node *v);
bool json_node_is_array(const json_node *v);

/* Members of an object or array; 0 for anything else. */
size_t json_node_size(const json_node *v);

/* Item `i` < json_node_size of an array. */
const json_node *json_node_item(const json_node *array, size_t i);

/* The member of an object with that key; NULL when absent or not an object. */
const json_node *json_node_member(const json_node *object, const char *key);

/* A walk over an object: `for (json_walk w = json_walk_start(o); w.key; json_walk_next(&w))`. */
typedef struct json_walk {
    const json_node *object;
    void *place;
    const char *key; /* NULL at the end */
    const json_node *value;
} json_walk;
json_walk json_walk_start(const json_node *object);
void json_walk_next(json_walk *w);

/* NULL unless it is a string. */
const char *json_node_text(const json_node *v);

/* False unless it is a number (or a whole number >= 0 written without point or exponent; or true or
 * false). */
bool json_node_number(const json_node *v, double *out);
bool json_node_count(const json_node *v, uint64_t *out);
bool json_node_bool(const json_node *v, bool *out);

#endif
