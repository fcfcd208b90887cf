/* The front end of a model as JSON text, and back (models/FORMAT.md, "Front ends"). */
#ifndef MODEL_FRONT_TEXT_H
#define MODEL_FRONT_TEXT_H

#include <stdbool.h>

#include <sordino/status.h>

#include "core/model/json_text.h"
#include "core/model/model.h"

/* Appends the front end in canonical form: every number that its kind has, keys in byte order. */
void front_text_write(json_text *t, const front_spec *front);

/* Reads it. Every key must be there and within its range; unknown keys are refused when `strict`.
 * Errors: NO_MEM, BAD_MODEL, UNSUPPORTED (unknown kind of front end or feature). */
SORDINO_NODISCARD sordino_status front_text_read(const char *text, bool strict, front_spec *out,
                                                 sordino_error *why);

/* Floats a frame that the graph must take and give. */
uint32_t front_input_width(const front_spec *front);
uint32_t front_output_width(const front_spec *front);

#endif
