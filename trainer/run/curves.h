/* The curves of a run: loss, and scores beside the baselines', against hours of audio. */
#ifndef RUN_CURVES_H
#define RUN_CURVES_H

#include <sordino/status.h>

#include <jansson.h>

typedef struct curves curves;

/* With the lines of an earlier log (NULL, or a file that need not exist). Errors: NO_MEM. */
SORDINO_NODISCARD sordino_status curves_new(const char *log, curves **out, sordino_error *why);
void curves_free(curves *c);

/* Takes the points out of a line of the log; borrowed, may be NULL. */
void curves_add(curves *c, const json_t *line);

/* As a PNG: loss above, each score below with the baselines as level lines. OK without a file when
 * there is nothing to draw. Errors: NO_MEM, IO. */
SORDINO_NODISCARD sordino_status curves_draw(const curves *c, const char *path, sordino_error *why);

#endif
