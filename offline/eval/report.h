/* Tells the results: a table, CSV, JSON. */
#ifndef EVAL_REPORT_H
#define EVAL_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "offline/eval/evaluate.h"
#include "offline/eval/options.h"
#include "offline/eval/pairs.h"
#include "common/metrics/statistics.h"

typedef struct report {
    const options *options;
    const pair_list *pairs;
    const result *results; /* [pairs->n] */
} report;

/* One row of the report: a pair, or one channel of it. */
typedef struct report_row {
    const pair *pair;
    const result *result;
    size_t channel;
} report_row;

/* The values to tell: the processed signal's, the noisy one's, or the first minus the second. */
typedef enum report_part { PART_PROCESSED, PART_NOISY, PART_DIFFERENCE, PARTS } report_part;

size_t report_rows(const report *r); /* of pairs that were measured */
report_row report_row_at(const report *r, size_t i);
double report_value(const report_row *row, report_part part, figure f);

/* Of one figure over all rows. False when out of memory. */
bool report_summary(const report *r, report_part part, figure f, summary *out);

/* Each writes to `to`; false when out of memory (what the stream thinks is the caller's to ask).
 * The table leaves out columns without a value, and with one row its summary. */
bool report_table(const report *r, FILE *to);
bool report_csv(const report *r, FILE *to);
bool report_json(const report *r, FILE *to); /* report_json.c */

#endif
