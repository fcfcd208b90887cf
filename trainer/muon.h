/*
 * Muon (Jordan et al. 2024, "Muon: an optimizer for hidden layers in neural networks"): the step of
 * a weight matrix is its momentum made orthogonal, so that all directions in it move alike. Made
 * orthogonal by five steps of the Newton-Schulz iteration with Jordan's coefficients; scaled to the
 * size that a step of AdamW has (Liu et al. 2025, "Muon is scalable for LLM training", eq. 4), so
 * that learning rate and weight decay are those of AdamW.
 */
#ifndef TRAINER_MUON_H
#define TRAINER_MUON_H

#include <stddef.h>

#include <sordino/status.h>

#include "core/kernels/kernels.h"
#include "trainer/run/workers.h"

/* Where a matrix [rows][columns] stands in the flat vector of weights. */
typedef struct muon_matrix {
    size_t offset, rows, columns;
} muon_matrix;

typedef struct muon muon;

/* `matrices` [n] in the order of their offsets, apart from each other; copied. `table` and `w` are
 * borrowed until muon_free. Errors: NO_MEM. */
SORDINO_NODISCARD sordino_status muon_new(const muon_matrix *matrices, size_t n,
                                          const kernels *table, workers *w, muon **out,
                                          sordino_error *why);
void muon_free(muon *m);
size_t muon_count(const muon *m);
muon_matrix muon_at(const muon *m, size_t i);

/* For all matrices: takes `scale` times the gradient into the momentum (Nesterov's, 0.95) and puts
 * in the gradient's place the step to be taken, for a learning rate of 1. Other places of the two
 * flat vectors are left alone. The same numbers give the same bits with any number of threads. */
void muon_steps(muon *m, float *momentum, float *gradient, float scale);

#endif
