/*
 * A graph compiled for running: a flat array of steps, weights packed for one kernel table, and
 * one arena's layout. The plan is immutable and shared; each stream has a plan_state.
 */
#ifndef PLAN_PLAN_H
#define PLAN_PLAN_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <sordino/status.h>

#include "core/graph/graph.h"
#include "core/graph/tensors.h"

struct kernels; /* core/kernels/kernels.h */

typedef struct plan plan;
typedef struct plan_state plan_state;

/* Compiles. Copies what it needs of graph and tensors. Every parameter must be present by name and
 * shape, and no tensor may be left over. `table` NULL picks the best for this CPU.
 * Errors: NO_MEM, BAD_MODEL. */
SORDINO_NODISCARD sordino_status plan_new(const graph *g, const tensor_set *weights,
                                          const struct kernels *table, plan **out,
                                          sordino_error *why);
void plan_free(plan *p);

uint32_t plan_input_width(const plan *p) SORDINO_RT;  /* floats in an input frame */
uint32_t plan_output_width(const plan *p) SORDINO_RT; /* floats in an output frame */
size_t plan_weights(const plan *p);                   /* number of parameters, unpadded */
size_t plan_packed_bytes(const plan *p);              /* bytes of packed weights */
double plan_macs(const plan *p);                      /* multiply-adds a frame */

/* One line per step: name, op, shapes, history, offsets. */
void plan_dump(const plan *p, FILE *to);

/* Memory of one stream, able to run up to `max_frames` frames (>= 1) at a time; one arena.
 * The plan is borrowed until plan_state_free. Errors: NO_MEM. */
SORDINO_NODISCARD sordino_status plan_state_new(const plan *p, size_t max_frames, plan_state **out,
                                                sordino_error *why);
void plan_state_free(plan_state *s);
size_t plan_state_bytes(const plan_state *s);

/* Past frames back to zero. */
void plan_state_reset(plan_state *s) SORDINO_RT;

/* Runs `n` frames, any n >= 0 (longer than max_frames is cut up): `in` [n][input width], `out`
 * [n][output width], not overlapping. Bit for bit the same however the frames are cut into calls.
 */
void plan_run(plan_state *s, const float *in, float *out, size_t n) SORDINO_RT;

#endif
