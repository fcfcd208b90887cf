/* From settings to a network and its front end. */
#ifndef RUN_DESIGN_H
#define RUN_DESIGN_H

#include "core/graph/graph.h"
#include "core/model/model.h"
#include "trainer/front/front.h"
#include "trainer/run/settings.h"

/* The network and front end that settings name; the caller frees `*out_graph`. Errors: BAD_ARG,
 * NO_MEM, BAD_MODEL. */
SORDINO_NODISCARD sordino_status design_new(const settings *s, front_spec *out_front,
                                            graph **out_graph, sordino_error *why);

/* Whether `m`, called `name`, is for what the settings mix: sound, or a sensor's signals. Errors:
 * BAD_ARG. */
SORDINO_NODISCARD sordino_status design_serves(const settings *s, const sordino_model *m,
                                               const char *name, sordino_error *why);

/* Whether the start model `m` has the shape that the settings ask for, where they ask: the network
 * is the model's own, so another one would be ignored. Errors: BAD_ARG. */
SORDINO_NODISCARD sordino_status design_agrees(const settings *s, const sordino_model *m,
                                               sordino_error *why);

cost_spec design_cost(const settings *s);

/* Reads "16000:3,48000" into the mix's rates. Errors: BAD_ARG. */
SORDINO_NODISCARD sordino_status design_rates(const char *text, mix_spec *mix, sordino_error *why);

#endif
