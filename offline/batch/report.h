/* What was done, as JSON. */
#ifndef BATCH_REPORT_H
#define BATCH_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "offline/batch/job.h"

/* Writes one object with an array of `n` files to `to`; false when memory or writing fails. The
 * same jobs give the same text: no times, no paths but those given. */
bool report_write(const job *jobs, size_t n, const sordino_model *model, FILE *to);

#endif
