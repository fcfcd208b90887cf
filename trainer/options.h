/* The command line of sordino-train. */
#ifndef TRAINER_OPTIONS_H
#define TRAINER_OPTIONS_H

#include <stdbool.h>

#include <sordino/status.h>

#include "trainer/run/settings.h"

typedef struct options {
    settings settings;  /* with names of checkpoint, log, picture and card filled in */
    char *command;      /* the command line as it was, quoted for a shell; owned */
    char *rejected;     /* where a model that loses is kept; owned */
    bool resumed;       /* the settings are those of the run that is resumed, and what was said */
    char *stored_names; /* its own options, as settings_text wrote them; owned; NULL: none */
    bool preview;       /* write examples instead of training */
    const char *preview_folder;
    const char *score;               /* a model to score instead of training */
    const char *onnx_from, *onnx_to; /* convert a model instead of training */
} options;

typedef enum options_found {
    OPTIONS_TRAIN, /* go on, with what was asked for */
    OPTIONS_DONE,  /* help or version was printed */
    OPTIONS_BAD    /* `why` says what is wrong */
} options_found;

/* Strings are borrowed from argv. options_free in any case. */
options_found options_parse(int argc, char **argv, options *out, sordino_error *why);
/* Whether anything that the run would write is there already, and is none of its own. Errors:
 * BAD_ARG. */
SORDINO_NODISCARD sordino_status options_check_files(const options *o, sordino_error *why);
void options_free(options *o);

#endif
