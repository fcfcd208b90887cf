/* What a run holds; shared by train.c and export.c. */
#ifndef RUN_TRAIN_INSIDE_H
#define RUN_TRAIN_INSIDE_H

#include "trainer/adam.h"
#include "trainer/net/net.h"
#include "trainer/run/step.h"
#include "trainer/run/train.h"

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
    char graph_hash[17], data_hash[17], from_hash[17];
    char *essence; /* settings_text */
    double minutes;

    /* Kept in checkpoints. */
    double step, loss, hours, elapsed, best_merit, best_hours, next_score;
    double rate_scale, skipped, recoveries;
    scores figures[SCORE_SUBJECTS];

    double norm, speed, rate;
    float *saved; /* the vectors of the last checkpoint */
    double saved_numbers[32];
};

/* Weights as the bytes of a model file. */
sordino_status train_model_of(const train *t, const float *values, const metadata_entry *metadata,
                              size_t n_metadata, void **bytes, size_t *size, sordino_error *why);

#endif
