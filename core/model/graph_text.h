/* A graph as JSON text, and back (models/FORMAT.md, "Graphs"). */
#ifndef MODEL_GRAPH_TEXT_H
#define MODEL_GRAPH_TEXT_H

#include <stdbool.h>

#include <sordino/status.h>

#include "core/graph/graph.h"
#include "core/model/json_text.h"

/* Appends the graph in canonical form: nodes in order, the keys of each in byte order. */
void graph_text_write(json_text *t, const graph *g);

/* Reads it; attributes are added in byte order of their names. Unknown keys beside "input" and
 * "nodes" are refused when `strict`; unknown ops and attributes always.
 * Errors: NO_MEM, BAD_MODEL, UNSUPPORTED. */
SORDINO_NODISCARD sordino_status graph_text_read(const char *text, bool strict, graph **out,
                                                 sordino_error *why);

#endif
