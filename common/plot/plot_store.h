/*
 * What a plot remembers of a signal of any length: spectra in columns of time (audio), or the least
 * and the largest value in cells of time (sensors). When all places are taken, neighbours are
 * merged and every later one spans twice the time. Both signals are kept: [0] before, [1] after.
 */
#ifndef PLOT_PLOT_STORE_H
#define PLOT_PLOT_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/rfft.h"

enum {
    MAX_COLUMNS = 2048, /* about twice the pixels of a panel */
    MAX_ROWS = 512,
    MAX_CELLS = 8192,
    PASSAGE = 512 /* samples of a long trace shown in full detail */
};

typedef struct audio {
    size_t window, hop, rows, bins_per_row;
    size_t frames_per_column, frames_in_column, n_columns;
    size_t fill;       /* samples in `past` */
    float *past[2];    /* [window] */
    double *weights;   /* [window], sum 2: a sine of amplitude 1 has power 1 */
    double *sum[2];    /* [rows] of the column being filled */
    float *columns[2]; /* [MAX_COLUMNS][rows] mean power */
    rfft *fft;
} audio;

typedef struct cell {
    float low, high; /* low > high: nothing but gaps */
} cell;

typedef struct sensor {
    uint64_t samples_per_cell, samples_in_cell;
    size_t n_cells;             /* complete ones */
    cell (*cells)[2];           /* [MAX_CELLS] before, after; the last may be half full */
    float *recent[2], *best[2]; /* [PASSAGE]: the latest samples, and the liveliest seen */
    uint64_t best_start;
    double best_range; /* -1: none yet */
} sensor;

/* False when out of memory; what was had is released by _free all the same. */
bool audio_init(audio *a, double rate);
void audio_free(audio *a);

/* The next `n` samples of both. A sample that is not finite counts as 0. */
void audio_push(audio *a, const float *before, const float *after, size_t n);

/* Pushes zeros until the last sample was the centre of a frame, and ends the last column. */
void audio_finish(audio *a);

extern const cell empty_cell;
void cell_add(cell *c, float value); /* ignores what is not finite */
cell cell_union(cell a, cell b);

/* As above; `at` is the number of samples pushed so far. */
bool sensor_init(sensor *s);
void sensor_free(sensor *s);
void sensor_push(sensor *s, uint64_t at, float before, float after);

#endif
