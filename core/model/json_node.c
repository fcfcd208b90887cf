/* The document is scanned once for depth and number of values before the library builds a tree of
 * it: a hostile file of 16 MB could otherwise take gigabytes.
 *
 * jansson's lexer (2.14, load.c, lex_save) does not look whether its token buffer could grow, and
 * then runs over the end of a string; other failed allocations it reports as bad syntax. So more
 * memory than it can need is taken and given back first: when there is none, that is found here. */
#include "core/model/json_node.h"

#include "core/base/error.h"
#include "core/model/printable.h"

#include <jansson.h>

#include <stdlib.h>

static const json_t *inner(const json_node *v)
{
    return (const json_t *)v;
}

/* Depth and an upper bound on the number of values; what is inside strings does not count. */
static void measure(const char *text, size_t n, size_t *depth, size_t *values)
{
    size_t open = 0;
    bool in_string = false;
    *depth = 0;
    *values = 1;
    for (size_t i = 0; i < n; i++) {
        const char c = text[i];
        if (in_string) {
            if (c == '\\')
                i++;
            else if (c == '"')
                in_string = false;
        } else if (c == '"') {
            in_string = true;
        } else if (c == '{' || c == '[') {
            open++;
            ++*values;
            if (open > *depth)
                *depth = open;
        } else if (c == '}' || c == ']') {
            open -= open > 0;
        } else if (c == ',') {
            ++*values;
        }
    }
}

/* A value takes at most a hash table with its first buckets, and its entry in another (together
 * less than 512 bytes); strings are held up to three times (token buffer while growing, value). */
static bool memory_is_there(size_t n, size_t values)
{
    void *volatile reserve = malloc(4 * n + 512 * values); /* volatile: else the pair is left out */
    const bool there = reserve != NULL;
    free(reserve);
    return there;
}

sordino_status json_node_parse(const char *text, size_t n, const char *subject, json_node **out,
                               sordino_error *why)
{
    size_t depth, values;
    json_error_t fault;
    *out = NULL;
    measure(text, n, &depth, &values);
    if (depth > JSON_NODE_MAX_DEPTH)
        return error_set(why, SORDINO_BAD_MODEL, "%s nests %zu objects and arrays; the limit is %d",
                         subject, depth, JSON_NODE_MAX_DEPTH);
    if (values > JSON_NODE_MAX_VALUES)
        return error_set(why, SORDINO_BAD_MODEL, "%s holds about %zu values; the limit is %d",
                         subject, values, JSON_NODE_MAX_VALUES);
    if (!memory_is_there(n, values))
        return error_set(why, SORDINO_NO_MEM, "Out of memory while reading JSON");
    json_t *const root = json_loadb(text, n, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &fault);
    if (!root && (json_error_code(&fault) == json_error_out_of_memory || !fault.text[0]))
        return error_set(why, SORDINO_NO_MEM, "Out of memory while reading JSON");
    if (!root)
        return error_set(why, SORDINO_BAD_MODEL, "%s is not valid JSON: %s (at byte %d)", subject,
                         printable_name(fault.text).text, fault.position);
    *out = (json_node *)root;
    return SORDINO_OK;
}

void json_node_free(json_node *document)
{
    json_decref((json_t *)document);
}

bool json_node_is_object(const json_node *v)
{
    return json_is_object(inner(v));
}

bool json_node_is_array(const json_node *v)
{
    return json_is_array(inner(v));
}

size_t json_node_size(const json_node *v)
{
    return json_is_object(inner(v)) ? json_object_size(inner(v)) : json_array_size(inner(v));
}

const json_node *json_node_item(const json_node *array, size_t i)
{
    return (const json_node *)json_array_get(inner(array), i);
}

const json_node *json_node_member(const json_node *object, const char *key)
{
    return (const json_node *)json_object_get(inner(object), key);
}

static void walk_to(json_walk *w, void *place)
{
    w->place = place;
    w->key = place ? json_object_iter_key(place) : NULL;
    w->value = place ? (const json_node *)json_object_iter_value(place) : NULL;
}

/* The library's iterators take a pointer without const but change nothing. */
json_walk json_walk_start(const json_node *object)
{
    json_walk w = {object, NULL, NULL, NULL};
    walk_to(&w, json_object_iter((json_t *)(uintptr_t)object));
    return w;
}

void json_walk_next(json_walk *w)
{
    walk_to(w, json_object_iter_next((json_t *)(uintptr_t)w->object, w->place));
}

const char *json_node_text(const json_node *v)
{
    return json_string_value(inner(v));
}

bool json_node_number(const json_node *v, double *out)
{
    *out = json_number_value(inner(v)) + 0.0; /* no -0: it is written as 0 */
    return json_is_number(inner(v));
}

bool json_node_count(const json_node *v, uint64_t *out)
{
    const json_int_t value = json_integer_value(inner(v));
    *out = value > 0 ? (uint64_t)value : 0;
    return json_is_integer(inner(v)) && value >= 0;
}

bool json_node_bool(const json_node *v, bool *out)
{
    *out = json_is_true(inner(v));
    return json_is_boolean(inner(v));
}
