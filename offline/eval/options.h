/* The command line of sordino-eval. */
#ifndef EVAL_OPTIONS_H
#define EVAL_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "offline/eval/load.h"

typedef struct options {
    const char *clean, *processed, *noisy; /* noisy NULL when not given; strings are argv's */
    const char *json, *csv;                /* "-" is standard output; NULL when not given */
    const char *pesq_command;              /* NULL when not given */
    bool align;                            /* default true */
    double max_delay;                      /* s, 0..60; default 0.5 */
    bool each_channel;                     /* default false: the mean over channels */
    bool force, quiet;
    size_t jobs; /* 1..256; default: as many as processors */
    load_options load;
    size_t columns[LOAD_MAX_CHANNELS]; /* what load.columns points to */
} options;

typedef enum options_result { OPTIONS_RUN, OPTIONS_DONE, OPTIONS_WRONG } options_result;

/* Reads the arguments; DONE after --help or --version, WRONG after a message on standard error. */
options_result options_read(int argc, char **argv, options *out);

#endif
