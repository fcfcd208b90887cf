/* Measures one pair of files. */
#ifndef EVAL_EVALUATE_H
#define EVAL_EVALUATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "offline/eval/options.h"
#include "offline/eval/pairs.h"
#include "offline/eval/why.h"

typedef enum figure {
    FIGURE_SI_SDR,
    FIGURE_SNR,
    FIGURE_SEGMENTAL_SNR,
    FIGURE_STOI,
    FIGURE_ESTOI,
    FIGURE_LSD,
    FIGURE_RMSE,
    FIGURE_CORRELATION,
    FIGURE_PESQ,
    FIGURES
} figure;

typedef struct figure_info {
    const char *key;    /* in JSON and CSV */
    const char *title;  /* in the table */
    const char *unit;   /* "" for none */
    const char *format; /* of one value, for printf */
} figure_info;

extern const figure_info figure_infos[FIGURES];

enum { MAX_NOTES = 8 };

/* What came of comparing one file with the clean one. */
typedef struct comparison {
    int64_t delay;             /* samples by which it lagged; 0 when not aligned */
    size_t n;                  /* samples compared */
    size_t gaps;               /* of these, left out for not being finite, over all rows */
    double (*values)[FIGURES]; /* [rows], NAN where undefined; owned */
} comparison;

typedef struct result {
    double rate;                 /* Hz; 0 = unknown */
    size_t channels, rows;       /* rows: 1, or channels with --channels each */
    comparison processed, noisy; /* noisy.values NULL when there is no noisy file */
    why notes[MAX_NOTES];
    size_t n_notes;
    char *subject; /* the file that failed; NULL when all went well; owned */
    why error;
} result;

/* Reads and measures; what fails is told in `out`. Any thread. */
void evaluate_pair(const pair *p, const options *o, result *out);
void result_free(result *r);

#endif
