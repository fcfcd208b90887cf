/* The command line of sordino. */
#ifndef OFFLINE_OPTIONS_H
#define OFFLINE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sordino/sordino.h>

/* What kind of input the user says it is; AUTO goes by extension. */
typedef enum input_kind { INPUT_AUTO, INPUT_AUDIO, INPUT_RAW, INPUT_CSV } input_kind;

typedef struct options {
    char **inputs; /* [n_inputs], borrowed from argv */
    size_t n_inputs;
    const char *output;          /* a file or "-"; NULL with a folder */
    const char *folder;          /* -d */
    const char *model;           /* -m; NULL = by the kind of input */
    sordino_config config;       /* method, rate and channels are set for each input */
    double learn_from, learn_to; /* s */
    const char *noise_profile, *save_profile;
    const char *format, *subtype;
    const char *report, *plot;
    size_t block;        /* frames */
    const char *raw;     /* encoding, with INPUT_RAW */
    double rate;         /* Hz; 0 = not said */
    const char *columns; /* NULL = every column that is measured */
    input_kind kind;
    unsigned jobs; /* 1.. */
    int link;      /* -1: linked in audio, not in tables; 0, 1: said */
    uint32_t raw_channels;
    const char *time;        /* number, name or pattern of the column of times; NULL = find it */
    const char *keep;        /* columns that stay as they are */
    const char *missing;     /* values that stand for missing ones */
    char delimiter, decimal; /* of tables; '\0' = find them */
    bool full_digits;
    bool recurse; /* -r */
    bool force, quiet, verbose, json, salvage, list_models;
    bool learn, dither, fill_gaps;
    bool wants_wiener; /* a noise, or an option of wiener, was given: no network by default */
} options;

typedef enum options_result { OPTIONS_RUN, OPTIONS_DONE, OPTIONS_WRONG } options_result;

/* Reads the command line. DONE: --help or --version was served. WRONG: told on standard error. */
options_result options_read(int argc, char **argv, options *o);

#endif
