/*
 * The learning rate by trial: from the same start, on the same examples, at each of three rates;
 * the weights that score best on the held-out mixtures are gone on from. What an interruption
 * leaves is the start, so that the trial is made anew and a run's result does not depend on it.
 */
#include "core/base/error.h"
#include "trainer/run/train_internal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { RATES = 3 };
static const double factors[RATES] = {0.1, 0.32, 1}; /* of the rate that is set */
static const double share = 0.06;                    /* of the run, for each */

typedef struct trial {
    train_watcher watcher;
    void *self;
    const volatile int *stop;
    float *values; /* [all] */
    snapshot best;
    scores best_scores;
    double best_merit;
} trial;

/* Descends for a share of the run. False in `*finite` where that led nowhere. */
static sordino_status descend_a_while(train *t, const trial *a, bool *finite, bool *stopped,
                                      sordino_error *why)
{
    const double until = train_where(t).progress + share;
    double last = train_clock();
    sordino_status status = SORDINO_OK;
    do {
        *stopped = train_heed(t, a->stop && *a->stop);
        if (*stopped)
            break;
        status = train_descend(t, finite, why);
        const double at = train_clock();
        t->elapsed += at - last;
        last = at;
        if (a->watcher && status == SORDINO_OK && *finite) {
            const train_status where = train_where(t);
            a->watcher(a->self, &where);
        }
    } while (status == SORDINO_OK && *finite && train_where(t).progress < until);
    return status;
}

static sordino_status try_rate(train *t, trial *a, double rate, bool *stopped, sordino_error *why)
{
    const double before = t->hours;
    bool finite = true;
    scores found;
    t->found_rate = rate;
    sordino_status status = descend_a_while(t, a, &finite, stopped, why);
    if (status != SORDINO_OK || *stopped || !finite)
        return status;
    const double last = train_clock();
    status = train_score_now(t, a->values, &found, why);
    t->elapsed += train_clock() - last;
    if (status != SORDINO_OK || !(scores_merit(&found) > a->best_merit) || t->hours <= before)
        return status;
    a->best_merit = scores_merit(&found);
    a->best_scores = found;
    status = train_keep(t, &a->best) ? SORDINO_OK
                                     : error_set(why, SORDINO_NO_MEM, "Out of memory for a trial");
    return machines_agree(t->machines, status, why);
}

/* Where the best rate led becomes where the run is. */
static sordino_status go_on(train *t, const trial *a, sordino_error *why)
{
    char text[128];
    train_bring_back(t, &a->best);
    if (a->watcher) {
        train_status where = train_where(t);
        snprintf(text, sizeof text, "A learning rate of %.2g does best in the first %.0f steps",
                 t->found_rate, t->step);
        where.event = text;
        a->watcher(a->self, &where);
    }
    t->trying = false;
    train_average(t, a->values);
    return train_note_scores(t, a->values, &a->best_scores, a->watcher, a->self, why);
}

sordino_status train_find_rate(train *t, const volatile int *stop, train_watcher watcher,
                               void *self, bool *stopped, sordino_error *why)
{
    trial a = {.watcher = watcher, .self = self, .stop = stop, .best_merit = -INFINITY};
    const snapshot *const start = &t->saved;
    a.values = malloc((t->all + 1) * sizeof *a.values);
    sordino_status status =
        a.values ? SORDINO_OK : error_set(why, SORDINO_NO_MEM, "Out of memory for a trial");
    status = machines_agree(t->machines, status, why);
    t->trying = true;
    for (int i = 0; i < RATES && status == SORDINO_OK && !*stopped; i++) {
        if (i > 0)
            train_bring_back(t, start);
        status = try_rate(t, &a, t->settings->learning_rate * factors[i], stopped, why);
    }
    if (status == SORDINO_OK && *stopped)
        train_bring_back(t, start);
    else if (status == SORDINO_OK && !a.best.values)
        status = error_set(why, SORDINO_BAD_ARG,
                           "The loss is not finite at any learning rate; give a lower "
                           "--learning-rate");
    else if (status == SORDINO_OK)
        status = go_on(t, &a, why);
    t->trying = false;
    free(a.values);
    free(a.best.values);
    return status;
}
