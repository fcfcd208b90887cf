/* What is said of a table: what its columns were taken for, its rate, and what was found in it. */
#ifndef OFFLINE_TABLE_TELL_H
#define OFFLINE_TABLE_TELL_H

#include "common/table/table_io.h"
#include "offline/batch/job.h"
#include "offline/batch/table_grid.h"

/* In one line, `j->taken`; and, column by column, `j->columns` for a report. */
void table_tell_taken(job *j, const table_shape *shape, const options *o);

/* Warnings, as notes of the job. */
void table_tell_findings(job *j, const table_shape *shape, const table_counts *counts,
                         const table_grid *grid, double rate_said);

#endif
