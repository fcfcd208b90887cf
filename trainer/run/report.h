/* What a run tells while it goes on: a line on the terminal, a log of JSON lines, a picture. */
#ifndef RUN_REPORT_H
#define RUN_REPORT_H

#include <stdbool.h>

#include <sordino/status.h>

#include "trainer/run/train.h"

typedef struct report report;

/* `log` is continued when `resume`, else begun anew; NULL: no log. `bar`: progress on
 * standard error, a line for each scoring and, on a terminal, a bar; elsewhere there is no
 * character of control. Errors: NO_MEM, IO. */
SORDINO_NODISCARD sordino_status report_new(const char *log, bool resume, bool bar, report **out,
                                            sordino_error *why);
void report_free(report *r);

/* Ends the line on the terminal, where there is one. */
void report_end_line(report *r);

/* A train_watcher; `self` is the report. */
void report_watch(void *self, const train_status *status);

/* A line of the log for the baselines. */
void report_baselines(report *r, const train *t);

/* Draws the curves of the log so far (earlier sittings included) as a PNG; OK without doing
 * anything when there is nothing to draw. Errors: NO_MEM, IO, UNSUPPORTED (built without cairo). */
SORDINO_NODISCARD sordino_status report_draw(report *r, const char *path, sordino_error *why);

#endif
