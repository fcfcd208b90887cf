/*
 * A training run from settings to a model: opens the data, builds the network, descends, scores,
 * saves, and goes on where it was saved.
 */
#ifndef RUN_TRAIN_H
#define RUN_TRAIN_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <sordino/status.h>

#include "core/model/model.h"
#include "trainer/run/machines.h"
#include "trainer/run/score.h"
#include "trainer/run/settings.h"
#include "trainer/run/sources.h"

typedef struct train train;

/* Where a run stands; given to the watcher after every step and every scoring. */
typedef struct train_status {
    uint64_t step;
    double loss;         /* smoothed over some 50 steps */
    double norm;         /* of the last gradient */
    double hours;        /* of audio so far */
    double elapsed;      /* s of work so far, earlier sittings included */
    double speed;        /* audio seconds a second, lately */
    double progress;     /* 0..1 */
    double rate;         /* learning rate */
    const scores *model; /* of the scoring just made, else NULL */
    bool best;           /* that scoring is the best so far */
    const char *event;   /* a sentence worth a line, else NULL */
    bool trying;         /* learning rates; nothing to be logged */
} train_status;

typedef void (*train_watcher)(void *self, const train_status *status);

/* Opens all that the settings name. `settings` and `m` are borrowed. What is worth knowing goes to
 * `notes`, a line each (may be NULL). Errors: as the parts give them; BAD_ARG when settings or data
 * are not the same on all machines.
 *
 * With several machines (`m` not NULL) all of them call train_new, train_resume, train_baselines
 * and train_run, which give the same result everywhere, errors too; number 0 alone reads and writes
 * files of the run, scores and keeps the time. The other functions are of use on number 0 only. */
SORDINO_NODISCARD sordino_status train_new(const settings *s, machines *m, FILE *notes, train **out,
                                           sordino_error *why);
void train_free(train *t);

/* Goes on from the checkpoint. Errors: NOT_FOUND, IO, BAD_MODEL. */
SORDINO_NODISCARD sordino_status train_resume(train *t, sordino_error *why);

/* Scores the baselines and the start model, once before train_run; the start model is the first of
 * those that the best is chosen from. Errors: NO_MEM, UNSUPPORTED (a rate that is not served). */
SORDINO_NODISCARD sordino_status train_baselines(train *t, sordino_error *why);

/* Descends until the limits are reached or `*stop` is set (by a signal's handler; on any
 * machine); saves a
 * checkpoint at every scoring and at the end. A loss that is not finite takes the run back to the
 * last checkpoint, with half the learning rate. Errors: NO_MEM, IO (checkpoint), BAD_ARG (still
 * not finite after several tries). */
SORDINO_NODISCARD sordino_status train_run(train *t, const volatile int *stop,
                                           train_watcher watcher, void *self, sordino_error *why);

/* Scores of the best weights so far, and of the baselines. */
const scores *train_baseline(const train *t, score_subject subject);
const scores *train_best(const train *t);
double train_best_hours(const train *t); /* of audio that led there; 0: the start model */

/* The best model so far with its metadata, as bytes of a model file: released with free(). */
SORDINO_NODISCARD sordino_status train_export(const train *t, const char *command, void **out_bytes,
                                              size_t *out_size, sordino_error *why);

/* Whether the best model is worth having. */
typedef struct judgement {
    bool wins;           /* it loses to none of those it is compared with */
    score_subject rival; /* else: to whom */
    score_kind kind;     /* ... and by which figure */
} judgement;

/* Scores the best weights once more and compares them, mixture by mixture, with the untouched
 * input, the baselines (the Wiener filter; for sensor signals the Kalman filter and the fitted FIR
 * filter) and the start model (scores_lose). Errors: NO_MEM. */
SORDINO_NODISCARD sordino_status train_judge(train *t, judgement *out, sordino_error *why);

const sources *train_sources(const train *t);
train_status train_where(const train *t);
uint32_t train_scored_items(const train *t);
size_t train_weights(const train *t);

#endif
