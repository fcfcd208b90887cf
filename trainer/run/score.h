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
    SCORE_START,          /* the model that a run starts from, where there is one */
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

/* Scores one subject; `model` (with a plan) for SCORE_START and SCORE_MODEL. Subjects that do not
 * apply give NAN, as does SCORE_START without a model. What each mixture got is kept for
 * scoring_compare until the subject is scored again. The error is that of the first mixture, in
 * their order, that could not be scored, whatever the thread. Errors: NO_MEM, UNSUPPORTED (the
 * model does not serve a rate). */
SORDINO_NODISCARD sordino_status scoring_run(scoring *s, score_subject subject,
                                             const sordino_model *model, scores *out,
                                             sordino_error *why);

/* What mixture `i` got when `subject` was scored last; NAN where it was not. */
scores scoring_item(const scoring *s, score_subject subject, uint32_t i);

/* One figure to choose checkpoints by, larger is better: for sound SI-SDR in dB plus 20 times
 * ESTOI (a tenth of ESTOI weighs as much as 2 dB); for sensor signals SNR in dB. */
double scores_merit(const scores *s);

/* SCORE_MODEL beside another subject on the same mixtures, more is better: the mean difference and
 * half the width of its paired 95 % interval (Student's t). NAN where a figure does not apply. */
typedef struct score_difference {
    double mean[SCORE_COUNT], half[SCORE_COUNT];
} score_difference;

/* As both were scored last. */
score_difference scoring_compare(const scoring *s, score_subject rival);

/* Whether the model loses: worse beyond the interval on some figure and better beyond it on none;
 * or, where no figure is beyond it, no better by its merit in the mean. With `harmed`, being worse
 * beyond the interval on any figure is enough: a denoiser must not harm what it is given. `*kind`
 * gets the figure that says so. */
bool scores_lose(const score_difference *d, bool harmed, score_kind *kind);

#endif
