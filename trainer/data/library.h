/*
 * Recordings for training: folders and files of any format, rate and channel count that libsndfile
 * reads, kept in memory; and passages drawn from them at any rate.
 */
#ifndef DATA_LIBRARY_H
#define DATA_LIBRARY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sordino/status.h>

#include "trainer/random.h"

typedef struct library library;

typedef struct library_spec {
    const char *const *paths; /* files, or folders (searched deeply, in sorted order); tables are
                                 read when they are named, or where a folder has no other files */
    size_t n_paths;
    const char *held_out_list; /* a text file of names of the files held out, or NULL: */
    double held_out;           /* share of recordings held out, 0..1, by a hash of their names;
                                  pieces of one recording (same name up to its last '-', '_' or
                                  '.') stay together. A single recording is cut in time instead:
                                  its last part is held out; so is each where the hashes
                                  would leave all of them on one side */
    double max_hours;          /* more is left out, with a count of what was; 0: no limit */
    bool pauses;               /* clean sound, which comes and goes; see band_measure */
    double table_rate;         /* Hz of tables without times; 0: they are refused */
    bool look;                 /* look at what goes in: a summary and what is amiss go to the
                                  notes; of copies one is kept, near copies stay on one side; of
                                  long files passages are taken */
} library_spec;

/* Reads everything. Files that cannot be read are counted and named in library_notes; no readable
 * file, or nothing but silence, is an error. Errors: NO_MEM, IO (no such file or folder, nothing
 * readable), BAD_ARG. */
SORDINO_NODISCARD sordino_status library_open(const library_spec *spec, library **out,
                                              sordino_error *why);
void library_free(library *l);

/* The different rates, in Hz, of what library_open would read at `path`, by headers alone: at most
 * `room` of them, in the order of files. Errors: NO_MEM, IO (no such file or folder). */
SORDINO_NODISCARD sordino_status library_rates(const char *path, double *rates, size_t room,
                                               size_t *n, sordino_error *why);

/* A library of one recording that is already in memory, less its last part when `held_out` > 0.
 * Errors: NO_MEM, IO (nothing but silence). */
SORDINO_NODISCARD sordino_status library_from_samples(const char *name, const float *x, size_t n,
                                                      double rate, double held_out, library **out,
                                                      sordino_error *why);

typedef struct library_clip {
    const char *name; /* relative to the path it was found under */
    double rate;      /* Hz */
    double band;      /* Hz up to which it is filled, by band_measure */
    size_t n;         /* samples; channels beyond the first are clips of their own */
    bool held_out;
} library_clip;

size_t library_count(const library *l);
library_clip library_at(const library *l, size_t i);
double library_hours(const library *l, bool held_out);
/* What could not be read or was left out, one sentence a line; "" when nothing. Borrowed. */
const char *library_notes(const library *l);
/* A hash of all names and samples that training may draw: stored in checkpoints and model files. */
uint64_t library_hash(const library *l);

/* Fills `out` with `n` samples at `rate` Hz from a clip drawn by its length among those that are
 * (not) held out, starting at a random place; shorter clips are repeated with a cross-fade (noise)
 * or followed by other clips after a pause of 0.1..0.8 s (clean speech, `pauses`). `speed`, rounded
 * to a twentieth, plays it faster (1 = as recorded; changes pitch). `*band` gets the frequency up
 * to which all that was drawn is filled, in Hz, rate / 2 at most. Any thread. False when out of
 * memory.
 */
bool library_draw(const library *l, bool held_out, bool pauses, double speed, rng *r, double rate,
                  float *out, size_t n, double *band);

/* A whole clip at `rate` Hz; the caller frees `*out`. Errors: NO_MEM. */
SORDINO_NODISCARD sordino_status library_read(const library *l, size_t i, double rate, float **out,
                                              size_t *n, sordino_error *why);

#endif
