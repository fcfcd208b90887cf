/*
 * AdamW (Loshchilov & Hutter 2019, "Decoupled weight decay regularization", algorithm 2) over a
 * flat vector, with clipping of the gradient's norm (Pascanu, Mikolov & Bengio 2013) and an
 * exponential average of the weights (Polyak & Juditsky 1992). Matrices may go by Muon instead
 * (trainer/muon.h).
 */
#ifndef TRAINER_ADAM_H
#define TRAINER_ADAM_H

#include <stdbool.h>
#include <stddef.h>

#include <sordino/status.h>

#include "trainer/muon.h"

typedef struct adam_spec {
    double decay; /* of weights, times the learning rate a step */
    double clip;  /* largest norm of a gradient; 0: any */
    double ema;   /* memory of the average, 0..1; shorter at first: min(ema, (1 + t) / (10 + t)) */
    muon *matrices; /* these go by Muon; NULL: none. Borrowed until adam_free */
} adam_spec;

typedef struct adam adam;

/* `decays` [n] marks weights that decay; copied. Errors: NO_MEM. */
SORDINO_NODISCARD sordino_status adam_new(const adam_spec *spec, size_t n, const bool *decays,
                                          adam **out, sordino_error *why);
void adam_free(adam *a);

/* All that has to be kept to go on: [n] each, owned by the optimiser. */
typedef struct adam_state {
    float *first, *second; /* moments */
    float *average;        /* of the weights */
    double updates;        /* so far */
} adam_state;
adam_state *adam_where(adam *a);

/* One update of `values` [n] at learning rate `rate`. `gradient` is scaled when it is clipped.
 * `*norm` gets its length before. False, and nothing changed, when that is not finite. The same
 * numbers give the same bits. */
bool adam_update(adam *a, float *values, float *gradient, double rate, double *norm);

/* Learning rate over a run: rises in a line for `warm_up` steps, stays, then falls as half a cosine
 * over the last `cool_down` of the run to a hundredth (Loshchilov & Hutter 2017, "SGDR"). */
typedef struct adam_schedule {
    double rate;      /* at its highest */
    double warm_up;   /* steps */
    double cool_down; /* share of the run */
} adam_schedule;
double adam_rate(const adam_schedule *s, double step, double progress);

#endif
