/* Reads a whole recording: any format of libsndfile, headerless samples, or columns of numbers. */
#ifndef EVAL_LOAD_H
#define EVAL_LOAD_H

#include <stdbool.h>
#include <stddef.h>

#include "offline/eval/why.h"

enum { LOAD_MAX_CHANNELS = 1024 };

typedef struct recording {
    double *data; /* [channels][n], owned */
    size_t channels, n;
    double rate;     /* Hz; 0 = unknown (columns of numbers without a given rate) */
    size_t *columns; /* [channels] of a table that were read, from 0; NULL = no table; owned */
} recording;

typedef enum raw_encoding {
    RAW_NONE, /* files have headers */
    RAW_S16,
    RAW_S24,
    RAW_S32,
    RAW_F32,
    RAW_F64 /* all little-endian */
} raw_encoding;

typedef struct load_options {
    double rate; /* Hz of raw and text files; 0 = not given */
    raw_encoding raw;
    size_t raw_channels; /* 1..LOAD_MAX_CHANNELS */
    const size_t *
        columns; /* [n_columns] channels, or columns of tables, to keep, counted from 0; borrowed */
    size_t n_columns; /* 0 = all */
} load_options;

/*
 * Integer samples are scaled to -1..1. Text (.csv .tsv .txt .lvm) is read as sordino reads it; of
 * its columns those asked for are taken, else the same as of `like` (NULL = none), else what is
 * measured, or where nothing seems to be every column of numbers. An empty field, "nan" and the
 * like are gaps (NAN). False and `w` set when it cannot be read, has no samples, or lacks a channel
 * asked for. Any thread.
 */
bool load_recording(const char *path, const load_options *options, const recording *like,
                    recording *out, why *w);
void recording_free(recording *r);

/* True when the name ends as files do that load_recording can read. */
bool load_knows(const char *name, const load_options *options);

#endif
