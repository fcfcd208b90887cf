/*
 * Machines that train one model together, started by mpirun: each works on some lanes of every
 * batch; their gradients are added in the order of lanes, so that the sum is the same, bit for bit,
 * however many machines there are. Only one thread may call these. Without mpirun there are no
 * machines, and NULL stands for them: one alone, number 0 of 1, all of these do nothing for it.
 *
 * What all machines have to call together, in the same order: share, any, agree, same, sum.
 */
#ifndef RUN_MACHINES_H
#define RUN_MACHINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sordino/status.h>

typedef struct machines machines;

/* Whether the environment says that mpirun (or a like launcher) started this process. */
bool machines_started(void);

/* Joins the others that mpirun started; NULL in `*out` when it did not. Errors: NO_MEM;
 * UNSUPPORTED (started by mpirun, but built without MPI). */
SORDINO_NODISCARD sordino_status machines_join(machines **out, sordino_error *why);
void machines_leave(machines *m);

uint32_t machines_rank(const machines *m); /* 0..count-1; 0 is the one that writes and speaks */
uint32_t machines_count(const machines *m);

/* `bytes` of machine 0 for all. */
void machines_broadcast(machines *m, void *bytes, size_t n);

/* Whether any machine says so. */
bool machines_any(machines *m, bool mine);

/* The first failure, in the order of machines, for all; the sentence begins with the name of the
 * machine where it is not machine 0. OK when all are. */
SORDINO_NODISCARD sordino_status machines_agree(machines *m, sordino_status mine,
                                                sordino_error *why);

/* Errors: BAD_ARG when `text` is not the same everywhere; `what` says what it is, as in "The
 * settings". */
SORDINO_NODISCARD sordino_status machines_same(machines *m, const char *text, const char *what,
                                               sordino_error *why);

/* Memory for sums of `n` floats over `lanes` lanes. Errors: NO_MEM; BAD_ARG (too long for MPI). */
SORDINO_NODISCARD sordino_status machines_reserve(machines *m, uint32_t lanes, size_t n,
                                                  sordino_error *why);

/* Adds up lanes[0] + lanes[1] + ..., each [n] as reserved, in this order, into `sum` [n], which may
 * be one of them. Lane i is read on machine i % count alone. */
void machines_sum(machines *m, float *const *lanes, float *sum);

/* The same for a few numbers [n], of which all machines but one have 0. */
void machines_all_reduce(machines *m, double *numbers, size_t n);

#endif
