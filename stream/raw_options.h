/* The command line of sordino-live with --stdin. */
#ifndef STREAM_RAW_OPTIONS_H
#define STREAM_RAW_OPTIONS_H

#include <stdbool.h>

#include "stream/raw_stream.h"

typedef enum raw_options_result { RAW_RUN, RAW_DONE, RAW_WRONG } raw_options_result;

/* True when --stdin is among the arguments. */
bool raw_options_apply(int argc, char **argv);

/* Reads the command line. DONE: --help or --version was served. WRONG: told on standard error. */
raw_options_result raw_options_read(int argc, char **argv, raw_stream_config *config);

#endif
