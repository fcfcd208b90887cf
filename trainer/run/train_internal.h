/* What a run holds; shared by train.c and export.c. */
#ifndef RUN_TRAIN_INTERNAL_H
#define RUN_TRAIN_INTERNAL_H

#include "trainer/adam.h"
#include "trainer/net/net.h"
#include "trainer/run/step.h"
#include "trainer/run/train.h"

/* All that a checkpoint holds, in memory. */
typedef struct snapshot {
    float *values; /* owned; NULL: none */
    double numbers[32];
} snapshot;

struct train {
    const settings *settings;
    machines *machines; /* NULL: one alone */
    sources *sources;
    mixer *mixer;
    workers *workers;
    stepper *stepper;
    scoring *scoring; /* on machine 0 */
    graph *graph;
    front_spec front;
    net *net;
    adam *adam;
    muon *muon; /* NULL: all weights go by AdamW */
    size_t all; /* weights and statistics */
    float *best_values;
    float *start_values; /* of the start model; NULL: none */
    char graph_hash[17], data_hash[17], from_hash[17];
    char *fingerprint, *options; /* settings_text: what bears on the result, and all */
    double minutes;

    /* Kept in checkpoints. */
    double step, loss, hours, elapsed, best_merit, best_hours, next_score;
    double rate_scale, skipped, recoveries;
    double found_rate; /* learning rate that was found; 0: not yet */
    scores figures[SCORE_SUBJECTS];

    double norm, speed, rate;
    bool trying;    /* learning rates */
    snapshot saved; /* the last checkpoint */
};

/* Weights as the bytes of a model file. */
sordino_status train_model_of(const train *t, const float *values, const metadata_entry *metadata,
                              size_t n_metadata, void **bytes, size_t *size, sordino_error *why);

/* Monotonic, s. */
double train_clock(void);

/* What a checkpoint would hold, to memory and back. train_keep: false when out of memory.
 * train_bring_back leaves the time that has gone by. */
bool train_keep(train *t, snapshot *to);
void train_bring_back(train *t, const snapshot *from);

/* One step; false in `*finite` when its loss or gradient was not. */
sordino_status train_descend(train *t, bool *finite, sordino_error *why);

/* Whether any machine is to stop. */
bool train_heed(train *t, bool stop);

/* The weights that are scored and shipped into `to` [all]: averages, and batch norm's statistics as
 * they are. */
void train_average(const train *t, float *to);

/* Those into `values` [all], and how they score. */
sordino_status train_score_now(train *t, float *values, scores *out, sordino_error *why);

/* Takes note of a scoring of `values`: keeps them when they are the best so far, saves, tells. */
sordino_status train_note_scores(train *t, const float *values, const scores *found,
                                 train_watcher watcher, void *self, sordino_error *why);

/* Tries learning rates from the start on, a small share of the run each, and goes on from where the
 * best one led. `*stopped`: it was interrupted, and the run stands at its start. Errors: NO_MEM,
 * IO, BAD_ARG (the loss is finite at none of them). */
sordino_status train_find_rate(train *t, const volatile int *stop, train_watcher watcher,
                               void *self, bool *stopped, sordino_error *why);

#endif
