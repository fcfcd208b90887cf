/*
 * How well a model does on mixtures that training never draws from, beside the baselines, all run
 * by the denoiser that users run. Sound is scored at its own rate by SI-SDR and ESTOI, sensor
 * signals by SNR and r.m.s. error (offline/eval/).
 */
#ifndef RUN_SCORE_H
#define RUN_SCORE_H

#include <stdbool.h>
#include <stdint.h>

#include <sordino/sordino.h>

#include "core/model/model.h"
#include "trainer/mix/mix.h"
#include "trainer/run/settings.h"
#include "trainer/run/sources.h"
#include "trainer/run/workers.h"

typedef enum score_kind {
    SCORE_SI_SDR,
    SCORE_ESTOI,
    SCORE_SNR,
    SCORE_RMSE,
    SCORE_COUNT
} score_kind;

/* Means over the mixtures; NAN where a figure does not apply. */
typedef struct scores {
    double mean[SCORE_COUNT];
} scores;

/* Who is scored. */
typedef enum score_subject {
    SCORE_NOISY,          /* the input as it is */
    SCORE_ZEROS,          /* silence; a constant (the mean) for sensor signals */
    SCORE_MOVING_AVERAGE, /* centred, the best of 3..65 samples by r.m.s. error: sensor only */
    SCORE_FIR_WIENER,     /* causal FIR filter fitted on training examples: sensor only */
    SCORE_WIENER,         /* the library's spectral baseline: sound only */
    SCORE_KALMAN,         /* the library's Kalman filter: sensor only */
    SCORE_MODEL,
    SCORE_SUBJECTS
} score_subject;

const char *score_kind_name(score_kind k);       /* "SI-SDR dB" ... */
const char *score_subject_name(score_subject s); /* "noisy" ... */

typedef struct scoring scoring;

/* Makes the mixtures: `settings.validation_items` of them, at the ratios of
 * `settings.validation_snr` in turn, from the held-out sides of `sources`, without the other
 * accidents of training. Errors: NO_MEM, BAD_ARG. */
SORDINO_NODISCARD sordino_status scoring_new(const settings *settings, const sources *sources,
                                             workers *w, scoring **out, sordino_error *why);
void scoring_free(scoring *s);
uint32_t scoring_count(const scoring *s);

/* Scores one subject; `model` (with a plan) for SCORE_MODEL. Subjects that do not apply give NAN.
 * Errors: NO_MEM, UNSUPPORTED (the model does not serve a rate). */
SORDINO_NODISCARD sordino_status scoring_run(scoring *s, score_subject subject,
                                             const sordino_model *model, scores *out,
                                             sordino_error *why);

/* One figure to choose checkpoints by, larger is better: for sound SI-SDR in dB plus 20 times
 * ESTOI (a tenth of ESTOI weighs as much as 2 dB); for sensor signals SNR in dB. */
double scores_merit(const scores *s);

/* Whether a model's figures beat the baseline's: every figure that both have is better. */
bool scores_beat(const scores *model, const scores *baseline);

#endif
