/*
 * One step of descent: examples made, features, forward, loss, backward and the update. A batch is
 * cut into lanes, each with a gradient of its own, added up in order: the result does not depend on
 * the number of threads, nor on that of machines.
 */
#ifndef RUN_STEP_H
#define RUN_STEP_H

#include <stdbool.h>
#include <stdint.h>

#include <sordino/status.h>

#include "trainer/adam.h"
#include "trainer/front/front.h"
#include "trainer/mix/mix.h"
#include "trainer/net/net.h"
#include "trainer/run/machines.h"
#include "trainer/run/workers.h"

typedef struct step_spec {
    uint32_t batch, lanes; /* examples; parts; lanes <= batch */
    machines *machines;    /* that share the batch, borrowed: number r of n takes lanes r, r + n
                              ...; NULL: this one alone */
} step_spec;

typedef struct stepper stepper;

/* All are borrowed. With batch norm the examples of a lane are one batch. Errors: NO_MEM, BAD_ARG.
 */
SORDINO_NODISCARD sordino_status stepper_new(net *n, const front_spec *front, const cost_spec *cost,
                                             mixer *m, workers *w, const step_spec *spec,
                                             stepper **out, sordino_error *why);
void stepper_free(stepper *s);

/* What a step found. */
typedef struct step_result {
    double loss;
    double seconds; /* of audio (of samples at their rate) */
} step_result;

/* Gradient and loss of step `number` (examples number * batch ...) at the net's present weights.
 * The net is packed first. Gradient [net_size] and batch statistics [net_statistics] (means) are
 * borrowed until the next call; they are the same on all machines, errors too. Errors: NO_MEM,
 * BAD_ARG. */
SORDINO_NODISCARD sordino_status stepper_gradient(stepper *s, uint64_t number, step_result *result,
                                                  float **gradient, float **statistics,
                                                  sordino_error *why);

#endif
