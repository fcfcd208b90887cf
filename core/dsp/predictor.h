/*
 * Adaptive line enhancer: a normalised LMS predictor (Widrow et al. 1975, "Adaptive noise
 * cancelling"; Haykin, "Adaptive Filter Theory", ch. 6) of the sample from those before it. What
 * can be predicted (slow or periodic) is kept, what cannot (broadband noise) goes. The output is
 * the posterior estimate: prediction mixed with the sample by their tracked error variances. Zero
 * delay.
 */
#ifndef DSP_PREDICTOR_H
#define DSP_PREDICTOR_H

#include <stddef.h>
#include <stdint.h>

#include <sordino/status.h>

typedef struct predictor predictor;

/* One channel; `taps` 1..1024 past samples. Errors: NO_MEM, BAD_ARG. */
SORDINO_NODISCARD sordino_status predictor_new(uint32_t taps, predictor **out, sordino_error *why);
void predictor_free(predictor *p);
void predictor_reset(predictor *p) SORDINO_RT;

/* Takes one sample (NaN: missing, the prediction stands in), returns its estimate. */
float predictor_push(predictor *p, float x) SORDINO_RT;

#endif
