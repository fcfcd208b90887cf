/* What the ready-made networks are built with. */
#ifndef NET_PRESETS_BUILD_H
#define NET_PRESETS_BUILD_H

#include <stdbool.h>
#include <stdint.h>

#include "core/graph/graph.h"

/* A graph being built: after the first failure nothing more is added. */
typedef struct preset_build {
    graph *g;
    sordino_status status;
    sordino_error *why;
    char prefix[24]; /* before node names */
} preset_build;

/* Starts with an input of so many floats. */
SORDINO_NODISCARD sordino_status preset_begin(preset_build *b, uint32_t width, sordino_error *why);

/* Hands over the graph; NULL after a failure. */
sordino_status preset_finish(preset_build *b, graph **out);

/* Names from now on begin with `what`, i and a point. */
void preset_prefix(preset_build *b, const char *what, uint32_t i);

/* Adds op `name` under the prefix, with inputs a and b (or NULL) as full names; the attributes are
 * named in `attr_names` with blanks between, their unsigned values follow. Writes the full name of
 * the new node to `out` [GRAPH_MAX_NAME], which may be `a`. */
void preset_add(preset_build *b, char *out, const char *op_name, const char *name, const char *in_a,
                const char *in_b, const char *attr_names, ...);

/* prelu and, when wanted, batch_norm over `channels`, with a number in their names. */
void preset_activate(preset_build *b, char *x, const char *number, uint32_t channels, bool norm);

#endif
